"""Turns, mirrors and pixel shapes of pictures, and what a camera's recording counts."""

import io
import threading
import time
from fractions import Fraction
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest

from mimicry.capture import camera as camera_module
from mimicry.capture import recording
from mimicry.capture.camera import probe_camera
from mimicry.capture.recording import CameraRecording, record_camera
from mimicry.capture.upright import View, pixel_aspect, turned, view_of
from mimicry.capture.writer import HEAD, write_frames
from mimicry.errors import RecordingError

PICTURE = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


def frame(a, b, c, d):
    matrix = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], np.int32)
    return SimpleNamespace(side_data={"DISPLAYMATRIX": matrix.tobytes()})


# x' = a x + c y, y' = b x + d y of the display matrix, for a picture of 4 by 2
MATRICES = {
    "as it is": ((9, 0, 0, 9), View(), lambda p: p),
    "half a turn": ((-9, 0, 0, -9), View(False, True, True), lambda p: p[::-1, ::-1]),
    "left is right": ((-9, 0, 0, 9), View(False, True, False), lambda p: p[:, ::-1]),
    "top is bottom": ((9, 0, 0, -9), View(False, False, True), lambda p: p[::-1]),
    "a quarter right": ((0, 9, -9, 0), View(True, True, False), lambda p: np.rot90(p, -1)),
    "a quarter left": ((0, -9, 9, 0), View(True, False, True), np.rot90),
    "rows are columns": ((0, 9, 9, 0), View(True), lambda p: p.transpose(1, 0, 2)),
    "other corner": (
        (0, -9, -9, 0), View(True, True, True), lambda p: p[::-1, ::-1].transpose(1, 0, 2),
    ),
    "nearly straight": ((9, 8, -8, 9), View(), lambda p: p),
    "an eighth of a turn": ((9, 9, -9, 9), View(), lambda p: p),
}  # fmt: skip


@pytest.mark.parametrize("name", MATRICES)
def test_a_display_matrix_turns_and_mirrors(name):
    matrix, view, expected = MATRICES[name]
    assert view_of(frame(*matrix)) == view
    np.testing.assert_array_equal(turned(PICTURE, view), expected(PICTURE))
    a, b, c, d = matrix
    assert view.mirrored == (a * d - b * c < 0)


@pytest.mark.parametrize(
    ("told", "aspect"),
    [(None, 1), (1, 1), (1.009, 1), (0.991, 1), (1.011, 1.011), (0.989, 0.989), (4, 4), (4.01, 1),
     (0.25, 0.25), (0.24, 1), (64 / 45, 64 / 45)],
)  # fmt: skip
def test_only_pixels_that_are_clearly_odd_and_no_nonsense_are_stretched(told, aspect):
    assert pixel_aspect(SimpleNamespace(sample_aspect_ratio=told)) == aspect


class Camera:
    """Stands for a camera; `pictures` are read, then reads fail for ever."""

    def __init__(self, pictures, opened=True):
        self.pictures, self.opened, self.asked, self.grabs = list(pictures), opened, {}, 0

    def isOpened(self):
        """Tell whether it answers."""
        return self.opened

    def set(self, key, value):
        """Note what was asked for."""
        self.asked[key] = value

    def get(self, _key):
        """Return no pace."""
        return 0.0

    def read(self):
        """Return the next picture."""
        return self.retrieve() if self.pictures else (False, None)

    def grab(self):
        """Tell whether a picture is there."""
        self.grabs += 1
        return bool(self.pictures)

    def retrieve(self):
        """Return it."""
        picture = self.pictures.pop(0)
        return picture is not None, picture

    def release(self):
        """Let go."""
        self.opened = False


class Writer:
    """Takes the first frame, then every second one."""

    def __init__(self, video, width, height):
        self.size, self.got = (width, height), 0
        Writer.last = self

    def put(self, us, picture):
        """Take every second frame."""
        assert picture.shape == (self.size[1], self.size[0], 3)
        self.got += 1
        return self.got % 2 == 1

    def close(self):
        """Note the end."""
        self.closed = True


@pytest.fixture
def filmed(monkeypatch, tmp_path):
    """Record from a made camera."""
    monkeypatch.setattr(recording, "_Writer", Writer)
    clock = SimpleNamespace(
        time=time.time, monotonic_ns=time.monotonic_ns, monotonic=time.monotonic, sleep=int
    )
    monkeypatch.setattr(recording, "time", clock)

    def film(camera, **keys):
        monkeypatch.setattr(cv2, "VideoCapture", lambda _source: camera)
        made = record_camera(0, tmp_path / "v.mp4", tmp_path / "f.tsv", **keys)
        assert not camera.opened
        return made, (tmp_path / "f.tsv").read_text().splitlines()

    return film


def test_every_frame_of_a_camera_has_a_row_and_its_size_is_even(filmed):
    seen = []
    camera = Camera([np.zeros((7, 9, 3), np.uint8)] * 5)
    made, table = filmed(camera, size_px=(9, 7), fps=25.0, seen=lambda *n: seen.append(n))
    assert made.size_px == Writer.last.size == (8, 6)
    assert made.written == [True, False, True, False, True]
    assert seen == [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)]
    assert made.dropped == 2
    assert made.times_us[0] == 0
    assert min(np.diff(made.times_us)) >= 1
    assert table[0] == "frame\ttimestamp\tencoded"
    cells = [line.split("\t") for line in table[1:]]
    assert [(a, c) for a, _, c in cells] == [
        ("0", "1"), ("n/a", "0"), ("1", "1"), ("n/a", "0"), ("2", "1"),
    ]  # fmt: skip
    assert [float(b) for _, b, _ in cells] == [us / 1e6 for us in made.times_us]
    assert camera.asked == {
        cv2.CAP_PROP_FRAME_WIDTH: 9, cv2.CAP_PROP_FRAME_HEIGHT: 7, cv2.CAP_PROP_FPS: 25.0,
        cv2.CAP_PROP_BUFFERSIZE: 2,
    }  # fmt: skip
    # the camera is gone after 51 reads without a picture
    assert (made.failed_reads, camera.grabs) == (51, 4 + 51)
    assert Writer.last.closed


def test_a_camera_is_asked_for_30_pictures_of_640_by_480_a_second(filmed):
    camera = Camera([np.zeros((4, 4, 3), np.uint8)])
    filmed(camera, seconds=0.0)
    assert camera.asked == {
        cv2.CAP_PROP_FRAME_WIDTH: 640, cv2.CAP_PROP_FRAME_HEIGHT: 480, cv2.CAP_PROP_FPS: 30.0,
        cv2.CAP_PROP_BUFFERSIZE: 2,
    }  # fmt: skip


def test_a_recording_ends_when_it_is_told_when_time_is_up_or_without_a_picture(filmed):
    picture = np.zeros((4, 4, 3), np.uint8)
    stop = threading.Event()
    stop.set()
    assert len(filmed(Camera([picture] * 9), stop=stop)[0].times_us) == 1
    assert len(filmed(Camera([picture] * 9), seconds=0.0)[0].times_us) == 1
    assert len(filmed(Camera([picture] * 3 + [None]))[0].times_us) == 3
    with pytest.raises(RecordingError, match="cannot be opened"):
        filmed(Camera([], opened=False))
    with pytest.raises(RecordingError, match="gives no picture"):
        filmed(Camera([]))
    made = CameraRecording("v")
    assert (made.started_unix_s, made.failed_reads, made.dropped) == (0.0, 0, 0)


def test_a_camera_is_described_from_two_frames_on(monkeypatch):
    picture = np.zeros((3, 5, 3), np.uint8)

    def probe(n, *, opened=True, frames=60):
        monkeypatch.setattr(cv2, "VideoCapture", lambda _index: Camera([picture] * n, opened))
        clock = iter(np.arange(1000) / 50)
        times = SimpleNamespace(perf_counter=lambda: next(clock))
        monkeypatch.setattr(camera_module, "time", times)
        return probe_camera(frames=frames)

    monkeypatch.setenv("OPENCV_LOG_LEVEL", "OFF")
    assert probe(0) is probe(9, opened=False) is probe(2) is probe(9, frames=1) is None
    assert probe(9, frames=2)["size_px"] == [5, 3]
    assert probe(80)["duration_s"] == pytest.approx(59 / 50)
    assert probe(80, frames=7)["duration_s"] == pytest.approx(6 / 50)
    # a camera that is unplugged is described by what it gave
    assert probe(4)["size_px"] == [5, 3]


def test_frames_are_written_at_their_times_with_a_key_frame_every_second(tmp_path):
    """The last frame came only in part: it is left out."""
    stamps = [0, 33_333, 90_001, 999_999, 1_000_000, 1_700_000, 2_000_000]
    body = b"".join(HEAD.pack(us) + bytes([k]) * (16 * 32 * 3) for k, us in enumerate(stamps))
    sent = io.BytesIO(body + HEAD.pack(9_000_000) + b"half")
    assert write_frames(sent, tmp_path / "v.mp4", 32, 16) == len(stamps)
    with av.open(str(tmp_path / "v.mp4")) as video:
        frames = list(video.decode(video=0))
    assert [f.pts * f.time_base for f in frames] == [Fraction(us, 1_000_000) for us in stamps]
    assert [f.time for f in frames if f.key_frame] == [0.0, 1.0, 2.0]
    assert (frames[0].width, frames[0].height) == (32, 16)
