"""``mimicry demo``: the bundled sample study, end to end."""

from pathlib import Path

import typer

from mimicry.cli._run import Outcome, command

__all__ = ["demo"]


@command
def demo(
    out: Path = typer.Option(Path("mimicry-demo"), "--out", help="Folder for the results."),
    jobs: int = typer.Option(0, "--jobs", help="Worker processes (0: one per core)."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace results that differ."),
) -> Outcome:
    """Score the bundled sample study: video to per-trial scores and a report.

    The face is rendered, so its true movements are known (sample_data/README.md).
    """
    from mimicry.cli._progress import progress
    from mimicry.cli._scored import outcome_of
    from mimicry.files import asset_folder
    from mimicry.pipeline import score_recording
    from mimicry.records import ExtractionOptions, ScoringInputs
    from mimicry.study.layout import (
        EVENTS,
        PROTOCOL,
        RECORDED,
        VIDEO,
        person_folder,
        session_prefix,
    )

    study = asset_folder("sample_data")
    start = person_folder(study, "01", None) / RECORDED / session_prefix("01", None, "sample")
    with progress("reading faces") as show:
        scored = score_recording(
            start.with_name(f"{start.name}{VIDEO}.mp4"),
            ScoringInputs(start.with_name(f"{start.name}{EVENTS}"), study / PROTOCOL),
            out,
            options=ExtractionOptions(jobs=jobs, overwrite=overwrite),
            progress=show,
        )
    return outcome_of(scored)
