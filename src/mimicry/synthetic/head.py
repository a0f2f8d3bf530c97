"""The rendered person: who it is (identity), the shape of the head at rest, points to measure at.

Lengths are millimetres. x points to the person's left, y up, z out of the face.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import InputError
from mimicry.kernels.chance import generator

__all__ = [
    "EYES",
    "POINTS",
    "HeadPack",
    "Identity",
    "eye_centres",
    "head_pack",
    "identities",
    "measures",
    "neutral_shape",
]

Ethnicity = Literal["african", "asian", "caucasian"]
Sex = Literal["female", "male"]
ETHNICITIES: tuple[Ethnicity, ...] = get_args(Ethnicity)
SEXES: tuple[Sex, ...] = get_args(Sex)
RESTING_EYE_MM = 9.0  # at rest the upper lid covers the rim of the iris
RESTING_LIP_GAP_MM = 0.2
TEETH_BACK_MM = 5.0  # behind closed lips no tooth shows
EYES_AT = np.array([0.0, 728.5, 125.0])  # mm; where the middle between the eyes is put
EYES = (1, 2)  # materials of the left and the right eyeball
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


@dataclass(frozen=True, slots=True, eq=False)
class HeadPack:
    """The base head and its targets.

    Parameters
    ----------
    vertices
        (V, 3) base shape in mm.
    triangles
        (F, 3) vertex numbers, counter-clockwise seen from outside.
    material
        (V,) 0 skin, 1 left eye, 2 right eye, 3 teeth, 4 tongue, 5 lashes.
    masks
        (V, 3) lips, eyelids, inside of the mouth, 0..1.
    targets
        Name -> (vertex numbers (n,), displacements (n, 3) in mm).
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int64]
    material: NDArray[np.int64]
    masks: NDArray[np.float64]
    targets: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]

    def add(self, shape: NDArray[np.float64], name: str, weight: float) -> None:
        """Add a target to a (V, 3) shape in place."""
        index, delta = self.targets[name]
        shape[index] += weight * delta


@lru_cache(maxsize=1)
def head_pack() -> HeadPack:
    """Return the head that ships with the package."""
    with (files("mimicry.synthetic") / "data" / "head.npz").open("rb") as handle:
        raw = {k: np.asarray(v) for k, v in np.load(handle, allow_pickle=False).items()}
    start = raw["target_start"]
    index, delta = raw["target_index"].astype(np.int64), raw["target_delta"] / 10.0
    targets = {
        str(name): (index[start[n] : start[n + 1]], delta[start[n] : start[n + 1]])
        for n, name in enumerate(raw["target_names"])
    }
    return HeadPack(
        vertices=raw["vertices"] / 100.0,
        triangles=raw["triangles"].astype(np.int64),
        material=raw["material"].astype(np.int64),
        masks=raw["masks"] / 255.0,
        targets=targets,
    )


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is rendered. Two equal identities look the same, byte for byte.

    Parameters
    ----------
    name
        A short id such as ``"f01"``; only a label.
    sex
        ``"female"`` or ``"male"``: the base shape.
    ethnicity
        ``"african"``, ``"asian"`` or ``"caucasian"``: the base shape; the skin is free of it.
    age_years
        25..80, between the young and the old base shape.
    skin
        0 (very light) .. 1 (very dark).
    detail_seed
        Draws the details of shape, skin, eyes and hair.
    detail
        How far the details of shape go; 0 = the bare base shape.
    glasses, beard
        Whether glasses and a short beard are worn.
    """

    name: str
    sex: Sex
    ethnicity: Ethnicity
    age_years: float = 30.0
    skin: float = 0.3
    detail_seed: int = 0
    detail: float = 1.0
    glasses: bool = False
    beard: bool = False

    def __post_init__(self) -> None:
        if self.sex not in SEXES or self.ethnicity not in ETHNICITIES:
            raise InputError(
                f"no base shape {self.sex!r}, {self.ethnicity!r}",
                hint=f"sex: {', '.join(SEXES)}; ethnicity: {', '.join(ETHNICITIES)}",
            )
        if not 25 <= self.age_years <= 80 or not 0 <= self.skin <= 1:
            raise InputError(
                f"age_years is {self.age_years}, skin {self.skin}; expected 25..80 and 0..1"
            )


def identities(seed: int, n: int, *, prefix: str = "p") -> tuple[Identity, ...]:
    """Draw `n` identities: sex alternates, ethnicity rotates, the rest is random.

    Examples
    --------
    >>> [i.name for i in identities(1, 2)]
    ['p01', 'p02']
    """
    rng = generator(seed)
    tone = {"african": (0.6, 1.0), "asian": (0.15, 0.6), "caucasian": (0.0, 0.45)}
    out = []
    for k in range(n):
        ethnicity = ETHNICITIES[(k // 2) % 3]
        sex = SEXES[k % 2]
        out.append(
            Identity(
                name=f"{prefix}{k + 1:02d}",
                sex=sex,
                ethnicity=ethnicity,
                age_years=float(np.round(rng.uniform(25, 65))),
                skin=float(np.round(rng.uniform(*tone[ethnicity]), 2)),
                detail_seed=int(rng.integers(2**31)),
                beard=bool(sex == "male" and rng.random() < 0.25),
                glasses=bool(rng.random() < 0.15),
            )
        )
    return tuple(out)


def _details(pack: HeadPack, identity: Identity) -> dict[str, float]:
    """Return detail target -> weight; pairs such as -incr and -decr exclude one another."""
    rng = generator(identity.detail_seed, 1)
    names = sorted(n for n in pack.targets if n.startswith("detail/"))
    weights = np.abs(rng.normal(0, 0.22, len(names))).clip(0, 0.5)
    chosen = rng.random(len(names)) < 0.55
    out: dict[str, float] = {}
    stems: set[str] = set()
    for k in rng.permutation(len(names)):
        stem = names[k].rsplit("-", 1)[0]
        if chosen[k] and stem not in stems:
            stems.add(stem)
            scale = 0.5 if "asym" in stem or "head/" in stem else 1.0
            out[names[k]] = float(weights[k] * scale * identity.detail)
    return out


@lru_cache(maxsize=64)
def neutral_shape(identity: Identity) -> NDArray[np.float64]:
    """Return (V, 3) shape of the head at rest, in mm, read-only.

    Odd faces (lips that part, eyes that are nearly shut, a far too wide or narrow mouth) are
    not returned: the details are shrunk step by step until the face is inside the range.
    """
    pack = head_pack()
    old = (identity.age_years - 25) / 55
    details = _details(pack, identity)
    for shrink in (1.0, 0.7, 0.4, 0.0):
        shape = pack.vertices.copy()
        for age, share in (("young", 1 - old), ("old", old)):
            pack.add(shape, f"base/{identity.ethnicity}-{identity.sex}-{age}", share)
        for name, weight in details.items():
            pack.add(shape, name, weight * shrink)
        _rest(pack, shape)
        shape += EYES_AT - np.mean(eye_centres(shape, pack.material), axis=0)
        if not _is_odd(shape, pack.material):
            break
    shape.flags.writeable = False
    return shape


def _rest(pack: HeadPack, shape: NDArray[np.float64]) -> None:
    """Let the upper lids down to a resting height, close the lips, hide the teeth."""
    lengths = measures(shape, pack.material)
    for side in ("Left", "Right"):  # a full closure lowers the lid by 11.5 mm
        pack.add(
            shape, f"unit/eyeBlink{side}", max(lengths["eye_opening"] - RESTING_EYE_MM, 0.0) / 11.5
        )
    pack.add(shape, "unit/mouthClose", (lengths["lip_gap"] - RESTING_LIP_GAP_MM) / 34.5)
    teeth = pack.material == 3
    shape[teeth, 2] -= TEETH_BACK_MM
    shape[teeth, 0] *= 0.76


def eye_centres(
    shape: NDArray[np.float64], material: NDArray[np.int64]
) -> list[NDArray[np.float64]]:
    """Return the middle of the left and of the right eyeball, (3,) each."""
    return [np.asarray(shape[material == k].mean(axis=0)) for k in EYES]


def measures(shape: NDArray[np.float64], material: NDArray[np.int64]) -> dict[str, float]:
    """Return lengths of a face in mm: lip gap, eye opening, mouth width, pupil distance.

    Parameters
    ----------
    shape
        (V, 3) vertices in mm.
    material
        (V,) material of each vertex, of :class:`HeadPack`.
    """

    def point(name: str, side: int = 0) -> NDArray[np.float64]:
        return np.asarray(shape[POINTS[name][side]])

    eyes = eye_centres(shape, material)
    return {
        "lip_gap": float(point("upper_lip_edge")[1] - point("lower_lip_edge")[1]),
        "eye_opening": float(point("upper_lid")[1] - point("lower_lid")[1]),
        "mouth_width": float(np.linalg.norm(point("lip_corner") - point("lip_corner", 1))),
        "pupil_distance": float(np.linalg.norm(eyes[0] - eyes[1])),
    }


def _is_odd(shape: NDArray[np.float64], material: NDArray[np.int64]) -> bool:
    m = measures(shape, material)
    return not (
        abs(m["lip_gap"]) < 1.5
        and 6.0 < m["eye_opening"] < 14.0
        and 38.0 < m["mouth_width"] < 64.0
        and 55.0 < m["pupil_distance"] < 72.0
    )
