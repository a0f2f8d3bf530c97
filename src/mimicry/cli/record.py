"""``mimicry record``: the camera alone, for experiments that another program shows."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mimicry.cli._run import Outcome, command
from mimicry.cli._session import session_outcome

if TYPE_CHECKING:
    from mimicry.runner.plan import SessionPlan

__all__ = ["record"]


@command
def record(
    participant: str = typer.Option(..., help="Label of the participant: letters and digits."),
    study: Path = typer.Option(..., help="Study folder; made when it does not exist."),
    task: str = typer.Option("record", help="Label of what is recorded: letters and digits."),
    session: str = typer.Option(None, help="Label of the session, when there are several."),
    exact: bool = typer.Option(
        False,
        "--exact",
        help="Record in the browser with the camera's own capture times, as `mimicry run` does.",
    ),
    camera: str = typer.Option("0", help="Number of the camera, or a video file in its place."),
    seconds: float = typer.Option(None, help="Length; without it until Ctrl+C."),
    width: int = typer.Option(640, help="Width asked of the camera."),
    height: int = typer.Option(480, help="Height asked of the camera."),
    fps: float = typer.Option(30.0, help="Frames per second asked of the camera."),
    browser: str = typer.Option(None, help="Program of the browser, with --exact."),
) -> Outcome:
    """Record a participant's face while another program shows the stimuli."""
    from mimicry.runner.plan import CameraSettings
    from mimicry.runner.record import recording_plan

    asked = CameraSettings(width=width, height=height, fps=fps)
    plan = recording_plan(participant, task, session=session, camera=asked)
    if exact:
        return _exact(study, plan, browser)
    return _plain(study, plan, camera, seconds)


def _plain(study: Path, plan: "SessionPlan", camera: str, seconds: float | None) -> Outcome:
    import signal
    import threading

    from mimicry.cli._progress import progress
    from mimicry.files.processes import SIGNALS
    from mimicry.runner.record import record_plainly

    stop = threading.Event()
    numbers = [n for n in (signal.SIGINT, *SIGNALS) if signal.getsignal(n) != signal.SIG_IGN]
    before = {n: signal.signal(n, lambda *_: stop.set()) for n in numbers}
    try:
        with progress("frames") as show:
            source = int(camera) if camera.isdigit() else Path(camera)
            recording, files = record_plainly(
                study,
                plan,
                source,
                seconds=seconds,
                stop=stop,
                seen=lambda n, _dropped: show(n, None),
            )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    outcome = Outcome(outputs=list(files.values()), text=str(files["video"]))
    outcome.extra = {"frames": len(recording.times_us), "dropped": recording.dropped}
    if recording.dropped:
        lost = f"{recording.dropped} frames were dropped: the disk or encoder is slow"
        outcome.warnings.append(lost)
    return outcome


def _exact(study: Path, plan: "SessionPlan", browser: str | None) -> Outcome:
    from mimicry.runner.browser import find_browser
    from mimicry.runner.convert import require_free
    from mimicry.runner.journal import Journal
    from mimicry.runner.serve import need_extra
    from mimicry.runner.study import prepare_study

    need_extra()
    program = find_browser(browser)
    require_free(study, plan)
    prepare_study(study, None)
    journal = Journal.create(study, plan)
    return session_outcome(journal, study, browser=program, kiosk=False, score=False)
