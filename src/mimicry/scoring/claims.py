"""What one person's contrast supports: a claim in words, from the contrast and its target part.

A contrast above 0 alone is no mimicry: who smiles at happy and neutral faces but not at angry
ones has a contrast for anger without any frown. So the target movement must do it by itself.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.records.settings import Reference

__all__ = ["NONE", "OPPONENT_ONLY", "Claim", "claim_words", "decide_claim"]

Claim = Literal[
    "mimicry",
    "counter-mimicry",
    "valence-congruent",
    "valence-incongruent",
    "opponent only",
    "none",
]
OPPONENT_ONLY: Claim = "opponent only"
NONE: Claim = "none"
_WORDS: dict[Reference, tuple[Claim, Claim]] = {
    "neutral": ("mimicry", "counter-mimicry"),
    "valence": ("valence-congruent", "valence-incongruent"),
}


def claim_words(reference: Reference) -> tuple[Claim, Claim]:
    """Return the claims towards the emotion and against it."""
    return _WORDS[reference]


def decide_claim(
    contrast: ArrayLike,
    target: ArrayLike,
    p: ArrayLike,
    p_target: ArrayLike,
    *,
    alpha: float = 0.05,
    reference: Reference = "neutral",
) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """Decide what a contrast supports; all arguments may be arrays of one shape.

    Parameters
    ----------
    contrast, target
        The contrast, and the same difference for the target action units alone. Any unit.
    p, p_target
        Their two-sided p.
    alpha
        Level of the claim.
    reference
        What the emotion was compared with: ``valence`` supports no claim about one emotion.

    Returns
    -------
    p_claim
        ``max(p, p_target)`` where both lie on one side of 0, otherwise 1. An
        intersection-union test: it keeps its level without a correction. NaN where any
        number is missing.
    claim
        ``mimicry`` or ``counter-mimicry`` (with ``reference: valence``: ``valence-congruent``
        or ``valence-incongruent``) where ``p_claim <= alpha``; ``opponent only`` where
        ``p <= alpha`` and it is neither; else ``none``. "" where any number is missing.

    References
    ----------
    Berger (1982), Multiparameter hypothesis testing and acceptance sampling, Technometrics 24,
    295-300.

    Examples
    --------
    >>> p_claim, claim = decide_claim(1.5, [0.9, 0.2, -0.1], 0.01, [0.02, 0.3, 0.6])
    >>> p_claim.tolist(), claim.tolist()
    ([0.02, 0.3, 1.0], ['mimicry', 'opponent only', 'opponent only'])
    """
    numbers = np.broadcast_arrays(*(np.asarray(v, float) for v in (contrast, target, p, p_target)))
    whole, part, p_whole, p_part = numbers
    missing = ~np.isfinite(numbers).all(axis=0)
    one_side = np.sign(whole) * np.sign(part) > 0
    p_claim = np.where(missing, np.nan, np.where(one_side, np.maximum(p_whole, p_part), 1.0))
    supported = one_side & (p_claim <= alpha)
    towards, against = claim_words(reference)
    cases = (missing, supported & (whole > 0), supported & (whole < 0), p_whole <= alpha)
    return p_claim, np.select(cases, ("", towards, against, OPPONENT_ONLY), NONE)
