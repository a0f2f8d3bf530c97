"""One person's session, made from a protocol."""

from typing import TYPE_CHECKING

import numpy as np

from mimicry.errors import ProtocolError
from mimicry.kernels.chance import generator
from mimicry.protocol.order import (
    block_runs,
    levels_of_faces,
    number_of,
    practice_items,
    run_sequence,
)
from mimicry.protocol.session import Item, Phase, Session, Trial, is_first

if TYPE_CHECKING:
    from mimicry.protocol.model import Protocol

__all__ = ["build_session"]

READING_S = 15.0  # planned time for the instruction page of a block
ANSWER_S = 6.0  # planned time for an answer without a limit


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
        text = f"visit {visit!r} is not in the protocol {protocol.name}; known: {known}"
        if visit is None:
            text = f"the protocol {protocol.name} has several visits, and none was named: {known}"
        raise ProtocolError(text, key="visit")
    seed = protocol.seed if seed is None else seed
    words = [participant, visit or ""] + ([] if is_first(session) else [str(session)])
    rng = generator(seed, *words)
    number = number_of(participant)
    assigned = levels_of_faces(protocol, number)
    pieces = {name: block_runs(protocol, name, assigned, rng) for name in protocol.file.blocks}
    trials: list[Trial] = []
    clock = 0.0
    for block, run in run_sequence(protocol, number):
        clock += READING_S if run == 1 else 0.0
        practice = practice_items(protocol, block, assigned, rng) if run == 1 else []
        for k, item in enumerate([*practice, *pieces[block][run - 1]]):
            is_practice = k < len(practice)
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
        stimulus=protocol.stimulus_id(item),
        levels=dict(item.levels),
        phases=_phases(protocol, block, item),
        start_s=start_s,
        iti_s=_pause(protocol, rng),
        practice=practice,
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
