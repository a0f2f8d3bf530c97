"""Limits of the single scores, by hand: enough trials, just above a gate, at an end."""

import numpy as np
import pytest

from mimicry.records import EmotionMap, ScoringSettings
from mimicry.scoring.latency import fit_shift, jackknife_interval, latency_shift
from mimicry.scoring.onsets import find_onsets
from mimicry.scoring.pattern import (
    calibration,
    contrast,
    contrast_d,
    contrast_se,
    pattern_score,
    reference_trials,
    same_question,
    specificity_score,
)
from mimicry.scoring.swap import _LONG_BLOCK, SwapDesign, label_swap

T = np.arange(0.0, 2.5, 0.02)


def ramp(times):
    """Rise from 0 to 1 in half a second."""
    return np.clip(np.asarray(times) / 0.5, 0.0, 1.0)


def test_the_shift_of_an_average_is_found_between_steps_and_for_each_row():
    averages = np.stack([0.3 * ramp(T - 0.4), 2.0 * ramp(T - 0.725), np.full(len(T), np.nan)])
    averages[0, 5:9] = np.nan
    shifts, reasons = fit_shift(T, averages, ramp)
    assert shifts[:2] == pytest.approx([0.4, 0.725], abs=1e-3)
    assert reasons == ("", "", "no_response")
    assert np.isnan(shifts[2])
    coarse, _ = fit_shift(T, averages[:1], ramp, step_s=0.1)
    assert coarse[0] == pytest.approx(0.4, abs=0.02)
    short = np.arange(6) / 10  # so few samples that no envelope has an energy of 1
    late, _ = fit_shift(short, 0.4 * ramp(short - 0.3), ramp, max_s=0.5, step_s=0.1)
    assert late[0] == pytest.approx(0.3, abs=0.02)
    assert fit_shift(T, averages[0], lambda t: 1e-3 * ramp(t))[0][0] == pytest.approx(shifts[0])


@pytest.mark.parametrize(
    ("course", "reason"),
    [
        (ramp(T), "edge"),  # no delay: the best shift is the first
        (ramp(T - 1.5), "edge"),
        (ramp(T - 1.49), ""),
        (ramp(T - 0.01), ""),
        (-ramp(T - 0.5), "no_response"),
        (0 * T, "no_response"),
    ],
)
def test_a_shift_at_either_end_or_of_nothing_is_none(course, reason):
    shifts, reasons = fit_shift(T, course, ramp)
    assert reasons == (reason,)
    assert np.isnan(shifts[0]) == bool(reason)
    assert fit_shift(T, course, lambda t: 0 * t + 3.0)[1] == ("flat_stimulus",)
    assert np.isnan(fit_shift(T, course, lambda t: 0 * t)[0]).all()


def trials(n, delay=0.5, noise=0.0):
    return ramp(T - delay) + noise * np.random.default_rng(1).normal(size=(n, len(T)))


@pytest.mark.parametrize(
    ("change", "late", "given", "reason"),
    [
        (trials(12), np.tile([1.0, 3.0], 6), {}, ""),
        (trials(11), np.tile([1.0, 3.0], 6), {}, "too_few_trials"),
        (trials(11), np.tile([1.0, 3.0], 6), {"min_trials": 11}, ""),
        (trials(12), np.tile([-1.0, 2.0], 6), {}, "low_snr"),
        (trials(12), np.tile([-1.0, 2.0], 6), {"gate": 1.0}, ""),
        (trials(12), np.ones(12), {}, ""),  # no spread at all is certain
        (trials(12), -np.ones(12), {}, "low_snr"),
        (trials(12), np.zeros(12), {}, "low_snr"),
        (trials(12), np.r_[1.0, np.full(11, np.nan)], {}, "low_snr"),
        (trials(12), np.tile([1.0, 3.0], 6), {"max_s": 0.4}, "edge"),
    ],
)
def test_when_a_latency_is_given(change, late, given, reason):
    found = latency_shift(T, change, late, ramp, **given)
    assert found.reason == reason
    assert found.interval_reason == ("no_latency" if reason else "")
    if not reason:
        assert (found.shift_s, found.low_s, found.high_s) == pytest.approx((0.5,) * 3, abs=1e-3)


def test_the_gate_is_mean_over_standard_error_and_is_passed_at_its_limit():
    late = np.array([1.0, 3.0] * 6)
    found = latency_shift(T, trials(12), late, ramp)
    assert found.gate == pytest.approx(2 / (late.std(ddof=1) / np.sqrt(12)))
    assert latency_shift(T, trials(12), late, ramp, gate=found.gate).reason == ""
    above = np.nextafter(found.gate, 99)
    assert latency_shift(T, trials(12), late, ramp, gate=above).reason == "low_snr"
    assert latency_shift(T, trials(12), np.ones(12), ramp).gate == np.finfo(float).max
    assert latency_shift(T, trials(12), -np.ones(12), ramp).gate == -np.finfo(float).max


def test_times_that_half_of_the_trials_show_count_and_half_of_the_times_are_enough():
    """125 times; with seven of twelve trials gone at a time it does not count."""
    late = np.tile([1.0, 3.0], 6)
    for n_missing, shown, reason in ((6, 10, ""), (7, 63, ""), (7, 62, "too_few_trials")):
        change = trials(12)
        change[:n_missing, shown:] = np.nan
        assert latency_shift(T, change, late, ramp).reason == reason, (n_missing, shown)
    change = trials(12)[:, :124]
    change[:7, 62:] = np.nan
    assert latency_shift(T[:124], change, late, ramp).reason == ""
    change = trials(13)
    change[0] = np.nan
    assert latency_shift(T, change, late, ramp).reason == ""
    assert latency_shift(T, change, late, ramp, min_trials=13).reason == "too_few_trials"


def test_the_jackknife_of_two_folds_by_hand():
    """Values 1 and 3: SE sqrt(1/2 * 2) = 1, and t of one degree of freedom is 12.706."""
    assert jackknife_interval(5.0, [1.0, 3.0]) == pytest.approx((1.0, -7.7062, 17.7062), abs=1e-4)
    for folds in ([1.0], [], [1.0, 2.0, np.nan]):
        assert np.isnan(jackknife_interval(1.0, folds)).all()


SCORES = np.array([2.0, 4.0, np.nan, 1.0, 1.0, 2.0, 9.0])
FIRST = np.array([1, 1, 1, 0, 0, 0, 0], bool)
OTHER = np.array([0, 0, 0, 1, 1, 1, 0], bool)


def test_contrasts_by_hand_and_how_many_trials_they_need():
    sides = (SCORES, FIRST, OTHER)
    assert contrast(*sides, min_trials=2) == pytest.approx(3 - 4 / 3)
    assert np.isnan(contrast(*sides, min_trials=3))
    assert np.isnan(contrast(*sides))
    assert np.isnan(contrast(SCORES, FIRST, np.zeros(7, bool), min_trials=0))
    assert contrast(SCORES, FIRST, np.arange(7) == 6, min_trials=0) == -6
    assert contrast_d(*sides, min_trials=2) == pytest.approx((5 / 3) / np.sqrt((2 + 1 / 3) / 2))
    assert np.isnan(contrast_d(*sides, min_trials=3))
    assert np.isnan(contrast_d(SCORES, FIRST, np.arange(7) == 6, min_trials=1))
    assert np.isnan(contrast_d(np.ones(7), FIRST, OTHER, min_trials=2))
    assert contrast_se(*sides) == pytest.approx(np.sqrt(2 / 2 + (1 / 3) / 3))
    assert np.isnan(contrast_se(SCORES, FIRST, np.arange(7) == 6))
    six = np.r_[np.ones(6), np.zeros(6)]
    assert contrast(six, six == 1, six == 0) == 1.0
    assert np.isnan(contrast(six[1:], six[1:] == 1, six[1:] == 0))


MAPS = {
    "happy": EmotionMap(("AU12",), ("AU04",), "positive"),
    "angry": EmotionMap(("AU04",), ("AU12",), "negative"),
    "sad": EmotionMap(("AU04", "AU15"), ("AU12",), "negative"),
    "none": EmotionMap(("AU26",), ("AU12",), "none"),
}


def test_reference_trials_are_neutral_or_of_the_other_valence():
    shown = ["happy", "angry", "neutral", "sad", "none"]
    neutral = ScoringSettings(MAPS)
    assert reference_trials(shown, "happy", neutral).tolist() == [0, 0, 1, 0, 0]
    valence = ScoringSettings(MAPS, reference="valence")
    assert reference_trials(shown, "happy", valence).tolist() == [0, 1, 0, 1, 0]
    assert reference_trials(shown, "sad", valence).tolist() == [1, 0, 0, 0, 0]
    assert reference_trials(shown, "none", valence).tolist() == [0, 0, 0, 0, 0]


def test_two_emotions_ask_one_question_only_when_they_mirror_each_other():
    def asked(first, second, reference="valence", **maps):
        return same_question(first, second, ScoringSettings(maps, reference=reference))

    pair = {name: MAPS[name] for name in ("happy", "angry")}
    assert asked("happy", "angry", **pair)
    assert not asked("happy", "happy", **pair)
    assert not asked("happy", "angry", reference="neutral", **pair)
    assert not asked("happy", "angry", **pair, sad=MAPS["sad"])  # two of one valence
    glad = MAPS["happy"]
    assert not asked("happy", "angry", **pair, glad=glad, sad=MAPS["sad"])  # two of both
    assert not asked("happy", "sad", happy=MAPS["happy"], sad=MAPS["sad"])
    one_way = EmotionMap(("AU04",), ("AU12", "AU06"), "negative")
    assert not asked("happy", "angry", happy=MAPS["happy"], angry=one_way)
    alike = EmotionMap(("AU04",), ("AU12",), "positive")
    assert not asked("happy", "angry", happy=MAPS["happy"], angry=alike)


def test_patterns_take_the_mean_of_several_units_and_need_them_all():
    names, values = ("AU04", "AU12", "AU15"), np.array([[1.0, 2.0, 4.0]])
    assert pattern_score(values, names, MAPS["sad"]).tolist() == [0.5]
    assert np.isnan(pattern_score(values, names, MAPS["none"])).all()
    assert np.isnan(pattern_score(values[:, :2], names[:2], MAPS["sad"])).all()
    assert specificity_score(values, names, MAPS["sad"], MAPS["happy"]).tolist() == [0.5]
    assert specificity_score(values, names, MAPS["sad"], MAPS["angry"]) is None
    assert specificity_score(values, names, MAPS["angry"], MAPS["sad"]) is None


@pytest.mark.parametrize(
    ("imitated", "reference", "expected"),
    [
        ([1.0, 2, 9, 3], [0.0, 0.5], (2.5, "")),
        ([1.0, 2, 9, np.nan], [0.0, 0.5], (None, "too_few_imitations")),
        ([1.0, 2, 9, 3], [0.5, np.nan], (None, "too_few_reference_trials")),
        ([3.0] * 4, [-1.0, 0.0, 1.0], (None, "weak_imitation")),  # exactly three SDs
        ([3.001] * 4, [-1.0, 0.0, 1.0], (3.001, "")),
        ([-3.0] * 4, [0.0, 0.0], (None, "weak_imitation")),
    ],
)
def test_the_ruler_of_imitations(imitated, reference, expected):
    value, reason = calibration(imitated, reference)
    assert reason == expected[1]
    assert np.isnan(value) if expected[0] is None else value == expected[0]
    assert calibration([], [0.0, 1.0], min_trials=0)[1] == "too_few_imitations"


GRID = np.arange(30) / 10


def begins(course, **given):
    hit, onset = find_onsets(GRID, course[None, :, None], [0.1], rate_hz=10, **given)
    return hit.item(), onset.item()


def held(start, stop, height=1.0):
    return np.where(np.isclose(GRID, np.clip(GRID, start, stop - 0.1)), height, 0.0)


def test_an_onset_is_above_the_limit_long_enough_and_in_time():
    assert begins(held(0.5, 0.6)) == (1, 0.5)
    assert begins(held(0.5, 0.7), hold_s=0.2) == (1, 0.5)
    assert begins(held(0.5, 0.7), hold_s=0.3)[0] == 0
    assert begins(held(0.5, 0.6), hold_s=0.0) == (1, 0.5)
    assert begins(held(0.5, 0.9) * 0.3 * 1.001) == (1, 0.5)
    assert begins(held(0.5, 0.9, 3.0 * 0.1))[0] == 0  # not above three SDs
    assert begins(held(0.1, 0.2))[0] == 0
    assert begins(held(0.1, 3.0)) == (1, 0.2)
    assert begins(held(1.9, 2.2)) == (1, 1.9)
    assert begins(held(2.0, 2.5))[0] == 0
    assert begins(held(2.9, 3.0), search_s=(2.0, 3.0), hold_s=0.2)[0] == 0
    assert begins(held(0.5, 0.6) + held(0.9, 1.5), hold_s=0.2) == (1, 0.9)


def test_a_fifth_of_the_search_may_be_missing():
    """18 samples from 0.2 to 2 s: three missing pass, four do not; 20 from 0 to 2: four pass."""
    for n, search, known in ((3, (0.2, 2.0), 1), (4, (0.2, 2.0), 0), (4, (0.0, 2.0), 1)):
        course = held(0.5, 0.8)
        course[10 : 10 + n] = np.nan
        hit, onset = begins(course, search_s=search)
        assert (np.isfinite(hit), np.isfinite(onset)) == (known, known), (n, search)
    unknown, _ = find_onsets(GRID, held(0.5, 0.8)[None, :, None], [np.nan], rate_hz=10)
    assert np.isnan(unknown).all()


def swap(values, emotion, **changes):
    settings = ScoringSettings({}, **{"min_arrangements": 0, **changes})
    flags = np.array(emotion, bool)
    design = SwapDesign(["h" if f else "n" for f in emotion])
    return label_swap(values, flags, ~flags, design, settings, np.random.default_rng(0))


def test_blocks_that_never_alternate_identify_nothing_from_a_length_on():
    long, rng = _LONG_BLOCK, np.random.default_rng(3)
    for first, second, reason in (
        (long, long, "not_identified"), (long - 1, long, ""), (long, long - 1, ""),
        (long, long + 1, "not_identified"),
    ):  # fmt: skip
        values = rng.normal(size=first + second)
        for emotion in ([1] * first + [0] * second, [0] * first + [1] * second):
            found = swap(values, emotion)
            assert found.reason == reason, (first, second)
            assert np.isnan(found.p) == bool(reason)
            assert np.isfinite(found.t)
    mixed = [1] * long + [0] * long + [1]
    assert swap(rng.normal(size=2 * long + 1), mixed, enumerate_up_to=10).reason == ""


def test_a_swap_by_hand_and_what_it_refuses():
    """Of ten ways to label five trials, the observed one is the largest on its side."""
    values, emotion = np.array([5.0, 1.0, 6.0, 2.0, 1.5]), [1, 0, 1, 0, 0]
    found = swap(values, emotion)
    assert (found.p, found.arrangements, found.reason) == (0.1, 10, "")
    assert swap(values, emotion, min_arrangements=10).reason == ""
    few = swap(values, emotion, min_arrangements=11)
    assert (few.reason, few.arrangements, few.t) == ("too_few_arrangements", 10, found.t)
    assert (np.isnan(few.p), few.z_surrogate) == (True, found.z_surrogate)
    assert swap(values, [1, 1, 1, 1, 1]).reason == "too_few_trials"
    assert swap(np.where(np.array(emotion), np.nan, values), emotion).reason == "too_few_trials"
    assert swap(np.ones(5), emotion).reason == "no_variance"
    assert swap(-values, emotion, two_sided=False).p == 1.0
    with pytest.raises(ValueError, match="no swap 'none'; there are redraw, free"):
        swap(values, emotion, swap="none")
