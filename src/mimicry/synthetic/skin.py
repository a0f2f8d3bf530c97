"""Looks of a person: skin with its unevenness, brows, scalp hair, stubble, eyes, clothes.

The skin is a texture wrapped round the head (angle about the vertical axis x height), drawn once
for each identity in linear light. It is tied to the mesh, so brows move with the skin.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.chance import generator
from mimicry.synthetic.head import Identity, head_pack

__all__ = ["Look", "hair_share", "look_of", "smooth_step", "texture_points"]

F = NDArray[np.float64]
AXIS_Z = 45.0  # mm; the vertical axis the texture is wrapped round
LOW, HIGH = 455.0, 855.0  # mm; height range of the texture
SIZE = 1024
# r, g, b (sRGB) of skin from very light to very dark
TONES = np.array(
    [
        [244, 229, 204, 166, 122, 84, 58],
        [213, 184, 152, 113, 80, 54, 38],
        [193, 158, 121, 83, 57, 40, 30],
    ]
)
HAIR = np.array([[22, 18, 16], [45, 30, 22], [84, 58, 38], [140, 105, 66], [95, 45, 25]])
GREY = np.array([150, 148, 146])
IRIS = np.array([[62, 40, 24], [92, 66, 38], [98, 104, 70], [84, 112, 140]])
# inside of the mouth, teeth, tongue; lashes
MOUTH = np.array([[58, 18, 18], [222, 214, 198], [170, 84, 82], [28, 22, 20]])
FRAMES = np.array([[24, 22, 22], [70, 44, 28], [120, 118, 116]])  # spectacles
SHIRTS = np.array([[70, 84, 108], [96, 60, 60], [66, 88, 72], [88, 88, 92], [120, 108, 88]])


def linear(srgb: NDArray[np.generic] | F) -> F:
    """Turn sRGB 0..255 into linear light 0..1."""
    x = np.asarray(srgb, dtype=np.float64) / 255
    return np.asarray(np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4))


def texture_points(vertices: F) -> F:
    """Return (V, 2) texture coordinates 0..1 of points on the base head."""
    angle = np.arctan2(vertices[:, 0], vertices[:, 2] - AXIS_Z)
    return np.column_stack([angle / (2 * np.pi) + 0.5, (HIGH - vertices[:, 1]) / (HIGH - LOW)])


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Everything the shading needs besides the shape.

    `texture` is (SIZE, SIZE, 3) linear light; `colours` (7, 3) and `eye` (5,) are laid out as
    :func:`mimicry.synthetic.raster.shade` says; `hair_mm` is the thickness of the scalp hair.
    """

    texture: NDArray[np.float32]
    colours: F
    eye: F
    hair_mm: float


def smooth_step(x: F, low: float, high: float) -> F:
    """Return 0 up to `low`, 1 from `high` on, and a smooth rise between them."""
    s = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(s * s * (3 - 2 * s))


@lru_cache(maxsize=1)
def _grid() -> tuple[F, F]:
    """Return angle (rad) and height (mm) of the texture's texels."""
    angle = ((np.arange(SIZE) + 0.5) / SIZE - 0.5) * 2 * np.pi
    height = HIGH - (np.arange(SIZE) + 0.5) / SIZE * (HIGH - LOW)
    return np.broadcast_to(angle, (SIZE, SIZE)), np.broadcast_to(height[:, None], (SIZE, SIZE))


@lru_cache(maxsize=1)
def _x_of_texel() -> F:
    """Return the sideways position (mm) of each texel, from the skin's radius there."""
    import cv2
    from scipy.interpolate import LinearNDInterpolator

    pack = head_pack()
    keep = (pack.material == 0) & (pack.masks[:, 2] < 0.2) & (pack.vertices[:, 2] > 40)
    points = pack.vertices[keep]
    uv = texture_points(points)
    u, v = np.meshgrid((np.arange(256) + 0.5) / 256, (np.arange(256) + 0.5) / 256)
    radius = LinearNDInterpolator(uv, np.hypot(points[:, 0], points[:, 2] - AXIS_Z))(u, v)
    fine = cv2.resize(np.nan_to_num(radius, nan=90.0), (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.sin(_grid()[0]) * fine)


def hair_share(points: F, *, fringe_mm: float = 0.0) -> F:
    """Return (V,) 0..1: how much scalp hair covers points of the base head."""
    angle = np.abs(np.arctan2(points[:, 0], points[:, 2] - AXIS_Z))
    return _hair_at(angle, points[:, 1], fringe_mm)


def _hair_at(angle: F, height: F, fringe_mm: float) -> F:
    front = 806.0 - fringe_mm
    line = np.interp(
        angle,
        [0.0, 0.35, 0.62, 0.85, 1.05, 1.25, 1.45, 1.62, 1.8, 2.2, np.pi],
        [front, front - 1, front - 8, 772, 748, 728, 722, 735, 705, 672, 662],
    )
    return smooth_step(height, 0.0, 1.0) * smooth_step(height - line, -4, 5)


def _noise(rng: np.random.Generator, sigma: tuple[float, float]) -> F:
    """Return (SIZE, SIZE) smooth unit-variance noise."""
    import cv2

    raw = rng.standard_normal((SIZE, SIZE)).astype(np.float32)
    soft = cv2.GaussianBlur(raw, (0, 0), sigmaX=sigma[0], sigmaY=sigma[1], borderType=2)
    return np.asarray(soft / soft.std(), dtype=np.float64)


def _brows(identity: Identity, rng: np.random.Generator) -> F:
    """Return (SIZE, SIZE) cover 0..1 of the brows, drawn hair by hair."""
    import cv2

    thick = rng.uniform(0.85, 1.25) * (1.15 if identity.sex == "male" else 0.85)
    arch = rng.uniform(-1.0, 1.5) + (1.0 if identity.sex == "female" else -0.5)
    cover = np.zeros((SIZE, SIZE), np.float32)
    x_map = _x_of_texel()
    py = SIZE / (HIGH - LOW)

    def texel(x: float, y: float) -> tuple[float, float]:
        row = int(np.clip((HIGH - y) * py, 0, SIZE - 1))
        return float(np.interp(x, x_map[row, 300:724], np.arange(300, 724))), (HIGH - y) * py

    for side in (1.0, -1.0):
        for _ in range(420):
            s = rng.uniform(0, 1)
            x = 10.5 + 41.5 * s + rng.uniform(-2.0, 1.0) * (s < 0.1)
            middle = 742.5 + 5.2 * np.sin(np.pi * min(s * 0.78 + 0.12, 1)) + arch * s
            middle -= 5.5 * max(s - 0.62, 0) / 0.38
            half = thick * np.interp(s, [0, 0.12, 0.6, 1], [1.6, 3.2, 2.5, 0.7])
            y = middle + rng.uniform(-half, half)
            lean = np.interp(s, [0, 0.3, 1], [1.35, 0.6, -0.35]) + rng.normal(0, 0.15)
            length = rng.uniform(3.0, 5.5) * np.interp(s, [0, 1], [1, 0.75])
            ends = (
                texel(side * x, y),
                texel(side * (x + length * np.cos(lean)), y + length * np.sin(lean) * 0.7),
            )
            a, b = ((round(c * 16), round(r * 16)) for c, r in ends)
            cv2.line(cover, a, b, 0.9, 1, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(cover, (0, 0), 1.0)
    share = np.clip(0.55 * cover + 0.75 * soft, 0, 1).astype(np.float64)
    return np.asarray(share * rng.uniform(0.8, 0.97))


@lru_cache(maxsize=1)
def _beard_area() -> F:
    """Return (SIZE, SIZE) where a beard grows, 0..1."""
    angle, height = _grid()
    x = np.abs(_x_of_texel())
    chin = smooth_step(height, 606, 630) * smooth_step(-np.abs(angle), -1.5, -1.05)
    chin *= smooth_step(-height - 0.25 * x, -688, -660)
    moustache = np.exp(-(((height - 676) / 5.5) ** 2)) * smooth_step(-x, -30, -22)
    bare = np.exp(-((x / 30) ** 2) - ((height - 661) / 9.5) ** 2)
    return np.clip(np.maximum(chin, moustache) - 0.9 * bare, 0, 1)


def _tone(position: float) -> F:
    steps = np.linspace(0, 1, TONES.shape[1])
    return linear(np.array([np.interp(position, steps, channel) for channel in TONES]))


def _mix(texture: F, colour: F, share: F) -> None:
    texture += (colour - texture) * share[..., None]


@lru_cache(maxsize=16)
def look_of(identity: Identity) -> Look:
    """Draw the looks of an identity."""
    rng = generator(identity.detail_seed, 2)
    angle, height = _grid()
    skin = _tone(identity.skin)
    blotch, pores = _noise(rng, (14, 18)), _noise(rng, (1.2, 1.5))
    texture = skin * (1 + 0.035 * blotch + 0.03 * pores)[..., None]
    x = _x_of_texel()
    blood = 0.10 + 0.12 * (1 - identity.skin)
    cheeks = np.exp(-(((np.abs(x) - 44) / 17) ** 2) - ((height - 692) / 15) ** 2)
    nose = np.exp(-((x / 13) ** 2) - ((height - 694) / 11) ** 2)
    sockets = np.exp(-(((np.abs(x) - 30) / 15) ** 2) - ((height - 722) / 9) ** 2)
    front = np.abs(angle) < 1.3
    texture *= 1 - np.array([0.02, 0.6, 0.5]) * (blood * (cheeks + 0.7 * nose) * front)[..., None]
    texture *= 1 - np.array([0.14, 0.18, 0.16]) * (sockets * front)[..., None]
    freckles = smooth_step(_noise(rng, (2.0, 2.3)), 2.1, 3.0) * (rng.random() < 0.35)
    freckles *= np.exp(-(((height - 705) / 28) ** 2))
    texture *= 1 - np.array([0.2, 0.3, 0.35]) * freckles[..., None]
    grey = float(np.clip((identity.age_years - 40) / 35 + rng.normal(0, 0.15), 0, 1))
    dark = identity.ethnicity != "caucasian" or rng.random() < 0.3
    pick = HAIR[rng.integers(0, 2)] if dark else HAIR[rng.integers(0, len(HAIR))]
    hair = linear(pick * (1 - grey) + GREY * grey)
    brow = linear(pick * (1 - 0.5 * grey) + GREY * 0.5 * grey) * 0.8
    fringe = rng.uniform(-4, 10)
    _mix(texture, brow, _brows(identity, rng) * (np.abs(angle) < 1.2))
    if identity.sex == "male":
        strength = 0.86 if identity.beard else rng.uniform(0.05, 0.2)
        _mix(texture, hair * 0.9, _beard_area() * strength * np.clip(0.85 + 0.2 * pores, 0, 1))
    strands = _noise(rng, (1.0, 14.0))
    scalp = _hair_at(np.abs(angle), height + 1.6 * strands, fringe)
    covered = hair * np.clip(1 + 0.28 * strands, 0.3, 1.9)[..., None]
    texture += (covered - texture) * scalp[..., None]
    shirt = linear(SHIRTS[rng.integers(0, len(SHIRTS))]) * rng.uniform(0.7, 1.2)
    collar = 548 + 40 * smooth_step(np.abs(angle), 0.15, 1.3)
    _mix(texture, shirt, smooth_step(collar - height, 0, 2.5))
    iris = IRIS[0 if identity.ethnicity != "caucasian" else rng.integers(0, len(IRIS))]
    lips = np.array([0.86, 0.52, 0.53]) * rng.uniform(0.85, 1.1) + 0.12 * identity.skin
    worn = linear(FRAMES[identity.detail_seed % len(FRAMES)])
    return Look(
        texture=np.clip(texture, 0.002, 1).astype(np.float32),
        colours=np.array([lips, *linear(MOUTH), worn, [1.0, 0.35, 0.2]]),
        eye=np.array([*linear(iris), rng.uniform(5.6, 6.1), rng.uniform(1.6, 2.3)]),
        hair_mm=float(rng.uniform(5, 11)),
    )
