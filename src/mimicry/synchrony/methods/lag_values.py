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
from mimicry.records.synchrony import mean_of_known
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
    starts = np.arange(len(z), dtype=np.int64) * grid.window
    return LagValues(starts, z[np.eye(len(z), dtype=bool)], {"effect_size": effect_sizes(z)})


def effect_sizes(z: Floats) -> dict[str, Any]:
    """Return the lag profile of matched segments against that of mismatched ones.

    Parameters
    ----------
    z
        (n, n, 2 * L + 1) from :func:`mimicry.kernels.segments.segment_z`.

    Returns
    -------
    dict
        Numbers of segments and, for ``signed`` and ``absolute`` z, the numbers of the R package
        SUSY 0.1.0. A profile is the mean over pairs of segments at each lag; means and SDs are
        over lags. None: fewer than two lags, or nothing to compare with.
    """
    matched = np.eye(len(z), dtype=bool)
    lag = np.arange(z.shape[2]) - z.shape[2] // 2
    result: dict[str, Any] = {"n_segments": len(z), "n_mismatched": int((~matched).sum())}
    for name, values in (("signed", z), ("absolute", np.abs(z))):
        real, pseudo = mean_of_known(values[matched]), mean_of_known(values[~matched])
        whole = _against(real, pseudo)
        first, second = (_against(real[at], pseudo[at]) for at in (lag > 0, lag < 0))
        result[name] = {
            **whole,
            "first_leads": first["mean_z"],
            "second_leads": second["mean_z"],
            "es_first_leads": first["es"],
            "es_second_leads": second["es"],
        }
    return result


def _against(real: Floats, pseudo: Floats) -> dict[str, float | None]:
    """Return means and SDs over lags of two profiles, and the standardised difference."""
    known = np.isfinite(real) & np.isfinite(pseudo)
    real, pseudo = real[known], pseudo[known]
    names = ("mean_z", "sd_z", "mean_z_mismatched", "sd_mismatched", "share_above_mismatched", "es")
    if len(real) < 2:
        return dict.fromkeys(names)
    sd = pseudo.std(ddof=1)
    values = (real.mean(), real.std(ddof=1), pseudo.mean(), sd, (real > pseudo).mean())
    es = float((real.mean() - pseudo.mean()) / sd) if sd > 0 else None
    return dict(zip(names, [*map(float, values), es], strict=True))


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
