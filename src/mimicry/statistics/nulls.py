"""The nulls of one value a person: do people in general respond?"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.arrangements import sign_arrangements
from mimicry.kernels.chance import p_value
from mimicry.records import Null, nulls_by_name
from mimicry.statistics.clips import ClipTable
from mimicry.statistics.crossed import crossed
from mimicry.statistics.groups import one_sample

__all__ = ["PEOPLE_NULLS", "sign_flip_p"]

Floats = NDArray[np.float64]
#: One value a person, a generator, the same people's scores by clip -> two-sided p.
PeopleP = Callable[[Floats, np.random.Generator, Sequence[ClipTable]], float]


def sign_flip_p(values: Floats, rng: np.random.Generator) -> float:
    """Return two-sided p of the mean of (n,) values over flipped signs; NaN takes no part.

    All 2^n are listed up to 10,000, beyond 9,999 are drawn.

    Examples
    --------
    >>> sign_flip_p(np.array([1.0, 2.0, 3.0]), np.random.default_rng(0))
    0.25
    """
    finite = values[np.isfinite(values)]
    signs, _, complete = sign_arrangements(len(finite), rng)
    return p_value(finite.sum(), signs @ finite, tail="size", complete=complete)


PEOPLE_NULLS: dict[str, Null[PeopleP]] = nulls_by_name(
    Null(
        "t-clips",
        "none: the t distribution stands for them, with people and clips random",
        "Do people in general respond, to clips like these?",
        "few people whose contrasts are far from normal",
        lambda _values, _rng, clips: crossed([clips]).test([1.0]).p,
    ),
    Null(
        "t",
        "none: the t distribution stands for them",
        "Do people in general respond, to these clips?",
        "few people whose contrasts are far from normal; what is said of other clips",
        lambda values, _rng, _clips: one_sample(values).p,
    ),
    Null(
        "sign-flip",
        "signs of the people's contrasts",
        "Do people in general respond, to these clips?",
        "contrasts that are not symmetric about 0 under the null; what is said of other clips",
        lambda values, rng, _clips: sign_flip_p(values, rng),
    ),
)
