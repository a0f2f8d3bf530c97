"""Places, boxes and environments around the face detector, computed by hand."""

import os
import platform

import numpy as np
import pytest

from mimicry.landmarks import native
from mimicry.landmarks.choose import RULES, FaceChooser
from mimicry.landmarks.guard import GUARD, guarded_environment, is_guarded
from mimicry.landmarks.native import DEBIAN_PACKAGES, install_command, missing_libraries, named_in
from mimicry.landmarks.worker import _face_box, _looks


def faces(*frames):
    """(n, 2, 2, 3) two corners of squares (x, size)."""
    points = np.full((len(frames), 2, 2, 3), np.nan, np.float32)
    for row, squares in enumerate(frames):
        for k, (x, size) in enumerate(squares):
            points[row, k, :, :2] = [(x, 0), (x + size, size)]
    return points


def chosen(chooser, *frames, at=None):
    times = np.arange(len(frames)) / 25 if at is None else np.asarray(at, float)
    return chooser.choose(faces(*frames), times).tolist()


def test_another_face_is_forgotten_after_a_second_and_not_before():
    for wait, answer in [(1.0, [0, -1]), (1.01, [0, 0])]:
        both = [(100, 40), (0, 20)]
        assert chosen(FaceChooser(), both, [(4, 40)], at=[0.0, wait]) == answer
    left = FaceChooser("left")
    assert chosen(left, [(0, 20), (100, 40)], [(99, 40)], at=[0.0, 50.0]) == [0, -1]


def test_centres_nearer_than_half_a_face_are_one_face():
    # areas of 40 by 40: half a face is 20; the lone face is nearer to the second
    assert chosen(FaceChooser(), [(100, 40), (120, 40)], [(125, 40)]) == [0, -1]
    assert chosen(FaceChooser(), [(100, 40), (119, 40)], [(125, 40)]) == [0, 0]
    assert chosen(FaceChooser(), [(100, 40), (160, 40)], [(130, 40)]) == [0, 0]  # as near to both


def test_the_first_frame_with_two_faces_is_counted_from_the_start():
    assert RULES == ("largest", "left", "right")
    right = FaceChooser("right")
    assert chosen(right, [(0, 9)], [], [(3, 9)], [(100, 9), (0, 9)]) == [0, -1, 0, 0]
    assert (right.frames_before_both, right.both_seen) == (3, True)
    one = [(0, 9)]
    others = right.before_both().others(faces(one, [], [(99, 9)])[:, 0], np.arange(3) / 25)
    assert others.tolist() == [True, False, False]
    assert FaceChooser().frames_before_both == 0
    plain = FaceChooser()
    assert chosen(plain, one, one, [(100, 9), (0, 9)]) == [0, 0, 1]
    assert (plain.frames_before_both, plain.both_seen) == (0, False)


def test_a_box_holds_the_face_and_stays_in_the_picture():
    points = np.array([[10.2, 20.7, 0], [30.1, 40.2, 0]], np.float32)
    assert _face_box(points, 100, 100) == (slice(20, 41), slice(10, 31))
    assert _face_box(points, 25, 30) == (slice(20, 30), slice(10, 25))
    assert _face_box(points - 15, 100, 100) == (slice(5, 26), slice(0, 16))
    assert _face_box(points - 50, 100, 100) == (slice(0, 0), slice(0, 0))
    assert _face_box(points + 200, 100, 100) == (slice(220, 220), slice(210, 210))


def test_light_and_sharpness_of_a_box():
    cv2 = pytest.importorskip("cv2")
    rgb = np.full((9, 9, 3), 50, np.uint8)
    rgb[4, 4] = 200
    whole = (slice(0, 9), slice(0, 9))
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    light, sharp = _looks(rgb, whole)
    assert light == pytest.approx((80 * 50 + 200) / 81)
    assert sharp == pytest.approx(cv2.Laplacian(luma, cv2.CV_64F).var())
    assert sharp == pytest.approx((600**2 + 4 * 150**2) / 81)
    assert _looks(rgb, (slice(0, 3), slice(0, 3))) == (50.0, 0.0)
    for box in ((slice(0, 2), slice(0, 9)), (slice(0, 9), slice(0, 2)), (slice(3, 3),) * 2):
        assert np.isnan(_looks(rgb, box)).all()


def test_a_library_that_is_missing_has_its_package(monkeypatch):
    assert DEBIAN_PACKAGES == {
        "libGL.so.1": "libgl1", "libEGL.so.1": "libegl1", "libGLESv2.so.2": "libgles2",
        "libglib-2.0.so.0": "libglib2.0-0", "libgthread-2.0.so.0": "libglib2.0-0",
    }  # fmt: skip
    install = "sudo apt-get install -y "
    assert install_command(["libgthread-2.0.so.0", "libGL.so.1", "libx.so"]) == (
        install + "libgl1 libglib2.0-0"
    )
    assert install_command([]) == install + "libegl1 libgl1 libgles2 libglib2.0-0"
    error = "ImportError: libGL.so.1: cannot open shared object file: No such file"
    assert named_in(error) == "libGL.so.1"
    assert named_in("libGL.so.1: wrong class") is None
    monkeypatch.setattr(platform, "system", lambda: "Linux")

    def load(name):
        if "GL" in name:
            raise OSError(name)

    monkeypatch.setattr(native.ctypes, "CDLL", load)
    assert missing_libraries() == ["libGL.so.1", "libEGL.so.1", "libGLESv2.so.2"]
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert missing_libraries() == []


def test_a_landmark_process_has_one_thread_a_guard_and_large_pages(monkeypatch):
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    monkeypatch.setenv("PYTHONPATH", "mine")
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    monkeypatch.setenv("NO_PROXY", "*")
    made = guarded_environment()
    assert made["GLIBC_TUNABLES"] == (
        "glibc.malloc.hugetlb=1:glibc.malloc.top_pad=67108864:"
        "glibc.malloc.trim_threshold=268435456:glibc.malloc.mmap_threshold=33554432"
    )
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    assert {made[name] for name in threads} == {"1"}
    assert made["PYTHONPATH"].split(os.pathsep)[1:] == ["mine"]
    words = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy")
    nowhere = dict.fromkeys([*words, *map(str.upper, words)], "http://127.0.0.1:9")
    assert dict(GUARD) == nowhere | {"no_proxy": "", "NO_PROXY": ""}
    assert is_guarded(made)
    assert not is_guarded(made | {"NO_PROXY": "*"})
    assert not is_guarded({})
    monkeypatch.setenv("GLIBC_TUNABLES", "theirs")
    assert guarded_environment()["GLIBC_TUNABLES"] == "theirs"
