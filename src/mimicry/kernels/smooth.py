"""Zero-phase smoothing on the true time axis."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.kernels import Flags, Floats

__all__ = ["gaussian_smooth", "segments"]

_REACH = 4.0  # kernel half-width in sigmas; the weight beyond is below 4e-4 of the centre


def gaussian_smooth(
    times_s: ArrayLike, values: ArrayLike, sigma_s: float, *, max_gap_s: float = 0.1
) -> Floats:
    """Values smoothed by a Gaussian that knows the true time of every sample.

    At each sample a straight line is fitted to its neighbourhood with Gaussian weights in
    time, and the line is read at that sample. On an even grid this is the usual symmetric
    Gaussian filter; where frames are missing, and at the ends, a linear trend still comes out
    unchanged, so nothing is shifted in time.

    Parameters
    ----------
    times_s
        (T,) seconds, strictly increasing.
    values
        (T,) or (T, ...) values; smoothed along the first axis.
    sigma_s
        Standard deviation of the kernel in seconds; 0 returns a copy. 0.05 is meant for
        latencies, 0.1 for amplitudes.
    max_gap_s
        Samples further apart than this are not mixed: each side is smoothed by itself.

    Returns
    -------
    numpy.ndarray
        Same shape as `values`. NaN samples stay NaN and lend nothing to their neighbours.

    Raises
    ------
    ValueError
        When lengths differ, times do not increase, or sigma is negative or not finite.

    Notes
    -----
    Local linear regression with a Gaussian kernel: Fan & Gijbels (1996), *Local Polynomial
    Modelling and Its Applications*, ch. 2.

    Examples
    --------
    >>> t = np.arange(7) / 30
    >>> bool(np.allclose(gaussian_smooth(t, 2 * t, 0.05), 2 * t))
    True
    """
    times = np.asarray(times_s, dtype=np.float64)
    data = np.asarray(values, dtype=np.float64)
    if times.ndim != 1 or data.ndim == 0 or len(data) != len(times):
        raise ValueError(f"times_s {times.shape} and values {data.shape} differ in length")
    if not np.isfinite(sigma_s) or sigma_s < 0:
        raise ValueError(f"sigma_s is {sigma_s}, expected a finite number >= 0")
    if np.any(~(np.diff(times) > 0)):
        raise ValueError("times_s does not increase strictly")
    if sigma_s == 0 or data.size == 0:
        return data.copy()
    flat = data.reshape(len(times), -1)
    valid = np.isfinite(flat)
    if (valid == valid[:, :1]).all():  # the usual case: one pattern of missing frames for all
        out = _smooth(times, flat, valid[:, :1], sigma_s, max_gap_s)
    else:
        out = _smooth(times, flat, valid, sigma_s, max_gap_s)
    return out.reshape(data.shape)


def segments(times_s: Floats, valid: Flags, max_gap_s: float) -> NDArray[np.int64]:
    """Return the number of the unbroken stretch of each sample, (T, C) for (T, C) `valid`.

    A stretch ends where two neighbouring valid samples lie more than `max_gap_s` apart.
    """
    t = np.where(valid, times_s[:, None], -np.inf)
    last = np.maximum.accumulate(t, axis=0)
    before = np.vstack([np.full((1, t.shape[1]), -np.inf), last[:-1]])
    with np.errstate(invalid="ignore"):
        starts = valid & ~(t - before <= max_gap_s + 1e-9)
    return np.cumsum(starts, axis=0, dtype=np.int64)


def _smooth(times: Floats, flat: Floats, valid: Flags, sigma: float, max_gap_s: float) -> Floats:
    """Local linear fit at every sample; `valid` is (T, C) or (T, 1)."""
    n = len(times)
    part = segments(times, valid, max_gap_s)
    clean = np.where(np.isfinite(flat), flat, 0.0)
    s0, s1, s2 = (np.zeros(valid.shape) for _ in range(3))
    y0, y1 = np.zeros(flat.shape), np.zeros(flat.shape)
    reach = int(np.max(np.searchsorted(times, times + _REACH * sigma, "right") - np.arange(n)))
    for k in range(-reach + 1, reach):
        here = slice(max(0, -k), n - max(0, k))
        other = slice(max(0, k), n - max(0, -k))
        u = ((times[other] - times[here]) / sigma)[:, None]
        w = np.exp(-0.5 * u * u) * (np.abs(u) <= _REACH)
        w = w * (valid[other] & (part[other] == part[here]))
        s0[here] += w
        s1[here] += w * u
        s2[here] += w * u * u
        y0[here] += w * clean[other]
        y1[here] += w * u * clean[other]
    # a lone sample, or two a hair apart, carry no slope: fall back on the weighted mean
    with np.errstate(divide="ignore", invalid="ignore"):
        det = s0 * s2 - s1 * s1
        slope_known = det > 1e-6 * s0 * s0
        mean = y0 / s0
        line = (s2 * y0 - s1 * y1) / np.where(slope_known, det, 1.0)
    out = np.where(slope_known, line, mean)
    return np.where(np.isfinite(flat), out, np.nan)
