"""Which frames are trusted: every limit, from both sides."""

from dataclasses import replace

import numpy as np
import pytest

from mimicry.action_units.quality import plausible, within_pose
from mimicry.action_units.shape import FaceShape

TIMES = np.arange(12) / 30
N = len(TIMES)
GOOD = FaceShape(
    measures=np.zeros((N, 1)),
    pose_deg=np.zeros((N, 3)),
    eye_span=np.ones(N),
    scale_px=np.full(N, 120.0),
    residual=np.full(N, 0.004),
    gaze=np.zeros((N, 4)),
)


def changed(name, value, frames=slice(None), **more):
    array = getattr(GOOD, name).copy()
    array[frames] = value
    return replace(GOOD, **{name: array}, **more)


def wrong(shape, times=TIMES):
    return np.flatnonzero(~plausible(times, shape)).tolist()


def test_a_well_seen_face_is_plausible_throughout():
    assert wrong(GOOD) == []


@pytest.mark.parametrize(
    ("name", "value", "trusted"),
    [
        ("scale_px", 60.0, True),
        ("scale_px", 59.9, False),
        ("residual", 0.025, True),
        ("residual", 0.0251, False),
        ("pose_deg", [45.0, 0, 0], True),
        ("pose_deg", [45.1, 0, 0], False),
        ("pose_deg", [0, -45.1, 0], False),
        ("pose_deg", [0, 0, 90.0], True),
        ("scale_px", np.nan, False),
    ],
)
def test_size_shape_and_turn_have_their_limits(name, value, trusted):
    assert wrong(changed(name, value)) == ([] if trusted else list(range(N)))


@pytest.mark.parametrize(
    ("name", "value", "frames"),
    [
        ("scale_px", 120 * np.exp(0.099), []),
        ("scale_px", 120 * np.exp(0.101), [5, 6]),
        ("scale_px", 120 * np.exp(-0.101), [5, 6]),
        ("residual", 0.0239, []),
        ("residual", 0.0241, [5, 6]),
    ],
)
def test_a_jump_marks_the_frames_before_and_after(name, value, frames):
    shape = changed(name, value, slice(6, None))
    assert wrong(shape) == frames


@pytest.mark.parametrize(("gap_s", "frames"), [(0.099, [5, 6]), (0.101, [])])
def test_a_jump_is_only_one_between_frames_that_are_near(gap_s, frames):
    times = np.r_[TIMES[:6], TIMES[5] + gap_s + TIMES[:6]]
    assert wrong(changed("scale_px", 150.0, slice(6, None)), times) == frames


def test_action_units_are_trusted_up_to_twenty_degrees_of_pitch_and_yaw():
    pose = np.array([[20.0, -20, 80], [20.1, 0, 0], [0, -20.1, 0], [np.nan, 0, 0]])
    assert within_pose(pose).tolist() == [True, False, False, False]
