"""Reading samples between frames."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimicry.kernels.resample import sample_at, time_grid


def test_grid_times_are_whole_multiples_of_the_interval():
    grid = time_grid(-0.5, 2.5, 30)
    assert len(grid) == 90
    assert 0.0 in grid
    assert grid[-1] < 2.5


@pytest.mark.parametrize(("start", "stop", "rate"), [(0, 1, 0), (0, 0, 30), (0.01, 0.02, 30)])
def test_a_grid_without_samples_is_refused(start, stop, rate):
    with pytest.raises(ValueError, match=r"rate_hz|no sample"):
        time_grid(start, stop, rate)


def test_nothing_is_extrapolated():
    found = sample_at([1.0, 1.1], [5.0, 6.0], [0.99, 1.0, 1.05, 1.1, 1.11])
    assert found == pytest.approx([np.nan, 5, 5.5, 6, np.nan], nan_ok=True)


def test_a_gap_of_exactly_the_limit_is_bridged():
    assert sample_at([0.0, 0.1], [0.0, 1.0], [0.05], max_gap_s=0.1) == pytest.approx([0.5])
    assert np.isnan(sample_at([0.0, 0.1001], [0.0, 1.0], [0.05], max_gap_s=0.1)).all()


def test_missing_samples_widen_the_gap_of_their_own_column_only():
    values = np.array([[0.0, 0.0], [np.nan, 1.0], [np.nan, 2.0], [np.nan, 3.0], [4.0, 4.0]])
    found = sample_at(np.arange(5) / 30, values, [1.5 / 30])
    assert found[0] == pytest.approx([np.nan, 1.5], nan_ok=True)


@given(st.lists(st.floats(0.01, 0.09), min_size=3, max_size=20), st.floats(0, 1))
def test_a_straight_line_is_read_exactly_whatever_the_frame_times(steps, share):
    times = np.cumsum(steps)
    at = times[0] + share * (times[-1] - times[0])
    assert sample_at(times, 3 * times - 1, [at])[0] == pytest.approx(3 * at - 1)
