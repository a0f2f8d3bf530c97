"""Cutting a recording into trials."""

from dataclasses import replace

import made_session as session
import numpy as np
import pytest

from mimicry.errors import EventsError, NoFaceError, StimulusError, TableError
from mimicry.records import ScoringSettings, TrialTable
from mimicry.timeline import align


def one_trial(onset=2.0, condition="happy"):
    return TrialTable(("1",), (f"{condition}-m0",), (condition,), [onset], [np.nan])


def ramp(fps=30.0, stop=10.0):
    times = np.arange(0.0, stop, 1 / fps)
    return times, np.stack([times, 2 * times], axis=1)


def test_time_zero_is_the_dynamic_onset_of_the_clip():
    """Clip at 2.0 s, movement from 0.5 s of the clip on: t = 0 is 2.5 s of the recording."""
    aligned = align(session.track_of(*ramp()), one_trial(), session.TIMELINES, session.SETTINGS)
    assert aligned.onset_s.tolist() == [2.5]
    assert np.allclose(aligned.response[0, :, 0], 2.5 + aligned.times_s, atol=1e-9)
    assert np.allclose(aligned.response[0, :, 1], 2 * (2.5 + aligned.times_s), atol=1e-9)


def test_the_stimulus_stands_still_before_zero_and_is_full_after_its_rise():
    aligned = align(session.track_of(*ramp()), one_trial(), session.TIMELINES, session.SETTINGS)
    shown = aligned.stimulus[0, :, 0]
    assert np.all(shown[aligned.times_s <= 0] == 0)
    assert np.allclose(shown[aligned.times_s >= 0.76], 1)
    assert np.all(aligned.stimulus[0, :, 1] == 0)


@pytest.mark.parametrize("fps", [20.0, 24.0, 29.97, 60.0])
def test_the_frame_rate_does_not_change_a_straight_line(fps):
    track = session.track_of(*ramp(fps))
    aligned = align(track, one_trial(), session.TIMELINES, session.SETTINGS)
    assert np.allclose(aligned.response[0, :, 0], 2.5 + aligned.times_s, atol=1e-9)


def test_dropped_frames_cost_nothing_when_times_are_true():
    times, values = ramp()
    keep = np.random.default_rng(3).random(len(times)) > 0.1
    keep[[0, -1]] = True
    track = session.track_of(times[keep], values[keep])
    aligned = align(track, one_trial(), session.TIMELINES, session.SETTINGS)
    seen = np.isfinite(aligned.response[0, :, 0])
    assert seen.mean() > 0.9
    assert np.allclose(aligned.response[0, seen, 0], 2.5 + aligned.times_s[seen], atol=1e-9)


def test_nothing_is_filled_in_across_a_gap():
    times, values = ramp()
    keep = (times < 3.0) | (times > 3.3)
    track = session.track_of(times[keep], values[keep])
    aligned = align(track, one_trial(), session.TIMELINES, session.SETTINGS)
    inside = (aligned.times_s > 0.52) & (aligned.times_s < 0.78)
    assert np.isnan(aligned.response[0, inside]).all()
    assert aligned.quality["max_gap_s"][0] == pytest.approx(0.3, abs=0.07)


@pytest.mark.parametrize("quality", ["blink", "pose", "plausible", "success"])
def test_masked_frames_do_not_reach_the_response(quality):
    """A wild value under a blink, a turned head or an implausible fit leaves no trace."""
    times, values = ramp()
    wrong = (times > 3.0) & (times < 3.4)
    values[wrong] = 100.0
    flag = wrong.astype(float)
    given = {
        "blink": {"blink": flag},
        "pose": {"pose_deg": np.stack([0 * flag, 25 * flag, 0 * flag], axis=1)},
        "plausible": {"plausible": 1 - flag},
        "success": {"success": 1 - flag},
    }[quality]
    track = session.track_of(times, values, **given)
    aligned = align(track, one_trial(), session.TIMELINES, session.SETTINGS)
    seen = np.isfinite(aligned.response[0, :, 0])
    assert not seen[(aligned.times_s > 0.55) & (aligned.times_s < 0.85)].any()
    assert np.allclose(aligned.response[0, seen, 0], 2.5 + aligned.times_s[seen], atol=1e-9)


def test_a_rolled_head_is_not_masked():
    times, values = ramp()
    pose = np.tile([0.0, 0.0, 45.0], (len(times), 1))
    track = session.track_of(times, values, pose_deg=pose)
    aligned = align(track, one_trial(), session.TIMELINES, session.SETTINGS)
    assert np.isfinite(aligned.response).all()


def test_a_trial_at_the_edge_is_kept_and_marked():
    trials = TrialTable(
        ("a", "b"), ("happy-m0", "happy-m1"), ("happy", "happy"), [2.0, 8.5], [np.nan] * 2
    )
    track = session.track_of(*ramp())
    aligned = align(track, trials, session.TIMELINES, session.SETTINGS)
    assert aligned.quality["outside"].tolist() == [0, 1]
    assert np.isnan(aligned.response[1, -1]).all()


def test_all_onsets_outside_the_recording_are_an_error():
    with pytest.raises(EventsError, match=r"outside the recording.*0\.000 to 9\.9"):
        align(session.track_of(*ramp()), one_trial(50.0), session.TIMELINES, session.SETTINGS)


def test_an_unknown_stimulus_lists_the_known_ones():
    trials = TrialTable(("1",), ("smirk",), ("happy",), [2.0], [np.nan])
    with pytest.raises(StimulusError, match=r"'smirk'; known are happy-m0"):
        align(session.track_of(*ramp()), trials, session.TIMELINES, session.SETTINGS)


def test_a_recording_without_a_face_is_an_error():
    times, values = ramp()
    track = session.track_of(times, values * np.nan, success=np.zeros(len(times)))
    with pytest.raises(NoFaceError):
        align(track, one_trial(), session.TIMELINES, session.SETTINGS)


def test_a_track_without_the_scored_units_is_an_error():
    emotions = {"fear": type(session.EMOTIONS["happy"])(("AU01",), ("AU15",))}
    with pytest.raises(TableError, match="AU01"):
        align(session.track_of(*ramp()), one_trial(), session.TIMELINES, ScoringSettings(emotions))


def test_the_identity_of_the_stimulus_becomes_a_design_column():
    aligned = align(session.track_of(*ramp()), one_trial(), session.TIMELINES, session.SETTINGS)
    assert aligned.trials.columns["identity"] == ("m0",)


def test_the_identity_of_the_events_table_goes_before_that_of_the_manifest():
    trials = replace(one_trial(), columns={"identity": ("my model",)})
    aligned = align(session.track_of(*ramp()), trials, session.TIMELINES, session.SETTINGS)
    assert aligned.trials.columns["identity"] == ("my model",)


@pytest.mark.parametrize("lost", [-30.0, 60.0])
def test_one_onset_outside_the_recording_leaves_the_other_trials(lost):
    onsets = [2.0, 5.0, lost]
    trials = TrialTable(tuple("abc"), ("happy-m0",) * 3, ("happy",) * 3, onsets, [np.nan] * 3)
    aligned = align(session.track_of(*ramp()), trials, session.TIMELINES, session.SETTINGS)
    assert aligned.quality["outside"].tolist() == [0, 0, 1]
    assert np.isfinite(aligned.response[:2]).all()
    assert np.isnan(aligned.response[2]).all()


def test_the_quality_of_a_trial_worked_out_by_hand():
    """From 2.0 to 5.0 s, onset at 2.5 s: 90 frames, of which some are lost, shut or turned."""
    times, values = ramp()

    def during(start, stop):
        return ((times > start - 1e-6) & (times < stop - 1e-6)).astype(float)

    pose = np.zeros((len(times), 3))
    pose[:, 0] = -12.0 * during(3.0, 3.1)
    pose[:, 2] = 60.0
    pose[times > 5.01, 1] = 19.0
    track = session.track_of(
        times, values, success=1 - during(4.0, 4.3), blink=during(2.4, 2.6) + during(4.1, 4.2),
        pose_deg=pose, speech=during(2.6, 2.7),
    )  # fmt: skip
    aligned = align(track, one_trial(), session.TIMELINES, session.SETTINGS)
    found = {name: values[0] for name, values in aligned.quality.items()}
    assert found == pytest.approx(
        {
            "n_frames": 90,
            "tracked_fraction": 81 / 90,
            "max_gap_s": 10 / 30,
            "fps_effective": 30.0,
            "pose_max_deg": 12.0,
            "blink_fraction": 6 / 81,
            "speech": 0.0,
            "outside": 0.0,
            "overlap": 0.0,
            "duration": 0.0,
        }
    )
    spoken = replace(track, quality={**track.quality, "speech": during(2.1, 2.2)})
    aligned = align(spoken, one_trial(), session.TIMELINES, session.SETTINGS)
    assert aligned.quality["speech"].tolist() == [1.0]


@pytest.mark.parametrize(("onset", "outside"), [(-0.03, 0), (-0.04, 1), (6.99, 0), (7.04, 1)])
def test_a_trial_may_reach_one_frame_beyond_the_recording(onset, outside):
    times, values = ramp()
    trials = TrialTable(("a", "b"), ("happy-m0",) * 2, ("happy",) * 2, [onset, 3.0], [np.nan] * 2)
    aligned = align(session.track_of(times, values), trials, session.TIMELINES, session.SETTINGS)
    assert aligned.quality["outside"].tolist() == [outside, 0]
