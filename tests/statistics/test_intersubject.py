"""Viewers of one film."""

import numpy as np
import pytest

from mimicry.statistics.intersubject import intersubject_correlation

RATE = 5.0


def viewers(shared: float, seed: int, people: int = 6, seconds: float = 180.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n = int(seconds * RATE)
    kernel = np.ones(10) / 10

    def smooth(count):
        noise = rng.normal(0, 1, (count, n))
        return np.array([np.convolve(row, kernel, mode="same") for row in noise])

    return shared * smooth(1) + smooth(people)


def test_each_viewer_is_correlated_with_the_mean_of_the_others():
    data = viewers(1.0, 1)
    found = intersubject_correlation(data, RATE, np.random.default_rng(1), surrogates=19)
    expected = [
        np.corrcoef(data[k], np.delete(data, k, axis=0).mean(axis=0))[0, 1] for k in range(6)
    ]
    assert found.r == pytest.approx(expected, abs=1e-12)


def test_viewers_who_share_a_course_are_found_even_with_gaps():
    data = viewers(1.0, 2)
    data[1, 100:180] = np.nan
    found = intersubject_correlation(data, RATE, np.random.default_rng(1), surrogates=99)
    assert found.p == pytest.approx(0.01)
    assert found.z_surrogate > 3


def test_unrelated_viewers_are_rarely_called_related():
    rng = np.random.default_rng(3)
    ps = [
        intersubject_correlation(viewers(0.0, seed), RATE, rng, surrogates=19).p
        for seed in range(40)
    ]
    assert np.mean(np.array(ps) <= 0.05) <= 0.15


def test_a_viewer_seen_too_rarely_does_not_count():
    data = viewers(1.0, 4, people=3)
    data[0, :500] = np.nan
    found = intersubject_correlation(data, RATE, np.random.default_rng(1), surrogates=9)
    assert np.isnan(found.r[0])
    assert found.reason == "too_few_viewers"


def test_a_film_shorter_than_the_shifts_is_refused():
    with pytest.raises(ValueError, match="too few for shifts"):
        intersubject_correlation(viewers(1.0, 5, seconds=30), RATE, np.random.default_rng(1))


def test_three_viewers_are_enough_and_the_shift_is_in_seconds():
    data = viewers(1.0, 6, people=3)
    found = intersubject_correlation(data, RATE, np.random.default_rng(1), surrogates=9)
    assert (found.reason, found.surrogates, found.p) == ("", 9, pytest.approx(0.1))
    assert found.mean_z == pytest.approx(np.arctanh(found.r).mean())
    few = intersubject_correlation(data[:2], RATE, np.random.default_rng(1), surrogates=9)
    assert (few.reason, few.surrogates) == ("too_few_viewers", 0)
    assert np.isnan([few.p, few.mean_z, few.z_surrogate]).all()
    assert np.isfinite(few.r).all()


def test_a_film_of_twice_the_smallest_shift_is_long_enough():
    data = viewers(1.0, 7, people=3, seconds=41.0)
    rng = np.random.default_rng(1)
    assert intersubject_correlation(data, RATE, rng, surrogates=2).surrogates == 2
    with pytest.raises(ValueError, match="too few for shifts"):
        intersubject_correlation(data, RATE, rng, surrogates=2, min_shift_s=21.0)


def test_who_is_missing_takes_no_part_in_the_mean_of_the_others():
    data = viewers(0.5, 8, people=4)
    data[3, :60] = np.nan
    r = intersubject_correlation(data, RATE, np.random.default_rng(1), surrogates=1).r
    others = np.nanmean(data[1:], axis=0)
    assert r[0] == pytest.approx(np.corrcoef(data[0], others)[0, 1], abs=1e-9)
    seen = data[:, 60:]
    assert r[3] == pytest.approx(np.corrcoef(seen[3], seen[:3].mean(axis=0))[0, 1], abs=1e-9)


def test_of_two_others_the_one_who_is_there_stands_for_both_and_nobody_for_nothing():
    data = viewers(0.5, 9, people=3) + np.array([[0.0], [1.0], [3.0]])
    data[2, :90] = np.nan
    data[1, 40:100] = np.nan  # for a while the first viewer is alone
    r = intersubject_correlation(data, RATE, np.random.default_rng(1), surrogates=1).r
    others = np.r_[data[1, :40], np.full(50, np.nan), data[2, 90:100], data[1:, 100:].mean(axis=0)]
    there = np.isfinite(others)
    assert r[0] == pytest.approx(np.corrcoef(data[0, there], others[there])[0, 1], abs=1e-9)
