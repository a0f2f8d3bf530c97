"""Reading action-unit tables of this package, of OpenFace 2, Py-Feat and LibreFace.

The kind is told from the columns, never from the file name. Values keep the scale of their
source (stated in ``units``): nothing here turns one tool's numbers into another's.
"""

import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.errors import QualityWarning, TableError
from mimicry.files import is_there, read_json_object
from mimicry.interchange.sources import AU_KINDS, Source, identify
from mimicry.interchange.table import Table, is_index, read_any_table
from mimicry.interchange.table_faces import faces_of, one_face
from mimicry.interchange.table_times import row_times
from mimicry.records import ActionUnitTrack, ReadingOptions
from mimicry.records.blendshapes import BLENDSHAPE_NAMES

__all__ = ["LEAST_CONFIDENCE", "faces_in_table", "read_au_table", "read_note"]

#: Frames that another tool is less sure of than this are masked, unless the caller says otherwise.
LEAST_CONFIDENCE = 0.8

_QUALITY = (
    "success",
    "scale_px",
    "luminance",
    "sharpness",
    "blink",
    "pose_ok",
    "fit_residual",
    "plausible",
)
_OWN = re.compile(r"AU\d\d(_[LR])?$")
_UNUSED = re.compile(r"(eye_lmk_[xyXYZ]|[yXYZ])_\d+|p_(\d+|scale|[rt][xyz])|AU\d\d_c")
_LIBRE = re.compile(r"(?i)au_(\d+)_intensity$")
_NOTE = {
    "columns?": {"*": {"unit?": (str, None)}},
    "provenance?": {"input?": (dict, None), "video?": dict, "action_units?": dict},
}
_EXPECTED = "an action-unit table of mimicry extract, OpenFace 2 (AU12_r), Py-Feat or LibreFace"


def read_au_table(
    path: str | Path,
    *,
    times_s: ArrayLike | None = None,
    face: str | int | None = None,
    reading: ReadingOptions | None = None,
) -> ActionUnitTrack:
    """Read an action-unit table: ours, OpenFace 2's, Py-Feat's or LibreFace's.

    Text tables may be separated by commas, semicolons, tabs, bars or blanks, with points or
    commas as decimal signs, in UTF-8, UTF-16 or a Windows encoding.

    Parameters
    ----------
    path
        The table.
    times_s
        (frames,) presentation times of the video's frames, to be used instead of the times of
        the table.
    face
        As `reading.face`.
    reading
        Which face, where several are in the table; below which confidence a frame is masked
        (None: `LEAST_CONFIDENCE`); the frame rate or video that gives the times of a table
        without them (Py-Feat).

    Returns
    -------
    ActionUnitTrack
        One row per row of the table. NaN where the table says that no face was found. Quality
        columns that the source lacks are NaN; where it states a confidence, ``plausible`` says
        whether that reaches the limit. `units` states the source's scale.

    Raises
    ------
    TableError
        When the file is missing, of no known kind, has times that cannot be a video's, cells
        that are no numbers, or several faces and none was chosen. File and column are named.

    Warns
    -----
    QualityWarning
        When frames are masked for their confidence.
    """
    reading = reading or ReadingOptions()
    if face is not None:
        reading = replace(reading, face=str(face))
    source = identify(path)
    if reading.roi_px is not None:
        raise TableError("is a table and has no picture to cut", path=path, key="--roi")
    if source.kind not in AU_KINDS:
        if source.kind == "foreign" or source.kind in ("video", "landmarks"):
            raise source.refusal(_EXPECTED)
        raise TableError(_lacks(source), path=path)
    table = read_any_table(source.path, needed=_needed if source.kind == "openface" else None)
    table.refuse_repeats()
    table = one_face(table, reading.face)
    if source.kind == "mimicry":
        return _own(table, times_s, reading)
    if source.kind == "openface":
        return _openface(table, times_s, reading)
    return (_feat if source.kind == "feat" else _libreface)(table, times_s, reading)


def _lacks(source: Source) -> str:
    """Say what a table lacks that holds no action units, or not as a known tool writes them."""
    units: list[str] = []
    if source.kind == "times":
        units = [name for name in read_any_table(source.path).names if _OWN.match(name)]
    if units:
        return (
            f"holds {', '.join(units[:3])} beside a column of times, but not what a known tool "
            f"writes with them, so their scale is unknown; expected {_EXPECTED}"
        )
    return f"no action-unit columns in {source.name}; expected {_EXPECTED}"


def faces_in_table(path: str | Path) -> tuple[str, ...]:
    """Return the ids of the faces in a table: from left to right where it tells, else by id.

    Raises
    ------
    TableError
        When the file cannot be read.
    """
    return faces_of(read_any_table(Path(path), needed=_needed))


def _needed(name: str) -> bool:
    """Tell whether a column may be used: hundreds of OpenFace's never are."""
    return _UNUSED.fullmatch(name) is None


def read_note(path: Path) -> dict[str, Any]:
    """Return what the sidecar of our own table says; nothing when there is none.

    A table of OpenFace's own may lie beside the sidecar of our parquet; that is not its.

    Raises
    ------
    TableError
        When it is damaged.
    """
    sidecar = path.with_name(re.sub(r"_(au\.[a-z]+|openface\.csv)$", "_au.json", path.name))
    if sidecar == path or not is_there(sidecar, kind=TableError):
        return {}
    note = read_json_object(sidecar, _NOTE, kind=TableError)
    exported = any(name.endswith("_r") for name in note.get("columns", {}))
    return {} if path.name.endswith("_openface.csv") and not exported else note


def _own(table: Table, times_s: ArrayLike | None, reading: ReadingOptions) -> ActionUnitTrack:
    path = table.path
    _confidence(table, None, np.ones(len(table), dtype=bool), reading)
    names = [name for name in table.names if _OWN.match(name)]
    shapes = [f"bs_{name}" for name in BLENDSHAPE_NAMES]
    known = {"frame", "timestamp", "face_id", *names, *shapes}
    others = [n for n in table.names if n not in known and not n.startswith("pose_")]
    extra = [n for n in others if not is_index(n)]
    pose = [f"pose_{axis}_deg" for axis in ("pitch", "yaw", "roll")]
    note = read_note(path)
    described = note.get("columns", {})
    times, _ = row_times(table, "timestamp", first_frame=0, reading=reading, times_s=times_s)
    return _track(
        table,
        times=times,
        names=names,
        intensity=table.block(names),
        pose=table.block(pose),
        quality={n: table.numbers(n) for n in (*_QUALITY, "pose_ok", *extra) if n in table},
        blendshapes=table.block([s for s in shapes if s in table]).astype(np.float32),
        units={n: described.get(n, {}).get("unit", "mimicry unit") for n in names},
        provenance=note.get("provenance", {"source": "mimicry table without sidecar"}),
    )


def _openface(table: Table, times_s: ArrayLike | None, reading: ReadingOptions) -> ActionUnitTrack:
    columns = [n for n in table.names if re.match(r"AU\d\d_r$", n)]
    intensity = table.block(columns)
    seen = np.ones(len(table)) if "success" not in table else table.numbers("success")
    intensity[seen != 1] = np.nan
    angles = [f"pose_R{axis}" for axis in "xyz"]
    pose = np.full((len(table), 3), np.nan)
    if set(angles) <= set(table.names):
        pose = np.rad2deg(table.block(angles))
        pose[seen != 1] = np.nan
    quality, limit = _confidence(table, "confidence", seen == 1, reading)
    names = [n.removesuffix("_r") for n in columns]
    times, origin = row_times(table, "timestamp", first_frame=1, reading=reading, times_s=times_s)
    return _track(
        table,
        times=times,
        names=names,
        intensity=intensity,
        pose=pose,
        quality={"success": seen, **quality},
        blendshapes=np.empty((len(table), 0), np.float32),
        units=dict.fromkeys(names, "OpenFace intensity 0..5"),
        provenance=_provenance("OpenFace 2 CSV", table, origin, limit, reading),
    )


def _feat(table: Table, times_s: ArrayLike | None, reading: ReadingOptions) -> ActionUnitTrack:
    names = [n for n in table.names if _OWN.match(n)]
    shapes = [n for n in BLENDSHAPE_NAMES if n in table]
    whole = len(shapes) == len(BLENDSHAPE_NAMES)
    intensity = table.block(names)
    seen = np.asarray(np.isfinite(intensity).any(axis=1))
    quality, limit = _confidence(table, "FaceScore", seen, reading)
    times, origin = row_times(table, None, first_frame=0, reading=reading, times_s=times_s)
    return _track(
        table,
        times=times,
        names=names,
        intensity=intensity,
        pose=table.block(["Pitch", "Yaw", "Roll"]),
        quality={"success": seen.astype(float), **quality},
        blendshapes=table.block(shapes if whole else []).astype(np.float32),
        units=dict.fromkeys(names, "Py-Feat probability 0..1"),
        provenance=_provenance("Py-Feat Fex CSV", table, origin, limit, reading),
    )


def _libreface(table: Table, times_s: ArrayLike | None, reading: ReadingOptions) -> ActionUnitTrack:
    columns = {n: f"AU{int(found[1]):02d}" for n in table.names if (found := _LIBRE.match(n))}
    intensity = table.block(list(columns))
    seen = np.asarray(np.isfinite(intensity).any(axis=1))
    angles = ["pitch", "yaw", "roll"]
    pose = table.block(angles) if set(angles) <= set(table.names) else None
    score = next((n for n in ("confidence", "face_detection_score") if n in table), None)
    quality, limit = _confidence(table, score, seen, reading)
    column = "frame_time_in_ms" if "frame_time_in_ms" in table else None
    if "frame_idx" in table and "frame" not in table:
        renamed = tuple("frame" if n == "frame_idx" else n for n in table.names)
        table = replace(table, names=renamed)
    times, origin = row_times(
        table, column, first_frame=0, reading=reading, times_s=times_s, scale=1e-3
    )
    names = list(columns.values())
    return _track(
        table,
        times=times,
        names=names,
        intensity=intensity,
        pose=np.full((len(table), 3), np.nan) if pose is None else pose,
        quality={"success": seen.astype(float), **quality},
        blendshapes=np.empty((len(table), 0), np.float32),
        units=dict.fromkeys(names, "LibreFace intensity 0..5"),
        provenance=_provenance("LibreFace CSV", table, origin, limit, reading),
    )


def _confidence(
    table: Table, column: str | None, seen: NDArray[np.bool_], reading: ReadingOptions
) -> tuple[dict[str, NDArray[np.float64]], dict[str, Any]]:
    """Quality columns from a tool's confidence, and what is said of it in the provenance."""
    if column is None or column not in table:
        if reading.min_confidence is not None:
            raise TableError(
                "has no column of confidence, so a limit means nothing",
                path=table.path,
                key="--min-confidence",
            )
        return {}, {}
    score = table.numbers(column)
    high = np.flatnonzero((score < 0) | (score > 1))
    if high.size:
        raise TableError(
            f"column {column!r} holds {score[high[0]]:g} in {table.at(high[0])}, expected 0 to 1",
            path=table.path,
            key=column,
        )
    limit = LEAST_CONFIDENCE if reading.min_confidence is None else reading.min_confidence
    with np.errstate(invalid="ignore"):
        sure = score >= limit
    low = int((seen & ~sure).sum())
    if low:
        text = (
            f"{table.path.name}: {low} of {int(seen.sum())} frames with a face "
            f"({low / seen.sum():.0%}) have a {column} below {limit:g} and are masked. "
            "Another limit is set with --min-confidence."
        )
        warnings.warn(QualityWarning(text), stacklevel=4)
    known = {"column": column, "limit": limit, "frames_below": low}
    return {"confidence": score, "plausible": np.where(seen, sure, np.nan)}, known


def _provenance(
    source: str,
    table: Table,
    origin: dict[str, Any],
    confidence: dict[str, Any],
    reading: ReadingOptions,
) -> dict[str, Any]:
    parts = {"text": table.format, "times": origin, "confidence": confidence}
    chosen = {} if reading.face is None else {"face": reading.face}
    return {"source": source, **{k: v for k, v in parts.items() if v}, **chosen}


def _track(
    table: Table,
    *,
    times: NDArray[np.float64],
    names: Sequence[str],
    intensity: NDArray[np.float64],
    pose: NDArray[np.float64],
    quality: dict[str, NDArray[np.float64]],
    blendshapes: NDArray[np.float32],
    units: dict[str, str],
    provenance: dict[str, Any],
) -> ActionUnitTrack:
    missing = np.full(len(times), np.nan)
    try:
        return ActionUnitTrack(
            times_s=times,
            intensity=intensity,
            names=tuple(names),
            pose_deg=pose,
            quality=dict.fromkeys(_QUALITY, missing) | quality,
            blendshapes=blendshapes,
            units=units,
            provenance=provenance,
        )
    except ValueError as error:
        raise TableError(str(error), path=table.path, key="timestamp") from error
