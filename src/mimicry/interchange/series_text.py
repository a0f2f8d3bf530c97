"""Series as plain text: numbers in columns, one row a sample, no times."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import TableError

__all__ = ["read_series_text"]

_MISSING = {"", "na", "nan", "n/a", "null", "."}


def read_series_text(
    path: str | Path, *, columns: Sequence[int] | None = None
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the columns of a text file and their names.

    Parameters
    ----------
    path
        A file of numbers separated by blanks, tabs, commas or semicolons, with or without a
        header line, with or without quotes; ``NA``, ``NaN``, ``n/a``, ``.`` or nothing
        between two separators is a missing sample.
    columns
        Which columns, counted from 1; None: all of them.

    Returns
    -------
    values, names
        (N, C) samples and C names (the header's, else ``column 1`` ...).

    Raises
    ------
    TableError
        When it is no such file: the line is named.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise TableError("file not found", path=path) from error
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"not a readable text file ({error})", path=path) from error
    rows = [(k, _cells(line)) for k, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise TableError("the file is empty; expected columns of numbers", path=path)
    names: tuple[str, ...] = ()
    if any(_number(cell) is None for cell in rows[0][1]):
        names = tuple(rows.pop(0)[1])
    if not rows:
        raise TableError("the file holds a header and no numbers", path=path)
    width = len(names) or len(rows[0][1])
    values = np.array([_row(path, k, cells, width) for k, cells in rows])
    names = names or tuple(f"column {k + 1}" for k in range(width))
    if columns is None:
        return values, names
    wrong = [c for c in columns if not 1 <= c <= width]
    if wrong:
        raise TableError(
            f"no column {wrong[0]}: the file has {width} columns", path=path, key="--columns"
        )
    chosen = [c - 1 for c in columns]
    return values[:, chosen], tuple(names[c] for c in chosen)


def _cells(line: str) -> list[str]:
    for separator in ("\t", ";", ","):
        if separator in line:
            cells = line.split(separator)
            break
    else:
        cells = line.split()
    return [cell.strip().strip("\"'").strip() for cell in cells]


def _number(cell: str) -> float | None:
    if cell.lower() in _MISSING:
        return float("nan")
    try:
        return float(cell)
    except ValueError:
        return None


def _row(path: Path, line: int, cells: Sequence[str], width: int) -> list[float]:
    if len(cells) != width:
        raise TableError(
            f"line {line} has {len(cells)} columns, expected {width} as above it", path=path
        )
    numbers = []
    for cell in cells:
        number = _number(cell)
        if number is None:
            raise TableError(f"line {line} holds {cell!r}, expected a number", path=path)
        numbers.append(number)
    return numbers
