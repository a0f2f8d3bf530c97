"""Running a session: server, browser, then conversion and scoring while the operator looks on."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mimicry.errors import IntegrityError, MimicryError
from mimicry.files import sha256_of
from mimicry.files.processes import end_process
from mimicry.runner.app import FaceCheck, RunnerState
from mimicry.runner.browser import open_browser
from mimicry.runner.convert import convert_session
from mimicry.runner.journal import Journal
from mimicry.runner.plan import SessionPlan
from mimicry.runner.pointer import nudge_pointer
from mimicry.runner.serve import FIRST_PORT, Server, serving
from mimicry.runner.stored import STREAMS, read_done
from mimicry.study.layout import LANDMARKS, PROTOCOL, REPORT, RESULTS, person_folder

__all__ = ["ScoreJob", "SessionEnd", "forget_video", "run_session"]

Say = Callable[[str], None]

_AFTER_S = 4.0
_RECONNECT_S = 5.0
_REPORT_S = 600.0


@dataclass
class SessionEnd:
    """How a session ended, and what lies where."""

    outcome: str
    folder: Path
    files: dict[str, Path] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)
    report: Path | None = None
    problem: str | None = None
    notes: list[str] = field(default_factory=list)


def run_session(
    journal: Journal,
    study: Path,
    *,
    browser: str,
    say: Say,
    kiosk: bool = True,
    face_check: FaceCheck | None = None,
    score: bool = True,
    switches: Sequence[str] = (),
) -> SessionEnd:
    """Show a session (or the rest of it) and make its study files and scores.

    Parameters
    ----------
    journal, study
        The session's folder, new or reopened, and the study's.
    browser, switches
        Program of the browser, and its further switches.
    say
        Takes lines for the person at the terminal.
    kiosk
        Full screen without a way out, or a plain window.
    face_check
        What looks at the pictures of the camera check.
    score
        Score the recording when the session is complete.

    Returns
    -------
    SessionEnd
        `outcome` is ``"finished"``, ``"aborted"`` or ``"interrupted"`` (the browser or this
        program was ended; the session can be resumed).
    """
    journal.plan.verify_stimuli()
    state = RunnerState(
        journal=journal,
        secret=journal.secret,
        stimuli=tuple((s.path, s.mime) for s in journal.plan.stimuli),
        face_check=face_check,
    )
    alive = journal.port is not None and journal.segment > 0
    with serving(state, port=journal.port or FIRST_PORT) as server:
        journal.set_port(server.port)
        say(f"operator page (second screen or browser): {server.link('operator')}")
        _show(server, journal, browser, say, kiosk=kiosk, wait=alive, switches=switches)
        if not journal.finished:
            return SessionEnd("interrupted", journal.folder)
        end = SessionEnd(read_done(journal.folder).get("outcome", "interrupted"), journal.folder)
        end.files = convert_session(journal.folder, study)
        if score and end.outcome == "finished" and {"video", "events"} <= end.files.keys():
            _score(end, state, study, journal.plan, say)
            _linger(state, say)
    return end


def _show(
    server: Server,
    journal: Journal,
    browser: str,
    say: Say,
    *,
    kiosk: bool,
    wait: bool,
    switches: Sequence[str],
) -> None:
    """Have the page shown until the session has ended or its browser has."""
    if wait and _reconnected(journal):
        say("the page is still open and goes on")
        while not journal.finished and journal.connected():
            time.sleep(0.2)
        return
    segment = journal.segment
    with open_browser(server.link(), program=browser, kiosk=kiosk, more=switches) as process:
        while not journal.finished:
            if process.poll() is not None:
                return
            if kiosk and journal.segment > segment:  # the page is there
                nudge_pointer()
                segment = journal.segment
            time.sleep(0.2)
        time.sleep(_AFTER_S)


def _reconnected(journal: Journal) -> bool:
    """Tell whether a page that outlived the server is asking for it again."""
    end = time.monotonic() + _RECONNECT_S
    while time.monotonic() < end:
        if journal.connected():
            return True
        time.sleep(0.1)
    return False


def _linger(state: RunnerState, say: Say) -> None:
    """Keep the report's link alive while the operator's page is open, until it was followed."""
    if state.report is None:
        return
    time.sleep(_AFTER_S)
    end = time.monotonic() + _REPORT_S
    told = False
    while not state.report_opened and time.monotonic() < min(end, state.operator_seen_s + _AFTER_S):
        if not told:
            say("the report is linked on the operator page; open it, or close that page")
        told = True
        time.sleep(0.2)
    if told:
        time.sleep(_AFTER_S)


def _score(end: SessionEnd, state: RunnerState, study: Path, plan: SessionPlan, say: Say) -> None:
    job = ScoreJob(study, plan, end.files)
    state.job = job.status
    say("scoring ...")
    job.start()
    shown = ""
    try:
        while job.running:
            line = job.line
            if line != shown:
                say(f"  {line}")
                shown = line
            time.sleep(0.2)
    except BaseException:
        job.stop()
        raise
    if job.problem:
        end.problem = job.problem
        say(f"scoring failed: {job.problem}")
        return
    end.scores, end.report = job.result, job.report
    state.report = job.report
    if plan.keep_video:
        return
    try:
        forget_video(end.files["video"], end.folder, job.landmarks)
    except MimicryError as problem:
        end.notes.append(str(problem))
    else:
        del end.files["video"]
        say("the video was deleted, as asked; landmarks and scores are kept")


def forget_video(video: Path, folder: Path, landmarks: Path) -> None:
    """Delete a scored video in both places; what is left shows no face.

    The landmark file is read back from beginning to end before anything is deleted.

    Parameters
    ----------
    video, landmarks
        The converted video, and what was extracted from it.
    folder
        The session's folder with the raw streams.

    Raises
    ------
    IntegrityError
        When the landmarks are not those of all frames of this very video; it is kept.
    TableError
        When the landmark file cannot be read; the video is kept.
    """
    from mimicry.interchange.landmark_file import LandmarkFile

    stored = LandmarkFile(landmarks)
    frames = sum(len(chunk) for chunk in stored)
    if not frames or frames != stored.provenance.get("video", {}).get("frames"):
        raise IntegrityError("the landmark file lacks frames; the video is kept", path=video)
    if stored.provenance.get("input", {}).get("sha256") != sha256_of(video):
        raise IntegrityError("the landmarks are those of another video; it is kept", path=video)
    video.unlink()
    for raw in folder.glob(f"seg-*_{STREAMS['video']}"):
        raw.unlink()


class ScoreJob:
    """``mimicry score`` in a process of its own, with its last line for the operator."""

    def __init__(self, study: Path, plan: SessionPlan, files: dict[str, Path]) -> None:
        self.out = person_folder(study / RESULTS, plan.participant, plan.session)
        self.prefix = plan.prefix
        self.command = [
            *(sys.executable, "-m", "mimicry", "score", str(files["video"])),
            *("--events", str(files["events"]), "--protocol", str(study / PROTOCOL)),
            *("--out", str(self.out), "--json"),
        ]
        self._process: subprocess.Popen[str] | None = None
        self.line = "reading the video"
        self.running = False
        self.problem: str | None = None
        self.result: dict[str, Any] = {}

    @property
    def report(self) -> Path | None:
        """Return the report, once there is one."""
        path = self.out / f"{self.prefix}{REPORT}"
        return path if path.is_file() else None

    @property
    def landmarks(self) -> Path:
        """Return the landmark file of the recording."""
        return self.out / f"{self.prefix}{LANDMARKS}"

    def status(self) -> dict[str, Any]:
        """Return what the operator page shows."""
        return {"running": self.running, "line": self.line, "problem": self.problem}

    def start(self) -> None:
        """Start the process and follow it in a thread."""
        self.running = True
        threading.Thread(target=self._follow, daemon=True).start()

    def stop(self) -> None:
        """End the process when it is still at work."""
        self.running = False
        if self._process is not None:
            end_process(self._process)

    def _follow(self) -> None:
        try:
            process = subprocess.Popen(
                self.command,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
            self._process = process
            if not self.running:  # stopped in the meantime
                end_process(process)
                return
            assert process.stdout is not None
            assert process.stderr is not None
            reader = threading.Thread(target=self._lines, args=(process.stderr,), daemon=True)
            reader.start()
            text = process.stdout.read()
            process.wait()
            reader.join()
            answer = json.loads(text) if text.strip() else {}
            if process.returncode:
                error = answer.get("error") or {}
                self.problem = str(error.get("message") or self.line)
            else:
                self.result = answer
                self.line = "done"
        except (OSError, ValueError) as error:
            self.problem = str(error)
        finally:
            self.running = False

    def _lines(self, stream: Any) -> None:
        for line in stream:
            if line.strip():
                self.line = line.strip()[:200]
