"""Latencies and hits of simulated sessions whose truth is known."""

import numpy as np
import pytest

from benchmarks import timing


def sessions(name, n, *, seed=1):
    situation = timing.LATENCIES[name]
    return [timing.session_latencies(situation, np.random.default_rng([seed, k])) for k in range(n)]


def given(latencies, part):
    values = [getattr(both, part) for both in latencies]
    return np.array([[v.value_s, v.low_s, v.high_s] for v in values if not v.reason])


def share_holding(intervals, truth):
    return np.mean((intervals[:, 1] <= truth) & (truth <= intervals[:, 2]))


@pytest.mark.parametrize("name", ["template", "startled"])
def test_a_response_of_the_clips_shape_has_both_latencies(name):
    shown = sessions(name, 30)
    for part, truth in zip(("shift", "half"), timing.truth(timing.LATENCIES[name]), strict=True):
        intervals = given(shown, part)
        assert len(intervals) == 30
        assert abs(intervals[:, 0].mean() - truth) < 0.02
        assert share_holding(intervals, truth) >= 0.8


@pytest.mark.parametrize("name", ["startle", "habituating", "none"])
def test_what_is_no_answer_has_no_latency(name):
    shown = sessions(name, 30)
    assert len(given(shown, "shift")) <= 1
    assert len(given(shown, "half")) <= 1


def test_a_brief_smile_is_mostly_no_shift_and_has_its_half_rise():
    shown = sessions("brief", 30)
    assert np.mean([both.shift.reason == "poor_fit" for both in shown]) > 0.5
    intervals = given(shown, "half")
    truth = timing.truth(timing.LATENCIES["brief"])[1]
    assert truth == pytest.approx(0.8, abs=0.02)
    assert len(intervals) >= 27
    assert abs(intervals[:, 0].mean() - truth) < 0.03
    assert share_holding(intervals, truth) >= 0.8


def test_a_trend_moves_no_hit_rate_and_slow_noise_makes_few_hits():
    def rates(name):
        rows = [
            timing.session_hits(timing.HITS[name], np.random.default_rng([2, k])) for k in range(10)
        ]
        return np.mean(rows, axis=0)

    still, steep = rates("trend 0"), rates("trend 0.5")
    assert still[0] > 0.9
    assert steep == pytest.approx(still, abs=0.02)
    for name in ("noise 0.05", "noise 2.5"):
        assert rates(name).max() < 0.05


@pytest.mark.slow
def test_the_promises_hold_in_200_sessions():
    for name in ("template", "startled"):
        shown = sessions(name, 200, seed=3)
        shift, half = timing.truth(timing.LATENCIES[name])
        intervals = given(shown, "shift")
        assert abs(intervals[:, 0].mean() - shift) <= 0.010
        assert 0.89 <= share_holding(intervals, shift) <= 0.99
        assert abs(given(shown, "half")[:, 0].mean() - half) <= 0.020
    for name in ("startle", "habituating"):
        shown = sessions(name, 200, seed=3)
        assert max(len(given(shown, part)) for part in ("shift", "half")) <= 10
    shown, truth = sessions("brief", 200, seed=3), timing.truth(timing.LATENCIES["brief"])[1]
    intervals = given(shown, "half")
    assert len(intervals) >= 180
    assert abs(intervals[:, 0].mean() - truth) <= 0.020
    assert 0.89 <= share_holding(intervals, truth) <= 0.99
