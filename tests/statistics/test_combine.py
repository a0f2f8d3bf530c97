"""One p for all people, and the nulls of one value a person."""

import numpy as np
import pytest
from scipy import stats

from mimicry.statistics.clips import ContrastTrials, clip_tables
from mimicry.statistics.combine import combined_p
from mimicry.statistics.crossed import crossed
from mimicry.statistics.groups import one_sample
from mimicry.statistics.nulls import PEOPLE_NULLS, sign_flip_p

SHOWN = np.random.default_rng(1).normal(0.5, 1, (9, 4))


def test_effects_are_added_and_compared_with_a_normal() -> None:
    """Three of z = 1 are worth sqrt 3; which side they lie on makes no difference."""
    z = np.array([1.0, np.nan, 1.0, 1.0])
    p, reason = combined_p(z, ["", "x", "", ""])
    assert (p, reason) == (pytest.approx(2 * stats.norm.sf(np.sqrt(3))), "")
    assert combined_p(-z, [])[0] == pytest.approx(p)
    assert combined_p(np.array([2.0]), [])[0] == pytest.approx(2 * stats.norm.sf(2))
    assert combined_p(np.array([1.0, -1.0]), [])[0] == 1.0


def test_without_anyone_the_reasons_are_named_once() -> None:
    for reasons, expected in (([], "no_swap"), ([""], "no_swap"), (["b", "", "a", "b"], "a;b")):
        p, reason = combined_p(np.array([np.nan]), reasons)
        assert np.isnan(p)
        assert reason == expected


@pytest.mark.parametrize(
    ("values", "p"),
    [([1.0, 2.0, 3.0], 2 / 8), ([-1.0, -2.0, -3.0], 2 / 8), ([1.0, np.nan, -1.0], 1.0),
     ([3.0, 1.0, -0.5], 4 / 8), ([1.0], 1.0)],
)  # fmt: skip
def test_signs_are_flipped_in_all_ways(values: list[float], p: float) -> None:
    """The sum 6 is reached by two of eight arrangements, 3.5 by four."""
    assert sign_flip_p(np.array(values), np.random.default_rng(0)) == pytest.approx(p)


def test_the_nulls_of_people_are_listed_by_name() -> None:
    assert list(PEOPLE_NULLS) == ["t-clips", "t", "sign-flip"]
    values, rng = np.array([1.0, 2.0, 4.0]), np.random.default_rng(0)
    assert [null.name for null in PEOPLE_NULLS.values()] == ["t-clips", "t", "sign-flip"]
    clips = clip_tables([[ContrastTrials(str(k), v, np.zeros(4)) for k, v in enumerate(SHOWN)]])[0]
    assert PEOPLE_NULLS["t-clips"].draw(values, rng, clips) == crossed([clips]).test([1.0]).p
    assert PEOPLE_NULLS["t"].draw(values, rng, ()) == one_sample(values).p
    assert PEOPLE_NULLS["sign-flip"].draw(values, rng, ()) == sign_flip_p(values, rng)
