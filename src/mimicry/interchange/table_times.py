"""The times of a table's rows: its own, its video's, or counted from a given frame rate.

Rows keep the time of their frame. A table whose first frames are missing is never moved to 0.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.errors import QualityWarning
from mimicry.interchange.table import Table
from mimicry.records import ReadingOptions

__all__ = ["check_rising", "row_times", "say_odd_steps"]

Floats = NDArray[np.float64]

_FASTEST_HZ = 250.0
_SLOWEST_S = 5.0
_SPARSE_S = 0.1  # as scoring and synchrony bridge at most
_GIVE = "Give the frame rate with `fps`, or the video that the table was made from with `video`."


def row_times(
    table: Table,
    column: str | None,
    *,
    first_frame: int,
    reading: ReadingOptions,
    times_s: ArrayLike | None = None,
    scale: float = 1.0,
) -> tuple[Floats, dict[str, Any]]:
    """Return the time of every row in seconds, and where it came from.

    Parameters
    ----------
    table
        Rows of one face.
    column
        Column of times; None: the tool writes none that could be used.
    first_frame
        Number that the tool gives to the first frame of a video.
    reading
        With `fps` or `video`, these count instead of the column.
    times_s
        (frames,) times of the video's frames; they count before everything else.
    scale
        Seconds in one unit of the column.

    Raises
    ------
    TableError
        When there are no times, they cannot be a camera's, or do not rise.
    """
    if times_s is None and reading.video is not None:
        times_s = _frame_times(Path(reading.video))
    if times_s is not None:
        known = np.asarray(times_s, dtype=np.float64)
        number = _frame_numbers(table, first_frame)
        if number.max() >= len(known):
            raise table.error(
                f"holds frame {number.max()}, but the video has {len(known)} frames",
                "frame",
                hint="Name the video that this table was made from.",
            )
        times, origin = known[number], "the video's frames"
    elif reading.fps is not None:
        times, origin = _frame_numbers(table, first_frame) / reading.fps, f"{reading.fps:g} fps"
    elif column is None:
        raise table.error("has no frame times (it holds frame numbers only)", "frame", hint=_GIVE)
    else:
        times, origin = scale * table.numbers(column), column
        _check_camera(table, column, times)
    check_rising(table, column if origin == column else "frame", times)
    _say_slow(table, times)
    return times, {"from": origin}


def _say_slow(table: Table, times: Floats) -> None:
    """Say when rows lie too far apart for anything that is computed over time."""
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    if step > _SPARSE_S + 1e-9:
        text = (
            f"{table.path.name}: rows lie {step:.3g} s apart. Gaps of more than {_SPARSE_S:g} s "
            "are never bridged, so hardly anything can be computed; was every frame analysed?"
        )
        warnings.warn(QualityWarning(text), stacklevel=4)


def say_odd_steps(table: Table, column: str, times: Floats) -> None:
    """Say when times are hardly seconds, or rows lie too far apart for anything.

    Warns
    -----
    QualityWarning
        Of any table that may be no camera's: ratings are as slow as they are.
    """
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    if step > _SLOWEST_S:
        text = (
            f"{table.path.name}: rows lie {step:.3g} s apart by column {column!r}, which looks "
            f"like {_other_unit(step)}. It is read as seconds; if it holds another unit, say so "
            "in its name, for instance 'time (ms)'."
        )
        warnings.warn(QualityWarning(text), stacklevel=4)
    else:
        _say_slow(table, times)


def _other_unit(step: float) -> str:
    return "milliseconds" if step < 10_000 else "microseconds"


def check_rising(table: Table, column: str | None, times: Floats) -> None:
    """Refuse times that are missing, stand twice or go back.

    Raises
    ------
    TableError
        All such rows are counted, the first is named.
    """
    unknown = np.flatnonzero(np.isnan(times))
    if unknown.size:
        raise table.error(
            f"{unknown.size} of {len(times)} rows have no time, the first in "
            f"{table.at(int(unknown[0]))}",
            column,
            hint="Take these rows out, or complete the column.",
        )
    steps = np.diff(times)
    twice, back = int((steps == 0).sum()), int((steps < 0).sum())
    if twice or back:
        k = int(np.flatnonzero(steps <= 0)[0])
        faults = " and ".join(
            text for n, text in ((twice, f"{twice} repeated"), (back, f"{back} going back")) if n
        )
        raise table.error(
            f"the times do not increase ({faults}): {times[k]:.6g} s is followed by "
            f"{times[k + 1]:.6g} s in {table.at(k + 1)}",
            column,
            hint="Keep one row for each time, in order.",
        )


def _check_camera(table: Table, column: str, times: Floats) -> None:
    """Refuse times in another unit than seconds."""
    steps = np.diff(times[np.isfinite(times)])
    if not len(steps):
        return
    step = float(np.median(steps))
    if 0 < step < 1 / _FASTEST_HZ:
        raise table.error(
            f"frames are {1000 * step:.3g} ms apart, which no camera does; "
            "the times of this table are wrong",
            column,
            hint=_GIVE,
        )
    counted = step == 1 and "frame" in table and np.ptp(times - table.numbers("frame")) == 0
    if counted or step > _SLOWEST_S:
        unit = "frame numbers" if counted else _other_unit(step)
        raise table.error(
            f"frames are {step:g} s apart by column {column!r}, which looks like {unit}; "
            "expected seconds",
            column,
            hint=_GIVE,
        )


def _frame_numbers(table: Table, first: int) -> NDArray[np.int64]:
    """Return frames of the rows counted from 0, as the tool counted them."""
    if "frame" not in table:
        return np.arange(len(table))
    number = table.numbers("frame")
    odd = np.flatnonzero(~np.isfinite(number) | (number != np.round(number)) | (number < 0))
    if odd.size:
        raise table.error(f"{table.at(odd[0])} has no frame number", "frame")
    return number.astype(np.int64) - min(first, int(number.min()))


def _frame_times(path: Path) -> Floats:
    from mimicry.capture.video import VideoReader

    with VideoReader(path) as video:  # no part is converted to pictures
        return np.array([f.time_s for f in video.frames(part=1, parts=2, block=1 << 60)])
