"""The label-swap test: could this contrast have come about with the labels dealt otherwise?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.kernels.arrangements import welch_t
from mimicry.kernels.chance import Tail, p_value, z_surrogate
from mimicry.records import ScoringSettings
from mimicry.scoring.arrange import Compared, SwapDesign
from mimicry.scoring.nulls import SWAPS

__all__ = ["SwapResult", "label_swap"]

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
    if settings.swap not in SWAPS:
        raise ValueError(f"no swap {settings.swap!r}; there are {', '.join(SWAPS)}")
    y = np.asarray(values, dtype=np.float64)
    mine, other = np.asarray(emotion, dtype=bool), np.asarray(reference, dtype=bool)
    used = np.isfinite(y) & (mine | other)
    if min((used & mine).sum(), (used & other).sum()) < 1:
        return SwapResult(reason="too_few_trials")
    if _two_long_blocks(mine[used]):
        t = float("nan") if settings.swap == "pairs" else welch_t(y[used], mine[used][None])[0]
        return SwapResult(t=float(t), reason="not_identified")
    arranged = SWAPS[settings.swap].draw(Compared(mine, other, used, design), settings, rng)
    observed = arranged.observed(y)
    if arranged.reason:
        return SwapResult(t=observed, reason=arranged.reason)
    if not np.isfinite(observed):
        return SwapResult(arrangements=arranged.count, reason="no_variance")
    drawn = arranged.drawn(y)
    z = z_surrogate(observed, drawn)
    if arranged.count < settings.min_arrangements:
        return SwapResult(observed, float("nan"), z, arranged.count, "too_few_arrangements")
    tail: Tail = "size" if settings.two_sided else "greater"
    p = p_value(observed, drawn, tail=tail, complete=arranged.complete)
    return SwapResult(observed, p, z, arranged.count)


def _two_long_blocks(emotion: Flags) -> bool:
    """Tell whether emotion and reference were never interleaved: time explains any difference."""
    changes = np.flatnonzero(np.diff(emotion.astype(np.int8)))
    return len(changes) == 1 and min(changes[0] + 1, len(emotion) - changes[0] - 1) >= _LONG_BLOCK
