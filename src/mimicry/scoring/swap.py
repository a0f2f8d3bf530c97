"""The label-swap null: could this contrast have come about with the labels dealt otherwise?

What is swapped follows the way in which the design dealt the labels (`swap`):

``free``
    Labels over trials. Right when the order was drawn without limits.
``clip``
    Labels over clips, each clip holding the mean of its trials. Needed when clips repeat.
``pairs``
    Emotion and reference within one identity (or block).
``block``
    Labels over whole runs of equal condition (mini-blocks). Two mini-blocks of one condition
    that happen to follow one another stay two where a column numbers them; taken for one run
    they make the test conservative.
``redraw``
    New orders from the protocol's own randomiser. Needed when run lengths were limited.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.kernels.arrangements import label_arrangements, sign_arrangements, welch_t
from mimicry.kernels.chance import Tail, p_value, z_surrogate
from mimicry.records import ScoringSettings

__all__ = ["Redraw", "SwapDesign", "SwapResult", "label_swap"]

Redraw = Callable[[np.random.Generator], Sequence[str]]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_LONG_BLOCK = 6  # two runs of at least this many trials are two blocks, not chance


@dataclass(frozen=True, slots=True)
class SwapResult:
    """Outcome of a label-swap test.

    `arrangements` is the number of different arrangements (of those drawn, for ``redraw``);
    `reason` says why `p` is NaN: ``no_variance``, ``too_few_trials``,
    ``too_few_arrangements``, ``not_identified``, ``no_randomiser``,
    ``randomiser_mismatch`` (it draws another number of trials than were shown), ``no_pairs``.
    """

    t: float = float("nan")
    p: float = float("nan")
    z_surrogate: float = float("nan")
    arrangements: int = 0
    reason: str = ""


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


def label_swap(
    values: ArrayLike,
    own: ArrayLike,
    reference: ArrayLike,
    design: SwapDesign,
    settings: ScoringSettings,
    rng: np.random.Generator,
) -> SwapResult:
    """Test an emotion's values against those of its reference trials.

    Parameters
    ----------
    values
        (K,) one value for each trial of the phase in the order shown; NaN takes no part.
    own, reference
        (K,) which trials belong to the emotion and to its reference.
    design
        What was shown in which order.
    settings
        ``swap``, numbers of arrangements and sidedness.
    rng
        Used only when arrangements are drawn.

    Returns
    -------
    SwapResult
        Two-sided unless the settings say otherwise. Statistics are compared with a margin of
        1e-9; an arrangement without a defined statistic counts as reaching the observed one.

    Notes
    -----
    The statistic is always studentised (Welch's t; the one-sample t of the differences for
    ``pairs``): with unequal counts and variances a bare mean difference rejects far too often.

    Examples
    --------
    >>> settings = ScoringSettings({}, swap="free", min_arrangements=0)
    >>> design = SwapDesign(["h", "h", "h", "n", "n", "n"])
    >>> own = np.array([1, 1, 1, 0, 0, 0], dtype=bool)
    >>> label_swap([5.0, 6.0, 7.0, 1.0, 2.0, 4.0], own, ~own, design, settings, None).p
    0.1
    """
    y = np.asarray(values, dtype=np.float64)
    mine = np.asarray(own, dtype=bool)
    rest = np.asarray(reference, dtype=bool)
    used = np.isfinite(y) & (mine | rest)
    if min((used & mine).sum(), (used & rest).sum()) < 1:
        return SwapResult(reason="too_few_trials")
    if _two_long_blocks(mine[used]):
        return SwapResult(t=_observed(y[used], mine[used], settings), reason="not_identified")
    if settings.swap == "pairs":
        return _swap_pairs(y, mine, rest, used, design, settings, rng)
    if settings.swap == "clip":
        return _swap_clips(y, mine, used, design, settings, rng)
    if settings.swap == "redraw":
        return _redraw(y, mine, rest, used, design, settings, rng)
    units = _runs(design)[used] if settings.swap == "block" else np.arange(used.sum())
    return _swap_units(y[used], mine[used], units, settings, rng)


def _observed(values: Floats, own: Flags, settings: ScoringSettings) -> float:
    return float("nan") if settings.swap == "pairs" else float(welch_t(values, own[None])[0])


def _two_long_blocks(own: Flags) -> bool:
    """The emotion and its reference were never interleaved: time explains any difference."""
    changes = np.flatnonzero(np.diff(own.astype(np.int8)))
    return len(changes) == 1 and min(changes[0] + 1, len(own) - changes[0] - 1) >= _LONG_BLOCK


def _runs(design: SwapDesign) -> NDArray[np.int64]:
    """Number of the run of equal conditions within one mini-block that each trial belongs to."""
    labels = np.array(design.conditions)
    changes = labels[1:] != labels[:-1]
    if design.runs:
        runs = np.array(design.runs)
        changes |= runs[1:] != runs[:-1]
    return np.concatenate([[0], np.cumsum(changes)])


def _swap_units(
    values: Floats,
    own: Flags,
    units: NDArray[np.int64],
    settings: ScoringSettings,
    rng: np.random.Generator,
) -> SwapResult:
    _, first, member = np.unique(units, return_index=True, return_inverse=True)
    table, count, complete = label_arrangements(
        own[first], rng, enumerate_up_to=settings.enumerate_up_to, draws=settings.surrogates
    )
    observed = float(welch_t(values, own[None])[0])
    return _judge(observed, welch_t(values, table[:, member]), count, complete, settings)


def _swap_clips(
    values: Floats,
    own: Flags,
    used: Flags,
    design: SwapDesign,
    settings: ScoringSettings,
    rng: np.random.Generator,
) -> SwapResult:
    # A clip that serves two conditions counts as two.
    keys = np.array([f"{c}\0{s}" for c, s in zip(design.conditions, design.clips, strict=True)])
    names, first, member = np.unique(keys[used], return_index=True, return_inverse=True)
    means = np.bincount(member, values[used]) / np.bincount(member)
    return _swap_units(means, own[used][first], np.arange(len(names)), settings, rng)


def _swap_pairs(
    values: Floats,
    own: Flags,
    reference: Flags,
    used: Flags,
    design: SwapDesign,
    settings: ScoringSettings,
    rng: np.random.Generator,
) -> SwapResult:
    names = np.array(design.identities)
    differences = [
        values[used & own & (names == name)].mean()
        - values[used & reference & (names == name)].mean()
        for name in dict.fromkeys(design.identities)
        if name
        and (used & own & (names == name)).any()
        and (used & reference & (names == name)).any()
    ]
    if len(differences) < 2:
        return SwapResult(reason="no_pairs")
    d = np.array(differences)
    signs, count, complete = sign_arrangements(
        len(d), rng, enumerate_up_to=settings.enumerate_up_to, draws=settings.surrogates
    )
    observed = float(_one_sample_t(d[None])[0])
    return _judge(observed, _one_sample_t(signs * d), count, complete, settings)


def _one_sample_t(differences: Floats) -> Floats:
    """Student's t of every row against 0; NaN for a row that does not vary."""
    n = differences.shape[1]
    sd = differences.std(axis=1, ddof=1)
    size = np.sqrt((differences**2).mean(axis=1))
    defined = sd > 1e-7 * size
    return np.where(
        defined, differences.mean(axis=1) / np.where(defined, sd / np.sqrt(n), 1.0), np.nan
    )


def _redraw(
    values: Floats,
    own: Flags,
    reference: Flags,
    used: Flags,
    design: SwapDesign,
    settings: ScoringSettings,
    rng: np.random.Generator,
) -> SwapResult:
    """Take the order of emotion and reference from new draws of the whole sequence.

    Only the emotion's and the reference's trials take part: the k-th of them in the session
    gets the label of the k-th of them in the new order.
    """
    observed = float(welch_t(values[used], own[used][None])[0])
    if design.redraw is None:
        return SwapResult(t=observed, reason="no_randomiser")
    labels = np.array(design.conditions)
    names_own = set(labels[own])
    taking_part = names_own | set(labels[reference])
    places = np.isin(labels, list(taking_part))
    table = np.empty((settings.surrogates, int(places.sum())), dtype=bool)
    for row in table:
        order = design.redraw(rng)
        drawn = [name in names_own for name in order if name in taking_part]
        if len(drawn) != len(row):
            return SwapResult(t=observed, reason="randomiser_mismatch")
        row[:] = drawn
    table = table[:, used[places]]
    count = len(np.unique(np.packbits(table, axis=1), axis=0))
    return _judge(observed, welch_t(values[used], table), count, complete=False, settings=settings)


def _judge(
    observed: float, drawn: Floats, count: int, complete: bool, settings: ScoringSettings
) -> SwapResult:
    if not np.isfinite(observed):
        return SwapResult(arrangements=count, reason="no_variance")
    z = z_surrogate(observed, drawn)
    if count < settings.min_arrangements:
        return SwapResult(observed, float("nan"), z, count, "too_few_arrangements")
    tail: Tail = "size" if settings.two_sided else "greater"
    p = p_value(observed, drawn, tail=tail, complete=complete)
    return SwapResult(observed, p, z, count, "")
