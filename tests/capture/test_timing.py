"""What the clock of a recording looks like."""

import numpy as np

from mimicry.capture.timing import timing_summary


def test_a_steady_clock_is_called_steady():
    found = timing_summary(2 + np.arange(301) / 30)
    assert abs(found["fps_effective"] - 30) < 1e-9
    assert found["variable_rate"] is False
    assert found["gaps"] == 0
    assert found["count_clock_error_s"] < 1e-9
    assert (found["start_s"], round(found["duration_s"], 9)) == (2.0, 10.0)


def test_a_hole_is_counted_and_shifts_a_frame_counting_clock():
    times = np.concatenate([np.arange(50) / 25, 3 + np.arange(50) / 25])
    found = timing_summary(times)
    assert found["gaps"] == 1
    assert abs(found["gap_time_s"] - (3 - 49 / 25)) < 1e-9
    assert abs(found["count_clock_error_s"] - 1.0) < 1e-9
    assert found["variable_rate"] is False


def test_alternating_intervals_are_a_variable_rate():
    found = timing_summary(np.cumsum(np.tile([0.03, 0.05], 40)))
    assert found["variable_rate"] is True


def test_one_frame_has_no_interval():
    assert timing_summary(np.array([1.5]))["fps_effective"] is None
