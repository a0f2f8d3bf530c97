"""How a tool's table of action units is read: column names, units, least confidence of a frame.

A new tool is a module with one :class:`AuReader`, and its name among the texts of ``sources``.
"""

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.errors import QualityWarning
from mimicry.interchange.table import Table
from mimicry.interchange.table_times import row_times
from mimicry.records import ActionUnitTrack, ReadingOptions

__all__ = ["LEAST_CONFIDENCE", "QUALITY_COLUMNS", "UNIT", "AuReader", "Measured", "track_of"]

#: Frames that another tool is less sure of than this are masked, unless the caller says otherwise.
LEAST_CONFIDENCE = 0.8

Floats = NDArray[np.float64]
#: Names of units, as we and Py-Feat write them.
UNIT = re.compile(r"AU\d\d(_[LR])?$")
QUALITY_COLUMNS = (
    "scale_px",
    "luminance",
    "sharpness",
    "blink",
    "pose_ok",
    "fit_residual",
    "plausible",
)


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What a table holds of one face in T rows.

    Parameters
    ----------
    intensity
        (T, A) action units.
    units
        Name of each action unit -> what 1.0 of it means.
    quality
        Quality columns; ``success`` is 1 where a face was seen: all other rows are masked.
    pose_deg
        (T, 3) pitch, yaw and roll; None: not stated.
    blendshapes
        (T, B); None: not stated.
    provenance
        Of the table itself; None: made from how it was read.
    """

    intensity: Floats
    units: Mapping[str, str]
    quality: dict[str, Floats]
    pose_deg: Floats | None = None
    blendshapes: Floats | None = None
    provenance: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AuReader:
    """Reads the tables of one tool.

    Parameters
    ----------
    kind, name
        A short word, and what such a file is in words: "an OpenFace table".
    has
        Tells by the columns' names whether a table is one.
    read
        Takes the action units of one face out of a table.
    source
        What the provenance says.
    time_column, seconds
        The tool's column of times, and the seconds in one of its units; None: it writes none.
    frame_column, first_frame
        The tool's column of frame numbers, and the number of a video's first frame.
    confidence
        Possible names of the column of confidence; none: the tool states none.
    several_faces
        Whether one table may hold several people.
    noted
        Whether our own sidecar may lie beside it.
    unused
        Matches the names of columns that are never used.
    """

    kind: str
    name: str
    has: Callable[[Sequence[str]], bool]
    read: Callable[[Table], Measured]
    source: str
    time_column: str | None = None
    seconds: float = 1.0
    frame_column: str = "frame"
    first_frame: int = 0
    confidence: tuple[str, ...] = ()
    several_faces: bool = False
    noted: bool = False
    unused: re.Pattern[str] | None = None

    def needs(self, column: str) -> bool:
        """Tell whether a column may be used."""
        return self.unused is None or self.unused.fullmatch(column) is None


def track_of(
    reader: AuReader, table: Table, *, reading: ReadingOptions, times_s: ArrayLike | None = None
) -> ActionUnitTrack:
    """Return the track of one face's rows.

    Parameters
    ----------
    reader, table
        The tool, and its table with the rows of one face.
    reading
        Limit of confidence; what gives the times.
    times_s
        (frames,) times of the video's frames; they count before everything else.

    Raises
    ------
    TableError
        When cells are no numbers, or times cannot be a video's.

    Warns
    -----
    QualityWarning
        When frames are masked for their confidence.
    """
    if reader.frame_column in table and "frame" not in table:
        names = ("frame" if n == reader.frame_column else n for n in table.names)
        table = replace(table, names=tuple(names))
    measured = reader.read(table)
    seen = measured.quality.get("success", np.ones(len(table))) == 1
    column = next((name for name in reader.confidence if name in table), None)
    confidence, limit = _confidence(table, column, seen, reading)
    times, origin = row_times(
        table,
        reader.time_column if reader.time_column in table else None,
        first_frame=reader.first_frame,
        reading=reading,
        times_s=times_s,
        scale=reader.seconds,
    )
    provenance = measured.provenance
    if provenance is None:
        parts = {"text": table.format, "times": origin, "confidence": limit}
        chosen = {} if reading.face is None else {"face": reading.face}
        provenance = {"source": reader.source, **{k: v for k, v in parts.items() if v}, **chosen}
    unstated = dict.fromkeys(("success", *QUALITY_COLUMNS), np.full(len(times), np.nan))
    pose, shapes = measured.pose_deg, measured.blendshapes
    shapes = np.empty((len(table), 0)) if shapes is None else shapes
    try:
        return ActionUnitTrack(
            times_s=times,
            intensity=measured.intensity,
            names=tuple(measured.units),
            pose_deg=np.full((len(table), 3), np.nan) if pose is None else pose,
            quality={**unstated, **measured.quality, **confidence},
            blendshapes=shapes.astype(np.float32),
            units=dict(measured.units),
            provenance=provenance,
        )
    except ValueError as error:
        raise table.error(str(error), "timestamp") from error


def _confidence(
    table: Table, column: str | None, seen: NDArray[np.bool_], reading: ReadingOptions
) -> tuple[dict[str, NDArray[np.float64]], dict[str, Any]]:
    """Return quality columns from a tool's confidence, and what the provenance says of it."""
    if column is None or column not in table:
        if reading.min_confidence is not None:
            raise table.error(
                "has no column of confidence, so a limit means nothing", "`min_confidence`"
            )
        return {}, {}
    score = table.numbers(column)
    high = np.flatnonzero((score < 0) | (score > 1))
    if high.size:
        raise table.error(
            f"column {column!r} holds {score[high[0]]:g} in {table.at(high[0])}, expected 0 to 1",
            column,
        )
    limit = LEAST_CONFIDENCE if reading.min_confidence is None else reading.min_confidence
    with np.errstate(invalid="ignore"):
        sure = score >= limit
    low = int((seen & ~sure).sum())
    if low:
        text = (
            f"{table.path.name}: {low} of {int(seen.sum())} frames with a face "
            f"({low / seen.sum():.0%}) have a {column} below {limit:g} and are masked. "
            "Another limit is set with `min_confidence`."
        )
        warnings.warn(QualityWarning(text), stacklevel=4)
    known = {"column": column, "limit": limit, "frames_below": low}
    return {"confidence": score, "plausible": np.where(seen, sure, np.nan)}, known
