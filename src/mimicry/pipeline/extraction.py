"""A video to landmarks and action units on disk, in flat memory and resumable.

The landmark file is written while the video is read. The table of action units is measured from
the landmark file, never from what was in memory: so measuring a recording again from its
landmarks alone gives the same bytes. The sidecar ``_au.json`` is written last: where it is and
its digest matches, the results are complete.
"""

import contextlib
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mimicry import __version__, files
from mimicry.action_units import USED_LANDMARKS, measure, measure_chunks
from mimicry.errors import OutputExistsError, QualityWarning, RecordingError, TableError
from mimicry.interchange.au_table import TableFormat, table_name, write_au_table
from mimicry.interchange.landmark_file import (
    LandmarkFile,
    LandmarkWriter,
    is_landmark_file,
    stored,
)
from mimicry.interchange.sources import known_name
from mimicry.interchange.tables import read_au_table
from mimicry.landmarks import LandmarkStream, WorkerPool, join_tracks
from mimicry.landmarks.model_file import MODEL_SHA256, checked_model
from mimicry.pipeline.choices import (
    check_landmarks_choices,
    check_video_choices,
    picture_choices,
    save_debug_frame,
)
from mimicry.pipeline.quality import QUALITY_SHAPE, quality_of, warnings_of
from mimicry.pipeline.run_log import write_log
from mimicry.records import ActionUnitTrack, LandmarkTrack, ReadingOptions
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
        """Number of decoded frames."""
        return int(self.qc["frames"])

    @property
    def frames_with_face(self) -> int:
        """Number of frames in which a face was seen."""
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
    choices: dict[str, Any] = {"neutral": neutral, "exclude_from_pose_fit": exclude_from_pose_fit}
    if is_landmark_file(recording):
        file = LandmarkFile(recording)
        check_landmarks_choices(Path(recording), file.provenance, reading)
        return _heard(recording, measure_chunks(file, **choices))
    check_video_choices(Path(recording), reading)
    stream = LandmarkStream(
        recording, reading=reading, model=model, jobs=jobs or usable_cores(), progress=progress
    )
    identity = _identity(Path(recording))
    chunks = list(stream.settled([stored(join_tracks(list(stream), {}))]))
    track = join_tracks(chunks, _landmark_provenance(stream, identity, reading))
    return _heard(recording, measure(track, **choices))


def _heard(recording: str | Path, track: ActionUnitTrack) -> ActionUnitTrack:
    """Say aloud what would stand in the quality file."""
    for text in warnings_of(Path(recording).name, quality_of(track)):
        warnings.warn(QualityWarning(text), stacklevel=3)
    return track


@files.private()
def extract_recording(
    recording: str | Path,
    out: str | Path,
    *,
    stem: str | None = None,
    format: TableFormat = "parquet",  # noqa: A002 - the option's own name
    neutral: Intervals | None = None,
    exclude_from_pose_fit: Intervals = (),
    reading: ReadingOptions | None = None,
    model: str | Path | None = None,
    jobs: int = 1,
    overwrite: bool = False,
    debug_frame: bool = False,
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
    format
        Of the table: ``"parquet"``, ``"csv"`` or ``"openface"``.
    neutral, exclude_from_pose_fit
        As in :func:`mimicry.action_units.measure`.
    reading
        Which face and which part of the picture.
    model
        Another copy of the face model.
    jobs
        Landmark processes; 0: one per usable core. The results do not depend on it.
    overwrite
        Replace results made from other inputs or settings; otherwise they are refused.
    debug_frame
        Also write ``<stem>_first_frame.png``, the first picture as the detector gets it.
    progress
        Called with finished and claimed number of frames.
    pool
        Landmark processes to use instead of own ones.

    Returns
    -------
    Extraction

    Raises
    ------
    RecordingError
        When not one frame can be decoded.
    OutputExistsError
        When results of other inputs or settings are there.
    InputError
        When the folder cannot be written, or `reading` asks for what the recording does not have.
    """
    recording = Path(recording)
    started = time.time()
    source = _Source.of(recording, model, reading)
    prefix = _stem_of(recording) if stem is None else stem
    folder = files.make_folder(Path(out))
    paths = {
        "landmarks": folder / f"{prefix}{LANDMARKS}",
        "au": folder / table_name(prefix, format),
        "sidecar": folder / f"{prefix}{AU_SIDECAR}",
        "qc": folder / f"{prefix}{QC}",
    }
    settings = {
        "neutral": _pairs(neutral),
        "exclude_from_pose_fit": _pairs(exclude_from_pose_fit),
        "format": format,
    }
    digest = files.digest({"landmarks": source.digest, "settings": settings})
    extra = {}
    if debug_frame:
        extra["debug_frame"] = save_debug_frame(recording, folder, prefix, reading)
    if not overwrite and _complete(paths, digest):
        qc = files.read_json_object(paths["qc"], QUALITY_SHAPE)
        notes = [str(text) for text in qc.get("warnings", [])]
        return _told(Extraction(recording, {**paths, **extra}, qc, notes, resumed=True))
    with files.writing(folder):
        kept = source.matches(paths["landmarks"], overwrite=overwrite)
        for name in ("sidecar", "qc", "au"):  # the sign of completeness first
            files.take_away(paths[name])
        backend = "kept"
        if not kept:
            backend = source.write(paths["landmarks"], jobs or usable_cores(), progress, pool)
        track = measure_chunks(
            LandmarkFile(paths["landmarks"]).only(USED_LANDMARKS),
            neutral=neutral,
            exclude_from_pose_fit=exclude_from_pose_fit,
        )
        qc = quality_of(track)
        notes = warnings_of(source.identity["name"], qc)
        files.write_json(paths["qc"], {**qc, "warnings": notes})
        note = {"digest": digest, "settings": settings, "mimicry_version": __version__}
        write_au_table(folder, prefix, track, format=format, note=note)
        write_log(folder / f"{prefix}{EXTRACT_LOG}", recording, jobs, backend, started)
    return _told(Extraction(recording, {**paths, **extra}, {**qc, "warnings": notes}, notes))


def _told(made: Extraction) -> Extraction:
    """Say aloud what the quality file says, however the results came about."""
    for text in made.warnings:
        warnings.warn(QualityWarning(text), stacklevel=3)
    return made


def usable_cores() -> int:
    """Number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, eq=False)
class _Source:
    """Where landmarks come from, and the digest of everything that decides them."""

    recording: Path
    digest: str
    identity: dict[str, Any]
    model: Path | None
    reading: ReadingOptions | None

    @classmethod
    def of(
        cls, recording: Path, model: str | Path | None, reading: ReadingOptions | None
    ) -> "_Source":
        if is_landmark_file(recording):
            found = LandmarkFile(recording).provenance
            check_landmarks_choices(recording, found, reading)
            own = {"name": recording.name, "sha256": files.sha256_of(recording)}
            return cls(recording, _digest_of(recording), found.get("input", own), None, None)
        check_video_choices(recording, reading)
        identity = _identity(recording)
        digest = _landmark_digest(identity, reading)
        return cls(recording, digest, identity, checked_model(model), reading)

    def matches(self, path: Path, *, overwrite: bool) -> bool:
        """Tell whether these very landmarks are there; refuse others."""
        if not path.exists():
            return False
        try:
            found = _digest_of(path)
        except TableError:
            if not overwrite:
                raise
            found = ""
        if found != self.digest and not overwrite:
            raise OutputExistsError(
                "landmarks of another recording, model or version are there already",
                path=path,
                hint="Choose another --out folder, or replace them with --overwrite.",
            )
        return bool(found == self.digest)

    def write(
        self,
        path: Path,
        jobs: int,
        progress: Callable[[int, int | None], None] | None,
        pool: WorkerPool | None,
    ) -> str:
        """Write the landmark file; return how results were read."""
        if is_landmark_file(self.recording):
            with files.atomic_path(path) as temporary:
                temporary.write_bytes(self.recording.read_bytes())
            return "copied"
        stream = LandmarkStream(
            self.recording,
            reading=self.reading,
            model=self.model,
            jobs=min(jobs, pool.jobs) if pool else jobs,
            progress=progress,
            pool=pool,
        )
        chunks = stream.chunks()
        with contextlib.closing(chunks), files.atomic_path(path) as temporary:
            self._fill(temporary, chunks, stream)
            if stream.unsettled:  # known at the end only; the file is small, memory stays flat
                with files.atomic_path(temporary) as again:
                    self._fill(again, stream.settled(LandmarkFile(temporary)), stream)
        return stream.backend

    def _fill(self, path: Path, chunks: Iterator[LandmarkTrack], stream: LandmarkStream) -> None:
        first = next(chunks)
        with LandmarkWriter(path, first.image_size_px) as writer:
            writer.add(first)
            for chunk in chunks:
                writer.add(chunk)
            writer.finish(_landmark_provenance(stream, self.identity, self.reading))


def _identity(recording: Path) -> dict[str, Any]:
    """Name and checksum of an input; the folder it lies in does not matter."""
    from mimicry.capture.video import VideoReader

    try:
        VideoReader(recording).close()  # says what is wrong before anything is read or written
    except RecordingError as error:
        name = known_name(recording)
        if name in (None, "a video", "a file of landmarks"):
            raise
        raise RecordingError(
            f"this is {name}, expected a video",
            path=recording,
            hint="Action-unit tables are taken by mimicry score as they are.",
        ) from error
    return {"name": recording.name, "sha256": files.sha256_of(recording)}


def _landmark_digest(identity: dict[str, Any], reading: ReadingOptions | None) -> str:
    picture = picture_choices(reading)
    return files.digest(
        ({"reading": picture} if picture else {})
        | {
            "input": identity["sha256"],
            "name": identity["name"],
            "model": MODEL_SHA256,
            "versions": {name: version(name) for name in ("mediapipe", "av", "numpy", "pyarrow")},
            "mimicry": __version__,
        }
    )


def _digest_of(landmarks: Path) -> str:
    """What decided the landmarks of a file; of files made elsewhere, their bytes."""
    found = LandmarkFile(landmarks).provenance.get("digest")
    return files.sha256_of(landmarks) if found is None else str(found)


def _landmark_provenance(
    stream: LandmarkStream, identity: dict[str, Any], reading: ReadingOptions | None
) -> dict[str, Any]:
    early = stream.frames_before_two_faces
    return {
        **stream.provenance,
        "input": identity,
        "video": stream.report,
        "frames_with_several_faces": stream.frames_with_several_faces,
        "frames_of_another_face": stream.frames_of_another_face,
        **({"frames_before_two_faces": early} if early else {}),
        "reading": picture_choices(reading),
        "digest": _landmark_digest(identity, reading),
        "mimicry_version": __version__,
    }


def _complete(paths: dict[str, Path], digest: str) -> bool:
    """Tell whether everything is there and made from the same; refuse what differs."""
    if not files.refuse_other_results(paths["sidecar"], digest):
        return False
    return all(path.exists() for path in paths.values())


def _stem_of(recording: Path) -> str:
    name = recording.name
    stem = name.removesuffix(LANDMARKS) if is_landmark_file(recording) else recording.stem
    return files.output_stem(stem)


def _pairs(intervals: Intervals | None) -> list[list[float]] | None:
    return None if intervals is None else [[float(a), float(b)] for a, b in intervals]
