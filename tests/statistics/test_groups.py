"""Group means: against scipy, by hand, and on a published data set."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mimicry.statistics.groups import one_sample, percent_reduction, two_samples


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
