"""Blinks: found, timed, counted; and talking as a nuisance."""

import numpy as np
import pytest

from mimicry.action_units import find_blinks
from mimicry.action_units.blinks import blink_mask, split_closure
from mimicry.action_units.speech import speech_activity

T = np.arange(300) / 30


def bump(start, length, height=1.0):
    inside = (start <= T) & (start + length > T)
    return np.where(inside, height * np.sin(np.pi * (T - start) / length), 0.0)


def test_blinks_are_counted_and_timed():
    closure = bump(2, 0.3) + bump(5, 0.3) + bump(8, 0.4, 0.8)
    slow, fast = split_closure(T, closure[:, None])
    blinks = find_blinks(T, fast[:, 0])
    assert len(blinks) == 3
    # a half sine of 0.3 s spends 0.25 s above a quarter of its height
    np.testing.assert_allclose(blinks.onset_s[:2], [2.024, 5.024], atol=0.01)
    assert blinks.duration_s[0] == pytest.approx(0.252, abs=0.02)
    assert blinks.rate_per_min == pytest.approx(18, rel=0.01)
    np.testing.assert_allclose(slow, 0, atol=1e-9)


@pytest.mark.parametrize("frames", [1, 7, 40, 300])
def test_the_slow_part_is_the_median_of_the_second_around(frames):
    closure = np.random.default_rng(3).normal(0, 1, (frames, 2))
    padded = np.pad(closure, ((15, 15), (0, 0)), mode="edge")
    expected = [np.median(padded[k : k + 31], axis=0) for k in range(frames)]
    slow, fast = split_closure(T[:frames], closure)
    if frames > 1:  # the rate of a single frame is not known, nor is it needed
        np.testing.assert_array_equal(slow, expected)
    np.testing.assert_allclose(slow + fast, closure, atol=1e-12)


def test_eyes_held_shut_are_slow_closure_and_not_a_blink():
    closure = np.where((T > 3) & (T < 6), 1.0, 0.0)
    slow, fast = split_closure(T, closure[:, None])
    assert slow[120:150, 0].min() == 1.0
    assert len(find_blinks(T, fast[:, 0])) == 0
    assert blink_mask(slow[:, 0], fast[:, 0])[100:170].all()


def test_both_parts_sum_to_the_closure_and_missing_stays_missing():
    closure = bump(2, 0.3) + 0.1 * T
    closure[100:110] = np.nan
    slow, fast = split_closure(T, closure[:, None])
    np.testing.assert_allclose((slow + fast)[:, 0], closure)
    assert len(find_blinks(T, np.full(300, np.nan))) == 0


def test_talking_is_flagged_and_a_smile_is_not():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.04, 300)
    talk = np.where((T > 3) & (T < 7), 0.4 * np.sin(2 * np.pi * 2.5 * T) ** 2, 0.0)
    smile = 1.5 / (1 + np.exp(-(T - 3) / 0.1)) - 1.5 / (1 + np.exp(-(T - 7) / 0.2))
    assert speech_activity(T, talk + noise)[120:180].all()
    assert not speech_activity(T, talk + noise)[:50].any()
    assert not speech_activity(T, smile + noise).any()
    assert not speech_activity(T, np.full(300, np.nan)).any()


STEP = np.arange(20) / 10


def course(*values):
    """Closure at ten samples a second, shut nowhere else."""
    return np.r_[values, np.zeros(20 - len(values))]


@pytest.mark.parametrize(
    ("closure", "onsets", "durations"),
    [
        # crossing a quarter halfway up and a fifth of the way down
        (course(0, 0, 0.5, 0.3, 0.05), [0.15], [0.17]),
        # above from the first sample on
        (course(1, 0.5, 0), [0.0], [0.15]),
        # above up to the last one
        ([*np.zeros(18), 0.5, 1.0], [1.75], [0.15]),
        # the face is lost within: what was seen counts
        (course(0, 0.5, 0.5, np.nan, 0), [0.05], [0.15]),
        # just at a quarter is not above
        (course(0, 0.25, 0), [], []),
        # 0.09 s apart: one blink; 0.11 s apart: two
        (course(0, 0.55, 0.0, 0.55, 0), [0.1 * 5 / 11], [0.4 - 0.2 * 5 / 11]),
        (course(0, 0.46, 0.0, 0.46, 0), [0.1 * 25 / 46, 0.2 + 0.1 * 25 / 46], [0.2 - 5 / 46] * 2),
    ],
)
def test_blinks_begin_and_end_where_the_closure_crosses_a_quarter(closure, onsets, durations):
    found = find_blinks(STEP, np.asarray(closure, float))
    np.testing.assert_allclose(found.onset_s, onsets, atol=1e-9)
    np.testing.assert_allclose(found.duration_s, durations, atol=1e-9)


def test_the_rate_counts_minutes_in_which_a_face_was_seen():
    fast = course(0, 0, 1, 0)
    assert find_blinks(STEP, fast).rate_per_min == pytest.approx(60 / 2)
    fast[10:] = np.nan
    assert find_blinks(STEP, fast).rate_per_min == pytest.approx(60 / 1)
    assert np.isnan(find_blinks(STEP, fast * np.nan).rate_per_min)
    assert find_blinks(STEP[:2], fast[:2]).rate_per_min == 0
    assert np.isnan(find_blinks(STEP[:1], fast[:1]).rate_per_min)


def test_a_blink_covers_two_frames_on_either_side_and_shut_eyes_too():
    fast, slow = np.zeros(20), np.zeros(20)
    fast[[5]], slow[12] = 0.26, 0.61
    assert np.flatnonzero(blink_mask(slow, fast)).tolist() == [3, 4, 5, 6, 7, 10, 11, 12, 13, 14]
    fast[5], slow[12] = 0.25, 0.6
    assert not blink_mask(slow, fast).any()
    fast[5] = 0.26
    assert np.flatnonzero(blink_mask(slow, fast, grow=1)).tolist() == [4, 5, 6]


def swings(number):
    """Lips that open and shut `number` times a quarter of a second each, within two seconds."""
    inside = (T >= 4) & (4 + number / 4 > T)
    return np.where(inside, 0.3 * np.sin(2 * np.pi * 2 * (T - 4)), 0.0)


def test_speech_is_five_swings_within_three_quarters_of_a_second_around():
    assert not speech_activity(T, swings(4)).any()
    flagged = T[speech_activity(T, swings(8))]
    assert flagged[0] == pytest.approx(4.6, abs=0.15)
    assert flagged[-1] == pytest.approx(5.4, abs=0.15)
    assert not speech_activity(T, 0.2 * swings(8)).any()
