"""Responses to events that follow so fast that they overlap: FIR regression."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mimicry.kernels import Floats
from mimicry.kernels.prewhiten import ar_coefficients, ar_residuals

__all__ = ["FirResponse", "fir_design", "fir_response"]


@dataclass(frozen=True, slots=True)
class FirResponse:
    """Estimated course of the response to each kind of event.

    Parameters
    ----------
    response, se
        (E, B) mean level of the response in each time bin after an event, and its standard
        error; NaN where no sample informs a bin.
    ar
        (p,) autoregression of the residuals that was taken out before the fit.
    n_samples
        Samples that entered.
    """

    response: Floats
    se: Floats
    ar: Floats
    n_samples: int


def fir_design(
    n_samples: int, onsets: Sequence[ArrayLike], *, n_bins: int, bin_samples: int
) -> Floats:
    """Return the (n_samples, E * B) design: 1 where a sample lies in a bin after an event.

    Parameters
    ----------
    onsets
        For each of E kinds of event the first samples of its occurrences. Events whose bins
        reach beyond the recording count as far as they go; bins of neighbouring events add.
    """
    design = np.zeros((n_samples + 1, len(onsets) * n_bins))
    span = np.arange(n_bins * bin_samples)
    for kind, starts in enumerate(onsets):
        at = np.asarray(starts, np.int64)[:, None] + span
        column = np.broadcast_to(kind * n_bins + span // bin_samples, at.shape)
        inside = (at >= 0) & (at < n_samples)
        # what lies outside goes into a spare last row
        np.add.at(design, (np.where(inside, at, n_samples), column), inside.astype(float))
    return design[:n_samples]


def fir_response(
    series: ArrayLike,
    onsets: Sequence[ArrayLike],
    *,
    n_bins: int,
    bin_samples: int,
    nuisance: ArrayLike | None = None,
    ridge: float = 0.0,
    max_ar: int = 0,
) -> FirResponse:
    """Return the response to each kind of event, overlaps taken apart.

    Parameters
    ----------
    series
        (N,) samples on a regular grid; NaN samples take no part.
    onsets
        E kinds of event, first samples of each.
    n_bins, bin_samples
        B bins of this many samples.
    nuisance
        (N, Q) columns that also move the series (drift, head pose); a constant is always in.
    ridge
        Penalty on the squared response, as a share of the mean diagonal of the normal
        equations; 0: plain least squares. A ridge shrinks the response towards 0.
    max_ar
        Largest order of an autoregression of the residuals, fitted once and taken out of both
        sides; 0: none, and the standard errors are then far too small for smooth signals.

    Raises
    ------
    ValueError
        When fewer samples than unknowns are there.

    Notes
    -----
    Linear deconvolution as in Ehinger and Dimigen (2019, doi 10.7717/peerj.7838), with
    stick functions averaged over bins as time basis.
    """
    y = np.asarray(series, np.float64)
    events = fir_design(len(y), onsets, n_bins=n_bins, bin_samples=bin_samples)
    others = [np.ones((len(y), 1))]
    if nuisance is not None:
        others.append(np.asarray(nuisance, np.float64).reshape(len(y), -1))
    design = np.concatenate([events, *others], axis=1)
    penalty = np.zeros(design.shape[1])
    penalty[: events.shape[1]] = ridge
    beta, _, _ = _fit(design, y, penalty)
    phi: Floats = np.empty(0)
    if max_ar:
        phi = ar_coefficients(y - design @ beta, max_order=max_ar)
        design, y = _filtered(design, phi), _filtered_series(y, phi)
    beta, covariance, n = _fit(design, y, penalty)
    seen = (np.where(np.isfinite(y)[:, None], np.abs(events), 0.0)).sum(axis=0) > 0
    shape = (len(onsets), n_bins)
    k = events.shape[1]
    with np.errstate(invalid="ignore"):
        se = np.sqrt(np.diag(covariance)[:k])
    return FirResponse(
        np.where(seen, beta[:k], np.nan).reshape(shape),
        np.where(seen, se, np.nan).reshape(shape),
        phi,
        n,
    )


def _filtered_series(values: Floats, phi: Floats) -> Floats:
    """Return `values` filtered by an autoregression without taking out their mean."""
    mean = np.nanmean(values)
    return np.asarray(ar_residuals(values, phi) + mean * (1 - phi.sum()))


def _filtered(design: Floats, phi: Floats) -> Floats:
    """Every column filtered; the first rows, without a complete past, do not count (NaN y)."""
    result = design.copy()
    for lag, weight in enumerate(phi, 1):
        result[lag:] -= weight * design[:-lag]
    return result


def _fit(design: Floats, y: Floats, penalty: Floats) -> tuple[Floats, Floats, int]:
    finite = np.isfinite(y) & np.isfinite(design).all(axis=1)
    x, target = design[finite], y[finite]
    n, k = x.shape
    if n <= k:
        raise ValueError(f"{n} complete samples are too few for {k} unknowns")
    normal = x.T @ x
    normal += np.diag(penalty * np.trace(normal) / k)
    inverse = np.linalg.pinv(normal, hermitian=True)
    beta = inverse @ (x.T @ target)
    variance = ((target - x @ beta) ** 2).sum() / (n - k)
    return beta, variance * inverse, n
