"""The numbers of every preset: by hand, or by a slow loop over the lengths as they stand here."""

import numpy as np
import pytest
from scipy import signal

from mimicry.errors import InputError
from mimicry.records import SynchronySettings
from mimicry.synchrony.methods import METHODS, People, choose_settings, measure
from mimicry.synchrony.methods.by_lag import LagValues, by_lag


def smooth(rng, n):
    return np.convolve(rng.standard_normal(n + 4), np.ones(5) / 5, "valid")


def run(name, values, rate, **more):
    people = {k: more.pop(k) for k in ("names", "in_au_units", "events", "partners") if k in more}
    return measure(People(np.atleast_2d(values), rate, **people), choose_settings(name, **more))


def pair(first, second, start, window, lag):
    """The samples of a window that a lag brings together; the first leads at positive lags."""
    if lag >= 0:
        return first[start : start + window], second[start + lag : start + lag + window]
    return first[start - lag : start - lag + window], second[start : start + window]


def slow_z(first, second, starts, window, lags):
    return np.array(
        [
            [np.arctanh(np.corrcoef(*pair(first, second, o, window, k))[0, 1]) for k in lags]
            for o in starts
        ]
    )


@pytest.mark.parametrize(
    ("name", "rate", "n", "window", "step", "lag"),
    [
        ("rmea", 2.0, 300, 120, 60, 10),  # 60, 30 and 5 s
        ("face", 5.0, 80, 40, 5, 10),  # 8, 1 and 2 s
        ("boker", 25.0, 110, 50, 1, 50),  # 2, 0.04 and 2 s
    ],
)
def test_windows_and_lags_of_the_correlations(name, rate, n, window, step, lag):
    values = [smooth(np.random.default_rng(k), n) for k in (1, 2)]
    starts = list(range(0, n - window - lag + 1, step))
    assert len(starts) > 2
    result = run(name, values, rate)
    np.testing.assert_allclose(result.lags_s * rate, np.arange(-lag, lag + 1))
    np.testing.assert_allclose(result.window_start_s * rate, starts)
    np.testing.assert_allclose(
        result.values, slow_z(*values, starts, window, range(-lag, lag + 1)), atol=1e-9
    )
    table = result.to_frame()
    np.testing.assert_allclose(table["window_end_s"] * rate, np.add(starts, window))
    assert result.settings.null == "segment-shuffle"


@pytest.mark.parametrize(("name", "share"), [("rmea", 0.5), ("face", 0.8), ("boker", 0.5)])
def test_the_share_of_a_window_that_must_be_there(name, share):
    """As many missing samples as may be, and one more."""
    rate = 25.0 if name == "boker" else 5.0
    n = 110 if name == "boker" else 600
    values = np.stack([smooth(np.random.default_rng(k), n) for k in (1, 2)])
    window = round(choose_settings(name).window_s * rate)
    missing = round((1 - share) * window)
    more = {"max_lag_s": 0.0}
    values[1, :missing] = np.nan
    assert np.isfinite(run(name, values, rate, **more).values[0, 0])
    values[1, missing] = np.nan
    assert np.isnan(run(name, values, rate, **more).values[0, 0])


@pytest.mark.parametrize(("name", "region"), [("boker", 8), ("altmann", 5)])
def test_the_local_peak_is_the_largest_of_its_neighbours_and_nearest_to_no_lag(name, region):
    n = 130 if name == "boker" else 270
    values = [smooth(np.random.default_rng(k), n) for k in (3, 4)]
    result = run(name, values, 25.0)
    middle = len(result.lags_s) // 2
    for row, lag, height in zip(result.values, result.peak_lag_s, result.peak_value, strict=True):
        peaks = [
            k
            for k in range(region, len(row) - region)
            if np.isfinite(row[k - region : k + region + 1]).all()
            and row[k] == row[k - region : k + region + 1].max()
        ]
        if not peaks:
            assert np.isnan(lag)
            continue
        nearest = min(abs(k - middle) for k in peaks)
        best = max((k for k in peaks if abs(k - middle) == nearest), key=lambda k: row[k])
        assert lag == pytest.approx((best - middle) / 25.0)
        assert height == row[best]
    has_peak = np.isfinite(result.peak_lag_s)
    assert has_peak.sum() > 0
    summary = result.summary
    assert summary["n_windows_with_peak"] == has_peak.sum()
    assert summary["peak_mean"] == pytest.approx(result.peak_value[has_peak].mean())
    assert summary["peak_sd"] == pytest.approx(result.peak_value[has_peak].std(ddof=1))
    assert summary["peak_lag_mean_s"] == pytest.approx(result.peak_lag_s[has_peak].mean())
    assert summary["peak_lag_sd_s"] == pytest.approx(result.peak_lag_s[has_peak].std(ddof=1))


def test_a_peak_beats_at_least_one_neighbour_on_each_side():
    """One sample a second: 0.32 s are no sample."""
    values = [smooth(np.random.default_rng(k), 40) for k in (3, 4)]
    result = run("boker", values, 1.0, window_s=10.0, step_s=5.0, max_lag_s=4.0)
    for row, lag in zip(result.values, result.peak_lag_s, strict=True):
        peaks = [k - 4 for k in range(1, 8) if row[k] > max(row[k - 1], row[k + 1])]
        assert abs(lag) == min(map(abs, peaks)) if peaks else np.isnan(lag)
    assert np.isfinite(result.peak_lag_s).any()


def test_a_window_without_a_peak_has_none():
    """Lags of 5 samples either way leave no room for a peak of 8."""
    values = [smooth(np.random.default_rng(k), 130) for k in (3, 4)]
    result = run("boker", values, 25.0, max_lag_s=0.2)
    assert np.isnan(result.peak_lag_s).all()
    assert np.isnan(result.peak_value).all()
    assert result.summary["n_windows_with_peak"] == 0


def test_other_presets_pick_no_peaks():
    picking = {n for n, m in METHODS.items() if m.settings.peak_region_s > 0}
    assert picking == {"boker", "altmann"}
    result = run("face", [smooth(np.random.default_rng(k), 80) for k in (1, 2)], 5.0)
    assert np.isnan(result.peak_lag_s).all()
    assert "peak_mean" not in result.summary


def test_segments_of_susy_follow_one_another_and_lose_the_samples_of_the_lag():
    """30 s of 2 samples: segments at 0, 60, 120; lags up to 6 samples within each."""
    first, second = (smooth(np.random.default_rng(k), 190) for k in (1, 2))
    result = run("susy", [first, second], 2.0)
    np.testing.assert_allclose(result.window_start_s, [0, 30, 60])
    np.testing.assert_allclose(result.to_frame()["window_end_s"], [30, 60, 90])
    np.testing.assert_allclose(result.lags_s, np.arange(-6, 7) / 2)
    for k, o in enumerate((0, 60, 120)):
        x, y = first[o : o + 60], second[o : o + 60]
        for column, lag in enumerate(range(-6, 7)):
            a, b = (x[: 60 - lag], y[lag:]) if lag >= 0 else (x[-lag:], y[: 60 + lag])
            r = np.sum((a - x.mean()) * (b - y.mean())) / 60 / x.std() / y.std()
            expected = np.arctanh(r)
            assert result.values[k, column] == pytest.approx(expected, abs=1e-9)


def test_an_effect_needs_a_matched_segment_and_a_mismatched_one():
    """Of two segments both miss the second: no mismatched pair has a value."""
    first, second = (smooth(np.random.default_rng(k), 120) for k in (1, 2))
    both = run("susy", [first, second], 2.0).provenance["effect_size"]
    assert (both["n_segments"], both["n_mismatched"]) == (2, 2)
    assert both["signed"]["es"] is not None
    second[60:] = first[60:] = np.nan
    one = run("susy", [first, second], 2.0).provenance["effect_size"]
    assert set(one["signed"].values()) == set(one["absolute"].values()) == {None}


def test_the_step_of_susy_is_its_segment():
    assert choose_settings("susy").step_s == 30.0
    assert choose_settings("susy", window_s=8.0).step_s == 8.0
    with pytest.raises(InputError, match="means nothing for preset 'susy', whose segments"):
        choose_settings("susy", step_s=8.0)


def gain(leader, follower, start, window, lag):
    """R2 of the follower from its own and the leader's past, less R2 from its own."""
    now = follower[start + lag : start + lag + window]
    past = [s[start : start + window] for s in (follower, leader)]

    def r2(*columns):
        design = np.column_stack([np.ones(window), *columns])
        rest = now - design @ np.linalg.lstsq(design, now, rcond=None)[0]
        return 1 - rest.var() / now.var()

    return r2(*past) - r2(past[0])


def test_the_gain_of_altmann_is_that_of_two_regressions():
    """Windows and lags of 125 samples, a step of 1, at 25 a second."""
    first, second = (smooth(np.random.default_rng(k), 253) for k in (1, 2))
    result = run("altmann", [first, second], 25.0)
    np.testing.assert_allclose(result.window_start_s * 25, [0, 1, 2, 3])
    np.testing.assert_allclose(result.lags_s * 25, np.arange(-125, 126))
    assert np.isnan(result.values[:, 125]).all()
    for o in (0, 3):
        for lag in (1, 2, 60, 125):
            expected = gain(first, second, o, 125, lag)
            assert result.values[o, 125 + lag] == pytest.approx(expected, abs=1e-9)
            expected = gain(second, first, o, 125, lag)
            assert result.values[o, 125 - lag] == pytest.approx(expected, abs=1e-9)


def test_one_missing_sample_empties_a_window_of_altmann():
    values = np.stack([smooth(np.random.default_rng(k), 260) for k in (1, 2)])
    values[0, 0] = np.nan
    result = run("altmann", values, 25.0)
    assert np.isnan(result.values[0, 126])
    assert np.isfinite(result.values[1, 126])


def test_prewhitening_filters_both_by_the_first():
    """An AR(1) of .8 that the second repeats 3 samples later; lags of 5 s at 5 a second."""
    rng = np.random.default_rng(1)
    first = signal.lfilter([1], [1, -0.8], rng.standard_normal(800))
    second = np.roll(first, 3) + 0.5 * rng.standard_normal(800)
    result = run("prewhitened", [first, second], 5.0)
    phi = result.provenance["ar_coefficients"]
    assert 1 <= len(phi) <= 2  # 0.4 s
    assert phi[0] == pytest.approx(0.8, abs=0.06)
    p = len(phi)
    residuals = []
    for series in (first, second):
        x = series - series.mean()
        e = [x[t] - sum(phi[k] * x[t - 1 - k] for k in range(p)) for t in range(p, 800)]
        residuals.append(np.array(e))
    for lag in (-25, -1, 0, 3, 25):
        a, b = (np.r_[np.full(p, np.nan), e] for e in residuals)
        x, y = pair(a, b, 0, 800 - 25, lag)
        known = np.isfinite(x) & np.isfinite(y)
        expected = np.arctanh(np.corrcoef(x[known], y[known])[0, 1])
        assert result.values[0, 25 + lag] == pytest.approx(expected, abs=1e-9)
    assert result.best_lag_s == pytest.approx([0.6])
    assert result.provenance["white_noise_bound"] == pytest.approx(1.96 / (800 - p - 25) ** 0.5)
    assert result.to_frame()["window_end_s"].tolist() == [160.0]
    assert result.settings.null == "circular-shift"


def test_the_bound_of_white_noise_counts_the_pairs_that_both_have():
    first, second = (np.random.default_rng(k).standard_normal(300) for k in (1, 2))
    second[100:150] = np.nan
    result = run("prewhitened", [first, second], 5.0)
    p = len(result.provenance["ar_coefficients"])
    pairs = 300 - 50 - 2 * p  # without the first samples, the gap and what follows it
    assert result.provenance["white_noise_bound"] == pytest.approx(1.96 / (pairs - 25) ** 0.5)


def test_recurrence_counts_pairs_in_the_same_state():
    """Lags of 5 s at 2 a second; the nearest 5 % of all pairs within them recur."""
    first, second = (smooth(np.random.default_rng(k), 90) for k in (1, 2))
    second[20:] = first[16:-4]
    result = run("recurrence", [first, second], 2.0)
    x, y = ((s - s.mean()) / s.std(ddof=1) for s in (first, second))
    distances = {
        lag: [abs(x[t] - y[t + lag]) for t in range(90) if 0 <= t + lag < 90]
        for lag in range(-10, 11)
    }
    radius = np.quantile(np.concatenate(list(distances.values())), 0.05)
    expected = [np.mean(np.array(d) <= radius) for d in distances.values()]
    np.testing.assert_allclose(result.values[0], expected, atol=1e-12)
    assert result.provenance["radius_sd"] == pytest.approx(radius)
    assert result.best_lag_s == pytest.approx([2.0])
    assert result.settings.null == "circular-shift"


@pytest.mark.parametrize("name", ["prewhitened", "recurrence"])
@pytest.mark.parametrize("length", ["window_s", "step_s"])
def test_a_whole_recording_has_no_window_and_no_step(name, length):
    with pytest.raises(InputError, match="means nothing"):
        choose_settings(name, **{length: 5.0})


def test_coherence_is_that_of_windows_of_20_s_from_a_twentieth_to_two_hertz():
    rng = np.random.default_rng(1)
    first = smooth(rng, 1500)
    second = np.roll(first, 2) + 0.3 * smooth(rng, 1500)
    result = run("coherence", [first, second], 5.0)
    hertz, expected = signal.coherence(
        first, second, fs=5.0, nperseg=100, window=signal.get_window("hann", 100),
        detrend="constant",
    )  # fmt: skip
    inside = (hertz >= 0.05) & (hertz <= 2.0)
    np.testing.assert_allclose(result.table["frequency_hz"], hertz[inside])
    np.testing.assert_allclose(result.table["coherence"], expected[inside], atol=1e-9)
    assert result.table["frequency_hz"][0] == pytest.approx(0.05)
    assert result.table["frequency_hz"][-1] == pytest.approx(2.0)
    summary = result.summary
    assert summary["mean_coherence"] == pytest.approx(expected[inside].mean())
    assert summary["peak_coherence"] == pytest.approx(expected[inside].max())
    assert summary["peak_hz"] == pytest.approx(hertz[inside][expected[inside].argmax()])
    slow = run("coherence", [first, second], 5.0, options={"highest_hz": 0.5})
    assert slow.summary["peak_lag_s"] == pytest.approx(0.4, abs=0.05)
    assert summary["n_windows"] == 29
    assert summary["share_above_bound"] == np.mean(expected[inside] > summary["bound_95"])


@pytest.mark.parametrize("name", ["coherence", "dtw"])
def test_half_a_second_is_bridged_and_more_is_not(name):
    """At 10 a second: four missing samples are .5 s between their neighbours, five are .6 s."""
    values = np.stack([smooth(np.random.default_rng(k), 900) for k in (1, 2)])
    whole = run(name, values, 10.0).summary["n_windows"]
    values[1, 100:104] = np.nan
    bridged = run(name, values, 10.0)
    assert bridged.summary["n_windows"] == whole
    assert bridged.summary.get("n_windows_missing", 0) == 0
    values[1, 104] = np.nan
    gap = run(name, values, 10.0).summary
    assert gap.get("n_windows_missing", whole - gap["n_windows"]) >= 1


def slow_distance(x, y, band):
    """Dynamic programme: cheapest path, its mean squared step; ties: both, x, then y move."""
    x, y = ((s - s.mean()) / s.std(ddof=1) for s in (x, y))
    best = {(-1, -1): (0.0, 0)}
    for i in range(len(x)):
        for j in range(max(0, i - band), min(len(y), i + band + 1)):
            before = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
            cost, steps = min((best[b] for b in before if b in best), key=lambda b: b[0])
            best[i, j] = cost + (x[i] - y[j]) ** 2, steps + 1
    cost, steps = best[len(x) - 1, len(y) - 1]
    return np.sqrt(cost / steps)


def test_warping_forgives_one_second_in_windows_of_eight():
    values = [smooth(np.random.default_rng(k), 130) for k in (1, 2)]
    result = run("dtw", values, 5.0)
    np.testing.assert_allclose(result.table["window_start_s"], [0, 8, 16])
    np.testing.assert_allclose(result.table["window_end_s"], [8, 16, 24])
    expected = [slow_distance(*(s[o : o + 40] for s in values), 5) for o in (0, 40, 80)]
    np.testing.assert_allclose(result.table["distance"], expected, atol=1e-9)
    assert result.summary["mean_distance"] == pytest.approx(np.mean(expected))
    assert result.summary["sd_distance"] == pytest.approx(np.std(expected, ddof=1))
    two, one = (run("dtw", np.array(values)[:, :n], 5.0).summary for n in (80, 40))
    assert two["sd_distance"] == pytest.approx(np.std(expected[:2], ddof=1))
    assert (one["n_windows"], np.isnan(one["sd_distance"])) == (1, True)


def test_who_is_still_is_told_by_the_units_or_by_their_own_movement():
    values = np.stack([smooth(np.random.default_rng(k), 120) for k in (1, 2)])
    values[0, :40] *= 0.02
    values[1, 40:80] *= 0.02
    plain = run("dtw", values, 5.0)
    assert plain.summary["min_sd"] == pytest.approx((0.1 * values.std(axis=1)).tolist())
    assert plain.table["reason"] == ["first_still", "second_still", None]
    assert plain.summary["n_windows_still"] == 2
    units = run("dtw", values, 5.0, in_au_units=True)
    assert units.summary["min_sd"] == [0.03, 0.03]
    given = run("dtw", values, 5.0, options={"min_sd": 0.001})
    assert given.table["reason"] == [None, None, None]
    assert run("dtw", values * 1e-3, 5.0, in_au_units=True).table["reason"] == ["both_still"] * 3


def test_a_partner_is_still_by_their_own_movement():
    """Of numbers without a unit: a partner on a scale a thousand times smaller moves as well."""
    values = np.stack([smooth(np.random.default_rng(k), 120) for k in (1, 2)])
    other = smooth(np.random.default_rng(3), 120)
    tests = [
        run("dtw", values, 5.0, partners=[scale * other], null="pseudo-pairs").surrogate
        for scale in (1.0, 1e-3)
    ]
    assert tests[0]["mean"] == pytest.approx(slow_distance_of(values[0], other))
    assert tests[1]["mean"] == pytest.approx(tests[0]["mean"])


def slow_distance_of(first, second):
    return np.mean([slow_distance(first[o : o + 40], second[o : o + 40], 5) for o in (0, 40, 80)])


def bursts(starts, n=1000, length=5):
    series = 0.001 * np.random.default_rng(1).uniform(-1, 1, n)
    for start in starts:
        series[start : start + length] += 1.0
    return series


def test_answers_after_a_fifth_of_a_second_and_before_two_are_counted():
    """Ten samples a second. Delays of .1 (too soon), .2, 1.9 and 2.0 s (too late)."""
    first = bursts([100, 200, 300, 400])
    second = bursts([101, 202, 319, 420])
    result = run("events", [first, second], 10.0, names=("A", "B"), surrogates=0)
    answered = result.summary["second_answers"]
    assert (answered["events"], answered["hits"], answered["rate"]) == (4, 2, 0.5)
    assert answered["chance"] == pytest.approx(4 * 1.8 / 100)  # the share answers reach
    assert answered["excess"] == pytest.approx(0.5 - 0.072)
    assert answered["median_delay_s"] == pytest.approx((0.2 + 1.9) / 2)
    assert np.isnan(answered["p"])
    assert result.summary["first_answers"]["hits"] == 0
    assert result.table["of"] == ["A"] * 4 + ["B"] * 4
    assert result.table["event_s"] == pytest.approx(
        [10, 20, 30, 40, 10.1, 20.2, 31.9, 42.0], abs=1e-9
    )
    assert result.table["answered"] == [0, 1, 1, 0] + [0] * 4
    np.testing.assert_allclose(result.table["delay_s"], [np.nan, 0.2, 1.9] + [np.nan] * 5)
    turned = run("events", [second, first], 10.0, surrogates=0)
    assert turned.summary["first_answers"]["hits"] == 2


def test_a_movement_lasts_a_tenth_of_a_second_and_rises_three_deviations():
    """Twenty samples a second: one sample is .05 s and no movement."""
    short, enough = bursts([100], length=1), bursts([100], length=2)
    for series, count in ((short, 0), (enough, 1)):
        found = run("events", [series, series], 20.0, surrogates=0)
        assert found.summary["second_answers"]["events"] == count
    rest = np.tile([-1.0, 0.0, 1.0], 300)  # median 0, deviation 1.4826
    for height, count in ((4.4, 0), (4.5, 1)):
        series = rest.copy()
        series[300:310] = height
        found = run("events", [series, series], 20.0, surrogates=0)
        assert found.summary["second_answers"]["events"] == count


def test_events_and_viewers_are_compared_with_999_shifts():
    for name in ("events", "isc"):
        assert choose_settings(name).surrogates == 999
        assert choose_settings(name).null == "circular-shift"
    others = {n for n, m in METHODS.items() if m.settings.surrogates} - {"events", "isc"}
    assert not others


def test_answers_in_step_beat_nearly_every_shift():
    starts = np.cumsum(np.random.default_rng(1).integers(25, 160, 30))
    first, second = (bursts(starts + late, n=4000) for late in (0, 5))
    result = run("events", [first, second], 10.0, surrogates=99, seed=1)
    assert result.summary["second_answers"]["p"] == pytest.approx(0.01)
    assert result.summary["first_answers"]["p"] == pytest.approx(1.0)


def test_each_viewer_is_correlated_with_the_mean_of_the_others():
    rng = np.random.default_rng(1)
    film = smooth(rng, 500)
    values = np.stack([film + smooth(rng, 500) for _ in range(4)])
    names = ("a", "b", "c", "d")
    result = run("isc", values, 5.0, names=names, surrogates=19)
    expected = [
        np.corrcoef(values[k], np.delete(values, k, axis=0).mean(axis=0))[0, 1] for k in range(4)
    ]
    np.testing.assert_allclose(result.table["r"], expected, atol=1e-6)
    assert result.table["viewer"] == list(names)
    assert result.summary["mean_z"] == pytest.approx(np.arctanh(expected).mean(), abs=1e-6)
    assert result.summary["p"] == pytest.approx(0.05)
    assert result.summary["z_surrogate"] > 2
    assert (result.summary["n_viewers"], result.summary["n_viewers_usable"]) == (4, 4)


def test_viewers_are_shifted_by_20_seconds_or_more():
    """100 samples at 2.5 a second are 40 s: no room for a shift of 20 s either way."""
    values = np.stack([smooth(np.random.default_rng(k), 100) for k in range(3)])
    with pytest.raises(InputError, match="isc: 100 samples are too few for shifts of at least 50"):
        run("isc", values, 2.5, surrogates=1)
    for least in (19.0, 0.0):
        run("isc", values, 2.5, surrogates=1, options={"min_shift_s": least})


def test_the_bins_of_a_response_are_a_tenth_of_a_second_up_to_two():
    """Ten a second: each sample is a bin; steps of .5 and .2 that overlap are taken apart."""
    rng = np.random.default_rng(1)
    series = 1.0 + 1e-4 * rng.standard_normal(3000)
    onsets = {"x": np.arange(50, 2900, 37) / 10, "y": np.arange(60, 2900, 53) / 10}
    for kind, height in (("x", 0.5), ("y", 0.2)):
        for onset in onsets[kind]:
            at = round(onset * 10)
            series[at + 3 : at + 8] += height
    result = run("fir", series, 10.0, events=onsets)
    assert result.summary["bins"] == 20
    assert result.summary["bin_s"] == pytest.approx(0.1)
    assert result.summary["events"] == {"x": len(onsets["x"]), "y": len(onsets["y"])}
    assert result.summary["ar_order"] <= 4
    assert list(result.table["condition"]) == ["x"] * 20 + ["y"] * 20
    np.testing.assert_allclose(result.table["bin_start_s"], np.tile(np.arange(20) / 10, 2))
    np.testing.assert_allclose(result.table["bin_end_s"], np.tile(np.arange(1, 21) / 10, 2))
    course = np.zeros(20)
    course[3:8] = 1.0
    expected = np.r_[0.5 * course, 0.2 * course]
    np.testing.assert_allclose(result.table["response"], expected, atol=1e-3)
    assert 0 < result.table["se"].max() < 1e-3
    fine = run("fir", series, 10.0, events=onsets, step_s=0.04)  # a bin holds a sample at least
    assert (fine.summary["bins"], fine.summary["bin_s"]) == (20, 0.1)


@pytest.mark.parametrize("name", METHODS)
def test_the_number_of_people_is_that_of_the_method(name):
    wanted = METHODS[name].settings.series
    wrong = {"1": (2,), "2": (1, 3), "3 or more": (1, 2)}[wanted]
    for count in wrong:
        with pytest.raises(InputError, match=f"takes {wanted} series; found {count}"):
            run(name, np.zeros((count, 100)), 5.0)


@pytest.mark.parametrize("name", METHODS)
def test_a_result_says_how_long_the_recording_is(name):
    rng = np.random.default_rng(1)
    count = {"1": 1, "3 or more": 3}.get(METHODS[name].settings.series, 2)
    values = np.stack([smooth(rng, 2000) for _ in range(count)])
    more = {"step_s": 4.0} if name in ("altmann", "boker") else {}
    more |= {"events": {"x": [5.0, 20.0, 50.0]}, "surrogates": 0} if name == "fir" else {}
    rate = 25.0
    result = run(name, values, rate, **more)
    assert result.provenance["duration_s"] == 80.0
    assert result.rate_hz == rate


def test_a_new_method_is_an_entry_and_a_function(monkeypatch):
    """With values by lag, its chance comes from the registry of nulls by itself."""

    def products(first, second, _settings, grid):
        at = np.arange(grid.max_lag, len(first) - grid.max_lag)
        lags = range(-grid.max_lag, grid.max_lag + 1)
        return LagValues(
            np.zeros(1, dtype=np.int64),
            np.array([[np.mean(first[at] * second[at + lag]) for lag in lags]]),
            {},
        )

    settings = SynchronySettings(
        preset="product", question="?", source="a test", method="product", max_lag_s=1.0,
        null="phase",
    )  # fmt: skip
    entry = by_lag(settings, products, shuffled=lambda _window, _lag, n: n // 6)
    monkeypatch.setitem(METHODS, "product", entry)
    first = smooth(np.random.default_rng(1), 300)
    result = run("product", [first, np.roll(first, 3)], 10.0, surrogates=19)
    assert result.best_lag_s == pytest.approx([0.3])
    assert result.surrogate["profile_maximum"]["p"] == pytest.approx(0.05)
