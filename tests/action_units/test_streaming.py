"""A recording measured in chunks equals the same recording measured at once, bit for bit."""

import numpy as np
import pytest

from mimicry.action_units import measure, measure_chunks
from mimicry.landmarks import extract_landmarks
from mimicry.records import LandmarkTrack

FIELDS = ("points_px", "blendshapes", "head_pose", "luminance", "sharpness")


@pytest.fixture(scope="module")
def long_track(clips):
    """Some 2,500 frames: a real clip forwards and backwards, with frames in which nobody is."""
    clip = extract_landmarks(clips / "face_noface.mov")
    order = np.concatenate([np.arange(len(clip))[:: (-1) ** k] for k in range(15)])
    return LandmarkTrack(
        times_s=np.arange(len(order)) / 29.97,
        image_size_px=clip.image_size_px,
        **{name: getattr(clip, name)[order] for name in FIELDS},
    )


def cut(track, length):
    for start in range(0, len(track), length):
        part = slice(start, start + length)
        yield LandmarkTrack(
            times_s=track.times_s[part],
            image_size_px=track.image_size_px,
            **{name: getattr(track, name)[part] for name in FIELDS},
        )


@pytest.mark.parametrize("length", [1, 64, 777, 2048, 5000])
def test_the_cuts_change_no_bit(long_track, length):
    if length == 1:
        long_track = next(cut(long_track, 300))
    whole = measure(long_track, neutral=[(0.0, 1.0)])
    chunked = measure_chunks(list(cut(long_track, length)), neutral=[(0.0, 1.0)])
    assert chunked.names == whole.names
    for name in ("times_s", "intensity", "pose_deg", "blendshapes"):
        assert np.array_equal(getattr(chunked, name), getattr(whole, name), equal_nan=True), name
    for name, values in whole.quality.items():
        assert np.array_equal(chunked.quality[name], values, equal_nan=True), name
    assert dict(chunked.provenance) == dict(whole.provenance)


def test_no_chunk_is_no_recording():
    with pytest.raises(ValueError, match="at least one chunk"):
        measure_chunks([])
