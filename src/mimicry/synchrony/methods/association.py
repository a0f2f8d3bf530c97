"""From two series on one grid to association by window and lag, by the chosen method."""

from collections.abc import Mapping
from dataclasses import dataclass
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

__all__ = ["Association", "Grid", "associate", "grid_of"]

MAX_AR_S = 0.4  # longest past of the whitening autoregression

Floats = NDArray[np.float64]


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
class Association:
    """Values by window and lag, window starts in samples, further numbers of the method."""

    starts: NDArray[np.int64]
    values: Floats
    extra: Mapping[str, Any]


def grid_of(settings: SynchronySettings, rate_hz: float, n_samples: int) -> Grid:
    """Return the settings in samples of this recording.

    Raises
    ------
    InputError
        When the recording is too short, or a length is not positive.
    """
    lag = round(settings.max_lag_s * rate_hz)
    if settings.method in ("prewhitened", "recurrence"):
        window = n_samples - lag
        step = 1
    else:
        window, step = (round(s * rate_hz) for s in (settings.window_s, settings.step_s))
    for name, value, least in (("window", window, 3), ("step", step, 1), ("max-lag", lag, 0)):
        if value < least:
            raise InputError(
                f"--{name} is {value} samples at {rate_hz:g} per second; expected at least {least}",
                key=f"--{name}",
            )
    needed = {"segments": 2 * window}.get(settings.method, window + lag)
    if n_samples < needed:
        raise InputError(
            f"the recordings share {n_samples / rate_hz:.1f} s; this analysis needs at least "
            f"{needed / rate_hz:.1f} s",
            key="--window",
            hint="Choose a shorter --window or --max-lag.",
        )
    return Grid(rate_hz, window, step, lag)


def associate(
    first: Floats, second: Floats, settings: SynchronySettings, grid: Grid
) -> Association:
    """Return the association of two (N,) series by the method of the settings."""
    return _METHODS[settings.method](first, second, settings, grid)


def _correlation(
    first: Floats, second: Floats, settings: SynchronySettings, grid: Grid
) -> Association:
    r = windowed_correlation(
        first,
        second,
        window=grid.window,
        step=grid.step,
        max_lag=grid.max_lag,
        min_valid=settings.min_valid,
    )
    return Association(_starts(first, grid), capped_fisher_z(r), {})


def _segments(
    first: Floats, second: Floats, settings: SynchronySettings, grid: Grid
) -> Association:
    z = segment_z(
        first,
        second,
        segment=grid.window,
        max_lag=grid.max_lag,
        min_valid=settings.min_valid,
    )
    own = np.eye(len(z), dtype=bool)
    starts = np.arange(len(z), dtype=np.int64) * grid.window
    return Association(starts, z[own], {"effect_size": _effect_sizes(z, own)})


def _effect_sizes(z: Floats, own: NDArray[np.bool_]) -> dict[str, Any]:
    """Matched against mismatched segments: (mean - mean of the others) / SD of the others."""
    result: dict[str, Any] = {"n_segments": len(z), "n_mismatched": int((~own).sum())}
    for name, values in (("signed", z), ("absolute", np.abs(z))):
        count = np.isfinite(values).sum(axis=-1)
        means = np.nansum(values, axis=-1) / np.where(count > 0, count, np.nan)
        real, pseudo = means[own & (count > 0)], means[~own & (count > 0)]
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


def _cross_lagged(
    first: Floats, second: Floats, _settings: SynchronySettings, grid: Grid
) -> Association:
    gain = cross_lagged_gain(
        first, second, window=grid.window, step=grid.step, max_lag=grid.max_lag
    )
    return Association(_starts(first, grid), gain, {"value": "gain in R2, 0 to 1"})


def _prewhitened(
    first: Floats, second: Floats, settings: SynchronySettings, grid: Grid
) -> Association:
    order = max(1, round(MAX_AR_S * grid.rate_hz))
    try:
        phi = ar_coefficients(first, max_order=order)
    except ValueError as error:
        raise InputError(f"whitening the first series: {error}", key="--preset") from error
    rest = ar_residuals(first, phi), ar_residuals(second, phi)
    r = windowed_correlation(
        *rest, window=grid.window, step=1, max_lag=grid.max_lag, min_valid=settings.min_valid
    )
    pairs = int((np.isfinite(rest[0]) & np.isfinite(rest[1])).sum())
    extra = {
        "ar_coefficients": phi.tolist(),
        "white_noise_bound": float(1.96 / np.sqrt(max(pairs - grid.max_lag, 1))),
    }
    return Association(np.zeros(1, dtype=np.int64), capped_fisher_z(r[:1]), extra)


def _recurrence(
    first: Floats, second: Floats, _settings: SynchronySettings, grid: Grid
) -> Association:
    try:
        found = diagonal_recurrence(first, second, max_lag=grid.max_lag)
    except ValueError as error:
        raise InputError(str(error), key="--preset") from error
    extra = {
        "value": "share of sample pairs in the same state, 0 to 1",
        "radius_sd": found.radius,
        "determinism": found.determinism,
        "longest_line_s": found.longest_line / grid.rate_hz,
    }
    return Association(np.zeros(1, dtype=np.int64), found.profile[None], extra)


def _starts(series: Floats, grid: Grid) -> NDArray[np.int64]:
    return window_starts(len(series), window=grid.window, step=grid.step, max_lag=grid.max_lag)


_METHODS = {
    "correlation": _correlation,
    "segments": _segments,
    "cross_lagged": _cross_lagged,
    "prewhitened": _prewhitened,
    "recurrence": _recurrence,
}
