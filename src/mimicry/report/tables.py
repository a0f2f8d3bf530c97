"""Tables of a page: cells as text, and a table too wide for a sheet of paper cut in several."""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mimicry.report.numbers import MISSING, is_p, shown

__all__ = ["Column", "Part", "Table", "page_table"]

# Widths in digits: what fits across a printed page in its small type, and across a telephone.
_PAGE, _TELEPHONE = 109.0, 38.0
_GAP, _LONGEST = 1.3, 26  # between columns; characters of text that stand on one line
_NARROW = frozenset(" .,;:[]()/|'-ijlftrI")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, whether it holds text (set to the left), and whether that wraps."""

    label: str
    text: bool
    wraps: bool

    @property
    def kind(self) -> str:
        """Return the class of its cells."""
        return " ".join(["text"] * self.text + ["long"] * self.wraps)


@dataclass(frozen=True, slots=True)
class Part:
    """As many columns of a table as fit beside one another; the first ones stand in each part."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    classes: Sequence[str]
    narrow: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it stands in a page."""

    parts: Sequence[Part]

    def __bool__(self) -> bool:
        return any(part.rows for part in self.parts)


def page_table(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    labels: Mapping[str, str] | None = None,
    keys: int = 1,
    classes: Sequence[str] | None = None,
) -> Table:
    """Return a table with every cell as text, cut into parts that fit a printed page.

    Parameters
    ----------
    caption
        What the table shows.
    columns
        Names; they decide how a number is written (see :func:`mimicry.report.numbers.shown`).
    rows
        A cell for every column. Text stands as it is.
    labels
        Headings that differ from the names.
    keys
        How many of the first columns say what a row is: they are repeated in every part.
    classes
        Class of every row.

    Examples
    --------
    >>> table = page_table("P values", ["who", "p"], [["01", 0.0001]])
    >>> table.parts[0].rows
    [['01', '< .001']]
    """
    values = _whole(columns, rows)
    cells = [[shown(n, v) for n, v in zip(columns, row, strict=True)] for row in values]
    heads = [(labels or {}).get(name, name) for name in columns]
    texts = [
        k < keys or _is_text(columns[k], [row[k] for row in values]) for k in range(len(columns))
    ]
    widths = [_width(heads[k], [row[k] for row in cells], texts[k]) for k in range(len(columns))]
    wraps = [any(len(row[k]) > _LONGEST for row in cells) for k in range(len(columns))]
    groups = _groups(widths, keys)
    return Table(
        [
            Part(
                caption if len(groups) == 1 else f"{caption} ({k} of {len(groups)})",
                [Column(heads[c], texts[c], wraps[c]) for c in chosen],
                [[row[c] for c in chosen] for row in cells],
                list(classes or [""] * len(cells)),
                narrow=sum(widths[c] for c in chosen) <= _TELEPHONE,
            )
            for k, chosen in enumerate(groups, 1)
        ]
    )


def _whole(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Return the rows with columns of whole numbers (counts, flags) as integers."""
    turned = [[row[k] for row in rows] for k in range(len(columns))]
    for k, values in enumerate(turned):
        real = [v for v in values if isinstance(v, float) and math.isfinite(v)]
        if real and not is_p(columns[k]) and all(v.is_integer() and abs(v) < 1e6 for v in real):
            turned[k] = [int(v) if v in real else v for v in values]
    return [list(row) for row in zip(*turned, strict=True)] if rows else []


def _is_text(name: str, values: Sequence[Any]) -> bool:
    """Tell whether a column holds words; numbers already written as text are none."""
    words = [v for v in values if isinstance(v, str) and not v.startswith(MISSING)]
    return not is_p(name) and any(re.search(r"^[^\W\d_]|[^\W\d_]{3}", v) for v in words)


def _width(head: str, cells: Sequence[str], text: bool) -> float:
    longest = max(map(_digits, cells), default=0.0)
    piece = max(map(_digits, re.split(r"(?<=[_\s])", head)), default=0.0)
    return max(min(longest, _LONGEST) if text else longest, min(piece, _LONGEST)) + _GAP


def _digits(text: str) -> float:
    """Return about how wide a text is, in widths of a digit."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + 0.7 * wide - 0.45 * sum(c in _NARROW for c in text)


def _groups(widths: Sequence[float], keys: int) -> list[list[int]]:
    """Return which columns stand together, filled from the left, keys in each."""
    fixed = list(range(min(keys, len(widths))))
    room = _PAGE - sum(widths[k] for k in fixed)
    groups: list[list[int]] = [[]]
    used = 0.0
    for k in range(len(fixed), len(widths)):
        if groups[-1] and used + widths[k] > room:
            groups.append([])
            used = 0.0
        groups[-1].append(k)
        used += widths[k]
    return [fixed + group for group in groups]
