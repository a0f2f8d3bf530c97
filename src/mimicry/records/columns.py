"""What the columns of a table mean: said once, for sidecars and for the documentation."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Column", "describe", "table_of_columns"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column, or several that share a meaning.

    Parameters
    ----------
    names
        As the documentation shows them, separated by ``, ``.
    meaning
        What a value says. ``{group}`` stands for a group of `pattern`.
    unit
        Its unit; empty where there is none.
    more
        What the documentation says beyond it.
    pattern
        Regular expression of all names; empty: `names` are all.
    """

    names: str
    meaning: str
    unit: str = ""
    more: str = ""
    pattern: str = ""

    def of(self, name: str) -> str | None:
        """Return the meaning of a column, or None where it is not this one."""
        pattern = self.pattern or "|".join(map(re.escape, self.names.split(", ")))
        match = re.fullmatch(pattern, name)
        return None if match is None else self.meaning.format(**match.groupdict())


def describe(
    names: Sequence[str], columns: Sequence[Column], *, otherwise: str
) -> dict[str, dict[str, str]]:
    """Return BIDS descriptions of the columns of a table; the first entry that matches counts.

    Parameters
    ----------
    names
        The columns that the table has.
    columns
        What they may mean.
    otherwise
        The meaning of all others.
    """
    described = {}
    for name in names:
        entries = ((column.of(name), column.unit) for column in columns)
        text, unit = next(((t, u) for t, u in entries if t is not None), (otherwise, ""))
        described[name] = {"Description": text} | ({"Units": unit} if unit else {})
    return described


def table_of_columns(columns: Sequence[Column] | Mapping[str, str]) -> str:
    """Return the table of the documentation, in Markdown."""
    if isinstance(columns, Mapping):
        columns = [Column(name, meaning) for name, meaning in columns.items()]
    lines = ["| column | meaning | unit |", "|---|---|---|"]
    for column in columns:
        names = column.names.split(", ")
        shown = ", ".join(f"`{name}`" for name in names)
        text = ". ".join(part for part in (column.of(names[0]), column.more) if part)
        lines.append("| " + " | ".join((shown, text.replace("|", r"\|"), column.unit)) + " |")
    return "\n".join(lines) + "\n"
