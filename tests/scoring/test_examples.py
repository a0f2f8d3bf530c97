"""The worked examples that define the scores, each by the package and by the slow loop.

H = happy (target AU12, opponent AU04), A = anger (the reverse). Minimum counts are switched
off unless an example asks for them.
"""

import math

import numpy as np
import pytest
import slow

from mimicry.kernels.baseline import delta, pooled_sd
from mimicry.kernels.correlation import lagged_correlation, peak_over_lags
from mimicry.records import EmotionMap, ScoringSettings
from mimicry.scoring.arrange import SwapDesign
from mimicry.scoring.claims import decide_claim
from mimicry.scoring.latency import fit_shift, jackknife_interval, latencies
from mimicry.scoring.onsets import find_onsets
from mimicry.scoring.pattern import (
    calibration,
    contrast,
    pattern_parts,
    pattern_score,
    reference_trials,
)
from mimicry.scoring.swap import label_swap, label_swaps
from mimicry.statistics.groups import percent_reduction
from mimicry.statistics.reliability import spearman_brown

NAMES = ("AU12", "AU04")
EMOTIONS = {
    "H": EmotionMap(("AU12",), ("AU04",), "positive"),
    "A": EmotionMap(("AU04",), ("AU12",), "negative"),
}


def settings(**changes) -> ScoringSettings:
    given = {"reference": "valence", "swap": "free", "min_trials": 0, "min_arrangements": 0}
    return ScoringSettings(EMOTIONS, **(given | changes))


def test_e1_delta_is_the_window_mean_minus_the_baseline_mean():
    times = np.arange(-5, 15) / 10
    response = [2, 2.2, 2.4, 2.6, 2.8, 3, 3, 3, 3, 3]
    y = np.array([2.0] * 5 + [2.0] * 5 + response)
    assert delta(times, y[None], (0.5, 1.5)).item() == pytest.approx(0.7, abs=1e-12)
    assert slow.delta(list(times), list(y), (0.5, 1.5)) == pytest.approx(0.7, abs=1e-12)


CONDITIONS = ["H", "H", "H", "A", "A", "A"]
DELTA12 = [3.0, 1, 2, 0, 1, -1]
DELTA04 = [0.0, -1, 1, 2, 0, 1]


def e2():
    deltas = np.array([DELTA12, DELTA04]).T
    z = deltas / pooled_sd(deltas, min_trials=0)
    own = np.array(CONDITIONS) == "H"
    return z, own


def test_e2_standardising_divides_and_does_not_centre():
    deltas = np.array([DELTA12, DELTA04]).T
    assert pooled_sd(deltas, min_trials=0) == pytest.approx([1.414214, 1.048809], abs=1e-6)
    z, own = e2()
    d = pattern_score(z, NAMES, EMOTIONS["H"])
    assert d == pytest.approx([2.1213, 1.6606, 0.4608, -1.9069, 0.7071, -1.6606], abs=5e-5)
    by_hand = slow.pattern(
        {"AU12": slow.standardised(DELTA12), "AU04": slow.standardised(DELTA04)}, ["AU12"], ["AU04"]
    )
    assert d == pytest.approx(by_hand, abs=1e-12)
    assert d[own].mean() == pytest.approx(1.414214, abs=1e-6)
    assert -d[~own].mean() == pytest.approx(0.953463, abs=1e-6)


def test_e2_both_emotions_share_one_contrast():
    z, own = e2()
    rest = reference_trials(CONDITIONS, "H", settings())
    assert rest.tolist() == (~own).tolist()
    happy = contrast(pattern_score(z, NAMES, EMOTIONS["H"]), own, rest, min_trials=0)
    anger = contrast(pattern_score(z, NAMES, EMOTIONS["A"]), rest, own, min_trials=0)
    assert happy == pytest.approx(2.367676, abs=1e-6)
    assert anger == pytest.approx(happy, abs=1e-12)


def test_with_reference_valence_neutral_and_same_valence_trials_are_no_reference():
    emotions = EMOTIONS | {"S": EmotionMap(("AU15",), ("AU12",), "negative")}
    given = ScoringSettings(emotions, reference="valence")
    conditions = ["H", "A", "S", "neutral"]
    assert reference_trials(conditions, "H", given).tolist() == [False, True, True, False]
    assert reference_trials(conditions, "A", given).tolist() == [True, False, False, False]
    neutral = ScoringSettings(emotions)
    assert reference_trials(conditions, "A", neutral).tolist() == [False, False, False, True]


@pytest.mark.parametrize(("two_sided", "p"), [(False, 0.10), (True, 0.20)])
def test_e2_the_label_swap_counts_all_twenty_arrangements(two_sided, p):
    z, own = e2()
    d = pattern_score(z, NAMES, EMOTIONS["H"])
    found = label_swap(d, own, ~own, SwapDesign(CONDITIONS), settings(two_sided=two_sided), None)
    assert found.t == pytest.approx(2.442859, abs=1e-6)
    assert (found.arrangements, found.p) == (20, pytest.approx(p, abs=1e-12))
    t, number, slow_p = slow.swapped_labels(list(d), [0, 1, 2], two_sided=two_sided)
    assert (found.t, found.arrangements) == (pytest.approx(t, abs=1e-12), number)
    assert found.p == pytest.approx(slow_p, abs=1e-12)


def test_e2_twenty_arrangements_are_too_few_for_a_claim():
    z, own = e2()
    d = pattern_score(z, NAMES, EMOTIONS["H"])
    found = label_swap(d, own, ~own, SwapDesign(CONDITIONS), settings(min_arrangements=40), None)
    assert math.isnan(found.p)
    assert found.reason == "too_few_arrangements"


def test_e2_centring_would_invent_a_mimicry_of_anger():
    """Why nothing is subtracted: centred scores make both emotions equally 'mimicked'."""
    deltas = np.array([DELTA12, DELTA04]).T
    z = (deltas - deltas.mean(axis=0)) / deltas.std(axis=0, ddof=1)
    own = np.array(CONDITIONS) == "H"
    assert pattern_score(z, NAMES, EMOTIONS["H"])[own].mean() == pytest.approx(1.1838, abs=5e-5)
    assert pattern_score(z, NAMES, EMOTIONS["A"])[~own].mean() == pytest.approx(1.1838, abs=5e-5)


def test_e3_the_same_smile_at_every_face_is_no_mimicry():
    deltas = np.tile([1.0, 0.0], (8, 1))
    own = np.array([True] * 6 + [False] * 2)
    d_happy = pattern_score(deltas, NAMES, EMOTIONS["H"])
    d_anger = pattern_score(deltas, NAMES, EMOTIONS["A"])
    index = np.where(own, d_happy, d_anger)
    assert index.mean() == 0.5
    assert contrast(d_happy, own, ~own, min_trials=0) == 0
    assert np.isnan(pooled_sd(deltas, min_trials=0)).all()
    by_hand = slow.pattern({"AU12": [1.0] * 8, "AU04": [0.0] * 8}, ["AU12"], ["AU04"])
    assert slow.contrast(by_hand, range(6), range(6, 8)) == 0
    assert all(math.isnan(v) for v in slow.standardised([1.0] * 8))


@pytest.mark.parametrize(("two_sided", "p"), [(False, 0.25), (True, 0.50)])
def test_e4_pairs_flip_within_identities(two_sided, p):
    values = [2, 0.5, 1, 1.5, 3, -1]
    own = np.array([True, False] * 3)
    design = SwapDesign(["H", "A"] * 3, identities=["m1", "m1", "m2", "m2", "m3", "m3"])
    found = label_swap(values, own, ~own, design, settings(swap="pairs", two_sided=two_sided), None)
    differences = [1.5, -0.5, 4.0]
    assert found.t == pytest.approx(1.280369, abs=1e-6)
    assert (found.arrangements, found.p) == (8, pytest.approx(p))
    assert slow.mean(differences) == pytest.approx(1.6667, abs=5e-5)
    t, number, slow_p = slow.swapped_pairs(differences, two_sided=two_sided)
    assert (found.t, found.arrangements, found.p) == (pytest.approx(t), number, slow_p)


E5_X = [0.0, 0, 0, 0, 1, 3, 2, 1, 0, 0, 0, 0]
E5_Y = [0.0, 0, 0, 0, 0, 0, 1, 3, 2, 1, 0, 0]
E5_R = [math.nan, -0.4889, -0.5180, -0.2705, 0.4146, 1, 0.4146]


def test_e5_a_response_two_samples_later_has_its_peak_at_plus_two():
    r = lagged_correlation([E5_X[3:9]], E5_Y[0:12])[0]
    assert r == pytest.approx(E5_R, abs=5e-5, nan_ok=True)
    by_hand = slow.lagged(E5_X, E5_Y, 3, 8, range(-3, 4))
    assert r == pytest.approx(by_hand, abs=1e-12, nan_ok=True)
    lags = list(range(-3, 4))
    assert [v.item() for v in peak_over_lags(r, lags)] == pytest.approx([1, 2])
    assert slow.peak(by_hand, lags) == pytest.approx((1, 2))


def test_e5_a_peak_at_the_edge_has_a_height_but_no_lag():
    r = lagged_correlation([E5_X[3:9]], E5_Y[0:11])[0]
    height, lag = peak_over_lags(r, range(-3, 3))
    assert height == pytest.approx(1)
    assert math.isnan(lag)
    height, lag = slow.peak(slow.lagged(E5_X, E5_Y, 3, 8, range(-3, 3)), list(range(-3, 3)))
    assert height == pytest.approx(1)
    assert math.isnan(lag)


def test_e6_spearman_brown_is_applied_once_to_the_correlation_of_halves():
    first, second = [0.1, 0.5, 0.9, 0.3], [0.2, 0.4, 0.7, 0.6]
    r = slow.pearson(first, second)
    assert r == pytest.approx(0.770208, abs=1e-6)
    assert lagged_correlation([first], second).item() == pytest.approx(r, abs=1e-12)
    assert 2 * r / (1 + r) == pytest.approx(0.870189, abs=1e-6)
    assert spearman_brown(r) == pytest.approx(0.870189, abs=1e-6)


def test_e7_jackknife():
    folds = [0.60, 0.64, 0.58, 0.62]
    se, low, high = jackknife_interval(0.61, folds)
    assert se == pytest.approx(0.038730, abs=1e-6)
    assert (high - low) / 2 == pytest.approx(0.123256, abs=1e-6)
    assert slow.jackknife(folds) == pytest.approx((se, 3), abs=1e-12)


def raised_cosine(times):
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(np.asarray(times) / 0.75, 0, 1))


TIMES = np.arange(-15, 75) / 30


@pytest.mark.parametrize("constant", [0.0, 0.05])
def test_e8_a_shifted_envelope_is_found_between_the_steps(constant):
    y = 0.8 * raised_cosine(TIMES - 0.604) + constant
    fit = fit_shift(TIMES, y, raised_cosine)
    assert fit.shifts_s[0] == pytest.approx(0.604, abs=0.001)
    assert (fit.gains[0], fit.r2[0]) == pytest.approx((0.8, 1), abs=1e-3)
    assert fit.reasons == ("",)
    by_hand = slow.fitted_shift(list(TIMES), list(y), lambda t: float(raised_cosine(t)))
    assert (fit.shifts_s[0], fit.gains[0], fit.r2[0]) == pytest.approx(by_hand, abs=1e-9)


@pytest.mark.parametrize("gain", [0.0, -1.0])
def test_e8_no_response_has_no_latency(gain):
    y = gain * raised_cosine(TIMES - 0.6)
    fit = fit_shift(TIMES, y, raised_cosine)
    assert math.isnan(fit.shifts_s[0])
    assert fit.reasons == ("no_response",)
    envelope = raised_cosine
    by_hand, _, _ = slow.fitted_shift(list(TIMES), list(y), lambda t: float(envelope(t)))
    assert math.isnan(by_hand)


def test_e14_a_startle_common_to_all_trials_has_no_part_in_the_latency():
    startle = np.tile(0.2 * raised_cosine(TIMES - 0.2), (12, 1))
    response = startle + 0.8 * raised_cosine(TIMES - 0.604)
    found = latencies(TIMES, response, startle, raised_cosine, ScoringSettings({}))
    assert found.shift.value_s == pytest.approx(0.604, abs=0.001)
    assert found.half.value_s == pytest.approx(0.604 + 0.375, abs=0.001)
    alone = latencies(TIMES, startle, startle, raised_cosine, ScoringSettings({}))
    assert math.isnan(alone.shift.value_s)
    assert math.isnan(alone.half.value_s)
    rows, others = response.tolist(), startle.tolist()
    d = slow.difference(rows, others)
    by_hand, _, _ = slow.fitted_shift(list(TIMES), d, lambda t: float(raised_cosine(t)))
    assert found.shift.value_s == pytest.approx(by_hand, abs=1e-9)
    assert found.half.value_s == pytest.approx(slow.half_rise(list(TIMES), d, 30), abs=1e-9)
    nothing = slow.difference(others, others)
    assert math.isnan(slow.fitted_shift(list(TIMES), nothing, lambda t: float(raised_cosine(t)))[0])
    assert math.isnan(slow.half_rise(list(TIMES), nothing, 30))


@pytest.mark.parametrize("per_minute", [0.1, 1.0])
def test_e15_a_trend_changes_no_hit_of_trials_without_noise(per_minute):
    """Responses of .2 and .1 with sigma .05 given: above and below three of it."""
    start = 6.0 * np.arange(8)[:, None]
    y = np.where(np.arange(8)[:, None] % 2, 0.2, 0.1) * raised_cosine(TIMES - 0.5)
    for values in (y, y + per_minute / 60 * (start + TIMES)):
        change = values - values[:, :15].mean(axis=1, keepdims=True)
        hit, _ = find_onsets(TIMES, change, 0.05, rate_hz=30)
        assert hit.tolist() == [0, 1] * 4
        assert [slow.onset(list(TIMES), list(row), 0.05, 30)[0] for row in change] == [0, 1] * 4


@pytest.mark.parametrize(("sd", "reads"), [(1.0, 0.2), (2.0, math.nan)])
def test_e9_a_delta_in_shares_of_ones_own_imitation(sd, reads):
    imitated = [4, 5, 9, 5, 6]
    reference = [-sd, 0.0, sd]
    assert slow.sd(reference) == sd
    ruler, reason = calibration(imitated, reference)
    assert 1 / ruler == pytest.approx(reads, nan_ok=True)
    assert reason == ("" if sd == 1 else "weak_imitation")
    assert slow.calibrated(1.0, imitated, reference) == pytest.approx(reads, nan_ok=True)


@pytest.mark.parametrize(("samples", "hit", "onset"), [(2, 0, math.nan), (3, 1, 0.6)])
def test_e10_three_samples_above_three_sigma_are_an_event(samples, hit, onset):
    times = np.arange(75) / 30
    y = np.zeros(75)
    y[18 : 18 + samples] = 3.5
    found = find_onsets(times, y[None], 1.0, rate_hz=30)
    assert [v.item() for v in found] == pytest.approx([hit, onset], nan_ok=True)
    assert slow.onset(list(times), list(y), 1.0, 30) == pytest.approx((hit, onset), nan_ok=True)


def test_e11_fieller_set_of_a_forty_percent_reduction():
    found = percent_reduction(1.0, 0.2, 0.6, 0.2, 1.99)
    assert found.percent == pytest.approx(40)
    assert (found.low, found.high) == pytest.approx((-23.1, 80.5), abs=0.05)
    assert (found.low, found.high) == pytest.approx(slow.fieller(1, 0.2, 0.6, 0.2, 1.99), abs=0.02)


@pytest.mark.parametrize("unit", [0, 1])
def test_e12_a_constant_added_in_all_conditions_changes_no_contrast(unit):
    rng = np.random.default_rng(12)
    deltas = rng.normal(0, 1, (24, 2))
    own = np.arange(24) < 12
    moved = deltas.copy()
    moved[:, unit] += 0.5
    of_h = NAMES, EMOTIONS["H"]
    for before, after in (
        (deltas, moved),
        (deltas / pooled_sd(deltas), moved / pooled_sd(moved)),
    ):
        values = [
            [contrast(s, own, ~own) for s in (pattern_score(v, *of_h), *pattern_parts(v, *of_h))]
            for v in (before, after)
        ]
        assert values[0] == pytest.approx(values[1], abs=1e-12)
    by_hand = [
        slow.contrast(
            slow.pattern({"AU12": list(v[:, 0]), "AU04": list(v[:, 1])}, ["AU12"], ["AU04"]),
            range(12),
            range(12, 24),
        )
        for v in (deltas, moved)
    ]
    assert by_hand[0] == pytest.approx(by_hand[1], abs=1e-12)


def test_e13_the_parts_of_a_contrast():
    z, own = e2()
    parts = pattern_parts(z, NAMES, EMOTIONS["H"])
    target, opponent = (contrast(part, own, ~own, min_trials=0) for part in parts)
    assert (target, opponent) == pytest.approx((1.414214, -0.953463), abs=1e-6)
    assert target - opponent == pytest.approx(2.367676, abs=1e-6)
    by_unit = {"AU12": slow.standardised(DELTA12), "AU04": slow.standardised(DELTA04)}
    for part, by_hand in zip(parts, slow.parts(by_unit, ["AU12"], ["AU04"]), strict=True):
        assert part == pytest.approx(by_hand, abs=1e-12)
    whole = pattern_score(z, NAMES, EMOTIONS["H"])
    tests = label_swaps([whole, *parts], own, ~own, SwapDesign(CONDITIONS), settings(), None)
    for values, test in zip((whole, *parts), tests, strict=True):
        t, number, p = slow.swapped_labels(list(values), [0, 1, 2], two_sided=True)
        assert (test.t, test.p) == (pytest.approx(t, abs=1e-12), pytest.approx(p, abs=1e-12))
        assert test.arrangements == number == 20


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_e16_frowning_less_is_no_smile(noise):
    """The opponent moves in reference trials only; the target never does."""
    frown = np.random.default_rng(16).normal(0, noise, 12) + np.repeat([0.0, 1.0], 6)
    deltas = np.array([np.zeros(12), frown]).T
    order = [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]
    deltas, labels = deltas[order], ["H", "neutral"] * 6
    own = np.array(labels) == "H"
    whole = pattern_score(deltas, NAMES, EMOTIONS["H"])
    parts = pattern_parts(deltas, NAMES, EMOTIONS["H"])
    contrasts = [contrast(values, own, ~own) for values in (whole, *parts)]
    assert contrasts == pytest.approx([1, 0, -1], abs=1e-12 if noise == 0 else 0.2)
    assert contrasts[1] == 0
    tests = label_swaps([whole, *parts], own, ~own, SwapDesign(labels), settings(), None)
    assert tests[1].reason == "no_variance"
    given = (*contrasts[:2], tests[0].p, tests[1].p)
    assert decide_claim(*given)[1] == "" == slow.claim(*given)[1]
    for p_target in (0.001, 1.0):  # whatever p the target had
        given = (*contrasts[:2], 0.001, p_target)
        assert decide_claim(*given) == (1.0, "opponent only") == slow.claim(*given)
    assert np.isnan(pooled_sd(deltas)[0])
    z = {"AU12": slow.standardised([0.0] * 12), "AU04": slow.standardised(list(deltas[:, 1]))}
    assert np.isnan(slow.parts(z, ["AU12"], ["AU04"])).all()
    assert np.isnan(pattern_parts(deltas / pooled_sd(deltas), NAMES, EMOTIONS["H"])).all()


@pytest.mark.parametrize("shift", [0.5, 0.6, 0.8])
def test_a_shift_is_found_where_little_of_the_stimulus_is_left_in_the_window(shift):
    """Six samples, of which a late copy of the ramp moves in two only."""
    times = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 1.2])

    def ramp(t):
        return np.clip(t, 0, 2)

    fit = fit_shift(times, 0.8 * ramp(times - shift), ramp)
    assert fit.reasons == ("",)
    assert fit.shifts_s[0] == pytest.approx(shift, abs=0.006)
