"""The neutral face: what every action unit is a change from.

Declared by the experimenter (a recorded neutral interval, the windows before stimuli), or, when
nothing is declared, estimated from the least active frames and flagged as an estimate. The
recording's median is never used: somebody who smiles half of the time has no neutral median.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import NoFaceError
from mimicry.kernels.smooth import gaussian_smooth

__all__ = ["ACTIVE", "Neutral", "declared_neutral", "estimated_neutral", "in_intervals"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Units whose measures do not go negative when another one acts (a smile lifts the corners that
# AU15 pulls down, so a low AU15 would be a smile, not rest).
ACTIVE = ("AU01", "AU04", "AU06", "AU12", "AU25", "AU26")
_SHARE = 0.2  # of the usable frames taken as low in activity
_LEAST_S = 0.5
_LOW = 10.0  # percentile that stands in for rest, per action unit
_SMOOTH_S = 0.1


@dataclass(frozen=True, slots=True)
class Neutral:
    """A neutral face.

    Parameters
    ----------
    measures
        (M,) median of the measures over the neutral frames.
    frames
        (T,) which frames these were.
    kind
        ``"declared"``, ``"estimated"`` (flagged: low-activity frames) or ``"none"`` (no face).
    """

    measures: Array
    frames: Mask
    kind: Literal["declared", "estimated", "none"]


def in_intervals(times_s: Array, intervals: Sequence[tuple[float, float]]) -> Mask:
    """(T,) whether each time lies in one of the half-open intervals ``[start, end)``.

    Raises
    ------
    ValueError
        When an interval does not end after it starts.
    """
    inside = np.zeros(len(times_s), dtype=bool)
    for start, end in intervals:
        if not end > start:
            raise ValueError(f"interval {start} to {end} s does not end after it starts")
        inside |= (times_s >= start) & (times_s < end)
    return inside


def declared_neutral(
    times_s: Array, measures: Array, usable: Mask, intervals: Sequence[tuple[float, float]]
) -> Neutral:
    """Return the neutral face of declared intervals.

    Raises
    ------
    NoFaceError
        When no frame in the intervals shows a usable face.
    """
    inside = in_intervals(times_s, intervals)
    seen = inside & np.isfinite(measures).all(axis=1)
    frames = seen & usable if (seen & usable).any() else seen
    if not frames.any():
        spans = ", ".join(f"{a:g}:{b:g}" for a, b in intervals)
        raise NoFaceError(
            f"no face was seen in the neutral interval {spans} s "
            f"({int(inside.sum())} frames lie in it)",
            hint="Declare an interval in which the face is seen at rest.",
        )
    return Neutral(np.median(measures[frames], axis=0), frames, "declared")


def estimated_neutral(times_s: Array, measures: Array, usable: Mask, operator: Array) -> Neutral:
    """Return the neutral face of the least active frames; an estimate, and flagged as such.

    The action units of :data:`ACTIVE` move a face away from neutral in one direction only, so a
    low percentile of each stands in for rest; the frames nearest to it in all of them together
    are taken.

    Parameters
    ----------
    operator
        (M, A) measures to the action units :data:`ACTIVE`.
    """
    seen = np.isfinite(measures).all(axis=1)
    pool = np.flatnonzero(seen & usable)
    if pool.size == 0:
        pool = np.flatnonzero(seen)
    frames = np.zeros(len(times_s), dtype=bool)
    if pool.size == 0:
        return Neutral(np.full(measures.shape[1], np.nan), frames, "none")
    activity = gaussian_smooth(times_s[pool], measures[pool] @ operator, _SMOOTH_S)
    low = np.percentile(activity, _LOW, axis=0)
    excess = np.abs(activity - low).sum(axis=1)
    step = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1.0
    count = min(pool.size, max(int(_SHARE * pool.size), round(_LEAST_S / step), 1))
    frames[pool[np.argpartition(excess, count - 1)[:count]]] = True
    return Neutral(np.median(measures[frames], axis=0), frames, "estimated")
