"""Lagged correlation against the slow loop, and its invariances."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "scoring"))
import slow

from mimicry.kernels.correlation import (
    fisher_z,
    lag_samples,
    lagged_correlation,
    peak_over_lags,
)


def judged(x, y, lags):
    """The slow loop on every series of x."""
    return np.array([slow.lagged(list(row), list(y), 0, len(row) - 1, range(lags)) for row in x])


def smooth_noise(rng, *shape):
    return np.cumsum(rng.normal(0, 1, shape), axis=-1)


@pytest.mark.parametrize("offset", [0.0, 1e6, -1e6])
@pytest.mark.parametrize("missing", ["none", "y", "both"])
def test_the_kernel_agrees_with_the_slow_loop(offset, missing):
    """To 1e-12, with gaps on either side and with a constant offset of a million."""
    rng = np.random.default_rng(5)
    x, y = smooth_noise(rng, 4, 30) + offset, smooth_noise(rng, 44) + offset
    if missing != "none":
        y[[5, 6, 20, 33]] = np.nan
    if missing == "both":
        x[1, [2, 9]] = np.nan
        x[3, 15:18] = np.nan
    found = lagged_correlation(x, y)
    expected = judged(x, y, 15)
    assert (np.isnan(found) == np.isnan(expected)).all()
    assert np.nanmax(np.abs(found - expected)) < 1e-12


def test_a_large_level_under_a_tiny_movement_costs_no_digit():
    """A step outside the shared samples, a thousandth of movement inside: no cancellation."""
    rng = np.random.default_rng(6)
    x = np.concatenate([np.full(5, 1e4), 1e-3 * rng.normal(0, 1, 45)])[None]
    y = smooth_noise(rng, 52)
    y[[0, 1, 2, 3, 4, 5, 6]] = np.nan
    found = lagged_correlation(x, y)
    expected = judged(x, y, 3)
    assert np.isfinite(expected).all()
    assert np.abs(found - expected).max() < 1e-12


def test_a_series_that_is_constant_where_both_are_seen_has_no_correlation():
    x = np.concatenate([[5.0, 4.0], np.full(18, 1.0)])[None]
    y = smooth_noise(np.random.default_rng(7), 20)
    y[:2] = np.nan
    assert np.isnan(lagged_correlation(x, y)).all()


def test_fewer_than_four_fifths_of_the_pairs_give_nan():
    rng = np.random.default_rng(8)
    x, y = smooth_noise(rng, 1, 20), smooth_noise(rng, 20)
    y[:4] = np.nan
    assert np.isfinite(lagged_correlation(x, y)).all()
    y[4] = np.nan
    assert np.isnan(lagged_correlation(x, y)).all()


def test_batches_of_any_shape_give_what_single_calls_give():
    rng = np.random.default_rng(9)
    x, y = smooth_noise(rng, 3, 2, 5, 25), smooth_noise(rng, 3, 2, 40)
    y[1, 1, 7] = np.nan
    found = lagged_correlation(x, y)
    assert found.shape == (3, 2, 5, 16)
    for k in range(3):
        for a in range(2):
            assert np.allclose(found[k, a], lagged_correlation(x[k, a], y[k, a]), atol=1e-13)


def test_a_positive_lag_means_that_the_second_series_follows():
    rng = np.random.default_rng(10)
    course = smooth_noise(rng, 80)
    x, late = course[20:60], np.roll(course, 6)
    lags = np.arange(-10, 11)
    r = lagged_correlation(x[None], late[10:70])[0]
    assert peak_over_lags(r, lags)[1] == 6


series = st.lists(st.floats(-10, 10, allow_subnormal=False), min_size=26, max_size=26)


@settings(max_examples=60, deadline=None)
@given(series, series, st.floats(-1e3, 1e3), st.floats(0.01, 100))
def test_shift_and_scale_of_either_side_change_nothing(a, b, shift, scale):
    x, y = np.round(np.array(a[:16]), 3)[None], np.round(np.array(b), 3)
    plain = lagged_correlation(x, y)
    other = lagged_correlation(scale * x + shift, 2 * y - shift)
    same = np.isfinite(plain) & np.isfinite(other)
    assert np.allclose(plain[same], other[same], atol=1e-7)


@settings(max_examples=60, deadline=None)
@given(series, series)
def test_time_reversal_flips_the_signs_of_the_lags(a, b):
    x, y = np.array(a[:16])[None], np.array(b)
    forward = lagged_correlation(x, y)
    backward = lagged_correlation(x[:, ::-1], y[::-1])
    assert np.allclose(forward, backward[:, ::-1], atol=1e-9, equal_nan=True)


@settings(max_examples=40, deadline=None)
@given(series, series)
def test_a_response_and_a_stimulus_of_equal_length_can_change_places(a, b):
    x, y = np.array(a[:16]), np.array(b[:16])
    first, second = lagged_correlation(x[None], y), lagged_correlation(y[None], x)
    assert np.allclose(first, second, atol=1e-12, equal_nan=True)


def test_lags_are_whole_samples_inside_the_closed_range():
    assert lag_samples((0.0, 1.5), 30).tolist() == list(range(46))
    assert lag_samples((-1.5, 1.5), 30).size == 91


def test_fisher_z_is_signed_and_finite():
    z = fisher_z([-1.0, 0.0, 1.0, np.nan])
    assert z[0] == -z[2] < -8
    assert np.isnan(z[3])


def test_without_any_correlation_there_is_no_peak():
    height, lag = peak_over_lags([np.nan, np.nan], [0.0, 1.0])
    assert np.isnan(height)
    assert np.isnan(lag)


def test_two_samples_correlate_by_their_direction_alone():
    x = np.array([[0.0, 1.0]])
    assert lagged_correlation(x, [3.0, 5.0, 4.0])[0] == pytest.approx([1.0, -1.0])
    with pytest.raises(ValueError, match="has 1"):
        lagged_correlation(x[:, :1], [3.0, 5.0])
