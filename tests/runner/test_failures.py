"""What goes wrong in a lab, done to a real browser: no more than about a second is lost."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pandas as pd
import pytest
from driver import Visit, finish, visiting, watch
from lab import HERE, camera_flags, chromium, small_plan, wait_for

from mimicry.runner.convert import convert_session
from mimicry.runner.journal import Journal
from mimicry.runner.plan import CameraSettings, Phase, Question, SessionPlan, Step
from mimicry.runner.timebase import LONGEST_GAP_S, read_events

pytestmark = [pytest.mark.slow, pytest.mark.serial, pytest.mark.timeout(900)]

# what may be missing after a crash, beside the encoder's queue: the piece being filled, and what
# waits for the disk
LOST_S = 2.5


def plan_of(folder: Path, trials: int = 4) -> SessionPlan:
    return small_plan(folder, trials=trials)


def long_trial(seconds: float = 0.3, *, held: bool = False) -> Step:
    """Return a trial of some length; a held one ends with a question, so it lasts until a key."""
    phases = (Phase("fixation", seconds), Phase("stimulus", None, 0), Phase("blank", 0.2))
    asked = (Question("held", "Held?", options=("Yes", "No")),) if held else ()
    return Step(
        "long",
        "trial",
        phases=phases,
        questions=asked,
        trial_id="long",
        condition="happy",
        block="watch",
    )


def decodable(journal: Journal, segment: int) -> int:
    """Return how many frames of a segment's video decode."""
    path = journal.path(segment, "video")
    if not path.exists():
        return 0
    with av.open(str(path), format="ivf") as source:
        return sum(1 for _ in source.decode(video=0))


def events(journal: Journal, segment: int, kind: str) -> list[dict[str, Any]]:
    path = journal.path(segment, "events")
    reported = read_events(path)[0] if path.exists() else []
    return [e for e in reported if e["type"] == kind]


def wait_trial(visit: Visit, step: str, *, then: str = "true") -> Any:
    """Wait until a step has begun; one that a test must meet is long, or held by a question.

    What is to happen `then` happens in the page, at once; returns its value.
    """
    look = f"""step => new Promise((done, fail) => {{
        const look = () => window.mimicry.at?.step === step ? done({then}) : setTimeout(look, 1);
        setTimeout(() => fail(new Error('the step did not begin')), 120000);
        look();
    }})"""
    return visit.page.evaluate(look, step)


def wait_held(visit: Visit, *, after: int = 1) -> int:
    """Wait for the held trial's question and for stored frames; return how many were encoded."""
    visit.page.get_by_text("Held?").wait_for(timeout=120_000)
    wait_for(lambda: visit.journal.frames >= after, 60, "frames on the disk")
    return visit.encoded()


def rate(journal: Journal, segment: int) -> float:
    rows = journal.path(segment, "frames").read_text().splitlines()[1:]
    stamps = [int(r.split("\t")[1]) for r in rows]
    return 1e6 * (len(stamps) - 1) / (stamps[-1] - stamps[0])


def assert_little_lost(journal: Journal, segment: int, encoded: int) -> None:
    """Compare with what had left the encoder: its queue grows when the machine has no time."""
    whole = decodable(journal, segment)
    assert whole >= encoded - LOST_S * rate(journal, segment)
    assert whole > 0


def test_a_reload_repeats_the_unfinished_trial(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, trials=2, extra=(long_trial(held=True),))
    with visiting(tmp_path, plan) as visit:
        visit.page.on("dialog", lambda d: d.accept())
        visit.pass_check()
        encoded = wait_held(visit)
        wait_for(lambda: "t2" in visit.journal.done, 30, "the second trial on the disk")
        visit.page.reload()
        visit.pass_check()  # at once: the same window takes its session again
        assert_little_lost(visit.journal, 1, encoded)
        wait_held(visit)
        visit.page.keyboard.press("1")
        finish(visit)
        journal = visit.journal
    assert journal.segment == 2
    files = convert_session(journal.folder, tmp_path / "study")
    table = pd.read_csv(files["events"], sep="\t", na_values="n/a")
    scored = table[table.phase == "stimulus"]
    assert list(scored.trial_id) == ["1", "2", "long"]
    assert list(scored.segment) == [1, 1, 2]
    assert list(scored.repeated) == [0, 0, 1]
    frames = pd.read_csv(files["frames"], sep="\t", na_values="n/a")
    assert (frames.timestamp.diff().dropna() > 0).all()
    with av.open(str(files["video"])) as source:
        times = [int(f.pts) for f in source.decode(video=0)]
    assert times == [round(t * 1e6) for t in frames[frames.encoded == 1].timestamp]
    gap = frames.timestamp.diff().max()
    assert 3 < gap < LONGEST_GAP_S, "the camera check lies between the page loads"


def test_a_crashed_page_is_taken_up_by_another(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, trials=2, extra=(long_trial(held=True),))
    with visiting(tmp_path, plan) as visit:
        visit.pass_check()
        encoded = wait_held(visit)
        with contextlib.suppress(Exception):
            visit.page.goto("chrome://crash", timeout=2000)
        visit.page = visit.context.new_page()
        watch(visit)
        visit.page.goto(f"http://127.0.0.1:{visit.server.port}/run")
        visit.pass_check(90)  # after the lease of the crashed page has run out
        assert_little_lost(visit.journal, 1, encoded)
        wait_held(visit)
        visit.page.keyboard.press("1")
        finish(visit)
        done = visit.journal.done
    assert {"t1", "t2", "long"} <= done


def test_a_second_window_waits_and_the_first_goes_on(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, trials=1, extra=(long_trial(held=True),))
    with visiting(tmp_path, plan) as visit:
        visit.pass_check()
        wait_held(visit)
        second = visit.context.new_page()
        second.goto(f"http://127.0.0.1:{visit.server.port}/run")
        second.get_by_text("another window").wait_for(timeout=60_000)
        visit.page.bring_to_front()
        visit.page.keyboard.press("1")
        until = time.monotonic() + 60
        while not visit.journal.finished:
            assert time.monotonic() < until
            visit.page.wait_for_timeout(100)
            if "Short pause" in visit.text():
                visit.page.get_by_role("button").press("Enter")
        assert visit.journal.segment == 1
        second.get_by_text("This session is finished").wait_for(timeout=60_000)


def test_a_left_window_is_noted_and_a_pause_follows(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, trials=1)
    plan = replace(plan, steps=(long_trial(8), *plan.steps))
    with visiting(tmp_path, plan) as visit:
        visit.pass_check()
        wait_trial(visit, "long")
        visit.page.evaluate("window.dispatchEvent(new Event('blur'))")
        visit.page.get_by_text("Short pause").wait_for(timeout=60_000)
        visit.page.keyboard.press("Enter")
        finish(visit)
        ends = events(visit.journal, 1, "step_end")
    assert [e["flags"] for e in ends] == [["blur"], []]


def test_the_participant_may_stop_with_escape(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, trials=1)
    plan = replace(plan, steps=(long_trial(8), *plan.steps))
    with visiting(tmp_path, plan) as visit:
        visit.pass_check()
        wait_trial(visit, "long")
        visit.page.keyboard.press("Escape")
        visit.page.get_by_text("Do you want to stop?").wait_for(timeout=60_000)
        visit.page.keyboard.press("Tab")
        visit.page.keyboard.press("Enter")
        finish(visit)
        assert visit.name() == "aborted"
        done = visit.journal.finish("again")
    assert (done["outcome"], done["reason"]) == ("aborted", "participant")
    assert done["steps_done"] == ["long"]


def test_escape_at_the_question_goes_on_and_is_not_asked_again(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, trials=1)
    plan = replace(plan, steps=(long_trial(8), *plan.steps))
    with visiting(tmp_path, plan) as visit:
        visit.pass_check()
        wait_trial(visit, "long")
        visit.page.keyboard.press("Escape")
        visit.page.get_by_text("Do you want to stop?").wait_for(timeout=60_000)
        visit.page.keyboard.press("Escape")
        finish(visit)
        assert visit.name() == "finished"


def test_the_operators_end_reaches_the_page_within_a_trial(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, trials=0, extra=(long_trial(300),))
    with visiting(tmp_path, plan) as visit:
        visit.pass_check()
        wait_trial(visit, "long")
        visit.server.state.command = "abort"
        finish(visit, 100)
        done = visit.journal.finish("again")
    assert (done["outcome"], done["reason"]) == ("aborted", "operator")
    assert done["steps_done"] == []


def test_without_consent_nothing_is_filmed(tmp_path: Path) -> None:
    with visiting(tmp_path, small_plan(tmp_path, consent=("Agree?",))) as visit:
        visit.page.get_by_role("button", name="I do not agree").press("Enter", timeout=60_000)
        finish(visit)
        assert visit.name() == "aborted"
        assert visit.journal.finish("again")["reason"] == "no consent"
        assert not events(visit.journal, 1, "camera")
        assert not visit.journal.path(1, "video").exists()


def test_a_browser_without_capture_times_is_refused(tmp_path: Path) -> None:
    with visiting(tmp_path, plan_of(tmp_path)) as visit:
        visit.page.add_init_script("delete window.MediaStreamTrackProcessor")
        visit.page.reload()
        visit.page.get_by_text("This browser cannot run the session").wait_for(timeout=60_000)
        assert "MediaStreamTrackProcessor" in visit.text()
        visit.page.screenshot(path=str(tmp_path / "refused.png"))
        assert not visit.journal.path(visit.journal.segment, "video").exists()


def test_a_blocked_camera_is_explained_and_nothing_is_shown(tmp_path: Path) -> None:
    flags = ["--use-fake-device-for-media-stream", "--deny-permission-prompts"]
    with visiting(tmp_path, plan_of(tmp_path), flags=flags) as visit:
        visit.page.get_by_text("No camera picture").wait_for(timeout=60_000)
        assert "The camera is blocked" in visit.text()
        assert "Privacy" in visit.text()
        wait_for(lambda: events(visit.journal, 1, "camera_error"), 10, "the event")
        (error,) = events(visit.journal, 1, "camera_error")
        assert error["name"] == "NotAllowedError"
        assert not visit.journal.path(1, "video").exists()


def test_a_missing_camera_is_explained(tmp_path: Path) -> None:
    flags = ["--use-fake-ui-for-media-stream"]
    with visiting(tmp_path, plan_of(tmp_path), flags=flags) as visit:
        visit.page.get_by_text("No camera was found").wait_for(timeout=60_000)
        visit.page.keyboard.press("Enter")  # try again: still none
        visit.page.get_by_text("No camera was found").wait_for()
        assert not visit.journal.path(1, "video").exists()


def test_a_camera_that_ends_stops_the_session_at_once(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, trials=1, extra=(long_trial(300),))
    with visiting(tmp_path, plan) as visit:
        visit.pass_check()
        captured = visit.frames()
        # at the trial's first moment: the stage that is being prepared must not cover the text
        end = "window.mimicry.stream.getVideoTracks()[0].dispatchEvent(new Event('ended'))"
        assert wait_trial(visit, "long", then=end)
        visit.page.get_by_text("The recording has stopped").wait_for(timeout=60_000)
        wait_for(lambda: events(visit.journal, 1, "camera_ended"), 60, "the event")
        wait_for(lambda: decodable(visit.journal, 1) >= captured, 60, "every frame")
        assert visit.journal.done == {"t1"}
        assert "The recording has stopped" in visit.text()


@contextlib.contextmanager
def own_server(journal: Journal) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve a session from another process; gives the process and a launch link."""
    command = [sys.executable, str(HERE / "serve_session.py"), str(journal.folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@contextlib.contextmanager
def beside_server(folder: Path, plan: SessionPlan) -> Iterator[tuple[Any, Visit]]:
    """Open a session whose server is another process."""
    journal = Journal.create(folder / "study", plan)
    with (
        own_server(journal) as (process, link),
        chromium(folder / "profile", flags=camera_flags(None)) as context,
    ):
        page = context.pages[0]
        visit = Visit(folder, journal, None, page, context)  # served elsewhere
        watch(visit)
        page.goto(link)
        yield process, visit


def wait_done(visit: Visit, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not visit.journal.finished:
        assert time.monotonic() < until, visit.text()
        visit.page.wait_for_timeout(100)


def test_a_stalled_server_loses_nothing(tmp_path: Path) -> None:
    with beside_server(tmp_path, plan_of(tmp_path, 6)) as (process, visit):
        visit.pass_check()
        wait_trial(visit, "t2")
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(5)
        os.kill(process.pid, signal.SIGCONT)
        wait_done(visit, 150)
        captured = visit.frames()
        assert decodable(visit.journal, 1) >= captured - 1
        assert events(visit.journal, 1, "upload_backlog")


def test_a_killed_server_is_replaced_and_the_page_goes_on(tmp_path: Path) -> None:
    with beside_server(tmp_path, plan_of(tmp_path, 6)) as (process, visit):
        visit.pass_check()
        wait_trial(visit, "t2")
        process.kill()
        process.wait()
        time.sleep(2)
        with own_server(visit.journal) as (_, link):
            assert link, "the same port again"
            wait_done(visit, 150)
            captured = visit.frames()
        again = visit.journal
        assert again.folder.joinpath("done.json").exists()
        assert decodable(again, 1) >= captured - 1
        assert not again.path(2, "events").exists(), "the same page load went on"


def test_a_killed_browser_loses_about_a_second_and_can_be_resumed(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, trials=2, extra=(long_trial(held=True),))
    with visiting(tmp_path, plan) as visit:
        visit.pass_check()
        encoded = wait_held(visit)
        profile = str(tmp_path / "profile")
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                if profile in (entry / "cmdline").read_bytes().decode(errors="replace"):
                    os.kill(int(entry.name), signal.SIGKILL)
        journal = visit.journal
        time.sleep(1)
    assert not journal.finished
    assert_little_lost(journal, 1, encoded)
    again = Journal.open(journal.folder)
    assert again.done <= {"t1", "t2"}
    with visiting(tmp_path / "again", plan, journal=again) as visit:
        visit.pass_check(60)
        wait_held(visit)
        visit.page.keyboard.press("1")
        finish(visit)
    files = convert_session(journal.folder, tmp_path / "study")
    table = pd.read_csv(files["events"], sep="\t", na_values="n/a")
    assert list(table[table.phase == "stimulus"].trial_id) == ["1", "2", "long"]


@pytest.fixture
def small_disk(tmp_path: Path, without: Callable[[str], None]) -> Iterator[Path]:
    """A file system of 24 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        without("the right to mount a file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_stops_the_session_and_keeps_what_is_there(
    tmp_path: Path, small_disk: Path
) -> None:
    plan = small_plan(tmp_path, trials=0, extra=(long_trial(180),))
    plan = replace(plan, camera=CameraSettings(bitrate=160_000))
    journal = Journal.create(small_disk / "study", plan)
    with visiting(tmp_path, plan, journal=journal) as visit:
        visit.pass_check()
        wait_trial(visit, "long")
        wait_for(lambda: decodable(journal, 1) >= 60, 60, "some seconds of video")
        whole = decodable(journal, 1)
        room = journal.free_bytes()
        (small_disk / "filler").write_bytes(b"x" * (room - (1 << 20)))
        visit.page.get_by_role("alert").get_by_text("The disk is full").wait_for(timeout=60_000)
        wait_for(lambda: events(journal, 1, "error"), 60, "the event: room was kept for it")
        stored = sum(
            row.endswith("\t1") for row in journal.path(1, "frames").read_text().splitlines()
        )
        assert 0 < decodable(journal, 1) <= stored
        assert decodable(journal, 1) >= whole
        assert journal.done == set(), "it stopped within the trial"
