"""Writing action-unit tables, in our own format or in OpenFace's.

One row for every decoded frame, in a fixed order of columns. Missing values are null in parquet
and empty in CSV; nothing is filled in.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from mimicry import files
from mimicry.interchange.au_reader import QUALITY_COLUMNS
from mimicry.interchange.table import FLAGS
from mimicry.records import ActionUnitTrack
from mimicry.records.blendshapes import BLENDSHAPE_NAMES
from mimicry.records.reading import TableFormat
from mimicry.study.layout import AU_CSV, AU_OPENFACE, AU_PARQUET, AU_SIDECAR

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["au_columns", "describe_columns", "table_name", "write_au_table"]

_ENDINGS = {"parquet": AU_PARQUET, "csv": AU_CSV, "openface": AU_OPENFACE}
_OPENFACE_FULL = 5.0

_MEANING: dict[str, tuple[str, str]] = {
    "frame": ("number of the frame, from 0", "count"),
    "timestamp": ("presentation time of the frame, as the container states it", "s"),
    "face_id": ("number of the face; one face is followed", "count"),
    "success": ("1: a face was seen; 0: the columns of the face are missing", "0/1"),
    "pose_pitch_deg": ("head pitch", "deg"),
    "pose_yaw_deg": ("head yaw", "deg"),
    "pose_roll_deg": ("head roll", "deg"),
    "scale_px": ("3-D distance of the outer eye corners, the size of the face", "px"),
    "luminance": ("mean luma of the face box (of the image when no face was seen)", "0..255"),
    "sharpness": ("variance of the Laplacian of the luma in the face box", "luma squared"),
    "blink": ("1: inside a blink; masked in scoring", "0/1"),
    "pose_ok": ("1: head within the limits in which action units are trusted", "0/1"),
    "fit_residual": ("what the rigid fit to stable points leaves", "share of the eye span"),
    "plausible": ("1: size, shape and movement look like a well-seen face", "0/1"),
    "gaze_horizontal": ("iris offset, positive to the person's own left", "eye widths"),
    "gaze_vertical": ("iris offset, positive up", "eye widths"),
}


def table_name(stem: str, format: TableFormat) -> str:  # noqa: A002 - the option's own name
    """Return the file name of a table: ``<stem>_au.parquet``, ``<stem>_openface.csv``, ...

    Raises
    ------
    ValueError
        When `format` is unknown.
    """
    if format not in _ENDINGS:
        raise ValueError(
            f"format is {format!r}, expected one of {', '.join(get_args(TableFormat))}"
        )
    return stem + _ENDINGS[format]


def write_au_table(
    folder: str | Path,
    stem: str,
    track: ActionUnitTrack,
    *,
    format: TableFormat = "parquet",  # noqa: A002 - the option's own name
    note: Mapping[str, Any] | None = None,
) -> dict[str, Path]:
    """Write an action-unit table and the JSON that describes its columns.

    Parameters
    ----------
    folder
        Existing folder.
    stem
        Start of the file names.
    track
        What to write.
    format
        ``"parquet"``, ``"csv"`` (same columns) or ``"openface"`` (names and ranges of OpenFace
        2, for scripts that expect them; our values rescaled, not OpenFace's estimates).
    note
        Further entries of the JSON (inputs, settings, digest).

    Returns
    -------
    dict
        ``{"au": table, "sidecar": json}``. The JSON is written last.
    """
    folder = Path(folder)
    table = folder / table_name(stem, format)
    sidecar = folder / f"{stem}{AU_SIDECAR}"
    if format == "openface":
        files.write_text(table, _openface_text(track))
        described = _describe_openface(track)
    else:
        columns = au_columns(track)
        described = describe_columns(track)
        if format == "csv":
            files.write_csv(table, _frame(columns))
        else:
            _write_parquet(table, columns)
    content = {"columns": described, "provenance": dict(track.provenance), **(note or {})}
    files.write_json(sidecar, content)
    return {"au": table, "sidecar": sidecar}


def au_columns(track: ActionUnitTrack) -> dict[str, NDArray[Any]]:
    """Return the columns of a table in their order: name -> (T,) array."""
    n = len(track)
    success = track.quality.get("success", track.tracked.astype(float))
    columns: dict[str, NDArray[Any]] = {
        "frame": np.arange(n, dtype=np.int64),
        "timestamp": track.times_s,
        "face_id": np.zeros(n, np.int64),
        "success": success,
    }
    for k, axis in enumerate(("pitch", "yaw", "roll")):
        columns[f"pose_{axis}_deg"] = track.pose_deg[:, k]
    whole = [name for name in track.names if "_" not in name]
    sided = [name for name in track.names if "_" in name]
    columns |= {name: track.of(name) for name in (*whole, *sided)}
    columns |= {
        f"bs_{name}": track.blendshapes[:, k]
        for k, name in enumerate(BLENDSHAPE_NAMES[: track.blendshapes.shape[1]])
    }
    missing = np.full(n, np.nan)
    columns |= {name: track.quality.get(name, missing) for name in QUALITY_COLUMNS}
    extra = [name for name in track.quality if name not in columns]
    return columns | {name: track.quality[name] for name in extra}


def describe_columns(track: ActionUnitTrack) -> dict[str, dict[str, str]]:
    """Return what each column means: name -> meaning, unit, source (and validity tier)."""
    measured = track.provenance.get("action_units", {})
    tiers = measured.get("units", {})
    signs = measured.get("pose_signs", {})
    described: dict[str, dict[str, str]] = {}
    for name in au_columns(track):
        if name in track.names:
            described[name] = {
                "meaning": f"intensity of {name}, unsmoothed and unmasked",
                "unit": track.units.get(name, "not stated"),
            }
            if name[:4] in tiers:
                described[name]["validity_tier"] = tiers[name[:4]]["tier"]
        elif name.startswith("bs_"):
            meaning = f"blendshape {name[3:]}; auxiliary, with a person-dependent dead zone"
            described[name] = {"meaning": meaning, "unit": "0..1"}
        else:
            meaning, unit = _MEANING.get(name, (name, "not stated"))
            described[name] = {"meaning": meaning, "unit": unit}
            axis = name.removeprefix("pose_").removesuffix("_deg")
            if axis in signs:
                described[name]["sign"] = signs[axis]
        described[name]["source"] = str(track.provenance.get("detector", "not stated"))
    return described


def _write_parquet(path: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    """Write column by column from the arrays, without a second copy in memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {}
    for name, values in columns.items():
        kind = pa.int8() if name in FLAGS else None
        arrays[name] = pa.array(values, kind, from_pandas=True, safe=False)
    table = pa.table(arrays).replace_schema_metadata({"mimicry": "mimicry action units 1"})
    with files.atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", row_group_size=16384)


def _frame(columns: Mapping[str, NDArray[Any]]) -> "pd.DataFrame":
    import pandas as pd

    frame = pd.DataFrame(dict(columns))
    return frame.astype(dict.fromkeys(FLAGS, "Int8"))


def _openface_columns(track: ActionUnitTrack) -> dict[str, NDArray[Any]]:
    seen = track.tracked
    sure = seen & (track.quality.get("plausible", seen.astype(float)) == 1)
    columns: dict[str, NDArray[Any]] = {
        "frame": np.arange(1, len(track) + 1),
        "face_id": np.zeros(len(track), np.int64),
        "timestamp": track.times_s,
        "confidence": sure.astype(np.int64),
        "success": seen.astype(np.int64),
    }
    for k, axis in enumerate("xyz"):
        columns[f"pose_R{axis}"] = np.deg2rad(track.pose_deg[:, k])
    units = [name for name in track.names if "_" not in name]
    strength = {n: np.clip(_OPENFACE_FULL * track.of(n), 0, _OPENFACE_FULL) for n in units}
    columns |= {f"{name}_r": values for name, values in strength.items()}
    for name, values in strength.items():
        columns[f"{name}_c"] = np.where(np.isnan(values), np.nan, (values >= 1).astype(float))
    return columns


def _openface_text(track: ActionUnitTrack) -> str:
    """Return CSV whose header has a blank after each comma and whose rows have none."""
    import pandas as pd

    frame = pd.DataFrame(_openface_columns(track))
    present = {name: "Int8" for name in frame.columns if name.endswith("_c")}
    text = frame.astype(present).to_csv(index=False, header=False, lineterminator="\n")
    return ", ".join(frame.columns) + "\n" + text


def _describe_openface(track: ActionUnitTrack) -> dict[str, dict[str, str]]:
    described = {}
    for name in _openface_columns(track):
        kind = next((part for part in _OPENFACE_MEANING if re.search(part, name)), None)
        meaning, unit = _MEANING[name] if kind is None else _OPENFACE_MEANING[kind]
        described[name] = {"meaning": meaning, "unit": unit}
    return described


_OPENFACE_MEANING = {
    "_r$": ("intensity: 5 x our unit, clipped to 0..5; not OpenFace's own estimate", "0..5"),
    "_c$": ("1: intensity of at least 1", "0/1"),
    "^confidence$": ("1: the face is plausible, 0: it is not; no probability", "0/1"),
    "^pose_R": ("pitch, yaw, roll for x, y, z; our signs", "rad"),
    "^frame$": ("number of the frame, from 1 as in OpenFace", "count"),
}
