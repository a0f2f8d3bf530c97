"""Windowed cross-lagged regression: what the leader's past adds to the follower's own."""

import numpy as np
from numpy.typing import ArrayLike

from mimicry.kernels import Floats
from mimicry.kernels.windowed import windowed_correlation

__all__ = ["cross_lagged_gain"]

_COLLINEAR = 1e-9


def cross_lagged_gain(
    first: ArrayLike, second: ArrayLike, *, window: int, step: int, max_lag: int
) -> Floats:
    """Return the gain in R2 of ``y_t ~ y_{t-l} + x_{t-l}`` over ``y_t ~ y_{t-l}``.

    Parameters
    ----------
    first, second
        (N,) samples on one regular grid.
    window, step, max_lag
        Samples, as in :func:`mimicry.kernels.windowed.windowed_correlation`.

    Returns
    -------
    ndarray
        (n_windows, 2 * max_lag + 1), 0 to 1. Positive lag: y is the second, the first leads;
        negative lag: the roles are exchanged. Lag 0 is NaN (there is no past), and so is
        every window in which a sample is missing, because the three correlations behind a
        cell have to stand on the same samples.

    Notes
    -----
    Altmann (2011, doi 10.1007/978-3-642-25775-9_31). The gain is the squared semipartial
    correlation, (r_xy - r_yy r_xp)^2 / (1 - r_xp^2), of three windowed correlations: x with y
    at the lag, y with its own past, and x with the follower's series at the same time.
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    shape = {"window": window, "step": step, "max_lag": max_lag}
    cross = windowed_correlation(a, b, min_valid=1.0, **shape)
    own_second = windowed_correlation(b, b, min_valid=1.0, **shape)[:, max_lag + 1 :]
    own_first = windowed_correlation(a, a, min_valid=1.0, **shape)[:, max_lag + 1 :]
    together = cross[:, [max_lag]]
    result = np.full_like(cross, np.nan)
    result[:, max_lag + 1 :] = _gain(cross[:, max_lag + 1 :], own_second, together)
    result[:, :max_lag] = _gain(cross[:, max_lag - 1 :: -1], own_first, together)[:, ::-1]
    return result


def _gain(cross: Floats, auto: Floats, together: Floats) -> Floats:
    left = 1.0 - together**2
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = (cross - auto * together) ** 2 / left
    return np.asarray(np.where(left > _COLLINEAR, np.clip(gain, 0.0, 1.0), np.nan))
