"""The trials of one session: what is shown, when, in which order."""

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import ProtocolError
from mimicry.kernels.mixing import crossed_order
from mimicry.kernels.orders import dealt_faces, restricted_orders
from mimicry.records import TrialTable

if TYPE_CHECKING:
    from mimicry.protocol.model import Protocol

__all__ = ["Phase", "Redraw", "Session", "Trial", "build_session"]

REDRAW_BATCH = 2_000
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
    participant, visit, seed
        Who, when, and the seed of the orders; the same four give the same session.
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


@dataclass(frozen=True, slots=True)
class _Item:
    """A trial before it has a place in the order."""

    condition: str
    identity: str
    levels: Mapping[str, str]


def build_session(
    protocol: "Protocol", participant: str, *, visit: str | None = None, seed: int | None = None
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
    seed
        Seed of the orders; None: the protocol's own. The label and the visit enter too, so
        everybody gets another order.

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
        raise ProtocolError(
            f"visit {visit!r} is not in the protocol {protocol.name}; known: "
            f"{', '.join(visits) or 'none'}",
            key="visit",
        )
    seed = protocol.seed if seed is None else seed
    words = [zlib.crc32(participant.encode()), zlib.crc32((visit or "").encode())]
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))
    number = _number(participant)
    assigned = _assigned(protocol, number)
    pieces = {name: _block_runs(protocol, name, assigned, rng) for name in protocol.file.blocks}
    trials: list[Trial] = []
    clock = 0.0
    for block, run in _sequence(protocol, number):
        clock += READING_S if run == 1 else 0.0
        practice = _practice(protocol, block, assigned, rng) if run == 1 else []
        for item, is_practice in [*((i, True) for i in practice), *_scored(pieces[block][run - 1])]:
            count = sum(t.block == block and t.practice == is_practice for t in trials) + 1
            trial_id = f"{block}-p{count}" if is_practice else f"{block}-{count:03d}"
            trial = _trial(protocol, trial_id, block, run, item, clock, is_practice, rng)
            trials.append(trial)
            clock += trial.duration_s + trial.iti_s
        if run == protocol.file.blocks[block].runs:
            clock += protocol.file.blocks[block].break_s
    return Session(
        protocol.name, protocol.digest, participant, visit, seed, tuple(trials), assigned
    )


@dataclass(slots=True)
class Redraw:
    """New orders of a block's conditions, by the limits that made the block's own order.

    Called with a generator it returns one order, as the label-swap null ``redraw`` wants it;
    it draws ahead in large batches, because thousands are needed. Equal generators give equal
    orders.

    Parameters
    ----------
    conditions
        The conditions of the block.
    each
        Scored trials of each condition, in the same order.
    limit
        Most trials of one condition in a row; None: no limit.

    Examples
    --------
    >>> redraw = Redraw(("happy", "neutral"), each=(4, 4), limit=2)
    >>> order = redraw(np.random.default_rng(1))
    >>> len(order), order.count("happy")
    (8, 4)
    """

    conditions: tuple[str, ...]
    each: tuple[int, ...]
    limit: int | None
    _source: np.random.Generator | None = field(default=None, repr=False)
    _ahead: Iterator[list[str]] = field(default_factory=lambda: iter(()), repr=False)

    def __call__(self, rng: np.random.Generator) -> list[str]:
        """Return one order of conditions for all scored trials of the block."""
        if rng is not self._source:
            self._source, self._ahead = rng, iter(())
        order = next(self._ahead, None)
        if order is None:
            names = np.array(self.conditions)[self.many(rng, REDRAW_BATCH)]
            self._ahead = iter(names.tolist())
            order = next(self._ahead)
        return order

    def many(self, rng: np.random.Generator, n: int) -> NDArray[np.intp]:
        """Return (n, K) codes into `conditions`."""
        return restricted_orders(list(self.each), self.limit, rng, n)


def _scored(items: list[_Item]) -> Iterator[tuple[_Item, bool]]:
    return ((item, False) for item in items)


def _number(participant: str) -> int:
    digits = re.findall(r"\d+", participant)
    return int(digits[-1]) if digits else zlib.crc32(participant.encode())


def _assigned(protocol: "Protocol", number: int) -> dict[str, dict[str, str]]:
    """Share the model faces among the levels, moving on by one level a participant.

    Neighbours in the list of identities get the same level, so a list in which male and
    female faces alternate gives every level as many of each.
    """
    combinations = protocol.level_combinations("identity")
    identities = protocol.file.stimuli.identities
    share = len(combinations)
    return {
        identity: combinations[(k * share // len(identities) + number) % share]
        for k, identity in enumerate(identities)
    }


def _sequence(protocol: "Protocol", number: int) -> list[tuple[str, int]]:
    """Return (block, run) in the order in which they are done."""
    blocks = list(protocol.file.blocks)
    order = protocol.file.design.block_order
    if order != "fixed":
        start = number % len(blocks)
        blocks = blocks[start:] + blocks[:start]
    runs = {name: protocol.file.blocks[name].runs for name in blocks}
    if order == "alternate":
        return [(name, run) for run in range(1, max(runs.values()) + 1) for name in blocks]
    return [(name, run) for name in blocks for run in range(1, runs[name] + 1)]


def _block_runs(
    protocol: "Protocol",
    block: str,
    assigned: Mapping[str, Mapping[str, str]],
    rng: np.random.Generator,
) -> list[list[_Item]]:
    """Return the scored trials of a block in order, cut into its runs."""
    conditions = protocol.block_conditions(block)
    identities = protocol.file.stimuli.identities
    limits = protocol.file.design.randomisation
    spec = protocol.file.blocks[block]
    cell = protocol.level_combinations("trial") * spec.repeats
    sizes = len(conditions), len(identities)
    both = limits.max_same_condition, limits.max_same_identity
    try:
        order, faces = _conditions_and_faces(sizes, len(cell), both, rng)
    except ValueError as error:
        raise ProtocolError(
            f"blocks.{block}: {error}",
            path=protocol.path,
            key="design.randomisation",
            hint="Raise max_same_condition or max_same_identity.",
        ) from error
    decks = {(c, i): list(rng.permutation(len(cell))) for c in set(order) for i in set(faces)}
    items = [
        _Item(
            conditions[c],
            identities[i],
            {**cell[decks[c, i].pop()], **assigned[identities[i]]},
        )
        for c, i in zip(order, faces, strict=True)
    ]
    length = len(items) // spec.runs
    return [items[k : k + length] for k in range(0, len(items), length)]


def _conditions_and_faces(
    sizes: tuple[int, int],
    each: int,
    limits: tuple[int | None, int | None],
    rng: np.random.Generator,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Draw the conditions and deal faces onto them; where none fit, draw both together."""
    order = restricted_orders([each * sizes[1]] * sizes[0], limits[0], rng)[0]
    try:
        return order, dealt_faces(order, sizes[1], each, limits[1], rng)
    except ValueError:
        largest = len(order)
        most = tuple(largest if limit is None else min(limit, largest) for limit in limits)
        crossed = crossed_order(sizes, each, (most[0], most[1]), rng)
        if crossed is None:
            raise
        return crossed[0], crossed[1]


def _practice(
    protocol: "Protocol",
    block: str,
    assigned: Mapping[str, Mapping[str, str]],
    rng: np.random.Generator,
) -> list[_Item]:
    conditions = protocol.block_conditions(block)
    identities = protocol.file.stimuli.identities
    cell = protocol.level_combinations("trial")
    items = []
    for k in range(protocol.file.blocks[block].practice):
        identity = identities[rng.integers(len(identities))]
        levels = {**cell[rng.integers(len(cell))], **assigned[identity]}
        items.append(_Item(conditions[k % len(conditions)], identity, levels))
    return items


def _trial(
    protocol: "Protocol",
    trial_id: str,
    block: str,
    run: int,
    item: _Item,
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


def _stimulus(protocol: "Protocol", item: _Item) -> str:
    return protocol.file.stimuli.pattern.format(
        emotion=protocol.file.conditions[item.condition].emotion,
        identity=item.identity,
        kind=protocol.stimulus_kind(item.levels),
        **dict(item.levels),
    )


def _phases(protocol: "Protocol", block: str, item: _Item) -> tuple[Phase, ...]:
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
