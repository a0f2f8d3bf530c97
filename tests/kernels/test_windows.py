"""Half-open windows, their means, and change from baseline."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimicry.kernels.baseline import block_standard_error, delta, pooled_sd
from mimicry.kernels.windows import bin_counts, bin_edges, in_window, window_mean, window_sd

TIMES = np.arange(-15, 90) / 30


@pytest.mark.parametrize(
    ("window", "n"), [((-0.5, 0.0), 15), ((0.5, 2.5), 60), ((0.0, 1.0), 30), ((1.5, 2.5), 30)]
)
def test_a_window_begins_with_its_first_sample_and_ends_before_its_last(window, n):
    inside = in_window(TIMES, window)
    assert inside.sum() == n
    assert TIMES[inside][0] == pytest.approx(window[0])


def test_half_of_the_samples_is_enough_and_fewer_are_not():
    y = np.arange(10.0)[None].repeat(2, axis=0)
    y[0, :5] = np.nan
    y[1, :6] = np.nan
    mean = window_mean(y, np.ones(10, dtype=bool))
    assert mean[0] == 7
    assert np.isnan(mean[1])
    assert np.isnan(window_mean(y, np.zeros(10, dtype=bool))).all()


def test_the_sd_of_a_window_agrees_with_numpy():
    y = np.random.default_rng(1).normal(5, 2, (3, 20, 2))
    y[1, 3] = np.nan
    found = window_sd(y, np.ones(20, dtype=bool))
    assert found == pytest.approx(np.nanstd(y, axis=1, ddof=1), abs=1e-12)


def test_bins_count_frames_at_their_true_times():
    times = np.array([0.0, 0.05, 0.1, 0.19999999999, 0.2, 0.31])
    edges = bin_edges((0.0, 0.4), 0.1)
    # What is less than a nanosecond before an edge counts as lying on it.
    assert bin_counts(times, edges, np.ones(6)).tolist() == [2, 1, 2, 1]
    flags = np.array([1, 0, 0, 1, 1, 0])
    assert bin_counts(times, edges, flags).sum() == 3


@given(st.floats(-100, 100), st.floats(-3, 3))
def test_delta_ignores_the_level_and_scales_with_the_response(level, scale):
    y = np.where(TIMES >= 0.5, 1.0, 0.0)[None]
    assert delta(TIMES, scale * y + level, (0.5, 2.5)).item() == pytest.approx(scale, abs=1e-9)


@pytest.mark.parametrize(("n", "defined"), [(7, False), (8, True)])
def test_eight_trials_are_needed_to_standardise(n, defined):
    deltas = np.random.default_rng(2).normal(0, 1, (n, 1))
    assert np.isfinite(pooled_sd(deltas)).all() == defined


def test_missing_trials_do_not_count_as_trials():
    deltas = np.random.default_rng(2).normal(0, 1, 8)
    assert np.isfinite(pooled_sd(deltas))
    deltas[0] = np.nan
    assert np.isnan(pooled_sd(deltas))


def test_block_errors_agree_with_drawing_the_blocks():
    rng = np.random.default_rng(3)
    y = np.convolve(rng.normal(0, 1, 68), np.ones(9) / 9, mode="valid")
    blocks = np.lib.stride_tricks.sliding_window_view(y, 10)
    drawn = blocks[rng.integers(0, len(blocks), (20_000, 6))].mean(axis=(1, 2))
    found = block_standard_error(y[None], np.ones(60, dtype=bool), 10)
    assert found.item() == pytest.approx(drawn.std(), rel=0.03)


def test_a_window_shorter_than_two_blocks_has_no_error():
    assert np.isnan(block_standard_error(np.ones((1, 9)), np.ones(9, dtype=bool), 5)).all()
