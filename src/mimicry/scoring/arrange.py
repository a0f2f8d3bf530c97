"""Labels as a design could have dealt them: what a label swap puts in the place of the order.

Every function here draws for one entry of :data:`mimicry.scoring.nulls.SWAPS`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.arrangements import (
    label_arrangements,
    one_sample_t,
    sign_arrangements,
    welch_t,
)
from mimicry.records import ScoringSettings

__all__ = [
    "Arrangements",
    "Compared",
    "Redraw",
    "SwapDesign",
    "deal_again",
    "deal_blocks",
    "deal_clips",
    "deal_pairs",
    "deal_trials",
]

Redraw = Callable[[np.random.Generator], Sequence[str]]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SwapDesign:
    """All trials of one phase in the order shown, valid or not.

    Parameters
    ----------
    conditions, clips, identities
        One text a trial; an identity may be "" when not known.
    runs
        Number or name of the mini-block of each trial, where the design has such.
    redraw
        The protocol's randomiser: takes a generator, returns the conditions of the phase's
        trials in a new order. Only for ``swap: redraw``.
    """

    conditions: Sequence[str]
    clips: Sequence[str] = ()
    identities: Sequence[str] = ()
    runs: Sequence[str] = ()
    redraw: Redraw | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """An emotion and its reference among the K trials of a design.

    Parameters
    ----------
    emotion, reference
        (K,) which trials belong to the emotion and to its reference.
    used
        (K,) those of either that have a value.
    design
        What was shown in which order.
    """

    emotion: Flags
    reference: Flags
    used: Flags
    design: SwapDesign


@dataclass(frozen=True, slots=True, eq=False)
class Arrangements:
    """Labels of n units in N other ways, for any values of the same trials.

    Parameters
    ----------
    labels
        (n,) observed labels of the units, or signs.
    table
        (N, n) arrangements; the observed one is among them where they are complete.
    count
        How many different ones there are.
    complete
        True when `table` holds all.
    unit_values
        Takes (K,) values of the trials, returns the (n,) values of the units.
    statistic
        Takes those and (N, n) labels, returns (N,) values.
    reason
        Why there are none: ``no_pairs``, ``no_randomiser``, ``randomiser_mismatch``.
    """

    labels: NDArray[Any]
    table: NDArray[Any]
    count: int
    complete: bool
    unit_values: Callable[[Floats], Floats]
    statistic: Callable[[Floats, NDArray[Any]], Floats] = welch_t
    reason: str = ""

    def observed(self, values: Floats) -> float:
        """Return the statistic of the labels as they were; NaN where it is not defined."""
        return float(self.statistic(self.unit_values(values), self.labels[None])[0])

    def drawn(self, values: Floats) -> Floats:
        """Return (N,) statistics, one an arrangement."""
        return self.statistic(self.unit_values(values), self.table)


def deal_trials(
    compared: Compared, settings: ScoringSettings, rng: np.random.Generator
) -> Arrangements:
    """Deal the labels over single trials."""
    labels = compared.emotion[compared.used]
    return _arranged(labels, lambda values: values[compared.used], settings, rng)


def deal_clips(
    compared: Compared, settings: ScoringSettings, rng: np.random.Generator
) -> Arrangements:
    """Deal the labels over clips, each with the mean of its trials.

    A clip that serves two conditions counts as two.
    """
    design, used = compared.design, compared.used
    keys = np.array([f"{c}\0{s}" for c, s in zip(design.conditions, design.clips, strict=True)])
    _, first, member = np.unique(keys[used], return_index=True, return_inverse=True)

    def means(values: Floats) -> Floats:
        return np.asarray(np.bincount(member, values[used]) / np.bincount(member))

    return _arranged(compared.emotion[used][first], means, settings, rng)


def deal_pairs(
    compared: Compared, settings: ScoringSettings, rng: np.random.Generator
) -> Arrangements:
    """Exchange emotion and reference within identities; those without both take no part."""
    names = np.array(compared.design.identities)
    sides = [
        (compared.used & compared.emotion & at, compared.used & compared.reference & at)
        for at in (names == name for name in dict.fromkeys(compared.design.identities) if name)
    ]
    pairs = [
        (emotion, reference) for emotion, reference in sides if emotion.any() and reference.any()
    ]

    def differences(values: Floats) -> Floats:
        return np.array([values[a].mean() - values[b].mean() for a, b in pairs])

    signs, count, complete = sign_arrangements(
        len(pairs), rng, enumerate_up_to=settings.enumerate_up_to, draws=settings.surrogates
    )
    reason = "" if len(pairs) > 1 else "no_pairs"
    return Arrangements(
        np.ones(len(pairs)), signs, count, complete, differences, one_sample_t, reason
    )


def deal_blocks(
    compared: Compared, settings: ScoringSettings, rng: np.random.Generator
) -> Arrangements:
    """Deal the labels over whole runs of equal condition, and of one mini-block."""
    labels = np.array(compared.design.conditions)
    changes = labels[1:] != labels[:-1]
    if compared.design.runs:
        runs = np.array(compared.design.runs)
        changes |= runs[1:] != runs[:-1]
    used = compared.used
    run_of = np.concatenate([[0], np.cumsum(changes)])[used]
    return _arranged(
        compared.emotion[used], lambda values: values[used], settings, rng, groups=run_of
    )


def deal_again(
    compared: Compared, settings: ScoringSettings, rng: np.random.Generator
) -> Arrangements:
    """Take the order of emotion and reference from new draws of the whole sequence.

    Only the emotion's and the reference's trials take part: the k-th of them in the session
    gets the label of the k-th of them in the new order.
    """
    emotion, used, redraw = compared.emotion, compared.used, compared.design.redraw
    conditions = np.array(compared.design.conditions)
    emotion_names = set(conditions[emotion])
    taking_part = emotion_names | set(conditions[compared.reference])
    places = np.isin(conditions, list(taking_part))
    table = np.empty((settings.surrogates, int(places.sum())), dtype=bool)
    reason = "" if redraw else "no_randomiser"
    for row in table if redraw else ():
        assert redraw is not None
        drawn = [name in emotion_names for name in redraw(rng) if name in taking_part]
        if len(drawn) != len(row):
            reason = "randomiser_mismatch"
            break
        row[:] = drawn
    table = table[:0] if reason else table[:, used[places]]
    count = len(np.unique(np.packbits(table, axis=1), axis=0))
    return Arrangements(
        emotion[used], table, count, False, lambda values: values[used], reason=reason
    )


def _arranged(
    labels: Flags,
    unit_values: Callable[[Floats], Floats],
    settings: ScoringSettings,
    rng: np.random.Generator,
    *,
    groups: NDArray[np.intp] | None = None,
) -> Arrangements:
    """Deal labels over units, or over groups of units with one label each."""
    groups = np.arange(len(labels)) if groups is None else groups
    _, first, member = np.unique(groups, return_index=True, return_inverse=True)
    table, count, complete = label_arrangements(
        labels[first], rng, enumerate_up_to=settings.enumerate_up_to, draws=settings.surrogates
    )
    return Arrangements(labels, table[:, member], count, complete, unit_values)
