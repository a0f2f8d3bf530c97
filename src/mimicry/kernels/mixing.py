"""Orders with limited runs for designs too large to count: built once, then mixed by swaps.

Every allowed swap of two places is as likely as its way back, so the mixing has the uniform
distribution over the allowed orders as its limit. The number of swaps is chosen so that what
is left of the start cannot be seen (the tests compare with exact counting).
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from mimicry.kernels import Ints
from mimicry.kernels.chance import generator

__all__ = ["crossed_order", "crossed_start", "feasible_order", "mixed_orders"]

SWAPS_PER_PLACE = 20
RESTARTS = 6
REPAIRS_PER_PLACE = 60


def mixed_orders(
    factors: Ints,
    limits: Sequence[int | None],
    rng: np.random.Generator,
    *,
    per_place: int = SWAPS_PER_PLACE,
) -> Ints:
    """Return orders after many random swaps of two places, each kept if all limits are.

    Parameters
    ----------
    factors
        (F, n, K) labels of F factors in n allowed orders of K places; a swap moves the labels
        of all factors together.
    limits
        F limits: most equal labels in a row; None: no limit.
    rng
        Source of randomness.
    per_place
        Swaps that are tried, in times of K.

    Returns
    -------
    ndarray
        (F, n, K) labels.
    """
    n, places = factors.shape[1:]
    pad = max((limit for limit in limits if limit is not None), default=0)
    most = np.array([places if limit is None else limit for limit in limits])[:, None, None]
    state = np.pad(factors, ((0, 0), (0, 0), (pad, pad)), constant_values=-1)
    rows = np.arange(n)
    around = np.arange(-pad, pad + 1)
    for _ in range(per_place):
        for pair in rng.integers(places, size=(places, 2, n)) + pad:
            _swap(state, rows, pair)
            near = state[:, rows[:, None], pair[:, :, None] + around]
            same = near == near[..., pad : pad + 1]
            before = np.logical_and.accumulate(same[..., pad::-1], axis=3).sum(axis=3)
            after = np.logical_and.accumulate(same[..., pad:], axis=3).sum(axis=3)
            broken = (before + after > most + 1).any(axis=(0, 1))
            if broken.any():
                _swap(state, rows[broken], pair[:, broken])
    return state[:, :, pad : pad + places]


def feasible_order(counts: Sequence[int], limit: int, rng: np.random.Generator) -> Ints:
    """Return one order with runs of at most `limit`, by draws that never end in a dead end.

    Not uniform: a start for :func:`mixed_orders`. Some order must exist.
    """
    left = np.array(counts, dtype=np.intp)
    total = int(left.sum())
    drawn = np.empty(total, dtype=np.intp)
    last, run = -1, 0
    for k in range(total):
        chance = left.astype(float)
        for c in np.flatnonzero(left):
            after = run + 1 if c == last else 1
            if after > limit or not _can_end(left, int(c), after, limit):
                chance[c] = 0.0
        bound = chance.cumsum()
        pick = int(np.searchsorted(bound, rng.random() * bound[-1], side="right"))
        run = run + 1 if pick == last else 1
        last = pick
        left[pick] -= 1
        drawn[k] = pick
    return drawn


def crossed_order(
    sizes: tuple[int, int], each: int, limits: tuple[int, int], rng: np.random.Generator
) -> Ints | None:
    """Return (2, K) labels of two crossed factors, both with limited runs; None: no order.

    Parameters
    ----------
    sizes
        Numbers of labels of the factors; every pair of labels stands `each` times.
    each
        How often.
    limits
        Most equal labels in a row.
    rng
        Source of randomness. Whether there is an order does not depend on it.

    Examples
    --------
    >>> order = crossed_order((3, 2), 2, (2, 1), np.random.default_rng(0))
    >>> order.shape, bool(sorted(set(order[1, ::2].tolist()))[0] != order[1, 1])
    ((2, 12), True)
    """
    start = crossed_start(sizes, each, limits)
    if start is None:
        return None
    # other names for the labels and the way back are as good an order as the start
    renamed = np.stack([rng.permutation(n)[row] for n, row in zip(sizes, start, strict=True)])
    renamed = renamed[:, :: -1 if rng.random() < 0.5 else 1]
    return mixed_orders(renamed[:, None, :], limits, rng)[:, 0]


@lru_cache(maxsize=256)
def crossed_start(sizes: tuple[int, int], each: int, limits: tuple[int, int]) -> Ints | None:
    """Return one order of two crossed factors that keeps both limits; None where none is found.

    The same for everybody, so that one look tells whether all sessions can be built.
    """
    total = sizes[0] * sizes[1] * each
    for size, limit in zip(sizes, limits, strict=True):
        count = total // size
        if count > limit * (total - count + 1):
            return None
    if sizes == (2, 2) and limits == (1, 1):
        return None  # both would take turns, so each label would always meet the same other one
    rng = generator(0)
    first = int(np.argmin([(n - 1) * limit for n, limit in zip(sizes, limits, strict=True)]))
    for attempt in range(RESTARTS):
        outer = first if attempt % 3 < 2 else 1 - first
        inner = 1 - outer
        base = feasible_order([total // sizes[outer]] * sizes[outer], limits[outer], rng)
        dealt = np.empty(total, dtype=np.intp)
        for label in range(sizes[outer]):
            deck = np.repeat(np.arange(sizes[inner]), each)
            dealt[base == label] = rng.permutation(deck)
        if _repaired(dealt, base, limits[inner], rng):
            start = np.stack([base, dealt] if outer == 0 else [dealt, base])
            start.flags.writeable = False
            return start
    return None


def _repaired(labels: Ints, groups: Ints, limit: int, rng: np.random.Generator) -> bool:
    """Swap labels within groups, in place, until no run is too long; tell whether that worked."""
    places = len(labels)
    members = [np.flatnonzero(groups == g) for g in range(int(groups.max()) + 1)]
    long = _too_long(labels, limit)
    for _ in range(REPAIRS_PER_PLACE * places):
        if not len(long):
            return True
        i = int(rng.choice(long))
        j = int(rng.choice(members[groups[i]]))
        labels[i], labels[j] = labels[j], labels[i]
        now = _too_long(labels, limit)
        if len(now) > len(long):
            labels[i], labels[j] = labels[j], labels[i]
        else:
            long = now
    return not len(long)


def _too_long(labels: Ints, limit: int) -> Ints:
    """Return the places that are in a run beyond the limit."""
    edges = np.flatnonzero(np.diff(labels, prepend=-1, append=-1))
    lengths = np.diff(edges)
    within = np.arange(len(labels)) - np.repeat(edges[:-1], lengths)
    return np.flatnonzero(within >= limit)


def _can_end(left: Ints, pick: int, run: int, limit: int) -> bool:
    """Tell whether what is left after `pick`, then the end of a run of `run`, has an order."""
    remaining = left.copy()
    remaining[pick] -= 1
    total = int(remaining.sum())
    room = limit * (total - remaining + 1)
    room[pick] -= run
    return bool((remaining <= room).all())


def _swap(state: Ints, rows: Ints, pair: Ints) -> None:
    state[:, rows, pair] = state[:, rows, pair[::-1]]
