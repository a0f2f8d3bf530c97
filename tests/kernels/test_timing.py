"""What the clock of a recording looks like."""

import numpy as np
import pytest

from mimicry.kernels.timing import timing_summary


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


def test_every_number_of_a_clock_worked_out_by_hand():
    """Steps of 0.04 s; one of 0.12 (a gap), one of 0.4 (a gap and a hole)."""
    steps = np.array([0.04] * 10 + [0.12] + [0.04] * 5 + [0.4] + [0.04] * 4)
    found = timing_summary(1.0 + np.r_[0, np.cumsum(steps)])
    wanted = {
        "start_s": 1.0,
        "end_s": 2.28,
        "duration_s": 1.28,
        "fps_effective": 21 / 1.28,
        "interval_median_ms": 40.0,
        "interval_min_ms": 40.0,
        "interval_max_ms": 400.0,
        "gap_time_s": 0.52,
        "count_clock_error_s": 0.08 + 0.36,
    }
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value), name
    assert (found["gaps"], found["variable_rate"]) == (2, True)
    assert found["holes"] == [[pytest.approx(1.72), pytest.approx(0.4)]]


@pytest.mark.parametrize(("long", "gaps"), [(0.099, 0), (0.101, 1), (0.201, 1)])
def test_a_gap_is_longer_than_two_and_a_half_intervals_and_a_hole_than_five(long, gaps):
    found = timing_summary(np.cumsum([0.0, *[0.04] * 20, long, *[0.04] * 20]))
    assert found["gaps"] == gaps
    assert len(found["holes"]) == (long > 0.2)
