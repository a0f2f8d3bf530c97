"""Events against stimuli: what one says of the other is compared."""

import made_session as session
import numpy as np
import pytest

from mimicry.errors import EventsError, QualityWarning, StimulusError
from mimicry.records import StimulusTimeline, TrialTable
from mimicry.scoring.validity import judge_trials
from mimicry.timeline import align
from mimicry.timeline.crosscheck import (
    check_durations,
    contradictions,
    impossible_times,
    match_stimuli,
)


def clip(name: str, emotion: str = "", length_s: float = 2.5) -> StimulusTimeline:
    return StimulusTimeline(
        np.array([0.0, length_s]), np.zeros((2, 1)), ("AU12",), 0.5, 1.0, np.nan, name,
        emotion=emotion,
    )  # fmt: skip


CLIPS = {name: clip(name, name.partition("-")[0]) for name in ("happy-a", "angry-a", "happy-d2.5")}


def trials(
    onsets: list[float], durations: list[float] | None = None, **columns: tuple[str, ...]
) -> TrialTable:
    n = len(onsets)
    return TrialTable(
        trial_id=tuple(f"t{k + 1}" for k in range(n)),
        stimulus_id=columns.get("stimulus", ("happy-a",) * n),
        condition=columns.get("condition", ("happy",) * n),
        onset_s=np.array(onsets),
        duration_s=np.full(n, np.nan) if durations is None else np.array(durations),
    )


def pairs(table: TrialTable) -> list[tuple[str, str]]:
    return list(zip(table.condition, table.stimulus_id, strict=True))


def test_folder_and_ending_of_a_stimulus_do_not_matter() -> None:
    given = ("stimuli/happy-a.webm", r"C:\clips\angry-a.MP4", "happy-d2.5", "other.png")
    found = match_stimuli(trials([1, 5, 9, 13], stimulus=given), CLIPS).stimulus_id
    assert found == ("happy-a", "angry-a", "happy-d2.5", "other.png")


def test_an_id_with_an_ending_is_found_and_an_ambiguous_one_refused() -> None:
    clips = {"a/x.png": clip("a/x.png"), "b/x.png": clip("b/x.png"), "y.png": clip("y.png")}
    given = trials([1, 5], stimulus=("y", "b/x.png"))
    assert match_stimuli(given, clips).stimulus_id == ("y.png", "b/x.png")
    with pytest.raises(StimulusError, match=r"'x' may be 'a/x\.png' or 'b/x\.png'"):
        match_stimuli(trials([1], stimulus=("x",)), clips)


def test_overlapping_clips_are_found_in_any_order() -> None:
    given = trials([9.0, 1.0, 2.0, 20.0, 22.49, 30.0], [2.5] * 6)
    assert impossible_times(given, CLIPS)["overlap"].tolist() == [0, 1, 1, 0, 0, 0]
    nested = trials([1.0, 2.0, 8.0], [10.0, 1.0, 1.0])
    assert impossible_times(nested, CLIPS)["overlap"].tolist() == [1, 1, 1]


def test_a_clip_of_unknown_duration_lasts_as_long_as_it_is() -> None:
    assert impossible_times(trials([1.0, 3.0, 6.0]), CLIPS)["overlap"].tolist() == [1, 1, 0]


def test_overlap_and_an_empty_duration_make_a_trial_invalid_with_a_reason() -> None:
    times = np.arange(0.0, 40.0, 1 / 30)
    track = session.track_of(times, np.random.default_rng(1).normal(0, 0.01, (len(times), 2)))
    given = TrialTable(
        ("a", "b", "c", "d"), ("happy-m0",) * 4, ("happy",) * 4,
        np.array([5.0, 5.1, 15.0, 25.0]), np.array([2.5, 2.5, 0.0, 2.5]),
    )  # fmt: skip
    valid, reasons = judge_trials(
        align(track, given, session.TIMELINES, session.SETTINGS), session.SETTINGS
    )
    assert valid.tolist() == [False, False, False, True]
    assert reasons == ("overlap", "overlap", "duration", "")


def test_exchanged_columns_are_refused() -> None:
    with pytest.raises(EventsError, match="onset and duration are exchanged"):
        check_durations(trials([2.5, 2.5, 2.5], [15.5, 20.1, 24.9]), CLIPS)


@pytest.mark.parametrize("durations", [[2.5, 2.4, 3.0], [np.nan] * 3, [2.5, np.nan, 4.9]])
def test_durations_near_the_clip_pass_in_silence(durations: list[float]) -> None:
    check_durations(trials([2.5, 7.5, 12.5], durations), CLIPS)


def test_a_duration_far_from_the_clip_is_said() -> None:
    with pytest.warns(QualityWarning, match=r"2 of 3 trials .*trial t2: 6 s, clip 2\.5 s"):
        check_durations(trials([1.0, 10.0, 20.0], [2.5, 6.0, 1.0]), CLIPS)
    with pytest.warns(QualityWarning, match=r"1 of 2 trials .*0 s or less .*\(t2\)"):
        check_durations(trials([1.0, 10.0], [2.5, -1.0]), CLIPS)


def test_a_clip_of_another_emotion_is_a_contradiction() -> None:
    given = trials([1, 5], stimulus=("happy-a", "happy-a"), condition=("happy", "angry"))
    words = {"happy": ("happy", "happy"), "angry": ("angry", "angry")}
    assert contradictions(pairs(given), CLIPS, words) == [1]
    assert contradictions(pairs(given), CLIPS, {"happy": ("happy", "happy")}) == []


def test_other_words_for_an_emotion_are_no_contradiction() -> None:
    """A manifest of another laboratory says joy and anger where the protocol says ha and an."""
    clips = {"1": clip("1", "joy"), "2": clip("2", "anger"), "3": clip("3")}
    given = trials([1, 5, 9], stimulus=("1", "2", "3"), condition=("happy", "angry", "angry"))
    assert (
        contradictions(pairs(given), clips, {"happy": ("ha", "happy"), "angry": ("an", "angry")})
        == []
    )
    mixed = {"happy": ("joy", "happy"), "angry": ("an", "angry")}
    swapped = trials([1, 5], stimulus=("1", "2"), condition=("angry", "happy"))
    assert contradictions(pairs(swapped), clips, mixed) == [0, 1]
