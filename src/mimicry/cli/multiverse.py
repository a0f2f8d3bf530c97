"""``mimicry multiverse``: a study's result under every reasonable analysis."""

from collections import Counter
from pathlib import Path

import typer

from mimicry.cli._options import INCOMPLETE, STIMULI
from mimicry.cli._run import Outcome, command

__all__ = ["multiverse"]


@command
def multiverse(
    study: Path = typer.Argument(help="A study folder with extracted recordings."),
    grid: Path = typer.Option(..., "--grid", help="YAML file of the choices."),
    protocol: str | None = typer.Option(None, help="Protocol; default: the study's own."),
    stimuli: Path | None = STIMULI,
    incomplete: bool = INCOMPLETE,
    out: Path | None = typer.Option(None, help="Folder; default: STUDY/derivatives/mimicry."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace other results."),
) -> Outcome:
    """Baseline x window x standardisation x smoothing x null: table and specification curve."""
    from mimicry.analyses.multiverse import multiverse as run
    from mimicry.cli._progress import progress
    from mimicry.report.numbers import shown
    from mimicry.study import open_study

    opened = open_study(study, protocol)
    with progress("recordings") as show:
        result = run(opened, grid, stimuli=stimuli, incomplete=incomplete, progress=show)
    summary = result.summary()
    paths = result.write(out or opened.results, overwrite=overwrite)
    lines = [f"{name.replace('_', ' '):24} {shown(name, v)}" for name, v in summary.items()]
    extra = {"summary": summary, "rows": result.rows}
    notes = []
    if summary["without_result"] == summary["specifications"]:
        why = Counter(str(row["reason"]) for row in result.rows).most_common(1)[0][0]
        most = max(int(row["n"]) for row in result.rows)
        notes = [f"no analysis gave a result; reason: {why} (people with a contrast: {most})"]
    return Outcome(outputs=paths, extra=extra, warnings=notes, text="\n".join(lines))
