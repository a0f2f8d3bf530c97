"""Cutting a recording into trials."""

from dataclasses import replace

import made_session as session
import numpy as np
import pytest

from mimicry.errors import (
    EventsError,
    NoFaceError,
    QualityWarning,
    StimulusError,
    TableError,
)
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


def aligned_with(track=None, trials=None, **changes):
    settings = replace(session.SETTINGS, **changes)
    track = track or session.track_of(*ramp())
    return align(track, trials or one_trial(), session.TIMELINES, settings)


def test_the_grid_reaches_as_far_as_the_standard_scores():
    """From the baseline to the end of the window, 1.5 s of lags and one sample more."""
    aligned = aligned_with()
    assert aligned.times_s[[0, -1]] == pytest.approx([-0.5, 4.0])
    assert np.diff(aligned.times_s) == pytest.approx(1 / 30)
    assert len(aligned.times_s) == 136


WIDE = {"main": (0.0, 1.0)}


@pytest.mark.parametrize(
    ("changes", "first", "last"),
    [
        ({"windows": {**WIDE, "late": (0.5, 6.0)}}, -0.5, 6.0),
        ({"windows": {**WIDE, "early": (-2.0, 0.5)}}, -2.0, 2.5),
        ({"baseline_s": (-1.0, -0.5)}, -1.0, 2.5),
        ({"correlation_s": (-1.5, 0.5), "lags_s": (-1.0, 1.0)}, -2.5, 2.5),
        ({"correlation_s": (0.0, 4.0), "lags_s": (-1.0, -0.5)}, -1.0, 4.0),
        ({"latency_fit_s": (0.0, 3.5)}, -0.5, 3.5),
        ({"event_search_s": (0.2, 3.0), "event_hold_s": 1.0}, -0.5, 4.0 + 2 / 30),
        ({}, -0.5, 2.5),
    ],
)
def test_what_reaches_furthest_sets_the_grid(changes, first, last):
    """Ends are half open, so the last sample lies one before; the lags take one more."""
    aligned = aligned_with(**{"windows": WIDE, "lags_s": (0.0, 1.4), **changes})
    step = 0 if "correlation_s" in changes and last == 4.0 else 1 / 30
    assert aligned.times_s[[0, -1]] == pytest.approx([first, last - step])


def test_bins_of_quality_leave_out_what_is_neither_baseline_nor_window():
    for baseline_s, expected in (
        ((-0.5, -0.1), [-0.5, -0.3, -0.1, 0.0, 0.2, 0.4, 0.5]),
        ((-0.2, 0.1), [-0.2, 0.0, 0.1, 0.3, 0.5]),
    ):
        windows = {"main": (0.2, 0.5)}
        edges = aligned_with(baseline_s=baseline_s, windows=windows, bin_s=0.2).edges_s
        assert edges == pytest.approx(expected)


def test_frames_of_every_bin_are_counted_by_what_may_be_used():
    times, values = ramp()
    seen, shut = np.ones(len(times)), np.zeros(len(times))
    seen[75:77] = 0.0  # 2.5 s: the first bin after the onset
    shut[76:78] = 1.0
    aligned = aligned_with(session.track_of(times, values, success=seen, blink=shut))
    at = int(np.flatnonzero(np.abs(aligned.edges_s) < 1e-9)[0])
    for counts, expected in (
        (aligned.frames, [3, 3, 3]), (aligned.tracked, [3, 1, 3]), (aligned.masked, [0, 1, 0])
    ):  # fmt: skip
        assert counts[0, at - 1 : at + 2].tolist() == expected


@pytest.mark.parametrize("window", ["main", "baseline"])
@pytest.mark.parametrize("stop", [0.5, 0.4])
def test_a_window_that_ends_where_it_starts_or_before_is_refused(window, stop):
    changes = (
        {"baseline_s": (0.5, stop)} if window == "baseline" else {"windows": {"main": (0.5, stop)}}
    )
    with pytest.raises(
        ValueError, match=f"window {window} ends at {stop} s, before its start at 0.5"
    ):
        aligned_with(**changes)


def test_a_primary_window_that_is_none_is_refused():
    with pytest.raises(ValueError, match="primary window 'whole' is none of main"):
        aligned_with(primary_window="whole", windows=WIDE)


def test_a_unit_that_was_not_measured_is_said_and_missing():
    emotions = {"happy": type(session.EMOTIONS["happy"])(("AU12",), ("AU15",))}
    with pytest.warns(QualityWarning, match="^AU15 not measured in this track"):
        aligned = aligned_with(emotions=emotions)
    assert aligned.names == ("AU12", "AU15")
    assert np.isfinite(aligned.response[0, :, 0]).all()
    assert np.isnan(aligned.response[..., 1]).all()


def test_latencies_use_their_own_smoothing():
    times, values = ramp()
    values = np.where(times[:, None] < 3.5, 0.0, 1.0) * np.ones(2)
    aligned = aligned_with(session.track_of(times, values), smooth_amplitude_s=0.2)
    before = (aligned.times_s > 0.8) & (aligned.times_s < 0.97)
    assert (aligned.response > aligned.response_fast)[0, before].all()
    assert aligned.response[0, :, 0].max() == pytest.approx(1.0)


def test_identities_are_added_where_every_clip_has_one():
    clips = session.TIMELINES
    nameless = {**clips, "happy-m1": replace(clips["happy-m1"], identity="")}
    trials = TrialTable(
        ("a", "b"), ("happy-m0", "happy-m1"), ("happy",) * 2, [2.0, 4.0], [2.5, np.nan],
        {"block": ("watch",) * 2}, "events.tsv",
    )  # fmt: skip
    track = session.track_of(*ramp())
    assert "identity" not in align(track, trials, nameless, session.SETTINGS).trials.columns
    given = align(track, trials, clips, session.SETTINGS).trials
    assert dict(given.columns) == {"block": ("watch",) * 2, "identity": ("m0", "m1")}
    assert (given.trial_id, given.condition, given.source) == (
        ("a", "b"), ("happy", "happy"), "events.tsv"
    )  # fmt: skip
    assert (given.onset_s.tolist(), given.duration_s[0]) == ([2.0, 4.0], 2.5)


def test_the_same_unknown_stimulus_is_named_once():
    trials = TrialTable(tuple("abc"), ("x", "happy-m0", "x"), ("happy",) * 3, [2, 4, 6], [2] * 3)
    with pytest.raises(StimulusError, match=r"unknown stimulus 'x'; known are") as caught:
        align(session.track_of(*ramp()), trials, session.TIMELINES, session.SETTINGS)
    assert caught.value.key == "stimulus"


def test_a_clip_follows_its_own_movement_wherever_it_stands_in_the_table():
    trials = TrialTable(
        tuple("abc"), ("angry-m0", "happy-m0", "angry-m0"), ("angry", "happy", "angry"),
        [2.0, 3.0, 4.0], [0.5] * 3,
    )  # fmt: skip
    aligned = aligned_with(trials=trials)
    late = aligned.times_s > 0.8
    assert aligned.stimulus[:, late].mean(axis=1).round(6).tolist() == [[0, 1], [1, 0], [0, 1]]
    assert list(aligned.timelines) == ["angry-m0", "happy-m0"]


def test_angles_count_where_a_face_was_seen_and_one_of_them_is_known():
    times, values = ramp()
    pose, seen = np.full((len(times), 3), np.nan), np.ones(len(times))
    pose[80:90, 1] = -7.0
    pose[85, :2] = 3.0
    pose[70:75, 0] = 15.0
    seen[70:75] = 0.0
    aligned = aligned_with(session.track_of(times, values, pose_deg=pose, success=seen))
    assert aligned.quality["pose_max_deg"].tolist() == [7.0]
    unknown = session.track_of(times, values, pose_deg=pose * np.nan)
    assert np.isnan(aligned_with(unknown).quality["pose_max_deg"]).all()


def test_a_trial_without_frames_or_without_a_face_has_no_fractions():
    times, values = ramp()
    keep = (times < 2.0) | (times > 5.0 + 1e-6)
    nothing = aligned_with(session.track_of(times[keep], values[keep])).quality
    assert (nothing["n_frames"][0], nothing["max_gap_s"][0]) == (0, 3.0)
    for name in ("tracked_fraction", "fps_effective", "pose_max_deg", "blink_fraction"):
        assert np.isnan(nothing[name]).all(), name
    unseen = aligned_with(session.track_of(times, values, success=(times < 1.9) * 1.0)).quality
    assert (unseen["n_frames"][0], unseen["tracked_fraction"][0]) == (90, 0)
    assert (unseen["max_gap_s"][0], unseen["fps_effective"][0]) == pytest.approx((3.0, 30.0))
    assert np.isnan(unseen["blink_fraction"]).all()


@pytest.mark.parametrize(("n", "fps"), [(1, np.nan), (2, 20.0)])
def test_a_rate_needs_two_frames(n, fps):
    times = np.array([0.0, *[2.0, 2.05][:n], 9.0])
    quality = aligned_with(session.track_of(times, np.zeros((len(times), 2)))).quality
    assert quality["n_frames"].tolist() == [n]
    assert quality["fps_effective"] == pytest.approx([fps], nan_ok=True)


def test_a_recording_of_one_frame_has_no_frame_to_reach_beyond():
    track = session.track_of(np.array([2.0]), np.zeros((1, 2)))
    assert aligned_with(track).quality["outside"].tolist() == [1]


def test_speech_counts_in_the_baseline_only():
    times, values = ramp()
    for at, spoken in ((2.0, 1), (2.47, 1), (1.95, 0), (2.5, 0), (3.0, 0)):
        speech = (np.abs(times - at) < 0.5 / 30).astype(float)
        quality = aligned_with(session.track_of(times, values, speech=speech)).quality
        assert quality["speech"].tolist() == [spoken], at
