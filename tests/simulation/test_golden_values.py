"""Every effect, group and noise level gives the people and the recordings it gave."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.trial_lists import make_trials

from golden_values import numbers, same_as_golden
from mimicry.records import EmotionMap, ScoringSettings
from mimicry.simulation.deltas import delta_measurement, simulate_deltas
from mimicry.simulation.effects import EFFECTS, GROUPS, Change, Effect, Group
from mimicry.simulation.nuisance import NUISANCE
from mimicry.simulation.participants import draw_clip_effects, draw_participant
from mimicry.simulation.population import SimulatedCamera, simulate_session

UNITS = ("AU04", "AU12", "AU43", "AU45")
OWN = Group(
    "own", gain=0.7, gain_sd=0.2, shape="slow", response_probability=0.8, habituation=0.5,
    nonresponders=0.1, every_stimulus={"AU12": 0.1}, latency_s=0.5, latency_sd=0.05,
    trial_latency_sd=0.2, inhibit=0.25, imitate=None,
    changes=(
        Change({"condition": "happy", "half": "2"}, gain=0.5, delay_s=0.1),
        Change({"half": "2"}, gain=1.5, trait="empathy"),
    ),
)  # fmt: skip


def session(effect, group, nuisance, seed=4):
    rng = np.random.default_rng(seed)
    trials, timelines = make_trials({"happy": 5, "angry": 5, "neutral": 4}, rng)
    half = tuple("12"[k >= 7] for k in range(14))
    task = tuple(("watch", "inhibit", "imitate")[k % 3] for k in range(14))
    trials = replace(trials, columns={**trials.columns, "half": half, "task": task})
    person = draw_participant("01", group, effect, trials.condition, rng)
    clips = draw_clip_effects(effect, timelines, rng)
    return simulate_session(
        trials,
        timelines,
        person,
        rng=rng,
        camera=SimulatedCamera(nuisance, UNITS),
        clip_effects=clips,
    )


def described(made):
    truth, track = made.truth, made.track
    return {
        **{f"{n} {k}": v for n in ("gain", "responded", "latency_s", "amplitude", "extra")
           for k, v in numbers(getattr(truth, n)).items()},
        **{f"times {k}": v for k, v in numbers(track.times_s).items()},
        **{f"{n} {k}": v for n in UNITS for k, v in numbers(track.of(n)).items()},
        **{f"pose {k}": v for k, v in numbers(track.pose_deg).items()},
        **{f"{n} mean": np.nanmean(v) for n, v in track.quality.items() if np.isfinite(v).any()},
    }  # fmt: skip


@pytest.fixture(scope="module")
def still():
    return NUISANCE["none"]


def test_every_named_effect(still):
    group = GROUPS[next(iter(GROUPS))]
    effects = {**EFFECTS, "own": Effect(
        mirrored=0.3, person_r=0.2, trial_cv=0.1, trial_sd={"AU12": 0.2, "*": 0.05},
        person_sd={"happy": 0.5, "*": 0.1}, clip_sd={"AU12": 0.1},
    )}  # fmt: skip
    cases = {name: described(session(effect, group, still)) for name, effect in effects.items()}
    same_as_golden("simulated_effects", cases, atol=1e-7, rtol=1e-6)


def test_every_named_group(still):
    groups = {**GROUPS, "own": OWN, "brief": replace(OWN, shape="brief", imitate=0.9)}
    effect = EFFECTS[next(iter(EFFECTS))]
    cases = {name: described(session(effect, group, still)) for name, group in groups.items()}
    same_as_golden("simulated_groups", cases, atol=1e-7, rtol=1e-6)


def test_every_noise_level():
    effect, group = EFFECTS[next(iter(EFFECTS))], GROUPS[next(iter(GROUPS))]
    cases = {name: described(session(effect, group, n)) for name, n in NUISANCE.items()}
    same_as_golden("simulated_noise", cases, atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize("group", [OWN, replace(OWN, imitate=0.9, gain_sd=None)], ids=["own", "im"])
def test_simulated_deltas_and_their_noise(group):
    rng = np.random.default_rng(4)
    trials, timelines = make_trials({"happy": 5, "angry": 5, "neutral": 4}, rng)
    task = tuple(("watch", "inhibit", "imitate")[k % 3] for k in range(14))
    half = tuple("12"[k >= 7] for k in range(14))
    trials = replace(trials, columns={**trials.columns, "half": half, "task": task})
    settings = ScoringSettings({"happy": EmotionMap(("AU12",), ("AU04",))})
    names = ("AU04", "AU12")
    measurement = delta_measurement(NUISANCE["webcam"], names, settings, np.random.default_rng(1))
    people = simulate_deltas(
        trials, timelines, group, EFFECTS[next(iter(EFFECTS))], 40,
        measurement=measurement, rng=rng,
    )  # fmt: skip
    cases = {
        "noise": dict(zip(names, measurement.noise, strict=True)),
        "deltas": numbers(people.deltas),
        **{f"trait {name}": numbers(z) for name, z in people.traits.items()},
        **{
            f"trial {k} {c} {task[k]}": numbers(people.deltas[:, k])
            for k, c in enumerate(trials.condition)
        },
    }
    case = "im" if group.imitate else "own"
    same_as_golden(f"simulated_deltas_{case}", cases, atol=1e-7, rtol=1e-6)
