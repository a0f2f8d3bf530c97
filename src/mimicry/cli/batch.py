"""``mimicry batch``: a whole study or folder, on all cores or a cluster, resumable."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mimicry.cli._options import (
    CLOCK,
    DEBUG_FRAME,
    FACE,
    MIN_CONFIDENCE,
    ROI,
    STIMULI,
    checked_format,
    reading_options,
)
from mimicry.cli._run import Outcome, command

if TYPE_CHECKING:
    from mimicry.batch import Batch

__all__ = ["batch"]


@command
def batch(
    inputs: list[str] = typer.Argument(help="A study, a folder of videos, or files and patterns."),
    out: Path | None = typer.Option(
        None, "--out", help="Folder for the results (default: derivatives/mimicry in the folder)."
    ),
    protocol: str | None = typer.Option(
        None, "--protocol", help="Protocol file or name (default: protocol.yaml in the folder)."
    ),
    stimuli: Path | None = STIMULI,
    jobs: int = typer.Option(0, "--jobs", help="Processes at once (0: one per core)."),
    dask: str | None = typer.Option(None, "--dask", help="Address of a Dask scheduler."),
    shard: str | None = typer.Option(None, metavar="K/N", help="Only the K-th of N parts."),
    sbatch: int | None = typer.Option(
        None, "--sbatch", metavar="N", help="Print a Slurm script of N jobs instead of working."
    ),
    face: str | None = FACE,
    roi: str | None = ROI,
    clock: str = CLOCK,
    min_confidence: float | None = MIN_CONFIDENCE,
    format: str = typer.Option("parquet", "--format", help="parquet, csv or openface."),
    model: Path | None = typer.Option(None, "--model", help="Another copy of the face model."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace results that differ."),
    delete_video: bool = typer.Option(
        False, "--delete-video", help="Delete each video after its landmarks were read back."
    ),
    debug_frame: bool = DEBUG_FRAME,
) -> Outcome:
    """Extract, and where there are events score, many recordings.

    Run it again after an interruption: what is done is kept. A recording that fails is a row in
    failures.tsv and does not stop the others.
    """
    reading = reading_options(face=face, roi=roi, clock=clock, min_confidence=min_confidence)
    _one_way(dask=dask, shard=shard, sbatch=sbatch)
    if sbatch is not None:
        chosen = {
            "--out": out and out.absolute(),
            "--protocol": _absolute(protocol),
            "--face": face,
            "--roi": roi,
            "--clock": None if clock == "container" else clock,
            "--min-confidence": min_confidence,
            "--stimuli": stimuli and stimuli.absolute(),
            "--format": None if format == "parquet" else checked_format(format),
            "--model": model and model.absolute(),
            "--overwrite": overwrite,
            "--delete-video": delete_video,
            "--debug-frame": debug_frame,
        }
        return _script(inputs, sbatch, chosen)
    from mimicry.batch import run_batch
    from mimicry.cli._batch_view import batch_view
    from mimicry.records import ExtractionOptions

    options = ExtractionOptions(
        reading=reading,
        format=checked_format(format),
        model=model,
        overwrite=overwrite,
        debug_frame=debug_frame,
    )

    with batch_view() as watcher:
        done = run_batch(
            inputs,
            out=out,
            protocol=protocol,
            stimuli=stimuli,
            options=options,
            jobs=jobs,
            dask=dask,
            shard=shard,
            delete_video=delete_video,
            watcher=watcher,
        )
    return _outcome(done)


def _one_way(**ways: Any) -> None:
    from mimicry.errors import InputError

    chosen = [f"--{name}" for name, value in ways.items() if value is not None]
    if len(chosen) > 1:
        raise InputError(f"{' and '.join(chosen)} exclude each other", key=chosen[0])
    if (ways["sbatch"] or 1) < 1:
        raise InputError("expected one job or more", key="--sbatch")


def _absolute(protocol: str | None) -> str | None:
    """Return the path of a protocol file from the root; a name as it is."""
    return str(Path(protocol).absolute()) if protocol and Path(protocol).is_file() else protocol


def _script(inputs: list[str], parts: int, chosen: dict[str, Any]) -> Outcome:
    from mimicry.batch import plan_batch, sbatch_script

    plan_batch(
        inputs, out=chosen["--out"], protocol=chosen["--protocol"], stimuli=chosen["--stimuli"]
    )
    options: list[str] = []
    for name, value in chosen.items():
        if value is not None and value is not False:
            options += [name] if value is True else [name, str(value)]
    return Outcome(text=sbatch_script(inputs, parts, options).rstrip())


def _named(label: str, text: str) -> str:
    """Say of which of many recordings a warning speaks."""
    return text if Path(label).name in text else f"{label}: {text}"


def _outcome(done: "Batch") -> Outcome:
    count = {
        status: sum(r.status == status for r in done.recordings)
        for status in ("done", "resumed", "busy", "failed")
    }
    bad, total = count["failed"], len(done.recordings)
    outcome = Outcome(
        status="done" if not bad else "failed" if bad == total else "partial",
        outputs=list(done.tables.values()),
        recordings=[
            {
                "input": r.label,
                "status": r.status,
                "frames": r.frames,
                "frames_with_face": r.frames_with_face,
                "frames_usable": r.frames_usable,
                "files": r.files,
            }
            for r in done.recordings
        ],
        warnings=[_named(r.label, text) for r in done.recordings for text in r.warnings],
        extra={
            "results": str(done.results),
            "counts": count,
            "failures": [failure.to_json() for failure in done.failures],
        },
    )
    parts = [f"{total} recordings: {count['done']} done, {count['resumed']} there already"]
    parts += [f", {count['busy']} in another process"] if count["busy"] else []
    parts += [f", {bad} failed (see {done.tables['failures']})"] if bad else []
    parts += [f"\n{line}" for line in _worst(done)]
    outcome.text = "".join(parts) + f"\nResults: {done.results}"
    return outcome


def _worst(done: "Batch") -> list[str]:
    """Name the recording with the fewest usable frames."""
    shares = [
        (r.frames_usable / r.frames, r.frames_with_face / r.frames, r.label)
        for r in done.recordings
        if r.frames and r.frames_usable is not None
    ]
    if not shares:
        return []
    from mimicry.report.numbers import percent

    usable, face, label = min(shares)
    return [f"fewest usable frames: {label}, a face in {percent(face)}, usable {percent(usable)}"]
