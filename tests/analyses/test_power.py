"""The fast simulation of deltas is the simulation of recordings, and power is what theory says."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.trial_lists import make_trials
from scipy import stats

from mimicry.analyses.power import power
from mimicry.errors import ProtocolError
from mimicry.kernels.baseline import delta
from mimicry.protocol import load_protocol
from mimicry.records import ScoringSettings
from mimicry.simulation.deltas import delta_measurement, simulate_deltas
from mimicry.simulation.effects import EFFECTS, Change, Effect, Group
from mimicry.simulation.nuisance import NUISANCE
from mimicry.simulation.participants import draw_participant
from mimicry.simulation.population import SimulatedCamera, simulate_session
from mimicry.timeline import align

UNITS = ("AU04", "AU12")
EMOTIONS = load_protocol("dynamic-happy-angry").scoring_settings().emotions
SETTINGS = ScoringSettings(EMOTIONS)


@pytest.fixture(scope="module")
def house():
    return load_protocol("dynamic-happy-angry")


def test_deltas_drawn_at_once_are_those_of_whole_recordings():
    """Mean and spread over people and trials, within 4 Monte-Carlo errors of one another."""
    rng = np.random.default_rng(8)
    trials, timelines = make_trials({"happy": 8, "neutral": 8}, rng, interval_s=(4.0, 5.0))
    group = Group("g", gain=0.8, changes=(Change({"identity": "m1"}, 0.5, delay_s=0.1),))
    effect = replace(EFFECTS["visible"], trial_sd={"*": 0.03})
    measurement = delta_measurement(NUISANCE["studio"], UNITS, SETTINGS, np.random.default_rng(1))
    quick = simulate_deltas(
        trials, timelines, group, effect, 2000, measurement=measurement, rng=rng
    ).deltas
    full = []
    for _ in range(60):
        person = draw_participant("x", group, effect, trials.condition, rng)
        made = simulate_session(
            trials, timelines, person, rng=rng, camera=SimulatedCamera(NUISANCE["studio"], UNITS)
        )
        aligned = align(made.track, trials, timelines, SETTINGS)
        order = [aligned.index(name) for name in UNITS]
        full.append(delta(aligned.times_s, aligned.response[:, :, order], (0.5, 2.5)))
    slow = np.array(full)
    happy = np.array(trials.condition) == "happy"
    for chosen in (happy, ~happy):
        a, b = quick[:, chosen], slow[:, chosen]
        error = np.nanstd(np.nanmean(b, axis=1), axis=0, ddof=1) / np.sqrt(len(b))
        gap = np.abs(a.mean(axis=(0, 1)) - np.nanmean(b, axis=(0, 1)))
        assert np.all(gap < 4 * error + 0.002)
        np.testing.assert_allclose(a.std(axis=(0, 1)), np.nanstd(b, axis=(0, 1)), rtol=0.2)


def test_power_is_that_of_the_normal_theory(house):
    """One-sample test of 20 people whose contrasts have a known mean and SD."""
    (found,) = power(house, participants=[20], studies=600, seed=1)
    # spread of one person's contrast, from the spread of the study means
    d = found.estimate / (found.estimate_sd * np.sqrt(20))
    expected = stats.nct.sf(stats.t.ppf(0.975, 19), 19, d * np.sqrt(20))
    assert found.power == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 600))


def test_without_the_effect_claims_are_as_rare_as_the_level_says(house):
    (found,) = power(house, participants=[20], studies=1000, without_effect=True)
    assert 0.02 <= found.power + found.wrong_way <= 0.085


def test_more_people_and_more_trials_give_more_power(house):
    few, many = power(house, participants=[8, 30], studies=200)
    (short,) = power(house, participants=[30], trials=6, studies=200)
    assert few.power < many.power
    assert short.trials == 6
    assert short.power < many.power


def test_two_groups_are_compared_and_the_sign_is_the_predicted_one(house):
    groups = [Group("control", gain_sd=0.3), Group("low", gain=0.6, gain_sd=0.3)]
    effect = Effect(amplitude={"happy": {"AU12": 0.25}}, trial_sd={"*": 0.03}, trial_cv=0.0)
    (found,) = power(house, participants=[40], groups=groups, effect=effect, studies=200)
    assert found.right_sign == 1.0
    assert found.power > 0.99
    assert found.estimate == pytest.approx(0.4 * 0.25 * 0.754, rel=0.05)


def test_the_same_seed_gives_the_same_power(house):
    one, two, other = (power(house, participants=[6], studies=50, seed=s) for s in (2, 2, 3))
    assert one == two
    assert one != other


def test_a_score_that_is_not_covered_is_named():
    protocol = load_protocol("exposure-latency")
    with pytest.raises(ProtocolError, match="latency_shift_s"):
        power(protocol, participants=[4], studies=2)
