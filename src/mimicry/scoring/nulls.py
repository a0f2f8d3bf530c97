"""The nulls of trials: what could have come about by chance, and when that answer is wrong.

A new null is an entry here and the function that draws for it. Protocols, grids and the tables of
``docs/nulls.md`` take their lists from these registries.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.series_surrogates import circular_shift, phase_randomised, segment_shuffle
from mimicry.records import Null, ScoringSettings, nulls_by_name
from mimicry.scoring.arrange import (
    Arrangements,
    Compared,
    deal_again,
    deal_blocks,
    deal_clips,
    deal_pairs,
    deal_trials,
)

__all__ = ["SECONDARY_NULLS", "SWAPS", "Arrange", "Surrogate"]

Floats = NDArray[np.float64]
Arrange = Callable[[Compared, ScoringSettings, np.random.Generator], Arrangements]
#: Stimuli (n, W), responses (n, M), rate in Hz, generator -> the same of one surrogate.
Surrogate = Callable[[Floats, Floats, float, np.random.Generator], tuple[Floats, Floats]]

_DEALT = "Could this contrast have come about if the condition labels had been dealt otherwise?"


def _other_clips(
    stimuli: Floats, responses: Floats, _rate_hz: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    return stimuli[rng.permutation(len(stimuli))], responses


def _each(draw: Callable[[Floats, float, np.random.Generator], Floats]) -> Surrogate:
    """Return the null that changes every response by itself."""

    def surrogate(
        stimuli: Floats, responses: Floats, rate_hz: float, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        return stimuli, np.array([draw(y, rate_hz, rng) for y in responses])

    return surrogate


def _shuffled(response: Floats, rate_hz: float, rng: np.random.Generator) -> Floats:
    return segment_shuffle(response, rng, segment=max(1, round(0.5 * rate_hz)))


#: ``scoring.swap``: the null for mimicry. What is dealt anew follows how the design dealt it.
SWAPS: dict[str, Null[Arrange]] = nulls_by_name(
    Null(
        "redraw",
        "the order is drawn anew by the protocol's own randomiser; the k-th trial of the contrast "
        "gets the k-th label of the new order",
        _DEALT,
        "clips repeat; the session was not the protocol's (`randomiser_mismatch`)",
        deal_again,
        "run lengths or positions were restricted",
    ),
    Null(
        "free",
        "labels over trials",
        _DEALT,
        "run lengths or positions were restricted; clips repeat",
        deal_trials,
        "the order was drawn without limits and no clip repeats",
    ),
    Null(
        "clip",
        "labels over clips, each with the mean of its trials",
        _DEALT,
        "there are too few clips (fewer than 40 arrangements: no p)",
        deal_clips,
        "a clip is shown more than once: its trials share whatever is special about the clip",
    ),
    Null(
        "pairs",
        "emotion and reference within one identity, or one block",
        _DEALT,
        "identities differ between the conditions",
        deal_pairs,
        "each identity shows both",
    ),
    Null(
        "block",
        "labels over whole runs of equal condition; mini-blocks that a `run` column numbers stay "
        "apart",
        _DEALT,
        "two long blocks (never identified); mini-blocks of one condition in a row without "
        "numbers: cautious",
        deal_blocks,
        "conditions came in mini-blocks",
    ),
)

#: ``scoring.secondary_nulls``: is the response tied to the stimulus at all? No claim of mimicry:
#: a startle, a blink or a word at every stimulus is time-locked too.
SECONDARY_NULLS: dict[str, Null[Surrogate]] = nulls_by_name(
    Null(
        "stimulus-permutation",
        "clips in another order; the responses and the set of clips stay",
        "Does a response follow its own clip rather than another?",
        "clips share one time course (then it is not computed: `identical_stimuli`); similar clips "
        "were shown close together",
        _other_clips,
    ),
    Null(
        "circular-shift",
        "each response moved round; its values and their neighbourhood stay",
        "Is there any time-locking?",
        "every stimulus triggers the same movement; drift (the seam is a step)",
        _each(lambda y, _, rng: circular_shift(y, rng, min_shift=1)),
    ),
    Null(
        "phase-randomisation",
        "each response with random phases; its power spectrum stays",
        "Is there any time-locking, given stationary Gaussian signals?",
        "every stimulus triggers the same movement; bursts, which turn into a steady hum",
        _each(lambda y, _, rng: phase_randomised(y, rng)),
    ),
    Null(
        "segment-shuffle",
        "each response's stretches of half a second in another order",
        "Is there any time-locking, whatever the slow course of the response?",
        "every stimulus triggers the same movement; drift; smooth responses, which the cuts make "
        "rougher",
        _each(_shuffled),
    ),
)
