"""The report of one recording."""

from collections.abc import Callable

import pytest

from mimicry.records import ConditionSummary
from mimicry.report.recording import RecordingView, render_recording


@pytest.fixture(scope="module")
def view(make_view: Callable[..., RecordingView]) -> RecordingView:
    return make_view(title="<b>rec</b>")


@pytest.fixture(scope="module")
def page(view: RecordingView) -> str:
    return render_recording(view)


def test_the_same_view_gives_the_same_bytes(view: RecordingView, page: str) -> None:
    assert render_recording(view) == page


def test_the_page_needs_nothing_from_elsewhere(page: str) -> None:
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    assert " src=" not in page


def test_names_from_files_cannot_inject_markup(page: str) -> None:
    assert "<b>rec</b>" not in page
    assert "&lt;b&gt;rec&lt;/b&gt;" in page


def test_exclusions_are_counted_by_condition_with_each_reason(page: str) -> None:
    assert "1 of 6 trials were left out" in page
    assert "artefact (1), baseline (1)" in page
    assert page.index("What was left out") < page.index("Result by condition")


def test_the_contrast_stands_on_a_card(page: str) -> None:
    assert "+1.25" in page


def test_phases_are_drawn_apart(page: str) -> None:
    assert page.count("AU12: mean response of each condition") == 2
    assert page.count("<h3>imitate</h3>") == 2


def test_a_p_at_the_floor_of_the_draws_says_so(page: str) -> None:
    assert "contrast +1.25 SD, p &lt; .001 (smallest possible), 5 trials" in page


def test_a_missing_number_stands_with_its_reason(make_view: Callable[..., RecordingView]) -> None:
    page = render_recording(make_view(valid=lambda k: False))
    assert "n/a (too_few_trials)" in page.replace("<wbr>", "")
    assert "No condition has a contrast, for no trial is valid" in page


def test_a_page_without_an_emotion_says_so(make_view: Callable[..., RecordingView]) -> None:
    row = {**make_view().summary.rows[0], "targets": "", "contrast": float("nan")}
    none = make_view(summary=ConditionSummary((row,)))
    assert "for no trial shows an emotion that the protocol scores." in render_recording(none)
