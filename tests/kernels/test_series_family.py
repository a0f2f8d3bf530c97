"""The rest of the time-series family: recovery, slow loops, nothing in noise."""

import numpy as np
import pytest

from mimicry.kernels.coherence import coherence
from mimicry.kernels.cross_lagged import cross_lagged_gain
from mimicry.kernels.deconvolve import fir_design, fir_response
from mimicry.kernels.event_match import find_onsets, match_events
from mimicry.kernels.peaks import nearest_peak
from mimicry.kernels.prewhiten import ar_coefficients, ar_residuals
from mimicry.kernels.recurrence import diagonal_recurrence
from mimicry.kernels.segments import segment_z
from mimicry.kernels.series_surrogates import circular_shift, phase_randomised, segment_shuffle
from mimicry.kernels.warping import warping_distance


def ar1(rng, n, phi=0.9):
    noise, out = rng.standard_normal(n), np.zeros(n)
    for t in range(1, n):
        out[t] = phi * out[t - 1] + noise[t]
    return out


# FIR deconvolution


def test_overlapping_responses_are_taken_apart():
    """Events every 0.4-1.2 s with 1-s responses: the average is biased, the regression is not."""
    rng = np.random.default_rng(1)
    n, shape = 6000, np.array([0.0, 1.0, 2.0, 1.5, 0.5])
    starts = np.cumsum(rng.integers(8, 24, 400))
    starts = starts[starts < n - 30]
    kind = rng.integers(0, 2, len(starts))
    onsets = [starts[kind == 0], starts[kind == 1]]
    truth = np.stack([shape, -0.5 * shape])
    y = fir_design(n, onsets, n_bins=5, bin_samples=4) @ truth.ravel()
    y += 0.3 * ar1(rng, n) + 0.01 * np.arange(n) / n
    found = fir_response(
        y, onsets, n_bins=5, bin_samples=4, nuisance=np.linspace(-1, 1, n), max_ar=3
    )
    assert np.abs(found.response - truth).max() < 4 * found.se.max()
    assert found.ar[0] == pytest.approx(0.9, abs=0.1)
    average = np.mean([y[s : s + 20].reshape(5, 4).mean(axis=1) for s in onsets[0]], axis=0)
    assert np.abs(average - shape).max() > 3 * np.abs(found.response[0] - shape).max()


def test_fir_agrees_with_a_design_built_by_hand():
    rng = np.random.default_rng(2)
    n, onsets = 200, [[3, 50, 52, 196], [20, 90]]
    design = np.zeros((n, 6))
    for kind, starts in enumerate(onsets):
        for start in starts:
            for offset in range(6):
                if start + offset < n:
                    design[start + offset, kind * 3 + offset // 2] += 1
    np.testing.assert_array_equal(fir_design(n, onsets, n_bins=3, bin_samples=2), design)
    y = rng.standard_normal(n)
    y[60:70] = np.nan
    found = fir_response(y, onsets, n_bins=3, bin_samples=2)
    keep = np.isfinite(y)
    full = np.column_stack([design, np.ones(n)])[keep]
    slow = np.linalg.lstsq(full, y[keep], rcond=None)[0][:6]
    np.testing.assert_allclose(found.response.ravel(), slow, atol=1e-10)


def test_whitened_standard_errors_cover_nothing_five_percent_of_the_time():
    rng = np.random.default_rng(3)
    z = []
    for _ in range(40):
        starts = np.sort(rng.integers(0, 1960, 40))
        found = fir_response(ar1(rng, 2000), [starts], n_bins=4, bin_samples=8, max_ar=3)
        z.append(found.response / found.se)
    assert 0.01 < np.mean(np.abs(z) > 1.96) < 0.12


# dynamic time warping


def slow_warping(x, y, band):
    x, y = (x - x.mean()) / x.std(ddof=1), (y - y.mean()) / y.std(ddof=1)
    n = len(x)
    cost, steps = np.full((n, n), np.inf), np.zeros((n, n))
    for i in range(n):
        for j in range(max(0, i - band), min(n, i + band + 1)):
            came = [(0.0, 0.0)] if i == j == 0 else []
            for di, dj in ((1, 1), (1, 0), (0, 1)):
                if i >= di and j >= dj and np.isfinite(cost[i - di, j - dj]):
                    came.append((cost[i - di, j - dj], steps[i - di, j - dj]))
            best = min(came, key=lambda c: c[0])
            cost[i, j], steps[i, j] = best[0] + (x[i] - y[j]) ** 2, best[1] + 1
    return np.sqrt(cost[-1, -1] / steps[-1, -1])


@pytest.mark.parametrize("band", [0, 1, 4, 39])
def test_warping_agrees_with_the_slow_loop(band):
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((2, 40)).cumsum(axis=1)
    expected = slow_warping(x, y, band)
    assert warping_distance(x, y, band=band, min_sd=1e-6) == pytest.approx(expected, abs=1e-12)


def test_a_delayed_copy_is_near_within_the_band_only():
    t = np.linspace(0, 6, 120)
    x, y = np.exp(-((t - 2) ** 2)), np.exp(-((t - 2.5) ** 2))
    near = warping_distance(x, y, band=15, min_sd=0.01)
    assert near < 0.2 * warping_distance(x, y, band=1, min_sd=0.01)


def test_two_still_faces_have_no_distance():
    rng = np.random.default_rng(5)
    x, y = 0.001 * rng.standard_normal((2, 50))
    assert np.isnan(warping_distance(x, y, band=5, min_sd=0.01))
    moving = x + np.hanning(50)
    assert np.isnan(warping_distance(moving, y, band=5, min_sd=0.01))
    assert np.isfinite(warping_distance(moving, moving + x, band=5, min_sd=0.01))
    with pytest.raises(ValueError, match="min_sd"):
        warping_distance(x, y, band=5, min_sd=0.0)


# coherence


def test_coherence_is_that_of_scipy_and_its_phase_gives_the_lag():
    from scipy import signal

    rng = np.random.default_rng(6)
    a = ar1(rng, 4000, 0.8)
    b = np.roll(a, 5) + rng.standard_normal(4000)
    found = coherence(a, b, rate_hz=25.0, window_s=8.0)
    f, c = signal.coherence(a, b, fs=25.0, window="hann", nperseg=200, noverlap=100)
    chosen = (f >= 0.05) & (f <= 2.0)
    np.testing.assert_allclose(found.coherence, c[chosen], atol=1e-12)
    assert np.median(found.lag_s) == pytest.approx(0.2, abs=0.02)
    mirrored = coherence(b, a, rate_hz=25.0, window_s=8.0)
    np.testing.assert_allclose(mirrored.coherence, found.coherence)


def test_unrelated_series_stay_below_the_bound():
    rng = np.random.default_rng(7)
    above = []
    for _ in range(30):
        a, b = ar1(rng, 3000), ar1(rng, 3000)
        a[1000:1010] = np.nan
        found = coherence(a, b, rate_hz=25.0, window_s=10.0)
        above.append(found.coherence > found.bound_95)
    assert np.mean(above) < 0.08


# event matching


def test_answered_smiles_are_found_with_their_latency():
    rng = np.random.default_rng(8)
    rate, n = 25.0, 25 * 600
    a, b = 0.01 * rng.standard_normal((2, n))
    for start in np.cumsum(rng.integers(200, 900, 20)):
        a[start : start + 50] += 1
        b[start + 20 : start + 70] += 1
    events = [find_onsets(s, rate_hz=rate, sigma=8) for s in (a, b)]
    found = match_events(*events, duration_s=600, rng=np.random.default_rng(1))
    assert found.rate == 1.0
    np.testing.assert_allclose(found.latencies_s, 0.8)
    assert found.p <= 0.005
    assert found.excess > 0.8
    backwards = match_events(*events[::-1], duration_s=600, rng=np.random.default_rng(1))
    assert backwards.hits == 0


def test_chance_is_the_mean_over_all_shifts():
    rng = np.random.default_rng(9)
    a, b = np.sort(rng.uniform(0, 300, (2, 40)))
    found = match_events(a, b, duration_s=300.0, rng=rng, shifts=1)
    rates = []
    for shift in np.arange(0, 300, 0.05):
        moved = (b + shift) % 300
        delay = (moved[None] - a[:, None]) % 300
        rates.append(((delay >= 0.2) & (delay < 2.0)).any(axis=1).mean())
    assert found.chance == pytest.approx(np.mean(rates), abs=0.003)


def test_unrelated_events_give_uniform_p():
    rng = np.random.default_rng(10)
    ps = [
        match_events(*rng.uniform(0, 300, (2, 30)), duration_s=300.0, rng=rng, shifts=99).p
        for _ in range(150)
    ]
    assert np.mean(np.array(ps) <= 0.05) < 0.09


def test_a_short_twitch_and_a_gap_are_no_event():
    series = np.zeros(200) + np.tile([0.0, 0.01], 100)
    series[50] = series[100:102] = series[150:154] = 1
    series[152] = np.nan
    assert find_onsets(series, rate_hz=25.0).tolist() == []
    series[152] = 1
    assert find_onsets(series, rate_hz=25.0).tolist() == [6.0]


# windowed cross-lagged regression, whitening, recurrence, segments, peaks, surrogates


def test_cross_lagged_gain_agrees_with_two_regressions():
    rng = np.random.default_rng(11)
    a, b = ar1(rng, 200), ar1(rng, 200)
    window, step, max_lag = 50, 20, 6
    fast = cross_lagged_gain(a, b, window=window, step=step, max_lag=max_lag)
    for k, o in enumerate(range(0, 200 - window - max_lag + 1, step)):
        for lag in range(-max_lag, max_lag + 1):
            leader, follower = (a, b) if lag > 0 else (b, a)
            past = slice(o, o + window)
            now = slice(o + abs(lag), o + abs(lag) + window)
            if lag == 0:
                assert np.isnan(fast[k, max_lag])
                continue
            y = follower[now] - follower[now].mean()
            errors = []
            for columns in ([follower[past]], [follower[past], leader[past]]):
                x = np.column_stack([np.ones(window), *columns])
                errors.append(((y - x @ np.linalg.lstsq(x, y, rcond=None)[0]) ** 2).sum())
            expected = (errors[0] - errors[1]) / (y @ y)
            assert fast[k, max_lag + lag] == pytest.approx(expected, abs=1e-10)


def test_autocorrelation_inflates_correlation_and_not_the_whitened_one():
    rng = np.random.default_rng(12)
    plain, white = [], []
    for _ in range(60):
        a, b = ar1(rng, 1000, 0.95), ar1(rng, 1000, 0.95)
        phi = ar_coefficients(a, max_order=5)
        ra, rb = ar_residuals(a, phi)[10:], ar_residuals(b, phi)[10:]
        plain.append(abs(np.corrcoef(a, b)[0, 1]) > 1.96 / np.sqrt(1000))
        white.append(abs(np.corrcoef(ra, rb)[0, 1]) > 1.96 / np.sqrt(990))
    assert np.mean(plain) > 0.4
    assert np.mean(white) < 0.15


def test_recurrence_agrees_with_the_slow_count_and_finds_the_lag():
    rng = np.random.default_rng(13)
    a = ar1(rng, 400)
    b = np.roll(a, 7)
    b[30:40] = np.nan
    found = diagonal_recurrence(a, b, max_lag=12)
    x, y = ((s - np.nanmean(s)) / np.nanstd(s, ddof=1) for s in (a, b))
    for lag in range(-12, 13):
        pairs = [(x[t], y[t + lag]) for t in range(400) if 0 <= t + lag < 400]
        pairs = [p for p in pairs if np.isfinite(p).all()]
        slow = np.mean([abs(p - q) <= found.radius for p, q in pairs])
        assert found.profile[12 + lag] == pytest.approx(slow, abs=1e-12)
    assert found.profile.argmax() - 12 == 7
    assert found.profile.mean() > 0.05
    unrelated = diagonal_recurrence(a, ar1(rng, 400), max_lag=12)
    assert found.determinism > unrelated.determinism
    with pytest.raises(ValueError, match="does not move"):
        diagonal_recurrence(a, np.zeros(400), max_lag=3)


def test_segments_agree_with_the_slow_loop():
    rng = np.random.default_rng(14)
    a, b = rng.standard_normal((2, 130))
    b[5:9] = np.nan
    fast = segment_z(a, b, segment=40, max_lag=6)
    assert fast.shape == (3, 3, 13)
    for i in range(3):
        for j in range(3):
            x, y = a[40 * i : 40 * i + 40], b[40 * j : 40 * j + 40]
            dx, dy = x - np.nanmean(x), y - np.nanmean(y)
            for lag in range(-6, 7):
                at = [t for t in range(40) if 0 <= t + lag < 40]
                products = [dx[t] * dy[t + lag] for t in at if np.isfinite(dx[t] * dy[t + lag])]
                r = sum(products) / (len(products) + abs(lag)) / np.nanstd(x) / np.nanstd(y)
                assert fast[i, j, lag + 6] == pytest.approx(np.arctanh(r), abs=1e-12)


def test_a_segment_that_is_still_or_holds_too_little_has_no_value():
    rng = np.random.default_rng(14)
    a, b = rng.standard_normal((2, 120))
    a[:40] = 1e9 + 1e-3 * a[:40]  # far from 0, nothing of which is movement
    b[40:61] = np.nan  # 19 of 40 are left
    found = segment_z(a, b, segment=40, max_lag=2)
    assert np.isnan(found[0]).all()
    assert np.isnan(found[:, 1]).all()
    assert np.isfinite(found[1:, [0, 2]]).all()
    b[60] = 0.0
    assert np.isfinite(segment_z(a, b, segment=40, max_lag=0)[1, 1]).all()


def test_the_nearest_peak_is_taken_and_never_an_edge_or_a_slope():
    row = np.array([0.9, 0.1, 0.5, 0.2, 0.0, 0.1, 0.3, 0.1, 0.8, 0.2, 0.95])
    rows = np.stack([row, np.arange(11.0), np.where(np.arange(11) == 6, np.nan, row)])
    assert nearest_peak(rows, region=1).tolist() == [6, -1, 8]


def test_surrogates_keep_what_they_promise():
    rng = np.random.default_rng(15)
    series = ar1(rng, 500)
    series[100:110] = np.nan
    shifted = circular_shift(series, rng, min_shift=50)
    at = int(np.flatnonzero(np.isnan(shifted))[0])
    assert 50 <= (at - 100) % 500 <= 450
    shuffled = segment_shuffle(series, rng, segment=60)
    np.testing.assert_array_equal(np.sort(shuffled), np.sort(series))
    assert not any(
        np.array_equal(shuffled[60 * k : 60 * k + 60], series[60 * k : 60 * k + 60], equal_nan=True)
        for k in range(8)
    )
    whole = ar1(rng, 500)
    power = np.abs(np.fft.rfft(phase_randomised(whole, rng)))
    np.testing.assert_allclose(power, np.abs(np.fft.rfft(whole)), rtol=1e-8)
    np.testing.assert_array_equal(np.isnan(phase_randomised(series, rng)), np.isnan(series))


def test_without_an_event_there_is_nothing_to_answer():
    found = match_events([], [1.0, 2.0], duration_s=60.0, rng=np.random.default_rng(1))
    assert (found.n_events, found.hits, len(found.latencies_s)) == (0, 0, 0)
    assert np.isnan([found.rate, found.chance, found.excess, found.p]).all()


def test_rounding_about_a_large_mean_is_no_movement():
    still = 1e6 + 1e-5 * np.sin(np.arange(300.0))
    with pytest.raises(ValueError, match="does not move"):
        diagonal_recurrence(still, np.sin(np.arange(300.0)), max_lag=3)
