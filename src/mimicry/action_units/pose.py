"""Head-pose compensation: what the head's turn still leaves in the action units.

After the 3-D normalisation a turned head still reads as a little movement, most of all in the
brows. What is left is regressed on the pose, robustly, on frames in which nobody was supposed
to respond, and taken out of all frames. The slopes are drawn towards those of rendered heads, by
priors as wide as such leaks have been seen to differ between people: a recording in which the
head hardly moves, or in which expressions move along with the head, gets the average correction
and not one of its own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mimicry.action_units.definitions import columns
from mimicry.action_units.unmixing import pose_prior
from mimicry.kernels.regression import robust_ridge

__all__ = ["POSE_LIMIT_DEG", "TERMS", "PoseFit", "fit_pose", "pose_terms"]

Array = NDArray[np.float64]

POSE_LIMIT_DEG = 20.0
TERMS = ("pitch", "yaw", "abs_yaw", "roll", "pitch2", "yaw2", "roll2", "log_scale")

# How far a person's leak may plausibly lie from the average, units per 10 degrees.
_BROW, _MID, _MOUTH = 0.25, 0.12, 0.06
_SPREAD = {
    "AU01": _BROW, "AU02": _BROW, "AU04": _BROW, "AU05": _BROW, "AU07": _BROW, "AU09": _BROW,
    "AU06": _MID, "AU10": _MID, "AU14": _MID, "AU15": _MID, "AU17": _MID, "AU43": _MID,
    "AU45": _MID,
}  # fmt: skip
_INDEPENDENT_S = 0.5  # seconds of video that count as one independent look
_MOST_FRAMES = 4000
_FEWEST_S = 2.0


@dataclass(frozen=True, slots=True)
class PoseFit:
    """What was taken out for the head's turn.

    Parameters
    ----------
    slopes
        (P, A) units per term of :data:`TERMS` (10 degrees, (10 degrees)^2, log size), A in the
        order of ``definitions.columns()``.
    centre
        (P,) terms at the pose of the neutral face, where nothing is taken out.
    frames
        Number of frames that the person's own slopes rest on; 0: the average ones are used.
    """

    slopes: Array
    centre: Array
    frames: int

    def leak(self, terms: Array) -> Array:
        """(T, A) what to subtract."""
        return (terms - self.centre) @ self.slopes


def pose_terms(pose_deg: Array, scale_px: Array) -> Array:
    """(T, P) the predictors of :data:`TERMS`."""
    pitch, yaw, roll = (pose_deg / 10.0).T
    size = np.log(scale_px)
    return np.column_stack([pitch, yaw, np.abs(yaw), roll, pitch**2, yaw**2, roll**2, size])


def fit_pose(
    terms: Array, intensity: Array, usable: NDArray[np.bool_], at: Array, frame_s: float
) -> PoseFit:
    """Fit the leak on the `usable` frames (no stimulus, no blink, within the pose limits).

    Parameters
    ----------
    terms
        (T, P) from :func:`pose_terms`.
    intensity
        (T, A) uncompensated action units.
    usable
        (T,) frames to fit on.
    at
        (P,) terms of the neutral face.
    frame_s
        Median time from frame to frame.
    """
    chosen = np.flatnonzero(usable & np.isfinite(terms).all(axis=1))
    average = pose_prior()
    if chosen.size * frame_s < _FEWEST_S:
        return PoseFit(average, at, 0)
    count = min(chosen.size, _MOST_FRAMES)
    pick = chosen[np.linspace(0, chosen.size - 1, count).astype(int)]
    looks = min(1.0, chosen.size * frame_s / _INDEPENDENT_S / count)
    unexplained = intensity[pick] - (terms[pick] - at) @ average
    slopes, _ = robust_ridge(terms[pick], unexplained, _spread(), independent=looks)
    return PoseFit(average + slopes, at, int(chosen.size))


def _spread() -> Array:
    per_term = np.array([1.0, 1.0, 1.0, 0.5, 0.3, 0.3, 0.15, 1.0])
    leak = np.array([_SPREAD.get(name[:4], _MOUTH) for name in columns()])
    return np.outer(per_term, leak)
