"""Windowed lagged correlation against the slow obvious loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimicry.kernels.windowed import capped_fisher_z, window_starts, windowed_correlation


def slow_loop(a, b, *, window, step, max_lag, min_valid=0.5):
    """The definition, one window and one lag at a time."""
    rows = []
    for start in range(0, len(a) - window - max_lag + 1, step):
        row = []
        for lag in range(-max_lag, max_lag + 1):
            x = a[start + max(-lag, 0) :][:window]
            y = b[start + max(lag, 0) :][:window]
            both = np.isfinite(x) & np.isfinite(y)
            x, y = x[both], y[both]
            if both.sum() < max(3, min_valid * window):
                row.append(np.nan)
                continue
            still = [s.std(ddof=1) < 1e-9 * max(1, abs(s.mean())) for s in (x, y)]
            x, y = x - x.mean(), y - y.mean()
            row.append(np.nan if any(still) else (x @ y) / np.sqrt((x @ x) * (y @ y)))
        rows.append(row)
    return np.array(rows)


def smooth_noise(rng, n, width=5):
    return np.convolve(rng.standard_normal(n + width - 1), np.ones(width) / width, "valid")


SHAPE = {"window": 40, "step": 7, "max_lag": 12}


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("missing", [0, 40, 150])
def test_agrees_with_the_slow_loop(offset, missing):
    rng = np.random.default_rng(3)
    a, b = smooth_noise(rng, 300) + offset, smooth_noise(rng, 300) - offset
    for series in (a, b):
        series[rng.integers(0, 300, missing)] = np.nan
    fast = windowed_correlation(a, b, **SHAPE)
    slow = slow_loop(a, b, **SHAPE)
    np.testing.assert_array_equal(np.isnan(fast), np.isnan(slow))
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-12)
    assert np.isfinite(fast).any()


def test_an_almost_still_window_beside_a_big_movement_stays_exact():
    rng = np.random.default_rng(4)
    a, b = smooth_noise(rng, 300), 1e-7 * smooth_noise(rng, 300)
    b[100:120] += 50 * np.hanning(20)
    b[200] = np.nan
    fast = windowed_correlation(a, b, **SHAPE)
    slow = slow_loop(a, b, **SHAPE)
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-9)


def test_a_still_face_has_no_correlation():
    rng = np.random.default_rng(5)
    a, b = smooth_noise(rng, 200), smooth_noise(rng, 200)
    b[60:140] = 0.25
    fast = windowed_correlation(a, b, **SHAPE)
    np.testing.assert_array_equal(np.isnan(fast), np.isnan(slow_loop(a, b, **SHAPE)))
    assert np.isnan(fast).any()


def test_a_late_response_gives_a_positive_lag():
    rng = np.random.default_rng(6)
    leader = smooth_noise(rng, 400)
    r = windowed_correlation(leader, np.roll(leader, 5), **SHAPE)
    assert (np.argmax(r, axis=1) - 12 == 5).all()


def test_swapping_the_two_mirrors_the_lags():
    rng = np.random.default_rng(7)
    a, b = smooth_noise(rng, 300), smooth_noise(rng, 300)
    a[50:60] = np.nan
    there = windowed_correlation(a, b, **SHAPE)
    back = windowed_correlation(b, a, **SHAPE)
    np.testing.assert_allclose(there, back[:, ::-1], rtol=0, atol=1e-13)


def test_reversing_time_flips_the_sign_of_the_lag():
    rng = np.random.default_rng(8)
    a = smooth_noise(rng, 300)
    b = np.roll(a, 6)
    shape = {"window": 288, "step": 1, "max_lag": 12}
    forward = windowed_correlation(a, b, **shape)[0]
    backward = windowed_correlation(a[::-1], b[::-1], **shape)[0]
    assert forward.argmax() - 12 == 6
    assert backward.argmax() - 12 == -6


@settings(max_examples=30, deadline=None)
@given(
    shift=st.floats(-100, 100),
    scale=st.floats(0.01, 100),
    seed=st.integers(0, 1000),
)
def test_shifting_and_scaling_intensities_changes_nothing(shift, scale, seed):
    rng = np.random.default_rng(seed)
    a, b = smooth_noise(rng, 120), smooth_noise(rng, 120)
    plain = windowed_correlation(a, b, **SHAPE)
    moved = windowed_correlation(a, scale * b + shift, **SHAPE)
    np.testing.assert_allclose(moved, plain, atol=1e-8)


def test_more_than_half_missing_is_missing_and_half_is_not():
    rng = np.random.default_rng(9)
    a, b = smooth_noise(rng, 40), smooth_noise(rng, 40)
    a[:20] = np.nan
    shape = {"window": 40, "step": 1, "max_lag": 0}
    assert np.isfinite(windowed_correlation(a, b, **shape)).all()
    a[20] = np.nan
    assert np.isnan(windowed_correlation(a, b, **shape)).all()


def test_windows_start_while_window_and_lag_fit():
    assert window_starts(100, window=40, step=20, max_lag=20).tolist() == [0, 20, 40]
    with pytest.raises(ValueError, match="needs 60 samples, the series have 59"):
        window_starts(59, window=40, step=1, max_lag=20)


def test_fisher_z_is_held_at_ten_and_keeps_nan():
    np.testing.assert_array_equal(
        capped_fisher_z([1.0, -1.0, np.nan, 0.0]), [10.0, -10.0, np.nan, 0.0]
    )
