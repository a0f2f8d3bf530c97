"""Autoregressive whitening, so that smoothness does not pass for association."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from mimicry.kernels import Floats

__all__ = ["ar_coefficients", "ar_residuals"]


def ar_coefficients(series: ArrayLike, *, max_order: int) -> Floats:
    """Return the autoregressive coefficients of a series, order chosen by AIC.

    Parameters
    ----------
    series
        (N,) samples on a regular grid. Samples whose past holds a NaN are left out.
    max_order
        Largest order tried; all orders are judged on the same samples.

    Returns
    -------
    ndarray
        (p,) coefficients of lags 1 to p; empty when no order beats none.

    Raises
    ------
    ValueError
        When fewer than ``10 * max_order`` samples have a complete past.
    """
    values = np.asarray(series, np.float64)
    values = values - np.nanmean(values)
    past = sliding_window_view(values, max_order + 1)
    past = past[np.isfinite(past).all(axis=1)]
    n = len(past)
    if n < 10 * max_order:
        raise ValueError(
            f"{n} samples with a complete past are too few for autoregression of order "
            f"{max_order}; expected at least {10 * max_order}"
        )
    target, lags = past[:, -1], past[:, -2::-1]
    best: Floats = np.empty(0)
    best_aic = n * np.log(_mean_square(target))
    for order in range(1, max_order + 1):
        fit = np.asarray(np.linalg.lstsq(lags[:, :order], target, rcond=None)[0], np.float64)
        error = _mean_square(target - lags[:, :order] @ fit)
        aic = n * np.log(error) + 2 * order
        if aic < best_aic:
            best, best_aic = fit, aic
    return best


def ar_residuals(series: ArrayLike, coefficients: ArrayLike) -> Floats:
    """Return (N,) what an autoregression leaves over; NaN where the past is not complete."""
    values = np.asarray(series, np.float64)
    values = values - np.nanmean(values)
    phi = np.asarray(coefficients, np.float64)
    result = np.full(len(values), np.nan)
    past = sliding_window_view(values, len(phi) + 1)
    result[len(phi) :] = past[:, -1] - past[:, -2::-1][:, : len(phi)] @ phi if len(phi) else values
    return result


def _mean_square(values: Floats) -> float:
    return max(float(np.mean(values**2)), np.finfo(float).tiny)
