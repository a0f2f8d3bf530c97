"""A session in the browser, and how it ended."""

from pathlib import Path
from typing import TYPE_CHECKING

from mimicry.cli._run import Outcome, say

if TYPE_CHECKING:
    from mimicry.runner.journal import Journal
    from mimicry.runner.session import SessionEnd

__all__ = ["session_outcome"]


def session_outcome(
    journal: "Journal", study: Path, *, browser: str, kiosk: bool, score: bool
) -> Outcome:
    """Run a session to its end and return what it did."""
    from mimicry.runner.face_check import FaceChecker
    from mimicry.runner.session import run_session

    with FaceChecker() as face_check:
        end = run_session(
            journal,
            study,
            browser=browser,
            say=say,
            kiosk=kiosk,
            face_check=face_check,
            score=score,
        )
    return _ended(end)


def _ended(end: "SessionEnd") -> Outcome:
    """Return how a session ended, in words and for ``--json``."""
    outcome = Outcome(outputs=list(end.files.values()))
    outcome.extra = {"session": end.outcome, "folder": str(end.folder), "scores": end.scores}
    lines = [f"{end.outcome}: {end.folder}"]
    if end.outcome == "interrupted":
        outcome.status = "failed"
        lines = []
        say(f"the session was interrupted; go on with: mimicry resume {end.folder}")
    elif not end.files:
        lines.append("no trial was shown: the raw session is kept, nothing is to be scored")
    if end.problem:
        outcome.status = "partial"
        outcome.warnings.append(f"the recording is kept, but scoring failed: {end.problem}")
    if end.notes:
        outcome.status = "partial"
        outcome.warnings += end.notes
    if end.report:
        lines.append(f"report: {end.report}")
    outcome.text = "\n".join(lines)
    return outcome
