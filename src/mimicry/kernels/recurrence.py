"""Cross-recurrence of two series along the diagonals near lag 0."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.kernels import Flags, Floats

__all__ = ["DiagonalRecurrence", "diagonal_recurrence"]


@dataclass(frozen=True, slots=True)
class DiagonalRecurrence:
    """Recurrence by lag, and what its diagonal lines say.

    Parameters
    ----------
    profile
        (2 * max_lag + 1,) share of sample pairs at each lag that are in the same state.
    radius
        How near counts as the same state, in SD.
    determinism
        Share of recurrent points that lie on diagonal lines of at least the smallest length.
    longest_line
        Length of the longest diagonal line, in samples.
    """

    profile: Floats
    radius: float
    determinism: float
    longest_line: int


def diagonal_recurrence(
    first: ArrayLike, second: ArrayLike, *, max_lag: int, rate: float = 0.05, shortest_line: int = 2
) -> DiagonalRecurrence:
    """Return the diagonal cross-recurrence profile of two standardised series.

    Parameters
    ----------
    first, second
        (N,) samples on one regular grid; a pair with a NaN counts nowhere.
    max_lag
        Samples. Only diagonals within it are looked at. Positive lag: the first leads.
    rate
        Share of all pairs within `max_lag` that shall be recurrent; the radius follows from
        it, so that recordings are comparable.
    shortest_line
        Samples in the shortest diagonal that counts for `determinism`.

    Raises
    ------
    ValueError
        When a series does not move or no pair is there.

    Notes
    -----
    Coco and Dale (2014, doi 10.3389/fpsyg.2014.00510), embedding dimension 1. The profile is
    a lead-lag curve; recurrence says how often both are alike, not how strongly they move.
    """
    x, y = _standardised(first), _standardised(second)
    diagonals = [_distance(x, y, lag) for lag in range(-max_lag, max_lag + 1)]
    everything = np.concatenate(diagonals)
    everything = everything[np.isfinite(everything)]
    if not everything.size:
        raise ValueError("the two series have no sample in common")
    radius = float(np.quantile(everything, rate))
    profile, on_lines, points, longest = [], 0, 0, 0
    for distance in diagonals:
        alike = distance <= radius
        pairs = int(np.isfinite(distance).sum())
        profile.append(alike.sum() / pairs if pairs else np.nan)
        runs = _run_lengths(alike)
        on_lines += int(runs[runs >= shortest_line].sum())
        points += int(alike.sum())
        longest = max(longest, int(runs.max(initial=0)))
    return DiagonalRecurrence(
        np.array(profile), radius, on_lines / points if points else float("nan"), longest
    )


def _standardised(series: ArrayLike) -> Floats:
    values = np.asarray(series, np.float64)
    finite = values[np.isfinite(values)]
    sd = finite.std(ddof=1) if finite.size > 1 else 0.0
    if not sd > 1e-9 * max(1.0, abs(finite.mean()) if finite.size else 1.0):
        raise ValueError("a series that does not move has no states to recur")
    return np.asarray((values - finite.mean()) / sd)


def _distance(x: Floats, y: Floats, lag: int) -> Floats:
    if lag < 0:
        return _distance(y, x, -lag)
    return np.abs(x[: len(x) - lag] - y[lag:])


def _run_lengths(flags: Flags) -> NDArray[np.int64]:
    """Lengths of the runs of True."""
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    return np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
