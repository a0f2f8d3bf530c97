"""Nuisance movement and camera timing: random, bounded, repeatable."""

import numpy as np
import pytest

from mimicry.errors import InputError
from mimicry.synthetic import (
    blinks,
    camera_times,
    drop_frames,
    gaze,
    light,
    performance,
    repeat_frames,
    speech,
    spontaneous,
    sway,
    times_at,
)
from mimicry.synthetic.natural import smooth_noise

T = times_at(30, 120)


def test_a_movement_does_not_depend_on_the_frame_times() -> None:
    dense = smooth_noise(T, np.random.default_rng(3), 0.3)
    sparse = smooth_noise(T[::3], np.random.default_rng(3), 0.3)
    np.testing.assert_allclose(dense[: 3 * 300 : 3], sparse[:300], atol=1e-9)
    assert dense.std() == pytest.approx(1, abs=0.2)


def test_blinks_come_at_about_the_rate_asked_for() -> None:
    lids = blinks(T, np.random.default_rng(1), per_minute=15)
    starts = np.flatnonzero((lids[1:] > 0.5) & (lids[:-1] <= 0.5))
    assert 15 < len(starts) < 45
    assert lids.max() > 0.9


def test_sway_stays_within_its_limits() -> None:
    pose, shift = sway(T, np.random.default_rng(2), degrees=10, millimetres=5)
    assert 6 < np.abs(pose[:, 0]).max() <= 10
    assert np.abs(pose[:, 2]).max() <= 5
    assert np.abs(shift).max() <= 5


def test_gaze_holds_still_between_saccades() -> None:
    eyes = gaze(T, np.random.default_rng(2))
    assert np.mean(np.all(np.diff(eyes, axis=0) == 0, axis=1)) > 0.7
    assert np.abs(eyes).max() <= 5 + 1e-9


def test_speech_opens_the_mouth_about_four_times_a_second() -> None:
    jaw = speech(T, np.random.default_rng(4))["AU26"]
    power = np.abs(np.fft.rfft(jaw - jaw.mean())) ** 2
    hertz = np.fft.rfftfreq(len(T), 1 / 30)
    band = (hertz > 2.5) & (hertz < 5.5)
    assert power[band].sum() > 0.4 * power.sum()
    assert jaw.min() >= 0


def test_spontaneous_expressions_are_weak_and_named() -> None:
    units = spontaneous(T, np.random.default_rng(5), per_minute=6, size=0.3)
    assert units
    assert max(v.max() for v in units.values()) <= 0.3 * 1.4
    performance(T, units)


def test_light_never_goes_out() -> None:
    factor = light(T, np.random.default_rng(6), drift=0.8, flicker=0.2)
    assert factor.min() > 0


def test_a_camera_in_dim_light_drops_to_half_its_rate() -> None:
    rng = np.random.default_rng(7)
    steps = np.diff(camera_times(30, 60, rng, slow_share=0.4))
    assert set(np.round(steps * 30)) == {1.0, 2.0}


def test_dropped_frames_keep_true_times_and_the_first_frame() -> None:
    play = performance(T, {"AU12": np.linspace(0, 1, len(T))})
    left = drop_frames(play, 0.1, np.random.default_rng(8))
    assert 0.85 < len(left) / len(play) < 0.95
    np.testing.assert_allclose(left.of("AU12"), left.times_s / T[-1], atol=1e-12)
    with pytest.raises(InputError, match="share"):
        drop_frames(play, 1.0, np.random.default_rng(8))


def test_repeated_frames_show_the_picture_before() -> None:
    shown = repeat_frames(1000, 0.2, np.random.default_rng(9))
    late = np.arange(1000) - shown
    assert late.min() == 0
    assert 0.15 < np.mean(late > 0) < 0.25
    assert np.all(np.diff(shown) >= 0)


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_who_never_blinks_or_smiles_lies_still(rate: float) -> None:
    assert not blinks(T, np.random.default_rng(1), per_minute=rate).any()
    assert spontaneous(T, np.random.default_rng(1), per_minute=rate) == {}
