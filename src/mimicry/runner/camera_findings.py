"""What a camera check finds in a picture: distance, turn, light, sharpness, and their limits.

Started by :mod:`mimicry.runner.face_check` behind the network guard. The same landmarker as in
the analysis looks at each picture; nothing is kept.
"""

import os
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.pictures import packed
from mimicry.landmarks.messages import read_message, write_message

if TYPE_CHECKING:
    from mimicry.landmarks.detector import FaceDetector

__all__ = ["findings", "jpeg_size", "main"]

_EYES = (33, 263)
MOST_PIXELS = 24 << 20
MIN_EYES_PX = 60.0
MAX_EYES_PART = 0.35
MAX_TURN_DEG = 15.0
LIGHT = (60.0, 210.0)
MIN_SHARPNESS = 12.0


def main() -> None:
    """Serve pictures until standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(MOST_PIXELS)  # read when it is imported
    import cv2

    from mimicry.landmarks.detector import FaceDetector

    cv2.setNumThreads(1)
    with FaceDetector(Path(sys.argv[1])) as detector:
        write_message(answers, {"ready": True})
        while (message := read_message(sys.stdin.buffer)) is not None:
            try:
                answer = _look(message[1]["jpeg"].tobytes(), detector)
            except (cv2.error, MemoryError, ValueError):  # a hostile picture must not end this
                answer = {"error": "no picture"}
            write_message(answers, answer)


def _look(picture: bytes, detector: "FaceDetector") -> Mapping[str, Any]:
    """Return the findings of one picture, or why there are none."""
    import cv2

    width, height = jpeg_size(picture)
    if not width or not height:
        return {"error": "no picture"}
    if width * height > MOST_PIXELS:
        return {"error": f"the picture has {width} x {height} pixels, far more than a camera's"}
    bgr = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        return {"error": "no picture"}
    rgb = packed(bgr[..., ::-1])
    faces = detector.detect(rgb)
    return findings(faces.points, faces.head_pose, cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))


def jpeg_size(picture: bytes) -> tuple[int, int]:
    """Return width and height that a JPEG declares, before anything is decoded; 0: it is none.

    Examples
    --------
    >>> jpeg_size(bytes.fromhex("ffd8 ffe00002 ffc0000b 08 0010 0020 01 011100"))
    (32, 16)
    >>> jpeg_size(b"no picture")
    (0, 0)
    """
    at = 2
    while picture[:2] == b"\xff\xd8" and at + 9 <= len(picture) and picture[at] == 0xFF:
        kind, length = picture[at + 1], int.from_bytes(picture[at + 2 : at + 4], "big")
        if kind == 0xFF:  # filling
            at += 1
            continue
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", picture[at + 5 : at + 9])
            return width, height
        if length < 2:
            break
        at += 2 + length
    return 0, 0


def findings(
    points: NDArray[np.floating[Any]], pose: NDArray[np.floating[Any]], gray: NDArray[np.uint8]
) -> Mapping[str, Any]:
    """Judge one picture.

    Parameters
    ----------
    points
        (faces, landmarks, 3) in parts of the picture's width and height.
    pose
        (faces, 4, 4) head poses.
    gray
        (H, W) brightness.

    Returns
    -------
    Mapping
        ``face`` and, for ``size``, ``pose``, ``light``, ``sharp``, whether it is good enough
        and a sentence.
    """
    import cv2

    height, width = gray.shape
    whole = float(gray.mean())
    if not len(points):
        return {"face": False, "faces": 0, "light": _light(whole)}
    xy = points[:, :, :2] * np.array([width, height])
    eyes = np.linalg.norm(xy[:, _EYES[0]] - xy[:, _EYES[1]], axis=1)
    k = int(np.argmax(eyes))
    (left, top), (right, bottom) = xy[k].min(axis=0), xy[k].max(axis=0)
    box = gray[max(int(top), 0) : int(bottom) + 1, max(int(left), 0) : int(right) + 1]
    sharp = float(cv2.Laplacian(box, cv2.CV_64F).var()) if min(box.shape) > 2 else 0.0
    return {
        "face": True,
        "faces": len(points),
        "size": _size(float(eyes[k]), width),
        "pose": _pose(pose[k]),
        "light": _light(float(box.mean()) if box.size else whole),
        "sharp": _judged(sharp, {"blurred: clean the lens, hold still": sharp < MIN_SHARPNESS}),
    }


def _judged(value: float | list[float], problems: Mapping[str, bool]) -> dict[str, Any]:
    """Return whether a value is good enough, what to do about it, and the value."""
    text = next((text for text, met in problems.items() if met), "good")
    return {"ok": text == "good", "text": text, "value": value}


def _size(eyes_px: float, width: int) -> dict[str, Any]:
    far, close = eyes_px < MIN_EYES_PX, eyes_px > MAX_EYES_PART * width
    problems = {"too far away: come closer": far, "too close: move back a little": close}
    return _judged(eyes_px, problems)


def _pose(pose: NDArray[np.floating[Any]]) -> dict[str, Any]:
    turn = pose[:3, :3] / np.linalg.norm(pose[:3, :3], axis=0)
    yaw = float(np.degrees(np.arctan2(turn[0, 2], turn[2, 2])))
    pitch = float(np.degrees(np.arcsin(np.clip(-turn[1, 2], -1, 1))))
    turned = not max(abs(yaw), abs(pitch)) <= MAX_TURN_DEG
    advice = "turn your head to the screen, or move the camera to its middle"
    return _judged([yaw, pitch], {advice: turned})


def _light(value: float) -> dict[str, Any]:
    dark, bright = value < LIGHT[0], value > LIGHT[1]
    problems = {"too dark: put a lamp in front of you": dark}
    return _judged(value, {**problems, "too bright: less light on the face": bright})


if __name__ == "__main__":
    main()
