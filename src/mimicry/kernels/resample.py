"""Samples at chosen times, by straight lines between true neighbours and never across gaps."""

import numpy as np
from numpy.typing import ArrayLike

from mimicry.kernels import Floats

__all__ = ["sample_at", "time_grid"]

_SAME_TIME_S = 1e-9


def time_grid(start_s: float, stop_s: float, rate_hz: float) -> Floats:
    """Return times ``j / rate_hz``, integer j, in the half-open range ``[start_s, stop_s)``.

    Raises
    ------
    ValueError
        When the rate is not positive or the range is empty.

    Examples
    --------
    >>> time_grid(-0.2, 0.2, 10).tolist()
    [-0.2, -0.1, 0.0, 0.1]
    """
    if not rate_hz > 0:
        raise ValueError(f"rate_hz is {rate_hz}, expected a number above 0")
    first = int(np.ceil(start_s * rate_hz - 1e-9))
    last = int(np.ceil(stop_s * rate_hz - 1e-9))
    if last <= first:
        raise ValueError(f"no sample lies in [{start_s}, {stop_s}) s at {rate_hz} Hz")
    return np.arange(first, last) / rate_hz


def sample_at(
    times_s: ArrayLike, values: ArrayLike, at_s: ArrayLike, *, max_gap_s: float = 0.1
) -> Floats:
    """Values at other times, linear between the two neighbouring valid samples.

    Parameters
    ----------
    times_s
        (T,) seconds, strictly increasing.
    values
        (T,) or (T, A) values; NaN samples are passed over.
    at_s
        (N,) seconds at which values are wanted.
    max_gap_s
        Neighbours further apart than this give NaN.

    Returns
    -------
    numpy.ndarray
        (N,) or (N, A). NaN outside the valid samples (nothing is extrapolated) and inside
        gaps; a time that falls on a valid sample takes its value.

    Raises
    ------
    ValueError
        When lengths differ.

    Examples
    --------
    >>> sample_at([0.0, 0.1, 0.5], [0.0, 1.0, 5.0], [0.05, 0.1, 0.3]).tolist()
    [0.5, 1.0, nan]
    """
    times = np.asarray(times_s, dtype=np.float64)
    data = np.asarray(values, dtype=np.float64)
    at = np.asarray(at_s, dtype=np.float64)
    if times.ndim != 1 or data.ndim not in (1, 2) or len(data) != len(times):
        raise ValueError(f"times_s {times.shape} and values {data.shape} differ in length")
    if data.ndim == 1:
        return _sample(times, data, at, max_gap_s)
    columns = [_sample(times, column, at, max_gap_s) for column in data.T]
    return np.stack(columns, axis=1) if columns else np.empty((len(at), 0))


def _sample(times: Floats, values: Floats, at: Floats, gap: float) -> Floats:
    valid = np.isfinite(values)
    t, v = times[valid], values[valid]
    result = np.full(at.shape, np.nan)
    if t.size == 0:
        return result
    # A sample within a nanosecond before `at` counts as lying on it.
    left = np.searchsorted(t, at + _SAME_TIME_S, side="right") - 1
    inside = left >= 0
    on = inside & (np.abs(at - t[np.maximum(left, 0)]) <= _SAME_TIME_S)
    result[on] = v[left[on]]
    between = inside & ~on & (left + 1 < t.size)
    k = left[between]
    near = t[k + 1] - t[k] <= gap + _SAME_TIME_S
    weight = (at[between] - t[k]) / (t[k + 1] - t[k])
    result[between] = np.where(near, (1 - weight) * v[k] + weight * v[k + 1], np.nan)
    return result
