"""Do the viewers of one film move together? Intersubject correlation and its null.

A shared response to the film is not mimicry: the film drives every viewer. Only with the
movement of a *face in the film* as regressor does the question become one of mimicry.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.kernels.chance import p_value, z_surrogate
from mimicry.kernels.correlation import fisher_z, lagged_correlation
from mimicry.kernels.series_surrogates import circular_shift

__all__ = ["Intersubject", "intersubject_correlation"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Intersubject:
    """Correlation of each viewer with the mean of all others, against shifted viewers.

    Parameters
    ----------
    r
        (P,) one value for each viewer; NaN with less than 80 % of the samples.
    mean_z
        Mean of their Fisher z.
    p, z_surrogate
        One-sided ``(b + 1) / (m + 1)``, and mean_z in SDs of the surrogates.
    surrogates
        How many there were.
    reason
        Why p is NaN: ``too_few_viewers``.
    """

    r: Floats
    mean_z: float = float("nan")
    p: float = float("nan")
    z_surrogate: float = float("nan")
    surrogates: int = 0
    reason: str = ""


def intersubject_correlation(
    viewers: ArrayLike,
    rate_hz: float,
    rng: np.random.Generator,
    *,
    surrogates: int = 999,
    min_shift_s: float = 20.0,
) -> Intersubject:
    """Test whether viewers of one film respond at the same moments.

    Parameters
    ----------
    viewers
        (P, N) one action unit of P viewers on the film's clock; NaN is missing.
    rate_hz
        Samples per second.
    rng
        Source of the shifts.
    surrogates
        Each moves every viewer round by an amount of its own.
    min_shift_s
        Smallest shift, so that slow responses do not line up with themselves.

    Returns
    -------
    Intersubject
        The null keeps each viewer's own course and asks whether the viewers' *moments* agree.
        It is wrong when all drift the same way through the film (fatigue): detrend first.

    Raises
    ------
    ValueError
        When the film is too short for shifts of that size.

    References
    ----------
    Hasson et al. (2004), Intersubject synchronization of cortical activity during natural
    vision, Science 303, 1634-1640.
    """
    data = np.asarray(viewers, dtype=np.float64)
    r = _with_the_others(data)
    usable = data[np.isfinite(r)]
    if len(usable) < 3:
        return Intersubject(r=r, reason="too_few_viewers")
    observed = float(fisher_z(_with_the_others(usable)).mean())
    least = round(min_shift_s * rate_hz)
    drawn = np.empty(surrogates)
    for k in range(surrogates):
        moved = np.stack([circular_shift(row, rng, min_shift=least) for row in usable])
        drawn[k] = np.nanmean(fisher_z(_with_the_others(moved)))
    return Intersubject(
        r=r,
        mean_z=observed,
        p=p_value(observed, drawn),
        z_surrogate=z_surrogate(observed, drawn),
        surrogates=surrogates,
    )


def _with_the_others(viewers: Floats) -> Floats:
    """(P,) correlation of each row with the mean of the other rows."""
    finite = np.isfinite(viewers)
    filled = np.where(finite, viewers, 0.0)
    count = finite.sum(axis=0) - finite
    others = np.where(count > 0, (filled.sum(axis=0) - filled) / np.maximum(count, 1), np.nan)
    return lagged_correlation(viewers[:, None], others)[:, 0, 0]
