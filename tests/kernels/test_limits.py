"""Kernels at their limits, by hand: what is just enough, at an end, or nothing at all."""

import numpy as np
import pytest

from mimicry.kernels.arrangements import label_arrangements, permutations, sign_arrangements
from mimicry.kernels.chance import p_value, z_surrogate
from mimicry.kernels.correlation import lagged_correlation
from mimicry.kernels.event_match import answer_delays, find_onsets, match_events
from mimicry.kernels.peaks import nearest_peak
from mimicry.kernels.prewhiten import ar_coefficients
from mimicry.kernels.recurrence import diagonal_recurrence
from mimicry.kernels.resample import sample_at, time_grid
from mimicry.kernels.segments import segment_z
from mimicry.kernels.series_surrogates import phase_randomised
from mimicry.kernels.windowed import capped_fisher_z
from mimicry.kernels.windows import bin_edges, window_mean, window_sd


def test_two_samples_are_enough_for_a_correlation_and_one_is_not():
    x, y = np.array([[1.0, 3.0]]), np.array([5.0, 9.0, 2.0])
    assert lagged_correlation(x, y).ravel() == pytest.approx([1.0, -1.0])
    for short in (x[:, :1], np.ones((1, 4))):
        with pytest.raises(ValueError, match=r"y has \d samples, x has \d"):
            lagged_correlation(short, y)


def test_without_events_or_time_there_is_no_match():
    for events, duration_s in (([], 10.0), ([1.0], 0.0), ([1.0], -1.0)):
        rng = np.random.default_rng(0)
        found = match_events(events, [1.0, 2.0], duration_s=duration_s, rng=rng)
        assert (found.n_events, found.hits, len(found.latencies_s)) == (0, 0, 0)
        assert np.isnan([found.rate, found.chance, found.excess, found.p]).all()


def test_answers_by_hand():
    """Windows of 1.8 s before 2.0 and 3.0 cover 2.8 of 20 s; two of three events are answered."""
    rng = np.random.default_rng(0)
    found = match_events([1.0, 2.5, 9.0], [3.0, 2.0], duration_s=20.0, rng=rng, shifts=19)
    assert (found.n_events, found.hits) == (3, 2)
    assert found.latencies_s.tolist() == [1.0, 0.5]
    assert (found.rate, found.chance) == pytest.approx((2 / 3, 2.8 / 20))
    assert found.excess == pytest.approx(found.rate - found.chance)
    nobody = match_events([1.0], [], duration_s=20.0, rng=rng, shifts=19)
    assert (nobody.hits, nobody.rate, nobody.chance, nobody.p) == (0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("answer", "delay"), [(1.25, 0.25), (1.24, None), (2.99, 1.99), (3.0, None), (0.5, None)]
)
def test_an_answer_begins_in_a_half_open_window(answer, delay):
    found = answer_delays(np.array([1.0]), np.array([answer]), (0.25, 2.0))
    assert np.isnan(found[0]) if delay is None else found[0] == pytest.approx(delay)


def test_onsets_are_above_the_level_and_held():
    """Median 0, deviation 1.4826: an event is above 4.4478 for two of ten samples a second."""
    rest = np.tile([-1.0, 0.0, 1.0], 14)
    for height, width, at in ((4.45, 2, [4.2]), (4.44, 2, []), (4.45, 1, []), (9.0, 3, [4.2])):
        series = np.r_[rest, np.full(width, height), rest[: 42 - width]]
        assert find_onsets(series, rate_hz=10.0, hold_s=0.2).tolist() == at, (height, width)
    series = np.r_[np.full(3, 9.0), rest, np.full(3, 9.0)]
    assert find_onsets(series, rate_hz=10.0).tolist() == [0.0, 4.5]
    series[1] = np.nan
    assert find_onsets(series, rate_hz=10.0, hold_s=0.2).tolist() == [4.5]
    assert find_onsets([np.nan] * 5, rate_hz=10.0).tolist() == []


def test_a_series_moves_when_its_spread_is_above_a_billionth_of_its_mean():
    wave = np.tile([-1.0, 1.0, 1.0, -1.0], 10)
    for level, spread, moves in ((0.0, 2e-9, True), (0.0, 0.9e-9, False), (1e3, 2e-6, True),
                                 (1e3, 0.9e-6, False), (-1e3, 0.9e-6, False)):  # fmt: skip
        series = level + spread * wave
        if moves:
            assert diagonal_recurrence(series, wave, max_lag=1).profile.shape == (3,)
            continue
        for pair in ((series, wave), (wave, series)):
            with pytest.raises(ValueError, match="does not move"):
                diagonal_recurrence(*pair, max_lag=1)
    for empty in (np.full(40, np.nan), np.r_[1.0, np.full(39, np.nan)]):
        with pytest.raises(ValueError, match="does not move"):
            diagonal_recurrence(wave, empty, max_lag=1)
    half = np.where(np.arange(40) < 20, wave, np.nan)
    with pytest.raises(ValueError, match="no sample in common"):
        diagonal_recurrence(half, half[::-1], max_lag=0)


def test_recurrence_by_hand():
    """Equal series: at lag 0 all four are alike, at lags 1 and -1 one of three pairs is."""
    found = diagonal_recurrence([0.0, 0.0, 1.0, 3.0], [0.0, 0.0, 1.0, 3.0], max_lag=1)
    assert found.profile == pytest.approx([1 / 3, 1, 1 / 3])
    assert (found.radius, found.longest_line) == (0.0, 4)
    assert found.determinism == pytest.approx(4 / 6)
    strict = diagonal_recurrence([0, 0, 1, 3.0], [0, 0, 1, 3.0], max_lag=1, shortest_line=5)
    assert strict.determinism == 0
    assert (
        diagonal_recurrence([0, 0, 1, 3.0], [0, 0, 1, 3.0], max_lag=1, rate=1.0).profile.min() == 1
    )


@pytest.mark.parametrize(
    ("row", "region", "column"),
    [
        ([0, 0, 1, 0, 0.0], 1, 2),
        ([0, 0, 1, 0, 0.0], 2, 2),
        ([0, 0, 1, 0, 0.0], 3, -1),  # narrower than a peak and its sides
        ([0, 0, 1, 0, 0.0], 0, -1),
        ([0, 3, 0, 1, 0.0], 1, 1),  # at one distance the higher
        ([0, 1, 0, 3, 0.0], 1, 3),
        ([0, 1, 0, 1, 0.0], 1, 1),  # of equal ones the earlier lag
        ([9, 0, 0, 1, 0.0], 1, 3),  # an end is none
        ([0, 1, 1, 0, 0.0], 1, -1),  # a plateau is none
        ([0, 1, np.nan, 1, 0.0], 1, -1),
        ([0, 9, 0, 1, 0, 0, 0.0], 1, 3),  # the nearest, not the highest
    ],
)
def test_the_nearest_peak(row, region, column):
    assert nearest_peak(np.array([row]), region=region).tolist() == [column]


def test_three_samples_have_phases_and_two_have_none():
    rng = np.random.default_rng(0)
    series = np.array([1.0, 2.0, 4.0, np.nan])
    made = phase_randomised(series, rng)
    assert np.isnan(made).tolist() == [False, False, False, True]
    with pytest.raises(ValueError, match="2 samples are too few for phase randomisation"):
        phase_randomised(np.array([1.0, np.nan, 2.0]), rng)
    for n in (8, 9):
        given = np.arange(float(n)) ** 2
        made = phase_randomised(given, rng)
        assert made.mean() == pytest.approx(given.mean())
        assert np.abs(np.fft.rfft(made)) == pytest.approx(np.abs(np.fft.rfft(given)))


@pytest.mark.parametrize(
    ("observed", "given", "p"),
    [
        (2.0, {}, 2 / 5),
        (2.0 + 2e-9, {}, 1 / 5),
        (2.0 + 0.5e-9, {}, 2 / 5),  # a tie
        (2.0, {"complete": True}, 1 / 4),
        (-3.0, {"tail": "size"}, 2 / 5),
        (-3.0, {}, 5 / 5),
        (2.0, {"tail": "either"}, 4 / 5),
        (-3.0, {"tail": "either"}, 4 / 5),
        (0.0, {"tail": "either"}, 1.0),
        (np.nan, {}, np.nan),
    ],
)
def test_p_by_hand(observed, given, p):
    assert p_value(observed, [-3.0, 0.0, 1.0, 2.0], **given) == pytest.approx(p, nan_ok=True)


def test_an_undefined_surrogate_reaches_and_has_no_part_in_z():
    assert p_value(5.0, [1.0, np.nan, 3.0]) == 2 / 4
    assert p_value(5.0, []) == 1.0
    assert z_surrogate(5.0, [1.0, np.nan, 3.0]) == pytest.approx(3 / np.sqrt(2))
    for few in ([1.0], [1.0, np.nan], [], [2.0, 2.0, 2.0]):
        assert np.isnan(z_surrogate(5.0, few))


def test_grids_samples_and_bins_at_their_ends():
    assert time_grid(0.0, 0.3, 10.0).tolist() == [0.0, 0.1, 0.2]
    assert time_grid(0.1 + 0.2, 0.6, 10.0) == pytest.approx([0.3, 0.4, 0.5])
    assert time_grid(0.05, 0.25, 10.0) == pytest.approx([0.1, 0.2])
    times, values = [0.0, 0.1, 0.2, 0.4], [0.0, 1.0, np.nan, 4.0]
    at = [-0.001, 0.0, 0.075, 0.1, 0.2, 0.4, 0.401]
    assert sample_at(times, values, at, max_gap_s=0.29) == pytest.approx(
        [np.nan, 0.0, 0.75, 1.0, np.nan, 4.0, np.nan], nan_ok=True
    )
    assert sample_at(times, values, [0.2], max_gap_s=0.3) == pytest.approx([2.0])
    assert bin_edges((0.0, 0.25), 0.1) == pytest.approx([0.0, 0.1, 0.2, 0.25])
    assert bin_edges((0.0, 0.3), 0.1) == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_half_of_a_window_is_enough_for_a_mean_and_two_for_a_spread():
    values = np.array([[1.0, np.nan, 3.0, np.nan], [np.nan, np.nan, 5.0, np.nan]])
    chosen = np.ones(4, bool)
    assert window_mean(values, chosen) == pytest.approx([2.0, np.nan], nan_ok=True)
    assert window_sd(values, chosen) == pytest.approx([np.sqrt(2), np.nan], nan_ok=True)
    assert window_mean(values, [False, False, True, True]).tolist() == [3.0, 5.0]
    assert np.isnan(window_sd(values, [False, False, True, True])).all()
    assert np.isnan(window_mean(values, ~chosen)).all()


def test_z_is_capped_at_ten_on_both_sides():
    z = capped_fisher_z([-1.0, 0.0, 0.5, 1.0, np.nan])
    assert z == pytest.approx([-10.0, 0.0, np.arctanh(0.5), 10.0, np.nan], nan_ok=True)


def test_ten_thousand_arrangements_are_listed_and_of_more_9999_are_drawn():
    rng = np.random.default_rng(1)
    for n in (10_000, 10_001):  # one label among n units can lie in n places
        _, count, complete = label_arrangements(np.arange(n) == 0, rng, draws=1)
        assert (count, complete) == (n, n == 10_000)
    for arrange, given, count in (
        (label_arrangements, np.arange(16) < 7, 11_440), (sign_arrangements, 14, 16_384),
        (permutations, 8, 40_320),
    ):  # fmt: skip
        drawn, *found = arrange(given, rng)
        assert (len(drawn), found) == (9_999, [count, False])
    assert len(sign_arrangements(13, rng)[0]) == 2**13
    assert len(permutations(7, rng)[0]) == 5_040


def test_an_autoregression_needs_ten_samples_with_a_past_for_every_order():
    series = np.random.default_rng(1).standard_normal(33)
    series[1:] += series[:-1]
    assert 0 < len(ar_coefficients(series, max_order=3)) <= 3
    with pytest.raises(ValueError, match=r"29 samples with a complete past .* at least 30"):
        ar_coefficients(series[:-1], max_order=3)


def test_segments_are_those_that_fit_into_the_shorter_series():
    first, second = np.random.default_rng(2).standard_normal((2, 90))
    whole = segment_z(first[:60], second[:60], segment=20, max_lag=4)
    assert whole.shape == (3, 3, 9)
    for pair in ((first, second[:60]), (first[:60], second), (first[:79], second[:60])):
        np.testing.assert_array_equal(segment_z(*pair, segment=20, max_lag=4), whole)
