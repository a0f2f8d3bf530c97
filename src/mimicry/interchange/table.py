"""A table of any tool in memory: its columns, rows and whole blocks of numbers."""

import io
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import QualityWarning, TableError
from mimicry.files import read_parquet, require_file
from mimicry.interchange.text import MISSING, Text, TextFormat, cells_of, number_of, read_lines

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FLAGS", "Table", "is_index", "read_any_table"]

Floats = NDArray[np.float64]

_BLOCK = 2048  # rows that are parsed at a time
_CODES = (-9999.0, -999.0, -99.0)  # of statistics packages
FLAGS = ("success", "blink", "pose_ok", "plausible")  # may be written True and False
_SPELLINGS = sorted({s for m in MISSING for s in (m, m.upper(), m.capitalize())} | {"NaN", "N/a"})


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of a file with their names as written there.

    Parameters
    ----------
    path
        The file.
    frame
        The cells; columns are numbered.
    names
        Names of the columns, without surrounding blanks.
    lines
        Line of the file for every row; empty for what has no lines.
    decimal
        Decimal sign of cells that are still text.
    format
        How the text was written, in words; empty for parquet.
    """

    path: Path
    frame: "pd.DataFrame"
    names: tuple[str, ...]
    lines: NDArray[np.int64]
    decimal: str = "."
    format: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.frame)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def where(self, rows: NDArray[np.bool_]) -> Self:
        """Return some of the rows."""
        lines = self.lines[rows] if len(self.lines) else self.lines
        return replace(self, frame=self.frame[rows].reset_index(drop=True), lines=lines)

    def at(self, row: int) -> str:
        """Return where a row stands, for a message."""
        return f"line {self.lines[row]}" if len(self.lines) else f"row {row + 1}"

    def error(self, message: str, key: str | None = None, *, hint: str | None = None) -> TableError:
        """Return the error that names this table."""
        return TableError(message, path=self.path, key=key, hint=hint)

    def refuse_repeats(self) -> None:
        """Refuse columns of one name.

        Raises
        ------
        TableError
            When a name stands more than once.
        """
        twice = sorted({n for n in self.names if n and self.names.count(n) > 1})
        if twice:
            raise self.error(
                f"has several columns called {', '.join(map(repr, twice[:5]))}",
                twice[0],
                hint="Keep one of them, or give them different names.",
            )

    def texts(self, name: str) -> list[str]:
        """Return the cells of a column as text; missing ones are empty."""
        column = self._column(name)
        return ["" if v is None or v != v else str(v).strip() for v in column.tolist()]

    def numbers(self, name: str) -> Floats:
        """Return a column of numbers, NaN where missing.

        Raises
        ------
        TableError
            When there is no such column, or a cell is no number: all are counted, the first
            is named.
        """
        values, wrong = self.judged(name)
        if wrong:
            cell = self.texts(name)[wrong[0]][:40]
            many = f"{len(wrong)} cells that are no numbers, the first" if wrong[1:] else "a cell"
            tail = "" if wrong[1:] else " that is no number"
            raise self.error(
                f"column {name!r} holds {many} {cell!r} in {self.at(wrong[0])}{tail}",
                name,
                hint=f"Numbers look like 1{self.decimal}5; missing is n/a, NA, NaN or nothing.",
            )
        self._say_codes(name, values)
        return values

    def _say_codes(self, name: str, values: Floats) -> None:
        """Say when a number looks like a code for missing: far below all others."""
        for code in _CODES:
            coded = values == code
            others = values[~coded & np.isfinite(values)]
            if coded.any() and others.size and others.min() > code / 10:
                text = (
                    f"{self.path.name}: column {name!r} holds {code:g} in {int(coded.sum())} "
                    "cells. It is read as a number; write n/a where a value is missing."
                )
                warnings.warn(QualityWarning(text), stacklevel=4)

    def judged(self, name: str) -> tuple[Floats, list[int]]:
        """Return a column as numbers, and the rows whose cells are none (NaN there)."""
        import pandas as pd

        column = self._column(name)
        if pd.api.types.is_bool_dtype(column.dtype):
            if name not in FLAGS:
                return np.full(len(self), np.nan), list(range(len(self)))
            column = column.astype(float)
        if pd.api.types.is_numeric_dtype(column.dtype):
            values = np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
            return values, np.flatnonzero(np.isinf(values)).tolist()
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            return np.full(len(self), np.nan), list(range(len(self)))
        cells = [number_of(cell, self.decimal) for cell in self.texts(name)]
        wrong = [k for k, value in enumerate(cells) if value is None]
        return np.array([np.nan if v is None else v for v in cells], dtype=np.float64), wrong

    def block(self, names: Sequence[str]) -> Floats:
        """Return (T, n) numbers of some columns."""
        if not names:
            return np.empty((len(self), 0))
        return np.stack([self.numbers(name) for name in names], axis=1)

    def _column(self, name: str) -> "pd.Series[Any]":
        if name not in self.names:
            raise self.error(f"has no column {name!r}", name)
        return self.frame.iloc[:, self.names.index(name)]


def is_index(name: str) -> bool:
    """Tell whether a column only counts rows, as pandas and R write it unasked.

    Examples
    --------
    >>> is_index(""), is_index("Unnamed: 0"), is_index("AU12")
    (True, True, False)
    """
    return re.fullmatch(r"|Unnamed: \d+(\.\d+)*|__index_level_\d+__", name) is not None


def read_any_table(path: Path, *, needed: Callable[[str], bool] | None = None) -> Table:
    """Read a parquet file or a text table with a header line, whatever its separator.

    Parameters
    ----------
    path
        The file.
    needed
        Which columns of a text are read, by their names; None: all.

    Raises
    ------
    TableError
        When it cannot be read, rows are of different lengths, or there are none.
    """
    require_file(path, kind=TableError)
    with path.open("rb") as file:
        parquet = file.read(4) == b"PAR1"
    return _parquet(path) if parquet else _text(path, needed)


def _parquet(path: Path) -> Table:
    frame = read_parquet(path)
    names = tuple(str(name).strip() for name in frame.columns)
    frame = frame.set_axis(list(range(len(names))), axis=1)
    if frame.empty:
        raise TableError("the table has no rows", path=path)
    return Table(path, frame.reset_index(drop=True), names, np.empty(0, np.int64))


def _text(path: Path, needed: Callable[[str], bool] | None) -> Table:
    text = read_lines(path)
    names = text.names
    separator = text.format.separator
    rows, lines = text.lines[1:], text.numbers[1:]
    while rows and not any(cells_of(rows[-1], separator)):  # empty rows of a spreadsheet
        rows, lines = rows[:-1], lines[:-1]
    if not rows:
        raise TableError("the table has no rows", path=path)
    width = _check_lengths(path, text, rows, lines, len(names))
    kept = [k for k, name in enumerate(names) if needed is None or needed(name)]
    try:
        frame = _parsed(rows, text.format, width, kept)
    except ValueError as error:
        raise TableError("is not a readable table", path=path) from error
    at = np.array(lines, dtype=np.int64)
    form = text.format
    return Table(path, frame, tuple(names[k] for k in kept), at, form.decimal, form.to_json())


def _parsed(rows: Sequence[str], form: TextFormat, width: int, kept: list[int]) -> "pd.DataFrame":
    """Return some of the columns, numbered from 0, without a second copy of the text in memory."""
    import pandas as pd
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    options: dict[str, Any] = {}
    if int(pd.__version__.split(".")[0]) < 3:  # later versions read floats exactly
        options["float_precision"] = "round_trip"

    def read(columns: list[int], kind: type[str] | None) -> "list[pd.DataFrame]":
        return [
            pd.read_csv(
                io.BytesIO("\n".join(rows[k : k + _BLOCK]).encode()),
                sep=r"\s+" if form.separator == " " else form.separator,
                decimal=form.decimal,
                header=None,
                names=list(range(width)),
                usecols=columns,
                dtype=kind,
                index_col=False,
                skipinitialspace=True,
                keep_default_na=False,
                na_values=_SPELLINGS,
                low_memory=False,
                **options,
            )
            for k in range(0, len(rows), _BLOCK)
        ]

    def alike(column: int) -> bool:
        kinds = {part[column].dtype for part in parts}
        return len(kinds) == 1 or all(is_numeric_dtype(k) and not is_bool_dtype(k) for k in kinds)

    parts = read(kept, None)
    mixed = [column for column in kept if not alike(column)]
    if mixed:  # numbers in some blocks and words in others: all are text, as they are written
        for part, as_text in zip(parts, read(mixed, str), strict=True):
            part[mixed] = as_text
    frame = pd.concat(parts, ignore_index=True)
    return frame.set_axis(list(range(len(kept))), axis=1)


def _check_lengths(
    path: Path, text: Text, rows: Sequence[str], lines: Sequence[int], width: int
) -> int:
    """Refuse rows of other lengths than the header; one empty cell at every end is none."""
    separator = text.format.separator
    lengths = {
        k: len(cells_of(row, separator))
        if '"' in row or separator == " "
        else row.count(separator) + 1
        for k, row in enumerate(rows)
    }
    if all(n == width + 1 for n in lengths.values()) and not any(
        cells_of(row, separator)[-1] for row in rows
    ):
        return width + 1
    for k, n in lengths.items():
        if n != width:
            raise TableError(
                f"line {lines[k]} has {n} cells, the header has {width}",
                path=path,
                hint="Decimal commas need another separator than commas, and a text with a "
                "comma needs quotation marks."
                if separator == "," and n > width
                else "The file may be cut off; export it again.",
            )
    return width
