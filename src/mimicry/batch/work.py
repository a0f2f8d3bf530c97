"""One recording of a batch: everything that can go wrong becomes a row."""

import glob
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from mimicry import files
from mimicry.batch.locks import BusyError, locked
from mimicry.capture.video import VIDEO_SUFFIXES
from mimicry.errors import IntegrityError, NoFaceError, OutputExistsError, RecordingError
from mimicry.interchange.landmark_file import LandmarkFile, is_landmark_file
from mimicry.landmarks import WorkerPool
from mimicry.landmarks.libraries import explained
from mimicry.pipeline import Extraction, ScoredRecording, extract_recording, score_recording
from mimicry.pipeline.quality import no_face_text
from mimicry.records import ExtractionOptions, ScoringInputs
from mimicry.study.failures import Failure
from mimicry.study.layout import FAILURE_LOG, FIRST_FRAME, LANDMARKS, QC
from mimicry.study.recordings import Task

__all__ = ["Result", "do_task", "lost", "without_source"]

# A process that was killed a moment ago may not be gone yet; longer than this it is at work.
_PATIENCE_S = 4.0

Show = Callable[[int, int | None], None]
Status = Literal["done", "resumed", "failed", "busy"]


@dataclass(slots=True)
class Result:
    """What became of one recording. JSON types only.

    Parameters
    ----------
    label, status
        Which recording, and how it ended (``busy``: another process is at it).
    frames, frames_with_face, frames_usable
        Counts, 0 when nothing was read (None: not known).
    files
        Kind -> path of the results.
    warnings
        What the user must know about the recording.
    failure
        ``{input, error, message}`` of a failed one.
    """

    label: str
    status: Status
    frames: int = 0
    frames_with_face: int = 0
    frames_usable: int | None = 0
    files: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    failure: dict[str, str] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


@files.private()
def do_task(task: Task, *, progress: Show | None = None, pool: WorkerPool | None = None) -> Result:
    """Do one recording: extract it, and score it when it has events.

    Never raises for a bad recording: the reason is the result.
    """
    out = Path(task.out)
    patience = time.monotonic() + _PATIENCE_S
    try:
        files.make_folder(out)
        while True:
            try:
                with locked(out / f".{task.prefix}.lock"):
                    _clear_leftovers(out, task.prefix)
                    return _do(task, progress, pool)
            except BusyError:
                if time.monotonic() > patience:
                    return Result(task.label, "busy")
                time.sleep(_PATIENCE_S / 20)
    except Exception as error:
        # whatever one recording does, the others go on: its reason becomes a row in failures.tsv
        return _failed(task, explained(error) or error)


def lost(task: Task, reason: str) -> Result:
    """Return the result of a recording whose process died."""
    return _failed(task, RuntimeError(reason))


def without_source(task: Task) -> Result:
    """Return the result of events (a task's `recording`) to which there is nothing to be scored."""
    text = "no video, landmarks or action units for these events"
    return Result(task.label, "failed", failure=_row(task, RecordingError(text)))


def _do(task: Task, progress: Show | None, pool: WorkerPool | None) -> Result:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if task.inputs is None:
            result = _extract(task, progress, pool)
        else:
            result = _score(task, task.inputs, progress, pool)
    if task.delete_video and result.status in ("done", "resumed"):
        _delete_video(task)
        (Path(task.out) / f"{task.prefix}{FIRST_FRAME}").unlink(missing_ok=True)
        result.files.pop("debug_frame", None)
    if result.status != "failed":
        _failure_log(task).unlink(missing_ok=True)
    return result


def _extract(task: Task, progress: Show | None, pool: WorkerPool | None) -> Result:
    made = _extraction(task, progress, pool)
    result = _result(task, made)
    if made.frames_with_face == 0:
        median = (made.qc["luminance"] or {}).get("median")
        sentence, advice = no_face_text(made.frames, median, made.qc)
        error = NoFaceError(sentence, path=task.recording, hint=advice)
        result.status, result.failure = "failed", _row(task, error)
    return result


def _extraction(task: Task, progress: Show | None, pool: WorkerPool | None) -> Extraction:
    return extract_recording(
        task.recording,
        task.out,
        stem=task.prefix,
        options=_options(task),
        progress=progress,
        pool=pool,
    )


def _options(task: Task) -> ExtractionOptions:
    """Return the choices for a recording; where there is no picture, the rest is done anyway."""
    pictures = Path(task.recording).suffix.lower() in VIDEO_SUFFIXES
    return replace(task.options, debug_frame=task.options.debug_frame and pictures)


def _score(
    task: Task, inputs: ScoringInputs, progress: Show | None, pool: WorkerPool | None
) -> Result:
    try:
        scored = score_recording(
            task.recording,
            inputs,
            task.out,
            prefix=task.prefix,
            options=_options(task),
            progress=progress,
            pool=pool,
        )
    except NoFaceError:
        _extraction(task, progress, pool)  # the table of action units is kept all the same
        raise
    except OutputExistsError as error:
        qc = Path(task.out) / f"{task.prefix}{QC}"
        if qc.exists() and files.read_json_object(qc).get("frames_with_face") == 0:
            raise NoFaceError("no face was seen in any frame", path=task.recording) from error
        raise
    return _result(task, scored)


def _result(task: Task, made: Extraction | ScoredRecording) -> Result:
    return Result(
        task.label,
        "resumed" if made.resumed else "done",
        made.frames,
        made.frames_with_face,
        made.qc.get("usable_frames"),
        {kind: str(path) for kind, path in made.files.items()},
        list(made.warnings),
    )


def _delete_video(task: Task) -> None:
    """Delete the video once its landmark file was read back from beginning to end."""
    video = Path(task.recording)
    if is_landmark_file(video) or not video.exists():
        return
    landmarks = LandmarkFile(Path(task.out) / f"{task.prefix}{LANDMARKS}")
    frames = sum(len(chunk) for chunk in landmarks)
    if frames != landmarks.provenance.get("video", {}).get("frames") or not frames:
        raise IntegrityError("the landmark file lacks frames; the video is kept", path=video)
    if landmarks.provenance.get("input", {}).get("sha256") != files.sha256_of(video):
        raise IntegrityError("the landmarks are those of another video; it is kept", path=video)
    video.unlink()


def _clear_leftovers(folder: Path, prefix: str) -> None:
    """Take away half-written files of a killed run; the lock says that nobody writes them."""
    for path in folder.glob(f".{glob.escape(prefix)}_*.part*"):
        path.unlink(missing_ok=True)


def _failed(task: Task, error: Exception) -> Result:
    result = Result(task.label, "failed", failure=_row(task, error))
    log = _failure_log(task)
    if log.parent.is_dir():
        try:
            files.write_text(log, "".join(traceback.format_exception(error)))
        except OSError:  # a full disk is reason enough; it stands in the row
            return result
    return result


def _failure_log(task: Task) -> Path:
    return Path(task.out) / f"{task.prefix}{FAILURE_LOG}"


def _row(task: Task, error: Exception) -> dict[str, str]:
    row = Failure.of(Path(task.recording), error).to_json()
    return {**row, "input": files.printable(task.label)}
