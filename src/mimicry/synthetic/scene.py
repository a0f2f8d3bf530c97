"""One picture: the moved head, seen by a pinhole camera, under two lights."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import InputError
from mimicry.synthetic import raster
from mimicry.synthetic.facs import basis
from mimicry.synthetic.glasses import spectacles
from mimicry.synthetic.head import EYES, Identity, head_pack, neutral_shape
from mimicry.synthetic.motion import Performance
from mimicry.synthetic.skin import hair_share, linear, look_of, smooth_step, texture_points

__all__ = ["Scene", "View", "head_points"]

F = NDArray[np.float64]
PIVOT = np.array([0.0, 690.0, 25.0])  # mm; where the head turns on the neck
AIM = np.array([0.0, 700.0, 60.0])  # mm; what the camera looks at


@dataclass(frozen=True, slots=True)
class View:
    """Camera and light.

    Parameters
    ----------
    size_px
        (width, height).
    distance_mm
        From the camera to the head's axis.
    span_mm
        Height of the picture at the head.
    aim_mm
        Shift of the picture's middle: to the person's left, up.
    light_level
        Factor on all light; 1 is a well exposed face.
    light_azimuth_deg, light_height_deg
        Where the key light stands; 0, 0 is the camera.
    light_colour
        Linear r, g, b of the key light.
    background
        sRGB of the wall behind.
    """

    size_px: tuple[int, int] = (640, 480)
    distance_mm: float = 650.0
    span_mm: float = 380.0
    aim_mm: tuple[float, float] = (0.0, 0.0)
    light_level: float = 1.0
    light_azimuth_deg: float = 28.0
    light_height_deg: float = 32.0
    light_colour: tuple[float, float, float] = (1.0, 0.96, 0.9)
    background: tuple[int, int, int] = (150, 156, 162)


def _rotations(rotation_vectors: F) -> F:
    """Return (V, 3, 3) rotation matrices of rotation vectors (rad)."""
    angle = np.linalg.norm(rotation_vectors, axis=1)
    axis = rotation_vectors / np.maximum(angle, 1e-12)[:, None]
    k = np.zeros((len(angle), 3, 3))
    k[:, 0, 1], k[:, 0, 2], k[:, 1, 2] = -axis[:, 2], axis[:, 1], -axis[:, 0]
    k -= k.transpose(0, 2, 1).copy()
    s, c = np.sin(angle)[:, None, None], (1 - np.cos(angle))[:, None, None]
    return np.asarray(np.eye(3) + s * k + c * (k @ k))


def head_rotation(pose_deg: F) -> F:
    """Return the (3, 3) rotation of pitch (chin up), yaw and roll (to the person's left)."""
    pitch, yaw, roll = np.deg2rad(pose_deg) * np.array([-1, 1, -1])
    rx, ry, rz = _rotations(np.diag([pitch, yaw, roll]))
    return np.asarray(ry @ rx @ rz)


def _rotation_vector(matrix: F) -> F:
    angle = float(np.arccos(np.clip((np.trace(matrix) - 1) / 2, -1, 1)))
    skew = np.array(
        [matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]]
    )
    return np.asarray(skew / 2 * (angle / np.sin(angle) if angle > 1e-6 else 1.0))


@lru_cache(maxsize=1)
def _neck_share() -> F:
    """Return (V,) how much of the head's turn a vertex follows: 0 chest, 1 face."""
    v = head_pack().vertices
    return smooth_step(v[:, 1] + 0.35 * (v[:, 2] - 50), 585, 643)


def _sided_weights(movement: Performance, k: int) -> dict[str, float]:
    """Return sided action unit -> intensity of frame k, blinks joined with closure."""
    out: dict[str, float] = {}
    for name, value in zip(movement.names, movement.intensity[k], strict=True):
        if value:
            unit = "AU43" + name[4:] if name.startswith("AU45") else name
            for side in (unit[5:],) if "_" in unit else ("L", "R"):
                key = f"{unit[:4]}_{side}"
                out[key] = out.get(key, 0.0) + float(value)
    for side in "LR":
        if f"AU43_{side}" in out:
            out[f"AU43_{side}"] = min(out[f"AU43_{side}"], 1.0)
    return out


def head_points(
    identity: Identity, movement: Performance, k: int, *, rig: str = "faceunits01"
) -> F:
    """Return (V, 3) vertices of frame k in mm, in the head's own frame, eyes turned."""
    pack = head_pack()
    shape = neutral_shape(identity).copy()
    units = basis(rig)
    for name, weight in _sided_weights(movement, k).items():
        if name not in units:
            raise InputError(f"the rig {rig!r} has no {name}", key="rig")
        index, delta = units[name]
        shape[index] += weight * delta
    pitch, yaw = movement.gaze_deg[k]
    _lids_follow(shape, pitch, yaw)
    turn = head_rotation(np.array([pitch, yaw, 0.0]))
    for material in EYES:
        eye = pack.material == material
        centre = neutral_shape(identity)[eye].mean(axis=0)
        shape[eye] = (shape[eye] - centre) @ turn.T + centre
    return shape


def _lids_follow(shape: F, pitch: float, yaw: float) -> None:
    """Move the lids with the gaze; a full target stands for 30 degrees."""
    pack = head_pack()
    parts = [("Up" if pitch > 0 else "Down", "Up" if pitch > 0 else "Down", abs(pitch))]
    parts.append(("Out" if yaw > 0 else "In", "In" if yaw > 0 else "Out", abs(yaw)))
    for left, right, size in parts:
        if size:
            for name in (f"unit/eyeLook{left}Left", f"unit/eyeLook{right}Right"):
                index, delta = pack.targets[name]
                skin = ~np.isin(pack.material[index], EYES)
                shape[index[skin]] += size / 30 * delta[skin]


def _sphere(n: int) -> F:
    """Return (n, 3) directions spread evenly over the sphere."""
    k = np.arange(n) + 0.5
    polar, turn = np.arccos(1 - 2 * k / n), np.pi * (1 + 5**0.5) * k
    return np.column_stack(
        [np.cos(turn) * np.sin(polar), np.cos(polar), np.sin(turn) * np.sin(polar)]
    )


def _reached(shape: F, triangles: NDArray[np.int64], normals: F, directions: int = 64) -> F:
    """Return (V,) share of the sky that reaches each vertex, cosine-weighted, 0..1."""
    size, total, light = 224, np.zeros(len(shape)), np.zeros(len(shape))
    centre, scale = shape.mean(axis=0), size / 560.0
    sheer = np.zeros(len(triangles), dtype=bool)
    for d in _sphere(directions):
        side = np.cross([0.3, 1.0, 0.2], d)
        side /= np.linalg.norm(side)
        frame = np.array([side, np.cross(d, side), d])
        p = (shape - centre) @ frame.T
        screen = np.column_stack([p[:, 0] * scale + size / 2, size / 2 - p[:, 1] * scale, -p[:, 2]])
        nearest = np.full((size, size), np.inf)
        raster.draw(screen, triangles, sheer, nearest, np.full((size, size), -1, np.int32))
        cosine = np.maximum(normals @ d, 0)
        total += cosine
        light += cosine * ~raster.occlusion_from(screen, nearest, 6.0)
    return np.asarray(light / np.maximum(total, 1e-9))


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    triangles: NDArray[np.int64]
    kinds: NDArray[np.int64]
    sheer: NDArray[np.bool_]
    attributes: F
    hair: F
    worn: F


@lru_cache(maxsize=16)
def _prepare(identity: Identity) -> _Prepared:
    """Return what stays the same in all frames of an identity."""
    pack, appearance = head_pack(), look_of(identity)
    triangles = pack.triangles
    kinds = pack.material[triangles[:, 0]]
    hair = hair_share(pack.vertices) * (pack.material == 0)
    ears = np.abs(pack.vertices[:, 0]) > 74
    hair = hair * appearance.hair_mm * ~(ears & (pack.vertices[:, 1] < 745))
    shape = neutral_shape(identity)
    normals = raster.vertex_normals(shape, triangles)
    solid = triangles[kinds != 5]
    light = _reached(shape, solid, normals)
    inside = pack.masks[:, 2]
    light = np.where(pack.material == 3, 0.9, np.where(pack.material == 4, 0.3, light))
    light = np.where(pack.material == 5, 0.9, light)
    attributes = np.zeros((len(shape), 9))
    attributes[:, :2] = texture_points(pack.vertices)
    attributes[:, 2] = pack.masks[:, 0]
    attributes[:, 3] = inside
    attributes[:, 4] = np.where(inside > 0.5, 0.1, light)
    attributes[:, 5] = 0.035 + 0.05 * pack.masks[:, 0]
    for material in EYES:
        eye = pack.material == material
        attributes[eye, 6:] = shape[eye] - shape[eye].mean(axis=0)
    worn = np.zeros((0, 3))
    if identity.glasses:
        worn, more = spectacles(shape)
        triangles = np.concatenate([triangles, more + len(shape)])
        kinds = np.concatenate([kinds, np.full(len(more), 6)])
        lit = np.zeros((len(worn), 9))
        lit[:, 4] = 1.0
        attributes = np.concatenate([attributes, lit])
    return _Prepared(triangles, kinds, kinds == 5, attributes, hair, worn)


@lru_cache(maxsize=4)
def _wall(size_px: tuple[int, int], background: tuple[int, int, int]) -> NDArray[np.float32]:
    """Return the (H, W, 3) wall behind, unevenly lit."""
    x, y = np.linspace(-1, 1, size_px[0]), np.linspace(-1, 1, size_px[1])[:, None]
    fall = 1 - 0.22 * (x - 0.4) ** 2 - 0.18 * (y + 0.3) ** 2
    return np.asarray(linear(np.array(background)) * fall[..., None], dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """An identity before a camera. :meth:`picture` renders one frame in linear light."""

    identity: Identity
    view: View = field(default_factory=View)
    rig: str = "faceunits01"

    def placed(self, movement: Performance, k: int) -> F:
        """Return (V, 3) vertices of frame k in mm, with head pose and shift."""
        ready = _prepare(self.identity)
        shape = head_points(self.identity, movement, k, rig=self.rig)
        normals = raster.vertex_normals(shape, head_pack().triangles)
        shape = np.concatenate([shape + normals * ready.hair[:, None], ready.worn])
        turn = _rotation_vector(head_rotation(movement.pose_deg[k]))
        if np.any(turn):
            share = np.concatenate([_neck_share(), np.ones(len(ready.worn))])
            turned = np.einsum("vij,vj->vi", _rotations(share[:, None] * turn), shape - PIVOT)
            shape = turned + PIVOT
        return np.asarray(shape + movement.shift_mm[k])

    def project(self, points: F) -> F:
        """Return (V, 3) pixel x, y and depth in mm of points in mm."""
        width, height = self.view.size_px
        p = points - AIM - np.array([*self.view.aim_mm, 0.0])
        depth = self.view.distance_mm - p[:, 2]
        focal = self.view.distance_mm * height / self.view.span_mm
        return np.column_stack(
            [width / 2 + focal * p[:, 0] / depth, height / 2 - focal * p[:, 1] / depth, depth]
        )

    def _lights(self, level: float) -> F:
        v = self.view
        out = np.zeros((5, 3))
        for row, azimuth, height in (
            (0, v.light_azimuth_deg, v.light_height_deg),
            (2, -v.light_azimuth_deg - 30, 8.0),
        ):
            a, h = np.deg2rad([azimuth, height])
            out[row] = [np.sin(a) * np.cos(h), np.sin(h), np.cos(a) * np.cos(h)]
        key = np.array(v.light_colour) * level
        out[1], out[3], out[4] = 0.72 * key, 0.16 * level, 0.36 * level * np.array([1, 1.01, 1.04])
        return out

    def picture(self, movement: Performance, k: int) -> NDArray[np.float32]:
        """Return (H, W, 3) frame k in linear light, before the camera's own faults."""
        ready, appearance = _prepare(self.identity), look_of(self.identity)
        width, height = self.view.size_px
        level = self.view.light_level * float(movement.light[k])
        shape = self.placed(movement, k)
        normals = raster.vertex_normals(shape, ready.triangles)
        normals[len(shape) - len(ready.worn) :] = (0.0, 0.0, 1.0)  # flat bands with two sides
        screen = self.project(shape)
        screen[:, :2] *= 2
        ids = np.full((2 * height, 2 * width), raster.BACKGROUND, dtype=np.int32)
        nearest = np.full(ids.shape, np.inf, dtype=np.float64)
        raster.draw(screen, ready.triangles, ready.sheer, nearest, ids)
        picture = _wall(self.view.size_px, self.view.background) * np.float32(level)
        mesh = (ready.triangles, ready.kinds, normals, ready.attributes)
        paint = (appearance.texture, appearance.colours, appearance.eye)
        raster.shade(ids, screen, *mesh, *paint, self._lights(level), picture)
        return picture
