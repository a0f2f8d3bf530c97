"""One way of writing numbers, for pages and for the console."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mimicry
from mimicry.report.numbers import interval, number, p_equals, p_value, percent, shown
from mimicry.report.tables import page_table

GONE = (None, float("nan"), np.nan, float("inf"), -np.inf, pd.NA, pd.NaT)


@pytest.mark.parametrize("value", GONE)
def test_what_is_missing_reads_the_same_everywhere(value):
    written = {number(value), p_value(value), percent(value), shown("mean", value)}
    assert written == {"n/a"}
    assert p_equals(value) == "p n/a"


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0, "< .001"), (1e-300, "< .001"), (0.00049, "< .001"), (0.0005, ".001"), (0.05, ".050"),
     (0.9994, ".999"), (0.9996, "> .999"), (1.0, "> .999"), (np.float64(0.5), ".500")],
)  # fmt: skip
def test_a_p_is_neither_0_nor_1(p, text):
    assert p_value(p) == text
    assert shown("p_these_clips_only", p) == text


def test_the_smallest_p_of_the_draws_is_named():
    assert p_value(1 / 100, floor=1 / 100) == ".010 (smallest possible)"
    assert p_value(2 / 100, floor=1 / 100) == ".020"
    assert p_equals(1 / 10000, floor=1 / 10000) == "p < .001 (smallest possible)"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.25, "0.250"), (-0.0, "0.000"), (-1e-5, "-0.000010"), (12345.6789, "12345.679"),
     (1e-9, "1.00e-09"), (1e12, "1.00e+12"), (7, "7.000"), (0.0006, "0.00060")],
)  # fmt: skip
def test_a_small_number_does_not_become_0(value, text):
    assert number(value) == text


def test_a_share_is_rounded_to_all_or_nothing_only_where_it_is():
    assert [percent(v) for v in (0, 1e-9, 0.5, 1 - 1e-9, 1)] == [
        "0 %", "< 1 %", "50 %", "> 99 %", "100 %",
    ]  # fmt: skip
    assert percent(0.9998, 1) == "> 99.9 %"
    assert [percent(199 / 200), percent(1 / 200), percent(0.9995, 1)] == [
        "> 99 %",
        "< 1 %",
        "> 99.9 %",
    ]


def test_an_interval_without_ends_is_the_number():
    assert interval(0.1, -0.1, 0.3) == "0.100 [-0.100, 0.300]"
    assert interval(0.1, np.nan, 0.3) == "0.100"


def test_whole_numbers_of_a_column_stay_whole():
    table = page_table("t", ["who", "n", "hit", "r"], [["a", 3.0, 1.0, 0.5], ["b", np.nan, 0.0, 1]])
    assert table.parts[0].rows == [["a", "3", "1", "0.500"], ["b", "n/a", "0", "1"]]


def test_a_table_too_wide_for_paper_is_cut_and_keeps_its_first_column():
    names = ["who", *(f"measure_{k}" for k in range(30))]
    table = page_table("Wide", names, [["a", *np.arange(30) / 7]])
    assert len(table.parts) > 1
    assert all(part.columns[0].label == "who" for part in table.parts)
    assert [c.label for part in table.parts for c in part.columns[1:]] == names[1:]
    assert table.parts[0].caption == f"Wide (1 of {len(table.parts)})"


def test_no_p_is_formatted_by_hand():
    """A format such as ``{row['p']:.3f}`` writes 0.000 sooner or later."""
    root = Path(mimicry.__file__).parent
    by_hand = re.compile(r"""\{[^{}]*\b(p|p_\w+|\w+_p)(['"]\])?:[^{}]*\.\d[fg]?\}""")
    found = [
        f"{path.relative_to(root)}: {line.strip()}"
        for path in root.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if by_hand.search(line) and path.name != "numbers.py"
    ]
    assert found == []
