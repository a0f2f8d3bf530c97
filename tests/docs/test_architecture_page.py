"""docs/architecture.md draws the house as the tests hold it."""

import re

import pytest
from doc_pages import ROOT, name

from mimicry.action_units import ACTION_UNITS
from test_architecture import BESIDE, FLOORS

PAGE = ROOT / "docs" / "architecture.md"


def test_the_floors_of_the_page_are_those_of_the_test() -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = text.partition("<!-- floors: begin -->")[2].partition("<!-- floors: end -->")[0]
    rows = re.findall(r"^\| (\d) \| (.*?) \| (.*?) ?\|$", table, re.MULTILINE)
    drawn = {int(k): set(re.findall("`(.*?)`", rooms)) for k, rooms, _ in rows}
    assert drawn == {k: set(rooms) for k, rooms in enumerate(FLOORS, 1)}
    beside = {
        room: set(re.findall("`(.*?)`", others))
        for *_, cell in rows
        for room, others in re.findall(r"`([\w.]+)`: ((?:`[\w.]+`(?:, )?)+)", cell)
    }
    assert beside == BESIDE


def test_every_file_that_the_page_names_is_there() -> None:
    source = ROOT / "src" / "mimicry"
    for page in (PAGE, ROOT / "CONTRIBUTING.md"):
        places = re.findall(r"`([a-z_]+/[\w/*]*(?:\.py)?)`", page.read_text(encoding="utf-8"))
        assert places
        lost = [p for p in places if "NAME" not in p and not [*source.glob(p), *ROOT.glob(p)]]
        assert lost == [], name(page)


def test_the_table_of_action_units_follows_the_definitions() -> None:
    text = (ROOT / "docs" / "validity.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (AU\d\d(?:, AU\d\d)*) \| ([\d.]+).*? \| ([ABC]) \|", text, re.MULTILINE)
    told = {code: (float(full), tier) for codes, full, tier in rows for code in codes.split(", ")}
    assert list(told) == [unit.code for unit in ACTION_UNITS]
    for unit in ACTION_UNITS:
        full, tier = told[unit.code]
        assert tier == unit.tier
        assert full == pytest.approx(100 * unit.full, rel=0.02)
