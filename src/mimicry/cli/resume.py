"""``mimicry resume``: go on with a session after a crash."""

from pathlib import Path

import typer

from mimicry.cli._run import Outcome, command
from mimicry.cli._session import session_outcome

__all__ = ["resume"]


@command
def resume(
    folder: Path = typer.Argument(
        ..., help="Session folder (sourcedata/sub-.../run-...), or the study with --participant."
    ),
    participant: str = typer.Option(None, help="Take this participant's unfinished session."),
    browser: str = typer.Option(None, help="Program of the browser."),
    window: bool = typer.Option(False, "--window", help="A plain window instead of full screen."),
    score: bool = typer.Option(True, help="Score the recording after the last trial."),
) -> Outcome:
    """Go on with an interrupted session; the unfinished trial is shown again."""
    from mimicry.runner.browser import find_browser
    from mimicry.runner.journal import Journal
    from mimicry.runner.serve import need_extra
    from mimicry.runner.study import latest_session, study_of

    need_extra()
    place = latest_session(folder, participant) if participant else folder
    journal = Journal.open(place)
    study = study_of(place)
    return session_outcome(
        journal, study, browser=find_browser(browser), kiosk=not window, score=score
    )
