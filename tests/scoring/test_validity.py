"""Which trials may be used, and which reasons are given."""

from dataclasses import replace

import made_session as session
import numpy as np
import pytest

from mimicry.records import TrialTable
from mimicry.scoring import score
from mimicry.timeline import align

ORDER = ["happy", "neutral"] * 5


def scored(track, trials, settings=session.SETTINGS):
    return score(align(track, trials, session.TIMELINES, settings), settings)


def times_of(trials):
    return np.arange(0.0, trials.onset_s[-1] + 6.0, 1 / 30)


def between(trials, k, start, stop):
    """Frames of trial k from `start` to `stop` seconds after its dynamic onset."""
    t = times_of(trials) - (trials.onset_s[k] + 0.5)
    return (t >= start - 1e-9) & (t < stop - 1e-9)


def test_a_clean_recording_has_only_valid_trials():
    trials = session.trial_table(ORDER)
    scores = scored(session.recording(trials, {}), trials)
    assert scores.valid.all()
    assert set(scores.reason) == {""}


def test_a_huge_smile_never_makes_a_trial_invalid():
    trials = session.trial_table(ORDER)
    scores = scored(session.recording(trials, {"happy": {"AU12": 50.0}}, noise=0.001), trials)
    assert scores.valid.all()


@pytest.mark.parametrize(
    ("start", "stop", "reason"),
    [
        (-0.5, -0.2, "baseline"),
        (-0.5, -0.3, ""),
        (0.0, 1.3, "artefact"),
        (0.0, 1.2, ""),
        (-0.5, 2.5, "artefact;baseline"),
    ],
)
@pytest.mark.parametrize("kind", ["success", "plausible", "blink"])
def test_more_than_half_of_the_bins_decides(start, stop, reason, kind):
    trials = session.trial_table(ORDER)
    gone = between(trials, 3, start, stop).astype(float)
    quality = {kind: gone if kind == "blink" else 1 - gone}
    scores = scored(session.recording(trials, {}, **quality), trials)
    assert scores.reason[3] == reason
    assert [r for k, r in enumerate(scores.reason) if k != 3] == [""] * 9


def test_a_movement_in_the_baseline_is_an_outlier_of_the_phase():
    trials = session.trial_table(["happy", "neutral"] * 20)
    track = session.recording(trials, {})
    values = track.intensity.copy()
    values[between(trials, 4, -0.5, -0.1), 0] += 5.0
    scores = scored(session.track_of(track.times_s, values), trials)
    assert scores.reason[4] == "baseline"
    assert scores.valid.sum() == 39


def test_speech_counts_in_the_baseline_only():
    trials = session.trial_table(ORDER)
    speech = (between(trials, 2, -0.2, -0.1) | between(trials, 5, 1.0, 1.5)).astype(float)
    scores = scored(session.recording(trials, {}, speech=speech), trials)
    assert scores.reason[2] == "speech"
    assert scores.reason[5] == ""


@pytest.mark.parametrize(("fps", "valid"), [(20.0, True), (19.0, False)])
def test_fewer_than_twenty_frames_a_second_are_too_few(fps, valid):
    trials = session.trial_table(ORDER)
    scores = scored(session.recording(trials, {}, fps=fps), trials)
    assert scores.valid.all() == valid
    assert scores.valid.any() == valid
    if not valid:
        assert set(scores.reason) == {"low_fps"}


def test_a_trial_that_reaches_beyond_the_recording_is_outside():
    trials = session.trial_table(ORDER)
    track = session.recording(trials, {})
    keep = track.times_s < trials.onset_s[-1] + 2.0
    cut = session.track_of(track.times_s[keep], track.intensity[keep])
    scores = scored(cut, trials)
    assert scores.reason[-1] == "outside"
    assert scores.valid[:-1].all()


def test_an_invalid_trial_has_no_score_but_keeps_its_baseline():
    trials = session.trial_table(ORDER)
    gone = between(trials, 0, 0.0, 1.5).astype(float)
    scores = scored(session.recording(trials, {}, success=1 - gone), trials)
    assert scores.why[0] == "*=invalid_trial"
    assert np.isnan(scores.delta[0]).all()
    assert np.isfinite(scores.baseline_mean[0]).all()


def test_validity_does_not_see_the_condition():
    trials = session.trial_table(ORDER)
    gone = between(trials, 3, -0.5, 1.5).astype(float)
    track = session.recording(trials, {"happy": {"AU12": 1.0}}, success=1 - gone)
    shuffled = TrialTable(
        trials.trial_id, trials.stimulus_id, trials.condition[::-1], trials.onset_s,
        trials.duration_s,
    )  # fmt: skip
    assert scored(track, trials).reason == scored(track, shuffled).reason


def test_outliers_of_one_phase_do_not_count_in_another():
    """A restless imitation block must not widen the limit of the watching block."""
    trials = session.trial_table(["happy", "neutral"] * 20, block=["a"] * 20 + ["b"] * 20)
    track = session.recording(trials, {})
    values = track.intensity.copy()
    rng = np.random.default_rng(1)
    late = track.times_s > trials.onset_s[20] - 1
    values[late] += rng.normal(0, 3, (int(late.sum()), 2))
    values[between(trials, 4, -0.5, -0.1), 0] += 1.0
    noisy = session.track_of(track.times_s, values)
    assert scored(noisy, trials).reason[4] == "baseline"
    pooled = replace(session.SETTINGS, phase_column="none")
    assert scored(noisy, trials, pooled).reason[4] == ""
