"""Reading a BIDS events table."""

import csv
import math
from pathlib import Path

import numpy as np

from mimicry.errors import EventsError
from mimicry.records import TrialTable

__all__ = ["read_events"]

_MISSING = {"", "n/a", "N/A", "nan", "NaN"}
_OWN = {"onset", "duration", "trial_type", "stimulus", "trial_id"}
SHOWN = "stimulus"


def read_events(path: str | Path) -> TrialTable:
    """Return the trials of a tab-separated BIDS events table.

    Parameters
    ----------
    path
        Table with the columns ``onset`` (s, start of the clip on the recording's clock),
        ``trial_type`` (condition) and ``stimulus`` (id in the stimulus manifest); optional
        ``duration`` (s), ``trial_id`` (default: number of the row, from 1), ``phase`` (only
        rows with ``stimulus`` are trials) and any design columns.

    Returns
    -------
    TrialTable
        In the order of the file. A missing duration is NaN; ``n/a`` in a design column is "".

    Raises
    ------
    EventsError
        When the file is missing, is no tab-separated table, lacks a column or a value, or
        holds no trial. File and column are named.
    """
    file = Path(path)
    header, rows = _read(file)
    for name in ("onset", "trial_type", "stimulus"):
        if name not in header:
            raise EventsError(
                f"found the columns {', '.join(header)}, expected also a column {name!r}",
                path=file,
                key=name,
                hint="An events table is tab-separated, with onset, trial_type and stimulus.",
            )
    table = [dict(zip(header, row, strict=True)) for row in rows]
    numbered = [
        (line, row)
        for line, row in enumerate(table, start=1)
        if "phase" not in header or row["phase"] == SHOWN
    ]
    if not numbered:
        raise EventsError(
            f"found no trial among {len(table)} rows",
            path=file,
            key="phase" if "phase" in header else "onset",
            hint=f"Rows count as trials when their phase is {SHOWN!r}.",
        )
    extra = [name for name in header if name not in _OWN]
    try:
        return TrialTable(
            trial_id=tuple(_text(row.get("trial_id", "")) or str(n) for n, row in numbered),
            stimulus_id=tuple(_required(file, n, row, "stimulus") for n, row in numbered),
            condition=tuple(_required(file, n, row, "trial_type") for n, row in numbered),
            onset_s=np.array([_number(file, n, row, "onset") for n, row in numbered]),
            duration_s=np.array(
                [_number(file, n, row, "duration", missing_ok=True) for n, row in numbered]
            ),
            columns={name: tuple(_text(row[name]) for _, row in numbered) for name in extra},
            source=str(file),
        )
    except EventsError:
        raise
    except ValueError as error:
        raise EventsError(str(error), path=file, key="trial_id") from error


def _read(file: Path) -> tuple[list[str], list[list[str]]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise EventsError(
            "file not found", path=file, key="--events", hint="Check the name."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise EventsError(
            f"not a readable UTF-8 text file ({type(error).__name__})", path=file, key="--events"
        ) from error
    lines = [row for row in csv.reader(text.splitlines(), delimiter="\t") if any(row)]
    if not lines:
        raise EventsError(
            "the table is empty, expected a header and trials", path=file, key="onset"
        )
    header = [name.strip() for name in lines[0]]
    if len(header) == 1 and "," in header[0]:
        raise EventsError(
            "found commas between the columns, expected tabs",
            path=file,
            key="onset",
            hint="Save the table as tab-separated text (.tsv).",
        )
    for n, row in enumerate(lines[1:], start=1):
        if len(row) != len(header):
            raise EventsError(
                f"row {n} has {len(row)} cells, the header has {len(header)}",
                path=file,
                key=header[0],
            )
    return header, lines[1:]


def _text(value: str) -> str:
    return "" if value.strip() in _MISSING else value.strip()


def _required(file: Path, n: int, row: dict[str, str], name: str) -> str:
    value = _text(row[name])
    if not value:
        raise EventsError(f"row {n} has no value in column {name!r}", path=file, key=name)
    return value


def _number(
    file: Path, n: int, row: dict[str, str], name: str, *, missing_ok: bool = False
) -> float:
    value = _text(row.get(name, ""))
    if not value and missing_ok:
        return math.nan
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        found = repr(value) if value else "nothing"
        raise EventsError(
            f"row {n} has {found} in column {name!r}, expected seconds", path=file, key=name
        )
    return number
