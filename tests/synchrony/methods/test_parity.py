"""The presets that others have written too, against what those others find."""

import csv
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.tsa.ar_model import ar_select_order

from mimicry.synchrony.methods import People, choose_settings, measure
from oracles.warping import courses

WARPING = Path(__file__).parents[2] / "oracles" / "warping.csv"


def smooth(seed, n):
    draws = np.random.default_rng(seed).standard_normal(n + 4)
    return np.convolve(draws, np.ones(5) / 5, "valid")


def run(name, values, rate, events=None, **more):
    people = People(np.atleast_2d(values), rate, events=events or {})
    return measure(people, choose_settings(name, **more))


def test_whitening_is_the_autoregression_of_statsmodels():
    """Order by AIC on the samples that have the longest past; both filtered by the first."""
    first = smooth(1, 900) + 0.3 * smooth(2, 900)
    second = np.roll(first, 4) + smooth(3, 900)
    found = run("prewhitened", [first, second], 10.0, max_lag_s=1.0)
    centred = first - first.mean()
    chosen = ar_select_order(centred, maxlag=4, ic="aic", trend="n").model
    phi = chosen.fit().params
    np.testing.assert_allclose(found.provenance["ar_coefficients"], phi, rtol=1e-9)
    order = len(phi)
    assert order > 1
    white = [
        np.r_[np.full(order, np.nan), np.convolve(s - s.mean(), np.r_[1, -phi], "valid")]
        for s in (first, second)
    ]
    for lag in range(-10, 11):
        x, y = (white[0], white[1][lag:]) if lag >= 0 else (white[0][-lag:], white[1])
        x, y = x[: 900 - 10], y[: 900 - 10]
        known = np.isfinite(x) & np.isfinite(y)
        r = np.corrcoef(x[known], y[known])[0, 1]
        assert found.values[0, 10 + lag] == pytest.approx(np.arctanh(r), abs=1e-9)


def test_the_gain_of_altmann_is_the_rise_in_r_squared_of_statsmodels():
    """The follower now on their own past, and on that and the leader's at the same time."""
    first, second = smooth(1, 90), smooth(2, 90)
    second[3:] += first[:-3]
    found = run("altmann", [first, second], 10.0, window_s=5.0, step_s=1.0, max_lag_s=1.0)
    for row, start in enumerate(range(0, 90 - 50 - 10 + 1, 10)):
        for lag in (-10, -3, -1, 1, 3, 10):
            leader, follower = (first, second) if lag > 0 else (second, first)
            now = follower[start + abs(lag) :][:50]
            own, both = follower[start:][:50], [s[start:][:50] for s in (follower, leader)]
            less = sm.OLS(now, sm.add_constant(own)).fit().rsquared
            more = sm.OLS(now, sm.add_constant(np.column_stack(both))).fit().rsquared
            assert found.values[row, 10 + lag] == pytest.approx(more - less, abs=1e-9)


@pytest.mark.parametrize("max_ar_s", [0.0, 0.4])
def test_responses_are_the_regression_of_statsmodels(max_ar_s):
    """Least squares, and least squares with autoregressive errors of the order found."""
    rng = np.random.default_rng(1)
    series = smooth(4, 600)
    onsets = {"x": np.arange(20, 560, 23), "y": np.arange(31, 560, 37)}
    for kind, height in (("x", 0.5), ("y", -0.2)):
        for at in onsets[kind]:
            series[at + 2 : at + 6] += height + 0.1 * rng.standard_normal(4)
    seconds = {kind: list(at / 10) for kind, at in onsets.items()}
    found = run(
        "fir", series, 10.0, seconds, window_s=1.0, step_s=0.2, options={"max_ar_s": max_ar_s}
    )
    design = np.zeros((600, 10))
    for k, at in enumerate(onsets.values()):
        for start in at:
            for sample in range(10):
                design[start + sample, 5 * k + sample // 2] += 1
    design = sm.add_constant(design, prepend=False)
    model = sm.OLS(series, design)
    if max_ar_s:
        rest = model.fit().resid
        phi = ar_select_order(rest - rest.mean(), maxlag=4, ic="aic", trend="n").model.fit().params
        assert found.summary["ar_order"] == len(phi) > 0
        model = sm.GLSAR(series, design, rho=phi)
    fit = model.fit()
    np.testing.assert_allclose(found.table["response"], fit.params[:10], atol=1e-9)
    np.testing.assert_allclose(found.table["se"], fit.bse[:10], rtol=1e-9)


def test_warping_is_that_of_dtw_python():
    """The cheapest path in a band, at equal weights; the root of its mean squared step."""
    with WARPING.open() as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 12
    for row in rows:
        found = run(
            "dtw", courses(int(row["pair"])), 1.0, window_s=60.0, max_lag_s=float(row["band"])
        )
        expected = (float(row["cost"]) / float(row["steps"])) ** 0.5
        assert found.table["distance"] == pytest.approx([expected], abs=1e-12)
