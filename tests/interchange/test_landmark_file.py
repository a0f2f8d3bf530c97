"""Landmark files give back what was stored, within a stated loss, in flat memory."""

import dataclasses

import numpy as np
import pytest

from landmark_files import write_landmarks
from mimicry.errors import TableError
from mimicry.interchange.landmark_file import (
    FRAMES_PER_GROUP,
    LandmarkFile,
    LandmarkWriter,
    read_landmarks,
    stored,
)
from mimicry.records import LandmarkTrack

ARRAYS = ("times_s", "points_px", "blendshapes", "head_pose", "luminance", "sharpness")


def track_of(n, rng, *, size=200.0, gone=()):
    """A face of `size` pixels that wanders, with frames in which it is gone."""
    shape = rng.uniform(-size / 2, size / 2, (478, 3))
    centre = np.cumsum(rng.normal(0, 2, (n, 1, 3)), axis=0) + np.array([320, 240, 0])
    fields = {
        "points_px": shape + centre + rng.normal(0, 0.1, (n, 478, 3)),
        "blendshapes": rng.uniform(0, 1, (n, 52)),
        "head_pose": np.tile(np.eye(4), (n, 1, 1)),
        "luminance": rng.uniform(0, 255, n),
        "sharpness": rng.uniform(0, 99, n),
    }
    fields["head_pose"][:, :3] = rng.normal(0, 1, (n, 3, 4)).astype(np.float32)
    for name in ("points_px", "blendshapes", "head_pose", "sharpness"):
        fields[name][list(gone)] = np.nan
    times = 0.25 + np.cumsum(rng.uniform(0.01, 0.05, n))
    return LandmarkTrack(
        times_s=times, image_size_px=(640, 480), provenance={"detector": "test"}, **fields
    )


def assert_same(a, b):
    for name in ARRAYS:
        assert np.array_equal(getattr(a, name), getattr(b, name), equal_nan=True), name


def test_what_is_read_equals_what_was_stored_within_the_stated_loss(tmp_path):
    track = track_of(50, np.random.default_rng(1), gone=(0, 7, 8, 49))
    back = read_landmarks(write_landmarks(tmp_path / "a.parquet", track))
    assert_same(back, stored(track))
    assert np.nanmax(np.abs(back.points_px - track.points_px)) <= 1 / 128 + 1e-4
    assert np.nanmax(np.abs(back.blendshapes - track.blendshapes)) <= 0.5 / 65535 + 1e-7
    for name in ("times_s", "head_pose", "luminance", "sharpness"):
        assert np.array_equal(getattr(back, name), getattr(track, name), equal_nan=True)
    assert np.array_equal(back.tracked, track.tracked)
    assert back.image_size_px == (640, 480)
    assert back.provenance == {"detector": "test"}


def test_storing_twice_changes_nothing_more():
    once = stored(track_of(20, np.random.default_rng(2), gone=(3,)))
    assert_same(stored(once), once)


def test_a_very_large_face_is_kept_with_a_coarser_step():
    track = track_of(5, np.random.default_rng(3), size=5000.0)
    error = np.abs(stored(track).points_px - track.points_px)
    assert error.max() <= 1 / 8


def test_bytes_and_groups_do_not_depend_on_the_chunks(tmp_path):
    rng = np.random.default_rng(4)
    track = track_of(FRAMES_PER_GROUP + 100, rng)
    whole = write_landmarks(tmp_path / "whole.parquet", track)
    chunked = tmp_path / "chunked.parquet"
    with LandmarkWriter(chunked, track.image_size_px) as writer:
        for start in range(0, len(track), 333):
            cut = {name: getattr(track, name)[start : start + 333] for name in ARRAYS}
            writer.add(LandmarkTrack(**cut, image_size_px=track.image_size_px))
        writer.finish(dict(track.provenance))
    assert chunked.read_bytes() == whole.read_bytes()
    assert [len(chunk) for chunk in LandmarkFile(chunked)] == [FRAMES_PER_GROUP, 100]


def test_seven_million_frames_fit_in_fifteen_gigabytes(tmp_path):
    """With more noise than a real face shows, so that the figure is an upper one."""
    track = track_of(FRAMES_PER_GROUP, np.random.default_rng(5))
    noisy = dataclasses.replace(
        track,
        points_px=track.points_px + np.random.default_rng(6).normal(0, 0.2, (len(track), 478, 3)),
    )
    size = write_landmarks(tmp_path / "a.parquet", noisy).stat().st_size
    assert size / len(noisy) * 7e6 < 15e9


def test_a_recording_without_a_face_can_be_stored(tmp_path):
    track = track_of(4, np.random.default_rng(7), gone=range(4))
    back = read_landmarks(write_landmarks(tmp_path / "a.parquet", track))
    assert not back.tracked.any()
    assert np.array_equal(back.luminance, track.luminance)


def test_other_or_damaged_files_are_refused_by_name(tmp_path):
    path = write_landmarks(tmp_path / "a.parquet", track_of(9, np.random.default_rng(8)))
    raw = path.read_bytes()
    (tmp_path / "cut.parquet").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(TableError, match=r"cut\.parquet.*not a readable parquet"):
        read_landmarks(tmp_path / "cut.parquet")
    with pytest.raises(TableError, match="not found"):
        read_landmarks(tmp_path / "none.parquet")
    import pandas as pd

    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(TableError, match="not one of landmarks"):
        read_landmarks(tmp_path / "other.parquet")
    inside = bytearray(raw)
    inside[200 : len(raw) // 3] = bytes(len(raw) // 3 - 200)
    (tmp_path / "rotten.parquet").write_bytes(inside)
    with pytest.raises(TableError, match="damaged"):
        read_landmarks(tmp_path / "rotten.parquet")
