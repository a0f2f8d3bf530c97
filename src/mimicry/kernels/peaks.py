"""The local peak nearest to lag 0 in each window of a lag matrix."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mimicry.kernels import Floats

__all__ = ["nearest_peak"]


def nearest_peak(values: Floats, *, region: int) -> NDArray[np.int64]:
    """Return for each window the column of the local peak nearest to lag 0, -1 without one.

    Parameters
    ----------
    values
        (n, 2 * L + 1) association by lag, lag 0 in the middle.
    region
        A peak is the largest of the `region` values on both sides of it, and these are all
        there. So nothing within `region` of the ends, or beside a gap, can be a peak.

    Notes
    -----
    After the peak picking of Boker and colleagues (2002, doi 10.1037/1082-989X.7.3.338), who
    search outwards from lag 0 and leave a window without a value when no peak is found. Of
    two peaks at one distance the higher one is taken, of equal ones that at the negative lag.
    """
    n, width = values.shape
    result = np.full(n, -1, dtype=np.int64)
    if width < 2 * region + 1 or region < 1:
        return result
    around = sliding_window_view(values, 2 * region + 1, axis=1)
    middle = around[..., region]
    left = around[..., :region].max(axis=-1)
    right = around[..., region + 1 :].max(axis=-1)
    peaks = (middle > left) & (middle > right)  # False where anything around is NaN
    zero = width // 2 - region
    distance = np.abs(np.arange(peaks.shape[1]) - zero).astype(float)
    distance = np.where(peaks, distance, np.inf)
    nearest = distance == distance.min(axis=1, keepdims=True)
    height = np.where(peaks & nearest, middle, -np.inf)
    has_peak = peaks.any(axis=1)
    result[has_peak] = height.argmax(axis=1)[has_peak] + region
    return result
