"""Nasty videos, each with the end that is right."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["VIDEO_CASES", "write_clip"]

Pictures = list["np.ndarray[Any, np.dtype[np.uint8]]"]
REFUSED, READ, WARNED = "refused", "read", "warned"


def pictures_of(path: Path, most: int = 100) -> Pictures:
    """Return the first frames of a video, RGB."""
    import av

    with av.open(str(path)) as video:
        frames = islice(video.decode(video=0), most)
        return [np.ascontiguousarray(f.to_ndarray(format="rgb24")) for f in frames]


def write_clip(
    path: Path,
    pictures: Pictures,
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    times_s: list[float] | None = None,
    container: str | None = None,
    rotate: int = 0,
) -> None:
    """Write pictures as a video."""
    import av

    path.unlink(missing_ok=True)
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.time_base = stream.codec_context.time_base = Fraction(1, 90000)
        if codec == "libx264":
            stream.options = {"preset": "ultrafast"}
        if codec in {"mjpeg", "gif", "png", "rawvideo", "mpeg4"}:
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        unit = stream.codec_context.time_base
        for k, rgb in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.rot90(rgb, rotate).copy(), format="rgb24")
            time_s = k / 25 if times_s is None else times_s[k]
            frame.pts, frame.time_base = round(time_s / unit), unit
            out.mux(stream.encode(frame))
        out.mux(stream.encode())


def _scaled(pictures: Pictures, width: int, height: int) -> Pictures:
    import cv2

    return [cv2.resize(p, (width, height)) for p in pictures]


def _made(change: Callable[[Pictures], Pictures], **how: Any) -> Callable[[Path], None]:
    """Write the sound clip's pictures, changed, in its place."""

    def done(path: Path) -> None:
        write_clip(path, change(pictures_of(path)), **how)

    return done


def _part(share: float, **how: Any) -> Callable[[Path], None]:
    """Keep the first bytes of a clip."""

    def done(path: Path) -> None:
        if how:
            write_clip(path, pictures_of(path) * 4, **how)
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])

    return done


def _spoilt_in_the_middle(path: Path) -> None:
    write_clip(path, pictures_of(path) * 4, container="matroska")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(1).bytes(3000)
    path.write_bytes(data)


def _sound_alone(path: Path) -> None:
    import av

    path.unlink()
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("aac", rate=8000)
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
        tone.sample_rate, tone.pts = 8000, 0
        out.mux(stream.encode(tone))
        out.mux(stream.encode())


def _same(pictures: Pictures) -> Pictures:
    return pictures


def _sizes() -> Iterator[tuple[str, Callable[[Path], None], str, str]]:
    for width, height in ((854, 480), (500, 376), (642, 482), (270, 480), (366, 206), (161, 121)):
        even = width % 2 == height % 2 == 0
        how = {} if even else {"codec": "ffv1", "pixels": "bgr0", "container": "matroska"}

        def change(p: Pictures, w: int = width, h: int = height) -> Pictures:
            scale = min(w / p[0].shape[1], h / p[0].shape[0])
            size = int(p[0].shape[1] * scale), int(p[0].shape[0] * scale)
            canvas = [np.full((h, w, 3), 90, np.uint8) for _ in p]
            for whole, small in zip(canvas, _scaled(p, *size), strict=True):
                whole[: size[1], : size[0]] = small
            return canvas

        yield f"{width}x{height}", _made(change, **how), READ, "a face in [1-9]"


VIDEO_CASES: tuple[tuple[str, Callable[[Path], None], str, str], ...] = (
    *_sizes(),
    ("4:4:4", _made(_same, pixels="yuv444p"), READ, "a face in [1-9]"),
    ("4:2:2, ten bits", _made(_same, pixels="yuv422p10le"), READ, "a face in [1-9]"),
    ("grey", _made(_same, pixels="gray"), READ, "a face in [1-9]"),
    ("a palette", _made(_same, codec="gif", pixels="rgb8", container="gif"), READ, "frames"),
    ("a transport stream", _made(_same, container="mpegts"), READ, "a face in [1-9]"),
    ("an old AVI", _made(_same, codec="mpeg4", container="avi"), READ, "a face in [1-9]"),
    ("Matroska by another ending", _made(_same, container="matroska"), READ, "a face in [1-9]"),
    ("one frame", _made(lambda p: p[:1]), READ, "1 frame"),
    ("two frames", _made(lambda p: p[:2]), READ, "2 frames"),
    ("black", _made(lambda p: [q * 0 for q in p]), WARNED, "no face"),
    ("white", _made(lambda p: [q * 0 + 255 for q in p]), WARNED, "no face"),
    ("16 pixels", _made(lambda p: _scaled(p, 16, 16)), WARNED, "no face"),
    ("one pixel", _made(lambda p: _scaled(p, 1, 1), codec="ffv1", pixels="bgr0",
                        container="matroska"), WARNED, "no face"),
    ("6000 pixels wide", _made(lambda p: _scaled(p[:2], 6000, 3000)), READ, "2 frames"),
    ("two people", _made(lambda p: [np.hstack([q, q[:, ::-1]]) for q in p]), WARNED, "face"),
    ("upside down", _made(lambda p: [q[::-1, ::-1] for q in p]), READ, "usable"),
    ("a hole of ten seconds", _made(_same, times_s=[k / 25 + 10 * (k > 12) for k in range(25)]),
     WARNED, "10"),
    ("times that begin at an hour", _made(_same, times_s=[3600 + k / 25 for k in range(25)],
                                          container="matroska"), READ, "frames"),
    ("cut short, without an index", _part(0.5), REFUSED, "index"),
    ("cut short, in a container that bears it", _part(0.6, container="matroska"), WARNED, "trunc"),
    ("noise in the middle", _spoilt_in_the_middle, WARNED, "corrupt|error|trunc"),
    ("sound alone", _sound_alone, REFUSED, "no video"),
    ("a play list", lambda p: p.write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n") and None, REFUSED,
     ""),
    ("a list of files", lambda p: p.write_text("ffconcat version 1.0\nfile /etc/passwd\n") and None,
     REFUSED, ""),
)  # fmt: skip
