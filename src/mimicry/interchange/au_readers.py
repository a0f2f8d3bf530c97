"""Reading action-unit tables of this package, of OpenFace 2 and of Py-Feat.

The kind is told from the columns, never from the file name. Values keep the scale of their
source (stated in ``units``): nothing here turns one tool's numbers into another's.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.errors import TableError
from mimicry.files import read_json_object, read_parquet
from mimicry.records import ActionUnitTrack
from mimicry.records.blendshapes import BLENDSHAPE_NAMES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_au_table"]

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
_FASTEST_HZ = 250.0
_NOTE = {
    "columns?": {"*": {"unit?": (str, None)}},
    "provenance?": {"input?": (dict, None), "video?": dict, "action_units?": dict},
}


def read_au_table(
    path: str | Path, *, times_s: ArrayLike | None = None, face: int | None = None
) -> ActionUnitTrack:
    """Read an action-unit table: ours (parquet, CSV), OpenFace 2 (CSV) or Py-Feat (Fex CSV).

    Parameters
    ----------
    path
        The table.
    times_s
        (frames,) presentation times of the video's frames, to be used instead of the times of
        the table. Py-Feat's tables have none that could be used, so they need it.
    face
        Which ``face_id`` (OpenFace) to take when the table holds several faces.

    Returns
    -------
    ActionUnitTrack
        One row per row of the table. NaN where the table says that no face was found. Quality
        columns that the source lacks are NaN. `units` states the source's scale.

    Raises
    ------
    TableError
        When the file is missing, of no known kind, has times that cannot be a video's, or holds
        several faces and none was chosen. The message names file and column.
    """
    path = Path(path)
    table = _load(path)
    names = set(table.columns)
    if {"timestamp", "pose_pitch_deg"} <= names:
        return _own(path, table, times_s)
    if any(re.match(r"AU\d\d_r$", name) for name in names):
        return _openface(path, table, times_s, face)
    if {"frame", "Pitch"} <= names and any(_OWN.match(name) for name in names):
        return _fex(path, table, times_s)
    raise TableError(
        f"no action-unit columns found among {len(names)} columns "
        f"({', '.join(map(str, list(table.columns)[:5]))}, ...)",
        path=path,
        hint="Expected a table of mimicry extract, OpenFace 2 (AU12_r) or Py-Feat (AU12).",
    )


def _load(path: Path) -> "pd.DataFrame":
    if not path.is_file():
        raise TableError("table not found", path=path)
    table = read_parquet(path) if path.suffix == ".parquet" else _load_text(path)
    table.columns = [str(name).strip() for name in table.columns]
    if table.empty:
        raise TableError("the table has no rows", path=path)
    return table


def _load_text(path: Path) -> "pd.DataFrame":
    import pandas as pd

    text: dict[str, Any] = {"na_values": ["n/a"], "skipinitialspace": True}
    if int(pd.__version__.split(".")[0]) < 3:  # later versions read floats exactly
        text["float_precision"] = "round_trip"
    separator = "\t" if path.suffix == ".tsv" else ","
    try:
        table: pd.DataFrame = pd.read_csv(path, sep=separator, encoding="utf-8-sig", **text)
    except (OSError, ValueError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TableError(f"is not a readable table ({first})", path=path) from error
    return table


def _own(path: Path, table: "pd.DataFrame", times_s: ArrayLike | None) -> ActionUnitTrack:
    names = [name for name in table.columns if _OWN.match(name)]
    shapes = [f"bs_{name}" for name in BLENDSHAPE_NAMES]
    known = {"frame", "timestamp", "face_id", *names, *shapes}
    extra = [n for n in table.columns if n not in known and not n.startswith("pose_")]
    pose = [f"pose_{axis}_deg" for axis in ("pitch", "yaw", "roll")]
    sidecar = path.with_name(re.sub(r"_au\.[a-z]+$", "_au.json", path.name))
    note: dict[str, Any] = {}
    if sidecar != path and sidecar.is_file():
        note = read_json_object(sidecar, _NOTE, kind=TableError)
    described = note.get("columns", {})
    quality = {n: _numbers(path, table, n) for n in (*_QUALITY, "pose_ok", *extra) if n in table}
    return _track(
        path,
        times=_times(path, table, "timestamp", times_s),
        names=names,
        intensity=_block(path, table, names),
        pose=_block(path, table, pose),
        quality=quality,
        blendshapes=_block(path, table, [s for s in shapes if s in table]).astype(np.float32),
        units={n: described.get(n, {}).get("unit", "mimicry unit") for n in names},
        provenance=note.get("provenance", {"source": "mimicry table without sidecar"}),
    )


def _openface(
    path: Path, table: "pd.DataFrame", times_s: ArrayLike | None, face: int | None
) -> ActionUnitTrack:
    table = _one_face(path, table, face)
    columns = [n for n in table.columns if re.match(r"AU\d\d_r$", n)]
    intensity = _block(path, table, columns)
    seen = np.ones(len(table)) if "success" not in table else _numbers(path, table, "success")
    intensity[seen != 1] = np.nan
    angles = [f"pose_R{axis}" for axis in "xyz"]
    pose = np.full((len(table), 3), np.nan)
    if set(angles) <= set(table.columns):
        pose = np.rad2deg(_block(path, table, angles))
        pose[seen != 1] = np.nan
    quality = {"success": seen}
    if "confidence" in table:
        quality["confidence"] = _numbers(path, table, "confidence")
    names = [n.removesuffix("_r") for n in columns]
    return _track(
        path,
        times=_times(path, table, "timestamp", times_s),
        names=names,
        intensity=intensity,
        pose=pose,
        quality=quality,
        blendshapes=np.empty((len(table), 0), np.float32),
        units=dict.fromkeys(names, "OpenFace intensity 0..5"),
        provenance={"source": "OpenFace 2 CSV"},
    )


def _fex(path: Path, table: "pd.DataFrame", times_s: ArrayLike | None) -> ActionUnitTrack:
    if table["frame"].duplicated().any():
        raise TableError(
            "several rows have the same frame: several faces",
            path=path,
            key="frame",
            hint="Keep one face before importing.",
        )
    if times_s is None:
        raise TableError(
            "has no frame times (a Py-Feat table holds frame numbers only)",
            path=path,
            key="frame",
            hint="Give the times of the video's frames.",
        )
    names = [n for n in table.columns if _OWN.match(n)]
    shapes = [n for n in BLENDSHAPE_NAMES if n in table]
    whole = len(shapes) == len(BLENDSHAPE_NAMES)
    intensity = _block(path, table, names)
    return _track(
        path,
        times=_times(path, table, "frame", times_s),
        names=names,
        intensity=intensity,
        pose=_block(path, table, ["Pitch", "Yaw", "Roll"]),
        quality={"success": np.isfinite(intensity).any(axis=1).astype(float)},
        blendshapes=_block(path, table, shapes if whole else []).astype(np.float32),
        units=dict.fromkeys(names, "Py-Feat probability 0..1"),
        provenance={"source": "Py-Feat Fex CSV"},
    )


def _track(
    path: Path,
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
        raise TableError(str(error), path=path, key="timestamp") from error


def _times(
    path: Path, table: "pd.DataFrame", column: str, times_s: ArrayLike | None
) -> NDArray[np.float64]:
    """Times of the rows: the given ones (by frame number), or those of the table, checked."""
    if times_s is not None:
        known = np.asarray(times_s, dtype=np.float64)
        number = np.arange(len(table))
        if "frame" in table:
            number = _numbers(path, table, "frame").astype(int)
            number = number - number.min()
        if number.max() >= len(known):
            raise TableError(
                f"holds frame {number.max()}, but the video has {len(known)} frames",
                path=path,
                key="frame",
            )
        return known[number]
    if column not in table:
        raise TableError(f"has no column {column!r}", path=path, key=column)
    times = _numbers(path, table, column)
    steps = np.diff(times)
    if len(steps) and np.nanmedian(steps) < 1 / _FASTEST_HZ:
        raise TableError(
            f"frames are {1000 * float(np.nanmedian(steps)):.3g} ms apart, which no camera does; "
            "the times of this table are wrong",
            path=path,
            key=column,
            hint="Give the times of the video's frames instead.",
        )
    return times


def _one_face(path: Path, table: "pd.DataFrame", face: int | None) -> "pd.DataFrame":
    if "face_id" not in table:
        return table
    faces = sorted(table["face_id"].unique())
    if face is None and len(faces) > 1:
        raise TableError(
            f"holds {len(faces)} faces ({', '.join(map(str, faces[:5]))})",
            path=path,
            key="face_id",
            hint="Choose one of them.",
        )
    chosen = faces[0] if face is None else face
    if chosen not in faces:
        raise TableError(f"holds no face {chosen}", path=path, key="face_id")
    return table[table["face_id"] == chosen]


def _block(path: Path, table: "pd.DataFrame", names: Sequence[str]) -> NDArray[np.float64]:
    """(T, n) numbers of some columns."""
    if not names:
        return np.empty((len(table), 0))
    return np.stack([_numbers(path, table, name) for name in names], axis=1)


def _numbers(path: Path, table: "pd.DataFrame", name: str) -> NDArray[np.float64]:
    if name not in table:
        raise TableError(f"has no column {name!r}", path=path, key=name)
    try:
        return np.asarray(table[name].to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError) as error:
        raise TableError(
            f"column {name!r} holds something that is no number", path=path, key=name
        ) from error
