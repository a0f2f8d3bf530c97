"""The trials of a recording: its events table, checked against protocol and stimuli."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mimicry.errors import EventsError, StimulusError
from mimicry.protocol.explain import explain, nearest
from mimicry.records import TrialTable

if TYPE_CHECKING:
    from mimicry.protocol.model import Protocol
    from mimicry.timeline.manifest import StimulusSet

__all__ = ["read_trials"]


def read_trials(
    events: str | Path, protocol: "Protocol", stimuli: "StimulusSet", *, shift_s: float = 0.0
) -> TrialTable:
    """Return the trials of an events table with the ids of the manifest.

    Parameters
    ----------
    events
        See :func:`mimicry.timeline.read_events`.
    protocol
        Has the conditions, and says what each of them shows.
    stimuli
        From :meth:`mimicry.protocol.Protocol.timelines`.
    shift_s
        Added to every onset: onsets may count on another clock than the recording.

    Raises
    ------
    EventsError
        When a condition is unknown, a clip shows another emotion than its condition, onset and
        duration are exchanged, or durations are no seconds.
    StimulusError
        When the manifest lacks a stimulus.
    """
    from mimicry.timeline.crosscheck import check_durations, match_stimuli
    from mimicry.timeline.events import read_events

    trials = match_stimuli(read_events(events), stimuli)
    _check_conditions(trials, protocol)
    _check_stimuli(trials, stimuli)
    check_durations(trials, stimuli)
    _check_emotions(trials, protocol, stimuli)
    return replace(trials, onset_s=trials.onset_s + shift_s) if shift_s else trials


def _check_conditions(trials: TrialTable, protocol: "Protocol") -> None:
    """Refuse a condition that the protocol does not have: it would be scored as nothing."""
    known = protocol.file.conditions
    unknown = sorted(set(trials.condition) - set(known))
    if unknown:
        raise EventsError(
            f"the protocol {protocol.name} has no condition {', '.join(map(repr, unknown))}; "
            f"{explain(unknown[0], known)}",
            path=trials.source,
            key="trial_type",
            hint="A condition that is shown but not scored stands in the protocol without targets.",
        )


def _check_stimuli(trials: TrialTable, stimuli: "StimulusSet") -> None:
    unknown = sorted(set(trials.stimulus_id) - set(stimuli))
    if unknown:
        near = nearest(unknown[0], stimuli)
        hint = f"did you mean {near!r}?" if near else f"it has {len(stimuli)} others"
        shown = ", ".join(map(repr, unknown[:5])) + (", ..." if len(unknown) > 5 else "")
        raise StimulusError(
            f"the stimulus manifest {stimuli} has no {shown}; {hint}",
            path=trials.source,
            key="stimulus",
            hint="Name the manifest of these clips with `stimuli`.",
        )


def _check_emotions(trials: TrialTable, protocol: "Protocol", stimuli: "StimulusSet") -> None:
    """Refuse clips that show another emotion than their condition: signs would flip."""
    from mimicry.timeline.crosscheck import contradictions

    shown = zip(trials.condition, trials.stimulus_id, strict=True)
    wrong = contradictions(shown, stimuli, protocol.emotions())
    if wrong:
        first = [
            f"trial {trials.trial_id[k]} is {trials.condition[k]!r} but its clip "
            f"{trials.stimulus_id[k]!r} is {stimuli[trials.stimulus_id[k]].emotion!r}"
            for k in wrong[:3]
        ]
        others = [trials.trial_id[k] for k in wrong[3:40]] + ["..."] * (len(wrong) > 40)
        more = f"; so are {', '.join(others)}" if others else ""
        raise EventsError(
            f"{len(wrong)} of {len(trials)} trials show another emotion than their condition: "
            f"{', '.join(first)}{more}",
            path=trials.source,
            key="trial_type",
            hint="If that is meant, set any_emotion: true at these conditions of the protocol.",
        )
