"""Landmarks of real faces: one row a frame, IMAGE-mode numbers, nothing leaves the machine."""

import gc
import shutil
import subprocess
import sys

import numpy as np
import pytest

from mimicry.errors import IntegrityError, LibraryError, RecordingError
from mimicry.landmarks import LandmarkStream, WorkerPool, checked_model, extract_landmarks
from mimicry.landmarks.extract import join_tracks
from mimicry.landmarks.guard import GUARD, guarded_environment, is_guarded

ARRAYS = ("times_s", "points_px", "blendshapes", "head_pose", "luminance", "sharpness")


def assert_same(a, b):
    for name in ARRAYS:
        assert np.array_equal(getattr(a, name), getattr(b, name), equal_nan=True), name


@pytest.fixture(scope="module")
def face(clips):
    return extract_landmarks(clips / "single_face.mp4")


def test_every_frame_has_a_row_and_a_face_clip_has_faces(face):
    assert len(face) == 72
    assert face.tracked.all()
    assert face.points_px.shape == (72, 478, 3)
    assert face.image_size_px == (640, 360)
    assert face.points_px[:, :, 0].min() > 0
    assert face.points_px[:, :, 0].max() < 640


def test_left_of_the_person_is_right_in_the_image(face):
    """Landmark 33 is the person's right outer eye corner: further left in an unmirrored image."""
    assert (face.points_px[:, 33, 0] < face.points_px[:, 263, 0]).all()


def test_two_processes_give_the_same_bits_as_one(face, clips):
    assert_same(face, extract_landmarks(clips / "single_face.mp4", jobs=2))


def test_memory_view_and_public_objects_give_the_same_bits(face, clips):
    stream = LandmarkStream(clips / "single_face.mp4", raw=False)
    public = join_tracks(list(stream), {})
    assert stream.backend == "public"
    assert_same(face, public)


def test_where_the_face_leaves_rows_are_nan(clips):
    stream = LandmarkStream(clips / "face_noface.mov")
    with WorkerPool() as pool:
        stream._pool = pool
        track = join_tracks(list(stream), {})
    assert stream.backend == "raw"
    assert len(track) == 169
    assert 50 < track.tracked.sum() < 120
    gone = ~track.tracked
    for name in ("points_px", "blendshapes", "head_pose", "sharpness"):
        assert np.isnan(getattr(track, name)[gone]).all(), name
    assert np.isfinite(track.luminance).all()


def test_a_clip_without_a_face_has_rows_without_values(clips):
    track = extract_landmarks(clips / "no_face.mp4")
    assert len(track) == 95
    assert not track.tracked.any()


def test_one_process_serves_many_videos(face, clips):
    with WorkerPool() as pool:
        tracks = [
            join_tracks(list(LandmarkStream(clips / "single_face.mp4", pool=pool)), {})
            for _ in range(2)
        ]
        assert len(pool._idle) == 1
    assert_same(tracks[0], tracks[1])
    assert_same(tracks[0], face)


def test_a_consumer_that_stops_leaves_no_process(make_video, tmp_path):
    path = make_video(tmp_path / "long.mp4", frames=400)
    with WorkerPool() as pool:
        chunks = iter(LandmarkStream(path, pool=pool))
        next(chunks)
        worker = pool._busy[0]
        chunks.close()
        gc.collect()
        assert worker._process.poll() is not None
        assert not pool._idle


def test_progress_counts_frames_up_to_the_end(make_video, tmp_path):
    seen = []
    extract_landmarks(
        make_video(tmp_path / "a.mp4", frames=70), progress=lambda done, total: seen.append(done)
    )
    assert seen == [64, 70]


def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    with pytest.raises(RecordingError, match=r"text\.mp4.*not a readable video"):
        extract_landmarks(text)


def test_chatter_of_the_native_library_stays_away(clips):
    code = (
        "from mimicry.landmarks import extract_landmarks\n"
        f"print(len(extract_landmarks({str(clips / 'multi_face.jpg')!r})))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "1"
    assert run.stderr == ""


def test_a_process_that_dies_is_reported_with_its_last_words(monkeypatch, make_video, tmp_path):
    monkeypatch.setattr(
        "mimicry.landmarks.guard.guarded_environment",
        lambda: {**guarded_environment(), "http_proxy": "http://example.org"},
    )
    with pytest.raises(LibraryError, match="without the network guard"):
        extract_landmarks(make_video(tmp_path / "a.mp4", frames=2))


def test_the_guard_outranks_the_settings_of_the_user(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("https_proxy", "http://proxy.example.org")
    assert not is_guarded()
    guarded = guarded_environment()
    assert is_guarded(guarded)
    assert {guarded[name] for name in GUARD} == {"", "http://127.0.0.1:9"}


@pytest.mark.usefixtures("strace")
def test_no_connection_and_no_name_look_up_happens(clips, tmp_path):
    log = tmp_path / "trace"
    code = (
        "from mimicry.landmarks import extract_landmarks\n"
        f"print(extract_landmarks({str(clips / 'single_face.mp4')!r}).tracked.sum())"
    )
    trace = ["strace", "-f", "-qq", "-e", "trace=socket,connect,sendto,sendmsg", "-o", str(log)]
    run = subprocess.run(
        [*trace, sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "72"
    calls = [line for line in log.read_text().splitlines() if "AF_INET" in line]
    assert calls == []


def test_another_or_damaged_model_is_refused(tmp_path, monkeypatch):
    damaged = tmp_path / "face.task"
    damaged.write_bytes(checked_model().read_bytes()[:-1])
    with pytest.raises(IntegrityError, match=r"face\.task.*SHA-256.*`model`"):
        checked_model(damaged)
    with pytest.raises(IntegrityError, match="face model: file not found"):
        checked_model(tmp_path / "missing.task")
    monkeypatch.setenv("MIMICRY_FACE_MODEL", str(damaged))
    with pytest.raises(IntegrityError, match="MIMICRY_FACE_MODEL"):
        checked_model()


def test_a_named_copy_of_the_model_is_accepted(tmp_path, monkeypatch):
    copy = tmp_path / "copy.task"
    shutil.copy(checked_model(), copy)
    monkeypatch.setenv("MIMICRY_FACE_MODEL", str(copy))
    assert checked_model() == copy
