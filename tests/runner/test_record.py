"""Recording with OpenCV; a video file at its own speed stands in for the camera."""

import json
import threading
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
from lab import flash_clip

from mimicry.capture.recording import record_camera
from mimicry.errors import InputError, OutputExistsError, RecordingError
from mimicry.runner.plan import CameraSettings
from mimicry.runner.record import record_plainly, recording_plan

CAMERA = CameraSettings()


def test_every_frame_is_in_the_video_at_its_host_time(tmp_path: Path) -> None:
    study, clip = tmp_path / "study", flash_clip(tmp_path / "clip.mp4")
    plan = recording_plan("01", "rest", camera=CAMERA)
    found, files = record_plainly(study, plan, clip)
    table = pd.read_csv(files["frames"], sep="\t", na_values="n/a")
    with av.open(str(files["video"])) as source:
        times = [round(f.pts * f.time_base * 1_000_000) for f in source.decode(video=0)]
    assert len(table) == 30
    assert found.dropped == 0
    assert times == [round(t * 1e6) for t in table.timestamp]
    assert abs(np.median(np.diff(times)) - 33_333) < 12_000
    about = json.loads(files["recording"].read_text())
    assert about["calibrated"] is False
    assert about["frames"]["in_video"] == 30
    assert "sub-01" in (study / "participants.tsv").read_text()


def test_a_recording_stops_when_it_is_told(tmp_path: Path) -> None:
    stop = threading.Event()
    found = record_camera(
        flash_clip(tmp_path / "clip.mp4"),
        tmp_path / "video.mp4",
        tmp_path / "frames.tsv",
        stop=stop,
        seen=lambda n, _: n >= 7 and stop.set(),
    )
    assert len(found.times_us) == 7


def test_an_earlier_recording_is_not_replaced(tmp_path: Path) -> None:
    plan = recording_plan("01", "rest", camera=CAMERA)
    clip = flash_clip(tmp_path / "clip.mp4")
    _, files = record_plainly(tmp_path, plan, clip, seconds=0.1)
    before = files["video"].read_bytes()
    with pytest.raises(OutputExistsError, match="already"):
        record_plainly(tmp_path, plan, clip)
    assert files["video"].read_bytes() == before


def test_a_missing_camera_is_one_sentence(tmp_path: Path) -> None:
    plan = recording_plan("01", "rest", camera=CAMERA)
    with pytest.raises(RecordingError, match="cannot be opened"):
        record_plainly(tmp_path, plan, tmp_path / "none.mp4")


def test_a_task_is_a_label(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="letters and digits"):
        recording_plan("01", "../x", camera=CAMERA)
