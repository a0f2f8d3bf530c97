"""``mimicry score``: one recording against its events and protocol."""

from pathlib import Path

import typer

from mimicry.cli._options import (
    CLOCK,
    DEBUG_FRAME,
    FACE,
    FPS,
    MIN_CONFIDENCE,
    ROI,
    STIMULI,
    VIDEO,
    intervals,
    reading_options,
)
from mimicry.cli._run import Outcome, command

__all__ = ["score"]


@command
def score(
    recording: Path = typer.Argument(..., help="A video, or an action-unit table."),
    events: Path = typer.Option(..., help="Events table (TSV): onset, trial_type, stimulus."),
    protocol: str = typer.Option(..., help="Protocol file, or the name of a shipped one."),
    out: Path = typer.Option(..., "--out", help="Folder for the results."),
    stimuli: Path | None = STIMULI,
    participant: str | None = typer.Option(None, help="Default: the sub- part of the file name."),
    neutral: list[str] = typer.Option(
        [], "--neutral", help="Neutral interval A:B in seconds; default: the pre-stimulus windows."
    ),
    face: str | None = FACE,
    roi: str | None = ROI,
    clock: str = CLOCK,
    min_confidence: float | None = MIN_CONFIDENCE,
    fps: float | None = FPS,
    video: Path | None = VIDEO,
    model: Path | None = typer.Option(None, "--model", help="Another face landmarker model file."),
    jobs: int = typer.Option(0, "--jobs", help="Worker processes (0: one per core)."),
    overwrite: bool = typer.Option(
        False, "--overwrite", help="Replace results made from other inputs or settings."
    ),
    blind: bool = typer.Option(
        False, "--blind", help="Only trial quality, with masked condition labels."
    ),
    debug_frame: bool = DEBUG_FRAME,
) -> Outcome:
    """Score one recording: per-trial responses, contrasts with their nulls, and a report."""
    from mimicry.cli._progress import progress
    from mimicry.cli._scored import outcome_of
    from mimicry.pipeline import score_recording
    from mimicry.records import ExtractionOptions, ScoringInputs

    reading = reading_options(
        face=face, roi=roi, clock=clock, min_confidence=min_confidence, fps=fps, video=video
    )
    options = ExtractionOptions(
        reading=reading,
        neutral=intervals(neutral),
        model=model,
        jobs=jobs,
        overwrite=overwrite,
        debug_frame=debug_frame,
    )
    with progress("reading faces") as show:
        scored = score_recording(
            recording,
            ScoringInputs(events, protocol, stimuli, participant=participant),
            out,
            options=options,
            blind=blind,
            progress=show,
        )
    return outcome_of(scored)
