"""Leave out the frames that cannot be trusted, and bridge what is short enough."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.resample import sample_at
from mimicry.records import ActionUnitTrack

__all__ = ["masked", "untrusted"]

# Units that are about the lids themselves: a blink is their signal, not their artefact.
LID_UNITS = ("AU05", "AU07", "AU43", "AU45")


def untrusted(
    track: ActionUnitTrack, *, blinks: bool = True, pose: bool = True, plausibility: bool = True
) -> NDArray[np.bool_]:
    """(T,) frames whose values say more about the camera than about the face.

    Parameters
    ----------
    track
        With the quality columns ``blink``, ``pose_ok`` and ``plausible``; a column that the
        source lacks masks nothing.
    blinks, pose, plausibility
        Which of them count.
    """
    bad = ~track.tracked
    for wanted, name, when in (
        (blinks, "blink", 1.0), (pose, "pose_ok", 0.0), (plausibility, "plausible", 0.0),
    ):  # fmt: skip
        if wanted and name in track.quality:
            bad = bad | (track.quality[name] == when)
    return np.asarray(bad)


def masked(
    track: ActionUnitTrack,
    *,
    bridge_s: float = 0.0,
    blinks: bool = True,
    pose: bool = True,
    plausibility: bool = True,
) -> ActionUnitTrack:
    """The track with untrusted values missing, or bridged where the hole is short.

    Blinks do not mask the lid units (AU05, AU07, AU43, AU45).

    Parameters
    ----------
    track
        As measured.
    bridge_s
        Holes up to this long, from the last good frame to the next, are filled by a straight
        line; 0 fills nothing. A blink with its margins takes 0.25 to 0.4 s.
    blinks, pose, plausibility
        What masks a frame, as in :func:`untrusted`.

    Raises
    ------
    ValueError
        When `bridge_s` is negative.
    """
    if bridge_s < 0:
        raise ValueError(f"bridge_s is {bridge_s}, expected 0 or more")
    bad = untrusted(track, blinks=blinks, pose=pose, plausibility=plausibility)
    bad_lids = untrusted(track, blinks=False, pose=pose, plausibility=plausibility)
    lid = np.array([name[:4] in LID_UNITS for name in track.names])
    hidden = np.where(lid, bad_lids[:, None], bad[:, None])
    values = np.where(hidden, np.nan, track.intensity)
    if bridge_s > 0:
        bridged = sample_at(track.times_s, values, track.times_s, max_gap_s=bridge_s)
        values = np.where(np.isfinite(values), values, bridged)
    return replace(track, intensity=values)
