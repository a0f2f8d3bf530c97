"""``mimicry reliability``: how well a study's scores separate people."""

from pathlib import Path
from typing import Any

import typer

from mimicry.cli._options import INCOMPLETE
from mimicry.cli._run import Outcome, command

__all__ = ["reliability"]


@command
def reliability(
    study: Path = typer.Argument(help="A study folder that has been scored."),
    protocol: str | None = typer.Option(None, help="Protocol; default: the study's own."),
    window: str | None = typer.Option(None, help="Scoring window; default: the primary one."),
    splits: int = typer.Option(5000, help="Halves of the clips."),
    incomplete: bool = INCOMPLETE,
    out: Path | None = typer.Option(None, help="Folder; default: STUDY/derivatives/mimicry."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace other results."),
) -> Outcome:
    """Split-half reliability and variance components of every contrast, and the clips needed."""
    from mimicry.analyses.reliability import study_reliability
    from mimicry.cli._progress import progress
    from mimicry.study import open_study

    opened = open_study(study, protocol)
    with progress("contrasts") as show:
        result = study_reliability(
            opened, window=window, splits=splits, incomplete=incomplete, progress=show
        )
    paths = result.write(out or opened.results, overwrite=overwrite)
    shown = [row for row in result.rows if row["unit"] == "raw"]
    notes = [f"{_where(row)}: {text}" for row in shown for text in row["warnings"]]
    return Outcome(
        outputs=paths,
        warnings=notes,
        extra={"contrasts": result.rows, "sessions": result.sessions},
        text="\n".join([_HEAD, *(_line(row) for row in result.rows)]),
    )


_HEAD = (
    f"{'contrast':32} {'people':>6} {'clips':>5} {'split-half':>20} {'general.':>8} "
    f"{'SEM':>7} k(.7) k(.8)"
)


def _where(row: dict[str, Any]) -> str:
    parts = (row["session"], row["block"], row["condition"], row["unit"])
    return " ".join(part for part in parts if part)


def _line(row: dict[str, Any]) -> str:
    from mimicry.report.numbers import number

    low, high = (number(row[f"split_half_{end}"], 2) for end in ("low", "high"))
    needed = " ".join(f"{number(row[k], 0):>5}" for k in ("clips_for_70", "clips_for_80"))
    middle = f"{number(row['split_half'], 2):>5} {f'[{low}, {high}]':>14}"
    end = f"{number(row['generalisability'], 2):>8} {number(row['sem']):>7} {needed}"
    counts = f"{row['n_participants']:>6} {number(row['clips_per_side'], 0):>5}"
    return f"{_where(row):32} {counts} {middle} {end}"
