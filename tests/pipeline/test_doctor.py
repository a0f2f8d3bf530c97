"""Every check of the doctor is seen to fail once, and to warn where it can."""

from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mimicry.landmarks.guard import guarded_environment
from mimicry.landmarks.libraries import Library
from mimicry.pipeline import doctor
from mimicry.pipeline.doctor import audit, check_camera, check_environment

PYTHON = Library("Python", "3.13.1", "3.11, 3.12, 3.13", fits=True)
AV = Library("av", "17.0", ">=17,<20", fits=True)
OLD = Library("av", "12.0", ">=17,<20", fits=False)
GONE = Library("av", None, ">=17,<20", fits=False)


@pytest.fixture
def look(monkeypatch):
    """Look at one thing only; the others are not asked."""
    names = ("_versions", "_model", "_native", "_guard", "_landmarks", "_machine")

    def check(name, model=None):
        for other in set(names) - {name}:
            monkeypatch.setattr(doctor, other, lambda *_: None)
        return next(c for c in check_environment(model) if c is not None)

    return check


@pytest.mark.parametrize(
    ("known", "status", "part"),
    [
        ([PYTHON, AV], "ok", "all tested"),
        ([PYTHON, OLD], "warning", "never tested: av 12.0"),
        ([PYTHON, GONE], "failed", "missing: av. Install again"),
        ([PYTHON, OLD, GONE], "failed", "missing: av"),
        ([], "warning", "not installed (pip)"),
    ],
)
def test_versions_that_are_missing_fail_and_untested_ones_warn(
    monkeypatch, look, known, status, part
):
    monkeypatch.setattr(doctor, "libraries", lambda: known)
    found = look("_versions")
    assert (found.name, found.status) == ("versions", status)
    assert part in found.text
    expected = {"av": known[1].installed} if len(known) > 1 and known[1].installed else {}
    assert {k: v for k, v in found.details.items() if k == "av"} == expected


def test_a_model_that_is_not_there_or_is_another_fails(look, tmp_path):
    assert look("_model").status == "ok"
    assert look("_model", tmp_path / "none.task").status == "failed"
    (tmp_path / "other.task").write_bytes(b"another model")
    assert look("_model", tmp_path / "other.task").status == "failed"


def test_a_system_library_that_cannot_be_loaded_fails(monkeypatch, look):
    assert look("_native").status == "ok"
    monkeypatch.setattr("mimicry.landmarks.native._loads", lambda name: name != "libEGL.so.1")
    found = look("_native")
    assert (found.status, found.details) == ("failed", {"missing": ["libEGL.so.1"]})


@pytest.mark.parametrize(
    "hole",
    [{"http_proxy": ""}, {"https_proxy": ""}, {"no_proxy": "*"}, {"no_proxy": "example.org"}],
)
def test_a_guard_with_a_hole_fails(monkeypatch, look, hole):
    assert look("_guard").status == "ok"
    env = guarded_environment() | hole | {k.upper(): v for k, v in hole.items()}
    monkeypatch.setattr(doctor, "guarded_environment", lambda: env)
    found = look("_guard")
    assert found.status == "failed"
    assert "could reach out" in found.text


@pytest.mark.parametrize(
    ("number", "status"),
    [("0.10.33", "ok"), ("0.10.34", "warning"), ("0.9.99", "ok"), ("0.11.0", "warning"),
     ("1.0rc1", "warning"), (None, "warning")],
)  # fmt: skip
def test_a_mediapipe_that_reports_to_a_server_warns(monkeypatch, look, number, status):
    def version(name):
        if number is None:
            raise PackageNotFoundError(name)
        return number

    monkeypatch.setattr(doctor, "version", version)
    assert look("_guard").status == status


def test_a_landmark_process_that_cannot_start_fails(monkeypatch, look, tmp_path):
    found = look("_landmarks")
    assert (found.status, found.text) == ("ok", "a process started and measured 3 frames")
    (tmp_path / "other.task").write_bytes(b"another model")
    assert look("_landmarks", tmp_path / "other.task").status == "failed"


def test_little_space_warns(monkeypatch, look):
    def usage(free):
        return lambda _: SimpleNamespace(free=free)

    monkeypatch.setattr(doctor.shutil, "disk_usage", usage(1.99e9))
    found = look("_machine")
    assert found.status == "warning"
    assert "2.0 GB free" in found.text
    monkeypatch.setattr(doctor.shutil, "disk_usage", usage(2.0e9))
    assert look("_machine").status == "ok"


class Camera:
    """A camera that OpenCV could have opened: it gives so many pictures at so many seconds."""

    def __init__(self, times):
        self.times, self.left = times, len(times)

    def isOpened(self):
        """Tell whether it answers."""
        return self.left > 0

    def read(self):
        """Give a picture."""
        self.left -= 1
        return self.left >= -1, np.zeros((48, 64, 3), np.uint8)

    def release(self):
        """Be closed."""


@pytest.mark.parametrize(
    ("present", "times", "status", "part"),
    [
        (False, [], "skipped", "no camera is connected"),
        (None, [], "warning", "camera 3 does not answer"),
        (True, [0.0], "warning", "camera 3 does not answer"),
        (True, np.arange(40) / 30, "ok", "30.00 frames/s (steady)"),
        (True, np.arange(40) / 20, "ok", "20.00 frames/s (steady)"),
        (True, np.arange(40) / 19, "warning", "19.00 frames/s (steady)"),
        (True, np.r_[np.arange(20), np.arange(22, 40)] / 30, "warning", "1 gaps"),
    ],
)
def test_a_camera_that_is_slow_silent_or_jumps_warns(monkeypatch, present, times, status, part):
    cv2 = pytest.importorskip("cv2")
    clock = iter(times)
    monkeypatch.setattr(doctor, "camera_present", lambda: present)
    monkeypatch.setattr(cv2, "VideoCapture", lambda _: Camera(times))
    monkeypatch.setattr("mimicry.capture.camera.time.perf_counter", lambda: next(clock))
    found = check_camera(3)
    assert (found.name, found.status) == ("camera", status)
    assert part in found.text
    if len(times) > 1:
        assert found.details["size_px"] == [64, 48]


def table(path: Path, times: np.ndarray) -> Path:
    rows = {"frame": np.arange(1, len(times) + 1), "timestamp": times, "confidence": 0.98}
    pd.DataFrame(rows | {"success": 1, "AU12_r": 1.0}).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("times", "status", "part"),
    [
        (np.arange(60) / 30, "ok", "30.00 frames/s (steady), intervals 33.3 to 33.3 ms, 0 gaps"),
        (np.arange(60) / 15, "warning", "15.00 frames/s (steady)"),
        (np.delete(np.arange(60) / 30, [20, 21]), "warning", "intervals 33.3 to 100.0 ms, 1 gaps"),
        (np.cumsum(np.tile([0.03, 0.04], 30)), "ok", "(variable)"),
        (0.5 + np.zeros(1), "warning", "holds a single frame"),
    ],
)
def test_the_clock_of_a_table_is_judged(tmp_path, times, status, part):
    found = audit(table(tmp_path / "x.csv", times))
    assert (found.name, found.status) == ("x.csv", status)
    assert part in found.text


def test_a_damaged_video_warns(make_video, tmp_path):
    whole = make_video(tmp_path / "whole.mp4", frames=60)
    found = audit(whole)
    assert (found.status, found.details["video"]["truncated"]) == ("ok", False)
    assert "counting frames instead of reading times would be off by up to 0.000 s" in found.text
    raw = make_video(
        tmp_path / "front.mp4", frames=60, container_options={"movflags": "faststart"}
    ).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(raw[: len(raw) // 2])
    found = audit(tmp_path / "cut.mp4")
    assert found.status == "warning"
    assert found.text.endswith("the file is damaged (see details)")
