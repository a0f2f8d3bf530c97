"""Reading any table of numbers over time: EMG envelopes, continuous ratings, FACS coding."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import QualityWarning
from mimicry.interchange.sources import Source, identify
from mimicry.interchange.table import Table, is_index, read_any_table
from mimicry.interchange.table_times import check_rising, row_times, say_odd_steps
from mimicry.interchange.time_names import TIME_NAMES, seconds_in, time_column
from mimicry.records import ActionUnitTrack, ReadingOptions

__all__ = ["FRAME_COLUMNS", "read_time_table"]

Floats = NDArray[np.float64]

#: Columns of these names count frames or rows and are no times.
FRAME_COLUMNS = frozenset(
    {"frame", "frames", "frame_number", "frame_idx", "sample", "index", "row"}
)


def read_time_table(
    path: str | Path,
    *,
    time_column: str | None = None,
    columns: Sequence[str] | None = None,
    reading: ReadingOptions | None = None,
) -> ActionUnitTrack:
    """Read a text table with a column of times and further columns of numbers.

    Parameters
    ----------
    path
        A text table with a header line, however separated.
    time_column
        Name of the column of times; default: the first of ``timestamp``, ``time``,
        ``seconds``, ``t``, ``onset``, with or without a unit: ``time_ms`` and ``Time (ms)`` are
        milliseconds; s, min, h, us and ns are known as well, and without a unit it is seconds.
    columns
        Which of the others are needed; None: all that hold numbers.
    reading
        `fps` or `video` give the times where the column counts frames.

    Returns
    -------
    ActionUnitTrack
        One "action unit" for each further numeric column, under the column's own name and on
        its own scale. Columns of text alone, and empty ones, are left out and named in the
        provenance.

    Raises
    ------
    TableError
        When the file cannot be read, has no such column, its times do not increase, a column
        holds numbers and text, its unit is not known, or there are no other numbers. File and
        column are named.

    Warns
    -----
    QualityWarning
        When rows without a time are left out, or the times are hardly seconds.
    """
    reading = reading or ReadingOptions()
    source = identify(path)
    if source.kind in ("video", "landmarks", "foreign"):
        raise source.refusal("a table with a column of seconds")
    table = read_any_table(source.path)
    table.refuse_repeats()
    name, scale = _time_name(table, time_column)
    counted = reading.fps is not None or reading.video is not None
    if name.lower() in FRAME_COLUMNS and not counted:
        raise table.error(
            f"column {name!r} counts frames or rows, expected seconds",
            name,
            hint="Give the frame rate with `fps`, or the video with `video`.",
        )
    if counted:
        times = _counted_times(table, name, source, reading)
    else:
        table, times = _stated_times(table, name, scale)
    check_rising(table, name, times)
    if not counted and scale == 1:
        say_odd_steps(table, name, times)
    chosen, unused = _number_columns(table, name, columns)
    if not chosen:
        raise table.error("the table holds no numbers besides the times", name)
    unit = {} if counted or scale == 1 else {"seconds_in_time_unit": scale}
    left_out = {"left_out": unused} if unused else {}
    return ActionUnitTrack(
        times_s=times,
        intensity=table.block(chosen),
        names=tuple(chosen),
        pose_deg=np.full((len(times), 3), np.nan),
        quality={},
        blendshapes=np.empty((len(times), 0), dtype=np.float32),
        units=dict.fromkeys(chosen, "as in the file"),
        provenance={"source": table.path.name, "time_column": name, **unit, **left_out},
    )


def _counted_times(table: Table, name: str, source: Source, reading: ReadingOptions) -> Floats:
    """Return the times of frames that a column counts."""
    as_frame = tuple("frame" if n == name else n for n in table.names)
    counts = table if "frame" in table else replace(table, names=as_frame)
    first = 0 if source.reader is None else source.reader.first_frame
    return row_times(counts, None, first_frame=first, reading=reading)[0]


def _stated_times(table: Table, name: str, scale: float | None) -> tuple[Table, Floats]:
    """Return the rows with a time, and the times; say which rows are left out."""
    if scale is None:
        raise table.error(
            f"column {name!r} states a unit that is not known; expected s, min, h, ms, us or "
            "ns in the brackets",
            name,
            hint="Change its name; without brackets it is read as seconds.",
        )
    times = scale * table.numbers(name)
    known = np.isfinite(times)
    if not known.any():
        raise table.error("the times are no numbers", name)
    if not known.all():
        lost = int((~known).sum())
        warnings.warn(
            QualityWarning(
                f"{table.path.name}: {lost} of {len(times)} rows have no {name} and are left out, "
                f"the first in {table.at(int(np.flatnonzero(~known)[0]))}"
            ),
            stacklevel=3,
        )
    return table.where(known), times[known]


def _number_columns(
    table: Table, time_name: str, columns: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    """Return columns of numbers, and those without any. One with text as well goes to the first.

    `Table.numbers` then refuses it: leaving out a column whose lost frames were written as words
    would leave another one standing in its place.
    """
    numeric, unused = [], []
    for name in table.names if columns is None else columns:
        if name == time_name or (columns is None and is_index(name)):
            continue
        if name not in table:
            others = [n for n in table.names if n != time_name]
            raise table.error(f"no column {name!r}; found {', '.join(others[:25])}", name)
        values, wrong = table.judged(name)
        numbers = int(np.isfinite(values).sum())
        if numbers or (wrong and columns is not None):
            numeric.append(name)
        else:
            unused.append(name)
    return numeric, unused


def _time_name(table: Table, wanted: str | None) -> tuple[str, float | None]:
    names = list(table.names)
    if wanted is not None:
        if wanted not in names:
            raise table.error(f"no column {wanted!r}; found {', '.join(names[:8])}", wanted)
        return wanted, seconds_in(wanted)
    column = time_column(names)
    if column is None:
        raise table.error(
            f"no column of seconds among {', '.join(name[:40] for name in names[:8])}",
            "time",
            hint=f"Name one {', '.join(TIME_NAMES)}, or say which with `time_column`.",
        )
    return column
