"""``mimicry blind``: quality control before conditions are seen."""

from pathlib import Path

import typer

from mimicry.cli._run import Outcome, command

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Quality control before conditions are seen.")

_STUDY = typer.Argument(help="The study's folder.")


@app.command("start")
@command
def start(study: Path = _STUDY) -> Outcome:
    """Make a study blind: until the lock, scoring gives only masked quality tables."""
    from mimicry.study.blind import start_blind

    path = start_blind(study)
    text = "The study is blind. Next: mimicry batch, look at *_blind.tsv, mimicry blind lock."
    return Outcome(outputs=[path], extra={"state": "blind"}, text=text)


@app.command("lock")
@command
def lock(study: Path = _STUDY) -> Outcome:
    """End quality control; STUDY/exclusions.tsv is applied from now on and cannot change."""
    from mimicry.study.blind import lock_study, read_exclusions
    from mimicry.study.layout import LOCK

    lock_record = lock_study(study)
    count = len(read_exclusions(study))
    text = f"Locked: {len(lock_record['tables'])} recordings, {count} exclusions. Score again now."
    extra = {"state": "locked", "lock": lock_record, "exclusions": count}
    return Outcome(outputs=[study / LOCK], extra=extra, text=text)


@app.command("status")
@command
def status(study: Path = _STUDY) -> Outcome:
    """Tell whether a study is open, blind or locked, and whether the lock still holds."""
    from mimicry.errors import InputError, IntegrityError
    from mimicry.study.blind import blind_study_of, lock_problems

    if not study.is_dir():
        raise InputError("no such study folder", path=study)
    blind = blind_study_of(study)
    state = "open" if blind is None else "locked" if blind.locked else "blind"
    broken = lock_problems(blind) if blind is not None and blind.locked else []
    problem = None
    if broken:
        problem = IntegrityError(
            f"{broken[0][0]} is not as it was when quality control was locked", path=study
        )
    return Outcome(
        status="failed" if broken else "done",
        extra={"state": state, "changed": [where for where, _, _ in broken]},
        text=state,
        problem=problem,
    )
