"""Random orders with a limit on equal neighbours, drawn uniformly and many at a time.

A null that redraws the order of a session must draw from the very distribution that made the
order. It is exactly uniform over the orders that keep the limit (the ways to go on are counted
instead of trying and mending). Only where there is too much to count (3 labels 96 times, 4 labels
48 times) and shuffling finds nothing soon does :mod:`mimicry.kernels.mixing` take over, which
is uniform in its limit.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import count, pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.kernels import Floats, Ints
from mimicry.kernels.mixing import feasible_order, mixed_orders

__all__ = ["dealt_faces", "longest_run", "restricted_orders"]

MAX_STATES = 2_000_000
SHUFFLES = 1024  # in one go
PATIENCE = 40  # goes without much success before shuffling is given up
CROWDED = 9.5  # runs beyond the limit to be expected in a shuffle, from which on none is tried
CHAINS, STARTS = 200, 8  # orders that are mixed side by side, from so many starts
SWAPS_BETWEEN = 4  # swaps a place from one order to the next of the same chain
ATTEMPTS = 1000  # to deal faces, fewer where there are many trials
DEALT = 60_000
LARGEST = 250  # log of a number of orders that a float still holds without scaling, in base e


def restricted_orders(
    counts: Sequence[int], limit: int | None, rng: np.random.Generator, n: int = 1
) -> Ints:
    """Return `n` sequences of labels 0..C-1, label c `counts[c]` times, runs of at most `limit`.

    Parameters
    ----------
    counts
        C numbers, how often each label stands in a sequence.
    limit
        Most equal labels in a row; None: any order.
    rng
        Source of randomness.
    n
        How many sequences.

    Returns
    -------
    ndarray
        (n, K) labels, K = sum of `counts`; every allowed sequence is equally likely.

    Raises
    ------
    ValueError
        When no sequence keeps the limit.

    Examples
    --------
    >>> restricted_orders([2, 2], 1, np.random.default_rng(0), 3).shape
    (3, 4)
    """
    counts = tuple(int(c) for c in counts)
    labels = np.repeat(np.arange(len(counts)), counts)
    if limit is None or max(counts, default=0) <= limit:
        return rng.permuted(np.tile(labels, (n, 1)), axis=1)
    total = sum(counts)
    if max(counts) > limit * (total - max(counts) + 1):
        raise ValueError(f"no order of {counts} labels keeps runs to {limit}")
    if np.prod([c + 1.0 for c in counts]) * len(counts) > MAX_STATES:
        return _by_rejection(labels, limit, rng, n)
    return _by_counting(counts, limit, rng, n)


def dealt_faces(
    order: Ints, n_faces: int, each: int, limit: int | None, rng: np.random.Generator
) -> Ints:
    """Deal every face `each` times onto every condition, at most `limit` times in a row."""
    n_conditions = int(order.max()) + 1
    if limit is None or n_faces == 1:
        decks = rng.permuted(
            np.tile(np.repeat(np.arange(n_faces), each), (n_conditions, 1)), axis=1
        )
        dealt = np.empty(len(order), dtype=np.intp)
        for c, deck in enumerate(decks):
            dealt[order == c] = deck[: (order == c).sum()]
        return dealt
    in_turn = n_faces == 2 and limit == 1  # then the first face decides everything
    for _ in range(30 if in_turn else min(ATTEMPTS, DEALT // len(order) + 1)):
        tried = _try_to_deal(order, np.full((n_conditions, n_faces), each), limit, rng)
        if tried is not None:
            return tried
    raise ValueError(f"found no order of {n_faces} faces with at most {limit} in a row")


def longest_run(labels: ArrayLike) -> int:
    """Return the length of the longest run of equal labels.

    Examples
    --------
    >>> longest_run([1, 1, 2, 2, 2, 1])
    3
    """
    values = np.asarray(labels)
    edges = np.flatnonzero(values[1:] != values[:-1]) + 1
    return max((b - a for a, b in pairwise([0, *edges.tolist(), len(values)])), default=0)


def _by_rejection(labels: Ints, limit: int, rng: np.random.Generator, n: int) -> Ints:
    """Shuffle until the limit is kept: quick when there are many labels; else mix by swaps."""
    kept: list[Ints] = []
    n_kept = 0
    for tried in count():
        if _crowding(labels, limit) > CROWDED or (
            tried >= PATIENCE and n_kept * 10 * PATIENCE < n * tried
        ):
            break
        drawn = rng.permuted(np.tile(labels, (SHUFFLES, 1)), axis=1)
        equal = drawn[:, 1:] == drawn[:, :-1]
        sums = np.pad(equal, ((0, 0), (1, 0))).cumsum(axis=1)
        good = drawn[(sums[:, limit:] - sums[:, :-limit] < limit).all(axis=1)]
        kept.append(good)
        n_kept += len(good)
        if n_kept >= n:
            return np.concatenate(kept)[:n]
    counts = np.bincount(labels).tolist()
    starts = np.stack([feasible_order(counts, limit, rng) for _ in range(min(n, STARTS))])
    start = np.resize(starts, (1, min(n, CHAINS), len(labels)))
    orders = mixed_orders(start, (limit,), rng)
    while orders.shape[1] < n:
        more = mixed_orders(orders[:, -CHAINS:], (limit,), rng, per_place=SWAPS_BETWEEN)
        orders = np.concatenate([orders, more], axis=1)
    return orders[0, :n]


def _crowding(labels: Ints, limit: int) -> float:
    """Return how many runs of more than `limit` a shuffle is expected to have."""
    each, places = np.bincount(labels).astype(float), len(labels)
    chance = np.ones_like(each)
    for r in range(limit + 1):
        chance *= np.maximum(each - r, 0) / (places - r)
    return float((places - limit) * chance.sum())


def _by_counting(counts: tuple[int, ...], limit: int, rng: np.random.Generator, n: int) -> Ints:
    """Build sequences run by run, each run in proportion to the ways to go on from it."""
    ways, strides, steps = _continuations(counts, limit)
    size, total = len(counts), sum(counts)
    left = np.tile(np.array(counts), (n, 1))
    drawn = np.full((n, total), -1, dtype=np.intp)
    filled = np.zeros(n, dtype=np.intp)
    last = np.full(n, -1)
    columns = np.arange(total)
    choices = [(c, r) for c in range(size) for r in range(1, limit + 1)]
    for _ in range(total):
        if (filled == total).all():
            break
        flat, still = left @ strides, total - filled
        chance = np.zeros((n, len(choices)))
        for j, (c, r) in enumerate(choices):
            fits = (left[:, c] >= r) & (last != c)
            chance[fits, j] = ways[flat[fits] - r * strides[c], c] * steps[still[fits], r]
        bound = chance.cumsum(axis=1)
        pick = (rng.random(n)[:, None] * bound[:, -1:] >= bound).sum(axis=1)
        label, length = np.array(choices)[np.minimum(pick, len(choices) - 1)].T
        length = np.where(filled == total, 0, length)
        here = (columns >= filled[:, None]) & (columns < (filled + length)[:, None])
        drawn = np.where(here, label[:, None], drawn)
        left[np.arange(n), label] -= length
        filled += length
        last = np.where(length > 0, label, last)
    return drawn


@lru_cache(maxsize=16)
def _continuations(counts: tuple[int, ...], limit: int) -> tuple[Floats, Ints, Floats]:
    """Return how many ways there are to go on after a run of label c, for all that can be left.

    (states, C); a state is the number of each label that is left, in row-major order. The
    numbers of long orders are beyond a float: each number of labels left has a unit of its own,
    and the third value, (K + 1, limit + 1), turns what a run of r labels leads to into the unit
    of a run of one.
    """
    shape = tuple(c + 1 for c in counts)
    strides = np.array([int(np.prod(shape[i + 1 :])) for i in range(len(shape))], dtype=np.intp)
    left = np.indices(shape).reshape(len(shape), -1)
    totals = left.sum(axis=0)
    most = int(totals.max())
    unit, rescaled = np.zeros(most + 1), _beyond_a_float(counts)  # logarithms
    steps = np.ones((most + 1, limit + 1))
    ways = np.zeros((left.shape[1], len(counts)))
    ways[0] = 1.0
    for total in range(1, most + 1):
        states = np.flatnonzero(totals == total)
        begin = np.zeros((len(states), len(counts)))
        for r in range(1, min(limit, total) + 1):
            steps[total, r] = math.exp(unit[total - r] - unit[total - 1])
        for d in range(len(counts)):
            for r in range(1, limit + 1):
                fits = left[d, states] >= r
                begin[fits, d] += ways[states[fits] - r * strides[d], d] * steps[total, r]
        onward = begin.sum(axis=1, keepdims=True) - begin
        scale = onward.max() if rescaled and onward.max() > 0 else 1.0
        ways[states] = onward / scale
        unit[total] = unit[total - 1] + math.log(scale)
    ways.flags.writeable = False
    return ways, strides, steps


def _beyond_a_float(counts: tuple[int, ...]) -> bool:
    """Tell whether the number of all orders is too large to count in floats."""
    orders = math.lgamma(sum(counts) + 1) - sum(math.lgamma(c + 1) for c in counts)
    return orders >= LARGEST


def _try_to_deal(
    order: Ints, left: NDArray[np.int_], limit: int, rng: np.random.Generator
) -> Ints | None:
    """Deal one trial after the other; None in a dead end."""
    dealt = np.empty(len(order), dtype=np.intp)
    last, run = -1, 0
    for k, (c, u) in enumerate(zip(order, rng.random(len(order)), strict=True)):
        chance = left[c] * left.sum(axis=0)  # faces that are much needed later come sooner
        if run >= limit:
            chance[last] = 0
        bound = chance.cumsum()
        if not bound[-1]:
            return None
        face = int(np.searchsorted(bound, u * bound[-1], side="right"))
        run = run + 1 if face == last else 1
        last = face
        left[c, face] -= 1
        dealt[k] = face
    return dealt
