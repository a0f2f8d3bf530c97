"""Tables with columns over time, of whatever tool: one function opens them all.

The kind is told from the columns, never from the file name. Values keep the scale of their
source (stated in ``units``): nothing here turns one tool's numbers into another's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from numpy.typing import ArrayLike

from mimicry.errors import TableError
from mimicry.interchange.au_openface import OPENFACE
from mimicry.interchange.au_reader import UNIT, AuReader, track_of
from mimicry.interchange.sources import Source, identify
from mimicry.interchange.table import Table, read_any_table
from mimicry.interchange.table_faces import faces_of, one_face
from mimicry.interchange.time_table import read_time_table
from mimicry.records import ActionUnitTrack, ReadingOptions

__all__ = ["faces_in_table", "open_au_table", "read_au_table", "read_table"]

_EXPECTED = "an action-unit table of mimicry extract, OpenFace 2 (AU12_r), Py-Feat or LibreFace"


def read_table(
    path: str | Path,
    *,
    time_column: str | None = None,
    columns: Sequence[str] | None = None,
    reading: ReadingOptions | None = None,
) -> ActionUnitTrack:
    """Read a table of action units, or else any table over time.

    Parameters
    ----------
    path
        The table.
    time_column, columns
        As in :func:`read_time_table`. With a named column of times every table is a plain one.
    reading
        As in :func:`read_au_table`. For a plain table, only the rate or video of a column that
        counts frames is used.

    Raises
    ------
    TableError
        When it is neither, or cannot be read.
    """
    if time_column is None and identify(path).reader is not None:
        return read_au_table(path, reading=reading)
    return read_time_table(path, time_column=time_column, columns=columns, reading=reading)


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
    return open_au_table(path, reading).track(reading, times_s=times_s)


@dataclass(frozen=True, slots=True)
class OpenAuTable:
    """A table of action units that was read once, with all its faces."""

    reader: AuReader
    table: Table

    @property
    def faces(self) -> tuple[str, ...]:
        """Ids of the faces: from left to right where the table tells, else by id."""
        return faces_of(self.table)

    def track(
        self, reading: ReadingOptions, *, times_s: ArrayLike | None = None
    ) -> ActionUnitTrack:
        """Return the track of the face that `reading` names; see :func:`read_au_table`."""
        one = one_face(self.table, reading.face)
        return track_of(self.reader, one, reading=reading, times_s=times_s)


def open_au_table(path: str | Path, reading: ReadingOptions) -> OpenAuTable:
    """Read a table of action units, of which each face gives a track.

    Raises
    ------
    TableError
        When the file is missing or of no known kind.
    """
    source = identify(path)
    if reading.roi_px is not None:
        raise TableError("is a table and has no picture to cut", path=path, key="`roi_px`")
    reader = source.reader
    if reader is None:
        if source.kind == "foreign" or source.kind in ("video", "landmarks"):
            raise source.refusal(_EXPECTED)
        raise TableError(_lacks(source), path=path)
    table = read_any_table(source.path, needed=reader.needs)
    table.refuse_repeats()
    return OpenAuTable(reader, table)


def _lacks(source: Source) -> str:
    """Say what a table lacks that holds no action units, or not as a known tool writes them."""
    units: list[str] = []
    if source.kind == "times":
        units = [name for name in read_any_table(source.path).names if UNIT.match(name)]
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
    return faces_of(read_any_table(Path(path), needed=OPENFACE.needs))
