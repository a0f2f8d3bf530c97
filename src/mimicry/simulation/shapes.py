"""Time courses of a response, as lookup tables over the time since it began."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mimicry.records.timeline import StimulusTimeline
from mimicry.simulation.effects import Shape
from mimicry.synthetic.motion import minimum_jerk

__all__ = ["FALL_S", "STEP_S", "sample_shapes", "shape_tables"]

Floats = NDArray[np.float64]

STEP_S = 0.005
#: A face that has nothing to follow any more returns to rest within this time.
FALL_S = 0.75
RISE_S = 0.75
EYELIDS = ("AU43", "AU45")


def shape_tables(
    timelines: Sequence[StimulusTimeline], ends_s: Sequence[float], shape: Shape
) -> Floats:
    """Return (S, G) response shapes, apex 1, every `STEP_S` from the response's onset.

    A response follows the largest of the stimulus's movements (eyelids apart) scaled to an
    apex of 1, and falls within `FALL_S` once the clip has ended at `ends_s` (seconds of the
    clip). A stimulus that does not move (static, neutral) gets a minimum-jerk rise of 0.75 s.
    """
    longest = max(e - t.onset_s for t, e in zip(timelines, ends_s, strict=True))
    grid = np.arange(0.0, (longest + FALL_S) * 1.5 + 2 * STEP_S, STEP_S)
    scale = 1.5 if shape == "slow" else 1.0
    tables = np.zeros((len(timelines), len(grid)))
    known: dict[tuple[float, float, bytes, bytes], Floats] = {}  # many clips share one course
    for k, (timeline, end) in enumerate(zip(timelines, ends_s, strict=True)):
        if shape == "brief":
            tables[k] = minimum_jerk(grid / 0.4) - minimum_jerk((grid - 0.4) / 0.6)
            continue
        moved = [name[:4] not in EYELIDS for name in timeline.names]
        course = timeline.intensity[:, moved].max(axis=1, initial=0.0)
        key = (end, timeline.onset_s, timeline.times_s.tobytes(), course.tobytes())
        if key not in known:
            known[key] = _follow(timeline, course, end, grid / scale)
        tables[k] = known[key]
    tables[:, -1] = 0.0
    return tables


def _follow(timeline: StimulusTimeline, largest: Floats, end_s: float, grid: Floats) -> Floats:
    length = end_s - timeline.onset_s
    inside = np.minimum(grid, length)
    course = np.interp(timeline.onset_s + inside, timeline.times_s, largest)
    static = timeline.apex_s <= timeline.onset_s
    if course.max() <= 0 or static:
        course = minimum_jerk(inside / RISE_S)
    fall = 1 - minimum_jerk((grid - length) / FALL_S)
    return np.asarray(course / course.max() * fall)


def sample_shapes(tables: Floats, which: NDArray[np.intp], since_s: Floats) -> Floats:
    """Return (K, F) shape values of table `which` (K,) at times `since_s` (K, F) from onset.

    Linear between table entries; 0 before the onset and after the table's end.
    """
    position = since_s / STEP_S
    inside = (position >= 0) & (position < tables.shape[1] - 1)
    position = np.where(inside, position, 0.0)
    left = position.astype(np.intp)
    row = which[:, None]
    value = tables[row, left] * (1 - (position - left)) + tables[row, left + 1] * (position - left)
    return np.where(inside, value, 0.0)
