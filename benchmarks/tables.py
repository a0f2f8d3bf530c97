"""How the tables of a page are made: sessions of every row simulated, counted and written.

A benchmark names its tables once, each a :class:`Table`; :func:`command` gives all the
same options:
``python -m benchmarks NAME [--table T] [--only ROW] [--sessions N] [--jobs N] [--page P]``.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mimicry.files import write_text

__all__ = ["ALPHA", "Table", "command", "get_table", "put_row", "put_table", "short", "significant"]

ALPHA = 0.05


@dataclass(frozen=True)
class Table:
    """A table whose rows are situations.

    Parameters
    ----------
    rows
        Name of a row -> its situation.
    one
        Takes that name and a number k, simulates session (or study) k of it with a seed of its
        own and returns what was found. A function of a module, so that processes can share.
    cells
        Takes the name and what was found in all sessions, returns the cells of the row.
    sessions
        How many there are unless told otherwise.
    key_cells
        How many of the first cells name a row.
    """

    rows: Mapping[str, Any]
    one: Callable[[str, int], Any]
    cells: Callable[[str, list[Any]], Sequence[str]]
    sessions: int
    key_cells: int = 1

    def run(self, name: str, sessions: int, jobs: int = 1) -> list[Any]:
        """Return what was found in each session of one row."""
        one = partial(self.one, name)
        if jobs == 1:
            return [one(k) for k in range(sessions)]
        with ProcessPoolExecutor(jobs) as pool:
            return list(pool.map(one, range(sessions), chunksize=10))


def command(
    tables: Mapping[str, Table], arguments: list[str] | None, description: str | None
) -> int:
    """Make rows of tables, print them and write them into a page."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--table", choices=list(tables), action="append")
    parser.add_argument("--only", action="append", help="name of a row")
    parser.add_argument("--sessions", type=int, help="in each row (default: the table's own)")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--page", type=Path, help="Markdown page whose rows are replaced")
    chosen = parser.parse_args(arguments)
    picked = {name: tables[name] for name in chosen.table or tables}
    known = [row for table in picked.values() for row in table.rows]
    if unknown := [row for row in chosen.only or () if row not in known]:
        parser.error(f"no row {unknown[0]!r}; there are: {'; '.join(known)}")
    for name, table in picked.items():
        for row in table.rows:
            if chosen.only and row not in chosen.only:
                continue
            found = table.run(row, chosen.sessions or table.sessions, chosen.jobs)
            text = f"| {' | '.join(table.cells(row, found))} |"
            print(text, flush=True)
            if chosen.page:
                put_row(chosen.page, name, text, table.key_cells)
    return 0


def significant(p: Sequence[float] | np.ndarray) -> float:
    """Return the share of p <= .05 among those there are; NaN without any."""
    known = np.asarray(p, dtype=float)
    known = known[np.isfinite(known)]
    return float((known <= ALPHA).mean()) if len(known) else float("nan")


def short(share: float) -> str:
    """Write a share as ``.044``; nothing for NaN."""
    if np.isnan(share):
        return ""
    return f"{share:.3f}".lstrip("0") if share < 1 else "1"


def put_row(page: Path, name: str, row: str, key_cells: int = 1) -> None:
    """Replace the row of a table that begins with the same cells, or add it at the end."""
    key = row.split("|")[: key_cells + 1]
    lines = get_table(page, name).splitlines()
    same = [k for k, line in enumerate(lines) if line.split("|")[: key_cells + 1] == key]
    at = same[0] if same else len(lines)
    lines[at : at + 1] = [row]
    put_table(page, name, "\n".join(lines))


def get_table(page: Path, name: str) -> str:
    """Return what stands between ``<!-- NAME -->`` and ``<!-- end NAME -->`` in a page."""
    _, _, rest = page.read_text(encoding="utf-8").partition(f"<!-- {name} -->")
    text, found, _ = rest.partition(f"<!-- end {name} -->")
    if not found:
        raise SystemExit(f"{page} has no place for the table {name}")
    return text.strip()


def put_table(page: Path, name: str, text: str) -> None:
    """Replace what stands between the marks of `name` in a page."""
    old = page.read_text(encoding="utf-8")
    get_table(page, name)
    start, end = f"<!-- {name} -->", f"<!-- end {name} -->"
    before, _, rest = old.partition(start)
    write_text(page, f"{before}{start}\n{text}\n{end}{rest.partition(end)[2]}")
