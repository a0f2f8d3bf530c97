"""Orders built and mixed by swaps: found wherever one exists, and all equally likely."""

from collections import Counter
from functools import cache
from itertools import permutations, product

import numpy as np
import pytest
from scipy.stats import chisquare

from mimicry.kernels.mixing import crossed_order, crossed_start, feasible_order
from mimicry.kernels.orders import longest_run

RNG = np.random.default_rng
Sizes = tuple[int, int]


def exists(sizes: Sizes, each: int, limits: Sizes) -> bool:
    """The slow way: look at every way to go on."""

    @cache
    def go(left: tuple[int, ...], last: tuple[int, int], runs: tuple[int, int]) -> bool:
        for k in (k for k, n in enumerate(left) if n):
            pair = divmod(k, sizes[1])
            now = [r + 1 if a == b else 1 for a, b, r in zip(pair, last, runs, strict=True)]
            rest = (*left[:k], left[k] - 1, *left[k + 1 :])
            fits = now[0] <= limits[0] and now[1] <= limits[1]
            if fits and go(rest, (pair[0], pair[1]), (now[0], now[1])):
                return True
        return not any(left)

    return go((each,) * (sizes[0] * sizes[1]), (-1, -1), (0, 0))


def test_an_order_of_two_factors_is_found_wherever_one_exists() -> None:
    for first, second, each in product((1, 2, 3), (1, 2, 3), (1, 2)):
        for limits in product((1, 2, 3), repeat=2):
            start = crossed_start((first, second), each, limits)
            case = (first, second, each, limits)
            assert (start is not None) == exists((first, second), each, limits), case
            if start is not None:
                assert Counter(zip(*start.tolist(), strict=True)) == dict.fromkeys(
                    product(range(first), range(second)), each
                )
                assert longest_run(start[0]) <= limits[0]
                assert longest_run(start[1]) <= limits[1]


@pytest.mark.parametrize(("sizes", "limits"), [((3, 2), (2, 1)), ((2, 3), (1, 2))])
def test_every_order_of_two_factors_is_equally_likely(sizes: Sizes, limits: Sizes) -> None:
    pairs = list(product(range(sizes[0]), range(sizes[1])))
    allowed = {
        p
        for p in permutations(pairs)
        if all(longest_run([x[f] for x in p]) <= limits[f] for f in (0, 1))
    }
    rng = RNG(1)
    some = [crossed_order(sizes, 1, limits, rng) for _ in range(6 * len(allowed))]
    drawn = Counter(tuple(zip(*o.tolist(), strict=True)) for o in some if o is not None)
    assert set(drawn) <= allowed
    assert chisquare([drawn[order] for order in sorted(allowed)]).pvalue > 0.001


@pytest.mark.parametrize(("counts", "limit"), [((5, 2, 2), 1), ((9, 4), 2), ((3, 3, 3), 1)])
def test_a_start_never_ends_in_a_dead_end(counts: tuple[int, ...], limit: int) -> None:
    for seed in range(60):
        order = feasible_order(counts, limit, RNG(seed))
        assert np.bincount(order).tolist() == list(counts)
        assert longest_run(order) <= limit


def test_two_faces_and_two_conditions_cannot_both_take_turns() -> None:
    assert crossed_order((2, 2), 8, (1, 1), RNG(2)) is None


def test_a_long_session_with_two_faces_in_turn_has_an_order() -> None:
    order = crossed_order((3, 2), 48, (2, 1), RNG(3))
    assert order is not None
    assert (longest_run(order[0]), longest_run(order[1])) == (2, 1)
    again = crossed_order((3, 2), 48, (2, 1), RNG(3))
    assert again is not None
    assert (order == again).all()


@pytest.mark.parametrize(
    ("sizes", "limits", "start"),
    [
        ((2, 4), (5, 2), ["1000111101101000", "1132103320202013"]),
        ((4, 2), (2, 5), ["1132103320202013", "1000111101101000"]),
        ((2, 3), (2, 1), ["100110110100", "212102020101"]),
    ],
)
def test_the_start_of_two_factors_stays_the_one_that_plans_were_made_with(sizes, limits, start):
    """A session planned with a seed can be made again, whichever factor is laid out first."""
    found = crossed_start(sizes, 2, limits)
    assert ["".join(map(str, row)) for row in found.tolist()] == start
