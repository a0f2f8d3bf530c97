"""What simulated people, plans and scores are made of, computed by hand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from mimicry.errors import InputError, StimulusError
from mimicry.protocol import load_protocol
from mimicry.records import MimicryScores, TrialTable
from mimicry.simulation.effects import Change, Effect, Group
from mimicry.simulation.nuisance import autoregression
from mimicry.simulation.participants import (
    Participant,
    concerned,
    draw_clip_effects,
    draw_participant,
    extra_movement,
    habituated,
    instruction,
    trial_gains,
    trial_latencies,
)
from mimicry.simulation.population import SessionTruth
from mimicry.simulation.recordings import (
    _planned,
    check_changes,
    check_known,
    noise_level,
    predicted,
)
from mimicry.simulation.scores import _changes, cell_trials, planned_people

NAN = np.nan


def trials(**columns):
    return TrialTable(
        trial_id=("1", "2", "3", "4"),
        stimulus_id=("h1", "h2", "a1", "a1"),
        condition=("happy", "happy", "angry", "angry"),
        onset_s=np.arange(4.0),
        duration_s=np.full(4, 2.5),
        columns=columns,
    )


def person(*changes, effect=None, responder=True, traits=None, **keys):
    group = Group("g", changes=changes, **{"gain": 0.5, "trial_latency_sd": 0.0, **keys})
    return Participant(
        "01",
        group,
        effect or Effect(trial_cv=0.0),
        {"happy": 0.25, "angry": -0.25},
        0.6,
        responder,
        traits or {},
    )


def test_a_gain_is_the_groups_times_changes_plus_the_persons_own():
    happy, half = Change({"condition": "happy"}, 0.5), Change({"half": "2"}, 0.1)
    assert person(happy, happy, half).gain("happy") == pytest.approx(0.5 * 0.25 + 0.25)
    assert person(happy).gain("angry") == 0.25
    assert person().gain("sad") == 0.5
    assert person(responder=False).gain("happy") == 0.0
    trait = Change({"condition": "happy"}, 1.5, delay_s=0.1, trait="empathy")
    assert person(trait, traits={"empathy": -2.0}).gain("happy") == pytest.approx(0.25)
    assert person(trait).gain("happy") == 0.75


def test_changes_concern_the_trials_that_agree_with_all_they_name():
    where = {"condition": "happy", "stimulus": "h2", "half": "2"}
    made = trials(half=("2", "2", "1", "2"))
    assert concerned(Change(where), made).tolist() == [False, True, False, False]
    assert concerned(Change({}), made).tolist() == [True] * 4
    assert not concerned(Change({"role": "x"}), made).any()
    both = person(
        Change({"half": "2"}, 0.5, 0.1), Change({"condition": "happy"}, 3.0, 0.2, "t"),
        traits={"t": 0.5},
    )  # fmt: skip
    factors, delays = both.changes(made)
    assert factors.tolist() == [1.0, 1.0, 1.0, 0.5]
    np.testing.assert_allclose(delays, [0.2, 0.2, 0.0, 0.1])
    late = trial_latencies(both, made, np.random.default_rng(1))
    np.testing.assert_allclose(late, [0.8, 0.8, 0.6, 0.7])
    early = replace(both, latency_s=0.0)
    np.testing.assert_allclose(
        trial_latencies(early, made, np.random.default_rng(1)), [0.2, 0.2, 0.1, 0.1]
    )


def test_gains_of_trials_wane_and_are_held_back():
    made = trials(task=("watch", "inhibit", "imitate", "watch"))
    given = person(habituation=0.6, inhibit=0.25, gain=1.0)
    gains, responded = trial_gains(given, made, np.random.default_rng(1))
    np.testing.assert_allclose(gains, [1.25, 1.25 * 0.8 * 0.25, 0.75 * 0.6, 0.75 * 0.4])
    assert responded.all()
    np.testing.assert_allclose(habituated(given.group, 4), [1.0, 0.8, 0.6, 0.4])
    free, _ = trial_gains(person(inhibit=None, gain=1.0), made, np.random.default_rng(1))
    np.testing.assert_allclose(free, [1.25, 1.25, 0.75, 0.75])
    for none in (person(responder=False), person(response_probability=0.0)):
        gains, responded = trial_gains(none, made, np.random.default_rng(1))
        assert not gains.any()
        assert not responded.any()


def test_what_a_trial_asks_for_is_read_from_the_column_nearest_to_it():
    made = trials(
        block=("imitate", "Imitate 2", "baseline", "x"), task=("", "watch", "INHIBIT it", "y"),
        instruction=("", "", "imitation", "imitate"),
    )  # fmt: skip
    assert instruction(made).tolist() == ["imitate", "watch", "inhibit", "imitate"]
    assert instruction(trials()).tolist() == ["watch"] * 4


def test_people_are_drawn_around_their_group():
    effect = Effect(person_sd={"happy": 0.5, "*": 0.2}, person_r=0.25)
    rng = np.random.default_rng(3)
    group = Group("g", latency_s=0.5, latency_sd=0.1, nonresponders=0.3,
                  changes=(Change({}, trait="t"),))  # fmt: skip
    names = ("happy", "angry", "happy")
    drawn = [draw_participant("x", group, effect, names, rng) for _ in range(4000)]
    gains = np.array([[p.deviation[c] for c in ("angry", "happy")] for p in drawn])
    np.testing.assert_allclose(gains.std(axis=0), [0.2, 0.5], rtol=0.05)
    np.testing.assert_allclose(gains.mean(axis=0), 0.0, atol=0.03)
    assert np.corrcoef(gains.T)[0, 1] == pytest.approx(0.25, abs=0.05)
    late = np.array([p.latency_s for p in drawn])
    assert (late.mean(), late.std()) == pytest.approx((0.5, 0.1), abs=0.01)
    assert np.mean([p.responder for p in drawn]) == pytest.approx(0.7, abs=0.03)
    assert np.std([p.traits["t"] for p in drawn]) == pytest.approx(1.0, abs=0.05)
    own = draw_participant("x", replace(group, gain_sd=0.0, latency_s=0.0, latency_sd=0.0),
                           effect, names, rng)  # fmt: skip
    assert dict(own.deviation) == {"angry": 0.0, "happy": 0.0}
    assert own.latency_s == 0.1
    clips = draw_clip_effects(Effect(clip_sd={"AU12": 0.0}), ["b", "a", "b"], rng)
    assert clips == {"a": {"AU12": 0.0}, "b": {"AU12": 0.0}}


def test_what_is_no_mimicry_wanes_too_and_is_as_large_as_the_effect_says():
    effect = Effect(trial_sd={"AU12": 0.3, "*": 0.1}, trial_sd_factor={"angry": 2.0})
    given = person(effect=effect, every_stimulus={"AU04": 0.5}, habituation=0.6)
    rng = np.random.default_rng(1)
    names = ("AU04", "AU12_L")
    made = extra_movement(given.group, effect, trials(), names, rng, (3000,))
    same = np.column_stack([[0.5, 0.4, 0.3, 0.2], np.zeros(4)])
    np.testing.assert_allclose(made.mean(axis=0), same, atol=0.03)
    np.testing.assert_allclose(made.std(axis=0), np.outer([1, 1, 2, 2], [0.1, 0.3]), rtol=0.05)
    still = extra_movement(given.group, Effect(), trials(), names, rng, (2,))
    np.testing.assert_allclose(still, [same, same])


def test_a_truth_shows_the_units_that_ever_move():
    moved = np.zeros((4, 2))
    moved[2, 1] = 0.5
    truth = SessionTruth(
        trials(), ("AU04", "AU12"), np.arange(4.0), np.array([True, False, True, True]),
        np.full(4, 0.6), moved, np.zeros((4, 2)),
    )  # fmt: skip
    table = truth.to_frame()
    assert list(table) == [
        "trial_id", "condition", "stimulus", "responded", "gain", "latency_s", "amplitude_AU12",
    ]  # fmt: skip
    assert table["amplitude_AU12"].tolist() == [0.0, 0.0, 0.5, 0.0]
    assert table["responded"].tolist() == [1, 0, 1, 1]


def test_a_plan_without_a_clip_has_the_course_of_its_phases():
    conditions = {
        "happy": SimpleNamespace(targets=["AU06", "AU12"], emotion="joy"),
        "neutral": SimpleNamespace(targets=[], emotion="none"),
    }
    protocol = SimpleNamespace(file=SimpleNamespace(conditions=conditions))

    def planned(condition="happy", **lasts):
        phases = [SimpleNamespace(name=n, duration_s=s) for n, s in lasts.items()]
        shown = sum(lasts.values())
        trial = SimpleNamespace(
            phases=phases, clip_duration_s=shown, condition=condition, stimulus="s"
        )
        return _planned(protocol, trial)

    def half(line, at):
        return line.at(np.array(at), line.names[0])

    moved = planned(neutral=0.5, rise=1.0, apex=1.0, fall=0.5)
    assert (moved.names, moved.emotion, moved.stimulus_id) == (("AU06", "AU12"), "joy", "s")
    assert (moved.onset_s, moved.apex_s, moved.offset_s) == (0.5, 1.5, 2.5)
    np.testing.assert_allclose(moved.times_s, np.arange(301) / 100)
    np.testing.assert_allclose(
        half(moved, [0, 0.5, 1, 1.5, 2.5, 2.75, 3]), [0, 0, 0.5, 1, 1, 0.5, 0], atol=1e-12
    )
    np.testing.assert_array_equal(moved.intensity[:, 0], moved.intensity[:, 1])
    held = planned(neutral=0.5, rise=1.0, apex=1.0)
    assert np.isnan(held.offset_s)
    np.testing.assert_allclose(half(held, [1.5, 2.5]), [1, 1])
    quick = planned(neutral=0.5, rise=0.5, apex=1.0)
    np.testing.assert_allclose(half(quick, [0.5, 0.75, 1.0]), [0, 0.5, 1], atol=1e-12)
    still = planned(neutral=0.5, apex=1.0)
    np.testing.assert_array_equal(half(still, [0.49, 0.5, 1.5]), [0, 1, 1])
    assert still.apex_s == 0.5
    blink = planned("neutral", neutral=0.5, apex=1.0)
    assert blink.names == ("AU45",)
    np.testing.assert_allclose(
        half(blink, [0.5, 0.55, 0.6, 0.65, 0.72, 0.73, 0.8]),
        [0, 0.5, 1, 1, *np.interp([0.72, 0.73], blink.times_s, blink.intensity[:, 0]), 0],
        atol=1e-9,
    )
    assert len(planned(apex=0.001).times_s) == 2


def test_a_prediction_becomes_an_effect_and_groups():
    protocol = load_protocol("dynamic-happy-angry")
    effect, groups = predicted(protocol)
    given = protocol.file.prediction
    for name, condition in protocol.file.conditions.items():
        response = given.response.get(name, 0.0)
        units = dict(effect.amplitude[name])
        assert set(units) == set(condition.targets)
        for value in units.values():
            assert value == pytest.approx(response * effect.extra_sd("AU12"))
        assert effect.gain_sd(name) == (given.person_sd / response if response else 0.0)
    assert (effect.mirrored, effect.trial_cv) == (0.0, 0.0)
    assert effect.source == "prediction of the protocol dynamic-happy-angry"
    for group in groups:
        assert (group.imitate, group.inhibit, group.latency_s) == (None, None, given.latency_s)
    primary = protocol.file.analysis.primary
    null, _ = predicted(protocol, without_effect=True)
    if not (primary.within or primary.between or primary.trait):
        assert set(null.amplitude[primary.condition].values()) == {0.0}
    assert cell_trials(protocol) == protocol.trials_per_condition(primary.block)[primary.condition]


def test_effects_of_a_cell_are_multiplied_and_their_delays_added():
    effects = [
        SimpleNamespace(where=w, gain=g, delay_s=d, trait=t, predicted=p)
        for w, g, d, t, p in [
            ({"block": "a"}, 2.0, 0.1, None, False), ({"block": "a", "role": "x"}, 3.0, 0.2, None,
             True), ({"block": "b"}, 5.0, 1.0, None, False), ({}, 7.0, 1.0, "t", False),
        ]
    ]  # fmt: skip
    protocol = SimpleNamespace(file=SimpleNamespace(prediction=SimpleNamespace(effects=effects)))
    assert _changes(protocol, {"block": "a"}, False) == pytest.approx((6.0, 0.3))
    assert _changes(protocol, {"block": "a"}, True) == pytest.approx((2.0, 0.1))
    assert _changes(protocol, {"block": "a", "role": "y"}, False) == pytest.approx((2.0, 0.1))


def test_noise_with_a_memory_keeps_its_size_along_the_last_axis_too():
    noise = autoregression((4000, 12), np.exp(-1 / 6), np.random.default_rng(1), axis=-1)
    np.testing.assert_allclose(noise.std(axis=0), 1.0, atol=0.05)
    r = np.corrcoef(noise[:, 10], noise[:, 11])[0, 1]
    assert r == pytest.approx(np.exp(-1 / 6), abs=0.03)


def test_what_concerns_no_trial_or_stimulus_is_refused():
    good, useless = Change({"condition": "happy"}), Change({"role": "critic"})
    check_changes([Group("a"), Group("b", changes=(good, useless))], trials(half=("1",) * 4))
    with pytest.raises(InputError, match=r"no trial has role=critic; .*stimulus, half"):
        check_changes([Group("b", changes=(useless, useless))], trials(half=("1",) * 4))
    assert noise_level("studio").noise == 0.6
    with pytest.raises(InputError, match="there are none, studio, webcam, restless"):
        noise_level("loud")
    protocol = load_protocol("dynamic-happy-angry")

    class Known(dict):
        path = None

    empty, shipped = Known(), Known()
    empty.source, shipped.source = "given", "shipped"
    check_known(protocol, shipped)
    with pytest.raises(StimulusError, match=r"shows '.*' and \d+ more, which this manifest lacks"):
        check_known(protocol, empty)


def test_a_trial_table_has_a_column_for_each_score_and_empty_texts_are_missing():
    k = np.arange(4.0)
    deltas = np.arange(16.0).reshape(4, 2, 2)
    scores = MimicryScores(
        trials=trials(half=("1", "", "2", "2"), block=("w", "w", "", "i")),
        names=("AU04", "AU12"), windows=("main", "late"), phase=("w",) * 4,
        valid=[True, False, True, True], reason=("", "pose", "", ""), quality={"fps": k},
        baseline_mean=deltas[:, 0], baseline_sd=deltas[:, 1], delta=deltas, delta_z=deltas + 100,
        delta_cal=deltas + 200, noise_se=-deltas[:, 0], columns={"r_peak": k / 10},
        lags_s=[0.0, 0.5], lag_profile=np.zeros((4, 2)), why=("", "*=pose", "", ""),
        participant="01",
    )  # fmt: skip
    table = scores.to_frame()
    units = [
        [f"baseline_mean_{u}", f"baseline_sd_{u}", f"delta_{u}_main", f"delta_z_{u}_main",
         f"delta_cal_{u}_main", f"delta_{u}_late", f"delta_z_{u}_late", f"delta_cal_{u}_late",
         f"noise_se_{u}"]
        for u in ("AU04", "AU12")
    ]  # fmt: skip
    assert list(table) == [
        "participant", "session", "block", "trial_id", "condition", "stimulus", "valid", "reason",
        "fps", *units[0], *units[1], "r_peak", "nan_reasons", "half",
    ]  # fmt: skip
    row = table.iloc[1]
    assert row[units[1]].tolist() == [5, 7, 5, 105, 205, 7, 107, 207, -5]
    assert row[["participant", "block", "valid", "reason", "nan_reasons", "r_peak"]].tolist() == [
        "01", "w", 0, "pose", "*=pose", 0.1,
    ]  # fmt: skip
    assert table["session"].isna().all()
    assert table["half"].isna().tolist() == [False, True, False, False]
    assert table["block"].isna().tolist() == [False, False, True, False]
    assert (len(scores), scores.deltas("late")[1].tolist()) == (4, [6.0, 7.0])
    with pytest.raises(ValueError, match="reason has 3 entries, expected 4"):
        replace(scores, reason=("",) * 3)


def test_a_stimulus_that_jumps_draws_a_response_that_rises_within_a_millisecond():
    protocol = load_protocol("exposure-latency")

    def latencies(rise_s):
        timing = protocol.file.timing.model_copy(update={"rise_s": rise_s})
        file = protocol.file.model_copy(update={"timing": timing})
        return planned_people(replace(protocol, file=file), 150)

    jump, quick, slow = (latencies(rise_s) for rise_s in (0.0, 1e-3, 0.75))
    for group, scores in jump.items():
        np.testing.assert_array_equal(scores, quick[group])
        assert np.isfinite(scores[:, 0]).any()
        assert not np.array_equal(scores, slow[group])
