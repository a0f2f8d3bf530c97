"""Long videos out of short ones, for the benchmarks."""

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["default_clip", "looped", "mostly_empty", "repeated"]


def default_clip() -> Path:
    """A real face where the test data are at hand, else the rendered one of the sample study."""
    data = os.environ.get("MIMICRY_TEST_DATA", "")
    real = Path(data) / "clips" / "single_face.mp4"
    if data and real.is_file():
        return real
    from mimicry.files import asset_folder

    return next(asset_folder("sample_data").rglob("*_video.mp4"))


def looped(source: Path, target: Path, frames: int, *, rate: int = 30) -> Path:
    """Write `frames` frames of `source`, forwards and backwards in turn, as H.264."""
    return _write(_boomerang(source, frames), target, rate)


def mostly_empty(source: Path, target: Path, frames: int, *, rate: int = 30) -> Path:
    """Write `frames` frames at half the size of `source`: a tenth of it, the rest plain grey."""

    def pictures() -> Iterator[NDArray[np.uint8]]:
        for k, picture in enumerate(_boomerang(source, frames)):
            small = np.ascontiguousarray(picture[::2, ::2])
            yield small if k % 300 < 30 else np.full_like(small, 90)

    return _write(pictures(), target, rate)


def repeated(source: Path, target: Path, times: int, frames: int, *, rate: int = 30) -> Path:
    """Write a video of `frames` frames again and again without encoding it again."""
    import av

    with av.open(str(target), "w") as out:
        copy: Any = None
        for k in range(times):
            with av.open(str(source)) as video:
                track = video.streams.video[0]
                copy = copy or out.add_stream_from_template(track)
                shift = round(k * frames / rate / track.time_base)
                for packet in video.demux(track):
                    if packet.dts is None or packet.pts is None:
                        continue
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = copy
                    out.mux(packet)
    return target


def _write(pictures: Iterator[NDArray[np.uint8]], target: Path, rate: int) -> Path:
    import av

    with av.open(str(target), "w") as out:
        stream: Any = None
        for k, picture in enumerate(pictures):
            if stream is None:
                stream = out.add_stream("libx264", rate=rate, options={"preset": "veryfast"})
                stream.height, stream.width = (n // 2 * 2 for n in picture.shape[:2])
                stream.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = k, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return target


def _boomerang(source: Path, frames: int) -> Iterator[NDArray[np.uint8]]:
    from mimicry.capture.video import VideoReader

    with VideoReader(source) as video:
        pictures = [f.rgb for f in video if f.rgb is not None]
    there_and_back = pictures + pictures[-2:0:-1]
    for k in range(frames):
        yield there_and_back[k % len(there_and_back)]
