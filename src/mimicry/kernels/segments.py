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
        segment with sample t + l of the other. Positive lag: the first leads. NaN where too
        few samples are there or a side is still.

    Raises
    ------
    ValueError
        When a segment is shorter than twice `max_lag`, or fewer than two fit.

    Notes
    -----
    The cross-correlation of R's ``ccf``, as in the R package SUSY 0.1.0 (Tschacher and Meier
    2020, doi 10.1080/10503307.2019.1612114): means and SDs are those of the whole segments and
    the divisor is their length, so that a longer lag shrinks r. Where samples are missing, it is
    the number of pairs plus the lag.
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    n = min(len(a), len(b)) // segment
    if segment < 2 * max_lag or n < 2:
        raise ValueError(
            f"segments of {segment} samples: expected at least twice the lag of {max_lag} and "
            f"at least two in {len(a)} samples"
        )
    (x, in_x), (y, in_y) = _standardised(a, n, segment), _standardised(b, n, segment)
    lags = np.abs(np.arange(-max_lag, max_lag + 1))
    result = np.empty((n, n, 2 * max_lag + 1))
    for i in range(n):
        pairs = np.rint(_lagged_sums(in_x[[i]], in_y, max_lag))
        r = _lagged_sums(x[[i]], y, max_lag) / np.maximum(pairs + lags, 1)
        r[pairs < max(min_valid * segment, 3)] = np.nan
        result[i] = capped_fisher_z(np.clip(r, -1, 1))
    return result


def _standardised(series: Floats, n: int, segment: int) -> tuple[Floats, Floats]:
    """Return (n, segment) z values, 0 where missing and NaN where still, and which are there."""
    blocks = series[: n * segment].reshape(n, segment)
    known = np.isfinite(blocks)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    mean = np.where(known, blocks, 0.0).sum(axis=1, keepdims=True) / count
    deviation = np.where(known, blocks - mean, 0.0)
    sd = np.sqrt((deviation**2).sum(axis=1, keepdims=True) / count)
    still = sd < STILL_SD * np.maximum(1.0, np.abs(mean))
    return deviation / np.where(still, np.nan, sd), known.astype(np.float64)


def _lagged_sums(x: Floats, y: Floats, max_lag: int) -> Floats:
    """(n, 2 * max_lag + 1) sums of x[t] * y[t + l] over the t for which both exist."""
    from scipy import fft

    size = fft.next_fast_len(x.shape[1] + max_lag, real=True)
    spectrum = np.conj(fft.rfft(x, size, axis=1)) * fft.rfft(y, size, axis=1)
    sums = fft.irfft(spectrum, size, axis=1)
    return np.concatenate([sums[:, size - max_lag :], sums[:, : max_lag + 1]], axis=1)
