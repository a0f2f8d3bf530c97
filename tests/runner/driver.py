"""Taking part: a real browser driven through a session by keys."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab import Lab, camera_flags, chromium, wait_for

from mimicry.runner.app import RunnerState
from mimicry.runner.journal import Journal
from mimicry.runner.plan import SessionPlan
from mimicry.runner.serve import Server, serving


@dataclass
class Visit:
    """A served session with a browser on its page."""

    folder: Path
    journal: Journal
    server: Server
    page: Any
    context: Any
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return what stands on the page."""
        text: str = self.page.inner_text("body")
        return text

    def name(self) -> str:
        """Return the state of the page."""
        name: str = self.page.evaluate("window.mimicry.name")
        return name

    def pass_check(self, seconds: float = 40) -> None:
        """Go on at the camera check, by key."""
        button = self.page.get_by_role("button", name="Continue")
        button.wait_for(timeout=1000 * seconds)
        until = time.monotonic() + seconds
        while not button.is_enabled():
            assert time.monotonic() < until
            self.page.wait_for_timeout(100)
        button.focus()
        self.page.keyboard.press("Enter")

    def wait_state(self, *names: str, seconds: float = 60) -> str:
        """Wait for one of some states."""
        until = time.monotonic() + seconds
        while (name := self.name()) not in names:
            assert time.monotonic() < until, f"{name}: {self.text()}"
            self.page.wait_for_timeout(100)
        return name

    def frames(self) -> int:
        """Return how many frames the page has captured."""
        count: int = self.page.evaluate("window.mimicry.recorder?.frames ?? 0")
        return count

    def encoded(self) -> int:
        """Return how many captured frames do not wait in the encoder's queue."""
        script = "window.mimicry.recorder.frames - window.mimicry.recorder.queued"
        count: int = self.page.evaluate(script)
        return count


def agree(page: Any, seconds: float = 60) -> None:
    """Agree at the consent page, by keys: read to the end, tick the box, press the button."""
    page.get_by_role("button", name="I agree").wait_for(timeout=1000 * seconds)
    page.keyboard.press("End")
    page.locator("#read:enabled").wait_for(timeout=1000 * seconds)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def watch(visit: Visit) -> None:
    """Note every request and every error of a page."""
    visit.page.on("request", lambda r: visit.requests.append(r.url))
    visit.page.on("pageerror", lambda e: visit.errors.append(str(e)))


@contextlib.contextmanager
def visiting(
    folder: Path,
    plan: SessionPlan,
    *,
    lab: Lab | None = None,
    flags: list[str] | None = None,
    journal: Journal | None = None,
    **state: Any,
) -> Iterator[Visit]:
    """Serve a session and open its page in a real browser; headless without a lab."""
    journal = journal or Journal.create(folder / "study", plan)
    runner = RunnerState(
        journal=journal,
        secret=journal.secret,
        stimuli=tuple((s.path, s.mime) for s in plan.stimuli),
        **state,
    )
    switches = camera_flags(lab.camera if lab else None) if flags is None else flags
    display = lab.display if lab else None
    with serving(runner, port=journal.port) as server:
        journal.set_port(server.port)
        with chromium(folder / "profile", display=display, flags=switches) as context:
            page = context.pages[0]
            visit = Visit(folder, journal, server, page, context)
            watch(visit)
            page.goto(server.link())
            yield visit


def finish(visit: Visit, seconds: float = 90) -> None:
    """Wait until the session is closed on the disk."""
    until = time.monotonic() + seconds
    while not visit.journal.finished:
        assert time.monotonic() < until, visit.text()
        assert visit.name() != "failed", visit.text()
        visit.page.wait_for_timeout(100)
    wait_for(lambda: visit.name() in {"finished", "aborted"}, 10, "the last page")
