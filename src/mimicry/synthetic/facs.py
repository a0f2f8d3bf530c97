"""Action units of the rendered head: which targets move, and how many millimetres 1.0 is.

1.0 of an action unit is the *reference movement*: the full movement of the rig's targets listed
in :data:`ACTION_UNITS`. What that is in millimetres on the base head, at the point named there,
is computed by :func:`millimetres`. Sides are the person's.

The FACS letters A to E are ordinal grades of visible evidence, not a ratio scale; where a letter
is asked for, :data:`LETTERS` states the convention used here (Ekman, Friesen & Hager 2002 give
the letters; the numbers are ours).
"""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import InputError
from mimicry.synthetic.head import POINTS, head_pack

__all__ = [
    "ACTION_UNITS",
    "LETTERS",
    "RIGS",
    "Movement",
    "action_unit_names",
    "basis",
    "millimetres",
    "parse_intensity",
]

LETTERS = {"A": 0.1, "B": 0.25, "C": 0.5, "D": 0.75, "E": 1.0}
# rig -> where its targets lie, and what it calls the person's left and right
RIGS = {"faceunits01": ("unit/", ("Left", "Right")), "second": ("second/", ("left", "right"))}


@dataclass(frozen=True, slots=True)
class Movement:
    """What one action unit does on the shipped rig and on the second one.

    Target names ending in ``*`` stand for the pair ``Left``/``Right`` (``-left-``/``-right-``
    in the second rig); others are split at the midline.
    """

    meaning: str
    point: str
    targets: dict[str, float]
    second: dict[str, float] = field(default_factory=dict)


_m = Movement  # short, for the table
ACTION_UNITS: dict[str, Movement] = {
    "AU01": _m("inner brow raiser", "inner_brow", {"browInnerUp": 1}, {"eyebrows-*-inner-up": 1}),
    "AU02": _m("outer brow raiser", "outer_brow", {"browOuterUp*": 1}, {"eyebrows-*-extern-up": 1}),
    "AU04": _m("brow lowerer", "mid_brow", {"browDown*": 1}, {"eyebrows-*-down": 1}),
    "AU05": _m("upper lid raiser", "upper_lid", {"eyeWide*": 1}, {"eye-*-opened-up": 1}),
    "AU06": _m("cheek raiser", "cheek", {"cheekSquint*": 1}),
    "AU07": _m("lid tightener", "lower_lid", {"eyeSquint*": 1}, {"eye-*-slit": 1}),
    "AU09": _m("nose wrinkler", "inner_brow", {"noseSneer*": 1}),
    "AU10": _m("upper lip raiser", "upper_lip", {"mouthUpperUp*": 1}),
    "AU12": _m("lip corner puller", "lip_corner", {"mouthSmile*": 1}, {"mouth-corner-puller": 1}),
    "AU14": _m("dimpler", "lip_corner", {"mouthDimple*": 1}),
    "AU15": _m("lip corner depressor", "lip_corner", {"mouthFrown*": 1}),
    "AU16": _m("lower lip depressor", "lower_lip", {"mouthLowerDown*": 1}),
    "AU17": _m("chin raiser", "lower_lip", {"mouthShrugLower": 1, "mouthShrugUpper": 0.6}),
    "AU18": _m("lip pucker", "lower_lip", {"mouthPucker": 1}, {"mouth-pursing": 1}),
    "AU20": _m("lip stretcher", "lip_corner", {"mouthStretch*": 1}, {"mouth-retraction": 1}),
    "AU22": _m("lip funneler", "lower_lip", {"mouthFunnel": 1}),
    "AU23": _m(
        "lip tightener",
        "lower_lip",
        {"mouthRollLower": 0.5, "mouthRollUpper": 0.5, "mouthPress*": 0.4},
    ),
    "AU24": _m("lip pressor", "lip_corner", {"mouthPress*": 1}),
    "AU25": _m("lips part", "lower_lip_edge", {"mouthLowerDown*": 1, "mouthUpperUp*": 0.4}),
    "AU26": _m("jaw drop", "chin", {"jawOpen": 0.35}, {"mouth-open": 1}),
    "AU27": _m("mouth stretch", "chin", {"jawOpen": 1}, {"mouth-open": 1}),
    "AU28": _m("lip suck", "lower_lip", {"mouthRollLower": 1, "mouthRollUpper": 1}),
    "AU34": _m("cheek puff", "cheek", {"cheekPuff": 1}),
    "AU43": _m("eye closure", "upper_lid", {"eyeBlink*": 1}, {"eye-*-closure": 1}),
}
Sparse = tuple[NDArray[np.int64], NDArray[np.float64]]


def action_unit_names() -> tuple[str, ...]:
    """Return every name that a performance may use: ``AU12``, ``AU12_L``, ``AU12_R``."""
    return (*(n + side for n in ACTION_UNITS for side in ("", "_L", "_R")), "AU45")


def parse_intensity(value: float | str) -> float:
    """Return the intensity of a number or a FACS letter A..E.

    Examples
    --------
    >>> parse_intensity("C")
    0.5
    """
    if isinstance(value, str):
        if value not in LETTERS:
            raise InputError(f"no FACS letter {value!r}", hint="Give A, B, C, D, E or a number.")
        return LETTERS[value]
    return float(value)


def _sided(name: str, rig: str) -> tuple[Sparse, Sparse]:
    """Return the left and the right half of a target."""
    pack = head_pack()
    folder, words = RIGS[rig]
    if "*" in name:
        left, right = (pack.targets[folder + name.replace("*", w)] for w in words)
        return left, right
    index, delta = pack.targets[folder + name]
    ramp = np.clip(pack.vertices[index, 0] / 8 + 0.5, 0, 1)
    share = (ramp**2 * (3 - 2 * ramp))[:, None]
    return (index, delta * share), (index, delta * (1 - share))


def _joined(parts: dict[str, float], rig: str, side: int) -> Sparse:
    pack = head_pack()
    dense = np.zeros_like(pack.vertices)
    for name, weight in parts.items():
        index, delta = _sided(name, rig)[side]
        dense[index] += weight * delta
    hit = np.flatnonzero(np.abs(dense).max(axis=1) > 1e-6)
    return hit, dense[hit]


@lru_cache(maxsize=2)
def basis(rig: str = "faceunits01") -> dict[str, Sparse]:
    """Return sided action unit (``AU12_L``) -> vertex numbers and displacements in mm.

    On the second rig 1.0 is that rig's own full movement, which may be shorter or longer (see
    :func:`millimetres`); action units that it lacks are absent.
    """
    if rig not in RIGS:
        raise InputError(f"no rig {rig!r}", hint=f"Rigs: {', '.join(RIGS)}")
    out: dict[str, Sparse] = {}
    for name, unit in ACTION_UNITS.items():
        for side, letter in enumerate("LR"):
            parts = unit.targets if rig == "faceunits01" else unit.second
            if parts:
                out[f"{name}_{letter}"] = _joined(parts, rig, side)
    return out


def millimetres(name: str, *, rig: str = "faceunits01") -> float:
    """Return how far 1.0 of an action unit, both sides together, moves its ruler point, in mm.

    Raises
    ------
    InputError
        When the rig has no such movement.
    """
    base = "AU43" if name.startswith("AU45") else name[:4]
    if f"{base}_L" not in basis(rig):
        raise InputError(f"the rig {rig!r} has no {name}", key="rig")
    left, _ = POINTS[ACTION_UNITS[base].point]
    total = np.zeros(3)
    for letter in "LR":
        index, delta = basis(rig)[f"{base}_{letter}"]
        total += delta[index == left].sum(axis=0)
    return float(np.linalg.norm(total))
