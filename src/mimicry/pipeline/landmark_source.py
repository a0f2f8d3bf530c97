"""The landmarks of a recording: where they come from, and everything that decided them."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from mimicry import __version__, files
from mimicry.capture.first_frame import save_first_frame
from mimicry.capture.video import VideoReader
from mimicry.errors import InputError, OutputExistsError, RecordingError, TableError
from mimicry.interchange.landmark_file import LandmarkFile, LandmarkWriter, is_landmark_file
from mimicry.interchange.sources import identify, known_name
from mimicry.landmarks import LandmarkStream, WorkerPool
from mimicry.landmarks.model_file import MODEL_SHA256, checked_model
from mimicry.records import ExtractionOptions, LandmarkTrack, ReadingOptions
from mimicry.study.layout import FIRST_FRAME

__all__ = [
    "LandmarkSource",
    "check_landmarks_choices",
    "check_video_choices",
    "landmark_provenance",
    "save_debug_frame",
    "video_identity",
]


@dataclass(frozen=True, eq=False)
class LandmarkSource:
    """Where landmarks come from, and the digest of everything that decides them."""

    recording: Path
    digest: str
    identity: dict[str, Any]
    model: Path | None
    reading: ReadingOptions

    @classmethod
    def of(cls, recording: Path, options: ExtractionOptions) -> Self:
        """Return the source that a recording is, after a look whether its choices fit it."""
        reading = options.reading
        if is_landmark_file(recording):
            made = LandmarkFile(recording).provenance
            check_landmarks_choices(recording, made, reading)
            itself = {"name": recording.name, "sha256": files.sha256_of(recording)}
            digest = _digest_of(recording)
            return cls(recording, digest, made.get("input", itself), None, reading)
        check_video_choices(recording, reading)
        identity = video_identity(recording)
        digest = _landmark_digest(identity, reading)
        return cls(recording, digest, identity, checked_model(options.model), reading)

    def matches(self, path: Path, *, overwrite: bool) -> bool:
        """Tell whether these very landmarks are there; refuse others."""
        if not path.exists():
            return False
        try:
            digest = _digest_of(path)
        except TableError:
            if not overwrite:
                raise
            digest = ""
        if digest != self.digest and not overwrite:
            raise OutputExistsError(
                "landmarks of another recording, model or version are there already",
                path=path,
                hint="Choose another `out` folder, or replace them with `overwrite=True`.",
            )
        return digest == self.digest

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
            writer.finish(landmark_provenance(stream, self.identity, self.reading))


def video_identity(recording: Path) -> dict[str, Any]:
    """Return name and checksum of a video; the folder it lies in does not matter."""
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


def _landmark_digest(identity: dict[str, Any], reading: ReadingOptions) -> str:
    picture = reading.picture()
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
    """Return what decided the landmarks of a file; of files made elsewhere, their bytes."""
    digest = LandmarkFile(landmarks).provenance.get("digest")
    return files.sha256_of(landmarks) if digest is None else str(digest)


def landmark_provenance(
    stream: LandmarkStream, identity: dict[str, Any], reading: ReadingOptions
) -> dict[str, Any]:
    """Return what made the landmarks of a finished stream."""
    early = stream.frames_before_two_faces
    return {
        **stream.provenance,
        "input": identity,
        "video": stream.report,
        "frames_with_several_faces": stream.frames_with_several_faces,
        "frames_of_another_face": stream.frames_of_another_face,
        **({"frames_before_two_faces": early} if early else {}),
        "reading": reading.picture(),
        "digest": _landmark_digest(identity, reading),
        "mimicry_version": __version__,
    }


def check_landmarks_choices(
    recording: Path, provenance: dict[str, Any], reading: ReadingOptions
) -> None:
    """Refuse a choice that the landmarks of a file were not made with."""
    made_with = provenance.get("reading", {})
    for name, value in reading.picture().items():
        if value != made_with.get(name):
            raise InputError(
                "the face was chosen when these landmarks were made",
                path=recording,
                key=f"`{name}`",
                hint="Extract the video again to choose another.",
            )


def check_video_choices(recording: Path, reading: ReadingOptions) -> None:
    """Refuse what only a table needs."""
    chosen = reading.to_json()
    for name in ("fps", "video", "min_confidence"):
        if name in chosen:
            raise InputError(
                "is a video: it has frame times of its own and no confidence values",
                path=recording,
                key=f"`{name}`",
                hint="Leave the option out; it is for tables of other tools.",
            )


def save_debug_frame(recording: Path, folder: Path, prefix: str, reading: ReadingOptions) -> Path:
    """Write ``<prefix>_first_frame.png``: the first picture as the detector gets it.

    Raises
    ------
    InputError
        When the recording is no video.
    """
    if identify(recording).kind != "video":
        raise InputError(
            "holds no picture to save",
            path=recording,
            key="`debug_frame`",
            hint="Name the video that it was made from.",
        )
    png = files.make_folder(folder) / f"{prefix}{FIRST_FRAME}"
    return save_first_frame(recording, png, roi_px=reading.roi_px)
