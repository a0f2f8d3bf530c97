"""Which frames may be used for which action unit: the only mask.

Scores, synchrony, agreement and pages ask here. Reasons: docs/decisions/0013.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mimicry.records import ActionUnitTrack, ScoringSettings

__all__ = ["EYE_CLOSURE", "blinking", "hidden_frames", "masked", "masked_frames", "unreliable"]

#: A closing eye is what these measure, so a blink does not hide them; their sides likewise.
EYE_CLOSURE = ("AU43", "AU45")


def masked_frames(track: ActionUnitTrack, settings: ScoringSettings) -> NDArray[np.bool_]:
    """Return (T,) True where no value may be used: blink, head turned away, implausible fit.

    Action units of `EYE_CLOSURE` stay in a blink: :func:`hidden_frames` knows.
    """
    return blinking(track) | unreliable(track, settings)


def hidden_frames(
    track: ActionUnitTrack, name: str, settings: ScoringSettings
) -> NDArray[np.bool_]:
    """Return (T,) True where one unit may not be used, or no face was seen."""
    eyes = name.startswith(EYE_CLOSURE)
    hidden = unreliable(track, settings) if eyes else masked_frames(track, settings)
    return np.asarray(hidden | ~track.tracked)


def masked(track: ActionUnitTrack, settings: ScoringSettings) -> ActionUnitTrack:
    """Return the track with NaN where a value must not be used."""
    hidden = [hidden_frames(track, name, settings) for name in track.names]
    return replace(track, intensity=np.where(np.stack(hidden, axis=1), np.nan, track.intensity))


def blinking(track: ActionUnitTrack) -> NDArray[np.bool_]:
    """Return (T,) True inside a blink; nowhere when the source finds none."""
    return np.asarray(track.quality.get("blink", np.zeros(len(track))) == 1)


def unreliable(track: ActionUnitTrack, settings: ScoringSettings) -> NDArray[np.bool_]:
    """Return (T,) True where the head is turned away, or the fit is implausible or unsure.

    Where pitch and yaw are unknown, the source's own ``pose_ok`` counts.
    """
    angle = np.abs(track.pose_deg[:, :2])  # pitch, yaw
    known = np.isfinite(angle).all(axis=1)
    turned = np.where(np.isfinite(angle), angle, 0.0).max(axis=1) > settings.pose_limit_deg
    ok = track.quality.get("pose_ok", np.ones(len(track)))
    plausible = track.quality.get("plausible", np.ones(len(track)))
    return np.asarray(turned | (~known & (ok == 0)) | (plausible == 0))
