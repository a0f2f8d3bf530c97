"""The landmark process: ``python -m mimicry.landmarks.worker``, started by :mod:`.workers`.

Reads one JSON request a line from standard input, answers on standard output with messages of
:mod:`.messages`. Video decoding runs ahead in a thread of its own.
"""

import json
import math
import os
import queue
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mimicry.capture.video import Frame, VideoReader
from mimicry.errors import MimicryError
from mimicry.landmarks.detector import MAX_FACES, N_LANDMARKS, FaceDetector
from mimicry.landmarks.messages import write_message
from mimicry.records.blendshapes import BLENDSHAPE_NAMES

_AHEAD = 8


def main() -> None:
    """Serve requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a native library prints must not fall into the answers
    detector: FaceDetector | None = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if detector is None:
                detector = _load(Path(request["model"]), raw=request["raw"])
            _serve(request, detector, answers)
        except MimicryError as error:
            write_message(answers, {"kind": "error", "error": _fields(error)})


def _load(model: Path, *, raw: bool) -> FaceDetector:
    import cv2

    cv2.setNumThreads(1)
    return FaceDetector(model, raw=raw)


def _serve(request: dict[str, Any], detector: FaceDetector, answers: BinaryIO) -> None:
    """Measure one part of one video, block by block."""
    block, roi = request["block"], request["roi"]
    corner = (0, 0) if roi is None else (roi[0], roi[1])
    with VideoReader(request["path"], roi_px=roi) as video:
        declared = video.report.declared_frames
        write_message(answers, {"kind": "start", "declared_frames": declared})
        frames = video.frames(part=request["part"], parts=request["parts"], block=block)
        batch: list[Frame] = []
        measured = _Block(block, corner)
        for frame in _ahead(f for f in frames if f.rgb is not None):
            batch.append(frame)
            measured.add(frame, detector)
            if frame.index % block == block - 1:
                _answer(answers, video, batch, measured)
                batch, measured = [], _Block(block, corner)
        if batch:
            _answer(answers, video, batch, measured)
        end = {"report": video.report.to_json(), "version": detector.version}
        write_message(answers, {"kind": "end", "backend": detector.backend, **end})


def _answer(answers: BinaryIO, video: VideoReader, batch: list[Frame], measured: "_Block") -> None:
    times = np.array([f.time_s for f in batch])
    arrays = {"times_s": times, **measured.arrays(len(batch))}
    write_message(answers, {"kind": "block", "size_px": video.report.size_px}, arrays)


class _Block:
    """Return the candidate faces of a run of frames; `corner` is where their pictures begin."""

    def __init__(self, n: int, corner: tuple[int, int]) -> None:
        shape = (n, MAX_FACES)
        self._corner = np.array([*corner, 0], np.float32)
        self._filled = 0
        self._arrays: dict[str, NDArray[np.float32]] = {
            "points_px": np.full((*shape, N_LANDMARKS, 3), np.nan, np.float32),
            "blendshapes": np.full((*shape, len(BLENDSHAPE_NAMES)), np.nan, np.float32),
            "head_pose": np.full((*shape, 4, 4), np.nan, np.float32),
            "luminance": np.full(shape, np.nan, np.float32),
            "sharpness": np.full(shape, np.nan, np.float32),
        }

    def add(self, frame: Frame, detector: FaceDetector) -> None:
        """Measure a frame into the next row."""
        rgb = frame.rgb
        assert rgb is not None
        row, self._filled = self._filled, self._filled + 1
        height, width = rgb.shape[:2]
        faces = detector.detect(rgb)
        n = len(faces.points)
        values = self._arrays
        values["points_px"][row, :n] = faces.points * np.array([width, height, width], np.float32)
        values["blendshapes"][row, :n] = faces.blendshapes
        values["head_pose"][row, :n] = faces.head_pose
        if n == 0:
            values["luminance"][row, 0] = _luma(rgb).mean()
        for k in range(n):
            box = _face_box(values["points_px"][row, k], width, height)
            values["luminance"][row, k], values["sharpness"][row, k] = _looks(rgb, box)
        values["points_px"][row, :n] += self._corner

    def arrays(self, n: int) -> dict[str, NDArray[np.float32]]:
        """Return the first `n` rows."""
        return {name: array[:n] for name, array in self._arrays.items()}


def _face_box(points_px: NDArray[np.float32], width: int, height: int) -> tuple[slice, slice]:
    x, y = np.ascontiguousarray(points_px[:, :2].T)  # rows of numbers are reduced much faster
    left, right = max(math.floor(x.min()), 0), min(math.ceil(x.max()), width)
    top, bottom = max(math.floor(y.min()), 0), min(math.ceil(y.max()), height)
    return slice(top, max(bottom, top)), slice(left, max(right, left))


def _looks(rgb: NDArray[np.uint8], box: tuple[slice, slice]) -> tuple[float, float]:
    """Return mean luma and variance of its Laplacian in a box; NaN for a box outside the image."""
    import cv2

    if min(rgb[box].shape[:2]) < 3:
        return np.nan, np.nan
    luma = _luma(rgb[box])
    edges = cv2.Laplacian(luma, cv2.CV_16S)
    # whole numbers: the sums are exact
    mean, square = cv2.sumElems(edges)[0] / edges.size, cv2.norm(edges, cv2.NORM_L2SQR) / edges.size
    return float(cv2.mean(luma)[0]), square - mean**2


def _luma(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import cv2

    luma: NDArray[np.uint8] = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return luma


def _ahead(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Iterate over `frames` while a thread already decodes the next few."""
    line: queue.Queue[Frame | BaseException | None] = queue.Queue(_AHEAD)

    def decode() -> None:
        try:
            for frame in frames:
                line.put(frame)
            line.put(None)
        except BaseException as error:
            line.put(error)

    threading.Thread(target=decode, daemon=True).start()
    while (item := line.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item


def _fields(error: MimicryError) -> dict[str, Any]:
    names = ("message", "path", "key", "hint")
    return {"type": type(error).__name__, **{name: getattr(error, name) for name in names}}


if __name__ == "__main__":
    main()
