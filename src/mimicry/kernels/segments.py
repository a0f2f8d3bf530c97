"""Every segment of one series against every segment of another, by lag."""

import numpy as np
from numpy.typing import ArrayLike

from mimicry.kernels import Floats
from mimicry.kernels.windowed import STILL_SD, capped_fisher_z

__all__ = ["segment_z"]


def segment_z(
    first: ArrayLike, second: ArrayLike, *, segment: int, max_lag: int, min_valid: float = 0.5
) -> Floats:
    """Return Fisher z of lagged correlations for all pairs of non-overlapping segments.

    Parameters
    ----------
    first, second
        (N,) samples on one regular grid; NaN where missing.
    segment, max_lag
        Samples; a segment is at least twice `max_lag` long. What is left over at the end is
        not used.
    min_valid
        Smallest share of `segment` of which both samples are there.

    Returns
    -------
    ndarray
        (n, n, 2 * max_lag + 1): segment i of the first with segment j of the second. The
        diagonal i = j is what happened, the rest is chance. Lag l pairs sample t of one
        segment with sample t + l of the other, over the samples that exist in both (fewer
        at longer lags). Positive lag: the first leads. NaN where too few samples are there
        or a side is still.

    Raises
    ------
    ValueError
        When a segment is shorter than twice `max_lag`, or fewer than two fit.

    Notes
    -----
    The design of surrogate synchrony: Tschacher and colleagues, R package SUSY.
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    n = min(len(a), len(b)) // segment
    if segment < 2 * max_lag or n < 2:
        raise ValueError(
            f"segments of {segment} samples: expected at least twice the lag of {max_lag} and "
            f"at least two in {len(a)} samples"
        )
    x, y = _cut(a, n, segment), _cut(b, n, segment)
    result = np.empty((n, n, 2 * max_lag + 1))
    for i in range(n):
        result[i] = capped_fisher_z(_one_against_all(x[i], y, max_lag, min_valid * segment))
    return result


def _cut(series: Floats, n: int, segment: int) -> Floats:
    blocks = series[: n * segment].reshape(n, segment)
    count = np.maximum(np.isfinite(blocks).sum(axis=1, keepdims=True), 1)
    total = np.where(np.isfinite(blocks), blocks, 0.0).sum(axis=1, keepdims=True)
    return np.asarray(blocks - total / count)


def _one_against_all(x: Floats, y: Floats, max_lag: int, need: float) -> Floats:
    """(n, 2 * max_lag + 1) correlations of one segment with all segments of the other."""
    in_x, in_y = np.isfinite(x).astype(float)[None], np.isfinite(y).astype(float)
    x0, y0 = np.where(in_x > 0, x, 0.0), np.where(in_y > 0, y, 0.0)
    n = np.rint(_lagged_sums(in_x, in_y, max_lag))
    safe = np.maximum(n, 1)
    x_sum, y_sum = _lagged_sums(x0, in_y, max_lag), _lagged_sums(in_x, y0, max_lag)
    x_power = _lagged_sums(x0 * x0, in_y, max_lag) - x_sum**2 / safe
    y_power = _lagged_sums(in_x, y0 * y0, max_lag) - y_sum**2 / safe
    cross = _lagged_sums(x0, y0, max_lag) - x_sum * y_sum / safe
    floor = STILL_SD**2 * np.maximum(safe - 1, 1)
    moving = (x_power > floor) & (y_power > floor) & (n >= max(need, 3))
    with np.errstate(invalid="ignore", divide="ignore"):
        r = cross / np.sqrt(x_power * y_power)
    return np.asarray(np.where(moving, np.clip(r, -1, 1), np.nan))


def _lagged_sums(x: Floats, y: Floats, max_lag: int) -> Floats:
    """(n, 2 * max_lag + 1) sums of x[t] * y[t + l] over the t for which both exist."""
    from scipy import fft

    size = fft.next_fast_len(x.shape[1] + max_lag, real=True)
    spectrum = np.conj(fft.rfft(x, size, axis=1)) * fft.rfft(y, size, axis=1)
    sums = fft.irfft(spectrum, size, axis=1)
    return np.concatenate([sums[:, size - max_lag :], sums[:, : max_lag + 1]], axis=1)
