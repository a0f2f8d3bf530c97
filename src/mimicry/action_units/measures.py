"""What is read off the pose-normalised landmarks: heights, widths, depths and distances.

Each measure is an entry of :data:`MEASURES`. Right and left are the person's; landmark
numbers are those of the MediaPipe face mesh. All values are in units of the outer-eye-corner
distance (33-263), in the frame of the canonical face: x towards the person's left, y up, z out
of the face.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["LANDMARKS", "MEASURES", "MEASURE_NAMES", "Measure", "measures_of"]

Kind = Literal["height", "width", "depth", "distance"]
Points = tuple[int, ...]

# The inner eye corners, from which heights are counted. (The outer ones sink when the lids close,
# which would read as a brow raise.)
EYE_CORNERS = (133, 362)


@dataclass(frozen=True, slots=True)
class Measure:
    """One geometric measure.

    Parameters
    ----------
    name
        ``place`` or ``place_R`` / ``place_L``.
    kind
        ``height``, ``width``, ``depth``: mean y, |x| or z of `points` minus that of `against`
        (empty: the inner eye corners for heights, the origin of the face otherwise).
        ``distance``: mean 3-D distance between the pairs (points[k], against[k]).
    points, against
        Landmark numbers.
    """

    name: str
    kind: Kind
    points: Points
    against: Points = ()


def _both(
    name: str, kind: Kind, right: Points, left: Points, of_right: Points = (), of_left: Points = ()
) -> tuple[Measure, Measure]:
    return Measure(f"{name}_R", kind, right, of_right), Measure(f"{name}_L", kind, left, of_left)


MEASURES: tuple[Measure, ...] = (
    *_both("brow_inner", "height", (55, 107), (285, 336)),
    *_both("brow_low", "height", (55, 107, 65, 66), (285, 336, 295, 296)),
    *_both("brow_outer", "height", (46, 53, 70, 63), (276, 283, 300, 293)),
    Measure("brow_gap", "distance", (55, 107), (285, 336)),
    *_both("lid_upper", "height", (160, 159, 158), (385, 386, 387)),
    *_both("lid_lower", "height", (144, 145, 153), (380, 374, 373)),
    *_both(
        "eye_open", "distance", (160, 159, 158), (385, 386, 387), (144, 145, 153), (380, 374, 373)
    ),
    *_both("cheek", "height", (50, 101, 118, 205), (280, 330, 347, 425)),
    *_both("nose_wing", "height", (64, 98, 129), (294, 327, 358)),
    *_both("lip_upper", "height", (0, 37), (0, 267), (2,), (2,)),
    *_both("corner_rise", "height", (61,), (291,)),
    *_both("corner_up", "height", (61,), (291,), (13, 14), (13, 14)),
    *_both("corner_out", "width", (61,), (291,)),
    *_both("corner_depth", "depth", (61,), (291,)),
    Measure("lip_gap", "distance", (13,), (14,)),
    Measure("jaw", "height", (152, 148, 377)),
    Measure("chin", "height", (17, 84, 314), (152, 148, 377)),
    Measure("lip_red", "distance", (0, 17), (13, 14)),
    Measure("lip_depth", "depth", (0, 13, 14, 17)),
)
MEASURE_NAMES: tuple[str, ...] = tuple(m.name for m in MEASURES)

LANDMARKS: Points = tuple(
    sorted({k for m in MEASURES for k in (*m.points, *m.against)} | {*EYE_CORNERS, 33, 263})
)


def measures_of(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return all measures of every frame.

    Parameters
    ----------
    points
        (T, P, 3) the landmarks :data:`LANDMARKS`, pose-normalised, any length unit.

    Returns
    -------
    numpy.ndarray
        (T, M) in the order of :data:`MEASURES`, in the unit of `points`; NaN rows stay NaN.
    """
    out = points.reshape(len(points), -1) @ _LINEAR
    side = points[:, _FROM] - points[:, _TO]
    out[:, _IS_DISTANCE] = np.sqrt(np.einsum("tpi,tpi->tp", side, side)) @ _MEAN
    return np.asarray(out)


def _linear() -> NDArray[np.float64]:
    """(3P, M) matrix of the heights, widths and depths; zero columns for distances."""
    where = {k: i for i, k in enumerate(LANDMARKS)}
    matrix = np.zeros((len(LANDMARKS), 3, len(MEASURES)))
    for j, m in enumerate(MEASURES):
        axis = {"width": 0, "height": 1, "depth": 2}.get(m.kind)
        if axis is None:
            continue
        sign = -1.0 if m.kind == "width" and m.name.endswith("_R") else 1.0
        against = m.against or (EYE_CORNERS if m.kind == "height" else ())
        for group, share in ((m.points, sign), (against, -sign)):
            for k in group:
                matrix[where[k], axis, j] += share / len(group)
    return matrix.reshape(-1, len(MEASURES))


def _pairs() -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return the landmark pairs of all distances, and the matrix that averages them per measure."""
    where = {k: i for i, k in enumerate(LANDMARKS)}
    pairs = [
        (where[a], where[b], j)
        for j, m in enumerate(_DISTANCES)
        for a, b in zip(m.points, m.against, strict=True)
    ]
    mean = np.zeros((len(pairs), len(_DISTANCES)))
    for row, (_, _, j) in enumerate(pairs):
        mean[row, j] = 1.0 / len(_DISTANCES[j].points)
    start, end, _ = (np.array(column, dtype=np.intp) for column in zip(*pairs, strict=True))
    return start, end, mean


_IS_DISTANCE = np.array([m.kind == "distance" for m in MEASURES])
_DISTANCES = tuple(m for m in MEASURES if m.kind == "distance")
_LINEAR = _linear()
_FROM, _TO, _MEAN = _pairs()
