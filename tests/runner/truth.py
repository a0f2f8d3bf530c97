"""What the rig knows, compared with what a converted session claims."""

from pathlib import Path

import numpy as np
from rig import decode_time

from mimicry.runner.journal import Journal
from mimicry.runner.timebase import Segment


def server_seconds(segment: Segment, time_s: np.ndarray) -> np.ndarray:
    """Return CLOCK_MONOTONIC of recording times: the rig's and the server's own clock."""
    start, _ = segment.moment()
    return start + (time_s - segment.shift_us * 1e-6)


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
    return server_seconds(segment, np.array(claimed)) - np.array(true)


def light_onsets(changes: np.ndarray, *, above: float = 190, dark: float = 60) -> np.ndarray:
    """Return when the photodiode went from dark to light, in s of CLOCK_MONOTONIC."""
    times, values = changes[:, 0], changes[:, 1]
    state, found = "mid", []
    for t, v in zip(times, values, strict=True):
        if v < dark:
            state = "dark"
        elif v > above:
            if state == "dark":
                found.append(t)
            state = "light"
    return np.array(found)


def reported_onsets(journal: Journal, segment: Segment) -> np.ndarray:
    """Return the reported media zero of every video stimulus in s of CLOCK_MONOTONIC."""
    shown = [e for e in journal.events(segment.number) if e["type"] == "stimulus"]
    return server_seconds(segment, np.array([segment.time_s(e["onset_ms"]) for e in shown]))
