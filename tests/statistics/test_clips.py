"""Tables of people and clips: by hand, and the fit of both against dummy variables."""

import numpy as np
import pytest

from mimicry.statistics.clips import ClipTable, ContrastTrials, additive_fit, clip_tables, stacked


def test_a_table_holds_every_trial_of_its_side_and_the_clips_of_all_groups():
    first = ContrastTrials("a", [1.0, 3.0, 5.0], [0.5], ("h1", "h2", "h1"), ("n1",))
    second = ContrastTrials("b", [2.0], [1.5, 2.5], ("h3",), ("n1", "n1"))
    (one, reference), (other, _) = clip_tables([[first], [second]])
    assert one.total.tolist() == [[6.0, 3.0, 0.0]]
    assert one.trials.tolist() == [[2.0, 1.0, 0.0]]
    assert one.squares.tolist() == [[8.0, 0.0, 0.0]]
    assert one.mean.tolist() == [[3.0, 3.0, 0.0]]
    assert one.share.tolist() == [[2 / 3, 1 / 3, 0.0]]
    assert other.seen.tolist() == [[False, False, True]]
    assert (one.sign, reference.sign, reference.total.tolist()) == (1.0, -1.0, [[0.5]])
    both = stacked([one, other])
    assert both.total.tolist() == [[6.0, 3.0, 0.0], [0.0, 0.0, 2.0]]
    assert both.of([1]).trials.tolist() == [[0.0, 0.0, 1.0]]


def test_a_difference_of_tables_keeps_the_clips_of_both():
    more = ClipTable(np.array([[4.0, 6.0, 1.0]]), np.array([[2.0, 2.0, 1.0]]), np.zeros((1, 3)))
    less = ClipTable(np.array([[1.0, 0.0, 3.0]]), np.array([[1.0, 0.0, 3.0]]), np.zeros((1, 3)))
    found = more.minus(less)
    assert found.total.tolist() == [[1.0, 0.0, 0.0]]
    assert found.seen.tolist() == [[True, False, True]]


def dummies(table):
    """Fit person and clip as dummy variables, cell by cell: the slow judge of `additive_fit`."""
    rows, y = [], []
    n, k = table.total.shape
    for p in range(n):
        for c in range(k):
            if table.trials[p, c]:
                rows.append(np.r_[np.arange(n) == p, np.arange(k) == c].astype(float))
                y.append(table.total[p, c] / table.trials[p, c])
    x, y = np.array(rows), np.array(y)
    people = x[:, :n]
    whole, *_ = np.linalg.lstsq(x, y, rcond=None)
    alone, *_ = np.linalg.lstsq(people, y, rcond=None)
    rank, used = np.linalg.matrix_rank(x), np.linalg.matrix_rank(people)
    left = ((y - x @ whole) ** 2).sum()
    return whole[n:], left, len(y) - rank, ((y - people @ alone) ** 2).sum() - left, rank - used


@pytest.mark.parametrize("lost", [0.0, 0.3])
def test_the_fit_is_that_of_dummy_variables(lost):
    rng = np.random.default_rng(3)
    trials = (rng.random((9, 5)) >= lost).astype(float) * rng.integers(1, 4, (9, 5))
    table = ClipTable(trials * rng.normal(size=(9, 5)), trials, np.zeros((9, 5)))
    found = additive_fit(table)
    effects, left, df, squares, rank = dummies(table)
    assert found.df == df
    assert found.error == pytest.approx(left / df)
    assert found.squares == pytest.approx(squares)
    assert found.basis.shape[1] == rank
    assert found.effects == pytest.approx(effects - effects.mean())
    if not lost:  # everybody saw everything: n (K - 1), and 1/n for each clip
        assert found.trace == pytest.approx(9 * 4)
        assert np.trace(found.inverse) == pytest.approx(4 / 9)


def test_clips_that_nobody_shares_have_no_effect():
    table = ClipTable(np.diag([1.0, 2.0, 4.0]), np.eye(3), np.zeros((3, 3)))
    found = additive_fit(table)
    assert found.effects.tolist() == [0.0, 0.0, 0.0]
    assert (found.basis.shape[1], found.df, found.error, found.trace) == (0, 0, 0.0, 0.0)
