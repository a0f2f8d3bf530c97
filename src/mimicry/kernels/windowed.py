"""Windowed lagged correlation of two series: exact, missing-aware, overlap only.

Nothing is padded: every correlation of one window uses the same number of samples, whatever
the lag, because the lag is taken from the recording. A positive lag means that the first
series leads and the second follows.

The windows follow Boker and colleagues (2002, doi 10.1037/1082-989X.7.3.338): for lags >= 0
the window of the first series stays and that of the second moves later; for lags < 0 the
window of the second stays and that of the first moves later. Swapping the series therefore
mirrors the lag axis exactly.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from mimicry.kernels import Flags, Floats
from mimicry.kernels.correlation import lagged_correlation

__all__ = ["capped_fisher_z", "window_starts", "windowed_correlation"]


STILL_SD = 1e-9  # an SD below this times max(1, |mean|) counts as no movement
_FRAIL = 1e-6  # a window this much stiller than its surroundings is computed again, directly
_CHUNK = 1 << 15  # values held at a time; keeps the work inside the processor's cache


def window_starts(n_samples: int, *, window: int, step: int, max_lag: int) -> NDArray[np.int64]:
    """Return the first sample of every window: k * step while window and lag still fit.

    Raises
    ------
    ValueError
        When `window` is below 3, `step` below 1, `max_lag` below 0, or nothing fits.
    """
    if window < 3 or step < 1 or max_lag < 0:
        raise ValueError(
            f"window {window}, step {step}, max_lag {max_lag} samples: expected at least 3, 1 and 0"
        )
    last = n_samples - window - max_lag
    if last < 0:
        raise ValueError(
            f"a window of {window} samples with a lag of {max_lag} needs {window + max_lag} "
            f"samples, the series have {n_samples}"
        )
    return np.arange(0, last + 1, step, dtype=np.int64)


def windowed_correlation(
    first: ArrayLike,
    second: ArrayLike,
    *,
    window: int,
    step: int,
    max_lag: int,
    min_valid: float = 0.5,
) -> Floats:
    """Return Pearson correlations of two series by window and lag.

    Parameters
    ----------
    first, second
        (N,) samples on one regular grid; NaN where missing.
    window, step, max_lag
        Samples. Window k starts at ``k * step`` as long as window and lag fit.
    min_valid
        Smallest share of the window's sample pairs that must be there.

    Returns
    -------
    ndarray
        (n_windows, 2 * max_lag + 1); column ``max_lag + l`` is lag l, from ``-max_lag`` on.
        Positive lag: the first leads. NaN where too many pairs are missing or where a side
        does not move (SD below 1e-9 of max(1, abs(mean))).

    Raises
    ------
    ValueError
        When the series differ in length or are too short.

    Examples
    --------
    >>> import numpy as np
    >>> from mimicry.kernels.windowed import windowed_correlation
    >>> leader = np.sin(np.arange(200) ** 1.3)
    >>> follower = np.roll(leader, 4)
    >>> r = windowed_correlation(leader, follower, window=60, step=30, max_lag=10)
    >>> (r.argmax(axis=1) - 10).tolist()
    [4, 4, 4, 4, 4]
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"expected two series of one length, got shapes {a.shape} and {b.shape}")
    starts = window_starts(len(a), window=window, step=step, max_lag=max_lag)
    result = np.empty((len(starts), 2 * max_lag + 1))
    size = max(1, _CHUNK // (window + max_lag))
    for k in range(0, len(starts), size):
        rows = slice(k, k + size)
        part = slice(int(starts[k]), int(starts[rows][-1]) + 1, step)
        # the second half goes in reversed: lag -l is lag l with the roles exchanged
        result[rows, max_lag::-1] = _later(b, a, part, window, max_lag, min_valid)
        result[rows, max_lag:] = _later(a, b, part, window, max_lag, min_valid)
    return result


def capped_fisher_z(r: ArrayLike, *, cap: float = 10.0) -> Floats:
    """Return atanh of correlations, held within +-`cap`; NaN stays NaN."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.clip(np.arctanh(np.asarray(r, np.float64)), -cap, cap))


@dataclass(slots=True)
class _Windows:
    """Windows of one series, and around each the stretch in which the other's window moves.

    `x`, `y` are centred by `x_shift`, `y_shift`; `x_raw`, `y_raw` are as they came. `need` is
    the number of sample pairs below which there is no correlation.
    """

    x_raw: Floats
    y_raw: Floats
    x: Floats
    y: Floats
    x_shift: Floats
    y_shift: Floats
    need: float

    def rows(self, chosen: Flags) -> "_Windows":
        names = ("x_raw", "y_raw", "x", "y", "x_shift", "y_shift")
        return replace(self, **{name: getattr(self, name)[chosen] for name in names})


def _later(
    fixed: Floats, moving: Floats, starts: slice, window: int, max_lag: int, min_valid: float
) -> Floats:
    """(n, max_lag + 1) correlations of windows of `fixed` with ever later ones of `moving`."""
    x_raw = sliding_window_view(fixed, window)[starts]
    y_raw = sliding_window_view(moving, window + max_lag)[starts]
    x_shift, x_whole = _middle(x_raw)
    y_shift, y_whole = _middle(y_raw)
    need = max(3.0, min_valid * window - 1e-9)
    all_rows = _Windows(x_raw, y_raw, x_raw - x_shift, y_raw - y_shift, x_shift, y_shift, need)
    whole = x_whole & y_whole
    if whole.all():
        return _complete(all_rows)
    result = np.empty((len(whole), max_lag + 1))
    result[whole] = _complete(all_rows.rows(whole))
    result[~whole] = _masked(all_rows.rows(~whole))
    return result


def _middle(values: Floats) -> tuple[Floats, Flags]:
    """Means of rows, to be subtracted before squaring, and which rows are complete.

    The mean (n, 1) is over what is there; 0 for an empty row.
    """
    mean = values.mean(axis=1, keepdims=True)
    whole = np.isfinite(mean[:, 0])
    if not whole.all():
        gappy = values[~whole]
        finite = np.isfinite(gappy)
        count = np.maximum(finite.sum(axis=1, keepdims=True), 1)
        mean[~whole] = np.where(finite, gappy, 0.0).sum(axis=1, keepdims=True) / count
    return mean, whole


def _complete(part: _Windows) -> Floats:
    """Correlations of complete windows: one transform a window, sums by accumulation."""
    x, y = part.x, part.y
    w = x.shape[1]
    lags = y.shape[1] - w + 1
    x_mean = x.mean(axis=1, keepdims=True)  # a rounding error, which a large offset brings out
    x_power = np.einsum("ij,ij->i", x, x)[:, None] - w * x_mean**2
    y_sum = np.empty((len(y), lags))
    y_sum[:, 0] = y[:, :w].sum(axis=1)
    y_sum[:, 1:] = y[:, w:] - y[:, : lags - 1]  # what enters the window and what leaves it
    y_sum.cumsum(axis=1, out=y_sum)
    y_power = np.empty((len(y), lags))
    y_power[:, 0] = np.einsum("ij,ij->i", y[:, :w], y[:, :w])
    y_power[:, 1:] = y[:, w:] ** 2 - y[:, : lags - 1] ** 2
    around = y_power[:, :1] + (y[:, w:] ** 2).sum(axis=1, keepdims=True)
    y_power.cumsum(axis=1, out=y_power)
    y_power -= y_sum * y_sum / w
    still_x = _still(x_power, w, part.x_shift)
    still_y = _still(y_power, w, part.y_shift + y_sum / w)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (_correlate(x, y, lags) - x_mean * y_sum) / np.sqrt(x_power * y_power)
    r[still_y | still_x] = np.nan
    _again(r, (y_power < _FRAIL * around) & ~still_x, part)
    return np.asarray(np.clip(r, -1.0, 1.0))


def _masked(part: _Windows) -> Floats:
    """Correlations over the sample pairs of which both sides are there."""
    lags = part.y.shape[1] - part.x.shape[1] + 1
    in_x, in_y = np.isfinite(part.x).astype(float), np.isfinite(part.y).astype(float)
    x, y = np.where(in_x > 0, part.x, 0.0), np.where(in_y > 0, part.y, 0.0)
    n = np.rint(_correlate(in_x, in_y, lags))
    safe = np.maximum(n, 1.0)
    x_mean, y_mean = _correlate(x, in_y, lags) / safe, _correlate(in_x, y, lags) / safe
    x_power = _correlate(x * x, in_y, lags) - n * x_mean**2
    y_power = _correlate(in_x, y * y, lags) - n * y_mean**2
    cross = _correlate(x, y, lags) - n * x_mean * y_mean
    still = _still(x_power, safe, part.x_shift + x_mean)
    still |= _still(y_power, safe, part.y_shift + y_mean)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = cross / np.sqrt(x_power * y_power)
    r[still] = np.nan
    frail = x_power < _FRAIL * (x * x).sum(axis=1, keepdims=True)
    frail |= y_power < _FRAIL * (y * y).sum(axis=1, keepdims=True)
    _again(r, frail & (n >= part.need), part)
    r[n < part.need] = np.nan
    return np.asarray(np.clip(r, -1.0, 1.0))


def _correlate(x: Floats, y: Floats, lags: int) -> Floats:
    """(n, lags) sums of x[t] * y[t + l] over the window, for l from 0."""
    from scipy import fft

    size = fft.next_fast_len(y.shape[1], real=True)
    spectrum = np.conj(fft.rfft(x, size, axis=1))
    spectrum *= fft.rfft(y, size, axis=1)
    return np.asarray(fft.irfft(spectrum, size, axis=1)[:, :lags])


def _still(power: Floats, n: Floats | int, mean: Floats) -> Flags:
    """Return True where the SD is too small for a correlation."""
    variance = np.maximum(power, 0.0) / np.maximum(np.asarray(n) - 1, 1)
    return np.asarray(np.sqrt(variance) < STILL_SD * np.maximum(1.0, np.abs(mean)))


def _again(r: Floats, cells: Flags, part: _Windows) -> None:
    """Compute chosen cells anew, in place, centring each pair of windows by itself."""
    w = part.x_raw.shape[1]
    moving = sliding_window_view(part.y_raw, w, axis=1)
    rows, lags = np.nonzero(cells)
    size = max(1, _CHUNK // w)
    for k in range(0, len(rows), size):
        row, lag = rows[k : k + size], lags[k : k + size]
        pairs = part.x_raw[row, None], moving[row, lag]
        r[row, lag] = lagged_correlation(*pairs, min_overlap=part.need / w)[:, 0, 0]
