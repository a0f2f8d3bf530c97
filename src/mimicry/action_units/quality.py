"""Whether a frame can be trusted. MediaPipe reports a face even with a hand over it."""

import numpy as np
from numpy.typing import NDArray

from mimicry.action_units.pose import POSE_LIMIT_DEG
from mimicry.action_units.shape import FaceShape

__all__ = ["LEAST_SCALE_PX", "MOST_RESIDUAL", "plausible", "within_pose"]

Array = NDArray[np.float64]

LEAST_SCALE_PX = 60.0  # outer eye corners; smaller faces are several times noisier
MOST_RESIDUAL = 0.025  # of the eye span, against the person's own stable points
_MOST_TURN_DEG = 45.0
_JUMP_SCALE = 0.10  # relative change of size from frame to frame
_JUMP_RESIDUAL = 0.02
_NEAR_S = 0.1


def within_pose(pose_deg: Array) -> NDArray[np.bool_]:
    """(T,) yaw and pitch inside the limits in which action units are trusted."""
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(pose_deg[:, :2]) <= POSE_LIMIT_DEG).all(axis=1))


def plausible(times_s: Array, shape: FaceShape) -> NDArray[np.bool_]:
    """(T,) False where the landmarks cannot be a well-seen face.

    Too small, turned past 45 degrees, stable points out of shape, or a sudden jump of size or
    shape from one frame to the next (both frames are marked).
    """
    with np.errstate(invalid="ignore"):
        good = (shape.scale_px >= LEAST_SCALE_PX) & (shape.residual <= MOST_RESIDUAL)
        good &= (np.abs(shape.pose_deg[:, :2]) <= _MOST_TURN_DEG).all(axis=1)
        near = np.diff(times_s) <= _NEAR_S
        jump = np.abs(np.diff(np.log(shape.scale_px))) > _JUMP_SCALE
        jump |= np.abs(np.diff(shape.residual)) > _JUMP_RESIDUAL
    jump &= near
    good[1:] &= ~jump
    good[:-1] &= ~jump
    return np.asarray(good)
