"""The recorded packets into one MP4, byte for byte, with the cameras' times in microseconds."""

import warnings
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import QualityWarning, RecordingError
from mimicry.files import atomic_path
from mimicry.runner.timebase import Segment

__all__ = ["write_video"]

_US = Fraction(1, 1_000_000)


def write_video(path: Path, segments: Sequence[Segment]) -> list[NDArray[np.int64]]:
    """Write the video; nothing is decoded or encoded again.

    Returns
    -------
    list
        For every segment the camera time stamps (us) of the frames that stand in the file.
    """
    import av

    kept: list[NDArray[np.int64]] = []
    with atomic_path(path) as temporary:
        options = {"video_track_timescale": "1000000"}
        with av.open(str(temporary), "w", format="mp4", options=options) as out:
            stream = None
            for segment in segments:
                stamps: list[int] = []
                if segment.video.exists() and segment.video.stat().st_size > 32:
                    try:
                        stream = _copy(segment, out, stream, stamps)
                    except (av.error.FFmpegError, IndexError) as error:
                        lost = f"{segment.video.name} is damaged ({error}); what was read is kept"
                        warnings.warn(QualityWarning(lost), stacklevel=2)
                kept.append(np.array(stamps, np.int64))
            if stream is None:
                raise RecordingError("the session's video holds no frame", path=path)
    return kept


def _copy(segment: Segment, out: Any, stream: Any, stamps: list[int]) -> Any:
    """Put a segment's packets behind those of the others; note their time stamps."""
    import av

    with av.open(str(segment.video), format="ivf") as source:
        stream = stream or out.add_stream_from_template(source.streams.video[0])
        zero = int(segment.frame_us[0]) if len(segment.frame_us) else None
        for packet in source.demux(video=0):
            if not packet.size or packet.pts is None or packet.time_base is None:
                continue
            stamp = round(packet.pts * packet.time_base / _US)
            zero = stamp if zero is None else zero
            packet.stream = stream
            packet.time_base = _US
            packet.pts = packet.dts = stamp - zero + segment.shift_us
            out.mux(packet)
            stamps.append(stamp)
    return stream
