"""The trials of one session: what is shown, when, in which order."""

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mimicry.errors import ProtocolError
from mimicry.protocol.order import (
    Item,
    block_runs,
    levels_of_faces,
    number_of,
    practice_items,
    run_sequence,
)
from mimicry.records import TrialTable

if TYPE_CHECKING:
    from mimicry.protocol.model import Protocol

__all__ = ["Phase", "Session", "Trial", "build_session", "is_first"]

READING_S = 15.0  # planned time for the instruction page of a block
ANSWER_S = 6.0  # planned time for an answer without a limit


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
        """When the clip (or photograph) appears, seconds from the start of the session."""
        return self.start_s + _clip(self.phases)[0]

    @property
    def clip_duration_s(self) -> float:
        """How long the clip (or photograph) is on the screen."""
        start, end = _clip(self.phases)
        return end - start

    @property
    def dynamic_onset_s(self) -> float:
        """When the face begins to move (a photograph: when it appears), from session start."""
        neutral = [p.duration_s for p in self.phases if p.name == "neutral"]
        return self.clip_onset_s + sum(neutral)

    @property
    def duration_s(self) -> float:
        """From the fixation cross to the last answer; without the pause."""
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
        """The trials without practice."""
        return tuple(t for t in self.trials if not t.practice)

    @property
    def duration_s(self) -> float:
        """Planned length, from the first instruction to the last pause."""
        last = self.trials[-1]
        return last.start_s + last.duration_s + last.iti_s

    def trial_table(self) -> TrialTable:
        """Return the scored trials as planned, as the events table of a session would.

        `onset_s` is when the clip appears. Columns: identity, block, run, task, the factors,
        and visit where there are several.
        """
        trials = self.scored
        columns = {
            "identity": tuple(t.identity for t in trials),
            "block": tuple(t.block for t in trials),
            "run": tuple(str(t.run) for t in trials),
            "task": tuple(t.task for t in trials),
        }
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


def build_session(
    protocol: "Protocol",
    participant: str,
    *,
    visit: str | None = None,
    session: str | None = None,
    seed: int | None = None,
) -> Session:
    """Return the trials of one participant's session.

    Within a block every condition is shown with every model face at every level of the
    factors assigned to trials, `repeats` times. The order of conditions is drawn uniformly
    from all orders that keep `max_same_condition`; faces and levels are dealt onto it at
    random, keeping `max_same_identity`. Where no faces fit onto the drawn order (two faces in
    strict alternation), conditions and faces are drawn together. Factors assigned to faces,
    and the order of blocks (``rotate``), move on from participant to participant by the number
    in the label (``"07"`` is 7; a label without a number gets one from its checksum).

    Parameters
    ----------
    protocol
        The protocol.
    participant
        Label of the participant.
    visit
        One of the protocol's visits; None when it has none.
    session
        Label of the session, where one person has several; None is the first, and so is ``1``.
    seed
        Seed of the orders; None: the protocol's own. The label, the visit and a later session
        enter too, so everybody gets another order each time.

    Raises
    ------
    ProtocolError
        When the visit is unknown, or no order keeps the limits.

    Examples
    --------
    >>> from mimicry.protocol import load_protocol
    >>> session = load_protocol("dynamic-happy-angry").build_session("01")
    >>> session.scored[0].block, len(session.scored)
    ('watch', 144)
    """
    visits = protocol.file.design.visits
    if (visit is None and visits) or (visit is not None and visit not in visits):
        known = ", ".join(visits) or "none"
        said = f"visit {visit!r} is not in the protocol {protocol.name}; known: {known}"
        if visit is None:
            said = f"the protocol {protocol.name} has several visits, and none was named: {known}"
        raise ProtocolError(said, key="visit")
    seed = protocol.seed if seed is None else seed
    words = [zlib.crc32(participant.encode()), zlib.crc32((visit or "").encode())]
    words += [] if is_first(session) else [zlib.crc32(str(session).encode())]
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))
    number = number_of(participant)
    assigned = levels_of_faces(protocol, number)
    pieces = {name: block_runs(protocol, name, assigned, rng) for name in protocol.file.blocks}
    trials: list[Trial] = []
    clock = 0.0
    for block, run in run_sequence(protocol, number):
        clock += READING_S if run == 1 else 0.0
        practice = practice_items(protocol, block, assigned, rng) if run == 1 else []
        for item, is_practice in [*((i, True) for i in practice), *_scored(pieces[block][run - 1])]:
            count = sum(t.block == block and t.practice == is_practice for t in trials) + 1
            trial_id = f"{block}-p{count}" if is_practice else f"{block}-{count:03d}"
            trial = _trial(protocol, trial_id, block, run, item, clock, is_practice, rng)
            trials.append(trial)
            clock += trial.duration_s + trial.iti_s
        if run == protocol.file.blocks[block].runs:
            clock += protocol.file.blocks[block].break_s
    return Session(
        protocol.name, protocol.digest, participant, visit, seed, tuple(trials), assigned, session
    )


def _scored(items: list[Item]) -> Iterator[tuple[Item, bool]]:
    return ((item, False) for item in items)


def _trial(
    protocol: "Protocol",
    trial_id: str,
    block: str,
    run: int,
    item: Item,
    start_s: float,
    practice: bool,
    rng: np.random.Generator,
) -> Trial:
    spec = protocol.file.blocks[block]
    return Trial(
        trial_id=trial_id,
        block=block,
        task=spec.task,
        run=run,
        condition=item.condition,
        identity=item.identity,
        stimulus=_stimulus(protocol, item),
        levels=dict(item.levels),
        phases=_phases(protocol, block, item),
        start_s=start_s,
        iti_s=_pause(protocol, rng),
        practice=practice,
    )


def _stimulus(protocol: "Protocol", item: Item) -> str:
    return protocol.file.stimuli.pattern.format(
        emotion=protocol.file.conditions[item.condition].emotion,
        identity=item.identity,
        kind=protocol.stimulus_kind(item.levels),
        **dict(item.levels),
    )


def _phases(protocol: "Protocol", block: str, item: Item) -> tuple[Phase, ...]:
    cue = protocol.file.blocks[block].cue or ""
    for factor, level in item.levels.items():
        cue = protocol.file.design.factors[factor].levels[level].cue or cue
    durations = [(n, d, cue if n == "cue" else "") for n, d in protocol.timing(item.levels).items()]
    for name, rating in protocol.file.ratings.items():
        if rating.after == "trial" and (not rating.blocks or block in rating.blocks):
            durations.append(("rating", rating.limit_s or ANSWER_S, name))
    phases: list[Phase] = []
    clock = 0.0
    for name, duration, text in durations:
        if duration > 0:
            phases.append(Phase(name, clock, duration, text))
        clock += duration
    return tuple(phases)


def _pause(protocol: "Protocol", rng: np.random.Generator) -> float:
    jitter = protocol.file.timing.iti_s
    if jitter.values:
        return float(rng.choice(jitter.values))
    return float(rng.uniform(jitter.low, jitter.high))


def _clip(phases: tuple[Phase, ...]) -> tuple[float, float]:
    shown = [p for p in phases if p.name in {"neutral", "rise", "apex", "fall"}]
    return shown[0].start_s, shown[-1].start_s + shown[-1].duration_s
