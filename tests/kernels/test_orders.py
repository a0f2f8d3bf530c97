"""Random orders with limited runs are uniform, and redrawing keeps what it must."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import chisquare

from mimicry.kernels import orders
from mimicry.kernels.orders import longest_run, restricted_orders

RNG = np.random.default_rng


def every_order(labels: list[int], limit: int) -> set[tuple[int, ...]]:
    """The slow way: all arrangements, looked at one by one."""
    return {p for p in permutations(labels) if longest_run(p) <= limit}


@pytest.mark.parametrize(("counts", "limit"), [((3, 3), 1), ((4, 2), 2), ((2, 3, 2), 2)])
def test_every_allowed_order_is_equally_likely(counts: tuple[int, ...], limit: int) -> None:
    labels = [c for c, n in enumerate(counts) for _ in range(n)]
    allowed = every_order(labels, limit)
    drawn = Counter(map(tuple, restricted_orders(counts, limit, RNG(1), 20_000).tolist()))
    assert set(drawn) == allowed
    assert chisquare(list(drawn.values())).pvalue > 0.001


def test_a_session_of_three_conditions_keeps_counts_and_limit() -> None:
    drawn = restricted_orders([24, 24, 24], 2, RNG(2), 50)
    assert all(np.bincount(row).tolist() == [24, 24, 24] for row in drawn)
    assert max(longest_run(row) for row in drawn) == 2


def test_many_conditions_are_drawn_by_rejection_and_keep_the_limit() -> None:
    drawn = restricted_orders([8] * 7, 2, RNG(3), 20)
    assert all(np.bincount(row).tolist() == [8] * 7 for row in drawn)
    assert max(longest_run(row) for row in drawn) <= 2


def test_an_order_that_cannot_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no order"):
        restricted_orders([7, 2], 2, RNG(4))


def test_equal_seeds_give_equal_orders() -> None:
    one, two = (restricted_orders([9, 9, 9], 2, RNG(8), 5) for _ in range(2))
    assert (one == two).all()


def test_numbers_of_orders_beyond_a_float_do_not_break_the_limit() -> None:
    drawn = restricted_orders([620, 620], 3, RNG(9), 2)  # some 1e328 orders
    assert all(np.bincount(row).tolist() == [620, 620] for row in drawn)
    assert [longest_run(row) for row in drawn] == [3, 3]


@pytest.mark.parametrize("each", [545, 600])
def test_long_designs_in_strict_turn_keep_it(each: int) -> None:
    drawn = restricted_orders([each, each], 1, RNG(9), 4)  # 2 orders of some 1e360
    assert all(np.bincount(row).tolist() == [each, each] for row in drawn)
    assert [longest_run(row) for row in drawn] == [1] * 4


def test_scaling_changes_no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = restricted_orders([9, 12, 7], 2, RNG(10), 200)
    monkeypatch.setattr(orders, "LARGEST", 0)
    orders._continuations.cache_clear()
    scaled = restricted_orders([9, 12, 7], 2, RNG(10), 200)
    orders._continuations.cache_clear()
    assert (plain == scaled).all()


@pytest.mark.parametrize("counts", [(96, 96, 96), (100,) * 6, (50, 60, 70, 20, 100)])
def test_designs_too_large_to_count_get_orders_too(counts: tuple[int, ...]) -> None:
    drawn = restricted_orders(counts, 2, RNG(11), 3)
    assert all(np.bincount(row).tolist() == list(counts) for row in drawn)
    assert max(longest_run(row) for row in drawn) == 2
    assert (drawn == restricted_orders(counts, 2, RNG(11), 3)).all()


def test_mixed_orders_have_the_statistics_of_counted_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = restricted_orders([20, 20, 20], 2, RNG(12), 1500)
    monkeypatch.setattr(orders, "MAX_STATES", 0)
    monkeypatch.setattr(orders, "CROWDED", -1.0)
    mixed = restricted_orders([20, 20, 20], 2, RNG(13), 1500)
    for apart in (1, 2, 7):
        one, two = ((o[:, apart:] == o[:, :-apart]).sum(axis=1) for o in (counted, mixed))
        assert abs(one.mean() - two.mean()) < 4 * np.hypot(one.std(), two.std()) / np.sqrt(1000)
        assert one.std() == pytest.approx(two.std(), rel=0.12)
    assert np.bincount(mixed[:, 0]) / 1500 == pytest.approx([1 / 3] * 3, abs=0.06)


@pytest.mark.parametrize(("labels", "limit"), [((0, 0, 0, 1, 1), 1), ((0, 0, 0, 0, 1, 1, 1), 2)])
def test_runs_that_are_too_long_are_as_many_as_in_all_shuffles(labels, limit):
    shuffles = list(permutations(labels))
    wide = limit + 1
    windows = (one[k : k + wide] for one in shuffles for k in range(len(labels) - limit))
    too_long = sum(len(set(window)) == 1 for window in windows)
    assert orders._crowding(np.array(labels), limit) == pytest.approx(too_long / len(shuffles))
