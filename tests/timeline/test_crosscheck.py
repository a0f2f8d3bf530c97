"""Events against stimuli: what one says of the other is compared."""

import warnings

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


def silent(onsets: list[float], durations: list[float], **columns: tuple[str, ...]) -> bool:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_durations(trials(onsets, durations, **columns), CLIPS)
    return not caught


def test_ids_that_need_no_change_leave_the_trials_as_they_are() -> None:
    for given in (trials([1.0]), trials([1.0], stimulus=("nobody",))):
        assert match_stimuli(given, CLIPS) is given


ENDINGS = "avi bmp gif jpg jpeg m4v mkv mov mp4 mpg mpeg mts ogv png tif tiff webm webp WMV"


@pytest.mark.parametrize("ending", ENDINGS.split())
def test_every_ending_of_a_clip_or_picture_is_left_out(ending: str) -> None:
    given = trials([1.0], stimulus=(f" faces/happy-a.{ending} ",))
    assert match_stimuli(given, CLIPS).stimulus_id == ("happy-a",)
    given = trials([1.0], stimulus=(f"happy-a.{ending}.txt",))
    assert match_stimuli(given, CLIPS) is given


@pytest.mark.parametrize("durations", [[2.5, 5.0, 1.25], [2.5, 2.5, 2.5]])
def test_twice_and_half_the_clip_are_not_far_from_it(durations: list[float]) -> None:
    assert silent([1.0, 10.0, 20.0], durations)


@pytest.mark.parametrize(("duration", "said"), [(5.01, "t1: 5.01 s"), (1.24, "t1: 1.24 s")])
def test_more_than_twice_or_less_than_half_the_clip_is_far(duration: float, said: str) -> None:
    with pytest.warns(QualityWarning, match=f"1 of 2 trials have a duration far .*{said}"):
        check_durations(trials([1.0, 20.0], [duration, np.nan]), CLIPS)


def test_a_hundred_clips_long_is_far_and_longer_is_no_number_of_seconds() -> None:
    with pytest.warns(QualityWarning, match="1 of 1 trials have a duration far"):
        check_durations(trials([1.0], [250.0]), CLIPS)
    with pytest.raises(EventsError, match=r"a duration of 2501 for a clip of 2\.5 s") as caught:
        check_durations(trials([1.0, 9.0], [2.5, 2501.0]), CLIPS)
    assert caught.value.key == "duration"


def test_a_still_picture_may_last_as_long_as_it_likes() -> None:
    picture = StimulusTimeline([0.0], np.zeros((1, 1)), ("AU12",), 0.0, 0.0, np.nan, "happy-a")
    still = {"happy-a": picture}
    check_durations(trials([1.0, 500.0], [400.0, 0.01]), still)
    assert impossible_times(trials([1.0, 1.1]), still)["overlap"].tolist() == [0, 0]


def test_trials_without_length_or_on_top_of_others_are_counted_and_three_are_named() -> None:
    with pytest.warns(QualityWarning, match=r"^2 of 3 trials .*0 s or less.*\(t1, t3\); a"):
        check_durations(trials([1.0, 10.0, 20.0], [0.0, 2.5, -0.5]), CLIPS)
    onsets = [1.0, 2.0, 3.0, 9.0, 14.0]
    with pytest.warns(QualityWarning, match=r"3 of 5 trials overlap .*\(t1, t2, t3\)$"):
        check_durations(trials(onsets), CLIPS)
    with pytest.warns(QualityWarning, match=r"4 of 5 trials overlap .*\(t1, t2, t3, \.\.\.\)$"):
        check_durations(trials([1.0, 2.0, 3.0, 4.0, 14.0]), CLIPS)


def test_a_duration_is_possible_above_zero_or_when_it_is_not_known() -> None:
    given = trials([1.0, 9.0, 19.0, 29.0], [-0.5, 0.0, 0.5, np.nan])
    assert impossible_times(given, CLIPS)["duration"].tolist() == [1, 1, 0, 0]
    short = impossible_times(trials([1.0, 1.2, 9.0], [-1.0, 1.0, 1.0]), CLIPS)
    assert short["overlap"].tolist() == [0, 0, 0]


def test_clips_may_reach_a_twentieth_of_a_second_into_the_next_one() -> None:
    end = 3.0 + 0.05
    touching = impossible_times(trials([0.0, 3.0], [end, 1.0]), CLIPS)
    assert touching["overlap"].tolist() == [0, 0]
    beyond = impossible_times(trials([0.0, 3.0], [np.nextafter(end, 9), 1.0]), CLIPS)
    assert beyond["overlap"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("onsets", "durations", "exchanged"),
    [
        ([2.5, 2.5], [15.5, 20.1], True),
        ([5.0, 1.25], [20.0, 21.25], False),  # spread by less than a clip
        ([5.0, 1.25], [17.5, 20.01], True),  # just like lengths, spread by more than a clip
        ([5.0, 1.25], [17.5, 20.0], False),  # by a clip
        ([5.01, 1.25], [15.5, 20.1], False),  # no length
        ([2.5, 1.24], [15.5, 20.1], False),
        ([2.5, 30.0], [15.5, 20.1], False),
        ([2.5, 2.5, 2.5], [20.0, 21.25, 25.0], True),  # half a clip apart
        ([2.5, 2.5, 2.5], [20.0, 21.24, 25.0], False),  # too close for onsets
        ([2.5], [15.5], False),  # one trial says too little
        ([2.5, 2.5, 2.5], [15.5, 20.1, np.nan], False),  # an onset is never missing
    ],
)
def test_when_onset_and_duration_count_as_exchanged(
    onsets: list[float], durations: list[float], exchanged: bool
) -> None:
    if not exchanged:
        with pytest.warns(QualityWarning):
            check_durations(trials(onsets, durations), CLIPS)
        return
    text = rf"its clip \(2\.5 s\), and the durations run from {min(durations):g} to "
    with pytest.raises(EventsError, match=text) as caught:
        check_durations(trials(onsets, durations), CLIPS)
    assert caught.value.key == "onset"


@pytest.mark.parametrize(
    ("shown", "rows"),
    [
        (("happy", "nobody"), []),  # a stimulus that is not known
        (("other", "angry-a"), []),  # a condition that may show anything
        (("HAPPY", "angry-a"), [0]),  # words differ by more than capitals
        (("happy", "happy-a"), []),
        (("happy", "angry-a"), [0]),
    ],
)
def test_only_what_is_known_can_contradict(shown: tuple[str, str], rows: list[int]) -> None:
    words = {"happy": ("Happy",), "HAPPY": ("HAPPY", "glad"), "angry": ("ANGRY",)}
    assert contradictions([shown], CLIPS, words) == rows


def test_a_known_word_makes_a_clip_of_a_strange_emotion_a_contradiction() -> None:
    """Happy is a word of the manifest, so a clip of pain is not happy; none of anger's is."""
    clips = {"1": clip("1", "happy"), "2": clip("2", "pain")}
    words = {"happy": ("happy",), "angry": ("angry",)}
    assert contradictions([("happy", "2"), ("angry", "2"), ("angry", "1")], clips, words) == [0, 2]
