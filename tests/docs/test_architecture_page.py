"""docs/architecture.md draws the house as the tests hold it."""

import re

from doc_pages import ROOT, name

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
        lost = [p for p in places if not [*source.glob(p), *ROOT.glob(p)]]
        assert lost == [], name(page)
