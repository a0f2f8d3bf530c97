"""What the time stamps of a recording say about its clock."""

from typing import Any

import numpy as np

from mimicry.kernels import Floats

__all__ = ["timing_summary"]

_GAP = 2.5  # in median intervals
_HOLE = 5.0  # in median intervals
_STEADY = 0.05  # spread of the middle 90 % of intervals, in medians


def timing_summary(times_s: Floats) -> dict[str, Any]:
    """Describe the intervals between frames.

    Parameters
    ----------
    times_s
        (T,) strictly increasing times in seconds.

    Returns
    -------
    dict
        ``start_s, end_s, duration_s``; ``fps_effective`` (intervals per second of recording);
        ``interval_median_ms, interval_min_ms, interval_max_ms``; ``variable_rate`` (the middle
        90 % of intervals differ by more than 5 % of their median); ``gaps`` longer than 2.5
        median intervals and the seconds they hold; ``holes``, where intervals of more than 5
        medians begin and how long they are (seconds); ``count_clock_error_s``, how far a clock
        that counts frames (``frame / fps``) would be off at worst. None where a recording is
        too short to tell.
    """
    start, end = float(times_s[0]), float(times_s[-1])
    whole = {"start_s": start, "end_s": end, "duration_s": end - start}
    if len(times_s) > 1:
        return whole | _intervals(times_s)
    return whole | dict.fromkeys(_intervals(np.array([0.0, 1.0])))


def _intervals(times_s: Floats) -> dict[str, Any]:
    steps = np.diff(times_s)
    median = float(np.median(steps))
    low, high = np.percentile(steps, [5, 95])
    gaps, holes = steps > _GAP * median, steps > _HOLE * median
    counted = times_s[0] + np.arange(len(times_s)) * median
    return {
        "fps_effective": len(steps) / float(times_s[-1] - times_s[0]),
        "interval_median_ms": 1000 * median,
        "interval_min_ms": 1000 * float(steps.min()),
        "interval_max_ms": 1000 * float(steps.max()),
        "variable_rate": bool(high - low > _STEADY * median),
        "gaps": int(gaps.sum()),
        "gap_time_s": float(steps[gaps].sum()),
        "holes": [[float(times_s[k]), float(steps[k])] for k in np.flatnonzero(holes)],
        "count_clock_error_s": float(np.abs(counted - times_s).max()),
    }
