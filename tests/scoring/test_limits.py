"""Limits of the single scores, by hand: enough trials, just above a gate, at an end."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from mimicry.records import EmotionMap, ScoringSettings
from mimicry.scoring.latency import fit_shift, half_rise, jackknife_interval, latencies
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

T = np.arange(-25, 125) / 50
SETTINGS = ScoringSettings({}, rate_hz=50.0)


def ramp(times):
    """Rise from 0 to 1 in half a second."""
    return np.clip(np.asarray(times) / 0.5, 0.0, 1.0)


def test_the_shift_of_an_average_is_found_between_steps_and_for_each_row():
    averages = np.stack([0.3 * ramp(T - 0.4), 2.0 * ramp(T - 0.725) - 1.0])
    averages[0, 5:9] = np.nan
    fit = fit_shift(T, averages, ramp)
    assert fit.shifts_s == pytest.approx([0.4, 0.725], abs=1e-3)
    assert fit.gains == pytest.approx([0.3, 2.0], abs=0.01)
    assert fit.r2 == pytest.approx([1, 1], abs=1e-3)
    assert fit.reasons == ("", "")
    coarse = fit_shift(T, averages[:1], ramp, step_s=0.1)
    assert coarse.shifts_s[0] == pytest.approx(0.4, abs=0.02)
    short = np.arange(-2, 6) / 10  # so few samples that no envelope has an energy of 1
    late = fit_shift(short, 0.4 * ramp(short - 0.3), ramp, max_s=0.5, step_s=0.1)
    assert late.shifts_s[0] == pytest.approx(0.3, abs=0.02)
    small = fit_shift(T, averages[0], lambda t: 1e-3 * ramp(t))
    assert small.shifts_s[0] == pytest.approx(fit.shifts_s[0])
    assert small.gains[0] == pytest.approx(fit.gains[0])
    lost = fit_shift(T, np.full((2, len(T)), np.nan), ramp)
    assert lost.reasons == ("no_response",) * 2
    assert np.isnan([lost.shifts_s, lost.gains, lost.r2]).all()


def test_how_well_a_shifted_envelope_fits_is_the_share_of_variance():
    """A half sine that is not the template: against the explained share computed by polyfit."""
    y = np.where((T > 0.4) & (T < 1.4), np.sin(np.pi * (T - 0.4)), 0.0)
    fit = fit_shift(T, y, ramp)
    at = round(100 * fit.shifts_s[0]) / 100
    best = [np.corrcoef(ramp(T - at - d / 100), y)[0, 1] ** 2 for d in (-1, 0, 1)]
    assert fit.r2[0] == pytest.approx(max(best), abs=1e-9)
    assert fit_shift(T, 0 * T, ramp).r2[0] == 0


@pytest.mark.parametrize(
    ("course", "reason"),
    [
        (ramp(T), "edge"),  # no delay: the best shift is the first
        (ramp(T - 1.5), "edge"),
        (ramp(T - 1.49), ""),
        (ramp(T - 0.01), ""),
        (-ramp(T - 0.5), "no_response"),
        (0 * T, "no_response"),
        (0 * T + 7, "no_response"),
    ],
)
def test_a_shift_at_either_end_or_of_nothing_is_none(course, reason):
    fit = fit_shift(T, course, ramp)
    assert fit.reasons == (reason,)
    assert np.isnan(fit.shifts_s[0]) == bool(reason)
    assert fit_shift(T, course, lambda t: 0 * t + 3.0).reasons == ("flat_stimulus",)
    assert np.isnan(fit_shift(T, course, lambda t: 0 * t).shifts_s).all()


RISING = [0.0, 0.0, 0.2, 0.6, 1.0, 1.0, 1.0]  # from -0.1 s on, ten a second: half at .175


@pytest.mark.parametrize(
    ("course", "rise", "reason"),
    [
        (RISING, 0.175, ""),
        ([-1.0, -1.0, *RISING[2:]], 0.175, ""),
        ([0, 0, 0.5, 1, 1, 1, 1], 0.1, ""),  # at half, not above
        ([0, 0.1, 1, 0.1, 1.0, 1.0, 1], 0.1 - 0.5 / 0.9 * 0.1, ""),
        ([0, 0, 0, 0, 0, 0, 1], 0.45, ""),
        ([0, 0.6, 1, 1, 1, 1, 1], np.nan, "edge"),
        ([1, 1, 1, 1, 1, 1, 1], np.nan, "edge"),
        ([0, 0, np.nan, 1, 1, 1, 1], np.nan, "not_held"),
        ([1, -1, -1, -1, -1, -1, 0], np.nan, "no_response"),
        ([0] + [np.nan] * 6, np.nan, "no_response"),
    ],
)
def test_a_half_rise_by_hand(course, rise, reason):
    times = np.arange(-1, 6) / 10
    found, reasons = half_rise(times, [course, RISING], rate_hz=10)
    assert reasons == (reason, "")
    assert found == pytest.approx([rise, 0.175], nan_ok=True)


def test_a_half_rise_lasts_a_tenth_of_a_second():
    """At 30 Hz three samples in a row; two, or the last two of the window, are none."""
    times = np.arange(-3, 30) / 30
    y = np.zeros((4, 33))
    y[0, 10:12] = y[0, 20:23] = 1
    y[1, 10:13] = 1
    y[2, 31:] = 1
    y[3, 30:] = 1
    found, reasons = half_rise(times, y, rate_hz=30)
    assert reasons == ("", "", "not_held", "")
    assert found == pytest.approx([16.5 / 30, 6.5 / 30, np.nan, 26.5 / 30], nan_ok=True)


def trials(n, delay=0.5, noise=0.0, gain=1.0):
    return gain * ramp(T - delay) + noise * np.random.default_rng(1).normal(size=(n, len(T)))


REST = np.zeros((12, len(T)))


@pytest.mark.parametrize(
    ("change", "reference", "given", "reasons"),
    [
        (trials(12), REST, {}, ("", "")),  # no spread at all is certain
        (trials(11), REST, {}, ("too_few_trials",) * 2),
        (trials(12), REST[:11], {}, ("too_few_reference_trials",) * 2),
        (trials(11), REST[:11], {"min_trials_latency": 11}, ("", "")),
        (trials(2), REST[:2], {"min_trials_latency": 0}, ("", "")),
        (trials(1), REST, {"min_trials_latency": 0}, ("too_few_trials",) * 2),
        (trials(12, gain=-1), REST, {}, ("low_snr", "low_snr")),
        (trials(12, gain=-1), REST, {"latency_gate": -np.inf}, ("no_response",) * 2),
        (REST, trials(12), {}, ("low_snr", "low_snr")),
        (trials(12), trials(12), {}, ("low_snr", "low_snr")),
        (REST[:0], REST, {}, ("too_few_trials",) * 2),
        (trials(12), REST[:0], {}, ("", "")),
        (trials(12), REST, {"latency_max_s": 0.4}, ("edge", "")),
        (np.array([1, -1] * 6)[:, None] * trials(12), REST, {}, ("low_snr", "low_snr")),
    ],
)
def test_when_a_latency_is_given(change, reference, given, reasons):
    found = latencies(T, change, reference, ramp, replace(SETTINGS, **given))
    assert (found.shift.reason, found.half.reason) == reasons
    for latency, truth in ((found.shift, 0.5), (found.half, 0.75)):
        assert latency.interval_reason == ("no_latency" if latency.reason else "")
        if not latency.reason:
            interval = (latency.value_s, latency.low_s, latency.high_s)
            assert interval == pytest.approx((truth,) * 3, abs=1e-3)
    assert found.flags == (() if len(reference) else ("no_reference",))


def test_the_gate_of_the_shift_is_gain_over_standard_error_and_is_passed_at_its_limit():
    """Gains 1 and 3 in turn: mean 2, SE as of any mean, since every fold has the same shift."""
    gains = np.array([1.0, 3.0] * 6)
    change = gains[:, None] * ramp(T - 0.5)
    found = latencies(T, change, REST, ramp, SETTINGS).shift
    assert found.gate == pytest.approx(2 / (gains.std(ddof=1) / np.sqrt(12)))
    for gate, reason in ((found.gate, ""), (np.nextafter(found.gate, 99), "low_snr")):
        strict = replace(SETTINGS, latency_gate=gate)
        assert latencies(T, change, REST, ramp, strict).shift.reason == reason
    assert latencies(T, trials(12), REST, ramp, SETTINGS).shift.gate == np.finfo(float).max


def test_the_gate_of_the_half_rise_is_the_largest_welch_z_of_half_a_second():
    """A pulse from 1 to 1.5 s of heights 1 and 3 against rest that differs by one tenth."""
    pulse = ((T > 1.0 - 1e-9) & (T < 1.5 - 1e-9)).astype(float)
    heights, level = np.array([1.0, 3.0] * 6), np.array([-0.1, 0.1] * 6)
    rest = level[:, None] + REST
    error = np.sqrt(heights.var(ddof=1) / 12 + level.var(ddof=1) / 12)
    found = latencies(T, heights[:, None] * pulse, rest, ramp, SETTINGS).half
    assert found.gate == pytest.approx(2 / error)
    assert found.value_s == pytest.approx(0.99)
    alone = latencies(T, heights[:, None] * pulse, REST[:0], ramp, SETTINGS).half
    assert alone.gate == pytest.approx(2 / np.sqrt(heights.var(ddof=1) / 12))
    certain = latencies(T, 2 * np.tile(pulse, (12, 1)), REST, ramp, SETTINGS).half
    assert certain.gate == np.finfo(float).max
    brief = replace(SETTINGS, latency_fit_s=(-0.5, 0.4))
    nowhere = latencies(T, trials(12, 0.0), REST, ramp, brief).half
    assert (np.isnan(nowhere.gate), nowhere.reason) == (True, "low_snr")


def test_a_response_of_another_shape_is_refused_or_flagged():
    pulse = ramp(T - 0.4) - ramp(T - 1.0)
    change = np.tile(pulse, (12, 1)) + trials(12, noise=0.02, gain=0.0)
    poor = latencies(T, change, REST, ramp, SETTINGS)
    assert poor.fit_r2 < 0.5
    assert (poor.shift.reason, poor.half.reason, poor.flags) == ("poor_fit", "", ())
    assert poor.half.value_s == pytest.approx(0.65, abs=0.01)
    loose = replace(SETTINGS, latency_min_r2=poor.fit_r2)
    assert latencies(T, change, REST, ramp, loose).shift.reason in ("", "edge")
    slow = np.tile(ramp((T - 0.4) / 3), (12, 1)) + trials(12, noise=0.02, gain=0.0)
    assert latencies(T, slow, REST, ramp, SETTINGS).flags == ("other_shape",)
    same = trials(12, noise=0.02)
    assert latencies(T, same, REST, ramp, SETTINGS).flags == ()


@pytest.mark.parametrize(
    ("noise", "ratio", "flags"),
    [(0.02, 3.17, ()), (0.05, 2.80, ("other_shape",)), (0.25, 1.30, ())],
)
def test_latencies_disagree_by_more_than_two_standard_errors_and_a_step(noise, ratio, flags):
    """A rise 1.3 times as long: at little noise the gap is certain, and 8 ms."""
    change = ramp((T - 0.4) / 1.3) + trials(12, noise=noise, gain=0.0)
    means = np.stack([change.mean(axis=0)] + [np.delete(change, k, 0).mean(0) for k in range(12)])
    gap = half_rise(T, means, rate_hz=50)[0] - fit_shift(T, means, ramp).shifts_s - 0.25
    assert gap[0] / jackknife_interval(gap[0], gap[1:])[0] == pytest.approx(ratio, abs=0.01)
    assert (gap[0] > SETTINGS.latency_step_s) == (noise > 0.02)
    assert latencies(T, change, REST, ramp, SETTINGS).flags == flags


def test_times_that_half_of_the_trials_show_count_and_half_of_the_times_are_enough():
    """150 times; with seven of twelve trials gone at a time it does not count, on either side."""
    for n_missing, shown, reason in ((6, 10, ""), (7, 75, ""), (7, 74, "too_few_trials")):
        for side in (0, 1):
            sides = [trials(12), REST.copy()]
            sides[side][:n_missing, shown:] = np.nan
            found = latencies(T, *sides, ramp, SETTINGS)
            wanted = reason.replace("few_", "few_reference_") if side else reason
            assert found.shift.reason == wanted, (n_missing, shown)
    pair = trials(2)
    pair[0, :80] = np.nan  # one trial alone is never an average
    few = replace(SETTINGS, min_trials_latency=2)
    assert latencies(T, pair, REST, ramp, few).shift.reason == "too_few_trials"
    change = trials(13)
    change[0] = np.nan
    assert latencies(T, change, REST, ramp, SETTINGS).shift.reason == ""
    more = replace(SETTINGS, min_trials_latency=13)
    assert latencies(T, change, trials(13), ramp, more).shift.reason == "too_few_trials"


def test_the_jackknife_of_two_folds_by_hand():
    """Values 1 and 3: SE sqrt(1/2 * 2) = 1, and t of one degree of freedom is 12.706."""
    assert jackknife_interval(5.0, [1.0, 3.0]) == pytest.approx((1.0, -7.7062, 17.7062), abs=1e-4)
    for folds in ([1.0], [], [1.0, 2.0, np.nan]):
        assert np.isnan(jackknife_interval(1.0, folds)).all()
        assert np.isnan(jackknife_interval(1.0, [1.0, 3.0], folds)).all()


def test_the_jackknife_of_two_sides_has_the_degrees_of_freedom_of_welch():
    """Variances 1 and 1 of two and three folds: df = 2^2 / (1/1 + 1/2) = 8/3, t = 3.4203."""
    third = np.sqrt(0.75)
    sides = [1.0, 3.0], [0.0, third, -third]
    se, low, high = jackknife_interval(5.0, *sides)
    assert se == pytest.approx(np.sqrt(2))
    assert (high - low) / 2 == pytest.approx(student.ppf(0.975, 8 / 3) * np.sqrt(2))
    assert jackknife_interval(5.0, [1.0, 1.0], [2.0, 2.0]) == (0.0, 5.0, 5.0)


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
    hit, onset = find_onsets(GRID, course[None], 0.1, rate_hz=10, **given)
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
    unknown, _ = find_onsets(GRID, held(0.5, 0.8)[None], np.nan, rate_hz=10)
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
