"""Lagged correlation: exact, blind to missing samples, the same number of samples at each lag.

The sign is defined here and nowhere else: a positive lag means that `y` follows `x`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.kernels import Flags, Floats

__all__ = ["fisher_z", "lag_samples", "lagged_correlation", "peak_over_lags"]

_CHUNK = 4_000_000  # numbers held at a time
_CANCELLATION = 1e3  # beyond this ratio of sums the variance is computed again, centred


def lag_samples(lags_s: tuple[float, float], rate_hz: float) -> NDArray[np.int64]:
    """Integer lags in samples that cover a closed range of lags in seconds.

    Examples
    --------
    >>> lag_samples((-0.1, 0.2), 10).tolist()
    [-1, 0, 1, 2]
    """
    first = int(np.ceil(lags_s[0] * rate_hz - 1e-9))
    last = int(np.floor(lags_s[1] * rate_hz + 1e-9))
    if last < first:
        raise ValueError(f"no lag lies in [{lags_s[0]}, {lags_s[1]}] s at {rate_hz} Hz")
    return np.arange(first, last + 1)


def lagged_correlation(x: ArrayLike, y: ArrayLike, *, min_overlap: float = 0.8) -> Floats:
    """Pearson correlation of `x` with every window of `y` that has its length.

    Lag index l pairs ``x[t]`` with ``y[t + l]``: hand over the part of `y` that begins at the
    smallest lag. Every lag uses the same samples of `x`; nothing is padded.

    Parameters
    ----------
    x
        (..., S, W) S series (or surrogates) for each response.
    y
        (..., W + L - 1) responses; the leading axes are those of `x`.
    min_overlap
        NaN where less than this share of the W pairs is there.

    Returns
    -------
    numpy.ndarray
        (..., S, L) correlations. Pairs with a NaN drop out. NaN also where the SD of either
        side is below ``1e-9 * max(1, |mean|)``.

    Raises
    ------
    ValueError
        When shapes do not fit.

    Notes
    -----
    Windows are centred before they are squared, so a constant offset of a million costs no
    digit. All surrogates of one response and all lags come from one matrix product.

    Examples
    --------
    A response one sample late has its peak at lag index 1:

    >>> x = np.array([[0.0, 1.0, 3.0, 2.0]])
    >>> lagged_correlation(x, [0.0, 0.0, 1.0, 3.0, 2.0, 0.0]).round(2).tolist()
    [[0.55, 1.0, 0.0]]
    """
    first = np.asarray(x, dtype=np.float64)
    second = np.asarray(y, dtype=np.float64)
    if first.ndim < 2 or first.shape[:-2] != second.shape[:-1]:
        raise ValueError(f"x {first.shape} and y {second.shape} do not fit: (..., S, W), (..., N)")
    n_series, width = first.shape[-2:]
    n_lags = second.shape[-1] - width + 1
    if width < 2 or n_lags < 1:
        raise ValueError(f"y has {second.shape[-1]} samples, x has {width}")
    lead = first.shape[:-2]
    pairs = first.reshape(-1, n_series, width)
    responses = second.reshape(-1, width + n_lags - 1)
    complete = bool(np.isfinite(pairs).all())
    compute = _from_products if complete else _from_pairs
    size = n_lags * width if complete else n_series * n_lags * width
    step = max(1, _CHUNK // max(size, n_series * n_lags))
    result = np.empty((len(pairs), n_series, n_lags))
    for k in range(0, len(pairs), step):
        result[k : k + step] = compute(pairs[k : k + step], responses[k : k + step], min_overlap)
    return result.reshape(*lead, n_series, n_lags)


def _from_products(x: Floats, y: Floats, min_overlap: float) -> Floats:
    """All series of `x` are complete: (P, S, W), (P, N) -> (P, S, L) by matrix products."""
    width = x.shape[-1]
    windows = np.lib.stride_tricks.sliding_window_view(y, width, axis=-1)
    finite, count, mean_y, centred_y = _centre(windows)
    mean_x = x.mean(axis=-1, keepdims=True)
    centred = x - mean_x
    if finite.all():
        unit_x = _unit_length(centred, mean_x)
        unit_y = _unit_length(centred_y, mean_y[..., None])
        r = unit_x @ unit_y.swapaxes(-1, -2)
        return np.clip(r, -1.0, 1.0, out=r)
    cov = centred @ centred_y.swapaxes(-1, -2)
    var_x, local = _masked_sums(x, centred, centred_y, finite, count, cov)
    local = local + mean_x
    var_y = (centred_y**2).sum(axis=-1)
    n = count[:, None, :]
    return _ratio(cov, var_x, var_y[:, None], local, mean_y[:, None], n, min_overlap * width)


def _unit_length(centred: Floats, mean: Floats) -> Floats:
    """Scale rows of complete centred samples to length 1; NaN where a row does not vary."""
    length = np.sqrt((centred**2).sum(axis=-1, keepdims=True))
    varies = length >= 1e-9 * np.sqrt(centred.shape[-1] - 1) * np.maximum(1, np.abs(mean))
    return np.asarray(centred / np.where(varies, length, np.nan))


def _masked_sums(
    raw: Floats, x: Floats, y: Floats, finite: Flags, count: Floats, cov: Floats
) -> tuple[Floats, Floats]:
    """Sum of squares about the mean, and the mean, of x over the pairs that are there.

    Where that mean dwarfs the SD, the sums (and `cov`, in place) are formed again from the raw
    values, centred on just these pairs.
    """
    mask = finite.astype(np.float64).swapaxes(-1, -2)
    n = np.maximum(count, 1)[:, None, :]
    mean = (x @ mask) / n
    squares = x**2 @ mask
    var = squares - n * mean**2
    p, s, lag = np.nonzero(squares > _CANCELLATION * np.maximum(var, 0))
    step = max(1, _CHUNK // x.shape[-1])
    for k in range(0, len(p), step):
        at = p[k : k + step], s[k : k + step], lag[k : k + step]
        kept = finite[at[0], at[2]]
        values = raw[at[0], at[1]]
        kept_mean = np.where(kept, values, 0.0).sum(axis=-1) / n[at[0], 0, at[2]]
        deviation = np.where(kept, values - kept_mean[:, None], 0.0)
        var[at] = (deviation**2).sum(axis=-1)
        cov[at] = (deviation * y[at[0], at[2]]).sum(axis=-1)
    return var, mean


def _from_pairs(x: Floats, y: Floats, min_overlap: float) -> Floats:
    """Both sides may have gaps: every pair of windows is centred on the samples they share."""
    width = x.shape[-1]
    windows = np.lib.stride_tricks.sliding_window_view(y, width, axis=-1)[:, None]
    both = np.isfinite(x)[:, :, None, :] & np.isfinite(windows)
    shape = both.shape
    _, count, mean_x, centred_x = _centre(
        np.where(both, np.broadcast_to(x[:, :, None], shape), np.nan)
    )
    _, _, mean_y, centred_y = _centre(np.where(both, np.broadcast_to(windows, shape), np.nan))
    return _ratio(
        (centred_x * centred_y).sum(axis=-1),
        (centred_x**2).sum(axis=-1),
        (centred_y**2).sum(axis=-1),
        mean_x,
        mean_y,
        count,
        min_overlap * width,
    )


def _centre(windows: Floats) -> tuple[Flags, Floats, Floats, Floats]:
    """Mask, count, mean and centred values (0 where missing) along the last axis."""
    finite = np.isfinite(windows)
    count = finite.sum(axis=-1).astype(np.float64)
    safe = np.maximum(count, 1)
    mean = np.where(finite, windows, 0.0).sum(axis=-1) / safe
    centred = np.where(finite, windows - mean[..., None], 0.0)
    # The mean of a large offset is rounded; what it left over goes in a second step.
    leftover = centred.sum(axis=-1) / safe
    return finite, count, mean + leftover, np.where(finite, centred - leftover[..., None], 0.0)


def _ratio(
    cov: Floats,
    var_x: Floats,
    var_y: Floats,
    mean_x: Floats,
    mean_y: Floats,
    count: Floats,
    least: float,
) -> Floats:
    below = np.maximum(count - 1, 1)
    sd_x = np.sqrt(np.maximum(var_x, 0) / below)
    sd_y = np.sqrt(np.maximum(var_y, 0) / below)
    usable = (
        (count >= max(least - 1e-9, 2))
        & (sd_x >= 1e-9 * np.maximum(1, np.abs(mean_x)))
        & (sd_y >= 1e-9 * np.maximum(1, np.abs(mean_y)))
    )
    scale = np.where(usable, sd_x * sd_y * below, 1.0)
    return np.where(usable, np.clip(cov / scale, -1.0, 1.0), np.nan)


def fisher_z(r: ArrayLike) -> Floats:
    """Signed Fisher z, ``atanh(clip(r, -1 + 1e-7, 1 - 1e-7))``; NaN stays NaN."""
    limit = 1 - 1e-7
    return np.asarray(np.arctanh(np.clip(np.asarray(r, dtype=np.float64), -limit, limit)))


def peak_over_lags(r: ArrayLike, lags_s: ArrayLike) -> tuple[Floats, Floats]:
    """Return the largest (signed) correlation over the lags, and where it lies.

    Parameters
    ----------
    r
        (..., L) correlations.
    lags_s
        (L,) lags in seconds, increasing.

    Returns
    -------
    r_peak
        (...) largest r; kept at an edge; NaN when every lag is NaN.
    lag_peak_s
        (...) smallest lag that reaches it; NaN at either edge, where no maximum was seen to
        pass, and when `r_peak` is NaN.

    Examples
    --------
    >>> peak_over_lags([0.1, 0.8, 0.3], [0.0, 0.5, 1.0])
    (array(0.8), array(0.5))
    """
    values = np.asarray(r, dtype=np.float64)
    lags = np.asarray(lags_s, dtype=np.float64)
    filled = np.where(np.isfinite(values), values, -np.inf)
    top = filled.max(axis=-1)
    where = (filled >= top[..., None] - 1e-9).argmax(axis=-1)
    finite = np.isfinite(top)
    inner = finite & (where > 0) & (where < len(lags) - 1)
    return np.where(finite, top, np.nan), np.where(inner, lags[where], np.nan)
