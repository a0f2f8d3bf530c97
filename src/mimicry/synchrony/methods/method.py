"""One way to measure people together: what an entry of the registry holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mimicry.records import SeriesMeasure, Synchrony, SynchronySettings

__all__ = ["Floats", "Method", "People", "Result"]

Floats = NDArray[np.float64]
Result = Synchrony | SeriesMeasure


@dataclass(frozen=True, slots=True)
class People:
    """Series of one or more people on one regular grid, and what else a method may need.

    Parameters
    ----------
    values
        (P, N) one row a person; NaN is missing.
    rate_hz
        Samples per second.
    names
        P names.
    in_au_units
        Whether the values are AU units, in which the smallest movement to be seen is known.
    events
        Kind of event -> onsets in seconds from the first sample.
    partners
        Other people in the second's role, for pseudo-pairs: (N_i,) samples each.
    """

    values: Floats
    rate_hz: float
    names: tuple[str, ...] = ("first", "second")
    in_au_units: bool = False
    events: Mapping[str, Sequence[float]] = field(default_factory=dict)
    partners: Sequence[Floats] = ()

    def with_second(self, series: Floats) -> "People":
        """Return the first person beside another second one."""
        return replace(self, values=np.stack([self.values[0], series]))


@dataclass(frozen=True, slots=True)
class Method:
    """One way to measure people together.

    Parameters
    ----------
    settings
        Name, question, source and default numbers.
    run
        People and settings -> the result without chance. Raises InputError when there is
        nothing to measure, a ValueError for what its kernels refuse.
    statistics
        People and settings -> the numbers that are held against chance, by name; the first
        stands for the analysis. They are computed anew for every stand-in of the second
        person. None: `run` draws its own chance, or the method has none.
    nulls
        Names of the nulls that suit it, from :data:`mimicry.synchrony.methods.NULLS`.
    shuffled
        Lengths of window and largest lag and of the recording (samples) -> the length of the
        segments that ``segment-shuffle`` reorders.
    only_more
        Whether only more than chance is a finding: p counts the surrogates above.
    value_name
        What a value by window and lag is called in figures.
    """

    settings: SynchronySettings
    run: Callable[[People, SynchronySettings], Result]
    statistics: Callable[[People, SynchronySettings], dict[str, float]] | None = None
    nulls: tuple[str, ...] = ()
    shuffled: Callable[[int, int, int], int] | None = None
    only_more: bool = False
    value_name: str = "Fisher z"
