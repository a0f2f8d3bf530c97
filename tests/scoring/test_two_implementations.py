"""A whole session by the package and by the slow loop, gaps and invalid trials included."""

import functools
from dataclasses import replace

import made_session as session
import numpy as np
import pytest
import slow
from scipy.stats import t as student

from mimicry.scoring import score, summarise
from mimicry.scoring.timing import emotion_onsets
from mimicry.timeline import align

SETTINGS = replace(session.SETTINGS, min_trials_z=4, min_trials=4, latency_gate=0.0)
WINDOWS = SETTINGS.windows


@pytest.fixture(scope="module")
def both():
    """Five trials of each kind; one is hidden by a blink, one has a gap in its late window."""
    trials = session.trial_table(session.mixed_order(5, seed=3))
    times = np.arange(0.0, trials.onset_s[-1] + 6.0, 1 / 30)
    blink = np.zeros(len(times))
    for k, start, stop in ((1, 0.2, 2.2), (4, 2.0, 2.3)):
        since = times - trials.onset_s[k] - 0.5
        blink[(since > start) & (since < stop)] = 1
    track = session.recording(
        trials, {"happy": {"AU12": 0.3}, "angry": {"AU04": 0.2}}, each_sd=0.1, blink=blink
    )
    aligned = align(track, trials, session.TIMELINES, SETTINGS)
    scores = score(aligned, SETTINGS, participant="p")
    return aligned, scores, summarise(aligned, scores, SETTINGS)


def courses(aligned, unit, *, fast=False):
    source = aligned.response_fast if fast else aligned.response
    return [list(y) for y in source[:, :, aligned.index(unit)]]


def deltas(aligned, scores, unit, window):
    times = list(aligned.times_s)
    made = [slow.delta(times, y, WINDOWS[window]) for y in courses(aligned, unit)]
    return [d if ok else float("nan") for d, ok in zip(made, scores.valid, strict=True)]


def test_one_trial_is_hidden(both):
    _, scores, _ = both
    assert scores.reason[1] == "artefact"
    assert scores.valid.sum() == 14


@pytest.mark.parametrize("window", list(WINDOWS))
@pytest.mark.parametrize("unit", ["AU12", "AU04"])
def test_deltas_agree(both, unit, window):
    aligned, scores, _ = both
    at = scores.windows.index(window), scores.names.index(unit)
    expected = deltas(aligned, scores, unit, window)
    assert scores.delta[:, at[0], at[1]] == pytest.approx(expected, abs=1e-12, nan_ok=True)
    s = slow.sd(slow.finite(expected))
    z = [d / s for d in expected]
    assert scores.delta_z[:, at[0], at[1]] == pytest.approx(z, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("emotion", ["happy", "angry"])
def test_contrast_t_and_p_agree(both, emotion):
    aligned, scores, summary = both
    target, opponent = ("AU12", "AU04") if emotion == "happy" else ("AU04", "AU12")
    z = {}
    for unit in (target, opponent):
        d = deltas(aligned, scores, unit, "main")
        z[unit] = [v / slow.sd(slow.finite(d)) for v in d]
    conditions = aligned.trials.condition
    kept = [k for k, c in enumerate(conditions) if scores.valid[k] and c in (emotion, "neutral")]
    own = [j for j, k in enumerate(kept) if conditions[k] == emotion]
    rest = [j for j, k in enumerate(kept) if conditions[k] == "neutral"]
    row = summary.of(emotion)
    judged = []
    for part, by_trial in zip(
        ("", "_target", "_opponent"),
        (slow.pattern(z, [target], [opponent]), *slow.parts(z, [target], [opponent])),
        strict=True,
    ):
        values = [by_trial[k] for k in kept]
        t, number, p = slow.swapped_labels(values, own, two_sided=True)
        judged.append((slow.contrast(values, own, rest), p))
        assert row[f"contrast{part}"] == pytest.approx(judged[-1][0], abs=1e-12)
        assert (row[f"t{part}"], row[f"p{part}"]) == pytest.approx((t, p), abs=1e-9)
        assert row["arrangements"] == number
    (whole, p), (alone, p_target), _ = judged
    p_claim, claim = slow.claim(whole, alone, p, p_target)
    assert (row["p_claim"], row["claim"]) == (pytest.approx(p_claim, abs=1e-9), claim)
    assert claim == {"happy": "mimicry", "angry": "none"}[emotion]


def test_lag_profiles_and_peaks_agree(both):
    aligned, scores, _ = both
    start = int(np.flatnonzero(aligned.times_s >= -1e-9)[0])
    stop = int(np.flatnonzero(aligned.times_s < 2.5 - 1e-9)[-1])
    for k, condition in enumerate(aligned.trials.condition):
        unit = {"happy": "AU12", "angry": "AU04"}.get(condition)
        if unit is None or not scores.valid[k]:
            assert np.isnan(scores.lag_profile[k]).all()
            continue
        x = list(aligned.stimulus[k, :, aligned.index(unit)])
        y = courses(aligned, unit, fast=True)[k]
        r = slow.lagged(x, y, start, stop, range(46))
        assert scores.lag_profile[k] == pytest.approx(r, abs=1e-12, nan_ok=True)
        top, lag = slow.peak(r, list(range(46)))
        assert scores.columns["r_peak"][k] == pytest.approx(top, abs=1e-12, nan_ok=True)
        assert scores.columns["lag_peak_s"][k] == pytest.approx(lag / 30, abs=1e-9, nan_ok=True)


def test_events_agree(both):
    aligned, scores, summary = both
    times = list(aligned.times_s)
    for unit, condition in (("AU12", "happy"), ("AU04", "angry")):
        ys = courses(aligned, unit, fast=True)
        changes = [
            [v - slow.window_mean(times, y, -0.5, 0.0) for v in y] if ok else None
            for y, ok in zip(ys, scores.valid, strict=True)
        ]
        shown = aligned.trials.condition
        rest = [
            v
            for change, c in zip(changes, shown, strict=True)
            if change and c == "neutral"
            for t, v in zip(times, change, strict=True)
            if 0.2 - 1e-9 <= t < 2.0 - 1e-9 and not np.isnan(v)
        ]
        sigma = slow.rest_noise(rest)
        hits = {"neutral": [], condition: []}
        for k, change in enumerate(changes):
            if shown[k] not in hits or change is None:
                continue
            hit, onset = slow.onset(times, change, sigma, 30)
            hits[shown[k]].append(hit)
            if shown[k] == condition:
                assert scores.columns["event_hit"][k] == hit
                assert scores.columns["event_onset_s"][k] == pytest.approx(onset, nan_ok=True)
        row = summary.of(condition)
        rates = slow.mean(hits[condition]), slow.mean(hits["neutral"])
        assert (row["hit_rate"], row["hit_rate_reference"]) == pytest.approx(rates)
        assert row["hit_rate_difference"] == pytest.approx(rates[0] - rates[1])


def test_latencies_of_the_difference_agree():
    trials = session.trial_table(session.mixed_order(12, seed=4))
    track = session.recording(
        trials, {"happy": {"AU12": 0.3}, "neutral": {"AU12": 0.05}}, each_sd=0.05
    )
    aligned = align(track, trials, session.TIMELINES, session.SETTINGS)
    scores = score(aligned, session.SETTINGS)
    row = summarise(aligned, scores, session.SETTINGS).of("happy")
    times = list(aligned.times_s)
    fitted = [j for j, t in enumerate(times) if -0.5 - 1e-9 <= t < 2.5 - 1e-9]
    inside = [times[j] for j in fitted]
    changes = {"happy": [], "neutral": [], "angry": []}
    for k, y in enumerate(courses(aligned, "AU12", fast=True)):
        if scores.valid[k]:
            level = slow.window_mean(times, y, -0.5, 0.0)
            changes[aligned.trials.condition[k]].append([y[j] - level for j in fitted])
    stimulus = session.TIMELINES["happy-m0"]
    steps, heights = list(stimulus.times_s), list(stimulus.intensity[:, 0])

    @functools.cache
    def envelope(t):
        return float(np.interp(0.5 + t, steps, heights))

    def same(prefix, name, value, sides):
        se, df = slow.jackknife(*sides)
        half = float(student.ppf(0.975, df)) * se
        found = [row[f"{prefix}{n}"] for n in (name, "se_s", "ci_low_s", "ci_high_s")]
        assert found == pytest.approx([value, se, value - half, value + half], abs=1e-8)

    own, rest = changes["happy"], changes["neutral"]
    average = slow.difference(own, rest)
    shift, gain, r2 = slow.fitted_shift(inside, average, envelope)
    sides = slow.folds(own, rest, lambda d: slow.fitted_shift(inside, d, envelope))
    same("latency_", "shift_s", shift, [[fit[0] for fit in side] for side in sides])
    gain_se, _ = slow.jackknife(*[[fit[1] for fit in side] for side in sides])
    assert row["latency_gate"] == pytest.approx(gain / gain_se, rel=1e-8)
    assert row["latency_fit_r2"] == pytest.approx(r2, abs=1e-9)
    half = slow.half_rise(inside, average, 30)
    sides = slow.folds(own, rest, lambda d: slow.half_rise(inside, d, 30))
    same("latency_half_", "s", half, sides)
    z = slow.largest_z(inside, own, rest, 30)
    assert row["latency_half_gate"] == pytest.approx(z, rel=1e-9)


def test_noise_at_rest_without_reference_trials_is_how_far_baselines_lie_from_the_one_before():
    trials = session.trial_table(["happy"] * 9)
    aligned = align(session.recording(trials, {}), trials, session.TIMELINES, SETTINGS)
    used = np.arange(9) != 4  # an invalid trial is nobody's baseline before
    times = list(aligned.times_s)
    ys = [y for y, ok in zip(courses(aligned, "AU12", fast=True), used, strict=True) if ok]
    levels = [slow.window_mean(times, y, -0.5, 0.0) for y in ys]
    before = [j for j, t in enumerate(times) if -0.5 - 1e-9 <= t < -1e-9]
    steps = [y[j] - level for y, level in zip(ys[1:], levels, strict=False) for j in before]
    events = emotion_onsets(aligned, SETTINGS, "happy", used)
    expected = [level + 3 * slow.rest_noise(steps) for level in levels]
    assert events.limit[used] == pytest.approx(expected, abs=1e-12)
    assert np.isnan(events.limit[4])
    alone = emotion_onsets(aligned, SETTINGS, "happy", np.arange(9) == 0)
    assert (alone.reason, np.isnan(alone.hit).all()) == ("no_reference_trials", True)
