"""How alike two courses are when small shifts in time are forgiven: dynamic time warping."""

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import InputError
from mimicry.kernels.warping import warping_distance
from mimicry.records import SeriesMeasure, SynchronySettings
from mimicry.records.synchrony import mean_of_known
from mimicry.synchrony.methods.method import Floats, People

__all__ = ["DETECTABLE_AU", "measure_warping", "statistics_of_warping"]

DETECTABLE_AU = 0.03  # three SDs of one frame of a still mouth, in AU units
_OWN_SHARE = 0.1


def measure_warping(people: People, settings: SynchronySettings) -> SeriesMeasure:
    """Return the distance of two courses by window; none where a side does not move.

    Raises
    ------
    InputError
        When the windows do not fit, or a sample is missing in each.
    """
    values, reasons, starts, window = _distances(people, settings)
    if reasons and set(reasons) == {"missing"}:
        raise InputError(
            f"in each of {len(reasons)} windows a sample is missing or masked",
            key="`window_s`",
            hint="Choose a shorter `window_s`, or bridge longer gaps with "
            "`options={'bridge_s': 0.5}`.",
        )
    finite = values[np.isfinite(values)]
    return SeriesMeasure(
        settings=settings,
        names=people.names,
        rate_hz=people.rate_hz,
        summary={
            "mean_distance": float(mean_of_known(values)),
            "sd_distance": float(finite.std(ddof=1)) if finite.size > 1 else float("nan"),
            "n_windows": len(values),
            "n_windows_still": sum("still" in why for why in reasons),
            "n_windows_missing": sum(why == "missing" for why in reasons),
            "min_sd": _least_sd(people, settings).tolist(),
        },
        table={
            "window_start_s": starts / people.rate_hz,
            "window_end_s": (starts + window) / people.rate_hz,
            "distance": values,
            "reason": [why or None for why in reasons],
        },
        columns={
            "window_start_s": "start of the window, s from the start of the shared recording",
            "window_end_s": "its end",
            "distance": "root mean squared distance of the standardised courses along the best "
            "path; 0: the same course",
            "reason": "why there is none: first_still, second_still, both_still (SD below "
            "min_sd), missing (a sample is missing)",
        },
    )


def statistics_of_warping(people: People, settings: SynchronySettings) -> dict[str, float]:
    """Return the mean distance; NaN when no window has one."""
    values, *_ = _distances(people, settings)
    return {"mean_distance": float(mean_of_known(values))}


def _distances(
    people: People, settings: SynchronySettings
) -> tuple[Floats, list[str], NDArray[np.int64], int]:
    """Return the distance of each window, why there is none, where it starts, its length."""
    n = people.values.shape[1]
    window, step = (
        round(float(s or 0.0) * people.rate_hz) for s in (settings.window_s, settings.step_s)
    )
    if not 3 <= window <= n or step < 1:
        raise InputError(
            f"windows of {window} samples every {step} do not fit into {n}", key="`window_s`"
        )
    least = _least_sd(people, settings)
    band = round(float(settings.max_lag_s or 0.0) * people.rate_hz)
    starts = np.arange(0, n - window + 1, step)
    results = [_distance(people.values[:, o : o + window], least, band) for o in starts]
    return np.array([d for d, _ in results]), [why for _, why in results], starts, window


def _distance(pair: Floats, least: Floats, band: int) -> tuple[float, str]:
    """Return the distance in one window, or why there is none."""
    if not np.isfinite(pair).all():
        return float("nan"), "missing"
    still = [bool(s.std(ddof=1) < m) for s, m in zip(pair, least, strict=True)]
    if any(still):
        who = "both" if all(still) else "first" if still[0] else "second"
        return float("nan"), f"{who}_still"
    return warping_distance(*pair, band=band, min_sd=float(max(least.min(), 1e-12))), ""


def _least_sd(people: People, settings: SynchronySettings) -> Floats:
    """Return the (2,) SDs below which a side counts as still."""
    given = settings.options["min_sd"]
    if given is not None:
        return np.full(2, given)
    if people.in_au_units:
        return np.full(2, DETECTABLE_AU)
    spread = [np.nanstd(row) if np.isfinite(row).any() else 0.0 for row in people.values]
    return _OWN_SHARE * np.array(spread)
