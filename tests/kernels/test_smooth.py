"""Smoothing on the true time axis."""

import numpy as np
import pytest

from mimicry.kernels.smooth import gaussian_smooth


def loop(times, values, sigma, max_gap_s):
    """The slow obvious way: one weighted straight-line fit per sample, column by column."""
    out = np.full(values.shape, np.nan)
    for c in range(values.shape[1]):
        seen = np.flatnonzero(np.isfinite(values[:, c]))
        breaks = np.flatnonzero(np.diff(times[seen]) > max_gap_s) + 1
        for stretch in np.split(seen, breaks):
            for i in stretch:
                near = stretch[np.abs(times[stretch] - times[i]) <= 4 * sigma]
                u = times[near] - times[i]
                w = np.exp(-0.5 * (u / sigma) ** 2)
                if len(near) < 2:
                    out[i, c] = values[i, c]
                    continue
                design = np.column_stack([np.ones(len(u)), u]) * np.sqrt(w)[:, None]
                fit, *_ = np.linalg.lstsq(design, values[near, c] * np.sqrt(w), rcond=None)
                out[i, c] = fit[0]
    return out


@pytest.fixture
def uneven():
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.uniform(0.02, 0.05, 120))
    times[60:] += 0.4
    values = rng.normal(size=(120, 3))
    values[30:33, 1] = np.nan
    values[90, 2] = np.nan
    return times, values


def test_agrees_with_one_fit_per_sample(uneven):
    times, values = uneven
    fast = gaussian_smooth(times, values, 0.05)
    np.testing.assert_allclose(fast, loop(times, values, 0.05, 0.1), atol=1e-9)


def test_a_straight_line_stays_where_it_is_at_any_frame_times(uneven):
    times, _ = uneven
    line = 3.0 - 2.0 * times
    np.testing.assert_allclose(gaussian_smooth(times, line, 0.1), line, atol=1e-9)


def test_a_step_keeps_its_half_rise_time():
    times = np.arange(200) / 50.0
    step = (times >= 2.0).astype(float)
    smooth = gaussian_smooth(times, step, 0.1)
    crossing = np.interp(0.5, smooth[80:120], times[80:120])
    assert abs(crossing - 1.99) < 1e-6  # half-way between the frames at 1.98 and 2.00 s


def test_white_noise_shrinks_as_a_gaussian_of_this_width_should():
    rng = np.random.default_rng(0)
    times = np.arange(20_000) / 100.0
    smooth = gaussian_smooth(times, rng.normal(size=20_000), 0.1)
    expected = np.sqrt(1 / (2 * np.sqrt(np.pi) * 0.1 * 100))
    assert smooth[100:-100].std() == pytest.approx(expected, rel=0.05)


def test_missing_samples_stay_missing_and_lend_nothing():
    times = np.arange(20) / 30.0
    values = np.ones(20)
    values[7] = np.nan
    smooth = gaussian_smooth(times, values, 0.05)
    assert np.isnan(smooth[7])
    np.testing.assert_allclose(np.delete(smooth, 7), 1.0)


def test_nothing_leaks_across_a_long_gap():
    times = np.r_[np.arange(10), np.arange(20, 30)] / 30.0
    values = np.r_[np.zeros(10), np.ones(10)]
    np.testing.assert_allclose(gaussian_smooth(times, values, 0.2, max_gap_s=0.1), values)
    assert gaussian_smooth(times, values, 0.2, max_gap_s=1.0)[9] > 0.05


def test_keeps_the_shape_and_leaves_the_input_alone():
    times = np.arange(6.0)
    values = np.arange(24.0).reshape(6, 2, 2)
    before = values.copy()
    assert gaussian_smooth(times, values, 2.0, max_gap_s=5).shape == (6, 2, 2)
    np.testing.assert_array_equal(values, before)
    assert gaussian_smooth(np.empty(0), np.empty(0), 0.1).shape == (0,)


@pytest.mark.parametrize(
    ("times", "values", "sigma", "said"),
    [
        ([0, 1], [1.0], 0.1, "differ in length"),
        ([1, 0], [1.0, 2], 0.1, "does not increase"),
        ([0, 1], [1.0, 2], -1, "sigma_s is -1"),
        ([0, 1], [1.0, 2], np.nan, "sigma_s is nan"),
    ],
)
def test_wrong_input_is_refused(times, values, sigma, said):
    with pytest.raises(ValueError, match=said):
        gaussian_smooth(times, values, sigma)
