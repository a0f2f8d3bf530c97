"""From a recording to scores: what was put in comes out."""

import fnmatch

import made_session as session
import numpy as np
import pytest

from mimicry.scoring import score, summarise
from mimicry.timeline import align

GAINS = {"happy": {"AU12": 0.5}, "angry": {"AU04": 0.3}}


@pytest.fixture(scope="module")
def study():
    trials = session.trial_table(session.mixed_order(14))
    track = session.recording(trials, GAINS, delay=0.4, each_sd=0.03)
    aligned = align(track, trials, session.TIMELINES, session.SETTINGS)
    scores = score(aligned, session.SETTINGS, participant="p1")
    return aligned, scores, summarise(aligned, scores, session.SETTINGS)


def test_the_injected_amplitude_is_recovered(study):
    """A full response by 1.15 s: 1.35 of the 2 s at full height, 0.65 s on the way."""
    _, _, summary = study
    late = summary.of("happy")["contrast_raw_late"]
    assert late == pytest.approx(0.5, abs=0.04)
    assert summary.of("angry")["contrast_raw_late"] == pytest.approx(0.3, abs=0.04)


def test_mimicry_gives_a_positive_contrast_beyond_chance(study):
    _, _, summary = study
    for emotion in ("happy", "angry"):
        assert summary.of(emotion)["contrast"] > 0.5
        assert summary.of(emotion)["p"] < 0.01


def test_the_injected_latency_lies_in_its_interval(study):
    _, _, summary = study
    row = summary.of("happy")
    assert row["latency_ci_low_s"] < 0.4 + 0.02
    assert row["latency_ci_high_s"] > 0.4 - 0.02
    assert row["latency_shift_s"] == pytest.approx(0.4, abs=0.03)


def test_a_late_response_gives_a_positive_lag(study):
    aligned, scores, _ = study
    happy = np.array(aligned.trials.condition) == "happy"
    assert np.nanmedian(scores.columns["lag_peak_s"][happy]) == pytest.approx(0.4, abs=0.05)


def test_every_missing_number_has_a_reason(study):
    _, scores, summary = study
    for frame in (scores.to_frame(), summary.to_frame()):
        numeric = frame.select_dtypes("number")
        for k, row in numeric.iterrows():
            why = str(frame.loc[k, "nan_reasons"] or "")
            patterns = [part.partition("=")[0] for part in why.split(";")]
            for name in row.index[row.isna()]:
                assert any(fnmatch.fnmatchcase(name, p) for p in patterns), (k, name, why)


def test_no_number_is_infinite(study):
    _, scores, summary = study
    for frame in (scores.to_frame(), summary.to_frame()):
        assert not np.isinf(frame.select_dtypes("number").to_numpy(dtype=float)).any()


def test_the_same_input_gives_the_same_numbers(study):
    aligned, scores, summary = study
    again = summarise(aligned, scores, session.SETTINGS)
    assert again.to_frame().equals(summary.to_frame())


def test_table_columns_stand_in_the_documented_order(study):
    names = list(study[1].to_frame().columns)
    assert names[:14] == [
        "participant", "session", "block", "trial_id", "condition", "stimulus", "valid",
        "reason", "n_frames", "tracked_fraction", "max_gap_s", "fps_effective",
        "pose_max_deg", "blink_fraction",
    ]  # fmt: skip
    for name in (
        "baseline_mean_AU12", "baseline_sd_AU12", "delta_AU12_main", "delta_z_AU12_main",
        "delta_AU12_early", "delta_AU12_emg", "delta_AU12_late", "mimicry_index",
        "mimicry_index_raw", "mimicry_index_cal", "r_zero_lag", "r_peak", "lag_peak_s",
        "rank_mismatched", "event_hit", "event_onset_s",
    ):  # fmt: skip
        assert name in names
