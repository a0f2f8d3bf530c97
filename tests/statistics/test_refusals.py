"""Counting participants without a latency."""

import numpy as np
import pandas as pd
import pytest

from mimicry.statistics.refusals import REFUSAL_COLUMNS, latency_refusals


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "group": ["a", "a", "b", "b", "b"],
            "phase": "watch",
            "condition": ["happy", "happy", "happy", "happy", "neutral"],
            "latency_shift_s": [0.5, np.nan, np.nan, np.nan, np.nan],
            "latency_half_s": [0.75, 0.5, np.nan, np.nan, np.nan],
            "nan_reasons": [
                None,
                "specificity=x;latency_shift_s=low_snr",
                "latency_shift_s=low_snr;latency_half_s=not_positive",
                "latency_shift_s=edge;latency_half_s=low_snr",
                "*=no_au_map",
            ],
        }
    )


def shifts(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the rows about the shift."""
    found = latency_refusals(summary, by="group")
    return found[found["measure"] == "latency_shift_s"]


def test_each_latency_has_its_own_refusals() -> None:
    found = latency_refusals(table(), by="group")
    assert found["measure"].tolist() == ["latency_shift_s"] * 2 + ["latency_half_s"] * 2
    half = found.iloc[2:]
    assert half["refused"].tolist() == [0, 2]
    assert half["reasons"].isna().tolist() == [True, False]
    assert half["reasons"][3] == "low_snr: 1; not_positive: 1"
    assert half["latency_mean_s"][2] == 0.625


def test_refused_participants_are_counted_by_group_with_reasons() -> None:
    found = shifts(table())
    assert found["n"].tolist() == [2, 2]
    assert found["refused"].tolist() == [1, 2]
    assert found["share_refused"].tolist() == [0.5, 1.0]
    assert found["commonest_reason"].tolist() == ["low_snr", "edge"]
    assert found["reasons"].tolist() == ["low_snr: 1", "edge: 1; low_snr: 1"]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match="'site'"):
        latency_refusals(table(), by="site")


def test_conditions_without_an_emotion_refuse_nothing() -> None:
    """A latency that is not given for an emotion, and a condition without a map, count nowhere."""
    given = table().assign(
        nan_reasons=["", None, "*=given_by_emotion", "*=edge", "x=y;*=no_au_map"]
    )
    found = shifts(given).set_index("group")
    assert found["n"].to_dict() == {"a": 2, "b": 1}
    assert found.loc["b", "reasons"] == "edge: 1"
    assert found.loc["a", "reasons"] == ": 1"
    assert found["latency_mean_s"]["a"] == 0.5


def test_the_reason_of_the_latency_goes_before_that_of_everything() -> None:
    given = table().assign(nan_reasons="*=too_few;latency_shift_s=edge")
    assert shifts(given)["commonest_reason"].tolist() == ["edge"] * 3
    given = table().assign(nan_reasons=None, latency_shift_s=0.25)
    nobody = shifts(given)
    assert nobody[["reasons", "commonest_reason"]].isna().all(axis=None)
    assert nobody["refused"].tolist() == [0, 0, 0]
    assert nobody["share_refused"].tolist() == [0, 0, 0]


def test_sessions_and_phases_are_counted_by_themselves() -> None:
    given = table().assign(session=["1", "2", "1", "1", "1"])
    found = shifts(given)
    assert list(found.columns) == ["session", "phase", "condition", "group", *REFUSAL_COLUMNS]
    assert found["n"].tolist() == [1, 1, 2]
    plain = shifts(given.drop(columns=["session", "phase"]))
    assert list(plain.columns)[:2] == ["condition", "group"]
    for name in ("condition", "latency_shift_s", "latency_half_s", "nan_reasons"):
        with pytest.raises(ValueError, match=f"the summary has no column '{name}'"):
            latency_refusals(given.drop(columns=name), by="group")
