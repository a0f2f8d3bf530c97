"""Warnings about events: durations, overlaps, unknown stimuli, clips other than the manifest's."""

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import EventsError, QualityWarning, StimulusError
from mimicry.records import Timelines, TrialTable

__all__ = ["check_durations", "contradictions", "impossible_times", "match_stimuli"]

_ENDING = re.compile(
    r"\.(avi|bmp|gif|jpe?g|m4v|mkv|mov|mp4|mpe?g|mts|ogv|png|tiff?|webm|webp|wmv)$", re.IGNORECASE
)
_FAR = 2.0  # a duration that is so many times longer or shorter than the clip is named
_ABSURD = 100.0
_TOUCH_S = 0.05  # trials may touch: onsets are logged to a frame


def match_stimuli(trials: TrialTable, timelines: Timelines) -> TrialTable:
    """Return the trials with the ids of the manifest: folder and file ending do not matter.

    An id that the manifest does not have stays as it is.

    Raises
    ------
    StimulusError
        When several stimuli differ in nothing but folder or ending.
    """
    unknown = {name for name in trials.stimulus_id if name not in timelines}
    if not unknown:
        return trials
    plain: dict[str, list[str]] = {}
    for name in timelines:
        plain.setdefault(_plain(name), []).append(name)
    matched: dict[str, str] = {}
    for name in sorted(unknown):
        fitting = plain.get(_plain(name), [])
        if len(fitting) > 1:
            raise StimulusError(
                f"{name!r} may be {' or '.join(map(repr, fitting))}",
                path=trials.source or None,
                key="stimulus",
                hint="Write the id as in the stimulus manifest.",
            )
        if fitting:
            matched[name] = fitting[0]
    if not matched:
        return trials
    return replace(trials, stimulus_id=tuple(matched.get(n, n) for n in trials.stimulus_id))


def _plain(name: str) -> str:
    return _ENDING.sub("", re.split(r"[\\/]", name.strip())[-1])


def check_durations(trials: TrialTable, timelines: Timelines) -> None:
    """Compare the durations with the lengths of the clips.

    Warned of is a duration that is more than twice or less than half of its clip's length, or
    not above 0, and clips that overlap.

    Raises
    ------
    EventsError
        When onset and duration are exchanged, or durations are no seconds.
    """
    clip_s = _lengths(trials, timelines)
    durations, source = trials.duration_s, trials.source or None
    known = (clip_s > 0) & np.isfinite(durations)
    odd = np.flatnonzero(known & (durations > _ABSURD * clip_s))
    if _exchanged(trials, clip_s, known):
        raise EventsError(
            f"onset and duration are exchanged: every onset is about as long as its clip "
            f"({clip_s[known][0]:g} s), and the durations run from {durations.min():g} to "
            f"{durations.max():g}",
            path=source,
            key="onset",
            hint="Exchange the names of the two columns.",
        )
    if len(odd):
        raise EventsError(
            f"a duration of {durations[odd[0]]:g} for a clip of {clip_s[odd[0]]:g} s",
            path=source,
            key="duration",
            hint="Durations are seconds.",
        )
    far = known & (durations > 0) & ((durations > _FAR * clip_s) | (durations * _FAR < clip_s))
    if far.any():
        k = int(np.flatnonzero(far)[0])
        _say(
            f"{int(far.sum())} of {len(trials)} trials have a duration far from the length of "
            f"their clip (trial {trials.trial_id[k]}: {durations[k]:g} s, clip {clip_s[k]:.3g} s)"
        )
    none = durations <= 0
    if none.any():
        _say(
            f"{int(none.sum())} of {len(trials)} trials have a duration of 0 s or less and are "
            f"not valid ({_some(trials.trial_id, none)}); a duration that is not known is n/a"
        )
    overlap = impossible_times(trials, timelines)["overlap"] == 1
    if overlap.any():
        _say(
            f"{int(overlap.sum())} of {len(trials)} trials overlap another one and are not valid "
            f"({_some(trials.trial_id, overlap)})"
        )


def impossible_times(trials: TrialTable, timelines: Timelines) -> dict[str, NDArray[np.float64]]:
    """Return (K,) 0 or 1: ``overlap`` with the clip of another trial, ``duration`` not above 0.

    A clip lasts as long as its trial's duration says; where that is not known, its own length.
    """
    clip_s = _lengths(trials, timelines)
    durations = trials.duration_s
    lasts = np.where(durations > 0, durations, np.where(np.isnan(durations), clip_s, 0.0))
    order = np.argsort(trials.onset_s, kind="stable")
    starts, ends = trials.onset_s[order], (trials.onset_s + lasts)[order]
    before = np.concatenate([[-np.inf], np.maximum.accumulate(ends)[:-1]])
    after = np.concatenate([starts[1:], [np.inf]])
    overlap = np.zeros(len(trials))
    overlap[order] = (before > starts + _TOUCH_S) | (ends > after + _TOUCH_S)
    return {"overlap": overlap, "duration": np.where(durations <= 0, 1.0, 0.0)}


def _lengths(trials: TrialTable, timelines: Timelines) -> NDArray[np.float64]:
    """Return (K,) length of each trial's clip; 0 for a still picture."""
    return np.array([float(np.ptp(timelines[s].times_s)) for s in trials.stimulus_id])


def _exchanged(trials: TrialTable, clip_s: NDArray[np.float64], known: NDArray[np.bool_]) -> bool:
    """Tell whether onsets look like lengths of clips and durations like onsets."""
    if known.sum() < 2 or not known.all():
        return False
    onset, duration = trials.onset_s, trials.duration_s
    like_lengths = (onset <= _FAR * clip_s) & (onset * _FAR >= clip_s)
    rising = np.diff(np.sort(duration)) >= clip_s.min() / _FAR
    return bool(like_lengths.all() and rising.all() and np.ptp(duration) > clip_s.max())


def _say(text: str) -> None:
    warnings.warn(QualityWarning(text), stacklevel=3)


def _some(labels: Sequence[str], flags: NDArray[np.bool_]) -> str:
    shown = [label for label, flag in zip(labels, flags, strict=True) if flag]
    return ", ".join(shown[:3]) + (", ..." if len(shown) > 3 else "")


def contradictions(
    shown: Iterable[tuple[str, str]], timelines: Timelines, emotions: Mapping[str, Sequence[str]]
) -> list[int]:
    """Return which pairs of condition and stimulus contradict each other.

    Parameters
    ----------
    shown
        Condition and stimulus id; a stimulus whose emotion is not known passes.
    timelines
        The manifest's stimuli.
    emotions
        Condition -> the words for what it shows (its emotion, its name); conditions that may
        show anything are left out.

    Notes
    -----
    A laboratory's manifest may use other words than its protocol (``joy`` and ``happy``). Where
    none of a condition's words occurs in the manifest, only a clip that shows what *another*
    condition shows is a contradiction.
    """
    words = {name: {w.casefold() for w in named} for name, named in emotions.items()}
    in_use = {t.emotion.casefold() for t in timelines.values()}
    rows = []
    for k, (condition, stimulus) in enumerate(shown):
        emotion = timelines[stimulus].emotion.casefold() if stimulus in timelines else ""
        named = words.get(condition)
        if not emotion or named is None or emotion in named:
            continue
        others = {w for name, ws in words.items() if name != condition for w in ws}
        if named & in_use or emotion in others:
            rows.append(k)
    return rows
