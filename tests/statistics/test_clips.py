"""Tests over people and clips at once."""

import numpy as np
import pytest

from mimicry.statistics.clips import clip_means, min_f
from mimicry.statistics.groups import TTest, one_sample, two_samples
from mimicry.statistics.reliability import ContrastTrials


def test_min_f_is_that_of_the_definition():
    found = min_f(TTest(n=21, t=-3.0, df=20.0), TTest(n=12, t=2.0, df=10.0))
    assert found.t == pytest.approx(-np.sqrt(9 * 4 / 13))
    assert found.df == pytest.approx(13**2 / (81 / 10 + 16 / 20))
    assert np.isnan(min_f(TTest(n=21, t=3.0, df=20.0), TTest(n=1, reason="x")).p)


def test_a_clip_that_a_high_scorer_missed_is_not_lowered():
    low = ContrastTrials(
        "a", np.array([1.0, 2.0]), np.array([0.0, 0.0]), ("h1", "h2"), ("n1", "n2")
    )
    high = ContrastTrials("b", np.array([11.0]), np.array([10.0]), ("h1",), ("n1",))
    emotion, reference = clip_means([low, high])
    assert emotion == pytest.approx({"h1": (0.25 + 0.5) / 2, "h2": 1.25})
    assert reference == pytest.approx({"n1": (-0.75 - 0.5) / 2, "n2": -0.75})


def test_clip_effects_fool_the_plain_test_and_not_the_one_with_clips_random():
    """No mimicry, 4 clips a condition with effects of .15 trial SD, 40 people, 12 trials each."""
    rng = np.random.default_rng(1)
    names = np.array([f"{c}{k % 4}" for c in "hn" for k in range(12)])
    plain, both = [], []
    for _ in range(300):
        effects = {name: rng.normal(0, 0.15) for name in sorted(set(names))}
        shift = np.array([effects[n] for n in names])
        scores = rng.normal(0, 1, (40, 24)) + shift
        people = [
            ContrastTrials(str(k), row[:12], row[12:], tuple(names[:12]), tuple(names[12:]))
            for k, row in enumerate(scores)
        ]
        over_people = one_sample([p.contrast for p in people])
        emotion, reference = clip_means(people)
        over_clips = two_samples(list(emotion.values()), list(reference.values()))
        plain.append(over_people.p <= 0.05)
        both.append(min_f(over_people, over_clips).p <= 0.05)
    assert np.mean(plain) > 0.15
    assert np.mean(both) <= 0.08
