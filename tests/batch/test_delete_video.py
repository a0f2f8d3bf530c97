"""A video is deleted only when its landmarks hold every frame of it."""

from types import SimpleNamespace

import pytest

from mimicry.batch import work
from mimicry.batch.work import _delete_video, _options
from mimicry.errors import IntegrityError
from mimicry.files import sha256_of
from mimicry.records import ExtractionOptions
from mimicry.study.recordings import Task


class Landmarks:
    """Three frames in two chunks."""

    provenance: dict

    def __init__(self, path):
        assert path.name == "v_landmarks.parquet"

    def __iter__(self):
        return iter([[1, 2], [3]])


@pytest.mark.parametrize(
    ("frames", "same", "problem"),
    [(3, True, None), (2, True, "lacks frames"), (4, True, "lacks frames"),
     (None, True, "lacks frames"), (3, False, "of another video")],
)  # fmt: skip
def test_a_video_goes_only_with_all_its_frames(monkeypatch, tmp_path, frames, same, problem):
    video = tmp_path / "v.mp4"
    video.write_bytes(b"faces")
    digest = sha256_of(video) if same else "0" * 64
    Landmarks.provenance = {"video": {"frames": frames}, "input": {"sha256": digest}}
    monkeypatch.setattr(work, "LandmarkFile", Landmarks)
    task = Task(str(video), str(tmp_path), "v", "v", delete_video=True)
    if problem:
        with pytest.raises(IntegrityError, match=problem):
            _delete_video(task)
        assert video.exists()
        return
    _delete_video(task)
    assert not video.exists()
    _delete_video(task)  # it is gone: nothing to do


def test_an_empty_landmark_file_keeps_the_video(monkeypatch, tmp_path):
    video = tmp_path / "v.mp4"
    video.write_bytes(b"faces")
    empty = SimpleNamespace(provenance={"video": {"frames": 0}, "input": {}})
    made = type("Empty", (), {"provenance": empty.provenance, "__iter__": lambda _s: iter([])})()
    monkeypatch.setattr(work, "LandmarkFile", lambda _path: made)
    with pytest.raises(IntegrityError, match="lacks frames"):
        _delete_video(Task(str(video), str(tmp_path), "v", "v"))
    assert video.exists()


@pytest.mark.parametrize(
    ("name", "asked", "drawn"),
    [("a.mp4", True, True), ("a.MP4", True, True), ("a.mp4", False, False),
     ("a_landmarks.parquet", True, False)],
)  # fmt: skip
def test_a_first_picture_is_asked_of_videos_only(name, asked, drawn):
    task = Task(name, "/o", "a", "a", options=ExtractionOptions(debug_frame=asked, jobs=3))
    assert (_options(task).debug_frame, _options(task).jobs) == (drawn, 3)
