"""Comparing synchrony with what two unrelated people would show."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import InputError
from mimicry.kernels.chance import Tail, generator, p_value, z_surrogate
from mimicry.kernels.series_surrogates import circular_shift, phase_randomised, segment_shuffle
from mimicry.records import SynchronySettings
from mimicry.synchrony.methods.association import Grid

__all__ = ["NULLS", "compare", "surrogate_series"]

NULLS = ("pseudo-pairs", "segment-shuffle", "circular-shift", "phase")

Floats = NDArray[np.float64]


def surrogate_series(
    second: Floats, settings: SynchronySettings, grid: Grid, partners: Sequence[Floats]
) -> Iterator[Floats]:
    """Yield what the second person could have done, as often as the settings ask.

    Under ``pseudo-pairs`` these are the `partners`: people of the same role from other
    sessions, each once, cut or filled (NaN) at the end to the recording's length.

    Raises
    ------
    InputError
        When the null is unknown, or cannot be drawn from these data.
    """
    if settings.null == "pseudo-pairs":
        if not partners:
            raise InputError(
                "pseudo-pairs need recordings of other second persons",
                key="--partner",
                hint="Give --partner FILE for each, or choose --null segment-shuffle.",
            )
        yield from (_same_length(p, len(second)) for p in partners)
        return
    draw = _drawer(settings, grid, len(second))
    rng = generator(settings.seed, settings.null)
    try:
        for _ in range(settings.surrogates):
            yield draw(second, rng)
    except ValueError as error:
        raise InputError(str(error), key="--null") from error


def compare(observed: float, surrogates: Sequence[float], *, greater_only: bool) -> dict[str, Any]:
    """Return mean and SD of the surrogates, the standardised effect and p.

    ``p = (1 + count) / (m + 1)``, two-sided twice the smaller side (at most 1). Surrogates
    without a value count as being as extreme.
    """
    drawn = np.asarray(surrogates, np.float64)
    there = drawn[np.isfinite(drawn)]
    sd = there.std(ddof=1) if len(there) > 1 else np.nan
    tail: Tail = "greater" if greater_only else "either"
    known = bool(np.isfinite(observed)) and len(there) > 0
    return {
        "observed": observed,
        "mean": float(there.mean()) if len(there) else float("nan"),
        "sd": float(sd),
        "z_surrogate": z_surrogate(observed, drawn) if known else float("nan"),
        "p": p_value(observed, drawn, tail=tail) if known else float("nan"),
        "sided": "greater" if greater_only else "two",
    }


def _drawer(
    settings: SynchronySettings, grid: Grid, n: int
) -> Callable[[Floats, np.random.Generator], Floats]:
    if settings.null == "segment-shuffle":
        return partial(segment_shuffle, segment=_segment(settings, grid, n))
    if settings.null == "circular-shift":
        # further than any lag looked at, on both sides, so that no surrogate is the truth
        return partial(circular_shift, min_shift=2 * grid.max_lag + 1)
    if settings.null == "phase":
        return phase_randomised
    raise InputError(
        f"no null {settings.null!r} for two series; known are {', '.join(NULLS)}", key="--null"
    )


def _segment(settings: SynchronySettings, grid: Grid, n: int) -> int:
    """Segments longer than a window, so that few windows hold a seam, but at least six."""
    if settings.method == "segments":
        return grid.window
    whole = settings.method in ("prewhitened", "recurrence")
    return min(4 * grid.max_lag if whole else grid.window + grid.max_lag, n // 6)


def _same_length(series: Floats, n: int) -> Floats:
    result = np.full(n, np.nan)
    result[: min(n, len(series))] = series[:n]
    return result
