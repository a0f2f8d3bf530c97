"""Several faces in one table: which rows belong to which, and which one is wanted."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import TableError
from mimicry.interchange.table import Table

__all__ = ["faces_of", "one_face"]

Floats = NDArray[np.float64]
_PLACES = ("left", "right", "largest")


def one_face(table: Table, face: str | None) -> Table:
    """Return the rows of one face.

    Parameters
    ----------
    table
        Of any tool: with ``face_id`` (OpenFace), ``Identity`` (Py-Feat), or several rows a frame.
    face
        An id, or ``"left"``, ``"right"``, ``"largest"``: by the median over the recording, left
        and right as seen in the picture; None: the only one.

    Raises
    ------
    TableError
        When there are several and none was chosen, no such one, or the table does not say where
        its faces are.
    """
    labels = _labels(table)
    ids = _ids(labels)
    if face is None:
        if len(ids) < 2:
            return table
        raise TableError(
            f"holds {len(ids)} faces ({', '.join(ids[:5])}{', ...' if len(ids) > 5 else ''})",
            path=table.path,
            key="--face",
            hint=f"Choose one of them, for instance --face {ids[0]}"
            f"{' or --face left' if _place(table) is not None else ''}.",
        )
    if face in _PLACES and face not in ids:
        face = _by_place(table, labels, ids, face)
    if face not in ids:
        raise TableError(
            f"holds no face {face}; it has {', '.join(ids)}", path=table.path, key="--face"
        )
    return table.where(labels == face)


def faces_of(table: Table) -> tuple[str, ...]:
    """Return the ids of the faces: from left to right where the table tells, else by id."""
    labels = _labels(table)
    ids = _ids(labels)
    place = _place(table)
    if place is None or len(ids) < 2:
        return tuple(ids)
    middle = {i: _median(place[0][labels == i]) for i in ids}
    return tuple(sorted(ids, key=lambda i: (middle[i], i)))


def _labels(table: Table) -> NDArray[np.str_]:
    """The face of every row, as text."""
    for name in ("face_id", "Identity"):
        if name in table:
            texts = [text.removesuffix(".0") for text in table.texts(name)]
            known = {text for text in texts if text}
            if known and not (name == "Identity" and len(known) == 1):
                return np.array([t or next(iter(sorted(known))) for t in texts])
    if "frame" not in table:
        return np.full(len(table), "0")
    frames = table.numbers("frame")
    _, row_frame, count = np.unique(frames, return_inverse=True, return_counts=True)
    most = int(count.max())
    if most == 1 or "timestamp" in table:  # own times: what stands twice is said there
        return np.full(len(table), "0")
    place = _place(table)
    if place is None:
        raise TableError(
            f"{int((count > 1).sum())} frames have several rows, and nothing tells the faces apart",
            path=table.path,
            key="frame",
            hint="Keep the rows of one face.",
        )
    return _from_left(place[0], row_frame, count, most)


def _from_left(
    x: Floats, row_frame: NDArray[np.intp], count: NDArray[np.intp], most: int
) -> NDArray[np.str_]:
    """Number the faces from the left; where some are not seen, the nearest usual place counts."""
    rows = np.lexsort((x, row_frame))  # by frame, in it from the left
    groups = np.split(rows, np.cumsum(count)[:-1])
    usual = np.median(np.stack([x[g] for g in groups if len(g) == most]), axis=0)
    label = np.zeros(len(x), dtype=np.int64)
    for group in groups:
        if len(group) == most:
            label[group] = np.arange(most)
        else:
            label[group] = np.abs(usual - np.nan_to_num(x[group])[:, None]).argmin(axis=1)
    return label.astype(str)


def _ids(labels: NDArray[np.str_]) -> list[str]:
    names = sorted(set(labels.tolist()))
    return sorted(names, key=lambda n: (0, float(n), n) if n.isdigit() else (1, 0.0, n))


def _by_place(table: Table, labels: NDArray[np.str_], ids: Sequence[str], face: str) -> str:
    if len(ids) == 1:
        return ids[0]
    place = _place(table)
    if place is None:
        raise TableError(
            f"has no column that tells where a face is, so which is the {face} one has no answer",
            path=table.path,
            key="--face",
            hint=f"Choose by id, for instance --face {ids[0]}; it has {', '.join(ids)}.",
        )
    x, size = place
    middle = {i: _median(x[labels == i]) for i in ids}
    if face == "largest":
        return max(ids, key=lambda i: (_median(size[labels == i]), -ids.index(i)))
    pick = min if face == "left" else max
    return pick(ids, key=lambda i: middle[i])


def _place(table: Table) -> tuple[Floats, Floats] | None:
    """Middle of the face from the left of the picture, and its size, for every row."""
    if {"FaceRectX", "FaceRectWidth", "FaceRectHeight"} <= set(table.names):
        left, width, height = (table.numbers(f"FaceRect{n}") for n in ("X", "Width", "Height"))
        return left + width / 2, width * height
    across = [f"x_{k}" for k in range(68) if f"x_{k}" in table]
    if len(across) == 68:
        x = table.block(across)
        return x.mean(axis=1), np.ptp(x, axis=1)
    if {"pose_Tx", "pose_Tz"} <= set(table.names):
        away = table.numbers("pose_Tz")
        away = np.where(away > 0, away, np.nan)
        return table.numbers("pose_Tx") / away, 1 / away
    return None


def _median(values: Floats) -> float:
    there = values[np.isfinite(values)]
    return float(np.median(there)) if there.size else float("-inf")
