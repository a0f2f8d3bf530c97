"""What participants read and answer, in a real browser of 1280 x 800 without a camera."""

from pathlib import Path
from typing import Any

import pytest
from driver import Visit, agree, finish, visiting
from lab import small_plan

from mimicry.runner.convert import convert_session
from mimicry.runner.plan import CameraSettings, Question, SessionPlan, Step

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LONG = tuple(f"{k}. " + "What an ethics committee wants to be told. " * 12 for k in range(14))
SEVEN = Question("seven", "Seven?", kind="slider", maximum=6.0, steps=7, labels=("not", "very"))
ELEVEN = Question("eleven", "Eleven?", options=tuple(map(str, range(11))), first=0)
TEN = Question("ten", "Ten?", options=("never", *[""] * 8, "always"))
MANY = Question("many", "Many?", options=tuple(map(str, range(21))), first=0)
SOON = Question("soon", "Soon?", options=("no", "yes"), limit_s=0.4)
MOVED = Question("moved", "Moved?", kind="slider", maximum=6.0, steps=7, limit_s=2.0)


def plan_of(folder: Path, *questions: Question, consent: tuple[str, ...] = ()) -> SessionPlan:
    asked = Step("asked", "rating", questions=questions)
    camera = CameraSettings(record=False)
    return small_plan(folder, trials=0, camera=camera, extra=(asked,), consent=consent)


def scrolled(page: Any) -> float:
    y: float = page.evaluate("scrollY")
    return y


def test_a_long_consent_opens_at_its_top_and_needs_reading_and_an_own_act(tmp_path: Path) -> None:
    with visiting(tmp_path, plan_of(tmp_path, SOON, consent=LONG)) as visit:
        page, keys = visit.page, visit.page.keyboard
        yes = page.get_by_role("button", name="I agree")
        yes.wait_for(timeout=60_000)
        assert page.evaluate("document.documentElement.scrollHeight > 2 * innerHeight")
        assert scrolled(page) == 0
        assert page.evaluate("document.activeElement.tagName") == "H1"
        for key in ("Enter", "Space", "Enter"):
            keys.press(key)
        page.wait_for_timeout(300)
        assert yes.is_disabled()
        assert page.locator("#read").is_disabled()
        keys.press("End")
        page.locator("#read:enabled").wait_for()
        assert scrolled(page) > 0
        for key in ("Enter", "Space"):  # the end was seen, but nothing was done
            keys.press(key)
        page.wait_for_timeout(300)
        assert yes.is_disabled()
        assert yes.is_visible()
        agree(page)
        page.get_by_text("Thank you").wait_for(timeout=60_000)
        finish(visit)
        assert "consent" in visit.journal.done


def answers(visit: Visit) -> dict[str, dict[str, str]]:
    files = convert_session(visit.journal.folder, visit.folder / "study")
    head, *rows = [line.split("\t") for line in files["beh"].read_text().splitlines()]
    table = [dict(zip(head, row, strict=True)) for row in rows]
    return {row["question"]: row for row in table}


def test_answers_are_what_the_scales_say(tmp_path: Path) -> None:
    with visiting(tmp_path, plan_of(tmp_path, SEVEN, ELEVEN, TEN, MANY, SOON, MOVED)) as visit:
        page, keys = visit.page, visit.page.keyboard
        page.get_by_text("Seven?").wait_for(timeout=60_000)
        keys.press("Home")
        keys.press("ArrowRight")
        keys.press("ArrowRight")
        keys.press("Enter")
        page.get_by_text("Eleven?").wait_for()
        assert page.locator("button.option").count() == 11
        keys.press("1")  # 1 or 10: waits
        page.wait_for_timeout(300)
        assert "Eleven?" in visit.text()
        keys.press("0")
        page.get_by_text("Ten?").wait_for()
        keys.press("1")
        page.wait_for_timeout(200)
        keys.press("Enter")  # 1 stands alone
        page.get_by_text("Many?").wait_for()
        box = page.locator("main").bounding_box()
        assert box["height"] < 800
        keys.press("2")
        keys.press("Backspace")
        keys.press("1")
        keys.press("9")
        page.get_by_text("Soon?").wait_for()
        page.get_by_text("Moved?").wait_for(timeout=10_000)
        keys.press("End")
        finish(visit)
        assert visit.errors == []
    got = answers(visit)
    said = {name: (row["response"], row["label"], row["answered_by"]) for name, row in got.items()}
    assert said == {
        "seven": ("2", "n/a", "keydown"),
        "eleven": ("10", "10", "keydown"),
        "ten": ("1", "never", "click"),
        "many": ("19", "19", "keydown"),
        "soon": ("n/a", "n/a", "limit"),
        "moved": ("6", "n/a", "limit"),
    }
    assert got["soon"]["response_time"] == "n/a"
    assert 2.0 <= float(got["moved"]["response_time"]) < 4.0
