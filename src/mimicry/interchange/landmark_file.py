"""Landmark files: a whole recording's landmarks in parquet, small and exact to 1/128 pixel.

Positions are stored as whole steps from a per-frame anchor (the tip of the nose, to the pixel):
``x = anchor_x + x_17 * step``. The step is 1/64 pixel for faces up to 1000 pixels wide and
doubles for larger ones, so a position is off by at most 1/128 pixel (a hundredth of the
landmarker's own noise). Blendshapes are stored in steps of 1/65535. Everything else is exact.

Files are written and read in row groups, so that memory does not grow with a recording.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import TableError
from mimicry.files import check_shape, open_parquet, parquet_note, to_json_text
from mimicry.interchange.landmark_schema import AXES, NOTE, POSE, encodings, schema_of
from mimicry.records import LandmarkTrack
from mimicry.records.blendshapes import BLENDSHAPE_NAMES
from mimicry.study.layout import LANDMARKS

__all__ = [
    "FRAMES_PER_GROUP",
    "LandmarkFile",
    "LandmarkWriter",
    "is_landmark_file",
    "read_landmarks",
    "stored",
]

FRAMES_PER_GROUP = 2048
_FORMAT = "mimicry landmarks 1"
_KEY = "mimicry"
_AGAIN = "Extract the recording again."
_ANCHOR = 1  # tip of the nose
_FINEST = 6  # steps of 2**-6 pixel

_Columns = dict[str, "NDArray[Any]"]


class LandmarkWriter:
    """Writes a landmark file chunk by chunk.

    Parameters
    ----------
    path
        Where to write; use :func:`mimicry.files.atomic_path`.
    image_size_px
        (width, height) of the upright image.
    landmarks
        Number of landmarks of each face.
    """

    def __init__(self, path: Path, image_size_px: tuple[int, int], landmarks: int = 478) -> None:
        import pyarrow.parquet as pq

        self._size = image_size_px
        self._landmarks = landmarks
        self._waiting: list[_Columns] = []
        self._count = 0
        self._schema = schema_of(landmarks)
        self._writer = pq.ParquetWriter(
            path,
            self._schema,
            compression="snappy",  # half the time of zstd for 2 % more bytes
            use_dictionary=False,
            write_statistics=False,
            column_encoding=encodings(self._schema),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._writer.close()

    def add(self, track: LandmarkTrack) -> None:
        """Take the next chunk."""
        self._waiting.append(_encode(track))
        self._count += len(track)
        while self._count >= FRAMES_PER_GROUP:
            self._flush(FRAMES_PER_GROUP)

    def finish(self, provenance: Mapping[str, Any]) -> None:
        """Write the rest and what made the track."""
        if self._count:
            self._flush(self._count)
        note = {
            "format": _FORMAT,
            "landmarks": self._landmarks,
            "image_size_px": list(self._size),
            "provenance": json.loads(to_json_text(provenance)),
            "columns": _DESCRIPTION,
        }
        self._writer.add_key_value_metadata({_KEY.encode(): json.dumps(note, sort_keys=True)})

    def _flush(self, n: int) -> None:
        """Write the first `n` waiting frames as one row group."""
        import pyarrow as pa

        whole = {
            name: np.concatenate([part[name] for part in self._waiting], axis=-1)
            for name in self._waiting[0]
        }
        columns = _named({name: values[..., :n] for name, values in whole.items()})
        missing = columns["missing"] if columns["missing"].any() else None
        arrays = [
            pa.array(columns[field.name], field.type, mask=missing if field.nullable else None)
            for field in self._schema
        ]
        self._writer.write_table(pa.table(arrays, schema=self._schema), row_group_size=n)
        self._count -= n
        later = {name: values[..., n:] for name, values in whole.items()}
        self._waiting = [later] if self._count else []


class LandmarkFile:
    """An open landmark file; iterating gives its chunks, as often as wanted.

    Parameters
    ----------
    path
        A file of :class:`LandmarkWriter`.

    Raises
    ------
    TableError
        When it is missing, damaged or no landmark file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._file = open_parquet(self.path)
        note = parquet_note(self._file, _KEY, self.path)
        if note.get("format") != _FORMAT:
            raise TableError(
                "is a parquet file, but not one of landmarks",
                path=self.path,
                hint="Expected a file NAME_landmarks.parquet made by mimicry extract.",
            )
        check_shape(note, NOTE, path=self.path, kind=TableError)
        self.landmarks: int = note["landmarks"]
        self._check_columns(note["image_size_px"])
        self.image_size_px: tuple[int, int] = tuple(note["image_size_px"])
        self.provenance: dict[str, Any] = note["provenance"]
        self._read: Sequence[int] = range(self.landmarks)

    def _check_columns(self, size: list[int]) -> None:
        """Check that the file's columns are those that its note promises."""
        sizes = len(size) == 2 and all(0 < v < 1 << 20 for v in size)
        if not (1 < self.landmarks < 10_000 and sizes):
            raise TableError(
                f"says {self.landmarks} landmarks in a picture of {size} pixels",
                path=self.path,
                key="landmarks" if sizes else "image_size_px",
            )
        schema = self._file.schema_arrow
        types = dict(zip(schema.names, schema.types, strict=True))
        for field in schema_of(self.landmarks):
            if types.get(field.name) != field.type:
                what = f"is {types[field.name]}" if field.name in types else "is missing"
                raise TableError(
                    f"the column {field.name!r} {what}, expected {field.type}",
                    path=self.path,
                    key=field.name,
                    hint=_AGAIN,
                )

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def only(self, landmarks: Sequence[int]) -> Self:
        """Return the file with some landmarks filled in and NaN for all others.

        Reading a few landmarks takes a fraction of the time of reading all.
        """
        some = copy(self)
        some._read = sorted({0, *landmarks})
        return some

    def __iter__(self) -> Iterator[LandmarkTrack]:
        import pyarrow as pa

        fixed = [field.name for field in schema_of(0)]
        wanted = fixed + [f"{axis}_{k}" for axis in AXES for k in self._read]
        for k in range(self._file.num_row_groups):
            try:
                table = self._file.read_row_group(k, columns=wanted, use_threads=False)
            except (pa.ArrowException, OSError, ValueError) as error:
                raise TableError(
                    f"is damaged in row group {k}", path=self.path, hint=_AGAIN
                ) from error
            columns = {
                name: table.column(i).to_numpy() for i, name in enumerate(table.column_names)
            }
            try:
                with np.errstate(all="ignore"):
                    fields = _decode(columns, self.landmarks, self._read)
                track = LandmarkTrack(
                    **fields, image_size_px=self.image_size_px, provenance=self.provenance
                )
            except ValueError as error:
                raise TableError(
                    f"holds values in row group {k} that no recording has ({error})",
                    path=self.path,
                    hint=_AGAIN,
                ) from error
            yield track


def is_landmark_file(path: str | Path) -> bool:
    """Tell from its name whether a recording is given by its landmarks."""
    return Path(path).name.endswith(LANDMARKS)


def read_landmarks(path: str | Path) -> LandmarkTrack:
    """Read a whole landmark file.

    Raises
    ------
    TableError
        When it is missing, damaged or no landmark file.
    """
    file = LandmarkFile(path)
    tracks = list(file)
    fields = {name: np.concatenate([getattr(t, name) for t in tracks]) for name in _FIELDS}
    return LandmarkTrack(**fields, image_size_px=file.image_size_px, provenance=file.provenance)


def stored(track: LandmarkTrack) -> LandmarkTrack:
    """Return the track as it will be read back from a file (positions within 1/128 pixel)."""
    landmarks = track.points_px.shape[1]
    return replace(track, **_decode(_named(_encode(track)), landmarks, range(landmarks)))


_FIELDS = ("times_s", "points_px", "blendshapes", "head_pose", "luminance", "sharpness")
_SHAPES_SCALE = np.float32(65535)

_DESCRIPTION = {
    "timestamp": "presentation time, s",
    "success": "1: a face was seen; 0: all columns of the face are null",
    "luminance": "mean luma 0..255 of the face box (of the image when no face was seen)",
    "sharpness": "variance of the Laplacian of the luma in the face box",
    "anchor_x, anchor_y, anchor_z": "whole pixels",
    "step_exponent": "step = 2 ** -step_exponent pixel",
    "x_N, y_N, z_N": "landmark N: position = anchor + value * step, isotropic pixels",
    "bs_NAME": "blendshape = value / 65535",
    "pose_RC": "row R, column C of the 4x4 head transform (last row: 0 0 0 1)",
}


def _encode(track: LandmarkTrack) -> _Columns:
    """Turn a track into what is stored of them, frames along the last axis.

    Done chunk by chunk: a few dozen frames fit into the processor's cache.
    """
    points = track.points_px
    missing = np.isnan(points[:, 0, 0])
    points = np.where(missing[:, None, None], np.float32(0), points)
    anchor = np.rint(points[:, min(_ANCHOR, points.shape[1] - 1)]).astype(np.int32)
    offset = points.astype(np.float64) - anchor[:, None]
    reach = np.maximum(np.abs(offset).max(axis=(1, 2)), 1.0)
    exponent = np.minimum(np.floor(np.log2(32767 / reach)), _FINEST).astype(np.int8)
    steps = np.rint(offset * np.exp2(exponent)[:, None, None]).astype(np.int16)
    shapes = np.rint(np.nan_to_num(track.blendshapes).clip(0, 1) * _SHAPES_SCALE)
    pose = track.head_pose.astype(np.float32)
    return {
        "timestamp": track.times_s,
        "success": (~missing).astype(np.int8),
        "luminance": track.luminance,
        "sharpness": track.sharpness,
        "step_exponent": exponent,
        "missing": missing,
        "anchor": np.ascontiguousarray(anchor.T),
        "steps": np.ascontiguousarray(steps.transpose(2, 1, 0)),
        "shapes": np.ascontiguousarray(shapes.astype(np.uint16).T),
        "pose": np.ascontiguousarray(pose[:, :3].reshape(-1, len(POSE)).T),
    }


def _named(stored_values: _Columns) -> _Columns:
    """Return the columns of the file, as views."""
    columns = dict(stored_values)
    anchor, steps = columns.pop("anchor"), columns.pop("steps")
    shapes, pose = columns.pop("shapes"), columns.pop("pose")
    columns |= {f"anchor_{axis}": anchor[a] for a, axis in enumerate(AXES)}
    columns |= {
        f"{axis}_{k}": values for a, axis in enumerate(AXES) for k, values in enumerate(steps[a])
    }
    columns |= {f"bs_{name}": shapes[k] for k, name in enumerate(BLENDSHAPE_NAMES)}
    columns |= {f"pose_{r}{c}": pose[k] for k, (r, c) in enumerate(POSE)}
    return columns


def _decode(
    columns: Mapping[str, NDArray[Any]], landmarks: int, filled: Sequence[int]
) -> dict[str, Any]:
    """Turn file columns into arrays of a track, of whose landmarks some are filled in."""
    missing = columns["success"] == 0
    n = len(missing)
    step = np.exp2(-_filled(columns["step_exponent"]))
    points = np.full((n, landmarks, 3), np.nan, np.float32)
    for a, axis in enumerate(AXES):
        anchor = _filled(columns[f"anchor_{axis}"])
        for k in filled:
            points[:, k, a] = anchor + _filled(columns[f"{axis}_{k}"]) * step
    shapes = np.empty((n, len(BLENDSHAPE_NAMES)), np.float32)
    for k, name in enumerate(BLENDSHAPE_NAMES):
        shapes[:, k] = _filled(columns[f"bs_{name}"]).astype(np.float32) / _SHAPES_SCALE
    pose = np.zeros((n, 4, 4))
    pose[:, 3, 3] = 1
    for r, c in POSE:
        pose[:, r, c] = _filled(columns[f"pose_{r}{c}"])
    for values in (points, shapes, pose):
        values[missing] = np.nan
    return {
        "times_s": columns["timestamp"],
        "points_px": points,
        "blendshapes": shapes,
        "head_pose": pose,
        "luminance": columns["luminance"].astype(np.float32),
        "sharpness": columns["sharpness"].astype(np.float32),
    }


def _filled(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return numbers of a column; what is missing is overwritten with NaN later."""
    return np.asarray(np.nan_to_num(values.astype(np.float64)))
