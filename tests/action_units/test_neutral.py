"""The neutral face: which frames it is taken from."""

import numpy as np
import pytest

from mimicry.action_units.blinks import blink_mask, find_blinks, split_closure
from mimicry.action_units.neutral import declared_neutral, estimated_neutral, in_intervals
from mimicry.action_units.speech import speech_activity
from mimicry.errors import NoFaceError

T = np.arange(100) / 10
ALL = np.ones(100, bool)
ONE = np.eye(1)


def test_intervals_are_half_open_and_add_up():
    at = np.flatnonzero(in_intervals(T, [(1.0, 1.2), (1.1, 1.4), (9.9, 20.0)]))
    assert at.tolist() == [10, 11, 12, 13, 99]
    assert not in_intervals(T, []).any()
    for interval in ((2.0, 2.0), (2.0, 1.0), (2.0, np.nan)):
        with pytest.raises(ValueError, match="does not end after it starts"):
            in_intervals(T, [interval])


def test_a_declared_neutral_face_is_the_median_of_its_usable_frames():
    measures = np.stack([T, 2 * T], axis=1)
    measures[0] = np.nan
    usable = ALL.copy()
    usable[1] = False
    found = declared_neutral(T, measures, usable, [(0.0, 0.5)])
    assert (found.kind, np.flatnonzero(found.frames).tolist()) == ("declared", [2, 3, 4])
    assert found.measures == pytest.approx([0.3, 0.6])
    unusable = declared_neutral(T, measures, ~ALL, [(0.0, 0.5)])
    assert np.flatnonzero(unusable.frames).tolist() == [1, 2, 3, 4]
    text = r"no face was seen in the neutral interval 0:0\.1, 20:21 s \(1 frames lie in it\)"
    with pytest.raises(NoFaceError, match=text):
        declared_neutral(T, measures, usable, [(0.0, 0.1), (20.0, 21.0)])


@pytest.mark.parametrize(
    ("n", "rate", "expected"),
    [(100, 10, 20), (10, 10, 5), (4, 10, 4), (100, 100, 50), (1, 10, 1), (3, 1, 1)],
)
def test_a_fifth_of_the_frames_but_half_a_second_is_the_estimate(n, rate, expected):
    times = np.arange(n) / rate
    found = estimated_neutral(times, times[:, None], np.ones(n, bool), ONE)
    assert (found.kind, int(found.frames.sum())) == ("estimated", expected)


def test_the_least_active_usable_frames_are_the_estimate():
    """The first 40 frames are at rest, a smile follows; unusable frames are taken in need only."""
    smile = np.where(T < 4.0, 0.0, 1.0)[:, None]
    found = estimated_neutral(T, smile, ALL, ONE)
    assert found.measures.tolist() == [0.0]
    assert np.flatnonzero(found.frames).max() < 40
    late = estimated_neutral(T, smile, T >= 4.0, ONE)
    assert late.measures.tolist() == [1.0]
    assert int(late.frames.sum()) == 12  # a fifth of 60
    assert estimated_neutral(T, smile, ~ALL, ONE).measures.tolist() == [0.0]
    some = np.where(T[:, None] < 2.0, np.nan, smile)
    assert not estimated_neutral(T, some, ALL, ONE).frames[:20].any()
    nothing = estimated_neutral(T, smile * np.nan, ALL, ONE)
    assert (nothing.kind, nothing.frames.any()) == ("none", False)
    assert np.isnan(nothing.measures).tolist() == [True]


def test_blinks_by_hand():
    """Closure 0, .5, .5, 0 at 10 Hz crosses a quarter half-way: from 0.95 to 1.25 s."""
    fast = np.zeros(100)
    fast[[10, 11, 12]] = 0.5
    fast[50] = 0.25  # not above
    found = find_blinks(T, fast)
    assert (found.onset_s, found.duration_s) == (pytest.approx([0.95]), pytest.approx([0.3]))
    assert (len(found), found.rate_per_min) == (1, pytest.approx(6.0))
    ends = np.zeros(100)
    ends[[0, 99]] = 1.0
    whole = find_blinks(T, ends)
    assert whole.onset_s == pytest.approx([0.0, 9.825])
    assert whole.duration_s == pytest.approx([0.075, 0.075])
    gaps = np.where(np.isin(np.arange(100), [29, 32]), np.nan, np.isin(np.arange(100), [30, 31]))
    seen = find_blinks(T, gaps)
    assert (seen.onset_s, seen.duration_s) == (pytest.approx([3.0]), pytest.approx([0.1]))
    assert seen.rate_per_min == pytest.approx(60 / 9.8)
    assert np.isnan(find_blinks(T, gaps * np.nan).rate_per_min)
    assert np.isnan(find_blinks(T[:1], np.zeros(1)).rate_per_min)
    assert find_blinks(T[:2], np.zeros(2)).rate_per_min == 0


@pytest.mark.parametrize(("between", "n"), [(1, 1), (2, 2)])
def test_blinks_closer_than_a_tenth_of_a_second_are_one(between, n):
    """Full closures at 10 Hz: half-open ends lie a quarter of a frame away from open ones."""
    fast = np.zeros(100)
    fast[20] = fast[21 + between] = 1.0
    found = find_blinks(T, fast)
    assert len(found) == n
    assert found.duration_s.sum() == pytest.approx(0.15 * 2 if n == 2 else 0.35)


def test_a_mask_grows_on_both_sides_of_a_blink_or_of_shut_eyes():
    zero = np.zeros(12)
    fast, slow = zero.copy(), zero.copy()
    fast[5], slow[11], slow[0], fast[8] = 0.26, 0.61, 0.6, 0.25
    assert np.flatnonzero(blink_mask(slow, fast)).tolist() == [3, 4, 5, 6, 7, 9, 10, 11]
    assert np.flatnonzero(blink_mask(slow, fast, grow=0)).tolist() == [5, 11]
    assert np.flatnonzero(blink_mask(slow, fast, grow=1)).tolist() == [4, 5, 6, 10, 11]
    assert not blink_mask(zero * np.nan, zero * np.nan).any()


def test_a_closure_of_half_a_second_is_slow_and_a_shorter_one_is_fast():
    for n, slow_part in ((5, 0.0), (6, 1.0)):
        closure = np.zeros((100, 1))
        closure[40 : 40 + n] = 1.0
        slow, fast = split_closure(T, closure)
        assert slow[40 + n // 2, 0] == slow_part, n
        assert np.array_equal(slow + fast, closure)
    closure[70:80] = np.nan
    assert np.isnan(split_closure(T, closure)[0]).sum() == 10
    one = split_closure(T[:1], np.ones((1, 2)))
    assert (one[0].tolist(), one[1].tolist()) == ([[1.0, 1.0]], [[0.0, 0.0]])
    assert [part.shape for part in split_closure(T[:0], np.ones((0, 2)))] == [(0, 2)] * 2


def test_no_frame_or_a_single_one_is_no_speech():
    for n in (0, 1):
        assert speech_activity(T[:n], np.ones(n)).tolist() == [False] * n
