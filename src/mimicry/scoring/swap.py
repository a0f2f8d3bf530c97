"""The label-swap test: could this contrast have come about with the labels dealt otherwise?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.kernels.arrangements import welch_t
from mimicry.kernels.chance import Tail, p_value, z_surrogate
from mimicry.records import ScoringSettings
from mimicry.scoring.arrange import Arrangements, Compared, SwapDesign
from mimicry.scoring.nulls import SWAPS

__all__ = ["SwapResult", "label_swap", "label_swaps"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_LONG_BLOCK = 6  # two runs of at least this many trials are two blocks, not chance


@dataclass(frozen=True, slots=True)
class SwapResult:
    """Outcome of a label-swap test.

    `p` is as the settings say, `p_two_sided` two-sided whatever they say; `arrangements` is the
    number of different arrangements (of those drawn, for ``redraw``); `reason` says why `p` is
    NaN: ``no_variance``, ``too_few_trials``, ``too_few_arrangements``, ``not_identified``,
    ``no_randomiser``, ``randomiser_mismatch`` (it draws another number of trials than were
    shown), ``no_pairs``.
    """

    t: float = float("nan")
    p: float = float("nan")
    p_two_sided: float = float("nan")
    z_surrogate: float = float("nan")
    arrangements: int = 0
    reason: str = ""


def label_swap(
    values: ArrayLike,
    emotion: ArrayLike,
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
    emotion, reference
        (K,) which trials belong to the emotion and to its reference.
    design
        What was shown in which order.
    settings
        ``swap`` (a name in :data:`mimicry.scoring.nulls.SWAPS`), numbers of arrangements and
        sidedness.
    rng
        Used only when arrangements are drawn.

    Returns
    -------
    SwapResult
        Two-sided unless the settings say otherwise. Statistics are compared with a margin of
        1e-9; an arrangement without a defined statistic counts as reaching the observed one.

    Raises
    ------
    ValueError
        When there is no such swap.

    Notes
    -----
    The statistic is always studentised (Welch's t; the one-sample t of the differences for
    ``pairs``): with unequal counts and variances a bare mean difference rejects far too often.

    Examples
    --------
    >>> settings = ScoringSettings({}, swap="free", min_arrangements=0)
    >>> design = SwapDesign(["h", "h", "h", "n", "n", "n"])
    >>> emotion = np.array([1, 1, 1, 0, 0, 0], dtype=bool)
    >>> label_swap([5.0, 6.0, 7.0, 1.0, 2.0, 4.0], emotion, ~emotion, design, settings, None).p
    0.1
    """
    return label_swaps(np.asarray(values)[None], emotion, reference, design, settings, rng)[0]


def label_swaps(
    values: ArrayLike,
    emotion: ArrayLike,
    reference: ArrayLike,
    design: SwapDesign,
    settings: ScoringSettings,
    rng: np.random.Generator,
) -> tuple[SwapResult, ...]:
    """Test several values of the same trials, all with the same arrangements.

    Parameters and errors are those of :func:`label_swap`, but for `values`: (C, K), and a trial
    in which any of the C is NaN takes no part. Returns C results.
    """
    if settings.swap not in SWAPS:
        raise ValueError(f"no swap {settings.swap!r}; there are {', '.join(SWAPS)}")
    rows = np.asarray(values, dtype=np.float64)
    mine, other = np.asarray(emotion, dtype=bool), np.asarray(reference, dtype=bool)
    used = np.isfinite(rows).all(axis=0) & (mine | other)
    if min((used & mine).sum(), (used & other).sum()) < 1:
        return (SwapResult(reason="too_few_trials"),) * len(rows)
    if _two_long_blocks(mine[used]):
        paired = settings.swap == "pairs"
        ts = [np.nan if paired else welch_t(y[used], mine[used][None])[0] for y in rows]
        return tuple(SwapResult(t=float(t), reason="not_identified") for t in ts)
    arranged = SWAPS[settings.swap].draw(Compared(mine, other, used, design), settings, rng)
    return tuple(_compare(y, arranged, settings) for y in rows)


def _compare(values: Floats, arranged: Arrangements, settings: ScoringSettings) -> SwapResult:
    """Compare the labels as they were with their arrangements."""
    observed, count = arranged.observed(values), arranged.count
    if arranged.reason:
        return SwapResult(t=observed, reason=arranged.reason)
    if not np.isfinite(observed):
        return SwapResult(arrangements=count, reason="no_variance")
    drawn = arranged.drawn(values)
    z = z_surrogate(observed, drawn)
    if count < settings.min_arrangements:
        reason = "too_few_arrangements"
        return SwapResult(observed, z_surrogate=z, arrangements=count, reason=reason)
    tails: tuple[Tail, Tail] = ("size" if settings.two_sided else "greater", "size")
    p, p_two_sided = (p_value(observed, drawn, tail=t, complete=arranged.complete) for t in tails)
    return SwapResult(observed, p, p_two_sided, z, count)


def _two_long_blocks(emotion: Flags) -> bool:
    """Tell whether emotion and reference were never interleaved: time explains any difference."""
    changes = np.flatnonzero(np.diff(emotion.astype(np.int8)))
    return len(changes) == 1 and min(changes[0] + 1, len(emotion) - changes[0] - 1) >= _LONG_BLOCK
