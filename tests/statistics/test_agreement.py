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


def test_every_number_of_two_short_series_by_hand():
    """Ten samples; the estimate is the reference, but for two that are exchanged."""
    reference = np.array([0.0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    estimate = np.array([1.0, 0, 2, 3, 4, 5, 6, 7, 8, 9]) + 2
    found = agreement(estimate, reference, 10.0, rescale="none", names=("a", "b"))
    assert (found.estimate, found.reference, found.n) == ("a", "b", 10)
    r = np.corrcoef(estimate, reference)[0, 1]
    assert (found.r, found.slope, found.intercept) == pytest.approx((r, r, 4.5 - r * 6.5))
    sd = np.sqrt(2 / 9)
    assert (found.bias, found.sd) == pytest.approx((2.0, sd))
    limits = 2 - 1.959964 * sd, 2 + 1.959964 * sd
    assert (found.limit_low, found.limit_high) == pytest.approx(limits)
    assert found.proportional == pytest.approx(0.0, abs=1e-12)
    assert np.isnan([found.r_best, found.lag_s]).all()  # too short for lags of a second
    assert found.to_dict()["n"] == 10
    assert list(found.to_dict())[:4] == ["estimate", "reference", "n", "n_effective"]


@pytest.mark.parametrize(("n", "enough"), [(9, False), (10, True)])
def test_ten_shared_samples_are_enough(n, enough):
    values = np.r_[np.arange(n, dtype=float), np.nan, 3.0]
    found = agreement(values, np.r_[np.arange(n, dtype=float), 1.0, np.nan], 10.0)
    assert found.n == n
    assert np.isfinite(found.r) == enough
    assert np.isnan(found.n_effective) != enough
    for flat in (np.ones(n), np.linspace(0, 1e-13, n)):
        assert np.isnan(agreement(flat, values[:n], 10.0).r)
        assert np.isnan(agreement(values[:n], flat, 10.0).r)
    assert np.isfinite(agreement(values[:n] * 1e-11, values[:n], 10.0).r) == enough


def test_lags_need_ten_samples_more_than_both_reaches(truth):
    for n, enough in ((69, False), (70, True)):
        found = agreement(truth[:n], truth[:n], 30.0)
        assert np.isfinite(found.r_best) == enough, n
    assert found.lag_s == 0
    assert found.r_best == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("shift", "lag"), [(29, 29 / 30), (-29, -29 / 30), (30, None), (-30, None)]
)
def test_a_lag_at_the_end_of_the_range_is_none(truth, shift, lag):
    found = agreement(np.roll(truth, shift)[60:-60], truth[60:-60], 30.0)
    assert found.r_best == pytest.approx(1.0)
    assert np.isnan(found.lag_s) if lag is None else found.lag_s == pytest.approx(lag)
    wide = agreement(np.roll(truth, shift)[60:-60], truth[60:-60], 30.0, max_lag_s=1.5)
    assert wide.lag_s == pytest.approx(shift / 30)


def test_the_interval_is_that_of_fisher(truth):
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(2, 400))
    found = agreement(x + y, y, 30.0)
    z, half = np.arctanh(found.r), 1.959964 / np.sqrt(found.n_effective - 3)
    assert (found.r_low, found.r_high) == pytest.approx((np.tanh(z - half), np.tanh(z + half)))


def test_effective_samples_by_hand():
    """Alternating signs: the product of the autocorrelations at lag 1 is that of neighbours."""
    x = np.array([1.0, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1])
    ones = np.tile([1.0, -1.0], 6)
    assert effective_samples(x, ones) == 12  # 1/12 times -11/12: negative at once
    assert effective_samples(x, x) == pytest.approx(12 / (1 + 2 * ((1 / 12) ** 2 + (10 / 12) ** 2)))
    assert effective_samples(np.r_[x, np.nan], np.r_[x, 1.0]) <= 12


def test_tracks_are_compared_where_both_are_and_by_the_pairs_that_are_named(truth):
    times = np.arange(300) / 30
    ours, theirs = track(times, truth[:300]), track(times + 2.0, truth[:300] + 1, "EMG")
    (found,) = compare_tracks(ours, theirs, pairs={"AU12": "EMG"}, max_lag_s=0.5, smooth_s=0.0)
    assert (found.estimate, found.reference) == ("AU12", "EMG")
    assert found.n == 239
    assert found.r == pytest.approx(np.corrcoef(truth[60:299], truth[:239])[0, 1], abs=1e-6)
    (raw,) = compare_tracks(ours, theirs, pairs={"AU12": "EMG"}, rescale="none", smooth_s=0.0)
    assert raw.bias == pytest.approx((truth[60:299] - truth[:239]).mean() - 1, abs=1e-6)
    (coarse,) = compare_tracks(ours, theirs, pairs={"AU12": "EMG"}, rate_hz=10.0)
    assert coarse.n == pytest.approx(80, abs=1)
    touching = track(times + times[-1], truth[:300])
    with pytest.raises(ValueError, match=r"share no time: 0\.000 to 9\.967 s and 9\.967 to"):
        compare_tracks(ours, touching)


def test_tracks_are_smoothed_a_little_and_gaps_stay(truth):
    """Without a word: 30 Hz, an SD of 50 ms, gaps above 100 ms and lags up to a second."""
    rng = np.random.default_rng(9)
    times = np.arange(600) / 30
    ours = track(times, truth[:600] + rng.normal(0, 0.1, 600))
    gap = np.r_[0:200, 205:600]
    theirs = track(times[gap], (truth[:600] + rng.normal(0, 0.1, 600))[gap])
    (plain,) = compare_tracks(ours, theirs)
    given = {
        "rate_hz": 30.0,
        "smooth_s": 0.05,
        "max_gap_s": 0.1,
        "max_lag_s": 1.0,
        "rescale": "fit",
    }
    assert compare_tracks(ours, theirs, **given) == [plain]
    assert plain.n == 594
    for name, other in (
        ("rate_hz", 15.0), ("smooth_s", 0.1), ("max_gap_s", 0.3), ("max_lag_s", 3.0),
        ("rescale", "none"),
    ):  # fmt: skip
        (changed,) = compare_tracks(ours, theirs, **{**given, name: other})
        same = changed == plain
        assert not same or name == "max_lag_s", name


def test_two_series_whose_mean_stands_still_have_no_proportional_error():
    values = np.arange(12.0)
    found = agreement(-values, values, 10.0, rescale="none")
    assert np.isnan(found.proportional)
    assert found.r == pytest.approx(-1.0)
