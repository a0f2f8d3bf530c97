"""Robust ridge regression of many series on the same few predictors."""

import numpy as np

from mimicry.kernels import Floats

__all__ = ["robust_ridge"]


def robust_ridge(
    predictors: Floats,
    series: Floats,
    prior_sd: Floats,
    *,
    independent: float = 1.0,
    tuning: float = 1.345,
    rounds: int = 8,
) -> tuple[Floats, Floats]:
    """Slopes and intercepts of each series, drawn towards 0 as far as the data are silent.

    Each slope has a normal prior of mean 0 and the given SD; residuals are weighted down by
    Huber's rule, so that bursts of another origin do not tilt the fit.

    Parameters
    ----------
    predictors
        (T, P), no NaN.
    series
        (T, A), no NaN.
    prior_sd
        (P, A) how large each slope may plausibly be.
    independent
        Share of the T samples that count as independent; video frames are correlated, so
        their number overstates what they know.
    tuning
        Huber's constant, in robust SDs of the residual.
    rounds
        Rounds of reweighting.

    Returns
    -------
    slopes : numpy.ndarray
        (P, A).
    intercepts : numpy.ndarray
        (A,).

    Raises
    ------
    ValueError
        When shapes disagree or nothing is there to fit.

    Notes
    -----
    Huber (1964), *Ann. Math. Stat.* 35, 73; the normal prior is ridge regression (Hoerl &
    Kennard, 1970, *Technometrics* 12, 55).
    """
    x = np.asarray(predictors, dtype=np.float64)
    y = np.asarray(series, dtype=np.float64)
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y) or len(x) == 0:
        raise ValueError(f"predictors {x.shape} and series {y.shape} do not fit together")
    if prior_sd.shape != (x.shape[1], y.shape[1]):
        raise ValueError(f"prior_sd is {prior_sd.shape}, expected {(x.shape[1], y.shape[1])}")
    centre = x.mean(axis=0)
    design = np.column_stack([np.ones(len(x)), x - centre])
    products = (design[:, :, None] * design[:, None, :]).reshape(len(x), -1)
    penalty = np.zeros((y.shape[1], design.shape[1], design.shape[1]))
    diagonal = np.arange(1, design.shape[1])
    penalty[:, diagonal, diagonal] = 1.0 / np.square(prior_sd.T)
    weights = np.ones(y.shape)
    beta = np.zeros((design.shape[1], y.shape[1]))
    beta[0] = np.median(y, axis=0)
    for _ in range(rounds):
        miss = y - design @ beta
        spread = 1.4826 * np.median(np.abs(miss - np.median(miss, axis=0)), axis=0) + 1e-9
        weights = np.minimum(1.0, tuning * spread / np.maximum(np.abs(miss), 1e-12))
        # expression left in the residual is uncertainty too: use its full second moment
        variance = np.maximum((weights * miss**2).mean(axis=0), spread**2)
        known = (weights * (independent / variance)).T
        normal = (known @ products).reshape(penalty.shape) + penalty
        right = (known * y.T) @ design
        beta = np.linalg.solve(normal, right[..., None])[..., 0].T
    return beta[1:], beta[0] - centre @ beta[1:]
