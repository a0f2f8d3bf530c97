"""``mimicry extract``: landmarks and action units of any video, no protocol needed."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mimicry.cli._options import DEBUG_FRAME, FACE, ROI, checked_format, intervals, reading_options
from mimicry.cli._run import Outcome, command, fitted, say
from mimicry.cli._scored import entry_of, frames_text

if TYPE_CHECKING:
    from mimicry.pipeline import Extraction
    from mimicry.records import ExtractionOptions

__all__ = ["extract"]


@command
def extract(
    videos: list[Path] = typer.Argument(help="Video files, or folders of them."),
    out: Path = typer.Option(..., "--out", help="Folder for the results."),
    format: str = typer.Option("parquet", "--format", help="parquet, csv or openface."),
    neutral: list[str] = typer.Option(
        [], "--neutral", metavar="A:B", help="Seconds in which the face is neutral; repeatable."
    ),
    face: str | None = FACE,
    roi: str | None = ROI,
    model: Path | None = typer.Option(None, "--model", help="Another copy of the face model."),
    jobs: int = typer.Option(0, "--jobs", help="Worker processes (0: one per core)."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace results that differ."),
    debug_frame: bool = DEBUG_FRAME,
) -> Outcome:
    """Extract landmarks and action units from videos.

    Writes NAME_landmarks.parquet, NAME_au.parquet, NAME_au.json and NAME_qc.json for each video.
    Results that are there already, made from the same inputs and settings, are kept.
    """
    from mimicry.files import make_folder
    from mimicry.pipeline.extraction import usable_cores
    from mimicry.pipeline.inputs import find_videos, named_stems
    from mimicry.records import ExtractionOptions

    options = ExtractionOptions(
        reading=reading_options(face=face, roi=roi),
        neutral=intervals(neutral),
        format=checked_format(format),
        model=model,
        jobs=jobs or usable_cores(),
        overwrite=overwrite,
        debug_frame=debug_frame,
    )
    return _each(named_stems(find_videos(videos)), make_folder(out), options)


def _each(videos: list[tuple[Path, str]], out: Path, options: "ExtractionOptions") -> Outcome:
    """Extract one video after the other; of several, one that fails does not stop the rest."""
    from mimicry.cli._progress import progress
    from mimicry.errors import MimicryError
    from mimicry.landmarks import WorkerPool
    from mimicry.pipeline import extract_recording
    from mimicry.study.failures import Failure, write_failures

    outcome = Outcome()
    failures: list[Failure] = []
    with WorkerPool(options.jobs) as pool:
        for video, stem in videos:
            try:
                with progress(video.name) as show:
                    made = extract_recording(
                        video, out, stem=stem, options=options, pool=pool, progress=show
                    )
            except MimicryError as error:
                if len(videos) == 1:
                    raise
                problem = fitted(error)
                say(f"error: {problem}")
                failures.append(Failure.of(video, problem))
                continue
            outcome.recordings.append({**entry_of(made), "resumed": made.resumed})
            outcome.outputs += made.files.values()
            outcome.text += _line(made) + "\n"
    table = write_failures(out, failures)
    if failures:
        outcome.status = "partial" if outcome.recordings else "failed"
        outcome.outputs += [table] if table else []
        outcome.text += f"{len(failures)} of {len(videos)} failed, see {table}\n"
    outcome.extra["failures"] = [failure.to_json() for failure in failures]
    outcome.text = outcome.text.rstrip()
    return outcome


def _line(made: "Extraction") -> str:
    rate = made.qc["timing"]["fps_effective"]
    how = f", {rate:.2f} frames/s" if rate else ""
    kept = " (there already)" if made.resumed else ""
    frames = frames_text(made.frames, made.frames_with_face, made.qc)
    return f"{made.recording.name}: {frames}{how}; {made.files['au']}{kept}"
