"""Every kernel on two coupled series with gaps: its numbers, its directions, its defaults."""

import numpy as np
import pytest

from golden_values import numbers, same_as_golden
from mimicry.kernels import (
    arrangements,
    baseline,
    chance,
    coherence,
    correlation,
    cross_lagged,
    deconvolve,
    event_match,
    geometry,
    mixing,
    orders,
    peaks,
    prewhiten,
    recurrence,
    regression,
    resample,
    segments,
    series_surrogates,
    smooth,
    warping,
    windowed,
    windows,
)

RATE = 25.0


def rng():
    return np.random.default_rng(11)


def coupled(n=900, *, lag=7, gaps=False):
    """Smooth noise, and the same `lag` samples later with more noise."""
    draw = rng()
    kernel = np.exp(-0.5 * (np.arange(-20, 21) / 5.0) ** 2)
    source = np.convolve(draw.normal(size=n + 60), kernel, "same")
    first, second = source[30 : 30 + n], source[30 - lag : 30 - lag + n]
    second = 0.8 * second + 1.5 * draw.normal(size=n)
    if gaps:
        first, second = first.copy(), second.copy()
        first[100:130] = np.nan
        second[500:505] = np.nan
    return first, second


A, B = coupled()
GA, GB = coupled(gaps=True)
SPIKY = np.maximum(A, 0) ** 2
LABELS = np.array([0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0], bool)
VALUES = np.r_[A[:8], B[:4]]
GRID = np.arange(-0.5, 2.5, 1 / RATE)
TRIALS = np.stack([A[k : k + len(GRID)] for k in range(0, 600, 60)])
HOLED = np.where(TRIALS > 6, np.nan, TRIALS)
ONSETS = [np.arange(20, 850, 97), np.arange(60, 850, 131)]
SHAPE = rng().normal(size=(9, 3))
POINTS = np.stack([SHAPE * 2 + 1, SHAPE[:, [1, 0, 2]] * [1, -1, 1] - 3]) + 0.05 * rng().normal(
    size=(2, 9, 3)
)

CASES = {
    "label_arrangements": lambda: arrangements.label_arrangements(LABELS, rng()),
    "label_arrangements drawn": lambda: arrangements.label_arrangements(
        LABELS, rng(), enumerate_up_to=100, draws=50
    ),
    "sign_arrangements": lambda: arrangements.sign_arrangements(6, rng()),
    "sign_arrangements drawn": lambda: arrangements.sign_arrangements(
        9, rng(), enumerate_up_to=100, draws=50
    ),
    "welch_t": lambda: arrangements.welch_t(VALUES, LABELS[None]),
    "one_sample_t": lambda: arrangements.one_sample_t(VALUES, np.sign(B[:24].reshape(2, 12))),
    "delta": lambda: baseline.delta(GRID, HOLED, (0.5, 1.5)),
    "delta other baseline": lambda: baseline.delta(GRID, HOLED, (0, 1), baseline_s=(-0.3, -0.1)),
    "pooled_sd": lambda: baseline.pooled_sd(HOLED[:, :5]),
    "pooled_sd few": lambda: baseline.pooled_sd(HOLED[:7, :5]),
    "pooled_sd many": lambda: baseline.pooled_sd(np.vstack([HOLED, TRIALS]), min_trials=15),
    "block_standard_error": lambda: baseline.block_standard_error(HOLED, GRID > 0, 7),
    "generator": lambda: chance.generator(3, "a", 4).normal(size=5),
    "generator one": lambda: chance.generator(3).normal(size=5),
    "p_value": lambda: chance.p_value(4.0, A),
    "p_value less": lambda: chance.p_value(4.0, A, tail="less"),
    "p_value two-sided": lambda: chance.p_value(4.0, A, tail="two-sided"),
    "p_value complete": lambda: chance.p_value(A[3], A, complete=True),
    "z_surrogate": lambda: chance.z_surrogate(4.0, A),
    "coherence": lambda: coherence.coherence(*coupled(2600), rate_hz=RATE),
    "coherence band": lambda: coherence.coherence(
        GA, GB, rate_hz=RATE, window_s=8.0, band_hz=(0.2, 1.0)
    ),
    "lag_samples": lambda: correlation.lag_samples((-0.5, 1.02), RATE),
    "lagged_correlation": lambda: correlation.lagged_correlation(A[None, :200], B[:240]),
    "lagged_correlation gaps": lambda: correlation.lagged_correlation(
        np.stack([GA[60:260], A[50:250], B[:200]]), GB[60:310], min_overlap=0.5
    ),
    "fisher_z": lambda: correlation.fisher_z([-1.0, -0.4, 0.0, 0.9, 1.0, np.nan]),
    "peak_over_lags": lambda: correlation.peak_over_lags(
        [[0.1, 0.5, 0.2], [0.9, 0.5, 0.2], [np.nan, 0.1, np.nan]], [0.0, 0.1, 0.2]
    ),
    "cross_lagged_gain": lambda: cross_lagged.cross_lagged_gain(
        A, B, window=200, step=90, max_lag=10
    ),
    "cross_lagged_gain other way": lambda: cross_lagged.cross_lagged_gain(
        GB, GA, window=200, step=90, max_lag=10
    ),
    "fir_design": lambda: deconvolve.fir_design(900, ONSETS, n_bins=5, bin_samples=10),
    "fir_response": lambda: deconvolve.fir_response(B, ONSETS, n_bins=5, bin_samples=10),
    "fir_response ridge": lambda: deconvolve.fir_response(
        GB, ONSETS, n_bins=4, bin_samples=12, nuisance=A[:, None], ridge=2.0, max_ar=3
    ),
    "find_onsets": lambda: event_match.find_onsets(SPIKY, rate_hz=RATE),
    "find_onsets lower": lambda: event_match.find_onsets(GB, rate_hz=RATE, sigma=1.0, hold_s=0.2),
    "match_events": lambda: event_match.match_events(
        [1.0, 5.0, 9.0, 20.0], [1.5, 6.9, 7.1, 9.1, 20.2, 30.0], duration_s=36.0, rng=rng()
    ),
    "match_events narrow": lambda: event_match.match_events(
        [1.0, 5.0, 9.0], [1.5, 9.1, 20.2], duration_s=36.0, rng=rng(), answer_s=(0.1, 1), shifts=49
    ),
    "answer_delays": lambda: event_match.answer_delays(
        np.array([1.0, 5.0, 9.0]), np.array([1.2, 1.5, 7.0, 9.1, 11.1]), (0.2, 2.0)
    ),
    "fit_similarity": lambda: geometry.fit_similarity(POINTS, SHAPE),
    "fit_similarity plain": lambda: geometry.fit_similarity(POINTS, SHAPE, robust_steps=0),
    "fit_similarity tight": lambda: geometry.fit_similarity(POINTS, SHAPE, tuning=1.2),
    "apply_similarity": lambda: geometry.apply_similarity(
        geometry.fit_similarity(POINTS, SHAPE), POINTS
    ),
    "nearest_rotation": lambda: geometry.nearest_rotation(rng().normal(size=(4, 3, 3))),
    "euler_deg": lambda: geometry.euler_deg(
        geometry.nearest_rotation(rng().normal(size=(4, 3, 3)))
    ),
    "mixed_orders": lambda: mixing.mixed_orders(
        np.stack([np.tile([0, 1, 2], (5, 4)), np.tile([0, 0, 1], (5, 4))]), [1, None], rng()
    ),
    "feasible_order": lambda: mixing.feasible_order([5, 3, 2], 2, rng()),
    "crossed_order": lambda: mixing.crossed_order((3, 2), 2, (2, 1), rng()),
    "restricted_orders": lambda: orders.restricted_orders([4, 4, 3], 2, rng(), 20),
    "dealt_faces": lambda: orders.dealt_faces(np.tile([0, 1, 2], 4), 4, 1, 1, rng()),
    "longest_run": lambda: orders.longest_run([1, 1, 2, 2, 2, 1]),
    "nearest_peak": lambda: peaks.nearest_peak(np.stack([A[:41], B[:41], A[300:341]]), region=5),
    "ar_coefficients": lambda: prewhiten.ar_coefficients(GB, max_order=6),
    "ar_residuals": lambda: prewhiten.ar_residuals(GB, [0.5, -0.2]),
    "diagonal_recurrence": lambda: recurrence.diagonal_recurrence(A[:300], B[:300], max_lag=12),
    "diagonal_recurrence dense": lambda: recurrence.diagonal_recurrence(
        GA[:300], GB[:300], max_lag=12, rate=0.2, shortest_line=4
    ),
    "robust_ridge": lambda: regression.robust_ridge(
        np.column_stack([A, SPIKY]), np.column_stack([B, A - B]), np.array([[0.5, 1], [0.2, 0.1]])
    ),
    "robust_ridge dependent": lambda: regression.robust_ridge(
        A[:, None], B[:, None], np.array([[0.5]]), independent=0.1, tuning=0.7, rounds=3
    ),
    "time_grid": lambda: resample.time_grid(-0.51, 1.02, RATE),
    "sample_at": lambda: resample.sample_at(
        np.arange(900) / RATE, np.column_stack([GA, GB]), np.arange(-1, 37, 0.033)
    ),
    "sample_at wide": lambda: resample.sample_at(
        np.delete(np.arange(900) / RATE, np.arange(50, 56)), np.delete(GA, np.arange(50, 56)),
        np.arange(-1, 37, 0.033), max_gap_s=0.3,
    ),
    "segment_z": lambda: segments.segment_z(A, B, segment=150, max_lag=20),
    "segment_z gaps": lambda: segments.segment_z(GA, GB, segment=150, max_lag=20, min_valid=0.9),
    "circular_shift": lambda: series_surrogates.circular_shift(A, rng(), min_shift=40),
    "segment_shuffle": lambda: series_surrogates.segment_shuffle(A, rng(), segment=70),
    "phase_randomised": lambda: series_surrogates.phase_randomised(A, rng()),
    "phase_randomised odd": lambda: series_surrogates.phase_randomised(A[:-1], rng()),
    "gaussian_smooth": lambda: smooth.gaussian_smooth(np.arange(900) / RATE, GB, 0.15),
    "gaussian_smooth uneven": lambda: smooth.gaussian_smooth(
        np.cumsum(np.tile([0.03, 0.05, 0.13], 300)), np.column_stack([GB, GA]), 0.2, max_gap_s=0.12
    ),
    "segments": lambda: smooth.segments(np.arange(900) / RATE, np.isfinite(GA), 0.1),
    "warping_distance": lambda: warping.warping_distance(A, B, band=25, min_sd=0.1),
    "warping_distance narrow": lambda: warping.warping_distance(A, B, band=2, min_sd=0.1),
    "window_starts": lambda: windowed.window_starts(900, window=200, step=70, max_lag=30),
    "windowed_correlation": lambda: windowed.windowed_correlation(
        A, B, window=200, step=90, max_lag=12
    ),
    "windowed_correlation gaps": lambda: windowed.windowed_correlation(
        GA, GB, window=60, step=50, max_lag=12, min_valid=0.8
    ),
    "capped_fisher_z": lambda: windowed.capped_fisher_z([-1.0, -0.4, 0.0, 0.9, 1.0, np.nan]),
    "capped_fisher_z low": lambda: windowed.capped_fisher_z([-1.0, 0.9, 1.0], cap=2.0),
    "in_window": lambda: windows.in_window(GRID, (0.0, 1.0)),
    "window_slices": lambda: [
        (s.start, s.stop) for s in windows.window_slices(GRID, [0.0, 0.5, 9.0], (-0.2, 0.4))
    ],
    "window_mean": lambda: windows.window_mean(HOLED, GRID > 0.3),
    "window_sd": lambda: windows.window_sd(HOLED, GRID > 0.3),
    "bin_edges": lambda: windows.bin_edges((-0.5, 0.73), 0.1),
    "bin_counts": lambda: windows.bin_counts(GRID, windows.bin_edges((0, 2), 0.1), GRID > 1.2),
}  # fmt: skip


@pytest.mark.filterwarnings("default")
def test_every_kernel_gives_the_numbers_it_gave():
    same_as_golden(
        "kernels", {name: numbers(case()) for name, case in CASES.items()}, atol=1e-7, rtol=1e-6
    )
