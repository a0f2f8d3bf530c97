"""Half-open time windows: which samples lie in them, and their means."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.kernels import Flags, Floats

__all__ = ["bin_counts", "bin_edges", "in_window", "window_mean", "window_sd", "window_slices"]

_TOLERANCE_S = 1e-9


def in_window(times_s: ArrayLike, window_s: tuple[float, float]) -> Flags:
    """Return True for times in the half-open ``[a, b)``, whatever the last binary digit says.

    Examples
    --------
    >>> in_window([0.0, 0.1, 0.1 + 0.2], (0.0, 0.3)).tolist()
    [True, True, False]
    """
    times = np.asarray(times_s, dtype=np.float64)
    start, stop = window_s
    return np.asarray((times >= start - _TOLERANCE_S) & (times < stop - _TOLERANCE_S))


def window_slices(
    times_s: ArrayLike, starts_s: ArrayLike, window_s: tuple[float, float]
) -> list[slice]:
    """Return the samples of the half-open window after each start, as slices of increasing times.

    Examples
    --------
    >>> window_slices([0.0, 0.1, 0.2, 0.3], [0.1], (0.0, 0.2))
    [slice(1, 3, None)]
    """
    starts = np.asarray(starts_s, dtype=np.float64)
    edges = starts[:, None] + np.asarray(window_s) - _TOLERANCE_S
    return [slice(int(a), int(b)) for a, b in np.searchsorted(np.asarray(times_s), edges)]


def window_mean(values: ArrayLike, chosen: ArrayLike) -> Floats:
    """Mean over the chosen samples of axis 1, NaN where fewer than half of them are there.

    Parameters
    ----------
    values
        (K, G, ...) samples; NaN is missing.
    chosen
        (G,) True for the samples of the window.

    Returns
    -------
    numpy.ndarray
        (K, ...) means. NaN also when the window holds no sample at all.
    """
    part = np.asarray(values, dtype=np.float64)[:, np.asarray(chosen, dtype=bool)]
    finite = np.isfinite(part)
    n = finite.sum(axis=1)
    enough = (n > 0) & (2 * n >= part.shape[1])
    total = np.where(finite, part, 0.0).sum(axis=1)
    return np.where(enough, total / np.maximum(n, 1), np.nan)


def window_sd(values: ArrayLike, chosen: ArrayLike) -> Floats:
    """Return the SD (n - 1) over the chosen samples of axis 1; NaN as in `window_mean`."""
    part = np.asarray(values, dtype=np.float64)[:, np.asarray(chosen, dtype=bool)]
    mean = window_mean(values, chosen)
    finite = np.isfinite(part)
    n = finite.sum(axis=1)
    squares = np.where(finite, (part - mean[:, None]) ** 2, 0.0).sum(axis=1)
    return np.where((n > 1) & np.isfinite(mean), np.sqrt(squares / np.maximum(n - 1, 1)), np.nan)


def bin_edges(window_s: tuple[float, float], width_s: float) -> Floats:
    """(B + 1,) edges that cut a window into bins of `width_s`; the last one may be shorter.

    Examples
    --------
    >>> bin_edges((-0.5, 0.0), 0.1).round(3).tolist()
    [-0.5, -0.4, -0.3, -0.2, -0.1, 0.0]
    """
    start, stop = window_s
    count = int(np.ceil((stop - start) / width_s - 1e-6))
    return np.append(start + width_s * np.arange(count), stop)


def bin_counts(times_s: ArrayLike, edges_s: ArrayLike, flags: ArrayLike) -> NDArray[np.int64]:
    """Count how many flagged samples fall into each half-open bin.

    Parameters
    ----------
    times_s
        (T,) seconds, increasing.
    edges_s
        (..., B + 1) edges on the same clock.
    flags
        (T,) 0/1 or False/True.

    Returns
    -------
    numpy.ndarray
        (..., B) counts.
    """
    times = np.asarray(times_s, dtype=np.float64)
    sums = np.concatenate([[0], np.cumsum(np.asarray(flags, dtype=bool))])
    at = np.searchsorted(times, np.asarray(edges_s) - _TOLERANCE_S, side="left")
    return np.asarray(np.diff(sums[at], axis=-1), dtype=np.int64)
