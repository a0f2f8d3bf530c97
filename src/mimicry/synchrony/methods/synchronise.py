"""Two series on one grid -> their synchrony, with its comparison with chance."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.errors import InputError
from mimicry.kernels.peaks import nearest_peak
from mimicry.records import Synchrony, SynchronySettings
from mimicry.synchrony.methods.association import Association, Grid, associate, grid_of
from mimicry.synchrony.methods.chance import compare, surrogate_series

__all__ = ["synchronise"]

Floats = NDArray[np.float64]


def synchronise(
    first: ArrayLike,
    second: ArrayLike,
    settings: SynchronySettings,
    *,
    rate_hz: float,
    names: tuple[str, str] = ("first", "second"),
    partners: Sequence[ArrayLike] = (),
    provenance: Mapping[str, Any] | None = None,
) -> Synchrony:
    """Return the synchrony of two series, positive lag = the first leads.

    Parameters
    ----------
    first, second
        (N,) samples on one regular grid of `rate_hz`; NaN where missing.
    settings
        Method, lengths and null.
    partners
        Other people in the second's role, for pseudo-pairs: (N_i,) samples each.

    Raises
    ------
    InputError
        When the recordings are too short, or the null cannot be drawn.
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise InputError(
            f"the two series have shapes {a.shape} and {b.shape}; expected one common length"
        )
    grid = grid_of(settings, rate_hz, len(a))
    others = [np.asarray(p, np.float64) for p in partners]
    extra = {**(provenance or {}), "duration_s": len(a) / rate_hz}
    result = _record(associate(a, b, settings, grid), settings, grid, names, extra)
    lost = _without_value(result, a, b)
    if lost:
        result = replace(result, provenance={**result.provenance, "notes": [lost]})
    if not (settings.surrogates or others):
        return result
    drawn = [
        _statistics(_record(associate(a, s, settings, grid), settings, grid, names, extra))
        for s in surrogate_series(b, settings, grid, others)
    ]
    return replace(result, surrogate=_against_chance(_statistics(result), drawn, settings))


def _without_value(result: Synchrony, first: Floats, second: Floats) -> str:
    """Say how many windows have no value, and why; refuse a result without any.

    Raises
    ------
    InputError
        When no window has a value.
    """
    empty = np.asarray(np.isnan(result.values).all(axis=1))
    if not empty.any():
        return ""
    why = []
    for name, series in zip(result.names, (first, second), strict=True):
        missing = float(np.isnan(series).mean())
        still = np.isfinite(series).any() and float(np.nanmax(series) - np.nanmin(series)) == 0.0
        why += [f"{name}: {missing:.0%} of the samples missing or masked"] if missing else []
        why += [f"{name} never moves"] if still else []
    text = f"{'; '.join(why) or 'somebody does not move in them'}"
    if empty.all():
        raise InputError(
            f"none of {len(empty)} windows has a value ({text})",
            key="--window",
            hint=f"A window needs {result.settings.min_valid:.0%} of its pairs of samples.",
        )
    return f"{int(empty.sum())} of {len(empty)} windows have no value ({text})"


def _record(
    found: Association,
    settings: SynchronySettings,
    grid: Grid,
    names: tuple[str, str],
    provenance: Mapping[str, Any],
) -> Synchrony:
    n = len(found.starts)
    peak_lag, peak_value = np.full(n, np.nan), np.full(n, np.nan)
    if settings.peak_region_s > 0:
        region = max(1, round(settings.peak_region_s * grid.rate_hz))
        values = np.abs(found.values) if settings.absolute else found.values
        column = nearest_peak(values, region=region)
        has = column >= 0
        peak_lag[has] = grid.lags_s[column[has]]
        peak_value[has] = values[has, column[has]]
    return Synchrony(
        window_start_s=found.starts / grid.rate_hz,
        lags_s=grid.lags_s,
        values=found.values,
        peak_lag_s=peak_lag,
        peak_value=peak_value,
        settings=settings,
        rate_hz=grid.rate_hz,
        names=names,
        provenance={**provenance, **found.extra},
    )


def _statistics(result: Synchrony) -> dict[str, float]:
    """What is compared with chance: the same numbers for the recording and each surrogate."""
    numbers = {
        "grand_average": result.grand_average,
        "lead_asymmetry": result.first_leads - result.second_leads,
        "profile_maximum": float(np.nanmax(np.r_[result.lag_profile, -np.inf])),
    }
    if result.settings.peak_region_s > 0:
        numbers["peak_mean"] = result.summary()["peak_mean"]
    return numbers


def _against_chance(
    observed: Mapping[str, float],
    drawn: Sequence[Mapping[str, float]],
    settings: SynchronySettings,
) -> dict[str, Any]:
    # where nothing can be negative, less than chance is no finding
    positive = settings.absolute or settings.method in ("cross_lagged", "recurrence")
    tests = {
        name: compare(
            value,
            [d[name] for d in drawn],
            greater_only=name == "profile_maximum" or (positive and name != "lead_asymmetry"),
        )
        for name, value in observed.items()
    }
    head = {"null": settings.null, "n": len(drawn), "seed": settings.seed}
    return {**head, "statistic": "grand_average", **tests["grand_average"], **tests}
