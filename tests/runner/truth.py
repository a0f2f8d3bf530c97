"""What the rig knows, compared with what a converted session claims."""

from pathlib import Path

import numpy as np
from lab import CLIP_TURNS
from rig import decode_time

from mimicry.runner.timebase import Segment


def rig_seconds(segment: Segment, time_s: np.ndarray) -> np.ndarray:
    """Return CLOCK_MONOTONIC of recording times: the rig's own clock.

    Chromium on Linux stamps camera frames with it. The product does not rely on that; here
    it spares the exchange with the server, which is uncertain by half its round trip.
    """
    return segment.frame_us[0] * 1e-6 + (time_s - segment.shift_us * 1e-6)


def camera_errors(video: Path, segment: Segment) -> np.ndarray:
    """Return (recorded time - true time) in s of every readable frame of a converted video."""
    import av

    claimed, true = [], []
    with av.open(str(video)) as source:
        for frame in source.decode(video=0):
            luma = frame.to_ndarray(format="gray8") if frame.format.name == "gray8" else None
            if luma is None:
                plane = frame.planes[0]
                luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
            found = decode_time(luma[:, : frame.width])
            if found is not None:
                claimed.append(float(frame.pts * frame.time_base))
                true.append(found)
    return rig_seconds(segment, np.array(claimed)) - np.array(true)


def turns(changes: np.ndarray, *, light: float = 190, dark: float = 60) -> np.ndarray:
    """Return when the photodiode turned light or dark: rows of (s of CLOCK_MONOTONIC, light?)."""
    found = []
    was: bool | None = None
    for t, v in changes:
        now = True if v > light else False if v < dark else None
        if now is not None and was is not None and now != was:
            found.append((t, float(now)))
        was = was if now is None else now
    return np.array(found).reshape(-1, 2)


def light_onsets(changes: np.ndarray) -> np.ndarray:
    """Return when the photodiode went from dark to light, in s of CLOCK_MONOTONIC."""
    found = turns(changes)
    return found[found[:, 1] == 1, 0]


def clip_zeros(changes: np.ndarray, reported: np.ndarray) -> np.ndarray:
    """Return the true media zero of each shown clip, from the median over its turns.

    A single turn may come a frame late when the machine drops it; the median does not.
    """
    found = turns(changes)
    zeros = []
    for start in reported:
        each = []
        for frame, light in CLIP_TURNS.items():
            same = found[found[:, 1] == float(light), 0]
            expected = start + frame / 30
            near = same[abs(same - expected) < 0.12]
            if len(near):
                each.append(near[np.argmin(abs(near - expected))] - frame / 30)
        zeros.append(np.median(each) if each else np.nan)
    return np.array(zeros)
