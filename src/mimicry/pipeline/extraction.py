"""A video to landmarks and action units on disk, in flat memory and resumable.

The landmark file is written while the video is read. The table of action units is measured from
the landmark file, never from what was in memory: so measuring a recording again from its
landmarks alone gives the same bytes. The sidecar ``_au.json`` is written last: where it is and
its digest matches, the results are complete.
"""

import os
import platform
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mimicry import __version__, files
from mimicry.action_units import USED_LANDMARKS, measure, measure_chunks
from mimicry.errors import QualityWarning
from mimicry.interchange.au_table import table_name, write_au_table
from mimicry.interchange.landmark_file import LandmarkFile, is_landmark_file, stored
from mimicry.interchange.tables import read_au_table
from mimicry.landmarks import LandmarkStream, WorkerPool, join_tracks
from mimicry.pipeline.inputs import stem_of
from mimicry.pipeline.landmark_source import (
    LandmarkSource,
    check_landmarks_choices,
    check_video_choices,
    landmark_provenance,
    save_debug_frame,
    video_identity,
)
from mimicry.pipeline.quality import QUALITY_SHAPE, quality_of, warnings_of
from mimicry.records import ActionUnitTrack, ExtractionOptions, ReadingOptions
from mimicry.study.layout import AU_SIDECAR, EXTRACT_LOG, LANDMARKS, QC

__all__ = ["Extraction", "extract", "extract_recording", "usable_cores"]

Intervals = Sequence[tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Extraction:
    """What extraction made of one recording.

    Parameters
    ----------
    recording
        The input.
    files
        ``landmarks``, ``au``, ``sidecar``, ``qc``: where the results lie.
    qc
        What the quality file says.
    warnings
        What the user must know about the recording.
    resumed
        True when the results were there already.
    """

    recording: Path
    files: dict[str, Path]
    qc: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    resumed: bool = False

    @property
    def frames(self) -> int:
        """Return the number of decoded frames."""
        return int(self.qc["frames"])

    @property
    def frames_with_face(self) -> int:
        """Return the number of frames in which a face was seen."""
        return int(self.qc["frames_with_face"])

    def read_track(self) -> ActionUnitTrack:
        """Read the table of action units back."""
        return read_au_table(self.files["au"])


def extract(
    recording: str | Path,
    *,
    neutral: Intervals | None = None,
    exclude_from_pose_fit: Intervals = (),
    reading: ReadingOptions | None = None,
    model: str | Path | None = None,
    jobs: int = 1,
    progress: Callable[[int, int | None], None] | None = None,
) -> ActionUnitTrack:
    """Measure the action units of a video (or of a landmark file) without writing anything.

    Parameters
    ----------
    recording
        A video, or a ``_landmarks.parquet`` file.
    neutral, exclude_from_pose_fit
        As in :func:`mimicry.action_units.measure`.
    reading
        Which face and which part of the picture.
    model, jobs, progress
        As in :func:`mimicry.landmarks.extract_landmarks`.

    Returns
    -------
    ActionUnitTrack
        The same numbers as :func:`extract_recording` writes.

    Raises
    ------
    InputError
        When `reading` asks for what the recording does not have.
    RecordingError
        When not one frame can be decoded.

    Examples
    --------
    >>> track = extract("face.mp4")                          # doctest: +SKIP
    >>> track.of("AU12").max()                               # doctest: +SKIP
    """
    reading = reading or ReadingOptions()
    choices: dict[str, Any] = {"neutral": neutral, "exclude_from_pose_fit": exclude_from_pose_fit}
    if is_landmark_file(recording):
        file = LandmarkFile(recording)
        check_landmarks_choices(Path(recording), file.provenance, reading)
        track = measure_chunks(file, **choices)
    else:
        check_video_choices(Path(recording), reading)
        stream = LandmarkStream(
            recording, reading=reading, model=model, jobs=jobs or usable_cores(), progress=progress
        )
        identity = video_identity(Path(recording))
        chunks = list(stream.settled([stored(join_tracks(list(stream), {}))]))
        landmarks = join_tracks(chunks, landmark_provenance(stream, identity, reading))
        track = measure(landmarks, **choices)
    _warn(warnings_of(Path(recording).name, quality_of(track)))
    return track


@files.private()
def extract_recording(
    recording: str | Path,
    out: str | Path,
    *,
    stem: str | None = None,
    options: ExtractionOptions | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    pool: WorkerPool | None = None,
) -> Extraction:
    """Extract one recording into landmarks, action units, their description and a quality file.

    Writes ``<stem>_landmarks.parquet``, ``<stem>_au.parquet`` (or ``.csv``), ``<stem>_au.json``
    and ``<stem>_qc.json``. An interrupted extraction leaves nothing half-written; landmarks
    that are there and were made from the same video, model and versions are used again.

    Parameters
    ----------
    recording
        A video, or a ``_landmarks.parquet`` file (whose video may be gone).
    out
        Folder for the results; made if needed.
    stem
        Start of the file names; None: the recording's.
    options
        What is chosen, see :class:`mimicry.ExtractionOptions`.
    progress
        Called with finished and claimed number of frames.
    pool
        Landmark processes to use instead of new ones.

    Raises
    ------
    RecordingError
        When not one frame can be decoded.
    OutputExistsError
        When results of other inputs or settings are there.
    InputError
        When the folder cannot be written, or the choices ask for what the recording does not
        have.
    """
    started, options = time.time(), options or ExtractionOptions()
    source = LandmarkSource.of(Path(recording), options)
    prefix = stem_of(source.recording) if stem is None else stem
    folder = files.make_folder(Path(out))
    paths = {
        "landmarks": folder / f"{prefix}{LANDMARKS}",
        "au": folder / table_name(prefix, options.format),
        "sidecar": folder / f"{prefix}{AU_SIDECAR}",
        "qc": folder / f"{prefix}{QC}",
    }
    digest = files.digest({"landmarks": source.digest, "settings": options.table_settings})
    results = files.Results(folder, paths["sidecar"].name, digest, options.overwrite)
    extra = {}
    if options.debug_frame:
        extra["debug_frame"] = save_debug_frame(source.recording, folder, prefix, options.reading)
    resumed = results.kept(paths.values())
    if resumed:
        qc = files.read_json_object(paths["qc"], QUALITY_SHAPE)
    else:
        backend, made = "kept", source.matches(paths["landmarks"], overwrite=options.overwrite)
        with results.replacing():
            for name in ("qc", "au"):
                files.take_away(paths[name])
            if not made:
                jobs = options.jobs or usable_cores()
                backend = source.write(paths["landmarks"], jobs, progress, pool)
            qc = _write_tables(paths, source.identity["name"], options, digest)
            log = folder / f"{prefix}{EXTRACT_LOG}"
            _write_log(log, source.recording, options.jobs, backend, started)
    notes = [str(text) for text in qc.get("warnings", [])]
    _warn(notes)
    return Extraction(source.recording, {**paths, **extra}, qc, notes, resumed=resumed)


def _write_tables(
    paths: dict[str, Path], name: str, options: ExtractionOptions, digest: str
) -> dict[str, Any]:
    """Measure the landmarks and write what they give; return the content of the quality file."""
    track = measure_chunks(
        LandmarkFile(paths["landmarks"]).only(USED_LANDMARKS),
        neutral=options.neutral,
        exclude_from_pose_fit=options.exclude_from_pose_fit,
    )
    quality = quality_of(track)
    quality["warnings"] = warnings_of(name, quality)
    files.write_json(paths["qc"], quality)
    settings = options.table_settings
    note = {"digest": digest, "settings": settings, "mimicry_version": __version__}
    folder, prefix = paths["sidecar"].parent, paths["sidecar"].name.removesuffix(AU_SIDECAR)
    write_au_table(folder, prefix, track, format=options.format, note=note)
    return quality


def _write_log(path: Path, recording: Path, jobs: int, backend: str, started: float) -> None:
    """Write what differs from run to run and machine to machine; no other file holds it."""
    lines = {
        "command": " ".join(sys.argv),
        "input": recording.resolve(),
        "host": platform.node(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "jobs": jobs,
        "results read": backend,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(started)),
        "seconds": round(time.time() - started, 3),
    }
    files.write_text(path, "".join(f"{name}: {value}\n" for name, value in lines.items()))


def _warn(notes: Sequence[str]) -> None:
    """Say aloud what the quality file says, however the results came about."""
    for text in notes:
        warnings.warn(QualityWarning(text), stacklevel=3)


def usable_cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
