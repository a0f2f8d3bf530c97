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


STILL = np.arange(0.0, 120.0, 1 / 30)


def test_a_clock_in_words_and_in_a_sidecar() -> None:
    late = RecordingClock("container", 1.4)
    start, unix = RecordingClock("start", 1.4), RecordingClock("unix", 0.25, 1.7e9, "a note")
    assert [str(clock) for clock in (RecordingClock(), late, start, unix)] == [
        "container (onsets count on the recording's own time stamps)",
        "container (onsets count on the recording's own time stamps; they begin at 1.400 s)",
        "start (onsets count from 1.400 s of the recording's time stamps)",
        "unix (time 0 of the recording is 1700000000.000, a note)",
    ]
    assert late.to_json() == {"clock": "container", "shift_s": 0.0, "container_start_s": 1.4}
    assert unix.to_json() == {
        "clock": "unix", "shift_s": -1.7e9, "container_start_s": 0.25, "unix_from": "a note"
    }  # fmt: skip


def test_what_is_not_known_of_a_clock_moves_no_onset() -> None:
    clock = RecordingClock()
    assert (clock.clock, clock.start_s, clock.unix_zero_s, clock.unix_from, clock.rough) == (
        "container", None, None, "", False
    )  # fmt: skip
    assert [RecordingClock(name).shift_s for name in ("container", "start", "unix")] == [0, 0, 0]


@pytest.mark.parametrize(("start", "late"), [(None, 0), (0.0009, 0), (-9e-4, 0), (0.001, 0.001)])
def test_a_recording_begins_late_from_a_millisecond_on(start: float | None, late: float) -> None:
    assert RecordingClock(start_s=start).late_s == late


def test_onsets_at_the_first_and_the_last_frame_lie_inside() -> None:
    frames = np.arange(0.0, 12.0)
    assert check_onsets(np.array([0.0, 11.0]), frames, RecordingClock()) == []
    with pytest.raises(EventsError, match=r"all 2 onsets \(-0\.001 to 11\.001\)"):
        check_onsets(np.array([-0.001, 11.001]), frames, RecordingClock())


@pytest.mark.parametrize(("n_outside", "said"), [(1, 0), (2, 1)])
def test_a_quarter_of_the_onsets_may_lie_outside(n_outside: int, said: int) -> None:
    """One of four passes; of two of five is spoken, with what the recording spans."""
    onsets = np.array([10.3, 30.3, 50.3, *(500.3 + 20 * k for k in range(n_outside))])
    texts = check_onsets(onsets, STILL, RecordingClock())
    assert len(texts) == said
    if said:
        assert texts[0] == (
            "2 of 5 onsets lie outside the recording (0.000 to 119.967 s) on the clock 'container'"
        )


def test_of_readings_the_one_that_holds_most_onsets_is_named() -> None:
    """Seven of eight fit as milliseconds: said with what stays outside."""
    onsets = np.array([5000.5, *np.arange(1, 7) * 16000.0, 200000.0])
    with pytest.raises(EventsError, match="7 would lie inside if they are milliseconds"):
        check_onsets(onsets, STILL, RecordingClock())
    (said,) = check_onsets(np.array([2.5, *onsets]), STILL, RecordingClock())
    assert said.startswith("8 of 9 onsets lie outside the recording on the clock 'container'; only")
    assert said.endswith("only 1 would if they are milliseconds: write seconds")


@pytest.mark.parametrize(("gap", "fits"), [(500.0, True), (499.0, False)])
def test_a_reading_keeps_trials_half_a_second_apart(gap: float, fits: bool) -> None:
    """Onsets that would lie closer are no milliseconds, and 'frames' would lie outside."""
    onsets = np.array([20000.0, 20000.0 + gap, 40000.0])
    advice = "3 would lie inside if they are milli" if fits else "Onsets are seconds"
    with pytest.raises(EventsError, match=advice):
        check_onsets(onsets, STILL, RecordingClock())


def test_a_reading_need_not_keep_trials_further_apart_than_they_are() -> None:
    unix = RecordingClock(unix_zero_s=1.7e9)
    onsets = 1.7e9 + np.array([5.0, 5.25, 9.0])
    with pytest.raises(EventsError, match="3 would lie inside with `clock='unix'`"):
        check_onsets(onsets, STILL, unix)
    assert unix.shift_s == 0


def test_a_single_frame_and_a_single_onset_have_no_distances() -> None:
    with pytest.raises(EventsError, match=r"1 would lie inside if they are milliseconds"):
        check_onsets(np.array([2000.0]), np.array([2.0]), RecordingClock())
    with pytest.raises(EventsError, match=r"1 would lie inside with `clock='start'`"):
        check_onsets(np.array([2.0]), np.array([3.4, 4.4]), TS)


def test_numbers_of_frames_count_from_the_first_frame() -> None:
    """A recording of 4 s that begins at 1000 s: frames 30 and 100 lie inside, halves do not."""
    frames = 1000 + np.arange(0, 4, 1 / 30)
    with pytest.raises(EventsError, match="2 would lie inside if they are numbers of frames"):
        check_onsets(np.array([30.0, 100.0]), frames, RecordingClock())
    with pytest.raises(EventsError, match="Onsets are seconds"):
        check_onsets(np.array([30.0, 100.5]), frames, RecordingClock())


@pytest.mark.parametrize(("first", "hint"), [(1.5e8, "unix times"), (1.5, "another `clock`")])
def test_only_onsets_that_are_all_unix_times_look_like_unix_times(first: float, hint: str) -> None:
    with pytest.raises(EventsError, match=hint):
        check_onsets(np.array([first, 1.7e9]), np.array([500.0, 501.0]), RecordingClock())


PLAYER = 1.4127 + np.arange(0.0, 120.0, 1 / 30)
LATE = RecordingClock(start_s=1.4127)


@pytest.mark.parametrize(
    ("onsets", "said"),
    [
        ((3.0333333333, 7.0333333333), 0),  # two may be chance
        ((3.0333333333, 7.0333333333, 12.0333333333), 1),
        ((3.0333333333, 7.0333333333, 12.0), 1),  # the last one alone is a round number
        ((3.1, 7.2, 12.5), 0),  # tenths of a second fall on frames anyway
        ((3.0333333333, 7.0333333333, 12.0343), 0),  # not on a frame
    ],
)
def test_when_onsets_are_taken_for_frames_of_a_player(onsets: tuple[float, ...], said: int) -> None:
    assert len(check_onsets(np.array(onsets), PLAYER, LATE)) == said
    assert check_onsets(np.array(onsets), PLAYER, RecordingClock(unix_zero_s=0.0)) == []


def test_frames_of_both_clocks_are_no_sign_of_the_other_one() -> None:
    """The recording begins a whole number of frames late: onsets lie on frames either way."""
    frames = 1.5 + np.arange(0.0, 120.0, 1 / 30)
    onsets = np.array([3.0, 7.0, 12.0]) + 1 / 30
    assert check_onsets(onsets, frames, RecordingClock(start_s=1.5)) == []
    assert check_onsets(onsets, PLAYER, RecordingClock("start", 1.4127)) == []


def test_two_frames_have_a_distance_and_a_number_of_frames_a_time() -> None:
    with pytest.raises(EventsError, match="1 would lie inside if they are numbers of frames"):
        check_onsets(np.array([1.0]), np.array([100.0, 102.0]), RecordingClock())
