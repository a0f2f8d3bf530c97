"""Imitation calibration: a person's own full expression as the unit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mimicry.action_units.neutral import in_intervals
from mimicry.kernels.smooth import gaussian_smooth
from mimicry.records import ActionUnitTrack

__all__ = ["calibrated", "own_full_expression"]

_SMOOTH_S = 0.1
_HIGH = 90.0  # percentile within one imitation: its held part, not one noisy frame
_LEAST = 3.0  # rest SDs that an imitation must exceed


def own_full_expression(
    track: ActionUnitTrack,
    imitations: Mapping[str, Sequence[tuple[float, float]]],
    rest: Sequence[tuple[float, float]],
) -> dict[str, float]:
    """How far this person's own full expression goes, per action unit.

    Parameters
    ----------
    track
        Recording with imitations in it.
    imitations
        Action unit (``"AU12"``) -> intervals in which it was imitated in full.
    rest
        Intervals in which the face was at rest.

    Returns
    -------
    dict
        Action unit -> units above rest: the median over its intervals of each interval's 90th
        percentile. NaN where the imitation does not exceed three SDs of rest: such a number
        would only amplify noise.

    Raises
    ------
    ValueError
        When an interval ends before it starts or a unit is not in the track.
    """
    quiet = in_intervals(track.times_s, rest)
    out = {}
    for name, intervals in imitations.items():
        if name not in track.names:
            raise ValueError(f"no action unit {name!r} in this track")
        course = gaussian_smooth(track.times_s, track.of(name), _SMOOTH_S)
        still = course[quiet & np.isfinite(course)]
        level, spread = (
            (float(np.median(still)), float(still.std())) if still.size else (np.nan, np.nan)
        )
        peaks = [_peak(course[in_intervals(track.times_s, [each])]) for each in intervals]
        found = [p for p in peaks if np.isfinite(p)]
        size = float(np.median(found)) - level if found else np.nan
        out[name] = size if size > _LEAST * spread else np.nan
    return out


def calibrated(track: ActionUnitTrack, own: Mapping[str, float]) -> ActionUnitTrack:
    """The track in units of the person's own full expressions.

    Parameters
    ----------
    track
        As measured.
    own
        From :func:`own_full_expression`. Units that it does not name keep their unit; a NaN
        makes the unit NaN. Sided columns go with their unit.
    """
    factor = np.array([own.get(name, own.get(name[:4], 1.0)) for name in track.names])
    units = {
        name: "1.0 = this person's own imitated full expression"
        if name in own or name[:4] in own
        else unit
        for name, unit in track.units.items()
    }
    return replace(track, intensity=track.intensity / factor, units=units)


def _peak(values: NDArray[np.float64]) -> float:
    seen = values[np.isfinite(values)]
    return float(np.percentile(seen, _HIGH)) if seen.size else float("nan")
