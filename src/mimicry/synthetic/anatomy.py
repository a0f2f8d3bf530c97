"""Points of the head that serve as rulers: vertex numbers of the base mesh and lengths in mm."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["EYE_CENTRES", "POINTS", "measures"]

# point -> vertex on the person's left, vertex on the right (the same one on the midline)
POINTS: dict[str, tuple[int, int]] = {
    "inner_brow": (2711, 208),
    "mid_brow": (2708, 205),
    "outer_brow": (2727, 225),
    "upper_lid": (2513, 1),
    "lower_lid": (4126, 1724),
    "cheek": (4262, 1864),
    "lip_corner": (3014, 543),
    "upper_lip": (362, 362),
    "upper_lip_edge": (474, 474),
    "lower_lip_edge": (493, 493),
    "lower_lip": (513, 513),
    "chin_boss": (733, 733),
    "chin": (1884, 1884),
}
# left and right eyeball: the material numbers of the mesh
EYE_CENTRES = {1: "left", 2: "right"}


def measures(shape: NDArray[np.float64], material: NDArray[np.int64]) -> dict[str, float]:
    """Return lengths of a face in mm: lip gap, eye opening, mouth width, pupil distance.

    Parameters
    ----------
    shape
        (V, 3) vertices in mm.
    material
        (V,) material of each vertex, of :class:`mimicry.synthetic.head.HeadPack`.
    """

    def point(name: str, side: int = 0) -> NDArray[np.float64]:
        return np.asarray(shape[POINTS[name][side]])

    eyes = [shape[material == k].mean(axis=0) for k in EYE_CENTRES]
    return {
        "lip_gap": float(point("upper_lip_edge")[1] - point("lower_lip_edge")[1]),
        "eye_opening": float(point("upper_lid")[1] - point("lower_lid")[1]),
        "mouth_width": float(np.linalg.norm(point("lip_corner") - point("lip_corner", 1))),
        "pupil_distance": float(np.linalg.norm(eyes[0] - eyes[1])),
    }
