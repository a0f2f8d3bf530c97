"""The tables of columns in the documentation are those that the program writes into sidecars."""

import runpy
from pathlib import Path

import pytest

from mimicry.records.columns import Column, describe, table_of_columns
from mimicry.scoring.columns import CONDITION_COLUMNS, TRIAL_COLUMNS
from mimicry.scoring.nulls import SECONDARY_NULLS

ROOT = Path(__file__).parents[2]
_SCRIPT = runpy.run_path(str(ROOT / "scripts" / "column_tables.py"))


@pytest.mark.parametrize("page", sorted(_SCRIPT["TABLES"]))
def test_the_page_has_the_tables_that_the_program_describes(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert text == _SCRIPT["with_tables"](text, _SCRIPT["TABLES"][page]), (
        "run: python scripts/column_tables.py"
    )


def test_a_table_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for the table 'x'"):
        _SCRIPT["with_tables"]("no mark", {"x": ()})


def test_the_first_entry_that_matches_describes_a_column() -> None:
    columns = (
        Column("a_AU12", "level of {au}", "AU units", pattern=r"a_(?P<au>AU\d\d)"),
        Column("b, c", "one of two | three", more="See there"),
    )
    described = describe(["a_AU01", "c", "d"], columns, otherwise="unknown")
    assert described == {
        "a_AU01": {"Description": "level of AU01", "Units": "AU units"},
        "c": {"Description": "one of two | three"},
        "d": {"Description": "unknown"},
    }
    assert table_of_columns(columns).splitlines()[2:] == [
        "| `a_AU12` | level of AU12 | AU units |",
        r"| `b`, `c` | one of two \| three. See there |  |",
    ]


def test_a_number_of_two_tables_may_mean_two_things() -> None:
    trial, condition = (
        describe(["snr"], columns, otherwise="")["snr"]["Description"]
        for columns in (TRIAL_COLUMNS, CONDITION_COLUMNS)
    )
    assert "reference trials" in trial
    assert "mean over SE" in condition


def test_the_secondary_nulls_are_no_design_columns() -> None:
    names = [f"r_peak_{null.replace('-', '_')}_{n}" for null in SECONDARY_NULLS for n in "pz"]
    described = describe(names, CONDITION_COLUMNS, otherwise="unknown")
    assert all(null["Description"] != "unknown" for null in described.values())
    assert "one-sided" in described[names[0]]["Description"]
