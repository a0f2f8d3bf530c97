"""After the last trial: the video goes only when its landmarks are safe; the report waits."""

import shutil
import threading
import time
from pathlib import Path

import pytest

from mimicry.errors import IntegrityError, TableError
from mimicry.pipeline import extract_recording
from mimicry.runner import session
from mimicry.runner.app import RunnerState
from mimicry.runner.session import forget_video


@pytest.fixture(scope="module")
def extracted(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A video and its landmark file."""
    folder = tmp_path_factory.mktemp("extracted")
    video = Path(shutil.copy(clips / "single_face.mp4", folder / "v_video.mp4"))
    return video, extract_recording(video, folder / "out").files["landmarks"]


@pytest.fixture
def scored(extracted: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path, Path]:
    """Copies: the video, the session's folder with a raw stream, the landmarks."""
    video = Path(shutil.copy(extracted[0], tmp_path / "video.mp4"))
    landmarks = Path(shutil.copy(extracted[1], tmp_path / "landmarks.parquet"))
    raw = tmp_path / "run"
    raw.mkdir()
    (raw / "seg-001_video.ivf").write_bytes(b"raw")
    (raw / "seg-001_events.jsonl").write_text("{}\n")
    return video, raw, landmarks


def test_a_video_is_deleted_in_both_places_once_its_landmarks_were_read(scored) -> None:
    video, raw, landmarks = scored
    forget_video(video, raw, landmarks)
    assert not video.exists()
    assert [p.name for p in raw.iterdir()] == ["seg-001_events.jsonl"]
    assert landmarks.exists()


def assert_kept(video: Path, raw: Path) -> None:
    assert video.exists()
    assert (raw / "seg-001_video.ivf").exists()


def test_a_damaged_landmark_file_keeps_the_video(scored) -> None:
    video, raw, landmarks = scored
    whole = landmarks.read_bytes()
    landmarks.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TableError):
        forget_video(video, raw, landmarks)
    assert_kept(video, raw)
    landmarks.unlink()
    with pytest.raises(TableError):
        forget_video(video, raw, landmarks)
    assert_kept(video, raw)


def test_landmarks_of_another_video_keep_the_video(scored) -> None:
    video, raw, landmarks = scored
    with video.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(IntegrityError, match="another video"):
        forget_video(video, raw, landmarks)
    assert_kept(video, raw)


def test_the_server_waits_for_an_operator_who_has_not_seen_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_AFTER_S", 0.3)
    state = RunnerState(report=tmp_path / "report.html")
    said: list[str] = []
    session._linger(state, said.append)
    assert said == [], "nobody looks on"
    done = threading.Event()

    def look_on() -> None:
        while not done.wait(0.02):
            state.operator_seen_s = time.monotonic()

    page = threading.Thread(target=look_on)
    page.start()
    waiting = threading.Thread(target=session._linger, args=(state, said.append))
    waiting.start()
    waiting.join(1.5)
    try:
        assert waiting.is_alive()
        assert len(said) == 1
        state.report_opened = True
        waiting.join(20)
        assert not waiting.is_alive()
    finally:
        done.set()
        page.join()
