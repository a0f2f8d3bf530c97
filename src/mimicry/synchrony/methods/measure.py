"""Series of people on one grid -> the result of a method, with its comparison with chance."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mimicry.errors import InputError
from mimicry.kernels.resample import sample_at
from mimicry.records import SynchronySettings
from mimicry.synchrony.methods.chance import LEAST_ARRANGEMENTS, NULLS, against_chance
from mimicry.synchrony.methods.method import Floats, People, Result
from mimicry.synchrony.methods.registry import METHODS

__all__ = ["measure", "with_bridges"]


def measure(
    people: People, settings: SynchronySettings, provenance: Mapping[str, Any] | None = None
) -> Result:
    """Return what a method finds in people's series. Positive lag: the first leads.

    Parameters
    ----------
    people
        Their series on one grid, and what else the method needs.
    settings
        From :func:`mimicry.synchrony.methods.choose_settings`.
    provenance
        Where the series come from. JSON types only.

    Returns
    -------
    Synchrony or SeriesMeasure
        With values by window and lag, or without.

    Raises
    ------
    InputError
        When the recordings are too few, too many, too short or hold nothing to measure, or the
        null cannot be drawn.
    """
    if settings.preset not in METHODS or settings.null not in (None, *NULLS):
        raise InputError(
            f"no method {settings.preset!r} with null {settings.null!r}", key="`preset`"
        )
    n = len(people.values)
    if not {"1": n == 1, "2": n == 2}.get(settings.series, n > 2):
        raise InputError(
            f"preset {settings.preset!r} takes {settings.series} series; found {n}", key="`preset`"
        )
    if people.partners and settings.null != "pseudo-pairs":
        raise InputError(
            f"partners are for the null pseudo-pairs; null is {settings.null}", key="`partners`"
        )
    people = with_bridges(people, settings)
    method = METHODS[settings.preset]
    try:
        result = method.run(people, settings)
        surrogate = against_chance(people, settings, method)
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{settings.preset}: {error}", key="`preset`") from error
    length = {"duration_s": people.values.shape[1] / people.rate_hz}
    notes = list(result.provenance.get("notes", ()))
    if "reason" in surrogate:
        notes.append(
            f"{len(people.partners)} partners are too few for p: at least "
            f"{LEAST_ARRANGEMENTS - 1} are needed, {LEAST_ARRANGEMENTS} with the own one"
        )
    return replace(
        result,
        surrogate=surrogate,
        provenance={
            **(provenance or {}),
            **length,
            **result.provenance,
            **({"notes": notes} if notes else {}),
        },
    )


def with_bridges(people: People, settings: SynchronySettings) -> People:
    """Return people whose gaps of up to the option `bridge_s` are straight lines."""
    bridge = settings.options.get("bridge_s")
    if not bridge:
        return people
    return replace(
        people,
        values=np.stack([_bridged(row, people.rate_hz, bridge) for row in people.values]),
        partners=[_bridged(row, people.rate_hz, bridge) for row in people.partners],
    )


def _bridged(row: Floats, rate_hz: float, longest_s: float) -> Floats:
    """Return the series with gaps no longer than a blink filled by straight lines."""
    times = np.arange(len(row)) / rate_hz
    return sample_at(times, row, times, max_gap_s=longest_s)
