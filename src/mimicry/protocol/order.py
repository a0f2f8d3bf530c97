"""Which trials a session has, in which order: counterbalanced, and random within limits.

The limits are keys of :class:`.Randomisation`; :mod:`mimicry.kernels.orders` deals the orders.
"""

import re
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import ProtocolError
from mimicry.kernels.mixing import crossed_order
from mimicry.kernels.orders import dealt_faces, restricted_orders
from mimicry.protocol.session import Item

if TYPE_CHECKING:
    from mimicry.protocol.model import Protocol

__all__ = ["block_runs", "levels_of_faces", "number_of", "practice_items", "run_sequence"]


def number_of(participant: str) -> int:
    """Return the number in a label, or one made of a label without a number."""
    digits = re.findall(r"\d+", participant)
    return int(digits[-1]) if digits else zlib.crc32(participant.encode())


def levels_of_faces(protocol: "Protocol", number: int) -> dict[str, dict[str, str]]:
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


def run_sequence(protocol: "Protocol", number: int) -> list[tuple[str, int]]:
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


def block_runs(
    protocol: "Protocol",
    block: str,
    assigned: Mapping[str, Mapping[str, str]],
    rng: np.random.Generator,
) -> list[list[Item]]:
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
        Item(conditions[c], identities[i], {**cell[decks[c, i].pop()], **assigned[identities[i]]})
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


def practice_items(
    protocol: "Protocol",
    block: str,
    assigned: Mapping[str, Mapping[str, str]],
    rng: np.random.Generator,
) -> list[Item]:
    """Return the practice trials of a block: faces at random, conditions in turn."""
    conditions = protocol.block_conditions(block)
    identities = protocol.file.stimuli.identities
    cell = protocol.level_combinations("trial")
    items = []
    for k in range(protocol.file.blocks[block].practice):
        identity = identities[rng.integers(len(identities))]
        levels = {**cell[rng.integers(len(cell))], **assigned[identity]}
        items.append(Item(conditions[k % len(conditions)], identity, levels))
    return items
