"""``mimicry run``: a protocol in the browser, with the webcam on the same clock."""

import re
from dataclasses import replace
from pathlib import Path

import typer

from mimicry.cli._options import STIMULI
from mimicry.cli._run import Outcome, command, say
from mimicry.cli._session import session_outcome
from mimicry.errors import InputError

__all__ = ["run"]


@command
def run(
    protocol: str = typer.Argument(..., help="Name of a protocol, or its file."),
    participant: str = typer.Option(..., help="Label of the participant: letters and digits."),
    study: Path = typer.Option(..., help="Study folder; made when it does not exist."),
    stimuli: Path | None = STIMULI,
    session: str = typer.Option(None, help="Label of the session, when there are several."),
    visit: str = typer.Option(None, help="Visit of the protocol, when it has several."),
    seed: int = typer.Option(None, min=0, help="Seed of the order (default: the protocol's own)."),
    browser: str = typer.Option(None, help="Program of the browser (default: Edge, Chrome ...)."),
    consent: Path = typer.Option(None, help="Text file shown as consent page."),
    window: bool = typer.Option(False, "--window", help="A plain window instead of full screen."),
    score: bool = typer.Option(True, help="Score the recording after the last trial."),
    delete_video: bool = typer.Option(
        False,
        "--delete-video",
        help="Delete the video once it is scored and its landmarks read back.",
    ),
    calibrated: bool = typer.Option(
        True, help="Use this computer's calibration when its camera and mode fit."
    ),
) -> Outcome:
    """Run PROTOCOL with one participant and score what was recorded."""
    from mimicry.protocol import load_protocol
    from mimicry.runner.browser import find_browser
    from mimicry.runner.calibration import keep_with_session
    from mimicry.runner.convert import require_free
    from mimicry.runner.from_protocol import plan_session
    from mimicry.runner.journal import Journal
    from mimicry.runner.serve import need_extra
    from mimicry.runner.study import prepare_study, shown_stimuli

    if delete_video and not score:
        raise InputError(
            "a video is deleted once it is scored, and this session is not",
            key="--delete-video",
            hint="Leave out --no-score or --delete-video.",
        )
    need_extra()
    loaded = load_protocol(protocol)
    shown = shown_stimuli(loaded, study, stimuli)
    paragraphs = _paragraphs(consent) if consent else None
    plan = plan_session(
        loaded, participant, session=session, visit=visit, seed=seed, manifest=shown.path, say=say
    )
    plan = replace(plan, consent=paragraphs or plan.consent, keep_video=not delete_video)
    program = find_browser(browser)
    require_free(study, plan)
    prepare_study(study, loaded, stimuli=stimuli)
    journal = Journal.create(study, plan)
    if calibrated:
        keep_with_session(journal.folder)
    return session_outcome(journal, study, browser=program, kiosk=not window, score=score)


def _paragraphs(path: Path) -> tuple[str, ...]:
    """Return the paragraphs of a text file; one without words is no consent text."""
    from mimicry.files import read_text

    try:
        text = read_text(path)
    except InputError as error:
        raise InputError(error.message, path=path, key="--consent") from error
    blocks = re.split(r"\n\s*\n", text.removeprefix("\ufeff"))
    paragraphs = tuple(" ".join(p.split()) for p in blocks if p.strip())
    if not paragraphs:
        raise InputError("the consent text is empty", path=path, key="--consent")
    return paragraphs
