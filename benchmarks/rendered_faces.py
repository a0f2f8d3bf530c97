"""Rendered heads that hold one expression at a time, and the landmarks found in them.

Every frame is a face of its own: an identity, one or a few action units at a known size, a
slightly different head pose and place, sensor noise. Landmarks are cached, since rendering and
detection cost about 0.1 s a frame.

    python -m benchmarks.rendered_faces          renders all sets into benchmarks/.cache
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mimicry.landmarks.guard import GUARD

CACHE = Path(__file__).resolve().parent / ".cache"
UNITS = tuple(
    f"AU{n:02d}"
    for n in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 18, 20, 22, 23, 24, 25, 26, 27, 43)
)
DOSES = (0.1, 0.25, 0.5, 0.75, 1.0)
SMALL = (0.05, 0.1, 0.15, 0.2)
TOGETHER = (
    ("AU01", "AU04"), ("AU01", "AU02"), ("AU12", "AU25"), ("AU12", "AU26"), ("AU06", "AU12"),
    ("AU12", "AU18"), ("AU04", "AU43"), ("AU12", "AU20"), ("AU04", "AU07"), ("AU15", "AU17"),
    ("AU04", "AU09"), ("AU09", "AU10"), ("AU01", "AU04", "AU15"), ("AU12", "AU43"),
    ("AU04", "AU12"), ("AU25", "AU26"),
)  # fmt: skip
RESTS = 12
# name -> (seed of the identities, how many, rig, what they do)
SETS = {
    "train": (11, 10, "faceunits01", "expressions"),
    "unseen": (77, 6, "faceunits01", "expressions"),
    "second": (5, 4, "second", "expressions"),
    "turn": (11, 6, "faceunits01", "turns"),
    "turn_unseen": (77, 4, "faceunits01", "turns"),
    "ramps_unseen": (77, 6, "faceunits01", "ramps"),
    "ramps_second": (5, 2, "second", "ramps"),
    "sway_unseen": (77, 4, "faceunits01", "sway"),
}
# Shown without glasses and beard, as in docs/accuracy.md, which has a line on glasses of its own.
BARE = ("turn_unseen", "ramps_unseen", "ramps_second", "sway_unseen")
RAMPED = tuple(f"AU{n:02d}" for n in (1, 2, 4, 5, 7, 9, 10, 12, 14, 15, 17, 18, 20, 23, 25, 26, 43))
RAMP = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
SWAY_HZ, SWAY_S = 15.0, 20.0


@dataclass(frozen=True)
class Shot:
    """One frame: sizes of action units, head pose and gaze in degrees."""

    units: dict[str, float]
    pose: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gaze: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class FaceSet:
    """Landmarks (T, 478, 3) px, identity number (T,) and the shots they come from."""

    points_px: NDArray[np.float32]
    blendshapes: NDArray[np.float32]
    identity: NDArray[np.int64]
    shots: list[Shot]

    def where(self, **units: float) -> NDArray[np.bool_]:
        """Frames that show exactly these units at these sizes."""
        return np.array([shot.units == units for shot in self.shots])


def shots(kind: str, rng: np.random.Generator) -> list[Shot]:
    """The frames that one identity is shown in."""

    def near() -> tuple[float, float, float]:
        return tuple(rng.normal(0, 1.5, 3))

    if kind == "expressions":
        out = [Shot({}, near()) for _ in range(RESTS)]
        out += [Shot({u: d}, near()) for u in UNITS for d in DOSES]
        out += [Shot({f"{u}_{s}": 1.0}, near()) for u in UNITS for s in "LR"]
        out += [Shot(dict.fromkeys(c, d), near()) for c in TOGETHER for d in (0.5, 1.0)]
        return out + [Shot({u: d}, near()) for d in SMALL for u in ("AU12", "AU04", "AU01")]
    if kind == "ramps":
        out = [Shot({}) for _ in range(RESTS)]
        return out + [Shot({u: d}) for u in RAMPED for d in RAMP for _ in range(2)]
    if kind == "sway":
        return _sway(rng)
    steps = (-25, -20, -15, -10, -5, 5, 10, 15, 20, 25)
    out = [Shot({}, tuple(np.eye(3)[axis] * d)) for axis in range(3) for d in steps]
    out += [Shot({}, gaze=g) for d in (-15, -10, -5, 5, 10, 15) for g in ((d, 0.0), (0.0, d))]
    out += [Shot({}, tuple(rng.normal(0, 0.3, 3))) for _ in range(6)]
    return out + [Shot({}, tuple(rng.normal(0, 8, 3))) for _ in range(20)]


def _sway(rng: np.random.Generator) -> list[Shot]:
    """A film of a head that sways and blinks, with three smiles and three frowns in it."""
    from mimicry.synthetic import blink_curve, envelope

    t = np.arange(round(SWAY_S * SWAY_HZ)) / SWAY_HZ
    waves = [
        size * (np.sin(2 * np.pi * t / rng.uniform(3, 8) + rng.uniform(0, 6)) +
                0.5 * np.sin(2 * np.pi * t / rng.uniform(1, 3) + rng.uniform(0, 6)))
        for size in (4.0, 6.0, 2.5)
    ]  # fmt: skip
    smile, frown = np.zeros_like(t), np.zeros_like(t)
    for start, size in ((2.0, 0.3), (8.0, 0.6), (14.0, 0.2)):
        smile += size * envelope(t, start, start + 0.6, start + 1.6, start + 2.2)
        frown += size * envelope(t, start + 3, start + 3.6, start + 4.6, start + 5.2)
    blinks = blink_curve(t, np.arange(1.3, SWAY_S, 2.9) + rng.uniform(-0.5, 0.5))
    return [
        Shot({"AU12": float(a), "AU04": float(b), "AU45": float(c)}, tuple(pose))
        for a, b, c, pose in zip(smile, frown, blinks, np.column_stack(waves), strict=True)
    ]


def load(name: str) -> FaceSet:
    """A set of :data:`SETS`, from the cache or rendered now."""
    path = CACHE / f"{name}.npz"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        _make(name, path)
    with np.load(path, allow_pickle=False) as data:
        listed = [Shot(u, tuple(p), tuple(g)) for u, p, g in json.loads(str(data["shots"]))]
        return FaceSet(data["points_px"], data["blendshapes"], data["identity"], listed)


def _make(name: str, path: Path) -> None:
    from mimicry.landmarks.detector import FaceDetector
    from mimicry.landmarks.model_file import checked_model
    from mimicry.synthetic import identities

    os.environ.update(GUARD)
    seed, count, rig, kind = SETS[name]
    points, blendshapes, who, done = [], [], [], []
    with FaceDetector(checked_model()) as detector:
        for number, drawn in enumerate(identities(seed, count)):
            person = replace(drawn, glasses=False, beard=False) if name in BARE else drawn
            rng = np.random.default_rng([seed, number])
            for shot, picture in _pictures(person, shots(kind, rng), rig, rng):
                faces = detector.detect(picture)
                if len(faces.points) == 0:
                    continue
                height, width = picture.shape[:2]
                points.append(faces.points[0] * [width, height, width])
                blendshapes.append(faces.blendshapes[0])
                who.append(number)
                done.append(shot)
            print(f"{name}: {person.name} done, {len(done)} frames", file=sys.stderr, flush=True)
    listed = json.dumps([(s.units, s.pose, s.gaze) for s in done])
    part = path.with_suffix(".part.npz")
    np.savez_compressed(
        part,
        points_px=np.array(points, dtype=np.float32),
        blendshapes=np.array(blendshapes, dtype=np.float32),
        identity=np.array(who),
        shots=listed,
    )
    part.replace(path)


def _pictures(
    person: object, listed: list[Shot], rig: str, rng: np.random.Generator
) -> Iterator[tuple[Shot, NDArray[np.uint8]]]:
    from mimicry.synthetic import Faults, performance, render_frames
    from mimicry.synthetic.facs import basis

    known = basis(rig)
    for shot in listed:
        needed = {"AU43" if unit[:4] == "AU45" else unit[:4] for unit in shot.units}
        if not all(f"{unit}_{side}" in known for unit in needed for side in "LR"):
            continue
        play = performance(
            [0.0],
            {unit: [size] for unit, size in shot.units.items()},
            pose_deg=shot.pose,
            gaze_deg=shot.gaze,
            shift_mm=rng.normal(0, 6, 3) * [1, 1, 0.5],
        )
        seed = int(rng.integers(1 << 30))
        frames = render_frames(person, play, faults=Faults(noise=2.0), seed=seed, rig=rig)
        yield shot, next(iter(frames))


if __name__ == "__main__":
    for each in sys.argv[1:] or SETS:
        print(each, load(each).points_px.shape)
