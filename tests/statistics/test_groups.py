"""Group means: against scipy, by hand, and on a published data set."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mimicry.statistics.groups import (
    one_sample,
    people_means,
    percent_reduction,
    pooled,
    two_samples,
)


def person_means(file: Path, column: str) -> dict[str, dict[str, float]]:
    """Stimulus -> participant -> mean over events."""
    values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with file.open() as handle:
        for row in csv.DictReader(handle):
            if row[column] not in ("", "NA"):
                values[row["Stimulus"]][row["Subject"]].append(float(row[column]))
    return {
        stimulus: {person: float(np.mean(v)) for person, v in people.items()}
        for stimulus, people in values.items()
    }


@pytest.mark.parametrize(
    ("file", "column", "first", "second", "dz", "t"),
    [
        ("ZygomaticEventData.csv", "EMG_zyg_mean", "Happy", "Neutral", 0.5100, 4.387),
        ("CorrugatorEventData.csv", "EMG_corr_mean", "Happy", "Neutral", -0.5005, -4.305),
        ("CorrugatorEventData.csv", "EMG_corr_mean", "Angry", "Neutral", 0.2066, 1.778),
    ],
)
def test_the_effects_of_a_real_mimicry_experiment_are_reproduced(
    test_data: Path, file: str, column: str, first: str, second: str, dz: float, t: float
) -> None:
    """Facial EMG of 74 people (Nilsonne and colleagues, CC0), event means."""
    means = person_means(test_data / "emg" / file, column)
    people = sorted(set(means[first]) & set(means[second]))
    found = one_sample([means[first][k] - means[second][k] for k in people])
    assert (found.n, found.df) == (74, 73)
    assert found.effect == pytest.approx(dz, abs=5e-5)
    assert found.t == pytest.approx(t, abs=1e-3)


def test_one_sample_agrees_with_scipy() -> None:
    data = np.random.default_rng(1).normal(0.3, 1, 20)
    found = one_sample([*data, np.nan])
    expected = stats.ttest_1samp(data, 0)
    assert found.t == pytest.approx(expected.statistic, abs=1e-12)
    assert found.p == pytest.approx(expected.pvalue, abs=1e-12)
    low, high = expected.confidence_interval()
    assert (found.low, found.high) == pytest.approx((low, high))


def test_two_samples_agree_with_scipy() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(0.3, 1, 20), rng.normal(0, 2, 35)
    found = two_samples(a, b)
    expected = stats.ttest_ind(a, b, equal_var=False)
    assert (found.t, found.p, found.df) == pytest.approx(
        (expected.statistic, expected.pvalue, expected.df)
    )


@pytest.mark.parametrize(("values", "reason"), [([1.0], "too_few_participants"),
                                               ([2.0, 2.0, 2.0], "no_variance")])  # fmt: skip
def test_a_test_that_cannot_be_done_says_why(values: list[float], reason: str) -> None:
    assert one_sample(values).reason == reason
    assert np.isnan(one_sample(values).t)


def test_a_weak_control_group_leaves_the_reduction_unbounded() -> None:
    """Control 0.2 (SE 0.2): all reductions between the limits are excluded, none beyond."""
    found = percent_reduction(0.2, 0.2, 1.0, 0.1, 1.96)
    assert found.kind == "outside"
    for percent in (found.low, found.high):
        ratio = 1 - percent / 100
        error = np.hypot(0.1, ratio * 0.2)
        assert abs(1.0 - ratio * 0.2) == pytest.approx(1.96 * error)


def test_two_means_near_zero_exclude_nothing() -> None:
    found = percent_reduction(0.1, 0.2, 0.1, 0.2, 1.96)
    assert found.kind == "everything"
    assert found.percent == 0


def test_two_people_are_enough_and_by_hand():
    """Values 1 and 3: mean 2, SD sqrt 2, SE 1, t 2 with one degree of freedom: p = .2952."""
    found = one_sample([1.0, 3.0, np.nan])
    numbers = (found.n, found.mean, found.se, found.t, found.df, found.effect, found.reason)
    assert numbers == pytest.approx((2, 2.0, 1.0, 2.0, 1.0, np.sqrt(2), ""))
    assert found.p == pytest.approx(1 - 2 / np.pi * np.arctan(2.0))
    assert (found.low, found.high) == pytest.approx((2 - 12.7062, 2 + 12.7062), abs=1e-4)
    both = two_samples([1.0, 3.0], [0.0, 2.0])
    numbers = (both.n, both.mean, both.se, both.t, both.df, both.effect)
    assert numbers == pytest.approx((4, 1.0, np.sqrt(2), np.sqrt(0.5), 2.0, np.sqrt(0.5)))
    half = pooled([[1.0, 3.0], [0.0, 2.0]])
    assert (half.n, half.mean, half.se, half.df) == pytest.approx((4, 1.5, np.sqrt(0.5), 2.0))


@pytest.mark.parametrize("test", [two_samples, lambda a, b: pooled([a, b])])
def test_a_group_of_one_or_none_is_too_few(test):
    for first, second, n in (([1.0, 2.0], [3.0, np.nan], 3), ([], [1.0, 2.0], 2)):
        found = test(first, second)
        assert (found.n, found.reason) == (n, "too_few_participants")
        assert np.isnan([found.mean, found.se, found.t, found.df, found.p, found.effect]).all()
    assert test([1.0, 2.0], [3.0, 5.0]).reason == ""
    assert pooled([]).reason == "too_few_participants"


@pytest.mark.parametrize("size", [1.0, 1000.0, 1e-3])
def test_a_spread_is_none_up_to_a_trillionth_of_the_largest_value(size):
    """Below 1 the limit stays: contrasts of such people are noise of the last digit."""
    limit = 1e-12 * max(1.0, size)
    for step, reason in ((0.5, "no_variance"), (2.0, "")):
        half = step * limit / np.sqrt(2)  # SD of a pair is its distance by the root of 2
        found = one_sample([size - half, size + half])
        assert found.reason == reason, step
        assert np.isnan(found.t) == bool(reason)
        assert found.mean == pytest.approx(size)


def test_two_groups_without_spread_have_a_mean_and_no_test():
    for spread, reason in ((0.0, "no_variance"), (0.5e-12, "no_variance"), (4e-12, "")):
        pair = np.array([-spread, spread]) / 2
        found = two_samples(pair, pair)
        assert found.reason == reason
        assert pooled([pair, pair]).reason == reason
    found = two_samples([3.0, 3.0], [1.0, 1.0])
    assert (found.n, found.mean, found.reason) == (4, 2.0, "no_variance")
    assert pooled([[3.0, 3.0], [1.0, 1.0]]).mean == 2.0


@pytest.mark.parametrize("same", [0.0, 0.1, -1e6 / 3])
def test_a_group_without_spread_beside_one_with_spread_has_no_test_of_its_own(same):
    """Nobody in the first group differs: no test of it alone, one of the difference."""
    means = people_means([[same] * 6, [0.1, 0.2, 0.0, 0.3, 0.1, 0.0]])
    alone = means.test([1.0, 0.0])
    assert (alone.n, alone.mean, alone.reason) == (6, pytest.approx(same), "no_variance")
    assert np.isnan([alone.se, alone.p, alone.effect]).all()
    both = means.test([1.0, -1.0])
    assert (both.reason, both.df) == ("", pytest.approx(5))
    assert np.isfinite([both.p, both.low, both.effect]).all()


def test_values_too_large_for_a_variance_say_so():
    huge = [1e200, -1e200]
    for found in (one_sample(huge), two_samples(huge, [0.0, 1.0]), pooled([huge, [0.0, 1.0]])):
        assert found.reason == "too_large"
        assert np.isnan([found.mean, found.p]).all()
    assert one_sample([1e150, -1e150]).reason == ""


def test_the_reduction_by_hand():
    """Control 2 (SE .5), group 1 (SE .5), t = 2: the ratio solves 3 r^2 - 4 r + 0 = 0."""
    found = percent_reduction(2.0, 0.5, 1.0, 0.5, 2.0)
    assert (found.percent, found.kind, found.reason) == (50.0, "interval", "")
    assert (found.low, found.high) == pytest.approx((100 * (1 - 4 / 3), 100.0))
    flat = percent_reduction(1.0, 0.5, 1.0, 0.1, 2.0)  # control^2 is exactly its error: no bound
    assert (flat.percent, flat.kind, flat.reason) == (0.0, "everything", "no_interval")
    assert np.isnan([flat.low, flat.high]).all()
    nothing = percent_reduction(0.0, 0.5, 1.0, 0.1, 2.0)
    assert np.isnan(nothing.percent)
    assert nothing.kind == "outside"
    edge = percent_reduction(2.0, 0.5, 0.0, 0.0, 2.0)  # one ratio only
    assert (edge.low, edge.high, edge.kind) == (100.0, 100.0, "interval")
