"""Simulated people do what their truth says, and only that."""

import time
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.trial_lists import make_trials

from mimicry.errors import StimulusError
from mimicry.records import TrialTable
from mimicry.simulation.effects import EFFECTS, GROUPS, Change, Effect, Group
from mimicry.simulation.nuisance import NUISANCE, Nuisance
from mimicry.simulation.participants import draw_participant
from mimicry.simulation.population import SimulatedCamera, simulate_session
from mimicry.synthetic.motion import minimum_jerk

UNITS = ("AU04", "AU12")
STILL = NUISANCE["none"]
EXACT = Effect(mirrored=0.25, person_sd={"*": 0.0}, trial_cv=0.0)
PROMPT = Group("prompt", latency_s=0.6, latency_sd=0.0, trial_latency_sd=0.0)


def simulate(group=PROMPT, effect=EXACT, *, seed=1, nuisance=STILL, fps=30.0, n=12, columns=None):
    rng = np.random.default_rng(seed)
    trials, timelines = make_trials({"happy": n, "angry": n, "neutral": n}, rng)
    if columns:
        trials = replace(trials, columns={**trials.columns, **columns(trials)})
    person = draw_participant("01", group, effect, trials.condition, rng)
    return simulate_session(
        trials, timelines, person, rng=rng, camera=SimulatedCamera(nuisance, UNITS, fps)
    )


def apex(session, name="AU12"):
    """(K,) level 2 s after the stimulus began to move, minus the level just before."""
    track, onset = session.track, session.truth.trials.onset_s + 0.5
    level = [np.interp(onset + t, track.times_s, track.of(name)) for t in (2.0, -0.1)]
    return level[0] - level[1]


def condition(session):
    return np.array(session.truth.trials.condition)


def test_a_noiseless_response_is_the_envelope_scaled_and_delayed():
    """A quarter of the stimulus's own course, 0.6 s later; other units rest."""
    session = simulate()
    track = session.track
    trials = session.truth.trials
    for k in np.flatnonzero(condition(session) == "happy"):
        since = track.times_s - trials.onset_s[k] - 0.5 - 0.6
        during = (since > -0.6) & (since < 2.0)
        expected = 0.25 * minimum_jerk(since[during] / 0.75)
        np.testing.assert_allclose(track.of("AU12")[during], expected, atol=2e-4)
        assert np.all(track.of("AU04")[during] == 0)


def test_only_the_named_conditions_move_a_unit():
    session = simulate()
    c = condition(session)
    np.testing.assert_allclose(apex(session)[c == "happy"], 0.25, atol=1e-3)
    np.testing.assert_allclose(apex(session, "AU04")[c == "angry"], 0.25, atol=1e-3)
    assert np.all(apex(session)[c != "happy"] == 0)


@pytest.mark.parametrize("gain", [0.6, 0.0, -0.5])
def test_gain_multiplies_the_response(gain):
    session = simulate(replace(PROMPT, gain=gain))
    np.testing.assert_allclose(apex(session)[condition(session) == "happy"], 0.25 * gain, atol=1e-3)


def test_a_later_group_responds_later_by_the_stated_time():
    """The half-rise points of the two groups lie 160 ms apart."""
    half = []
    for latency in (0.6, 0.76):
        session = simulate(replace(PROMPT, latency_s=latency), fps=200.0)
        k = int(np.flatnonzero(condition(session) == "happy")[0])
        since = session.track.times_s - session.truth.trials.onset_s[k] - 0.5
        up = (since > 0) & (session.track.of("AU12") >= 0.125)
        half.append(since[up][0])
    assert half[1] - half[0] == pytest.approx(0.16, abs=0.006)


def test_changes_act_in_the_trials_they_name_only():
    group = replace(PROMPT, changes=(Change({"identity": "m1", "condition": "happy"}, 0.2),))
    session = simulate(group)
    happy = condition(session) == "happy"
    first = np.array(session.truth.trials.columns["identity"]) == "m1"
    np.testing.assert_allclose(apex(session)[happy & first], 0.05, atol=1e-3)
    np.testing.assert_allclose(apex(session)[happy & ~first], 0.25, atol=1e-3)


def test_a_change_by_trait_holds_per_standard_deviation_of_it():
    group = replace(PROMPT, changes=(Change({}, 0.7, delay_s=0.05, trait="warmth"),))
    rng = np.random.default_rng(2)
    trials, _ = make_trials({"happy": 2}, rng)
    person = draw_participant("01", group, EXACT, ("happy",), rng)
    z = person.traits["warmth"]
    factors, delays = person.changes(trials)
    np.testing.assert_allclose(factors, 1 - 0.3 * z)
    np.testing.assert_allclose(delays, 0.05 * z)


def test_habituation_takes_the_stated_share_by_the_last_trial():
    session = simulate(replace(PROMPT, habituation=0.5))
    gain = session.truth.gain
    assert gain[0] == pytest.approx(1.0)
    assert gain[-1] == pytest.approx(0.5)
    np.testing.assert_allclose(np.diff(gain), np.diff(gain)[0])


def test_nonresponders_and_missed_trials_come_at_the_stated_rates():
    rng = np.random.default_rng(3)
    group = replace(PROMPT, nonresponders=0.3)
    people = [draw_participant("x", group, EXACT, ("happy",), rng) for _ in range(4000)]
    assert np.mean([p.responder for p in people]) == pytest.approx(0.7, abs=0.022)
    session = simulate(replace(PROMPT, response_probability=0.8), n=400)
    assert session.truth.responded.mean() == pytest.approx(0.8, abs=0.035)
    happy = condition(session) == "happy"
    assert np.all((apex(session) > 0.2)[happy] == session.truth.responded[happy])


def test_imitation_follows_the_stimulus_and_inhibition_weakens_the_response():
    def blocks(trials):
        n = len(trials)
        thirds = ("watch",) * (n // 3) + ("imitate",) * (n // 3) + ("inhibit",) * (n - 2 * (n // 3))
        return {"block": thirds}

    session = simulate(replace(PROMPT, imitate=0.8, inhibit=0.4), columns=blocks, n=30)
    happy = condition(session) == "happy"
    block = np.array(session.truth.trials.columns["block"])
    for name, expected in (("watch", 0.25), ("imitate", 0.8), ("inhibit", 0.1)):
        np.testing.assert_allclose(apex(session)[happy & (block == name)], expected, atol=2e-3)


def test_a_movement_made_to_every_stimulus_is_no_part_of_the_mimicry():
    group = replace(PROMPT, gain=0.0, every_stimulus={"AU12": 0.2})
    session = simulate(group)
    np.testing.assert_allclose(apex(session), 0.2, atol=1e-3)
    assert np.all(session.truth.amplitude == 0)


def test_gains_of_people_have_the_stated_mean_spread_and_correlation():
    effect = replace(EXACT, person_sd={"happy": 0.5, "angry": 0.25}, person_r=0.6)
    rng = np.random.default_rng(5)
    people = [draw_participant("x", PROMPT, effect, ("angry", "happy"), rng) for _ in range(6000)]
    gains = np.array([[p.gain("happy"), p.gain("angry")] for p in people])
    np.testing.assert_allclose(gains.mean(axis=0), 1.0, atol=0.03)
    np.testing.assert_allclose(gains.std(axis=0), [0.5, 0.25], rtol=0.05)
    assert np.corrcoef(gains.T)[0, 1] == pytest.approx(0.6, abs=0.04)


def test_the_same_seed_gives_the_same_recording():
    one, two, other = (
        simulate(GROUPS["typical"], EFFECTS["visible"], seed=s, nuisance=NUISANCE["restless"])
        for s in (7, 7, 8)
    )
    np.testing.assert_array_equal(one.track.intensity, two.track.intensity)
    np.testing.assert_array_equal(one.track.times_s, two.track.times_s)
    assert one.track.intensity.shape != other.track.intensity.shape or not np.array_equal(
        one.track.intensity, other.track.intensity, equal_nan=True
    )


def test_noise_at_rest_has_the_stated_size():
    nuisance = Nuisance(drift=0.0, blinks_per_min=0.0, stray_per_min=0.0, sway_deg=0.0)
    track = simulate(replace(PROMPT, gain=0.0), nuisance=nuisance, n=40).track
    np.testing.assert_allclose(track.intensity.std(axis=0), [0.08, 0.024], rtol=0.06)


def test_lost_frames_and_faces_come_at_the_stated_rates():
    nuisance = replace(STILL, dropped=0.1, lost_face=0.05, jitter_s=0.002)
    full = simulate(n=40).track
    track = simulate(n=40, nuisance=nuisance).track
    assert len(track) / len(full) == pytest.approx(0.9, abs=0.01)
    assert 1 - track.tracked.mean() == pytest.approx(0.05, abs=0.02)
    assert np.all(np.isnan(track.intensity) == ~track.tracked[:, None])


def test_blinks_come_at_the_stated_rate_and_are_marked():
    track = simulate(nuisance=replace(STILL, blinks_per_min=15.0), n=60).track
    starts = np.sum(np.diff(track.quality["blink"]) > 0)
    minutes = (track.times_s[-1] - track.times_s[0]) / 60
    assert starts / minutes == pytest.approx(15.0, rel=0.25)
    assert np.all(track.of("AU04")[track.quality["blink"] == 1] > 0.1)


def test_an_unknown_stimulus_is_named():
    trials = TrialTable(("1",), ("x",), ("happy",), np.array([1.0]), np.array([2.5]))
    person = draw_participant("01", PROMPT, EXACT, ("happy",), np.random.default_rng(1))
    with pytest.raises(StimulusError, match="'x'"):
        simulate_session(trials, {}, person, rng=np.random.default_rng(1))


def test_a_recording_goes_on_for_two_and_a_half_seconds_after_the_last_clip():
    session = simulate(fps=200.0)
    trials = session.truth.trials
    rest = session.track.times_s[-1] - (trials.onset_s + trials.duration_s).max()
    assert rest == pytest.approx(2.5, abs=0.011)


def test_a_simulated_track_says_that_it_is_one_and_how_well_it_was_seen():
    track = simulate(nuisance=replace(STILL, lost_face=0.1)).track
    assert track.provenance == {"source": "simulated", "participant": "01"}
    seen = track.quality["success"] == 1
    assert 0 < seen.mean() < 1
    for name, there, lost in (
        ("scale_px", 120.0, np.nan), ("fit_residual", 0.005, np.nan), ("plausible", 1.0, 0.0),
        ("luminance", 128.0, 128.0), ("sharpness", 100.0, 100.0),
    ):  # fmt: skip
        np.testing.assert_array_equal(track.quality[name], np.where(seen, there, lost))


@pytest.mark.serial
def test_a_session_takes_milliseconds():
    """An 8-minute session of 72 trials with two units: CPU time, generous bound."""
    simulate(n=24, nuisance=NUISANCE["webcam"])
    start = time.process_time()
    simulate(n=24, nuisance=NUISANCE["webcam"])
    assert time.process_time() - start < 0.25
