"""A session as planned: its trials, their phases and their times."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mimicry.records import TrialTable

__all__ = ["CLIP", "PHASES", "Item", "Phase", "Session", "Trial", "is_first"]

CLIP = ("neutral", "rise", "apex", "fall")  # the phases in which the clip is on the screen
PHASES = ("fixation", "cue", *CLIP, "blank")


@dataclass(frozen=True, slots=True)
class Item:
    """A trial before it has a place in the order."""

    condition: str
    identity: str
    levels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of a trial.

    `name` is ``fixation``, ``cue``, ``neutral``, ``rise``, ``apex``, ``fall``, ``blank`` or
    ``rating``. The clip runs from the start of ``neutral`` to the end of ``fall``. `text` is
    the cue, or the name of the rating. Times are seconds, `start_s` from the trial's start.
    """

    name: str
    start_s: float
    duration_s: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial as planned.

    Parameters
    ----------
    trial_id
        ``"watch-007"``; practice trials end in ``p1``, ``p2``, ...
    block, task, run
        Block, its task, and the number of the run within the block (from 1).
    condition, identity, stimulus
        What is shown. `stimulus` is the id in the stimulus manifest.
    levels
        Factor -> level in this trial.
    phases
        What happens, in order; phases of no duration are left out.
    start_s
        Planned start, seconds from the start of the session.
    iti_s
        Pause after the trial.
    practice
        Practice trials are never scored.
    """

    trial_id: str
    block: str
    task: str
    run: int
    condition: str
    identity: str
    stimulus: str
    levels: Mapping[str, str]
    phases: tuple[Phase, ...]
    start_s: float
    iti_s: float
    practice: bool = False

    @property
    def clip_onset_s(self) -> float:
        """Return when the clip (or photograph) appears, seconds from the start of the session."""
        return self.start_s + _clip(self.phases)[0]

    @property
    def clip_duration_s(self) -> float:
        """Return how long the clip (or photograph) is on the screen."""
        start, end = _clip(self.phases)
        return end - start

    @property
    def dynamic_onset_s(self) -> float:
        """Return when the face begins to move, or a photograph appears, from session start."""
        neutral = [p.duration_s for p in self.phases if p.name == "neutral"]
        return self.clip_onset_s + sum(neutral)

    @property
    def duration_s(self) -> float:
        """Return the length from the fixation cross to the last answer, without the pause."""
        return sum(p.duration_s for p in self.phases)


@dataclass(frozen=True, slots=True)
class Session:
    """A session of one participant, in the order in which it is shown.

    Parameters
    ----------
    protocol, digest
        Name and digest of the protocol.
    participant, visit, session, seed
        Who, when, and the seed of the orders; the same five give the same session.
    trials
        All trials, practice included.
    assigned
        Identity -> {factor: level}, for factors assigned to model faces.
    """

    protocol: str
    digest: str
    participant: str
    visit: str | None
    seed: int
    trials: tuple[Trial, ...]
    assigned: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    session: str | None = None

    @property
    def scored(self) -> tuple[Trial, ...]:
        """Return the trials without practice."""
        return tuple(t for t in self.trials if not t.practice)

    @property
    def duration_s(self) -> float:
        """Return the planned length, from the first instruction to the last pause."""
        last = self.trials[-1]
        return last.start_s + last.duration_s + last.iti_s

    def trial_table(self) -> TrialTable:
        """Return the scored trials as planned, as the events table of a session would.

        `onset_s` is when the clip appears. Columns: identity, block, run, task, the factors,
        and visit where there are several.
        """
        trials = self.scored
        names = ("identity", "block", "run", "task")
        columns = {name: tuple(str(getattr(t, name)) for t in trials) for name in names}
        for name in dict.fromkeys(n for t in trials for n in t.levels):
            columns[name] = tuple(t.levels[name] for t in trials)
        if self.visit is not None:
            columns["visit"] = (self.visit,) * len(trials)
        return TrialTable(
            trial_id=tuple(t.trial_id for t in trials),
            stimulus_id=tuple(t.stimulus for t in trials),
            condition=tuple(t.condition for t in trials),
            onset_s=np.array([t.clip_onset_s for t in trials]),
            duration_s=np.array([t.clip_duration_s for t in trials]),
            columns=columns,
        )


def is_first(session: str | None) -> bool:
    """Tell whether a label is that of a person's first session: none, or the number 1."""
    return session is None or re.fullmatch(r"0*1", session) is not None


def _clip(phases: tuple[Phase, ...]) -> tuple[float, float]:
    shown = [p for p in phases if p.name in CLIP]
    return shown[0].start_s, shown[-1].start_s + shown[-1].duration_s
