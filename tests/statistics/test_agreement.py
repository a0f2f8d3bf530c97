"""Agreement of two sources, and the command that prints it."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from mimicry.cli import app
from mimicry.records import ActionUnitTrack
from mimicry.statistics.agreement import (
    agreement,
    compare_tracks,
    effective_samples,
    intraclass_correlation,
)


@pytest.fixture
def truth():
    """A minute of slow movement at 30 Hz."""
    rng = np.random.default_rng(2)
    kernel = np.hanning(31)
    return np.convolve(rng.normal(size=1830), kernel / kernel.sum(), "valid")


def test_icc_of_a_published_two_rater_example():
    """Worked by hand: ratings (1,2), (3,3), (4,6); rows MS 6.1667, error MS 0.1667... ."""
    a, b = np.array([1.0, 3.0, 4.0]), np.array([2.0, 3.0, 6.0])
    grand = 19 / 6
    rows = 2 * ((1.5 - grand) ** 2 + (3 - grand) ** 2 + (5 - grand) ** 2) / 2
    raters = 3 * ((8 / 3 - grand) ** 2 + (11 / 3 - grand) ** 2)
    total = sum((v - grand) ** 2 for v in (1, 3, 4, 2, 3, 6))
    error = (total - 2 * rows - raters) / 2
    absolute, consistent = intraclass_correlation(a, b)
    assert consistent == pytest.approx((rows - error) / (rows + error))
    assert absolute == pytest.approx((rows - error) / (rows + error + 2 * (raters - error) / 3))


def test_a_late_track_gives_a_positive_lag(truth):
    late = np.roll(truth, 6)
    found = agreement(late, truth, 30.0)
    assert found.lag_s == pytest.approx(0.2)
    assert found.r_best > 0.999
    assert agreement(truth, late, 30.0).lag_s == pytest.approx(-0.2)


def test_another_scale_costs_nothing_after_the_line_and_much_before(truth):
    estimate = 3 * truth + 5
    fitted, raw = (agreement(estimate, truth, 30.0, rescale=how) for how in ("fit", "none"))
    assert fitted.icc_agreement == pytest.approx(1.0)
    assert fitted.sd == pytest.approx(0, abs=1e-9)
    assert (fitted.slope, fitted.intercept) == pytest.approx((1 / 3, -5 / 3))
    assert raw.icc_agreement < 0.2
    assert raw.bias == pytest.approx((estimate - truth).mean())
    assert raw.proportional == pytest.approx(1.0)


def test_limits_hold_ninety_five_percent_of_the_differences(truth):
    rng = np.random.default_rng(3)
    estimate = truth + rng.normal(0.3, 0.2, len(truth))
    found = agreement(estimate, truth, 30.0, rescale="none")
    inside = (estimate - truth > found.limit_low) & (estimate - truth < found.limit_high)
    assert inside.mean() == pytest.approx(0.95, abs=0.015)
    assert found.bias == pytest.approx(0.3, abs=0.02)


def test_slow_series_are_worth_few_samples_and_noise_all_of_them(truth):
    rng = np.random.default_rng(4)
    noise = rng.normal(size=(2, len(truth)))
    assert effective_samples(*noise) > 0.7 * len(truth)
    assert effective_samples(truth, np.roll(truth, 300)) < 0.15 * len(truth)


def test_the_interval_covers_chance_as_often_as_it_says():
    """Two unrelated slow series: zero must lie outside in about 5 % of the cases."""
    rng = np.random.default_rng(5)
    kernel = np.hanning(31)
    outside = 0
    for _ in range(200):
        x, y = (np.convolve(rng.normal(size=930), kernel, "valid") for _ in range(2))
        found = agreement(x, y, 30.0, max_lag_s=0.1)
        outside += not found.r_low < 0 < found.r_high
    assert 2 <= outside <= 24


def test_missing_samples_are_passed_over_and_silence_is_not_a_number(truth):
    holes = truth.copy()
    holes[::7] = np.nan
    assert agreement(holes, truth, 30.0).r == pytest.approx(1.0)
    flat = agreement(np.zeros(100), truth[:100], 30.0)
    assert np.isnan(flat.r)
    assert flat.n == 100
    with pytest.raises(ValueError, match="one length"):
        agreement(truth, truth[:5], 30.0)


def track(times, values, name="AU12"):
    return ActionUnitTrack(
        times_s=times,
        intensity=np.asarray(values)[:, None],
        names=(name,),
        pose_deg=np.zeros((len(times), 3)),
        quality={},
        blendshapes=np.zeros((len(times), 0)),
    )


def test_sources_of_different_rates_and_starts_meet_on_one_grid(truth):
    times = np.arange(len(truth)) / 30
    fast = np.arange(0.5, 55, 0.01)
    reference = track(fast, np.interp(fast, times, truth))
    (found,) = compare_tracks(track(times, truth), reference)
    assert found.r > 0.999
    with pytest.raises(ValueError, match="share no time"):
        compare_tracks(track(times, truth), track(times + 100, truth))
    with pytest.raises(ValueError, match="share no column"):
        compare_tracks(track(times, truth), track(times, truth, "EMG"))


@pytest.fixture
def files(tmp_path, truth):
    times = np.arange(len(truth)) / 30
    ours, emg = tmp_path / "p01_au.csv", tmp_path / "emg.csv"
    ours.write_text(
        "frame,timestamp,face_id,success,pose_pitch_deg,pose_yaw_deg,pose_roll_deg,AU12\n"
        + "".join(
            f"{k},{t},0,1,0,0,0,{v}\n" for k, (t, v) in enumerate(zip(times, truth, strict=True))
        )
    )
    fast = np.arange(0, 60, 0.005)
    values = 40 * np.interp(fast + 0.1, times, truth) + 7
    emg.write_text(
        "time;zygomaticus;marker\n"
        + "".join(f"{t:.3f};{v};x\n" for t, v in zip(fast, values, strict=True))
    )
    return ours, emg


def run(*words):
    return CliRunner().invoke(app, ["validate", *map(str, words)])


def test_the_command_checks_a_table_against_an_emg_envelope(files, tmp_path):
    ours, emg = files
    done = run(
        ours, "--reference", emg, "--pair", "AU12=zygomaticus", "--out", tmp_path / "o", "--json"
    )
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)["agreement"]
    assert row["r_best"] > 0.99
    assert row["lag_s"] == pytest.approx(0.1, abs=0.001)
    assert (tmp_path / "o" / "p01_au_agreement.tsv").is_file()
    assert (
        "limits of agreement" in run(ours, "--reference", emg, "--pair", "AU12=zygomaticus").stdout
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--pair", "AU12=corrugator"], "no column 'corrugator'; found zygomaticus"),
        ([], "share no column"),
        (["--pair", "AU12=zygomaticus", "--offset", "1000"], "share no time"),
        (["--pair", "AU12=zygomaticus", "--time-column", "marker"], "cells that are no numbers"),
        (["--pair", "AU12=zygomaticus", "--rescale", "z"], "no rescaling"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_sentence(files, words, said):
    ours, emg = files
    done = run(ours, "--reference", emg, *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_a_missing_reference_is_named(files, tmp_path):
    done = run(files[0], "--reference", tmp_path / "none.csv")
    assert done.exit_code == 2
    assert "none.csv" in done.stderr
