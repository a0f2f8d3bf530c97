"""Blinks: the fast part of lid closure, which frames they hide, where each is, and how often."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Blinks", "blink_mask", "find_blinks", "split_closure"]

Array = NDArray[np.float64]

WINDOW_S = 1.0  # a closure that fills less than half of it is fast
THRESHOLD = 0.25  # of a full closure: an eye aspect ratio 0.09 below the open eye
CLOSED = 0.6  # slow closure from which the eyes count as shut
_REFRACTORY_S = 0.1


@dataclass(frozen=True, slots=True)
class Blinks:
    """The blinks of a recording.

    Parameters
    ----------
    onset_s, duration_s
        (B,) first moment above the threshold, and time spent above it.
    rate_per_min
        Blinks per minute of tracked time; NaN when nothing was tracked.
    """

    onset_s: Array
    duration_s: Array
    rate_per_min: float

    def __len__(self) -> int:
        return len(self.onset_s)


def split_closure(times_s: Array, closure: Array) -> tuple[Array, Array]:
    """Return slow and fast parts of lid closure; they sum to `closure`.

    Parameters
    ----------
    times_s
        (T,) seconds.
    closure
        (T, C) lid closure; NaN where not seen, and there both parts are NaN.

    Notes
    -----
    The slow part is the running median over one second: it follows a lid that sinks and stays,
    and ignores closures shorter than half of that. FACS draws the line between AU45 and AU43
    at about the same duration.
    """
    from scipy.ndimage import median_filter

    if len(closure) == 0:
        return closure.copy(), closure.copy()
    step = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1.0
    half = max(1, round(WINDOW_S / 2 / step))
    # a column at a time: for one dimension the filter sorts along instead of anew
    slow = np.column_stack(
        [median_filter(column, size=2 * half + 1, mode="nearest") for column in _held(closure).T]
    )
    slow = np.where(np.isfinite(closure), slow, np.nan)
    return slow, closure - slow


def blink_mask(slow: Array, fast: Array, *, grow: int = 2) -> NDArray[np.bool_]:
    """(T,) frames in which a blink or shut eyes cover the gaze, grown by `grow` frames.

    Parameters
    ----------
    slow, fast
        (T,) mean lid closure of both eyes, from :func:`split_closure`, neutral at 0.
    """
    with np.errstate(invalid="ignore"):
        inside = (fast > THRESHOLD) | (slow > CLOSED)
    grown = inside.copy()
    for k in range(1, grow + 1):
        grown[k:] |= inside[:-k]
        grown[:-k] |= inside[k:]
    return grown


def find_blinks(times_s: Array, fast: Array) -> Blinks:
    """Count, place and time the blinks.

    Parameters
    ----------
    times_s
        (T,) seconds.
    fast
        (T,) fast lid closure, mean of both eyes; NaN where not seen.

    Notes
    -----
    The ends are placed between frames, where the closure crosses the threshold. Blinks less
    than 0.1 s apart are one.
    """
    seen = np.isfinite(fast)
    above = np.where(seen, fast, -np.inf) > THRESHOLD
    edges = np.diff(np.concatenate([[False], above, [False]]).astype(int))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    start = np.array([_crossing(times_s, fast, k - 1, k) for k in first.tolist()])
    end = np.array([_crossing(times_s, fast, k, k + 1) for k in last.tolist()])
    if len(start) > 1:
        apart = start[1:] - end[:-1] >= _REFRACTORY_S
        start, end = start[np.r_[True, apart]], end[np.r_[apart, True]]
    step = float(np.median(np.diff(times_s))) if len(times_s) > 1 else np.nan
    minutes = seen.sum() * step / 60.0
    rate = len(start) / minutes if minutes > 0 else np.nan
    return Blinks(start, end - start, float(rate))


def _crossing(times: Array, values: Array, a: int, b: int) -> float:
    """Return the time at which `values` crosses the threshold between samples a and b."""
    if a < 0 or b >= len(times):
        return float(times[max(a, 0)] if b >= len(times) else times[b])
    if not (np.isfinite(values[a]) and np.isfinite(values[b])):
        return float(times[b] if np.isfinite(values[b]) else times[a])
    share = (THRESHOLD - values[a]) / (values[b] - values[a])
    return float(times[a] + share * (times[b] - times[a]))


def _held(values: Array) -> Array:
    """Return the last seen value carried over missing ones (the first seen one before it)."""
    out = values.copy()
    for k in range(values.shape[1]):
        seen = np.flatnonzero(np.isfinite(values[:, k]))
        if seen.size == 0:
            out[:, k] = 0.0
            continue
        at = np.clip(np.searchsorted(seen, np.arange(len(values)), "right") - 1, 0, None)
        out[:, k] = values[seen[at], k]
    return out
