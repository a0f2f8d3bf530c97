"""The camera check sees what the analysis will see, and keeps nothing."""

import json
from pathlib import Path

import numpy as np
import pytest
from served import Client, served

from mimicry.capture.video import VideoReader
from mimicry.runner.face_check import FaceChecker


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
