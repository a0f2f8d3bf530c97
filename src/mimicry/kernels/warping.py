"""Dynamic time warping within a band, refused where there is nothing to warp."""

import numpy as np
from numpy.typing import ArrayLike

from mimicry.kernels import Floats

__all__ = ["warping_distance"]


def warping_distance(first: ArrayLike, second: ArrayLike, *, band: int, min_sd: float) -> float:
    """Return the root mean squared distance of two standardised series along the best path.

    Parameters
    ----------
    first, second
        (N,) samples on one regular grid.
    band
        Largest shift in samples (Sakoe-Chiba band); both ends are tied.
    min_sd
        Smallest SD, in the units of the series, that counts as movement; take it from the
        noise of a still face (for instance 3 SD of rest).

    Returns
    -------
    float
        0 = the same course. NaN when either side moves less than `min_sd` or a sample is
        missing: two still faces are as near to one another as two that mirror perfectly, so
        without movement the distance says nothing.

    Raises
    ------
    ValueError
        When the series differ in length, or `min_sd` is not above 0.

    Notes
    -----
    Band of Sakoe and Chiba (1978). All cells of an anti-diagonal are computed together.
    """
    x, y = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if x.ndim != 1 or x.shape != y.shape or len(x) < 3:
        raise ValueError(f"expected two series of one length >= 3, got {x.shape} and {y.shape}")
    if not min_sd > 0:
        raise ValueError("min_sd must be above 0: without movement a distance means nothing")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return float("nan")
    sd = x.std(ddof=1), y.std(ddof=1)
    if min(sd) < min_sd:
        return float("nan")
    total, steps = _best_path((x - x.mean()) / sd[0], (y - y.mean()) / sd[1], band)
    return float(np.sqrt(total / steps))


def _best_path(x: Floats, y: Floats, band: int) -> tuple[float, float]:
    """Sum of squared distances along the cheapest path, and its number of steps."""
    n = len(x)
    far = np.full(n + 1, np.inf)
    # cost and steps of the two anti-diagonals before, indexed by i + 1
    before, last = far.copy(), far.copy()
    steps_before, steps_last = np.zeros(n + 1), np.zeros(n + 1)
    for diagonal in range(2 * n - 1):
        low = max(0, diagonal - n + 1, (diagonal - band + 1) // 2)
        high = min(n - 1, diagonal, (diagonal + band) // 2)
        i = np.arange(low, high + 1)
        cost, steps = far.copy(), np.zeros(n + 1)
        if len(i):
            local = (x[i] - y[diagonal - i]) ** 2
            came = np.stack([before[i], last[i], last[i + 1]])  # both, x, y moved on
            count = np.stack([steps_before[i], steps_last[i], steps_last[i + 1]])
            best = came.argmin(axis=0)
            column = np.arange(len(i))
            start = diagonal == 0
            cost[i + 1] = local + (0.0 if start else came[best, column])
            steps[i + 1] = 1.0 + (0.0 if start else count[best, column])
        before, last, steps_before, steps_last = last, cost, steps_last, steps
    return float(last[n]), float(steps_last[n])
