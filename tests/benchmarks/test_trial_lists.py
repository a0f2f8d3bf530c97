"""Trial orders keep what they promise."""

import itertools

import numpy as np
import pytest
from benchmarks.trial_lists import make_trials, shuffled_order

LABELS = ["happy"] * 20 + ["angry"] * 20 + ["neutral"] * 20


def runs(labels):
    return [len(list(g)) for _, g in itertools.groupby(labels)]


@pytest.mark.parametrize("keys", [{}, {"max_run": 2}, {"run": 4}])
def test_an_order_holds_every_trial_once(keys):
    order = shuffled_order(LABELS, np.random.default_rng(1), **keys)
    np.testing.assert_array_equal(np.sort(order), np.arange(60))


def test_a_restricted_order_has_no_longer_run():
    for seed in range(20):
        order = shuffled_order(LABELS, np.random.default_rng(seed), max_run=2)
        assert max(runs([LABELS[k] for k in order])) <= 2


def test_mini_blocks_keep_their_length():
    order = shuffled_order(LABELS, np.random.default_rng(1), run=4)
    assert all(n % 4 == 0 for n in runs([LABELS[k] for k in order]))


def test_an_impossible_restriction_is_an_error():
    with pytest.raises(ValueError, match="runs"):
        shuffled_order(["a"] * 9 + ["b"], np.random.default_rng(1), max_run=1)


def test_clips_are_used_in_turn():
    trials, timelines = make_trials({"happy": 16, "neutral": 16}, np.random.default_rng(1), clips=4)
    used = [trials.stimulus_id.count(s) for s in timelines]
    assert used == [4] * 8
