"""Whatever the size, pixel format and rotation of a video: its pictures arrive as they are.

Rows of a decoded picture are padded where the width asks for it. A reader that overlooks the
padding gives a sheared picture.
"""

import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mimicry.capture.video import VideoReader

EXACT = {"bgr0", "rgb24", "pal8"}
FORMATS = {
    "yuv420p": "ffv1",
    "yuv422p": "ffv1",
    "yuv444p": "ffv1",
    "yuv420p10le": "ffv1",
    "gray": "ffv1",
    "nv12": "rawvideo",
    "rgb24": "png",
    "bgr0": "ffv1",
    "yuvj420p": "mjpeg",
    "pal8": "png",
}
COMMON = ("yuv420p", "nv12", "gray", "rgb24", "yuvj420p")  # what cameras and screens write
TURNS = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
MIRRORS = {
    "left and right": ((-1, 0, 0, 1), lambda p: p[:, ::-1]),
    "up and down": ((1, 0, 0, -1), lambda p: p[::-1]),
    "turned, then left and right": ((0, 1, 1, 0), lambda p: np.rot90(p, -1)[:, ::-1]),
    "turned, then up and down": ((0, -1, -1, 0), lambda p: np.rot90(p, -1)[::-1]),
}


def smooth(width: int, height: int) -> np.ndarray:
    """Slopes without edges, so that coding changes them little; a shear changes them a lot."""
    x, y = np.linspace(0, 1, width), np.linspace(0, 1, height)[:, None]
    grey = 255 * (0.5 + 0.5 * np.cos(3 * x) * np.sin(4 * y + 0.5))
    return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)


def wrote(path: Path, picture: np.ndarray, pixels: str, *, aspect: Fraction = Fraction(1)) -> Path:
    """Write one picture twice, in a pixel format."""
    import av

    height, width = picture.shape[:2]
    with av.open(str(path), "w") as out:
        stream = out.add_stream(FORMATS[pixels], rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.codec_context.sample_aspect_ratio = aspect
        stream.codec_context.time_base = Fraction(1, 25)
        for k in range(2):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = (
                frame.reformat(format=pixels, threads=1) if pixels != "pal8" else palette(picture)
            )
            frame.pts, frame.time_base = k, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def palette(picture: np.ndarray):
    """Give a frame of grey levels by number, with the colour table beside it."""
    import av

    colours = np.zeros((256, 4), np.uint8)
    colours[:, 0], colours[:, 1:] = 255, np.arange(256)[:, None]
    return av.VideoFrame.from_ndarray((np.ascontiguousarray(picture[..., 0]), colours), "pal8")


def judged(path: Path) -> list[np.ndarray]:
    """Convert with the decoder's own library, and cut the padding off row by row."""
    import av

    found = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            plane = frame.reformat(format="rgb24", threads=1).planes[0]
            rows = bytes(plane)
            step = plane.line_size
            cut = [rows[y * step : y * step + 3 * plane.width] for y in range(plane.height)]
            flat = np.frombuffer(b"".join(cut), np.uint8)
            found.append(flat.reshape(plane.height, plane.width, 3))
    return found


def read(path: Path) -> list[np.ndarray]:
    with VideoReader(path) as video:
        return [frame.rgb for frame in video]


@pytest.mark.parametrize(
    "pixels",
    [p if p in COMMON else pytest.param(p, marks=pytest.mark.slow) for p in FORMATS],
)
def test_every_width_modulo_64_in_every_pixel_format(tmp_path, pixels):
    for width in range(128, 192):
        picture = smooth(width, 45 + width % 7)
        path = wrote(tmp_path / ("a.avi" if FORMATS[pixels] == "png" else "a.mkv"), picture, pixels)
        pictures, judges = read(path), judged(path)
        assert len(pictures) == 2
        for found, judge in zip(pictures, judges, strict=True):
            assert found.flags.c_contiguous
            assert np.array_equal(found, judge), (pixels, width)
            off = np.abs(found.astype(int) - picture)
            assert off.max() <= (0 if pixels in EXACT else 12), (pixels, width)


@pytest.mark.parametrize("degrees", TURNS)
def test_every_width_modulo_64_at_every_rotation(tmp_path, degrees):
    for width in range(128, 192):
        picture = smooth(width, 61)
        plain = wrote(tmp_path / "plain.mov", picture, "rgb24")
        turned = turn(plain, tmp_path / "turned.mov", degrees)
        for found in read(turned):
            assert found.flags.c_contiguous
            assert np.array_equal(found, np.rot90(picture, -degrees // 90)), width


@pytest.mark.parametrize("name", MIRRORS)
def test_mirrors_are_no_half_turns(tmp_path, name):
    """Front cameras store mirrored pictures; taken for a turn, they would stand on their heads."""
    matrix, mirrored = MIRRORS[name]
    picture = smooth(129, 61)
    plain = wrote(tmp_path / "plain.mov", picture, "rgb24")
    with VideoReader(turn(plain, tmp_path / "mirror.mov", matrix)) as video:
        found = [frame.rgb for frame in video]
    for rgb in found:
        assert rgb.flags.c_contiguous
        assert np.array_equal(rgb, mirrored(picture))
    assert video.report.mirrored
    assert video.report.size_px == found[0].shape[1::-1]


def turn(source: Path, target: Path, degrees: int | tuple[int, int, int, int]) -> Path:
    """Copy a file with another display matrix in its track header."""
    raw = bytearray(source.read_bytes())
    header = raw.find(b"tkhd")
    start = header + 4 + (40 if raw[header + 4] == 0 else 52)
    matrix = degrees if isinstance(degrees, tuple) else TURNS[degrees]
    a, b, c, d = (value << 16 for value in matrix)
    raw[start : start + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    target.write_bytes(raw)
    return target


@pytest.mark.parametrize("degrees", [0, 90])
@pytest.mark.parametrize(("shape", "wide"), [((4, 3), 200), ((16, 15), 160), ((1280, 1281), 150)])
def test_pixels_that_are_not_square_are_made_square(tmp_path, degrees, shape, wide):
    """As in the tapes and files of camcorders: what is seen is a circle, not an ellipse."""
    path = tmp_path / "narrow.mov"
    wrote(path, smooth(150, 61), "rgb24", aspect=Fraction(*shape))
    turned = turn(path, tmp_path / "turned.mov", degrees)
    with VideoReader(turned) as video:
        found = [frame.rgb for frame in video]
    assert video.report.size_px == ((wide, 61) if degrees == 0 else (61, wide))
    assert video.report.pixel_aspect == (float(Fraction(*shape)) if wide != 150 else 1.0)
    judge = np.rot90(smooth(wide, 61), -degrees // 90)
    for picture in found:
        assert picture.flags.c_contiguous
        assert picture.shape == judge.shape
        assert np.abs(picture.astype(int) - judge).max() < 6


def test_frames_of_another_size_are_counted(tmp_path):
    """A call's picture shrinks when the line is bad."""
    parts = [wrote(tmp_path / f"{w}.mjpeg", smooth(w, 48), "yuvj420p") for w in (64, 131)]
    both = tmp_path / "both.mjpeg"
    both.write_bytes(b"".join(p.read_bytes() for p in parts))
    with VideoReader(both) as video:
        shapes = [frame.rgb.shape[1] for frame in video]
    assert shapes == [64, 64, 131, 131]
    assert video.report.size_px == (64, 48)
    assert video.report.resized_frames == 2
