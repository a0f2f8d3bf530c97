"""From landmarks to pose-normalised measures: the part that needs no other frame.

Every frame is carried onto a reference face by a robust 3-D similarity fitted on points that
expressions hardly move. Frames are independent of each other, so a recording may be handled in
chunks while it streams; :func:`concatenate` joins them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from mimicry.action_units.measures import LANDMARKS, measures_of
from mimicry.kernels.geometry import apply_similarity, euler_deg, fit_similarity

__all__ = [
    "GAZE_LANDMARKS",
    "POSE_SIGNS",
    "STABLE_POINTS",
    "FaceShape",
    "concatenate",
    "face_shape",
    "personal_template",
]

Array = NDArray[np.float64]

# Points that expressions hardly move: nose bridge and sides, inner and outer eye corners,
# temples, hairline, and the side of the face in front of the ear.
STABLE_POINTS: tuple[int, ...] = (
    10, 151, 168, 6, 197, 195, 122, 351, 196, 419, 33, 133, 362, 263,
    127, 356, 234, 454, 93, 323, 21, 251, 54, 284, 162, 389,
)  # fmt: skip

POSE_SIGNS = {
    "pitch": "degrees, positive: chin up",
    "yaw": "degrees, positive: turned to the person's own left",
    "roll": "degrees, positive: tilted to the person's own left shoulder",
}

_CANONICAL_SPAN = 8.892  # cm between the outer eye corners of the canonical face
_POSE_SIGNS = np.array([-1.0, 1.0, -1.0])  # of the angles about x, y, z

_CHUNK = 1024  # frames; keeps the working arrays inside the processor's cache
_IRIS = (468, 473)
_EYES = ((33, 133), (362, 263))
GAZE_LANDMARKS: tuple[int, ...] = (*_IRIS, *_EYES[0], *_EYES[1])
_TO_FACE_AXES = np.array([1.0, -1.0, -1.0])  # image axes (y down, z away) -> canonical axes


@dataclass(frozen=True, slots=True)
class FaceShape:
    """Pose-normalised measures of every frame, in units of the reference face (cm).

    Parameters
    ----------
    measures
        (T, M) in the order of ``measures.MEASURES``.
    pose_deg
        (T, 3) pitch, yaw, roll; signs in :data:`POSE_SIGNS`.
    eye_span
        (T,) outer-eye-corner distance (33-263), the later ruler.
    scale_px
        (T,) the same distance in pixels: the size of the face.
    residual
        (T,) what the rigid fit leaves, as a share of the reference's eye span.
    gaze
        (T, 4) iris offset in the eye opening: horizontal right eye, horizontal left eye
        (positive: towards the person's own left), vertical right, vertical left (positive:
        up), in eye widths. NaN when the landmark set has no irises.
    """

    measures: Array
    pose_deg: Array
    eye_span: Array
    scale_px: Array
    residual: Array
    gaze: Array


def face_shape(points_px: NDArray[np.floating], *, template: Array | None = None) -> FaceShape:
    """Measures of every frame after the head's position, size and turn are taken out.

    Parameters
    ----------
    points_px
        (T, L, 3) MediaPipe face-mesh landmarks in isotropic pixels, L >= 468; NaN rows give
        NaN.
    template
        (S, 3) positions of :data:`STABLE_POINTS`; default: the canonical face. A person's own,
        from :func:`personal_template`, leaves less of the head's movement in the measures.

    Raises
    ------
    ValueError
        When the landmarks are not a face mesh.
    """
    if points_px.ndim != 3 or points_px.shape[1] < 468 or points_px.shape[2] != 3:
        raise ValueError(f"points_px has shape {points_px.shape}, expected (T, 468 or more, 3)")
    target = canonical_stable_points() if template is None else template
    starts = range(0, max(len(points_px), 1), _CHUNK)
    return concatenate([_chunk(points_px[k : k + _CHUNK], target) for k in starts])


def concatenate(parts: Sequence[FaceShape]) -> FaceShape:
    """Join chunks of one recording."""
    return FaceShape(
        *(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(FaceShape))
    )


def personal_template(points_px: NDArray[np.floating], *, frames: int = 400) -> Array:
    """Return the person's stable points: median shape of frames spread over the recording.

    Lies in the frame of the canonical face, so axes and size keep their meaning. Falls back on
    the canonical face when no frame holds a face.
    """
    reference = canonical_stable_points()
    seen = np.flatnonzero(np.isfinite(points_px[:, 0, 0]))
    if seen.size == 0:
        return reference
    chosen = seen[np.linspace(0, seen.size - 1, min(frames, seen.size)).astype(int)]
    stable = points_px[chosen][:, STABLE_POINTS] * _TO_FACE_AXES
    normal = apply_similarity(fit_similarity(stable, reference), stable)
    shape = np.median(normal, axis=0)
    back = fit_similarity(shape[None], reference, robust_steps=0)
    return np.asarray(apply_similarity(back, shape[None])[0])


@cache
def canonical_stable_points() -> Array:
    """(S, 3) the stable points of the canonical face, cm."""
    path = files("mimicry.action_units") / "data" / "canonical_face.npz"
    with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
        points = data["points"].astype(np.float64)[list(STABLE_POINTS)]
    points.flags.writeable = False
    return np.asarray(points)


def _chunk(points_px: NDArray[np.floating], target: Array) -> FaceShape:
    fit = fit_similarity(points_px[:, STABLE_POINTS] * _TO_FACE_AXES, target)
    face = apply_similarity(fit, points_px[:, LANDMARKS] * _TO_FACE_AXES)
    span = np.linalg.norm(face[:, _AT[33]] - face[:, _AT[263]], axis=1)
    return FaceShape(
        measures=measures_of(face),
        pose_deg=euler_deg(np.swapaxes(fit.rotation, 1, 2)) * _POSE_SIGNS,
        eye_span=span,
        scale_px=span / fit.scale,
        residual=fit.residual / _CANONICAL_SPAN,
        gaze=_gaze(points_px, fit.rotation),
    )


def _gaze(points_px: NDArray[np.floating], rotation: Array) -> Array:
    """Return the iris offset from the middle of the eye corners, in eye widths, de-rotated."""
    out = np.full((len(points_px), 4), np.nan)
    if points_px.shape[1] <= max(_IRIS):
        return out
    for k, (iris, (a, b)) in enumerate(zip(_IRIS, _EYES, strict=True)):
        corners = points_px[:, (iris, a, b)] * _TO_FACE_AXES
        turned = corners @ np.swapaxes(rotation, 1, 2)
        width = np.linalg.norm(turned[:, 1] - turned[:, 2], axis=1)
        offset = turned[:, 0] - 0.5 * (turned[:, 1] + turned[:, 2])
        out[:, k] = offset[:, 0] / width
        out[:, 2 + k] = offset[:, 1] / width
    return out


_AT = {k: i for i, k in enumerate(LANDMARKS)}
