"""Reading a BIDS events table."""

import re
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import EventsError, QualityWarning
from mimicry.files import read_bytes
from mimicry.interchange.sources import known_name
from mimicry.interchange.text import decode, number_of, split_lines
from mimicry.records import TrialTable

__all__ = ["read_events", "read_onsets"]

_MISSING = {"", "n/a", "N/A", "nan", "NaN"}
_STIMULUS = ("stimulus", "stim_file")
_NUMBERS = ("onset", "duration")
SHOWN = "stimulus"
_OTHER_PHASES = {"practice", "interrupted", "marker"}  # of mimicry run: known to be no trials
_BOTH = ("onset", "trial_type")


@dataclass(frozen=True, slots=True)
class _Table:
    """Cells of an events table; rows are numbered from 1, after the header."""

    file: Path
    header: list[str]
    rows: list[list[str]]

    def column(self, name: str) -> list[str]:
        """Return cells of a column, missing ones as ""."""
        k = self.header.index(name)
        return [_text(row[k]) for row in self.rows]

    def has(self, name: str) -> bool:
        """Tell whether there is such a column."""
        return name in self.header

    def of(self, rows: Sequence[int]) -> "_Table":
        """Return only these rows (from 0)."""
        return _Table(self.file, self.header, [self.rows[k] for k in rows])


def read_events(path: str | Path) -> TrialTable:
    """Return the trials of a tab-separated BIDS events table.

    A BIDS table has no quoting: a quotation mark is a character like others. It may hold rows
    of several kinds. With a column ``phase``, trials are the rows with ``stimulus`` there;
    without it, rows that name no stimulus (fixation, responses) are skipped. A
    :class:`~mimicry.errors.QualityWarning` says how many rows were skipped, but for those with
    a phase and no stimulus and those that ``mimicry run`` marks as no trials.

    Parameters
    ----------
    path
        Table with the columns ``onset`` (s, start of the clip on the recording's clock),
        ``trial_type`` (condition) and ``stimulus`` or ``stim_file`` (id in the stimulus
        manifest; folders and the file's ending do not matter); optional ``duration`` (s),
        ``trial_id`` (default: number of the row, from 1) and any design columns.

    Returns
    -------
    TrialTable
        In the order of the file. A missing duration is NaN; ``n/a`` in a design column is "".

    Raises
    ------
    EventsError
        When the file is missing, is no tab-separated table, has a column or a trial id twice,
        lacks a column or a value, spells the phase ``stimulus`` in another way, or holds no
        trial. File and column are named.
    """
    table = _events_of(Path(path))
    stimulus = _stimulus_column(table)
    shown = _shown_rows(table, stimulus)
    trials = table.of(shown)
    numbers = [k + 1 for k in shown]
    known = {"onset", "duration", "trial_type", "trial_id", stimulus}
    ids = trials.column("trial_id") if trials.has("trial_id") else [""] * len(numbers)
    labels = tuple(label or str(n) for label, n in zip(ids, numbers, strict=True))
    _check_ids(table, labels, numbers)
    decimal = _decimal(trials)
    return TrialTable(
        trial_id=labels,
        stimulus_id=_required(trials, stimulus, numbers),
        condition=_required(trials, "trial_type", numbers),
        onset_s=_seconds(trials, "onset", numbers, decimal),
        duration_s=_seconds(trials, "duration", numbers, decimal, missing_ok=True),
        columns={name: tuple(trials.column(name)) for name in trials.header if name not in known},
        source=str(table.file),
    )


def read_onsets(path: str | Path) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return onset (s) and ``trial_type`` of every row of an events table, whatever it shows.

    Raises
    ------
    EventsError
        When the table cannot be read, or a row lacks one of the two.
    """
    table = _events_of(Path(path))
    numbers = range(1, len(table.rows) + 1)
    kinds = _required(table, "trial_type", numbers)
    return _seconds(table, "onset", numbers, _decimal(table)), kinds


def _events_of(file: Path) -> _Table:
    """Read a table that has onsets and kinds of events."""
    header: list[str] = []
    try:
        lines = _lines(file)
        header = [name.strip(' "') for name in re.split("[\t,;]", lines[0])]
        table = _table(file, lines)
        for name in _BOTH:
            if not table.has(name):
                raise _lacks(table, name)
    except EventsError as error:
        if set(_BOTH) <= set(header):  # it is meant as one: what is wrong in it helps more
            raise
        raise _named(file, error) from error
    return table


def _named(file: Path, error: EventsError) -> EventsError:
    """Say what the file is instead, where that is known."""
    name = known_name(file)
    if name is None:
        return error
    return EventsError(
        f"this is {name}; expected a tab-separated events table with onset, trial_type, stimulus",
        path=file,
        key="`events`",
        hint="Make these columns from it; onsets are seconds on the recording's clock.",
    )


def _lines(file: Path) -> list[str]:
    """Return lines that are not blank; at least one."""
    try:
        decoded = decode(read_bytes(file, kind=EventsError))
    except EventsError as error:
        raise EventsError(
            error.message, path=file, key="`events`", hint="Check the name."
        ) from error
    if decoded is None:
        raise EventsError("not a text file", path=file, key="`events`")
    lines = [line for line in split_lines(decoded[0]) if line.strip()]
    if not lines:
        raise EventsError(
            "the table is empty, expected a header and trials", path=file, key="onset"
        )
    return lines


def _table(file: Path, lines: list[str]) -> _Table:
    cells = [line.split("\t") for line in lines]
    header, rows = [name.strip() for name in cells[0]], cells[1:]
    _check_separator(file, header)
    for n, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise EventsError(
                f"row {n} has {len(row)} cells, the header has {len(header)}",
                path=file,
                key=header[0],
                hint="A cell may hold no tab and no line end.",
            )
    return _without_blank_columns(file, header, rows)


def _check_separator(file: Path, header: list[str]) -> None:
    first = header[0]
    if len(header) == 1:
        for sign, name in ((";", "semicolons"), (",", "commas")):
            if sign in first:
                raise EventsError(
                    f"found {name} between the columns, expected tabs",
                    path=file,
                    key="onset",
                    hint="Save the table as tab-separated text (.tsv).",
                )
    if all(len(name) > 1 and name[0] == name[-1] == '"' for name in header):
        raise EventsError(
            "found quotation marks around the names of the columns; a BIDS table has none",
            path=file,
            key=first.strip('"'),
            hint="Write it without (R: quote = FALSE).",
        )


def _without_blank_columns(file: Path, header: list[str], rows: list[list[str]]) -> _Table:
    """Leave out empty columns without a name; refuse other ones, and names that stand twice."""
    kept = [k for k, name in enumerate(header) if name or any(row[k].strip() for row in rows)]
    names = [header[k] for k in kept]
    if "" in names:
        raise EventsError(
            f"column {kept[names.index('')] + 1} has no name", path=file, key="header"
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise EventsError(
            f"the column {twice[0]!r} stands {names.count(twice[0])} times in the header",
            path=file,
            key=twice[0],
            hint="Keep one of them, or give the others names of their own.",
        )
    return _Table(file, names, [[row[k] for k in kept] for row in rows])


def _lacks(table: _Table, name: str) -> EventsError:
    return EventsError(
        f"found the columns {', '.join(table.header)}, expected also a column {name!r}",
        path=table.file,
        key=name,
        hint="An events table is tab-separated, with onset, trial_type and stimulus.",
    )


def _stimulus_column(table: _Table) -> str:
    """Return ``stimulus``, or BIDS's own ``stim_file`` where that is missing or empty."""
    names = [name for name in _STIMULUS if table.has(name)]
    if not names:
        raise _lacks(table, "stimulus")
    return next((name for name in names if any(table.column(name))), names[0])


def _shown_rows(table: _Table, stimulus: str) -> list[int]:
    """Return the rows (from 0) that are trials; those of other kinds are counted aloud."""
    named = table.column(stimulus)
    other: list[int] = []
    if table.has("phase"):
        phases = table.column("phase")
        _check_spelling(table, phases)
        shown = [k for k, phase in enumerate(phases) if phase == SHOWN]
        known = _OTHER_PHASES | {SHOWN}
        other = [k for k, name in enumerate(named) if name and phases[k] not in known]
        key, hint = "phase", f"Rows count as trials when their phase is {SHOWN!r}."
    else:
        shown = [k for k, name in enumerate(named) if name]
        key, hint = stimulus, "Rows count as trials when they name a stimulus."
        why = f"have nothing in the column {stimulus!r} and"
        _say_skipped(table, [k for k, name in enumerate(named) if not name], "trial_type", why)
    if not shown:
        raise EventsError(
            f"found no trial among {len(table.rows)} rows", path=table.file, key=key, hint=hint
        )
    why = f"name a stimulus, but their phase is not {SHOWN!r}: they"
    _say_skipped(table, other, "phase", why)
    return shown


def _check_spelling(table: _Table, phases: Sequence[str]) -> None:
    """Refuse what is meant as the phase of trials and does not say so."""
    near = [p for p in phases if p != SHOWN and "".join(p.split()).lower() == SHOWN]
    if near:
        more = f" in {len(near)} rows" if len(near) > 1 else ""
        raise EventsError(
            f"found the phase {near[0]!r}{more}, expected {SHOWN!r}",
            path=table.file,
            key="phase",
            hint="Capitals and blanks count; otherwise these rows would be no trials.",
        )


def _say_skipped(table: _Table, skipped: Sequence[int], column: str, why: str) -> None:
    """Count rows that are no trials by what they have in a column."""
    if not skipped or len(skipped) == len(table.rows):
        return
    kinds = Counter(table.of(skipped).column(column))
    counted = ", ".join(f"{name or 'n/a'} {count}" for name, count in kinds.most_common(4))
    more = ", ..." if len(kinds) > 4 else ""
    count = f"{len(skipped)} of {len(table.rows)} rows {why} are no trials"
    text = f"{table.file.name}: {count} ({counted}{more})"
    warnings.warn(QualityWarning(text), stacklevel=4)


def _check_ids(table: _Table, labels: Sequence[str], numbers: Sequence[int]) -> None:
    label, count = Counter(labels).most_common(1)[0]
    if count > 1:
        rows = [str(n) for name, n in zip(labels, numbers, strict=True) if name == label]
        raise EventsError(
            f"the trial id {label!r} stands in rows {', '.join(rows[:5])}",
            path=table.file,
            key="trial_id",
            hint="Give every trial an id of its own, or leave the column out.",
        )


def _text(value: str) -> str:
    return "" if value.strip() in _MISSING else value.strip()


def _required(table: _Table, name: str, numbers: Sequence[int]) -> tuple[str, ...]:
    values = table.column(name)
    for value, n in zip(values, numbers, strict=True):
        if not value:
            raise EventsError(f"row {n} has no value in column {name!r}", path=table.file, key=name)
    return tuple(values)


def _decimal(table: _Table) -> str:
    """Return the decimal sign of onsets and durations: a comma where no number has a point."""
    cells = [c for name in _NUMBERS if table.has(name) for c in table.column(name)]
    commas = [cell for cell in cells if "," in cell]
    if not commas or any("." in cell for cell in cells):
        return "."
    if all(len(cell.partition(",")[2]) == 3 for cell in commas):
        raise EventsError(
            f"{commas[0]!r} may be a decimal comma or thousands; expected a decimal point",
            path=table.file,
            key="onset",
        )
    return ","


def _seconds(
    table: _Table, name: str, numbers: Sequence[int], decimal: str, *, missing_ok: bool = False
) -> NDArray[np.float64]:
    """Return numbers of a column; nothing becomes a missing number that is not one."""
    if not table.has(name):
        return np.full(len(numbers), np.nan)
    cells = table.column(name)
    read = [number_of(cell, decimal) for cell in cells]
    values = np.array([np.inf if value is None else value for value in read])
    wrong = np.flatnonzero(np.isinf(values) | (np.isnan(values) & (not missing_ok))).tolist()
    if wrong:
        shown = repr(cells[wrong[0]]) if cells[wrong[0]] else "nothing"
        more = f" (and {len(wrong) - 1} more such cells)" if len(wrong) > 1 else ""
        raise EventsError(
            f"row {numbers[wrong[0]]} has {shown} in column {name!r}, expected seconds{more}",
            path=table.file,
            key=name,
        )
    return values
