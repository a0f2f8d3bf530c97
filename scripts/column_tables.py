"""Write the tables of columns in the documentation from what the program says of them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from mimicry.analyses.columns import GROUP_COLUMNS, MULTIVERSE_COLUMNS
from mimicry.analyses.reliability import RELIABILITY_COLUMNS
from mimicry.records.columns import Column, table_of_columns
from mimicry.scoring.columns import CONDITION_COLUMNS, TRIAL_COLUMNS

__all__ = ["TABLES", "with_tables"]

DOCS = Path(__file__).parents[1] / "docs"
# page -> name of a table in it -> its columns
TABLES: dict[str, dict[str, Sequence[Column] | Mapping[str, str]]] = {
    "scores.md": {
        "trials": TRIAL_COLUMNS,
        "conditions": CONDITION_COLUMNS,
        "groups": GROUP_COLUMNS,
    },
    "reliability.md": {"reliability": RELIABILITY_COLUMNS},
    "multiverse.md": {"specifications": MULTIVERSE_COLUMNS},
}


def with_tables(page: str, tables: Mapping[str, Sequence[Column] | Mapping[str, str]]) -> str:
    """Return a page with its marked tables written anew.

    Raises
    ------
    ValueError
        When a table has no place: the lines ``<!-- columns: NAME -->`` and ``<!-- end -->``.
    """
    for name, columns in tables.items():
        place = re.compile(rf"(<!-- columns: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not place.search(page):
            raise ValueError(f"no place for the table {name!r}")
        text = table_of_columns(columns)
        page = place.sub(lambda m, text=text: f"{m[1]}{text}{m[2]}", page)
    return page


def main() -> None:
    """Write all tables."""
    for name, tables in TABLES.items():
        path = DOCS / name
        page = with_tables(path.read_text(encoding="utf-8"), tables)
        path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
