"""Nothing leaves the machine: system calls of the processes that a session starts."""

import io
import re
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from mimicry.capture.video import VideoReader
from mimicry.landmarks.guard import guarded_environment
from mimicry.landmarks.messages import read_message, write_message
from mimicry.landmarks.model_file import checked_model

pytestmark = pytest.mark.usefixtures("strace")


def traced(log: Path, *module: str, **pipes: int) -> subprocess.Popen[bytes]:
    """Start one of the runner's processes under a trace of its network calls."""
    trace = ["strace", "-f", "-qq", "-e", "trace=socket,connect,sendto,sendmsg,bind"]
    return subprocess.Popen(
        [*trace, "-o", str(log), sys.executable, "-P", "-m", *module],
        env=guarded_environment(),
        **pipes,
    )


def internet_calls(log: Path) -> list[str]:
    """Return calls that name an internet address (local sockets are none)."""
    return [x for x in log.read_text().splitlines() if re.search(r"AF_INET6?|sin6?_addr", x)]


def test_the_camera_check_opens_no_connection(tmp_path: Path, clips: Path) -> None:
    log = tmp_path / "calls.txt"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with VideoReader(clips / "single_face.mp4") as video:
        jpeg = cv2.imencode(".jpg", next(iter(video)).rgb[..., ::-1])[1]
    asked = io.BytesIO()
    write_message(asked, {}, {"jpeg": jpeg})
    worker = traced(log, "mimicry.runner.camera_findings", str(checked_model()), **pipes)
    answers, _ = worker.communicate(asked.getvalue() * 3, timeout=120)
    assert answers.count(b'"face": true') == 3
    assert internet_calls(log) == []


def test_the_live_view_opens_no_connection(tmp_path: Path, clips: Path) -> None:
    log = tmp_path / "calls.txt"
    source = [str(clips / "single_face.mp4"), str(checked_model())]
    worker = traced(log, "mimicry.runner.live_worker", *source, stdout=subprocess.PIPE)
    assert worker.stdout is not None
    seen = 0
    while (found := read_message(worker.stdout)) is not None:
        seen += bool(found[0].get("faces"))
        if seen >= 5:
            break
    worker.stdout.close()
    worker.wait(60)
    assert seen >= 5
    assert internet_calls(log) == []


@pytest.mark.slow
@pytest.mark.serial
def test_a_session_talks_to_this_machine_only(tmp_path: Path) -> None:
    """Server, browser and all their children, from launch to the first trial."""
    from driver import Visit, watch
    from lab import camera_flags, chromium, small_plan

    from mimicry.runner.journal import Journal

    journal = Journal.create(tmp_path / "study", small_plan(tmp_path, trials=1))
    log = tmp_path / "server.txt"
    here = Path(__file__).parent
    trace = ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,bind", "-o", str(log)]
    server = subprocess.Popen(
        [*trace, sys.executable, str(here / "serve_session.py"), str(journal.folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        link = server.stdout.readline().strip()
        with chromium(tmp_path / "profile", flags=camera_flags(None)) as context:
            visit = Visit(tmp_path, journal, None, context.pages[0], context)  # served elsewhere
            watch(visit)
            visit.page.goto(link)
            visit.pass_check(90)
            visit.page.get_by_text("Thank you").wait_for(timeout=120_000)
        server.wait(60)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    addresses = set(
        re.findall(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"', log.read_text())
    )
    assert {a for pair in addresses for a in pair if a} <= {"127.0.0.1"}
    hosts = {re.sub(r"^\w+://", "", u).split("/")[0].split(":")[0] for u in visit.requests}
    assert hosts <= {"127.0.0.1", "blob"}
