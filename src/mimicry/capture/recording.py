"""A plain camera recording with OpenCV, or why there is none: every frame with the host's time.

The time of a frame is taken when OpenCV hands it over. That is later than its capture by a
delay that differs between cameras and systems and is not constant under load: good for
amplitudes, and for latencies only as good as the table of frame times looks. The recorder of
``mimicry run`` has the camera's own capture times.
"""

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mimicry.capture.writer import HEAD
from mimicry.errors import RecordingError
from mimicry.files import write_text
from mimicry.kernels.pictures import packed

__all__ = ["CameraRecording", "record_camera"]

_QUEUE = 60
_MISSES = 50

Frame = NDArray[np.uint8]
Seen = Callable[[int, int], None]


@dataclass
class CameraRecording:
    """What was recorded: frame times in us from the first frame, and which were written."""

    video: Path
    size_px: tuple[int, int] = (0, 0)
    times_us: list[int] = field(default_factory=list)
    written: list[bool] = field(default_factory=list)
    started_unix_s: float = 0.0
    started_monotonic_s: float = 0.0
    failed_reads: int = 0

    @property
    def dropped(self) -> int:
        """Return how many frames came while the writer was behind."""
        return self.written.count(False)


def record_camera(
    source: int | Path,
    video: Path,
    frames: Path,
    *,
    seconds: float | None = None,
    size_px: tuple[int, int] = (640, 480),
    fps: float = 30.0,
    stop: threading.Event | None = None,
    seen: Seen | None = None,
) -> CameraRecording:
    """Record a camera until `seconds` have passed or `stop` is set.

    Parameters
    ----------
    source
        Number of a camera, or a video file played at its own speed in place of one.
    video, frames
        Files to write: MP4, and a table with a row for every frame.
    seconds
        Length; None: until `stop`.
    size_px, fps
        Asked of the camera; what it gives is what is recorded.
    stop
        Ends the recording.
    seen
        Called with the numbers of frames seen and dropped.

    Returns
    -------
    CameraRecording
        Frame times and counts.

    Raises
    ------
    RecordingError
        When the camera cannot be opened or gives no picture, or the writer fails.
    """
    import cv2

    camera = cv2.VideoCapture(str(source) if isinstance(source, Path) else source)
    try:
        if not camera.isOpened():
            raise RecordingError(
                f"the camera {source} cannot be opened",
                key="`source`",
                hint="Check its number, and that no other program uses it.",
            )
        if not isinstance(source, Path):
            camera.set(cv2.CAP_PROP_FRAME_WIDTH, size_px[0])
            camera.set(cv2.CAP_PROP_FRAME_HEIGHT, size_px[1])
            camera.set(cv2.CAP_PROP_FPS, fps)
            camera.set(cv2.CAP_PROP_BUFFERSIZE, 2)
        pace = camera.get(cv2.CAP_PROP_FPS) if isinstance(source, Path) else 0.0
        recorded = _record(camera, video, seconds, stop or threading.Event(), seen, pace)
    finally:
        camera.release()
    _write_table(frames, recorded)
    return recorded


def _record(
    camera: Any,
    video: Path,
    seconds: float | None,
    stop: threading.Event,
    seen: Seen | None,
    pace: float,
) -> CameraRecording:
    ok, first = camera.read()
    if not ok:
        raise RecordingError("the camera gives no picture", key="`source`")
    height, width = first.shape[:2]
    width, height = width // 2 * 2, height // 2 * 2
    recorded = CameraRecording(video, (width, height))
    recorded.started_unix_s, zero = time.time(), time.monotonic_ns()
    recorded.started_monotonic_s = zero * 1e-9
    writer = _Writer(video, width, height)
    try:
        picture, stamp, misses = first, zero, 0
        while True:
            us = max((stamp - zero) // 1000, recorded.times_us[-1] + 1 if recorded.times_us else 0)
            recorded.times_us.append(us)
            recorded.written.append(writer.put(us, picture[:height, :width]))
            if seen:
                seen(len(recorded.times_us), recorded.dropped)
            if stop.is_set() or (seconds is not None and us >= seconds * 1e6):
                break
            while not stop.is_set():
                if pace:
                    due = zero * 1e-9 + len(recorded.times_us) / pace
                    time.sleep(max(due - time.monotonic(), 0))
                if camera.grab():
                    break
                misses += 1
                if pace or misses > _MISSES:
                    stop.set()
                time.sleep(0.005)
            if stop.is_set():
                break
            stamp = time.monotonic_ns()
            ok, picture = camera.retrieve()
            if not ok:
                break
        recorded.failed_reads = misses
    finally:
        writer.close()
    return recorded


class _Writer:
    """Feeds the writing process through a bounded queue; a full queue refuses the frame."""

    def __init__(self, video: Path, width: int, height: int) -> None:
        self._line: queue.Queue[tuple[int, Frame] | None] = queue.Queue(_QUEUE)
        place = (str(video), str(width), str(height))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mimicry.capture.writer", *place],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._thread = threading.Thread(target=self._feed, daemon=True)
        self._thread.start()

    def put(self, us: int, picture: Frame) -> bool:
        """Hand over a frame; False when the writer is behind."""
        try:
            self._line.put_nowait((us, picture))
        except queue.Full:
            return False
        return True

    def close(self) -> None:
        """Write what is queued and end the process."""
        while self._thread.is_alive():
            try:
                self._line.put(None, timeout=0.2)
                break
            except queue.Full:
                continue
        self._thread.join()
        process = self._process
        problem = process.stderr.read().decode(errors="replace") if process.stderr else ""
        if process.stderr:
            process.stderr.close()
        if process.wait():
            last = problem.strip().splitlines()[-1:] or ["no message"]
            raise RecordingError(f"the recording could not be written: {last[0]}")

    def _feed(self) -> None:
        pipe: IO[bytes] | None = self._process.stdin
        assert pipe is not None
        try:
            while (item := self._line.get()) is not None:
                us, picture = item
                pipe.write(HEAD.pack(us))
                pipe.write(packed(picture).data)
            pipe.close()
        except OSError:  # the process has ended; close() tells why
            return


def _write_table(path: Path, recorded: CameraRecording) -> None:
    lines = ["frame\ttimestamp\tencoded"]
    index = 0
    for us, written in zip(recorded.times_us, recorded.written, strict=True):
        lines.append(f"{index if written else 'n/a'}\t{us / 1e6}\t{int(written)}")
        index += int(written)
    write_text(path, "\n".join(lines) + "\n")
