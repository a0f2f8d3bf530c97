"""Cameras, for `doctor`: which numbers answer, and how steadily one delivers."""

import os
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np

from mimicry.kernels.timing import timing_summary

__all__ = ["camera_present", "probe_camera"]


def camera_present() -> bool | None:
    """Tell whether the system lists a camera; None where it cannot be asked without opening."""
    if platform.system() == "Linux":
        return any(Path("/dev").glob("video*"))
    return None


def probe_camera(index: int = 0, *, frames: int = 60) -> dict[str, Any] | None:
    """Read some frames and describe their timing; None when no camera answers.

    Parameters
    ----------
    index
        Which camera, as OpenCV counts them.
    frames
        How many frames to read after the first, which opens the camera.

    Returns
    -------
    dict or None
        As :func:`~mimicry.kernels.timing.timing_summary`, with ``size_px``. Times are arrival
        times in this process: exposure was earlier by the camera's own delay, which software
        cannot see.
    """
    os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")
    import cv2

    camera = cv2.VideoCapture(index)
    try:
        if not camera.isOpened() or not camera.read()[0]:
            return None
        times = []
        for _ in range(frames):
            good, latest = camera.read()
            if not good:
                break
            picture = latest
            times.append(time.perf_counter())
    finally:
        camera.release()
    if len(times) < 2:
        return None
    height, width = picture.shape[:2]
    return {**timing_summary(np.array(times)), "size_px": [width, height]}
