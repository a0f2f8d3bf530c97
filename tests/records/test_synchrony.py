"""The numbers of a synchrony record, computed by hand."""

import numpy as np
import pytest

from mimicry.records.synchrony import Synchrony, SynchronySettings

NAN = np.nan
#: Windows x lags (-1, -0.5, 0, 0.5, 1); the last window has no value.
VALUES = [[-0.9, 0.1, 0.3, 0.5, NAN], [0.2, NAN, 0.4, 0.8, -0.2], [NAN] * 5]


def made(*, values=VALUES, **keys):
    settings = SynchronySettings("x", "?", "ours", **{"window_s": 4.0, **keys})
    return Synchrony(
        window_start_s=[0.0, 2.0, 4.0],
        lags_s=[-1.0, -0.5, 0.0, 0.5, 1.0],
        values=values,
        peak_lag_s=[0.5, -0.5, NAN],
        peak_value=[0.5, 0.3, NAN],
        settings=settings,
        rate_hz=2.0,
        names=("a", "b"),
        provenance={"duration_s": 9.0},
    )


def test_the_summary_of_a_recording():
    assert len(made()) == 3
    summary = made(peak_region_s=1.0).summary
    assert summary == pytest.approx(
        {
            "grand_average": 1.2 / 8,
            "first_leads": 1.1 / 3,
            "second_leads": -0.2,
            "lag_zero": 0.35,
            "lead_asymmetry": 1.1 / 3 + 0.2,
            "n_windows": 3,
            "n_windows_missing": 1,
            "n_windows_best_lag_at_edge": 0,
            "n_windows_with_peak": 2,
            "peak_mean": 0.4,
            "peak_sd": np.sqrt(0.02),
            "peak_lag_mean_s": 0.0,
            "peak_lag_sd_s": np.sqrt(0.5),
        }
    )
    assert "peak_mean" not in made().summary


def test_absolute_values_where_the_settings_say_so():
    absolute = made(absolute=True)
    assert absolute.grand_average == pytest.approx(3.4 / 8)
    assert absolute.second_leads == pytest.approx(0.4)
    np.testing.assert_array_equal(absolute.best_lag_s, [-1.0, 0.5, NAN])
    assert absolute.best_at_edge.tolist() == [True, False, False]
    assert absolute.summary["n_windows_best_lag_at_edge"] == 1


def test_the_tables_of_a_recording():
    table = made().to_frame()
    expected = {
        "window_start_s": [0, 2, 4],
        "window_end_s": [4, 6, 8],
        "mean": [0.0, 0.3, NAN],
        "lag_zero": [0.3, 0.4, NAN],
        "best_lag_s": [0.5, 0.5, NAN],
        "best_value": [0.5, 0.8, NAN],
        "best_at_edge": [0, 0, 0],
        "peak_lag_s": [0.5, -0.5, NAN],
        "peak_value": [0.5, 0.3, NAN],
        "missing_fraction": [0.2, 0.2, 1.0],
    }
    assert list(table) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(table[name].astype(float), values, atol=1e-12, err_msg=name)
    assert made(window_s=None).to_frame()["window_end_s"].tolist() == [9.0, 11.0, 13.0]
    profile = made().profile_frame()
    assert profile["lag_s"].tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert profile["n_windows"].tolist() == [2, 1, 2, 2, 1]
    np.testing.assert_allclose(profile["mean"], [-0.35, 0.1, 0.35, 0.65, -0.2])
    matrix = made().matrix_frame()
    names = ["lag_-1.0000", "lag_-0.5000", "lag_+0.0000", "lag_+0.5000", "lag_+1.0000"]
    assert list(matrix) == ["window_start_s", *names]
    np.testing.assert_array_equal(matrix[names], VALUES)
    known = {*made().columns, *names}
    assert {*table, *profile, *matrix} <= known


def test_one_peak_has_no_spread_and_no_value_no_mean():
    empty = made(values=np.full((3, 5), NAN), peak_region_s=1.0)
    assert np.isnan(empty.grand_average)
    assert np.isnan(empty.lag_profile).all()
    lone = Synchrony([0.0], [0.0], [[0.5]], [0.0], [0.5], empty.settings, 2.0, ("a", "b"))
    assert lone.summary["n_windows_with_peak"] == 1
    assert np.isnan(lone.summary["peak_sd"])
    assert np.isnan(lone.first_leads)


def test_settings_tell_what_their_method_makes_use_of():
    common = {"preset": "x", "source": "ours", "null": None, "surrogates": 0, "seed": 0}
    lengths = {"window_s": 8.0, "step_s": 0.5, "max_lag_s": 2.0}
    without_lags = SynchronySettings("x", "?", "ours", options={"a": 1.0, "m": None}, **lengths)
    options = {"question": "?", "series": "2", "options": {"a": 1.0, "m": None}}
    assert without_lags.to_json() == common | lengths | options
    assert without_lags.numbers() == "window 8 s, step 0.5 s, max lag 2 s, a=1, m=from the data"
    by_lag = SynchronySettings("x", "?", "ours", method="correlation")
    own = {"method": "correlation", "absolute": False, "min_valid": 0.5, "peak_region_s": 0.0}
    assert by_lag.to_json() == common | dict.fromkeys(lengths) | own
    assert by_lag.numbers() == ""
    chosen = SynchronySettings("x", "?", "ours", method="correlation", options={"a": 1.0})
    assert chosen.to_json() == by_lag.to_json() | {"options": {"a": 1.0}}
