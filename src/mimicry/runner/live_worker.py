"""The process behind ``mimicry live``: camera or file in, pictures with action units out.

``python -m mimicry.runner.live_worker SOURCE MODEL``. Every message is a JSON head and a JPEG.
What it shows is for looking at: the neutral face is a guess from the first seconds, nothing is
stored and nothing is scored from it.
"""

import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.pictures import packed
from mimicry.landmarks.libraries import explained
from mimicry.landmarks.messages import write_message

__all__ = ["main"]

NEUTRAL_S = 2.0
NEUTRAL_FRAMES = (10, 45)  # at least, at most
RECENT_FRAMES = 15


def main() -> None:
    """Look at the source until it ends or nobody listens any more."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        _run(sys.argv[1], Path(sys.argv[2]), out)
    except BrokenPipeError:
        return
    except Exception as problem:
        # the parent shows the sentence; the process ends either way
        write_message(out, {"error": f"{explained(problem) or problem}"})
        raise


def _run(source: str, model: Path, out: BinaryIO) -> None:
    import cv2

    from mimicry.landmarks.detector import FaceDetector

    cv2.setNumThreads(1)
    past = _Past()
    lately: deque[float] = deque(maxlen=30)
    frames = _camera(int(source)) if source.isdigit() else _file(Path(source))
    with FaceDetector(model) as detector:
        for time_s, rgb in frames:
            lately.append(time.monotonic())
            faces = detector.detect(rgb)
            head: dict[str, Any] = {"time_s": round(time_s, 3), "faces": len(faces.points)}
            if len(lately) > 5:
                head["fps"] = round((len(lately) - 1) / (lately[-1] - lately[0]), 1)
            if len(faces.points):
                past.add(time_s, rgb, faces)
                head |= past.describe()
            _, jpeg = cv2.imencode(".jpg", packed(rgb[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 75])
            write_message(out, head, {"jpeg": jpeg})
    write_message(out, {"ended": True})


class _Past:
    """The first frames with a face (taken as neutral) and the latest ones."""

    def __init__(self) -> None:
        self.neutral: list[dict[str, Any]] = []
        self.recent: deque[dict[str, Any]] = deque(maxlen=RECENT_FRAMES)
        self.size_px = (0, 0)

    def add(self, time_s: float, rgb: NDArray[np.uint8], faces: Any) -> None:
        """Take in the largest face of a frame."""
        height, width = rgb.shape[:2]
        self.size_px = (width, height)
        scale = np.array([width, height, width], np.float32)
        span = np.ptp(faces.points[:, :, 0], axis=1)
        k = int(np.argmax(span))
        luma = float(rgb.mean())
        row = {
            "times_s": time_s,
            "points_px": faces.points[k] * scale,
            "blendshapes": faces.blendshapes[k],
            "head_pose": faces.head_pose[k],
            "luminance": luma,
            "sharpness": np.nan,
        }
        last = [*self.neutral, *self.recent][-1:]
        if last and time_s <= last[0]["times_s"]:
            return
        (self.neutral if self.progress() < 1 else self.recent).append(row)

    def progress(self) -> float:
        """Return how much of the neutral stretch is there, 0 to 1."""
        rows = self.neutral
        if not rows or len(rows) >= NEUTRAL_FRAMES[1]:
            return float(bool(rows))
        lasted = rows[-1]["times_s"] - rows[0]["times_s"]
        return float(min(lasted / NEUTRAL_S, len(rows) / NEUTRAL_FRAMES[0], 1.0))

    def describe(self) -> dict[str, Any]:
        """Return landmarks, action units and quality of the latest frame."""
        rows = [*self.neutral, *self.recent]
        latest = rows[-1]["points_px"]
        head: dict[str, Any] = {"points": latest[::3, :2].round().astype(int).tolist()}
        if not self.recent:
            head["neutral"] = round(self.progress(), 2)
            return head
        return head | _units(rows, len(self.neutral), self.size_px)


def _units(rows: list[dict[str, Any]], neutral: int, size_px: tuple[int, int]) -> dict[str, Any]:
    from mimicry.action_units import measure
    from mimicry.action_units.definitions import NAMES
    from mimicry.records import LandmarkTrack

    columns: dict[str, Any] = {name: np.stack([r[name] for r in rows]) for name in rows[0]}
    track = LandmarkTrack(image_size_px=size_px, **columns)
    start, end = rows[0]["times_s"], rows[neutral]["times_s"]
    units = measure(track, neutral=[(start, end)])
    values = units.intensity[-1]
    named = {n: float(values[units.names.index(n)]) for n in NAMES}
    pitch, yaw, roll = (float(v) for v in units.pose_deg[-1])
    return {
        "units": {n: round(v, 3) if np.isfinite(v) else None for n, v in named.items()},
        "pose": [round(pitch, 1), round(yaw, 1), round(roll, 1)],
        "pose_ok": bool(units.quality["pose_ok"][-1]),
        "plausible": bool(units.quality["plausible"][-1]),
        "light": round(float(rows[-1]["luminance"])),
    }


def _camera(number: int) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    import cv2

    camera = cv2.VideoCapture(number)
    try:
        if not camera.isOpened():
            raise RuntimeError(f"the camera {number} cannot be opened")
        while True:
            ok, bgr = camera.read()
            if not ok:
                return
            yield time.monotonic(), packed(bgr[..., ::-1])
    finally:
        camera.release()


def _file(path: Path) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Give a file's frames at their own speed; late ones are left out, as a camera would."""
    from mimicry.capture.video import VideoReader

    with VideoReader(path) as video:
        zero: float | None = None
        for frame in video:
            zero = time.monotonic() - frame.time_s if zero is None else zero
            wait = zero + frame.time_s - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            if frame.rgb is not None and wait > -0.2:
                yield frame.time_s, frame.rgb
            elif wait <= -0.2:
                zero = None


if __name__ == "__main__":
    main()
