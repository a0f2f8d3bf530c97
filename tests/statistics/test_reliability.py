"""Reliability of contrasts: worked example, simulated truth, slow loop."""

import numpy as np
import pytest

from mimicry.statistics.reliability import (
    ContrastTrials,
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
