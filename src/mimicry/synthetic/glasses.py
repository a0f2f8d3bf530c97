"""Spectacle frames that sit on the nose of an identity."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["spectacles"]

F = NDArray[np.float64]
BRIDGE = 133  # vertex on the bridge of the nose
SEGMENTS = 40
THICK = np.array([0.0, 1.6, 0.0])  # half of a temple's height
RIM_MM, HALF_WIDTH_MM, HALF_HEIGHT_MM = 2.4, 25.0, 18.5


def _strip(edge_a: F, edge_b: F, *, closed: bool) -> tuple[F, NDArray[np.int64]]:
    """Return points and two-sided triangles of a band between two rows of points."""
    n = len(edge_a)
    here = np.arange(n if closed else n - 1)
    after = (here + 1) % n
    one = np.concatenate(
        [np.column_stack([here, after, here + n]), np.column_stack([after, after + n, here + n])]
    )
    return np.concatenate([edge_a, edge_b]), np.concatenate([one, one[:, ::-1]])


def _bent(x: F, y: F, z: float) -> F:
    """Return points of a plane before the face that bends back towards the temples."""
    return np.column_stack([x, y, z - 0.0045 * x**2])


def spectacles(shape: F) -> tuple[F, NDArray[np.int64]]:
    """Return points (G, 3) in mm and triangles of a pair of frames on a head at rest (V, 3)."""
    _, height, depth = shape[BRIDGE]
    z = depth + 4.0
    turn = np.linspace(0, 2 * np.pi, SEGMENTS, endpoint=False)
    c, s = np.cos(turn), np.sin(turn)
    across = np.sign(c) * np.abs(c) ** 0.75
    along = np.sign(s) * np.abs(s) ** 0.75
    parts = []
    beside = shape[np.abs(shape[:, 1] - height) < 8]
    half_head = float(np.abs(beside[(beside[:, 2] > 40) & (beside[:, 2] < 120), 0]).max())
    for side in (1.0, -1.0):
        rims = []
        for w in (0.0, RIM_MM):
            x = side * 32 + across * (HALF_WIDTH_MM + w)
            rims.append(_bent(x, height - 3 + along * (HALF_HEIGHT_MM + w), z))
        parts.append(_strip(rims[0], rims[1], closed=True))
        hinge = np.array([side * (32 + HALF_WIDTH_MM + RIM_MM), height + 4, z - 15])
        ear = np.array([side * (half_head + 3), height + 6, 45.0])
        steps = np.linspace(0, 1, 8)[:, None]
        line = hinge + steps * (ear - hinge)
        line[:, 0] += side * 4 * np.sin(np.pi * steps[:, 0])
        parts.append(_strip(line + THICK, line - THICK, closed=False))
    x = np.linspace(-8.0, 8.0, 7)
    arch = height + 2 + 2 * np.cos(x / 8 * np.pi / 2)
    parts.append(_strip(_bent(x, arch + 1.1, z), _bent(x, arch - 1.1, z), closed=False))
    first = np.cumsum([0, *(len(points) for points, _ in parts)])
    triangles = [t + start for (_, t), start in zip(parts, first, strict=False)]
    return np.concatenate([points for points, _ in parts]), np.concatenate(triangles)
