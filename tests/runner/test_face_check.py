"""The camera check sees what the analysis will see, and keeps nothing."""

import contextlib
import json
import os
import signal
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from served import Client, served

from mimicry.capture.video import VideoReader
from mimicry.runner import face_check
from mimicry.runner.face_check import FaceChecker
from mimicry.runner.journal import Refusal


@pytest.fixture(scope="module")
def checker():
    with FaceChecker() as look:
        yield look


def jpeg(rgb: np.ndarray) -> bytes:
    import cv2

    return cv2.imencode(".jpg", rgb[..., ::-1])[1].tobytes()


@pytest.fixture(scope="module")
def face(clips: Path) -> np.ndarray:
    with VideoReader(clips / "single_face.mp4") as video:
        return next(iter(video)).rgb


def test_a_good_picture_passes(checker: FaceChecker, face: np.ndarray) -> None:
    found = checker(jpeg(face))
    assert found["face"]
    assert found["pose"]["ok"]
    assert found["light"]["ok"]
    assert found["sharp"]["ok"]


def test_darkness_distance_and_blur_are_named(checker: FaceChecker, face: np.ndarray) -> None:
    import cv2

    dark = checker(jpeg((face * 0.25).astype(np.uint8)))
    assert "dark" in dark["light"]["text"]
    blurred = checker(jpeg(cv2.GaussianBlur(face, (0, 0), 9)))
    assert not blurred["sharp"]["ok"]
    height, width = face.shape[:2]
    far = np.full_like(face, 128)
    small = cv2.resize(face, (width // 3, height // 3), interpolation=cv2.INTER_AREA)
    far[: small.shape[0], : small.shape[1]] = small
    found = checker(jpeg(far))
    assert not found["face"] or "far" in found["size"]["text"]


def test_no_face_is_said(checker: FaceChecker) -> None:
    found = checker(jpeg(np.full((480, 640, 3), 128, np.uint8)))
    assert found["face"] is False
    assert found["light"]["ok"]


def test_the_page_gets_the_findings_and_a_bad_picture_is_refused(
    tmp_path: Path, checker: FaceChecker, face: np.ndarray
) -> None:
    with served(tmp_path, face_check=checker) as (client, journal):
        answer = client.ask("/api/v1/check", method="POST", body=jpeg(face))
        assert answer.json()["face"] is True
        assert client.ask("/api/v1/check", method="POST", body=b"no jpeg").status == 400
        assert client.ask("/api/v1/check", method="POST", body=b"x" * (3 << 20)).status == 413
        assert Client(client.server).ask("/api/v1/check", method="POST", body=b"x").status == 403
        assert {p.name for p in journal.folder.iterdir()} == {"plan.json", "session.key"}
    json.dumps(answer.json())


def with_size(picture: bytes, width: int, height: int) -> bytes:
    """Change the size that a JPEG declares."""
    at = picture.index(b"\xff\xc0")
    return picture[: at + 5] + struct.pack(">HH", height, width) + picture[at + 9 :]


def bombs(face: np.ndarray) -> dict[str, bytes]:
    import cv2

    good = jpeg(face)
    flat = zlib.compress(b"\0" * (1 << 20), 9)
    png = cv2.imencode(".png", face)[1].tobytes()
    return {
        "huge": with_size(good, 65_535, 65_535),
        "wide": with_size(good, 65_535, 600),
        "empty": with_size(good, 0, 0),
        "a huge PNG": png[:16] + struct.pack(">II", 60_000, 60_000) + png[24:] + flat,
        "cut": good[: len(good) // 8],
        "head alone": good[:4],
        "nothing": b"",
        "noise": np.random.default_rng(0).bytes(10_000),
        "text": b"<svg>" * 1000,
        "no end of segments": b"\xff\xd8" + b"\xff\xe0\0\0" * 1000,
        "filling": b"\xff\xd8" + b"\xff" * 100_000,
    }


def test_hostile_pictures_are_refused_and_the_check_goes_on(
    checker: FaceChecker, face: np.ndarray
) -> None:
    process = checker.pid
    for name, picture in bombs(face).items():
        with pytest.raises(Refusal) as refused:
            checker(picture)
        assert refused.value.status == 400, name
    assert checker(jpeg(face))["face"]
    assert checker.pid == process
    peak = Path(f"/proc/{process}/status").read_text().partition("VmHWM:")[2].split()[0]
    assert int(peak) < 2_000_000, "kB"


def test_a_check_that_was_ended_is_started_again(face: np.ndarray) -> None:
    with FaceChecker() as look:
        assert look(jpeg(face))["face"]
        os.kill(look.pid, signal.SIGKILL)
        for _ in range(2):
            with contextlib.suppress(Refusal):
                look(jpeg(face))
        assert look(jpeg(face))["face"]


def test_a_check_that_hangs_is_ended(face: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaceChecker() as look:
        assert look(jpeg(face))["face"]
        monkeypatch.setattr(face_check, "LIMIT_S", 0.3)
        os.kill(look.pid, signal.SIGSTOP)
        with pytest.raises(Refusal) as refused:
            look(jpeg(face))
        assert refused.value.status == 503
        monkeypatch.undo()
        assert look(jpeg(face))["face"]
