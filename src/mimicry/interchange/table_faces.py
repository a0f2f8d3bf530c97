"""Several faces in one table: which rows belong to which, and which one is wanted."""

import re
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import QualityWarning
from mimicry.interchange.table import Table

__all__ = ["faces_of", "one_face"]

Floats = NDArray[np.float64]
_PLACES = ("left", "right", "largest")
_UNIT = re.compile(r"(?i)AU_?\d+(_[rLR]|_intensity)?$")
_OFTEN = 0.1  # share of the frames that a person is at least seen in


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

    Warns
    -----
    QualityWarning
        When rows hold a face that is nobody's (no id, or more faces than people); they are left
        out.
    """
    labels = _labels(table, aloud=True)
    ids = _ids(labels)
    if face is None:
        if len(ids) < 2:
            return table.where(labels != "") if (labels == "").any() else table
        place = "" if _place(table) is None else " or `face='left'`"
        raise table.error(
            f"holds {len(ids)} faces ({', '.join(ids[:5])}{', ...' if len(ids) > 5 else ''})",
            "`face`",
            hint=f"Choose one of them, for instance `face={ids[0]!r}`{place}.",
        )
    if face in _PLACES and face not in ids:
        face = _by_place(table, labels, ids, face)
    if face not in ids:
        raise table.error(f"holds no face {face}; it has {', '.join(ids)}", "`face`")
    return table.where(labels == face)


def faces_of(table: Table) -> tuple[str, ...]:
    """Return the ids of the faces: from left to right where the table tells, else by id."""
    labels = _labels(table, aloud=False)
    ids = _ids(labels)
    place = _place(table)
    if place is None or len(ids) < 2:
        return tuple(ids)
    middle = {i: _median(place[0][labels == i]) for i in ids}
    return tuple(sorted(ids, key=lambda i: (middle[i], i)))


def _labels(table: Table, *, aloud: bool) -> NDArray[np.str_]:
    """Return the face of every row, as text; empty where a row holds a face that is nobody's."""
    for name in ("face_id", "Identity"):
        if name not in table:
            continue
        texts = np.array([text.removesuffix(".0") for text in table.texts(name)])
        known = sorted(set(texts.tolist()) - {""})
        nameless = texts == ""
        strangers = nameless & _faces(table)
        lone = name == "Identity" and len(known) == 1  # where none are told apart, all are one
        if known and not (lone and (not strangers.any() or _repeats(table, ~nameless))):
            if aloud:
                _say_left_out(table, strangers, f"a face and no {name}")
            return np.where(nameless & ~strangers, known[0], texts)
    if "frame" not in table:
        return np.full(len(table), "0")
    frames = table.numbers("frame")
    _, row_frame, count = np.unique(frames, return_inverse=True, return_counts=True)
    if count.max() == 1 or "timestamp" in table:  # own times: what stands twice is said there
        return np.full(len(table), "0")
    place = _place(table)
    if place is None:
        raise table.error(
            f"{int((count > 1).sum())} frames have several rows, and nothing tells the faces apart",
            "frame",
            hint="Keep the rows of one face.",
        )
    labels, people = _from_left(place[0], row_frame)
    if aloud:
        seen = "one face" if people == 1 else f"{people} faces"
        _say_left_out(table, labels == "", f"a face too many in their frame (usual: {seen})")
    return labels


def _faces(table: Table) -> NDArray[np.bool_]:
    """Tell which rows hold a face."""
    if "success" in table:
        return np.asarray(table.numbers("success") == 1)
    seen = np.isfinite(table.block([n for n in table.names if _UNIT.match(n)])).any(axis=1)
    place = _place(table)
    if place is not None:
        seen = seen | (np.isfinite(place[0]) & (place[1] > 0))
    return np.asarray(seen)


def _repeats(table: Table, rows: NDArray[np.bool_]) -> bool:
    """Tell whether some of the rows share their frame."""
    if "frame" not in table:
        return False
    frames = table.numbers("frame")[rows]
    return len(np.unique(frames)) < len(frames)


def _say_left_out(table: Table, rows: NDArray[np.bool_], why: str) -> None:
    if rows.any():
        first = table.at(int(np.flatnonzero(rows)[0]))
        text = (
            f"{table.path.name}: {int(rows.sum())} of {len(rows)} rows hold {why} and are left "
            f"out, the first in {first}"
        )
        warnings.warn(QualityWarning(text), stacklevel=5)


def _from_left(x: Floats, row_frame: NDArray[np.intp]) -> tuple[NDArray[np.str_], int]:
    """Count the people, and number their faces from the left.

    There are as many people as a tenth of the frames show at least: false detections are fewer,
    and a person who is often out of sight is more. Where a frame shows another number of faces,
    each usual place takes the nearest one; faces left over get no number.
    """
    from scipy.optimize import linear_sum_assignment

    seen = np.isfinite(x)
    faces = np.bincount(row_frame[seen], minlength=int(row_frame.max()) + 1)
    shown = np.sort(faces[faces > 0])
    most = int(shown[int(np.floor((1 - _OFTEN) * len(shown)))]) if len(shown) else 1
    # frames without a face keep their time
    label = np.where(faces[row_frame] == 0, "0", "").astype("<U8")
    rows = np.lexsort((x, row_frame))  # by frame, in it from the left
    rows = rows[seen[rows]]
    groups = np.split(rows, np.cumsum(faces)[:-1])
    whole = [group for group in groups if len(group) == most]
    if whole:
        usual = np.median(np.stack([x[group] for group in whole]), axis=0)
    for group in groups:
        if len(group) == most:
            label[group] = np.arange(most).astype(str)
        elif len(group):
            place, face = linear_sum_assignment(np.abs(usual[:, None] - x[group]))
            label[group[face]] = place.astype(str)
    return label, most


def _ids(labels: NDArray[np.str_]) -> list[str]:
    names = sorted(set(labels.tolist()) - {""})
    return sorted(names, key=lambda n: (0, float(n), n) if n.isdigit() else (1, 0.0, n))


def _by_place(table: Table, labels: NDArray[np.str_], ids: Sequence[str], face: str) -> str:
    if len(ids) == 1:
        return ids[0]
    place = _place(table)
    if place is None:
        raise table.error(
            f"has no column that tells where a face is, so which is the {face} one has no answer",
            "`face`",
            hint=f"Choose by id, for instance `face={ids[0]!r}`; it has {', '.join(ids)}.",
        )
    x, size = place
    middle = {i: _median(x[labels == i]) for i in ids}
    if face == "largest":
        return max(ids, key=lambda i: (_median(size[labels == i]), -ids.index(i)))
    pick = min if face == "left" else max
    return pick(ids, key=lambda i: middle[i])


def _place(table: Table) -> tuple[Floats, Floats] | None:
    """Return the middle and the size of the face for every row, from the left of the picture."""
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
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("-inf")
