"""Every kind of page on a screen, on a telephone and on paper: nothing hidden, nothing lost."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mimicry
from mimicry.report.group import render_groups
from mimicry.report.recording import render_recording
from mimicry.report.synchrony import render_synchrony

RTL = "[\u0590-\u06ff\ufb1d-\ufeff]"


def _series(n: int = 3) -> list["np.ndarray[Any, Any]"]:
    rng = np.random.default_rng(5)
    common = np.convolve(rng.normal(size=3000), np.ones(20) / 20, "same")
    return [common + 0.2 * rng.normal(size=3000).cumsum() / 60 for _ in range(n)]


def _synchrony() -> str:
    found = mimicry.measure_synchrony(*_series(2), rate_hz=25, surrogates=19)
    return render_synchrony(found)


def _measure(preset: str, folder: Path) -> str:
    people = {"isc": 4, "fir": 1}.get(preset, 2)
    given: dict[str, Any] = {}
    if preset == "fir":
        given["events"] = folder / "events.tsv"
        rows = [f"{onset}\t1\t{'wink' if onset % 2 else 'x$_1$ <b>'}" for onset in range(5, 110, 5)]
        given["events"].write_text("\n".join(["onset\tduration\ttrial_type", *rows]) + "\n")
    found = mimicry.measure_synchrony(*_series(people), preset=preset, rate_hz=25, **given)
    return render_synchrony(found)


@pytest.fixture(scope="module")
def pages(
    make_view: Callable[..., Any],
    group_tables: Callable[..., Any],
    multiverse_page: Callable[..., str],
    hostile_names: tuple[str, ...],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Path]:
    """Kind -> file, made when it is asked for. A new template needs an entry here."""
    from mimicry.protocol import load_protocol
    from mimicry.protocol.preview import write_preview

    many = tuple(f"AU{k:02d}" for k in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17))
    seven = tuple(f"emotion-{letter}" for letter in "abcdefg")
    views = {
        "recording": make_view,
        "recording-names": lambda: make_view(hostile_names, names=("AU12", "AU04")),
        "recording-wide": lambda: make_view(seven, names=many, repeats=6),
        "recording-invalid": lambda: make_view(valid=lambda k: False),
        "recording-one": lambda: make_view(("happy",), repeats=1),
        "recording-none": lambda: make_view(repeats=0),
    }
    texts = {
        "group": lambda: render_groups(group_tables()),
        "group-none": lambda: render_groups(group_tables((), ())),
        "multiverse": multiverse_page,
        "multiverse-none": lambda: multiverse_page(results=False),
        "synchrony": _synchrony,
    }
    folder = tmp_path_factory.mktemp("pages")

    @cache
    def page(kind: str) -> Path:
        if kind == "preview":
            return write_preview(load_protocol("reduced-response"), folder)[0]
        if kind in views:
            text = render_recording(views[kind]())
        elif kind in texts:
            text = texts[kind]()
        else:
            text = _measure(kind.removeprefix("measure-"), folder)
        path = folder / f"{kind}.html"
        path.write_text(text, encoding="utf-8")
        return path

    return page


KINDS = ("recording", "recording-names", "recording-wide", "recording-invalid", "recording-one",
         "recording-none", "group", "group-none", "multiverse", "multiverse-none", "synchrony",
         "measure-coherence", "measure-dtw", "measure-events", "measure-isc", "measure-fir",
         "preview")  # fmt: skip


@pytest.fixture(scope="module")
def browser(without: Callable[[str], None]) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    from mimicry.errors import InputError
    from mimicry.runner.browser import find_browser

    try:
        program = find_browser("chromium")
    except InputError:
        without("Chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Any, pages: Callable[[str], Path]) -> Iterator[Callable[..., Any]]:
    opened = []

    def go(kind: str, width: int = 1280) -> Any:
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.seen = []
        page.on("console", lambda message: page.seen.append(message.text))
        page.on("pageerror", lambda error: page.seen.append(str(error)))
        page.on("request", lambda request: page.seen.append(request.url))
        page.goto(pages(kind).as_uri())
        opened.append(page)
        return page

    yield go
    for page in opened:
        page.close()


def test_every_template_is_tried_here() -> None:
    folder = Path(render_groups.__code__.co_filename).parent / "templates"
    templates = {p.name.split(".")[0] for p in folder.iterdir()} - {"base", "parts"}
    assert templates == {kind.split("-")[0] for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_hidden_in_a_scroll_box_or_runs_out_of_the_page(open_page, kind, width):
    page = open_page(kind, width)
    found = page.evaluate(
        """() => ({
          boxes: [...document.querySelectorAll('body *')].filter(e => {
            const s = getComputedStyle(e);
            return [s.overflowX, s.overflowY].some(v => v === 'auto' || v === 'scroll')
              || (e.closest('svg') === null && e.tagName !== 'INPUT'
                  && (e.scrollWidth > e.clientWidth + 1) && s.overflowX !== 'visible');
          }).map(e => e.outerHTML.slice(0, 120)),
          out: [...document.querySelectorAll('body *')].filter(e => {
            const r = e.getBoundingClientRect();
            return r.width > 0 && r.right > innerWidth + 1 && e.closest('svg') === null;
          }).map(e => e.outerHTML.slice(0, 120)),
          cut: [...document.querySelectorAll('td, th')].filter(e =>
            e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1).map(e => e.textContent),
          small: [...document.querySelectorAll('svg text')].filter(e => {
            const m = e.getScreenCTM();
            const size = parseFloat(getComputedStyle(e).fontSize) * Math.hypot(m.a, m.b);
            return e.getBoundingClientRect().width > 0 && size < 7.5;
          }).map(e => e.textContent),
          width: document.documentElement.scrollWidth})"""
    )
    assert found == {"boxes": [], "out": [], "cut": [], "small": [], "width": width}


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_asks_for_nothing_and_reports_nothing(open_page, pages, kind):
    page = open_page(kind)
    assert [u for u in page.seen if u != pages(kind).as_uri() and not u.startswith("data:")] == []
    assert "http" not in pages(kind).read_text(encoding="utf-8").replace("http-equiv", "")
    assert page.locator("script, iframe, link, object").count() == 0
    assert page.locator("img[onerror]").count() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_number_is_never_written_as_a_program_does(open_page, kind):
    page = open_page(kind)
    text = page.evaluate(
        """() => { document.querySelectorAll('pre').forEach(e => e.remove());
                   return document.body.textContent; }"""
    )
    raw = r"\b(nan|NaN|None(?! of)|NaT|undefined|inf|Infinity)\b|p = 0?\.000|\$\\"
    assert re.findall(raw, text) == []
    cells = page.locator("td").all_text_contents()
    assert not [c for c in cells if c.strip() in {"nan", "None", "<NA>", "inf", "-inf"}]


def _plain(text: str) -> str:
    """Without white space and the invisible marks around names in other scripts."""
    return re.sub(r"[\s\u202a-\u202e\u2066-\u2069]+", "", text)


def _print(page: Any, folder: Path) -> Path:
    target = folder / "page.pdf"
    page.pdf(path=target, format="A4", print_background=False, prefer_css_page_size=True)
    return target


@pytest.fixture
def pdf_words(without: Callable[[str], None]) -> Callable[..., str]:
    if shutil.which("pdftotext") is None:
        without("pdftotext (poppler-utils)")

    def read(path: Path, *options: str) -> str:
        words = ["pdftotext", *options, "-enc", "UTF-8", str(path), "-"]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    return read


@pytest.mark.parametrize("kind", KINDS)
def test_paper_loses_no_cell_no_caption_and_no_word(open_page, pdf_words, kind, tmp_path):
    page = open_page(kind)
    wanted = page.evaluate(
        """() => {
          const of = (what) => [...document.querySelectorAll(what)].map(e => e.textContent);
          return {blocks: of('h1, h2, h3, p, caption, dt, dd, .warn, .big, pre'),
                  rows: of('tbody tr'), heads: of('thead tr'),
                  figures: [...document.querySelectorAll('svg')]
                    .filter(e => getComputedStyle(e).display !== 'none')
                    .map(e => [...e.querySelectorAll('text')].map(t => t.textContent)).flat()};
        }"""
    )
    printed = _plain(pdf_words(_print(page, tmp_path), "-raw"))
    for part in wanted["blocks"] + wanted["rows"] + wanted["heads"] + wanted["figures"]:
        # right-to-left words come out of a PDF in another order: their neighbours are looked for
        pieces = re.split(rf"{RTL}+|\s", part) if re.search(RTL, part) else [part]
        assert [piece for piece in map(_plain, pieces) if piece not in printed] == []


@pytest.mark.parametrize("kind", KINDS)
def test_paper_cuts_no_column_and_no_figure(open_page, pdf_words, kind, tmp_path):
    boxes = pdf_words(_print(open_page(kind), tmp_path), "-bbox")
    for sheet in boxes.split("<page ")[1:]:
        width, height = map(float, re.findall(r'(?:width|height)="([\d.]+)"', sheet)[:2])
        for left, top, right, bottom, word in re.findall(
            r'xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)<', sheet
        ):
            assert min(float(left), float(top)) >= 0, word
            assert (float(right) <= width, float(bottom) <= height) == (True, True), word
            # a browser shrinks a sheet that is too wide until nobody can read it
            assert max(float(right) - float(left), float(bottom) - float(top)) > 6, word


def test_the_head_of_a_long_table_stands_on_every_sheet(open_page, pdf_words, tmp_path):
    sheets = pdf_words(_print(open_page("recording-wide"), tmp_path), "-raw").split("\f")
    row = r"^\d+ emotion-[a-g] emotion-[a-g]-clip"
    found = [(sheet, re.search(row, sheet, re.MULTILINE)) for sheet in sheets]
    above = [sheet[: first.start()] for sheet, first in found if first]
    assert len(above) > 1
    assert all("trial_id" in _plain(text) for text in above)


def test_an_empty_page_says_why(pages):
    said = {
        "recording-none": "There is no trial.",
        "recording-invalid": "No trial could be scored: 6 of 6 were left out.",
        "group-none": "No participant has a contrast",
        "multiverse-none": "None of the 36 analyses gave a result",
    }
    for kind, sentence in said.items():
        assert sentence in pages(kind).read_text(encoding="utf-8")
    assert "<svg" not in pages("multiverse-none").read_text(encoding="utf-8")


def test_the_multiverse_says_what_was_analysed(open_page):
    page = open_page("multiverse")
    names = page.locator("dt").all_text_contents()
    values = page.locator("dd").all_text_contents()
    facts = dict(zip(names, values, strict=True))
    assert facts["People"] == "12, 13 recordings"
    assert facts["Trials"].startswith("80 of ")
    assert "79 of its reference (neutral)" in facts["Trials"]
    assert facts["Specifications"] == "36 = 2 × 2 × 3 × 1 × 3"
    assert facts["Without a result"] == "12"
    assert facts["Choices: null"] == "t | sign-flip | swap"
    assert facts["Chance"] == "seed 20261122; 999 label swaps a person"
    assert "mimicry 0.1.0" in facts["Versions"]
    failed = page.locator("table", has_text="Analyses without a result").inner_text()
    assert "standardisation cal" in failed


def test_a_share_of_what_may_be_nothing_is_no_percentage(open_page):
    text = open_page("group").locator("body").inner_text()
    assert "no percentage (the control group's interval holds 0)" in text.replace("\n", " ")


def test_p_is_never_written_as_zero(open_page):
    text = open_page("group").locator("body").inner_text()
    assert "< .001" in text
    assert not re.search(r"\b0?\.000\b(?!\d)", re.sub(r"-?0\.000 \[|\[[^]]*\]", "", text))
