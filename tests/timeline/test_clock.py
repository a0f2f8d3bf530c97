"""Which clock onsets count on: never switched by itself, but said when another one fits."""

import numpy as np
import pytest

from mimicry.errors import EventsError
from mimicry.timeline.clock import RecordingClock, check_onsets

FRAMES = 1.4 + np.arange(0.0, 120.0, 1 / 30)
TS = RecordingClock(start_s=1.4)
UNIX = RecordingClock(start_s=0.0, unix_zero_s=1.7e9, unix_from="from x_recording.json")
ONSETS = np.arange(5.0, 100.0, 5.0) + 0.017


def test_the_shift_of_every_clock() -> None:
    assert RecordingClock("container", 1.4, 1.7e9).shift_s == 0
    assert RecordingClock("start", 1.4, 1.7e9).shift_s == 1.4
    assert RecordingClock("unix", 1.4, 1.7e9).shift_s == -1.7e9


def test_onsets_that_fit_raise_no_doubt() -> None:
    assert check_onsets(ONSETS, FRAMES, TS) == []
    assert check_onsets(ONSETS + 1.4, FRAMES, RecordingClock("start", 1.4)) == []


@pytest.mark.parametrize(
    ("onsets", "clock", "advice"),
    [
        (ONSETS * 1000 + 5000, TS, "19 would lie inside if they are milliseconds: write seconds"),
        (np.arange(150.0, 3000, 150), TS, "inside if they are numbers of frames"),
        (ONSETS + 1.7e9, UNIX, "19 would lie inside with `clock='unix'`"),
        ((ONSETS + 1.7e9) * 1000, UNIX, "if they are unix times in milliseconds"),
        (ONSETS + 1.7e9, TS, "They look like unix times"),
        (ONSETS + 500, TS, "Onsets are seconds on the recording's own time stamps"),
        (ONSETS - 1.7e9, RecordingClock("unix", 0.0, 1.7e9), "inside with `clock='container'`"),
    ],
)
def test_when_all_lie_outside_the_reading_that_fits_is_named(
    onsets: np.ndarray, clock: RecordingClock, advice: str
) -> None:
    with pytest.raises(EventsError, match=f"all 19 onsets .*lie outside the recording.*{advice}"):
        check_onsets(onsets, FRAMES, clock)


def test_when_some_lie_outside_and_another_reading_holds_them_all_it_is_said() -> None:
    (said,) = check_onsets(np.array([0.3, 5.0, 10.0]), FRAMES, TS)
    assert "1 of 3 onsets lie outside" in said
    assert "with `clock='start'`" in said
    (said,) = check_onsets(np.array([100.0, 5000.0, 10000.0]), FRAMES, TS)
    assert "2 of 3" in said
    assert "milliseconds" in said


def test_trials_on_top_of_each_other_are_no_reading() -> None:
    """Seconds of a recording that was cut short are not taken for numbers of frames."""
    (said,) = check_onsets(np.arange(5.0, 300.0, 5.0), FRAMES, TS)
    assert said.startswith("35 of 59 onsets lie outside the recording (1.400 to")
    assert "if they are" not in said


def test_a_few_onsets_after_the_end_are_left_to_the_reason_of_their_trials() -> None:
    assert check_onsets(np.arange(5.0, 140.0, 5.0), FRAMES, TS) == []


def test_numbers_of_frames_are_noticed_when_frames_are_missing() -> None:
    frames = FRAMES[np.random.default_rng(2).random(len(FRAMES)) > 0.2]
    (said,) = check_onsets(np.arange(90.0, 3500, 150), frames, TS)
    assert "numbers of frames" in said


def test_onsets_on_the_frames_of_a_player_are_noticed() -> None:
    """An annotation tool counts from 0: every onset is a frame, but of the wrong clock."""
    frames = 1.4127 + np.arange(0.0, 120.0, 1 / 30)
    clock = RecordingClock(start_s=1.4127)
    (said,) = check_onsets(np.array([3.0, 7.0, 12.0]) + 1 / 30, frames, clock)
    assert "`clock='start'`" in said
    assert check_onsets(np.array([3.0, 7.0, 12.0]) + 1 / 30 + 1.4127, frames, clock) == []
