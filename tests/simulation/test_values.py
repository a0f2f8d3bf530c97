"""Numbers of simulated designs, shapes and disturbances, computed by hand."""

import json

import numpy as np
import pytest
from benchmarks.trial_lists import PROTOTYPES, make_timelines, make_trials

from mimicry.errors import InputError
from mimicry.simulation.effects import (
    EFFECTS,
    GROUPS,
    Change,
    Effect,
    Group,
    named_effect,
    parse_group,
)
from mimicry.simulation.nuisance import (
    NUISANCE,
    REST_NOISE,
    Nuisance,
    add_nuisance,
    frame_times,
    slow_noise,
)
from mimicry.simulation.population import ALL_UNITS
from mimicry.simulation.shapes import STEP_S, sample_shapes, shape_tables


def jerk(share):
    """Minimum jerk, as its authors write it."""
    t = np.clip(share, 0.0, 1.0)
    return 10 * t**3 - 15 * t**4 + 6 * t**5


def test_an_envelope_is_still_then_rises_to_the_prototype_and_holds():
    assert PROTOTYPES == {
        "happy": {"AU06": 0.6, "AU12": 1.0},
        "angry": {"AU04": 1.0, "AU07": 0.6},
        "sad": {"AU01": 0.8, "AU04": 0.5, "AU15": 0.8},
        "neutral": {"AU45": 1.0},
    }
    for condition, units in PROTOTYPES.items():
        clip = make_timelines({"a": condition})["a"]
        assert (clip.onset_s, clip.apex_s, clip.stimulus_id) == (0.5, 1.25, "a")
        assert np.isnan(clip.offset_s)
        np.testing.assert_allclose(clip.times_s, np.arange(251) / 100, atol=1e-12)
        for unit, apex in units.items():
            course = apex * jerk((clip.times_s - 0.5) / 0.75)
            np.testing.assert_allclose(clip.at(clip.times_s, unit), course, atol=1e-12)


def test_trials_follow_each_other_within_the_interval():
    given = {"happy": 4, "neutral": 4}
    trials, _ = make_trials(given, np.random.default_rng(1), clips=2, run=2)
    assert trials.onset_s[0] == pytest.approx(2.0, abs=1.5)
    assert trials.onset_s[0] >= 2.0
    gaps = np.diff(trials.onset_s)
    assert gaps.min() >= 5.5
    assert gaps.max() <= 7.0
    assert trials.duration_s.tolist() == [2.5] * 8
    assert trials.trial_id == tuple("12345678")
    assert trials.columns["run"] == tuple("11223344")
    assert trials.columns["block"] == ("watch",) * 8
    parts = zip(trials.condition, trials.columns["identity"], strict=True)
    assert trials.stimulus_id == tuple(f"{c}-{m}" for c, m in parts)
    assert set(trials.columns["identity"]) == {"m1", "m2"}
    fixed, _ = make_trials(given, np.random.default_rng(1), interval_s=(3.0, 3.0))
    np.testing.assert_allclose(fixed.onset_s, 2.0 + 3.0 * np.arange(8))
    assert fixed.columns["run"] == tuple("12345678")


def test_a_response_copies_the_clip_takes_longer_or_is_brief():
    clips = list(make_timelines({"a": "happy", "b": "neutral"}).values())
    times = np.array([-0.01, 0.0, 0.3, 0.4, 0.5, 0.75, 1.9, 2.0, 2.3, 2.75, 99.0])
    fall = 1 - jerk((times - 2.0) / 0.75)
    since = np.vstack([times, times])
    which = np.array([0, 1])
    follow = sample_shapes(shape_tables(clips, [2.5, 2.5], "stimulus"), which, since)
    expected = np.where(times < 0, 0.0, jerk(times / 0.75) * fall)
    np.testing.assert_allclose(follow, [expected, expected], atol=1e-4)
    slow = sample_shapes(shape_tables(clips, [2.5, 2.5], "slow"), which, since * 1.5)
    np.testing.assert_allclose(slow, [expected, expected], atol=1e-4)
    brief = sample_shapes(shape_tables(clips, [2.5, 2.5], "brief"), which, since)
    bump = np.where(times < 0, 0.0, jerk(times / 0.4) - jerk((times - 0.4) / 0.6))
    np.testing.assert_allclose(brief, [bump, bump], atol=1e-4)


def test_a_shape_is_linear_between_its_steps_and_nothing_outside():
    tables = np.array([[0.0, 4.0, 2.0, 8.0], [1.0, 1.0, 1.0, 1.0]])
    since = STEP_S * np.array([[-0.5, 0.0, 0.25, 1.5, 2.75, 3.0]] * 2)
    values = sample_shapes(tables, np.array([0, 1]), since)
    np.testing.assert_allclose(values, [[0, 0, 1, 3, 6.5, 0], [0, 1, 1, 1, 1, 0]], atol=1e-9)


def test_what_an_average_person_does_by_default():
    assert Effect().to_json() == {
        "amplitude": {}, "mirrored": 0.25, "still": ("neutral", "control", "baseline"),
        "person_sd": {"*": 1 / 3}, "person_r": 0.5, "trial_sd": {"*": 0.0},
        "trial_sd_factor": {}, "trial_cv": 0.3, "clip_sd": {}, "source": "default",
    }  # fmt: skip
    effect = Effect(person_sd={"happy": 0.5, "*": 0.2}, trial_sd={"AU12": 0.3, "*": 0.1})
    assert (effect.gain_sd("happy"), effect.gain_sd("sad")) == (0.5, 0.2)
    assert (effect.extra_sd("AU12"), effect.extra_sd("AU04")) == (0.3, 0.1)
    assert Effect(person_sd={}, trial_sd={}).gain_sd("sad") == 0.0
    assert Effect(person_sd={}, trial_sd={}).extra_sd("AU04") == 0.0


def test_effects_have_names():
    emg = EFFECTS["emg"]
    assert {c: dict(units) for c, units in emg.amplitude.items()} == {
        "happy": {"AU12": 0.0501}, "angry": {"AU04": 0.0149},
    }  # fmt: skip
    assert emg.person_sd == {"happy": 1.836, "angry": 2.82, "*": 0.0}
    assert (emg.mirrored, emg.person_r, emg.trial_cv, emg.trial_sd) == (0.0, 0.0, 0.0, {"*": 0.1})
    assert named_effect("emg") is emg
    assert (named_effect("visible").mirrored, named_effect("none").mirrored) == (0.25, 0.0)
    with pytest.raises(InputError, match="no effect 'some'; there are visible, emg, none"):
        named_effect("some")


def test_groups_differ_from_the_typical_in_what_they_say():
    typical = {
        "name": "typical", "gain": 1.0, "gain_sd": None, "changes": [], "latency_s": 0.6,
        "latency_sd": 0.08, "trial_latency_sd": 0.1, "shape": "stimulus",
        "response_probability": 1.0, "nonresponders": 0.0, "habituation": 0.0,
        "every_stimulus": {}, "imitate": 0.7, "inhibit": 0.5,
    }  # fmt: skip

    def change(gain, **where):
        return {"where": where, "gain": gain, "delay_s": 0.0, "trait": None}

    differs = {
        "typical": {},
        "lower-gain": {"gain": 0.6},
        "longer-latency": {"latency_s": 0.76},
        "selective": {"changes": [change(0.2, role="critic"), change(0.2, status="low")]},
        "reversed": {"gain": -0.5},
        "none": {"gain": 0.0, "gain_sd": 0.0},
        "same-to-all": {
            "gain": 0.0, "gain_sd": 0.0, "every_stimulus": {"AU12": 0.2, "AU04": 0.1},
        },
        "happy-only": {"gain_sd": 0.0, "changes": [change(0.0, condition="angry")]},
    }  # fmt: skip
    assert list(GROUPS) == list(differs)
    for name, group in GROUPS.items():
        assert group.to_json() == {**typical, "name": name, **differs[name]}
    assert Change({"a": "b"}).to_json() == change(1.0, a="b")


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        *((k, (0, 1), (-0.01, 1.01)) for k in ("response_probability", "nonresponders")),
        ("habituation", (0, 1), (-0.01, 1.01)),
        *((k, (0, 9.0), (-0.01,)) for k in ("latency_s", "latency_sd", "trial_latency_sd")),
        ("gain_sd", (0, 2.0, None), (-0.01,)),
        ("shape", ("slow", "brief"), ("odd",)),
    ],
)
def test_a_group_is_refused_only_beyond_its_limits(key, good, bad):
    for value in good:
        assert getattr(Group("x", **{key: value}), key) == value
    for value in bad:
        with pytest.raises(ValueError, match=f"^{key} is "):
            Group("x", **{key: value})


def test_the_correlation_of_gains_is_a_share():
    assert [Effect(person_r=r).person_r for r in (0, 1)] == [0, 1]
    for r in (-0.01, 1.01):
        with pytest.raises(ValueError, match="person_r"):
            Effect(person_r=r)


def test_every_number_of_a_group_can_be_written():
    keys = ["gain", "gain_sd", "latency_s", "latency_sd", "trial_latency_sd"]
    keys += ["response_probability", "nonresponders", "habituation", "imitate", "inhibit"]
    for key in keys:
        assert getattr(parse_group(f"a_1-b: {key} = 0.25 ,"), key) == 0.25
    delayed = parse_group("selective:delay[half=2]=0.3").changes
    assert [dict(c.where) for c in delayed] == [
        {"role": "critic"},
        {"status": "low"},
        {"half": "2"},
    ]
    assert (delayed[2].gain, delayed[2].delay_s) == (1.0, 0.3)
    for text in (":gain=1", "_a:gain=1", "a.b", "x:=1", "x:gain=", "x:gain=nan", "x:name=2"):
        with pytest.raises(InputError) as caught:
            parse_group(text)
        assert caught.value.key == "`groups`"


def test_noise_is_refused_only_beyond_its_limits():
    zero = dict.fromkeys(Nuisance().to_json(), 0.0)
    assert Nuisance(**zero).to_json() == zero
    assert Nuisance(trend=-1.0, dropped=0.99, lost_face=0.99).trend == -1.0
    for key in zero:
        if key != "trend":
            with pytest.raises(ValueError, match=f"^{key} is -0.1, expected 0 or more"):
                Nuisance(**{key: -0.1})
    for key in ("dropped", "lost_face"):
        with pytest.raises(ValueError, match=f"^{key} is 1.0, expected less than 1"):
            Nuisance(**{key: 1.0})


def test_levels_of_noise():
    webcam = {
        "noise": 1.0, "noise_tau_s": 0.25, "drift": 1.0, "drift_tau_s": 30.0, "trend": 0.0,
        "blinks_per_min": 15.0, "blink_s": 0.15, "stray_per_min": 4.0, "stray_size": 0.1,
        "sway_deg": 1.5, "pose_leak": 0.15, "dropped": 0.0, "lost_face": 0.0, "jitter_s": 0.001,
    }  # fmt: skip
    off = ("noise", "drift", "blinks_per_min", "stray_per_min", "sway_deg", "jitter_s")
    none = webcam | dict.fromkeys(off, 0.0)
    assert {name: level.to_json() for name, level in NUISANCE.items()} == {
        "none": none,
        "studio": none | {"noise": 0.6, "drift": 0.5, "blinks_per_min": 12.0, "sway_deg": 0.7},
        "webcam": webcam,
        "restless": webcam | {
            "noise": 1.5, "drift": 3.0, "stray_per_min": 15.0, "sway_deg": 5.0, "pose_leak": 0.3,
            "dropped": 0.05,
        },
    }  # fmt: skip
    by_size = {}
    for unit, sd in REST_NOISE.items():
        by_size.setdefault(sd, []).append(unit[2:])
    assert {sd: " ".join(units) for sd, units in by_size.items()} == {
        0.05: "01 02", 0.08: "04", 0.035: "05 07 10 43 45", 0.033: "06", 0.048: "09",
        0.024: "12", 0.04: "14 15 17 18 20 23", 0.006: "25", 0.022: "26",
    }  # fmt: skip
    assert json.loads(json.dumps(NUISANCE["restless"].to_json()))["drift"] == 3.0


def test_frame_times_are_regular_jittered_within_bounds_or_dropped():
    rng = np.random.default_rng(1)
    still = NUISANCE["none"]
    np.testing.assert_allclose(frame_times(1.99, 10.0, still, rng), np.arange(19) / 10)
    assert len(frame_times(2.0, 10.0, still, rng)) == 20
    wild = frame_times(40.0, 25.0, Nuisance(jitter_s=5.0), rng)
    assert wild.min() >= 0
    gaps = np.diff(wild)
    assert gaps.min() >= 0.1 / 25 - 1e-9
    assert gaps.max() == pytest.approx(1.9 / 25, abs=1e-9)
    kept = frame_times(1000.0, 10.0, Nuisance(jitter_s=0.0, dropped=0.3), rng)
    assert len(kept) == pytest.approx(7000, abs=200)
    assert set(np.round(kept * 10).astype(int)) <= set(range(10000))


def test_a_wander_has_unit_variance_and_its_correlation_time():
    times = np.arange(0.0, 20_000.0, 1.0)
    wander = slow_noise(times, 3, 4.0, np.random.default_rng(1))
    assert wander.shape == (20_000, 3)
    np.testing.assert_allclose(wander.std(axis=0), 1.0, atol=0.05)
    for lag in (1, 4, 8):
        r = [np.corrcoef(column[:-lag], column[lag:])[0, 1] for column in wander.T]
        np.testing.assert_allclose(r, np.exp(-lag / 4.0), atol=0.05)
    assert np.abs(np.corrcoef(wander.T)[np.triu_indices(3, 1)]).max() < 0.1
    one = slow_noise(np.array([5.0]), 2, 4.0, np.random.default_rng(1))
    assert np.isfinite(one).all()


def test_noise_at_rest_a_trend_and_lost_faces_are_as_large_as_they_say():
    times = np.arange(60_000) / 30.0
    names = ("AU12", "AU04_L", "AU99")
    zero, clean = np.zeros((len(times), 3)), NUISANCE["none"]
    rng = np.random.default_rng(2)
    noisy = add_nuisance(zero, times, names, Nuisance(**(clean.to_json() | {"noise": 2.0})), rng)
    np.testing.assert_allclose(noisy.intensity.std(axis=0), [0.048, 0.16, 0.08], rtol=0.03)
    r = [np.corrcoef(c[:-1], c[1:])[0, 1] for c in noisy.intensity.T]
    np.testing.assert_allclose(r, 0.7 * np.exp(-1 / 30 / 0.25), atol=0.02)
    assert not noisy.pose_deg.any()
    trend = add_nuisance(zero, times, names, Nuisance(**(clean.to_json() | {"trend": 2.0})), rng)
    np.testing.assert_allclose(trend.intensity[[0, -1]], [[0, 0, 0], [0.048, 0.16, 0.08]])
    assert not zero.any()
    lost = add_nuisance(zero, times, names, Nuisance(**(clean.to_json() | {"lost_face": 0.2})), rng)
    assert lost.lost.mean() == pytest.approx(1 - np.exp(-0.2), abs=0.02)
    np.testing.assert_array_equal(np.isnan(lost.intensity), np.repeat(lost.lost[:, None], 3, 1))
    blinks = clean.to_json() | {"blinks_per_min": 20.0, "blink_s": 0.3}
    seen = add_nuisance(zero, times, ("AU45", "AU43", "AU05"), Nuisance(**blinks), rng)
    assert seen.blink.mean() == pytest.approx(1 - np.exp(-0.1), abs=0.02)
    assert np.unique(seen.intensity[seen.blink], axis=0).tolist() == [[1.0, 0.4, -0.3]]
    assert not seen.intensity[~seen.blink].any()
    sway = clean.to_json() | {"sway_deg": 2.0, "pose_leak": 0.5}
    turned = add_nuisance(zero, times, ("AU04", "AU20", "AU12"), Nuisance(**sway), rng)
    np.testing.assert_allclose(turned.pose_deg.std(axis=0), [2.0, 2.0, 1.0], rtol=0.15)
    pitch, yaw = turned.pose_deg[:, 0], np.abs(turned.pose_deg[:, 1])
    leak = 0.5 * np.column_stack([0.045 * pitch, 0.012 * yaw, 0.009 * pitch - 0.012 * yaw])
    np.testing.assert_allclose(turned.intensity, leak, atol=1e-12)


def test_what_a_turned_head_and_a_blink_leave_in_each_unit():
    """Per degree of pitch, per degree of yaw to either side, and of a closed eye."""
    left = {
        "AU01": (-0.033, 0, -0.05), "AU02": (-0.033, 0, 0), "AU04": (0.045, 0, 0.15),
        "AU05": (0, 0, -0.3), "AU07": (0, 0, 0.2), "AU09": (0.042, 0, 0), "AU10": (0, -0.008, 0),
        "AU12": (0.009, -0.012, 0), "AU15": (0, 0.008, 0), "AU20": (0, 0.012, 0),
        "AU43": (0, 0, 0.4), "AU45": (0, 0, 1.0),
    }  # fmt: skip
    times = np.arange(0, 60, 1 / 30)
    given = {"sway_deg": 3.0, "pose_leak": 1.0, "blinks_per_min": 20.0}
    nuisance = Nuisance(**(NUISANCE["none"].to_json() | given))
    zero = np.zeros((len(times), len(ALL_UNITS)))
    seen = add_nuisance(zero, times, ALL_UNITS, nuisance, np.random.default_rng(4))
    assert seen.blink.any()
    causes = np.column_stack([seen.pose_deg[:, 0], np.abs(seen.pose_deg[:, 1]), seen.blink])
    shares = np.array([left.get(name, (0, 0, 0)) for name in ALL_UNITS])
    np.testing.assert_allclose(seen.intensity, causes @ shares.T, atol=1e-12)
