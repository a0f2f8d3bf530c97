"""A video file to a landmark track: whole, or as a stream of chunks in flat memory."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import InputError
from mimicry.landmarks.choose import RULES, FaceChooser, Rule
from mimicry.landmarks.detector import MAX_FACES
from mimicry.landmarks.model_file import MODEL_SHA256, checked_model
from mimicry.landmarks.workers import LandmarkWorker, WorkerPool
from mimicry.records import LandmarkTrack, ReadingOptions

__all__ = ["BLOCK_FRAMES", "LandmarkStream", "Progress", "extract_landmarks", "join_tracks"]

Progress = Callable[[int, int | None], None]

BLOCK_FRAMES = 64
"""Frames that a process measures at a time. No number depends on it."""


def extract_landmarks(
    path: str | Path,
    *,
    reading: ReadingOptions | None = None,
    model: str | Path | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> LandmarkTrack:
    """Find the landmarks of one face in every frame of a video.

    Each frame is measured for itself (no smoothing, no tracking), so the result is the same,
    bit for bit, for any number of `jobs`.

    Parameters
    ----------
    path
        A video file.
    reading
        Which of several faces is followed, and in which part of the picture.
    model
        Another copy of the face model; None: ``MIMICRY_FACE_MODEL``, else the bundled one.
    jobs
        Processes that share the frames.
    progress
        Called with the number of finished frames and the number the file claims (or None).

    Returns
    -------
    LandmarkTrack
        One row for every decoded frame; NaN where no face was seen. What was found in the file
        stands in ``provenance["video"]``.

    Raises
    ------
    InputError
        When `reading` asks for what a video does not have.
    RecordingError
        When no frame of the file can be decoded.
    IntegrityError
        When the model file is not the expected one.
    """
    stream = LandmarkStream(path, reading=reading, model=model, jobs=jobs, progress=progress)
    chunks = list(stream)
    return join_tracks(list(stream.settled(chunks)), {**stream.provenance, "video": stream.report})


class LandmarkStream:
    """The landmarks of a video as an iterator of chunks.

    Where left or right is followed, the chunks must go through :meth:`settled` afterwards.

    Parameters
    ----------
    path, reading, model, jobs, progress
        As in :func:`extract_landmarks`.
    pool
        Landmark processes to use; None: own ones that end with the iteration.
    raw
        False: read every result through the library's public objects (slower, same numbers).

    Attributes
    ----------
    report
        What was found in the file; complete after the last chunk.
    provenance
        What made the numbers. Equal for equal software and model.
    backend
        How results were read; for the log.
    frames_with_several_faces, frames_of_another_face
        How many frames show more than one face, and how many only another than the followed one.
    frames_before_two_faces
        How many frames with a face came before the first with two, where that matters.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        reading: ReadingOptions | None = None,
        model: str | Path | None = None,
        jobs: int = 1,
        progress: Progress | None = None,
        pool: WorkerPool | None = None,
        raw: bool = True,
    ) -> None:
        self.path = Path(path)
        self.report: dict[str, Any] = {}
        self.provenance: dict[str, Any] = {}
        self.backend = ""
        self.frames_with_several_faces = 0
        self.frames_of_another_face = 0
        self.frames_before_two_faces = 0
        reading = reading or ReadingOptions()
        rule = _rule(reading, self.path)
        self._roi = reading.roi_px
        self._model = checked_model(model)
        self._pool = pool
        self._jobs = max(1, jobs)
        self._progress = progress
        self._raw = raw
        self._chooser = FaceChooser(rule)

    def __iter__(self) -> Iterator[LandmarkTrack]:
        return self.chunks()

    def chunks(self) -> Generator[LandmarkTrack, None, None]:
        """Iterate over the chunks; closing the generator ends the processes."""
        with ExitStack() as stack:
            pool = self._pool or stack.enter_context(WorkerPool(self._jobs))
            workers = [pool.take() for _ in range(self._jobs)]
            finished = False
            try:
                yield from self._merged(workers)
                finished = True
            finally:
                for worker in workers:
                    pool.give_back(worker, reusable=finished)

    @property
    def unsettled(self) -> bool:
        """Tell whether chunks of before both were seen must go through :meth:`settled`."""
        return self._chooser.both_seen and self._chooser.frames_before_both > 0

    def settled(self, chunks: Iterable[LandmarkTrack]) -> Iterator[LandmarkTrack]:
        """Take the other person out of the frames before the first that shows both.

        Parameters
        ----------
        chunks
            All frames of the finished stream, in order, however they are cut.
        """
        early, left = self._chooser.before_both(), self._chooser.frames_before_both
        for chunk in chunks:
            if not self.unsettled or left <= 0:
                yield chunk
                continue
            n = min(left, len(chunk))
            left -= n
            other = np.zeros(len(chunk), dtype=bool)
            other[:n] = early.others(chunk.points_px[:n], chunk.times_s[:n])
            self.frames_before_two_faces += int(chunk.tracked[:n].sum())
            self.frames_of_another_face += int(other.sum())
            yield _without(chunk, other)

    def _merged(self, workers: Sequence[LandmarkWorker]) -> Iterator[LandmarkTrack]:
        """Take block b from process ``b % n`` until one has no more."""
        answers = [w.ask(self._request(k, len(workers))) for k, w in enumerate(workers)]
        starts = [next(a)[0] for a in answers]
        total = starts[0]["declared_frames"]
        done = block = 0
        while True:
            header, arrays = next(answers[block % len(answers)])
            if header["kind"] == "end":
                break
            track = self._track(header, arrays)
            done, block = done + len(track), block + 1
            yield track
            if self._progress is not None:
                self._progress(done, total)
        self._end(header)
        for other in (a for k, a in enumerate(answers) if k != block % len(answers)):
            if next(other)[0]["report"] != self.report:
                raise RuntimeError(f"{self.path}: two processes decoded different frames")

    def _request(self, part: int, parts: int) -> dict[str, Any]:
        return {
            "path": str(self.path.resolve()),
            "model": str(self._model.resolve()),
            "part": part,
            "parts": parts,
            "block": BLOCK_FRAMES,
            "raw": self._raw,
            "roi": self._roi,
        }

    def _end(self, header: dict[str, Any]) -> None:
        self.report = header["report"]
        self.backend = header["backend"]
        self.provenance = {
            "detector": "MediaPipe FaceLandmarker, IMAGE mode, two faces, unsmoothed",
            "face_choice": _CHOICES[self._chooser.rule],
            "model_sha256": MODEL_SHA256,
            "versions": {"mediapipe": header["version"], "av": version("av")},
        }

    def _track(self, header: dict[str, Any], arrays: dict[str, Any]) -> LandmarkTrack:
        candidates = arrays["points_px"]
        count = np.isfinite(candidates[:, :, 0, 0]).sum(axis=1)
        self.frames_with_several_faces += int((count == MAX_FACES).sum())
        chosen = self._chooser.choose(candidates, arrays["times_s"])
        rows, first = np.arange(len(candidates)), np.maximum(chosen, 0)
        values = {name: arrays[name][rows, first] for name in _PER_FACE}
        another = (chosen < 0) & (count > 0)
        self.frames_of_another_face += int(another.sum())
        for name in _OF_THE_FACE:
            values[name][another] = np.nan
        return LandmarkTrack(
            times_s=arrays["times_s"], image_size_px=tuple(header["size_px"]), **values
        )


_OF_THE_FACE = ("points_px", "blendshapes", "head_pose", "sharpness")
_PER_FACE = (*_OF_THE_FACE, "luminance")
_CHOICES: dict[Rule, str] = {
    "largest": "the largest at first, then the one nearest to the last",
    "left": "the left one in the picture",
    "right": "the right one in the picture",
}


def _without(track: LandmarkTrack, rows: NDArray[np.bool_]) -> LandmarkTrack:
    """Return the track with the face missing in some rows."""
    if not rows.any():
        return track
    values = {name: getattr(track, name).copy() for name in _OF_THE_FACE}
    for array in values.values():
        array[rows] = np.nan
    return replace(track, **values)


def _rule(reading: ReadingOptions, path: Path) -> Rule:
    """Return how a face is chosen; refuse what only a table has."""
    for rule in RULES:
        if reading.face in (None, rule):
            return rule
    raise InputError(
        f"the faces of a video have no ids, found {reading.face!r}, expected {', '.join(RULES)}",
        path=path,
        key="`face`",
    )


def join_tracks(tracks: Sequence[LandmarkTrack], provenance: dict[str, Any]) -> LandmarkTrack:
    """Put the chunks of one recording together.

    Raises
    ------
    ValueError
        When there is none, or their times overlap.
    """
    if not tracks:
        raise ValueError("no chunk to join")
    return LandmarkTrack(
        times_s=np.concatenate([t.times_s for t in tracks]),
        image_size_px=tracks[0].image_size_px,
        provenance=provenance,
        **{name: np.concatenate([getattr(t, name) for t in tracks]) for name in _PER_FACE},
    )
