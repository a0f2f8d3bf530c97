"""Values by window and lag: correlation, segments, regression, whitened correlation, recurrence.

Each function takes two (N,) series, the settings and the lengths in samples.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import InputError
from mimicry.kernels.cross_lagged import cross_lagged_gain
from mimicry.kernels.prewhiten import ar_coefficients, ar_residuals
from mimicry.kernels.recurrence import diagonal_recurrence
from mimicry.kernels.segments import segment_z
from mimicry.kernels.windowed import capped_fisher_z, window_starts, windowed_correlation
from mimicry.records import SynchronySettings
from mimicry.synchrony.methods.by_lag import Grid, LagValues
from mimicry.synchrony.methods.method import Floats

__all__ = ["correlation", "cross_lagged", "effect_sizes", "prewhitened", "recurrence", "segments"]

MAX_AR_S = 0.4  # longest past of the whitening autoregression


def correlation(
    first: Floats, second: Floats, settings: SynchronySettings, grid: Grid
) -> LagValues:
    """Return Fisher z of the correlation by window and lag."""
    r = windowed_correlation(
        first,
        second,
        window=grid.window,
        step=grid.step,
        max_lag=grid.max_lag,
        min_valid=settings.min_valid,
    )
    return LagValues(_starts(first, grid), capped_fisher_z(r), {})


def segments(first: Floats, second: Floats, settings: SynchronySettings, grid: Grid) -> LagValues:
    """Return Fisher z of the correlation in segments that follow one another."""
    z = segment_z(
        first, second, segment=grid.window, max_lag=grid.max_lag, min_valid=settings.min_valid
    )
    matched = np.eye(len(z), dtype=bool)
    starts = np.arange(len(z), dtype=np.int64) * grid.window
    return LagValues(starts, z[matched], {"effect_size": effect_sizes(z, matched)})


def effect_sizes(z: Floats, matched: NDArray[np.bool_]) -> dict[str, Any]:
    """Return (mean of matched segments - mean of mismatched ones) / SD of the mismatched."""
    result: dict[str, Any] = {"n_segments": len(z), "n_mismatched": int((~matched).sum())}
    for name, values in (("signed", z), ("absolute", np.abs(z))):
        count = np.isfinite(values).sum(axis=-1)
        means = np.nansum(values, axis=-1) / np.where(count > 0, count, np.nan)
        real, pseudo = means[matched & (count > 0)], means[~matched & (count > 0)]
        if len(real) < 1 or len(pseudo) < 2:
            result[name] = dict.fromkeys(("mean_z", "mean_z_mismatched", "sd_mismatched", "es"))
            continue
        sd = float(pseudo.std(ddof=1))
        result[name] = {
            "mean_z": float(real.mean()),
            "mean_z_mismatched": float(pseudo.mean()),
            "sd_mismatched": sd,
            "es": float((real.mean() - pseudo.mean()) / sd) if sd > 0 else None,
        }
    return result


def cross_lagged(
    first: Floats, second: Floats, _settings: SynchronySettings, grid: Grid
) -> LagValues:
    """Return the share of variance that the leader's past adds, by window and lag."""
    gain = cross_lagged_gain(
        first, second, window=grid.window, step=grid.step, max_lag=grid.max_lag
    )
    return LagValues(_starts(first, grid), gain, {"value": "gain in R2, 0 to 1"})


def prewhitened(
    first: Floats, second: Floats, settings: SynchronySettings, grid: Grid
) -> LagValues:
    """Return Fisher z of the correlation of what an autoregression leaves over, by lag."""
    order = max(1, round(MAX_AR_S * grid.rate_hz))
    try:
        phi = ar_coefficients(first, max_order=order)
    except ValueError as error:
        raise InputError(f"whitening the first series: {error}", key="`preset`") from error
    residuals = ar_residuals(first, phi), ar_residuals(second, phi)
    r = windowed_correlation(
        *residuals, window=grid.window, step=1, max_lag=grid.max_lag, min_valid=settings.min_valid
    )
    pairs = int((np.isfinite(residuals[0]) & np.isfinite(residuals[1])).sum())
    extra = {
        "ar_coefficients": phi.tolist(),
        "white_noise_bound": float(1.96 / np.sqrt(max(pairs - grid.max_lag, 1))),
    }
    return LagValues(np.zeros(1, dtype=np.int64), capped_fisher_z(r[:1]), extra)


def recurrence(
    first: Floats, second: Floats, _settings: SynchronySettings, grid: Grid
) -> LagValues:
    """Return how often both are in the same state, by lag."""
    try:
        recurrent = diagonal_recurrence(first, second, max_lag=grid.max_lag)
    except ValueError as error:
        raise InputError(str(error), key="`preset`") from error
    extra = {
        "value": "share of sample pairs in the same state, 0 to 1",
        "radius_sd": recurrent.radius,
        "determinism": recurrent.determinism,
        "longest_line_s": recurrent.longest_line / grid.rate_hz,
    }
    return LagValues(np.zeros(1, dtype=np.int64), recurrent.profile[None], extra)


def _starts(series: Floats, grid: Grid) -> NDArray[np.int64]:
    return window_starts(len(series), window=grid.window, step=grid.step, max_lag=grid.max_lag)
