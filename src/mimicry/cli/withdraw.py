"""``mimicry withdraw``: remove one person from a study."""

from pathlib import Path

import typer

from mimicry.cli._run import Outcome, command

__all__ = ["withdraw"]


@command
def withdraw(
    study: Path = typer.Argument(..., help="Study folder."),
    participant: str = typer.Option(..., help="Label of the participant."),
    yes: bool = typer.Option(False, "--yes", help="Delete; without it, only list what would go."),
) -> Outcome:
    """Delete a participant's recordings, results and rows of tables, with a log."""
    from mimicry.study.withdrawal import found_of
    from mimicry.study.withdrawal import withdraw as remove

    folders, tables = (remove if yes else found_of)(study, participant)
    lines = [f"{'deleted' if yes else 'would delete'}: {p}" for p in folders]
    lines += [f"{'taken from' if yes else 'would take rows from'}: {p}" for p in tables]
    outcome = Outcome(text="\n".join(lines))
    outcome.extra = {"deleted": yes, "folders": folders, "tables": tables}
    if yes:
        outcome.warnings.append("reports over all participants must be made again")
    return outcome
