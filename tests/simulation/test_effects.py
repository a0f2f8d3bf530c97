"""Effect presets reproduce the data they come from; groups are read as written."""

import numpy as np
import pandas as pd
import pytest
from benchmarks.trial_lists import make_trials

from mimicry.errors import InputError
from mimicry.simulation.effects import EFFECTS, GROUPS, parse_group
from mimicry.simulation.participants import draw_participant
from mimicry.simulation.population import respond

MUSCLES = {"happy": "AU12", "angry": "AU04"}


def single_trial_d(a, b):
    """Difference of means in SDs of single trials over the whole sample; lists of (n,) arrays."""
    x, y = np.concatenate(a), np.concatenate(b)
    return (np.mean([v.mean() for v in a]) - np.mean([v.mean() for v in b])) / np.sqrt(
        (x.var(ddof=1) + y.var(ddof=1)) / 2
    )


def split_half(a, b, rng, splits=40):
    """Spearman-Brown of the difference between conditions, mean over random halves."""
    rs = []
    for _ in range(splits):
        halves = np.empty((len(a), 2))
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            x, y = rng.permutation(x), rng.permutation(y)
            m, n = len(x) // 2, len(y) // 2
            halves[i] = x[:m].mean() - y[:n].mean(), x[m:].mean() - y[n:].mean()
        rs.append(np.corrcoef(halves.T)[0, 1])
    r = np.mean(rs)
    return 2 * r / (1 + r)


def simulated_study(emotion, rng, sessions):
    """One study; `sessions` holds trials and timelines for every person."""
    effect, unit = EFFECTS["emg"], MUSCLES[emotion]
    sides = ([], [])
    for trials, timelines in sessions:
        person = draw_participant("x", GROUPS["typical"], effect, ("happy", "angry"), rng)
        truth = respond(trials, timelines, person, names=(unit,), rng=rng)
        moved = (truth.amplitude + truth.extra)[:, 0]
        c = np.array(trials.condition)
        for side, name in zip(sides, (emotion, "neutral"), strict=True):
            side.append(moved[c == name])
    return sides


@pytest.mark.parametrize(
    ("emotion", "d", "reliability"), [("happy", 0.42, 0.72), ("angry", 0.14, 0.35)]
)
def test_the_emg_preset_reproduces_its_source(emotion, d, reliability):
    """Single-trial d and split-half reliability, each within 3 Monte-Carlo errors."""
    rng = np.random.default_rng(11)
    made = {n: make_trials({emotion: n, "neutral": n}, rng) for n in (12, 4)}
    design = [made[n] for n in [12] * 38 + [4] * 36]
    studies = [simulated_study(emotion, rng, design) for _ in range(60)]
    for found, expected in (
        ([single_trial_d(a, b) for a, b in studies], d),
        ([split_half(a, b, rng, splits=8) for a, b in studies], reliability),
    ):
        error = np.std(found, ddof=1) / np.sqrt(len(found))
        assert abs(np.mean(found) - expected) < 3 * error + 0.01
        assert error < 0.03


@pytest.mark.parametrize(
    ("table", "emotion", "d", "reliability"),
    [("Zygomatic", "happy", 0.42, 0.72), ("Corrugator", "angry", 0.14, 0.35)],
)
def test_the_source_has_the_figures_of_the_emg_preset(test_data, table, emotion, d, reliability):
    """The event means of the open EMG study themselves."""
    data = pd.read_csv(test_data / "emg" / f"{table}EventData.csv").dropna()
    value = data.columns[-1]

    def side(name):
        rows = data[data["Stimulus"].str.lower() == name]
        return [g[value].to_numpy() for _, g in rows.groupby("Subject")]

    a, b = side(emotion), side("neutral")
    rng = np.random.default_rng(1)
    assert single_trial_d(a, b) == pytest.approx(d, abs=0.02)
    assert split_half(a, b, rng, splits=300) == pytest.approx(reliability, abs=0.03)


def test_a_group_is_read_as_written():
    group = parse_group("low:gain=0.6,latency=0.7,gain[role=critic&condition=happy]=0.3,shape=slow")
    assert (group.name, group.gain, group.latency_s, group.shape) == ("low", 0.6, 0.7, "slow")
    (change,) = group.changes
    assert dict(change.where) == {"role": "critic", "condition": "happy"}
    assert change.gain == 0.3


def test_a_preset_is_a_start_that_can_be_changed():
    assert parse_group("longer-latency").latency_s == 0.76
    changed = parse_group("x:preset=longer-latency,gain=0.8")
    assert (changed.name, changed.gain, changed.latency_s) == ("x", 0.8, 0.76)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("low:gian=0.6", "gain"),
        ("low:gain=much", "much"),
        ("low:gain", "key=value"),
        ("low:nonresponders=2", "0 to 1"),
        ("a b:gain=1", "name"),
        ("x:preset=nobody", "nobody"),
        ("x:shape=odd", "odd"),
        ("low:gain=inf", "number"),
    ],
)
def test_a_wrong_group_is_explained(text, said):
    with pytest.raises(InputError, match=said):
        parse_group(text)


def test_no_preset_carries_a_diagnosis():
    words = ("autis", "narciss", "depress", "schizo", "patient", "disorder", "deficit", "healthy")
    names = " ".join([*GROUPS, *EFFECTS]).lower()
    assert not [w for w in words if w in names]
