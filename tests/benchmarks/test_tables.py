"""One way to make the tables of a page: rows by name, each the same alone and among others."""

import pytest
from benchmarks.tables import Table, command, get_table, short, significant

PAGE = """before
<!-- draws -->
| row | mean |
|---|---|
| a | old |
| c | kept |
<!-- end draws -->
after
"""


def one(name, k):
    return ord(name) + k


def cells(name, found):
    return [name, f"{sum(found) / len(found):g}"]


TABLES = {"draws": Table({"a": None, "b": None}, one, cells, 3)}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_rows_are_replaced_or_added_and_the_rest_of_the_page_stays(tmp_path, capsys, jobs):
    page = tmp_path / "page.md"
    page.write_text(PAGE, encoding="utf-8")
    assert command(TABLES, ["--page", str(page), "--jobs", jobs], None) == 0
    rows = ["| a | 98 |", "| b | 99 |"]
    assert capsys.readouterr().out.splitlines() == rows
    assert get_table(page, "draws").splitlines()[2:] == [rows[0], "| c | kept |", rows[1]]
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")


def test_a_row_alone_is_that_of_the_whole_run(capsys):
    assert command(TABLES, ["--only", "b", "--sessions", "1"], None) == 0
    assert capsys.readouterr().out == "| b | 98 |\n"


def test_a_row_or_a_place_that_is_not_there_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        command(TABLES, ["--only", "x"], None)
    assert "no row 'x'; there are: a; b" in capsys.readouterr().err
    page = tmp_path / "page.md"
    page.write_text("nothing", encoding="utf-8")
    with pytest.raises(SystemExit, match="no place for the table draws"):
        command(TABLES, ["--page", str(page)], None)


def test_shares_are_of_the_p_values_that_there_are():
    nan = float("nan")
    assert significant([0.05, 0.051, nan, 0.01]) == pytest.approx(2 / 3)
    assert [short(x) for x in (0.0444, 1.0, 0.0, significant([nan]))] == [".044", "1", ".000", ""]
