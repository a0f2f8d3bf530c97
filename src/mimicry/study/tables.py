"""The one reader of a study's tab-separated tables: nothing in them is guessed or dropped.

BIDS tables have tabs, no quoting, and ``n/a`` for what is missing; an empty cell is missing,
too. Cells stay text, so that ``01`` stays ``01``; numbers are made where numbers are meant.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mimicry.errors import TableError
from mimicry.files import read_bytes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MISSING", "need_columns", "numbers", "read_cells", "refuse_repeated_rows", "typed"]

MISSING = ("n/a", "")
_DIGITS = frozenset("0123456789+-.eE")
_LARGEST = 1e100  # beyond it nothing was measured, and squares overflow
_MOST_BYTES = 2 << 30  # 500 people with 144 trials each fill 80 MB


def read_cells(path: Path) -> "pd.DataFrame":
    """Return a table with every cell as text, missing ones as ``""``.

    A byte-order mark and line ends of any system are read; blanks around a cell are kept,
    around a column name not.

    Raises
    ------
    TableError
        When it cannot be read, is separated by something else than tabs, a column name is
        there twice, or a row has more or fewer cells than the head.
    """
    import pandas as pd

    text = _text(path)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[-1].strip("\t "):
        lines.pop()
    if not lines:
        raise TableError("the table is empty", path=path, hint="Expected a line of column names.")
    head = [name.strip() for name in lines[0].split("\t")]
    _check_separator(head, path)
    rows = []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip("\t "):
            continue
        cells = line.split("\t")
        if len(cells) != len(head):
            raise TableError(
                f"line {number} has {len(cells)} cells, the head has {len(head)}",
                path=path,
                hint="Cells are separated by one tab each; a missing value is n/a.",
            )
        rows.append([_cell(c) for c in cells])
    table = pd.DataFrame(rows, columns=range(len(head)), dtype=object)
    return _named(table, head, path)


def typed(cells: "pd.DataFrame", *, text: Iterable[str] = ()) -> "pd.DataFrame":
    """Return a table whose columns of numbers are numbers, missing ones NaN.

    A column with a single cell that is no number stays text (:func:`numbers` refuses it where
    numbers are meant), and so does one whose numbers begin with 0, as labels do.
    """
    import pandas as pd

    kept = set(text)
    columns: dict[str, Any] = {}
    for name in cells.columns:
        values = None if name in kept else _floats(cells[name].tolist())
        columns[name] = cells[name] if values is None else values
    return pd.DataFrame(columns, index=cells.index)


def numbers(table: "pd.DataFrame", names: Iterable[str], path: Path | None = None) -> None:
    """Refuse columns that should hold numbers and hold something else as well.

    Raises
    ------
    TableError
        With how many cells are no numbers, and the first.
    """
    for name in names:
        column = table[name]
        if column.dtype.kind in "fiub":
            continue
        wrong = [k for k, cell in enumerate(column) if not _is_number(cell)]
        if wrong:
            more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            raise TableError(
                f"column {name!r} should hold measured numbers, found "
                f"{column.iloc[wrong[0]]!r} in row {wrong[0] + 1}{more}",
                path=path,
                key=name,
                hint="Missing values are written n/a.",
            )
        table[name] = np.array([float(c) if c not in MISSING else np.nan for c in column])


def need_columns(table: "pd.DataFrame", names: Iterable[str], path: Path | None = None) -> None:
    """Refuse a table without one of these columns; a near name is given.

    Raises
    ------
    TableError
        When one is missing.
    """
    for name in names:
        if name not in table.columns:
            shown = ", ".join(map(str, table.columns[:12])) + (", ..." * (len(table.columns) > 12))
            raise TableError(
                f"the table has no column {name!r}; it has {shown or 'none'}", path=path, key=name
            )


def refuse_repeated_rows(
    table: "pd.DataFrame", keys: Sequence[str], path: Path | None, hint: str
) -> None:
    """Refuse two rows with the same key: they would count twice.

    Raises
    ------
    TableError
        With the number of repeated keys, and the first.
    """
    known = [k for k in keys if k in table.columns]
    count = Counter(zip(*(table[k].astype(str) for k in known), strict=True))
    twice = [key for key, n in count.items() if n > 1]
    if twice:
        shown = ", ".join(f"{k} {v}" for k, v in zip(known, twice[0], strict=True) if v)
        more = f" (and {len(twice) - 1} more)" if len(twice) > 1 else ""
        raise TableError(
            f"{count[twice[0]]} rows for {shown}{more}, expected one",
            path=path,
            key=known[0],
            hint=hint,
        )


def _text(path: Path) -> str:
    data = read_bytes(path, kind=TableError, most=_MOST_BYTES)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        kind = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "not UTF-8"
        raise TableError(
            f"the text is {kind} (byte {error.start})", path=path, hint="Save it as UTF-8."
        ) from error
    if "\x00" in text:
        raise TableError("not a text table: it holds a NUL byte", path=path)
    return text


def _check_separator(head: list[str], path: Path) -> None:
    if len(head) > 1:
        return
    for sign, name in ((";", "semicolons"), (",", "commas")):
        if sign in head[0]:
            raise TableError(
                f"separated by {name}, expected tabs",
                path=path,
                hint="Save it as tab-separated text.",
            )


def _named(table: "pd.DataFrame", head: list[str], path: Path) -> "pd.DataFrame":
    """Give the columns their names; unnamed ones must be empty and go."""
    unnamed = [k for k, name in enumerate(head) if not name]
    for k in unnamed:
        if (table[k] != "").any():
            raise TableError(f"column {k + 1} has cells and no name", path=path)
    table = table.drop(columns=unnamed)
    names = [name for name in head if name]
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(" ".join(name.casefold().split()), name)
        if other is not name:
            both = repr(name) if name == other else f"{other!r} and {name!r}"
            raise TableError(
                f"the column {both} is there twice", path=path, key=name, hint="Keep one of them."
            )
    table.columns = names
    return table


def _cell(cell: str) -> str:
    """One cell; a missing one is empty. What our own writer has quoted is taken out again."""
    bare = cell.strip()
    if bare in MISSING:
        return ""
    inner = cell[1:-1]
    if cell[:1] == cell[-1:] == '"' and '""' in inner and '"' not in inner.replace('""', ""):
        return inner.replace('""', '"')
    return cell


def _floats(cells: list[str]) -> "np.ndarray[Any, np.dtype[Any]] | None":
    filled = [c for c in cells if c != ""]
    text = "".join(filled)
    if not set(text) <= _DIGITS or any(_is_label(c) for c in filled):
        return None
    try:
        if len(filled) == len(cells) and not any(c in text for c in ".eE"):
            return np.array([int(c) for c in cells], dtype=np.int64)
        values = np.array([float(c) if c else np.nan for c in cells], dtype=np.float64)
    except (ValueError, OverflowError):
        return None
    return None if (np.abs(values) > _LARGEST).any() else values


def _is_label(cell: str) -> bool:
    bare = cell.lstrip("+-")
    return len(bare) > 1 and bare[0] == "0" and bare.isdigit()


def _is_number(cell: object) -> bool:
    if not isinstance(cell, str) or cell in MISSING:
        return True
    if not set(cell) <= _DIGITS:
        return False
    try:
        return abs(float(cell)) <= _LARGEST
    except ValueError:
        return False
