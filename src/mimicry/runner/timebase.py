"""One clock for a session: which moment of the recording a page time or a camera time is.

Time zero is the capture time of the session's first camera frame. Camera frames carry their own
time stamps in microseconds; within one page load (a segment) a constant leads from them to the
page's clock, measured when the recording started. Page loads are placed behind one another by
the server's clock.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import InputError, QualityWarning
from mimicry.files import check_shape, read_json_lines
from mimicry.runner.stored import STREAMS

__all__ = ["LONGEST_GAP_S", "Segment", "place_segments", "read_events", "read_segment"]

LONGEST_GAP_S = 600.0
_CLOCKS_DIFFER_S = 5.0


@dataclass(frozen=True, eq=False)
class Segment:
    """What one page load recorded.

    `frame_us (F,)` are the camera's time stamps, `arrival_ms (F,)` the page's time when each
    frame arrived, `asked (F,)` whether it was handed to the encoder. `shift_us` is the
    recording time of `zero_us` (the first frame's time stamp).
    """

    number: int
    events: tuple[Mapping[str, Any], ...]
    frame_us: NDArray[np.int64]
    arrival_ms: NDArray[np.float64]
    asked: NDArray[np.bool_]
    video: Path
    shift_us: int = 0

    def first(self, kind: str) -> Mapping[str, Any]:
        """Return the first event of a kind, or an empty one."""
        return next((e for e in self.events if e["type"] == kind), {})

    @property
    def constant_ms(self) -> float | None:
        """Return page time minus camera time stamp; None without a camera."""
        value = self.first("capture_clock").get("constant_ms")
        return None if value is None else float(value)

    @property
    def zero_page_ms(self) -> float:
        """Return page time of the segment's first frame, or its start without a camera."""
        constant = self.constant_ms
        if constant is None or not len(self.frame_us):
            return float(self.first("segment_start").get("t", 0.0))
        return float(self.frame_us[0]) / 1000 + constant

    def time_s(self, page_ms: float) -> float:
        """Return the recording time of a page time."""
        return (page_ms - self.zero_page_ms) / 1000 + self.shift_us * 1e-6

    def pts_us(self) -> NDArray[np.int64]:
        """Return the recording time of every frame, in whole microseconds."""
        if not len(self.frame_us):
            return self.frame_us
        return np.asarray(self.frame_us - self.frame_us[0] + self.shift_us, np.int64)

    def moment(self) -> tuple[float, float]:
        """Return the segment's zero on the server's clock and as unix time, in s."""
        start = self.first("segment_start")
        samples = [start.get("clock"), self.first("segment_end").get("clock")]
        known = [c for c in samples if c] or [{"page_ms": 0.0, "server_ns": "0", "rtt_ms": 0.0}]
        clock = min(known, key=lambda c: float(c["rtt_ms"]))
        server = int(clock["server_ns"]) * 1e-9 + (self.zero_page_ms - clock["page_ms"]) / 1000
        return server, (float(start.get("timeOrigin", 0.0)) + self.zero_page_ms) / 1000


def read_segment(folder: Path, number: int) -> Segment:
    """Read one segment's streams; a missing stream is an empty one."""

    def path(stream: str) -> Path:
        return folder / f"seg-{number:03d}_{STREAMS[stream]}"

    events: list[dict[str, Any]] = []
    frames: list[tuple[int, float, bool]] = []
    lost = 0
    if path("events").exists():
        events, lost = read_events(path("events"))
    if path("frames").exists():
        rows = [_frame(x) for x in path("frames").read_bytes().split(b"\n")[1:] if x]
        frames = [row for row in rows if row]
        lost += len(rows) - len(frames)
    if lost:
        text = f"{folder.name}, segment {number}: {lost} damaged lines of the journal were left out"
        warnings.warn(QualityWarning(text), stacklevel=2)
    stamps, arrival, asked = zip(*frames, strict=True) if frames else ((), (), ())
    return Segment(
        number,
        tuple(events),
        np.array(stamps, np.int64),
        np.array(arrival, np.float64),
        np.array(asked, bool),
        path("video"),
    )


_NUMBER = (float, None)
_CLOCK = {"page_ms": float, "server_ns": str, "rtt_ms": float}
_EVENT = {"type": str, "t?": float, "step?": str}
_EVENTS: dict[str, Mapping[str, Any]] = {
    "segment_start": {"t": float, "timeOrigin?": float, "clock?": (_CLOCK, None)},
    "segment_end": {"clock?": (_CLOCK, None)},
    "capture_clock": {"constant_ms?": _NUMBER},
    "marker": {"t": float},
    "step_start": {"step": str},
    "step_end": {"step": str, "flags?": [str]},
    "stimulus": {
        "step": str,
        "kind": str,
        "onset_ms": float,
        "end": float,
        "onset_source": str,
        "onset_spread_ms?": _NUMBER,
        "period_ms?": _NUMBER,
        "dropped?": _NUMBER,
    },
    "rating": {"step": str, "question": str, "shown_ms": float, "rt_ms": float},
}


def read_events(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Return what the page reported in one segment, and how many lines are damaged."""
    lines, damaged = read_json_lines(path, _EVENT)
    good = []
    for event in lines:
        try:
            check_shape(event, _EVENTS.get(event["type"], {}), path=path)
        except InputError:
            continue
        good.append(event)
    return good, len(damaged) + len(lines) - len(good)


def _frame(line: bytes) -> tuple[int, float, bool] | None:
    """Return camera time, time of arrival and whether it was encoded; None: a damaged line."""
    try:
        _, stamp, arrival, asked = line.split(b"\t")
        values = int(stamp), float(arrival), bool(int(asked))
    except ValueError:
        return None
    return values if abs(values[0]) < 1 << 62 and math.isfinite(values[1]) else None


def place_segments(segments: Sequence[Segment]) -> list[Segment]:
    """Give every segment its place on the session's clock.

    A gap is taken from the server's clock, from the computer's date where the two differ by
    more than 5 s (the computer was restarted), and is shortened to 10 minutes: no trial spans
    a gap, and video files cannot hold longer ones at full precision.
    """
    placed = list(segments[:1])
    for segment in segments[1:]:
        last = placed[-1]
        server, unix = (b - a for a, b in zip(last.moment(), segment.moment(), strict=True))
        step = server if abs(server - unix) < _CLOCKS_DIFFER_S else unix
        length = (last.frame_us[-1] - last.frame_us[0]) * 1e-6 if len(last.frame_us) else 0.0
        gap = min(max(step - length, 0.1), LONGEST_GAP_S)
        shift = last.shift_us + round((length + gap) * 1e6)
        placed.append(replace(segment, shift_us=shift))
    return placed
