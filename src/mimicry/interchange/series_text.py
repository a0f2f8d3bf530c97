"""Series as plain text: numbers in columns, one row a sample, no times."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import TableError
from mimicry.interchange.text import cells_of, number_of, read_lines

__all__ = ["read_series_text"]


def read_series_text(
    path: str | Path, *, columns: Sequence[int] | None = None
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the columns of a text file and their names.

    Parameters
    ----------
    path
        A file of numbers separated by blanks, tabs, commas, bars or semicolons, with or without
        a header line, with or without quotes, with points or commas as decimal signs; ``NA``,
        ``NaN``, ``n/a``, ``-``, ``.`` or nothing between two separators is a missing sample.
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
    text = read_lines(path)
    form = text.format
    rows = [
        (k, cells_of(line, form.separator))
        for k, line in zip(text.numbers, text.lines, strict=True)
    ]
    names: tuple[str, ...] = ()
    if form.header:
        names = tuple(rows.pop(0)[1])
    if not rows:
        raise TableError("the file holds a header and no numbers", path=path)
    width = len(names) or len(rows[0][1])
    short = next(((k, cells) for k, cells in rows if len(cells) != width), None)
    if short is not None:
        raise TableError(
            f"line {short[0]} has {len(short[1])} columns, expected {width} as above it", path=path
        )
    wrong = [c for c in columns or () if not 1 <= c <= width]
    if wrong:
        raise TableError(
            f"no column {wrong[0]}: the file has {width} columns", path=path, key="`columns`"
        )
    chosen = range(width) if columns is None else [c - 1 for c in columns]
    names = names or tuple(f"column {k + 1}" for k in range(width))
    values = [[number_of(cells[j], form.decimal) for j in chosen] for _, cells in rows]
    wrong_at = [(i, j) for i, row in enumerate(values) for j, v in enumerate(row) if v is None]
    if wrong_at:
        i, j = wrong_at[0]
        more = f" ({len(wrong_at)} such cells in all)" if wrong_at[1:] else ""
        line, cells = rows[i]
        raise TableError(
            f"line {line} holds {cells[chosen[j]][:40]!r}, expected a number{more}", path=path
        )
    return np.array(values, dtype=np.float64), tuple(names[c] for c in chosen)
