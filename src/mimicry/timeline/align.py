"""Cutting a recording into trials on the clock of the stimulus."""

import warnings
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import NoFaceError, QualityWarning, StimulusError, TableError
from mimicry.kernels.resample import sample_at, time_grid
from mimicry.kernels.smooth import gaussian_smooth
from mimicry.kernels.windows import bin_counts, bin_edges, window_slices
from mimicry.records import ActionUnitTrack, AlignedTrials, ScoringSettings, Timelines, TrialTable
from mimicry.timeline.clock import RecordingClock, check_onsets
from mimicry.timeline.crosscheck import impossible_times, match_stimuli
from mimicry.timeline.masking import blinking, hidden_frames, masked_frames

__all__ = ["align"]

Floats = NDArray[np.float64]


def align(
    track: ActionUnitTrack, trials: TrialTable, timelines: Timelines, settings: ScoringSettings
) -> AlignedTrials:
    """Return the trials of a recording on a common grid around the dynamic onset.

    The whole recording is masked (blinks, head turned away, implausible fits), smoothed
    without delay, and then sampled at ``j / rate`` around each dynamic onset, which is the
    clip's onset plus the stimulus's own ``onset_s``. Condition labels are not looked at.

    Parameters
    ----------
    track
        Action units of the recording, unsmoothed and unmasked.
    trials
        When which stimulus was shown.
    timelines
        Stimulus id -> timeline, for instance from :func:`mimicry.timeline.read_manifest`.
    settings
        Windows, rate, smoothing and limits; action units that its emotions name are aligned.

    Returns
    -------
    AlignedTrials
        NaN where nothing was seen, where it is masked, in gaps longer than
        ``settings.max_gap_s`` and outside the recording.

    Raises
    ------
    StimulusError
        When a trial names an unknown stimulus; the known ones are listed.
    EventsError
        When every trial lies outside the recording.
    NoFaceError
        When no face was seen in the whole recording.
    TableError
        When the track holds none of the scored action units.
    ValueError
        When the primary window is not one of the windows, or a window ends before it starts.
    """
    names = settings.scored
    _check_windows(settings)
    _check_units(track, names)
    trials = match_stimuli(trials, timelines)
    _check_stimuli(trials, timelines)
    if not track.tracked.any():
        raise NoFaceError(
            f"no face was seen in any of {len(track)} frames",
            hint="Check that the recording shows the participant's face.",
        )
    check_onsets(trials.onset_s, track.times_s, RecordingClock(), trials.source or None)
    onset = trials.onset_s + np.array([timelines[s].onset_s for s in trials.stimulus_id])
    grid = time_grid(*_span(settings), settings.rate_hz)
    masked = masked_frames(track, settings)
    edges = _edges(settings)
    on_clock = onset[:, None] + edges
    return AlignedTrials(
        trials=_with_identity(trials, timelines),
        names=names,
        rate_hz=settings.rate_hz,
        times_s=grid,
        response=_cut(track, names, onset, grid, settings.smooth_amplitude_s, settings),
        response_fast=_cut(track, names, onset, grid, settings.smooth_latency_s, settings),
        stimulus=_stimuli(trials, timelines, names, grid),
        timelines={s: timelines[s] for s in dict.fromkeys(trials.stimulus_id)},
        onset_s=onset,
        edges_s=edges,
        frames=bin_counts(track.times_s, on_clock, np.ones(len(track), dtype=bool)),
        tracked=bin_counts(track.times_s, on_clock, track.tracked),
        masked=bin_counts(track.times_s, on_clock, track.tracked & masked),
        quality=_quality(track, onset, settings) | impossible_times(trials, timelines),
    )


def _check_windows(settings: ScoringSettings) -> None:
    if settings.primary_window not in settings.windows:
        raise ValueError(
            f"the primary window {settings.primary_window!r} is none of "
            f"{', '.join(settings.windows)}"
        )
    for name, (start, stop) in {**settings.windows, "baseline": settings.baseline_s}.items():
        if not start < stop:
            raise ValueError(f"window {name} ends at {stop} s, before its start at {start} s")


def _check_units(track: ActionUnitTrack, names: tuple[str, ...]) -> None:
    missing = [name for name in names if name not in track.names]
    if len(missing) == len(names):
        raise TableError(
            f"the track holds {', '.join(track.names)}, expected {', '.join(names)}",
            key="emotions",
            hint="Score with a protocol whose action units were measured.",
        )
    if missing:
        text = f"{', '.join(missing)} not measured in this track: scores that need them are NaN"
        warnings.warn(QualityWarning(text), stacklevel=3)


def _check_stimuli(trials: TrialTable, timelines: Timelines) -> None:
    unknown = [s for s in dict.fromkeys(trials.stimulus_id) if s not in timelines]
    if unknown:
        raise StimulusError(
            f"unknown stimulus {', '.join(map(repr, unknown))}; known are {', '.join(timelines)}",
            path=trials.source or None,
            key="stimulus",
        )


def _span(settings: ScoringSettings) -> tuple[float, float]:
    """Return the times that any score needs, from the dynamic onset."""
    low, high = settings.stimulus_window_s
    hold = settings.event_hold_s + 2 / settings.rate_hz
    starts = [w[0] for w in settings.windows.values()]
    stops = [w[1] for w in settings.windows.values()]
    step = 1 / settings.rate_hz
    return (
        min(settings.baseline_s[0], low + settings.lags_s[0], *starts),
        max(
            high + max(settings.lags_s[1], 0.0) + step,
            settings.latency_fit_s[1],
            settings.event_search_s[1] + hold,
            *stops,
        ),
    )


def _edges(settings: ScoringSettings) -> Floats:
    """Return quality bins over the baseline and from 0 to the end of the primary window."""
    stop = settings.windows[settings.primary_window][1]
    before = bin_edges(settings.baseline_s, settings.bin_s)
    after = bin_edges((max(0.0, settings.baseline_s[1]), stop), settings.bin_s)
    return np.unique(np.concatenate([before, after]).round(9))


def _with_identity(trials: TrialTable, timelines: Timelines) -> TrialTable:
    """Add whose face was shown, when the events table does not say so."""
    identity = tuple(timelines[s].identity for s in trials.stimulus_id)
    if "identity" in trials.columns or not all(identity):
        return trials
    return replace(trials, columns={**trials.columns, "identity": identity})


def _cut(
    track: ActionUnitTrack,
    names: tuple[str, ...],
    onset: Floats,
    grid: Floats,
    sigma_s: float,
    settings: ScoringSettings,
) -> Floats:
    """Return (K, G, A) values, masked, smoothed and sampled."""
    values = np.full((len(track), len(names)), np.nan)
    for k, name in enumerate(names):
        if name in track.names:
            hidden = hidden_frames(track, name, settings)
            values[:, k] = np.where(hidden, np.nan, track.of(name))
    smooth = gaussian_smooth(track.times_s, values, sigma_s, max_gap_s=settings.max_gap_s)
    at = (onset[:, None] + grid).ravel()
    sampled = sample_at(track.times_s, smooth, at, max_gap_s=settings.max_gap_s)
    return sampled.reshape(len(onset), len(grid), len(names))


def _stimuli(
    trials: TrialTable, timelines: Timelines, names: tuple[str, ...], grid: Floats
) -> Floats:
    shown = {
        s: np.stack([timelines[s].at(timelines[s].onset_s + grid, name) for name in names], axis=1)
        for s in dict.fromkeys(trials.stimulus_id)
    }
    return np.stack([shown[s] for s in trials.stimulus_id])


def _quality(track: ActionUnitTrack, onset: Floats, settings: ScoringSettings) -> dict[str, Floats]:
    """Return numbers about each trial, from its baseline to the end of the primary window."""
    window = settings.baseline_s[0], settings.windows[settings.primary_window][1]
    edges = window_slices(track.times_s, onset, window)
    speech = track.quality.get("speech", np.zeros(len(track))) == 1
    in_baseline = window_slices(track.times_s, onset, settings.baseline_s)
    frame_s = float(np.median(np.diff(track.times_s))) if len(track) > 1 else 0.0
    first, last = track.times_s[0] - frame_s, track.times_s[-1] + frame_s
    seen, blink, pose = track.tracked, blinking(track), np.abs(track.pose_deg[:, :2])
    rows = [
        _trial_quality(track.times_s[s] - t, seen[s], blink[s], pose[s], window)
        | {
            "speech": float(speech[b].any()),
            "outside": float(t + window[0] < first or t + window[1] > last),
        }
        for t, s, b in zip(onset.tolist(), edges, in_baseline, strict=True)
    ]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _trial_quality(
    times: Floats,
    tracked: NDArray[np.bool_],
    blink: NDArray[np.bool_],
    pose: Floats,
    window: tuple[float, float],
) -> dict[str, float]:
    """Return numbers about the frames of one trial, their times counted from the dynamic onset."""
    n = len(times)
    start, stop = window
    angles = pose[tracked & np.isfinite(pose).any(axis=1)]
    return {
        "n_frames": float(n),
        "tracked_fraction": float(tracked.mean()) if n else np.nan,
        "max_gap_s": float(np.diff([start, *times[tracked], stop]).max()),
        "fps_effective": float((n - 1) / (times[-1] - times[0])) if n > 1 else np.nan,
        "pose_max_deg": float(np.nanmax(angles)) if len(angles) else np.nan,
        "blink_fraction": float(blink[tracked].mean()) if tracked.any() else np.nan,
    }
