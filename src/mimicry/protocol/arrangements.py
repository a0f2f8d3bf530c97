"""How many arrangements the label swap of every contrast has, before anything is recorded."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mimicry.errors import ProtocolError
from mimicry.scoring.arrange import SwapDesign
from mimicry.scoring.pattern import reference_trials
from mimicry.scoring.swap import label_swap

if TYPE_CHECKING:
    from mimicry.protocol.model import Protocol

__all__ = ["PlannedSwap", "check_swaps", "planned_swaps"]

_DRAWS = 999  # enough to tell 40 orders from fewer
_OTHERWISE = {
    "not_identified": "never takes turns with its reference, so that time explains any difference",
    "no_pairs": "shares no identity with its reference",
    "too_few_trials": "has no trials of its own or of its reference",
}


@dataclass(frozen=True, slots=True)
class PlannedSwap:
    """The label swap of one contrast, if every planned trial is usable.

    Parameters
    ----------
    block, condition
        Whose contrast it is.
    swap
        What is permuted, a name in :data:`mimicry.scoring.nulls.SWAPS`.
    arrangements
        How many different ones there are (for ``redraw`` at least as many).
    times
        How often the clip that is shown most is shown in the block.
    reason
        Why it gives no p, in the words of the tables; "": it does.
    """

    block: str
    condition: str
    swap: str
    arrangements: int
    times: int
    reason: str


def planned_swaps(protocol: "Protocol") -> Iterator[PlannedSwap]:
    """Yield the label swap of every contrast of a session of participant 01.

    Where people meet there is none: they are compared with pseudo-pairs.
    """
    if protocol.face_to_face():
        return
    settings = protocol.scoring_settings()
    visit = next(iter(protocol.file.design.visits), None)
    session = protocol.build_session("01", visit=visit)
    for block in protocol.file.blocks:
        trials = [trial for trial in session.scored if trial.block == block]
        conditions = [trial.condition for trial in trials]
        design = SwapDesign(
            conditions,
            clips=[trial.stimulus for trial in trials],
            identities=[trial.identity for trial in trials],
            runs=[str(trial.run) for trial in trials],
            redraw=protocol.redraw(block),
        )
        chosen = replace(settings.of_phase(block), surrogates=_DRAWS, enumerate_up_to=_DRAWS)
        for condition in [name for name in settings.emotions if name in conditions]:
            rng = np.random.default_rng(0)
            mine = np.array(conditions) == condition
            others = reference_trials(conditions, condition, settings)
            result = label_swap(rng.normal(size=len(trials)), mine, others, design, chosen, rng)
            yield PlannedSwap(
                block,
                condition,
                chosen.swap,
                result.arrangements,
                max(Counter(design.clips).values()),
                result.reason,
            )


def check_swaps(protocol: "Protocol") -> list[PlannedSwap]:
    """Return the label swap of every contrast.

    Raises
    ------
    ProtocolError
        When clips are shown again within a block whose swap takes their trials for
        exchangeable, or a contrast has fewer arrangements than p needs.
    """
    planned = list(planned_swaps(protocol))
    least = protocol.scoring_settings().min_arrangements
    limited = protocol.file.design.randomisation.max_same_condition is not None
    for each in planned:
        where = f"blocks.{each.block}.swap"
        if each.times > 1 and each.swap in ("free", "redraw"):
            raise ProtocolError(
                f"block {each.block} shows clips up to {each.times} times, and `swap: "
                f"{each.swap}` takes trials of one clip for exchangeable",
                path=protocol.path,
                key=where,
                hint=f"Write `swap: clip` at blocks.{each.block} (or pairs, or block).",
            )
        if each.times == 1 and each.swap in ("free", "clip") and limited:
            raise ProtocolError(
                f"block {each.block} shows no clip twice and limits its order, which `swap: "
                f"{each.swap}` does not know",
                path=protocol.path,
                key=where,
                hint=f"Write `swap: redraw` at blocks.{each.block}.",
            )
        if each.reason:
            text = f"has {each.arrangements} arrangements, fewer than the {least} that p needs"
            text = _OTHERWISE.get(each.reason, text)
            raise ProtocolError(
                f"the contrast of {each.condition} in block {each.block} {text} "
                f"(swap: {each.swap})",
                path=protocol.path,
                key=where,
                hint="Show more clips (stimuli.identities), or choose another swap, for instance "
                "`swap: clip`, which has 70 arrangements for four clips on both sides.",
            )
    return planned
