"""The frame of methods whose values have a window and a lag: lengths, record, peaks, chance."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import InputError
from mimicry.kernels.peaks import nearest_peak
from mimicry.records import Synchrony, SynchronySettings
from mimicry.synchrony.methods.chance import NULLS
from mimicry.synchrony.methods.method import Floats, Method, People

__all__ = ["Grid", "LagValues", "by_lag"]


@dataclass(frozen=True, slots=True)
class Grid:
    """Window, step and lag in samples."""

    rate_hz: float
    window: int
    step: int
    max_lag: int

    @property
    def lags_s(self) -> Floats:
        """(2 * max_lag + 1,) lags in seconds."""
        return np.arange(-self.max_lag, self.max_lag + 1) / self.rate_hz


@dataclass(frozen=True, slots=True)
class LagValues:
    """Values by window and lag, window starts in samples, further numbers of the method."""

    starts: NDArray[np.int64]
    values: Floats
    extra: Mapping[str, Any]


Values = Callable[[Floats, Floats, SynchronySettings, Grid], LagValues]


def by_lag(
    settings: SynchronySettings,
    values: Values,
    *,
    shuffled: Callable[[int, int, int], int],
    only_more: bool = False,
    value_name: str = "Fisher z",
) -> Method:
    """Return the entry of a method that gives values by window and lag.

    Parameters
    ----------
    values
        Two (N,) series, settings and lengths in samples -> the values.
    settings, shuffled, only_more, value_name
        As in :class:`mimicry.synchrony.methods.Method`.
    """
    return Method(
        settings,
        run=partial(_run, values),
        statistics=partial(_statistics, values),
        nulls=tuple(NULLS),
        shuffled=shuffled,
        only_more=only_more,
        value_name=value_name,
    )


def _run(values: Values, people: People, settings: SynchronySettings) -> Synchrony:
    result = _synchrony(values, people, settings)
    note = _without_value(result, people)
    return replace(result, provenance={**result.provenance, "notes": [note]}) if note else result


def _statistics(values: Values, people: People, settings: SynchronySettings) -> dict[str, float]:
    """Return what is compared with chance: the same for the recording and each surrogate."""
    result = _synchrony(values, people, settings)
    profile = result.lag_profile
    numbers = {
        "grand_average": result.grand_average,
        "lead_asymmetry": result.first_leads - result.second_leads,
        "profile_maximum": float(np.nanmax(profile)) if np.isfinite(profile).any() else np.nan,
    }
    if settings.peak_region_s > 0:
        numbers["peak_mean"] = result.summary["peak_mean"]
    return numbers


def _synchrony(values: Values, people: People, settings: SynchronySettings) -> Synchrony:
    """Return the values of two people by window and lag, with their local peaks."""
    grid = _grid_of(settings, people.rate_hz, people.values.shape[1])
    by_window = values(people.values[0], people.values[1], settings, grid)
    n = len(by_window.starts)
    peak_lag, peak_value = np.full(n, np.nan), np.full(n, np.nan)
    if settings.peak_region_s > 0:
        region = max(1, round(settings.peak_region_s * grid.rate_hz))
        scored = np.abs(by_window.values) if settings.absolute else by_window.values
        column = nearest_peak(scored, region=region)
        has_peak = column >= 0
        peak_lag[has_peak] = grid.lags_s[column[has_peak]]
        peak_value[has_peak] = scored[has_peak, column[has_peak]]
    return Synchrony(
        window_start_s=by_window.starts / grid.rate_hz,
        lags_s=grid.lags_s,
        values=by_window.values,
        peak_lag_s=peak_lag,
        peak_value=peak_value,
        settings=settings,
        rate_hz=grid.rate_hz,
        names=(people.names[0], people.names[1]),
        provenance=by_window.extra,
    )


def _without_value(result: Synchrony, people: People) -> str:
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
    for name, series in zip(people.names, people.values, strict=True):
        missing = float(np.isnan(series).mean())
        still = np.isfinite(series).any() and float(np.nanmax(series) - np.nanmin(series)) == 0.0
        why += [f"{name}: {missing:.0%} of the samples missing or masked"] if missing else []
        why += [f"{name} never moves"] if still else []
    text = f"{'; '.join(why) or 'somebody does not move in them'}"
    if empty.all():
        raise InputError(
            f"none of {len(empty)} windows has a value ({text})",
            key="`window_s`",
            hint=f"A window needs {result.settings.min_valid:.0%} of its pairs of samples.",
        )
    return f"{int(empty.sum())} of {len(empty)} windows have no value ({text})"


def _grid_of(settings: SynchronySettings, rate_hz: float, n_samples: int) -> Grid:
    """Return the settings in samples of this recording.

    Raises
    ------
    InputError
        When the recording is too short, or a length is not positive.
    """
    window, step, lag = (
        round((s or 0.0) * rate_hz)
        for s in (settings.window_s, settings.step_s, settings.max_lag_s)
    )
    if not settings.window_s:  # one window: the whole recording
        window, step = n_samples - lag, 1
    for name, value, least in (("window_s", window, 3), ("step_s", step, 1), ("max_lag_s", lag, 0)):
        if value < least:
            raise InputError(
                f"`{name}` is {value} samples at {rate_hz:g} per second; expected at least {least}",
                key=f"`{name}`",
            )
    needed = {"segments": 2 * window}.get(settings.method or "", window + lag)
    if n_samples < needed:
        raise InputError(
            f"the recordings share {n_samples / rate_hz:.1f} s; this analysis needs at least "
            f"{needed / rate_hz:.1f} s",
            key="`window_s`",
            hint="Choose a shorter `window_s` or `max_lag_s`.",
        )
    return Grid(rate_hz, window, step, lag)
