"""Reliability of contrasts: worked example, simulated truth, slow loop."""

import numpy as np
import pytest

from mimicry.statistics.reliability import (
    ContrastTrials,
    _warnings,
    contrast_reliability,
    half_scores,
    session_icc,
    spearman_brown,
    trials_needed,
)


def sample(rng, *, people=400, trials=20, sd_person=1.0, sd_trial=3.0):
    """True single-trial ICC = sd_person^2 / (sd_person^2 + 2 sd_trial^2)."""
    return [
        ContrastTrials(
            str(k),
            rng.normal(rng.normal(0.5, sd_person), sd_trial, trials),
            rng.normal(0, sd_trial, trials),
        )
        for k in range(people)
    ]


def test_worked_example_of_four_people():
    first, second = [0.1, 0.5, 0.9, 0.3], [0.2, 0.4, 0.7, 0.6]
    r = np.corrcoef(first, second)[0, 1]
    assert r == pytest.approx(0.770208, abs=1e-6)
    assert spearman_brown(r) == pytest.approx(0.870189, abs=1e-6)


def test_a_negative_mean_correlation_has_no_spearman_brown_value():
    assert np.isnan(spearman_brown(-0.1))


@pytest.mark.parametrize(
    ("icc", "reliability", "trials"),
    [(0.02, 0.6, 74), (0.05, 0.7, 45), (0.10, 0.8, 36), (0.20, 0.9, 36)],
)
def test_trials_needed_follow_from_the_single_trial(icc, reliability, trials):
    assert trials_needed(icc, reliability) in (trials, trials + 1)


def test_recovers_the_true_reliability():
    """With sd 1 between people, 3 within, 20 trials a side: ICC 1/19, reliability 1/(1 + .9)."""
    found = contrast_reliability(sample(np.random.default_rng(1)), np.random.default_rng(2))
    assert found.split_half == pytest.approx(1 / 1.9, abs=0.08)
    assert found.icc_average == pytest.approx(1 / 1.9, abs=0.08)
    assert found.icc_single == pytest.approx(1 / 19, abs=0.02)
    assert found.odd_even == pytest.approx(1 / 1.9, abs=0.12)
    assert found.sem == pytest.approx(np.sqrt(2 * 9 / 20), rel=0.12)
    assert found.trials_for_70 == pytest.approx(42, abs=14)
    assert found.split_half_low < 1 / 1.9 < found.split_half_high
    assert any("below .70" in text for text in found.warnings)


def test_no_difference_between_people_gives_no_reliability():
    people = sample(np.random.default_rng(3), people=300, sd_person=0.0)
    found = contrast_reliability(people, np.random.default_rng(4), splits=500)
    assert abs(found.r_mean) < 0.12
    assert found.icc_single < 0.02


def slow_half_means(values, clips, chosen):
    first = [v for v, c in zip(values, clips, strict=True) if c in chosen]
    second = [v for v, c in zip(values, clips, strict=True) if c not in chosen]
    return np.mean(first), np.mean(second)


def test_every_split_keeps_a_repeated_clip_in_one_half():
    rng = np.random.default_rng(5)
    clips = ("a", "b", "c", "d") * 3
    values, zeros = rng.normal(size=12), np.zeros(4)
    person = ContrastTrials("p", values, zeros, clips)
    first, second = half_scores([person], rng, splits=300)
    halves = [{"a", "b"}, {"a", "c"}, {"a", "d"}, {"b", "c"}, {"b", "d"}, {"c", "d"}]
    possible = np.array([slow_half_means(values, clips, chosen) for chosen in halves])
    for pair in np.column_stack([first[:, 0], second[:, 0]]):
        assert np.isclose(possible, pair, atol=1e-12).all(axis=1).any()


def test_of_an_odd_number_either_half_gets_the_odd_trial():
    person = ContrastTrials("p", np.arange(5.0), np.zeros(4))
    first, second = half_scores([person], np.random.default_rng(6), splits=400)
    assert set(np.round(first[:, 0] * 6).astype(int)) & {1, 3}  # halves and thirds both occur
    in_first = (first * 2 + second * 3 - 10 < 1e-9) & (first * 2 + second * 3 - 10 > -1e-9)
    assert 0.3 < in_first.mean() < 0.7


def test_splits_are_averaged_before_spearman_brown():
    people = sample(np.random.default_rng(7), people=40)
    found = contrast_reliability(people, np.random.default_rng(8), splits=300)
    first, second = half_scores(people, np.random.default_rng(8), splits=300)
    slow = np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(first, second, strict=True)])
    assert found.r_mean == pytest.approx(slow, abs=1e-12)
    assert found.split_half == pytest.approx(2 * slow / (1 + slow), abs=1e-12)


def test_people_with_few_trials_are_left_out_and_counted():
    people = sample(np.random.default_rng(9), people=30)
    people.append(ContrastTrials("few", [1.0, 2.0, np.nan, 3.0], np.zeros(20)))
    found = contrast_reliability(people, np.random.default_rng(10), splits=50)
    assert (found.n_participants, found.n_left_out) == (30, 1)
    nobody = contrast_reliability(people[-1:], np.random.default_rng(1), splits=50)
    assert np.isnan(nobody.split_half)
    assert "at least 3" in nobody.warnings[0]


def test_a_small_sample_is_flagged_and_a_seed_repeats():
    people = sample(np.random.default_rng(11), people=12)
    one, two = (contrast_reliability(people, np.random.default_rng(1), splits=99) for _ in "ab")
    assert one == two
    assert "only 12 participants" in one.warnings[0]


def test_permuting_trials_changes_no_variance_component():
    people = sample(np.random.default_rng(12), people=25)
    turned = [ContrastTrials(p.participant, p.emotion[::-1], p.reference[::-1]) for p in people]
    one = contrast_reliability(people, np.random.default_rng(1), splits=20)
    two = contrast_reliability(turned, np.random.default_rng(1), splits=20)
    assert one.icc_single == pytest.approx(two.icc_single, abs=1e-12)


def test_session_icc_recovers_stability_and_shift():
    rng = np.random.default_rng(13)
    person = rng.normal(0, 2, (500, 1))
    table = person + rng.normal(0, 1, (500, 2)) + [0.0, 1.0]
    table[0, 0] = np.nan
    found = session_icc(table)
    assert found["n"] == 499
    assert found["icc_3_1"] == pytest.approx(0.8, abs=0.04)
    assert found["icc_2_1"] == pytest.approx(4 / (5 + 0.5), abs=0.05)
    assert found["icc_2_k"] > found["icc_2_1"]


def test_nothing_in_common_is_a_reliability_of_0_and_a_negative_one_is_none():
    assert spearman_brown(0.0) == 0.0
    assert np.isnan(spearman_brown(-1e-9))
    assert spearman_brown(0.5) == pytest.approx(2 / 3)
    assert spearman_brown(0.5, times=3.0) == pytest.approx(0.75)
    assert spearman_brown(1.0, times=0.5) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("icc", "reliability", "expected"),
    [(0.5, 0.5, 1), (0.2, 0.8, 16), (0.1, 0.9, 81), (0.1, 0.7, 21), (0.0, 0.7, None),
     (1.0, 0.7, None), (-0.1, 0.7, None), (1.1, 0.7, None), (0.25, 0.74, 9)],
)  # fmt: skip
def test_trials_are_whole_and_rounding_adds_none(icc, reliability, expected):
    """.7 * .9 / (.1 * .3) is 21 and a little more in floating point: 21 trials, not 22."""
    found = trials_needed(icc, reliability)
    assert found == expected if expected else np.isnan(found)


def test_sessions_by_hand():
    """Three people, two days: mean squares 10.5 (people), 1.5 (days), .5 (left)."""
    table = np.array([[1.0, 2.0], [2.0, 4.0], [6.0, 6.0]])
    people, days, error = 10.5, 1.5, 0.5
    assert session_icc(table) == pytest.approx(
        {
            "n": 3,
            "icc_2_1": (people - error) / (people + error + 2 * (days - error) / 3),
            "icc_2_k": (people - error) / (people + (days - error) / 3),
            "icc_3_1": (people - error) / (people + error),
        }
    )
    three = session_icc(np.column_stack([table, table[:, 0]]))
    assert three["icc_3_1"] > 0.9


@pytest.mark.parametrize(
    ("table", "n"),
    [(np.ones((2, 4)), 2), (np.ones((4, 1)), 4), (np.array([[1, 2], [2, 4], [6, np.nan]]), 2)],
)
def test_two_people_or_one_session_have_no_icc(table, n):
    found = session_icc(table)
    assert found.pop("n") == n
    assert list(found) == ["icc_2_1", "icc_2_k", "icc_3_1"]
    assert np.isnan(list(found.values())).all()


def test_without_any_variance_there_is_no_ratio():
    assert np.isnan(session_icc(np.ones((4, 2)))["icc_3_1"])
    flat = [ContrastTrials(str(k), np.ones(4), np.zeros(4)) for k in range(3)]
    found = contrast_reliability(flat, np.random.default_rng(1), splits=5)
    numbers = (found.r_mean, found.r_low, found.split_half, found.split_half_low, found.odd_even_r)
    assert np.isnan([*numbers, found.icc_single, found.sem, found.trials_for_70]).all()
    assert found.sd_between == 0
    assert "the halves do not agree at all" in found.warnings[1]


def test_a_person_needs_four_trials_and_two_clips_on_both_sides():
    four, three = np.arange(4.0), np.arange(3.0)
    clips = ("a", "a", "a", "b")
    cases = {
        (4, 4, clips, clips): True, (3, 4, (), ()): False, (4, 3, (), ()): False,
        (4, 4, ("a",) * 4, clips): False, (4, 4, clips, ("a",) * 4): False, (4, 4, (), ()): True,
    }  # fmt: skip
    for (n, m, left, right), usable in cases.items():
        sides = [four if count == 4 else three for count in (n, m)]
        assert ContrastTrials("p", *sides, left, right).usable == usable
    person = ContrastTrials("p", [1.0, np.nan, 3.0], [0.5], ("a", "b", "c"))
    assert (person.emotion.tolist(), person.emotion_clip) == ([1.0, 3.0], ("a", "c"))
    assert (person.contrast, person.reference_clip) == (1.5, ("0",))
    with pytest.raises(ValueError, match=r"reference holds \(2,\) scores and 1 clips"):
        ContrastTrials("p", [1.0], [1.0, 2.0], (), ("a",))
    with pytest.raises(ValueError, match=r"emotion holds \(1, 2\) scores"):
        ContrastTrials("p", np.ones((1, 2)), [1.0])


def by_hand():
    """Three people whose odd and even trials differ by a known amount."""
    return [
        ContrastTrials(
            str(k), [level, level + 2, level, level + 2, level][:n], [0.0, 1.0, 0.0, 1.0]
        )
        for k, (level, n) in enumerate([(0.0, 4), (1.0, 5), (5.0, 4)])
    ]


def test_variance_and_halves_by_hand():
    people = by_hand()
    found = contrast_reliability(people, np.random.default_rng(1), splits=10)
    contrasts = np.array([0.5, 1.3, 5.5])
    first, second = np.array([0.0, 1.0, 5.0]), np.array([1.0, 2.0, 6.0])
    assert found.odd_even_r == pytest.approx(np.corrcoef(first, second)[0, 1])
    assert found.odd_even == pytest.approx(1.0)
    assert found.sd_between == pytest.approx(contrasts.std(ddof=1))
    within = np.array([4 / 3 + 1 / 3, 1.2 + 1 / 3, 4 / 3 + 1 / 3])
    error = np.array([4 / 12 + 1 / 12, 1.2 / 5 + 1 / 12, 4 / 12 + 1 / 12]).mean()
    between = contrasts.var(ddof=1) - error
    assert found.icc_single == pytest.approx(between / (between + within.mean()))
    assert found.icc_average == pytest.approx(between / (between + error))
    assert found.trials_per_side == pytest.approx(6 / (5 / 4 + 1 / 5))
    assert found.sem == pytest.approx(found.sd_between * np.sqrt(1 - found.split_half))
    assert found.trials_for_80 == trials_needed(found.icc_single, 0.8)
    assert (found.n_participants, found.n_left_out, found.splits) == (3, 0, 10)
    assert found.to_json()["icc_single"] == found.icc_single
    assert found.warnings == ("only 3 participants: the reliability itself is uncertain",)


@pytest.mark.parametrize(
    ("n", "r_mean", "reliability", "parts"),
    [
        (20, 0.9, 0.70, []),
        (19, 0.9, 0.95, ["only 19"]),
        (20, 0.5, 0.6999, ["below .70"]),
        (20, 0.5, 0.60, ["below .70"]),
        (20, 0.4, 0.5999, ["below .60", "below .70"]),
        (20, 0.0, 0.0, ["below .60", "below .70"]),
        (20, -0.1, np.nan, ["do not agree at all"]),
        (20, np.nan, np.nan, ["do not agree at all"]),
    ],
)
def test_which_reliability_is_warned_of(n, r_mean, reliability, parts):
    texts = _warnings(n, r_mean, reliability)
    assert len(texts) == len(parts)
    for text, part in zip(texts, parts, strict=True):
        assert part in text


def test_nobody_is_said_with_numbers_missing_and_counts_there():
    found = contrast_reliability(by_hand()[:2], np.random.default_rng(1), splits=7)
    assert (found.n_participants, found.n_left_out, found.splits) == (2, 0, 7)
    assert np.isnan([found.r_mean, found.sd_between, found.trials_per_side]).all()
    assert found.warnings[0].startswith("2 participants have 4 trials")
    assert contrast_reliability(by_hand(), np.random.default_rng(1)).splits == 5000


def test_halves_that_disagree_have_no_reliability_and_no_interval():
    people = [
        ContrastTrials(str(k), [k, -k, k, -k], [0.0, 0.0, 0.0, 0.0]) for k in (1.0, 2.0, 3.0, 5.0)
    ]
    found = contrast_reliability(people, np.random.default_rng(2), splits=400)
    assert found.r_mean < 0
    assert np.isnan(
        [found.split_half, found.split_half_low, found.split_half_high, found.sem]
    ).all()
    assert np.isfinite([found.r_low, found.r_high]).all()
    assert found.icc_single == 0.0


def test_both_intervals_are_the_middle_95_percent():
    """Of the correlations over splits; and of 1000 samples of the people, drawn by a loop."""
    people = sample(np.random.default_rng(15), people=9)
    found = contrast_reliability(people, np.random.default_rng(16), splits=250)
    rng = np.random.default_rng(16)
    first, second = half_scores(people, rng, splits=250)
    r = [np.corrcoef(a, b)[0, 1] for a, b in zip(first, second, strict=True)]
    assert (found.r_low, found.r_high) == pytest.approx(np.quantile(r, [0.025, 0.975]), abs=1e-9)
    steps = []
    for times in rng.multinomial(9, np.full(9, 1 / 9), 1000):
        who = np.repeat(np.arange(9), times)
        x, y = (
            half - half.mean(axis=1, keepdims=True)
            for half in (first[:200, who], second[:200, who])
        )
        r = (x * y).sum(axis=1) / np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
        steps.append(spearman_brown(max(r.mean(), 0.0)))
    interval = (found.split_half_low, found.split_half_high)
    assert interval == pytest.approx(np.quantile(steps, [0.025, 0.975]), abs=1e-9)


def test_more_trials_are_needed_for_a_higher_reliability():
    people = sample(np.random.default_rng(17))
    found = contrast_reliability(people, np.random.default_rng(1), splits=5)
    single = found.icc_single
    assert found.trials_for_70 == np.ceil(0.7 * (1 - single) / (0.3 * single))
    assert found.trials_for_80 == np.ceil(0.8 * (1 - single) / (0.2 * single))
