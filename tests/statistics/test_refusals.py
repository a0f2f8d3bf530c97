"""Counting participants without a latency."""

import numpy as np
import pandas as pd
import pytest

from mimicry.statistics.refusals import latency_refusals


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "group": ["a", "a", "b", "b", "b"],
            "phase": "watch",
            "condition": ["happy", "happy", "happy", "happy", "neutral"],
            "latency_shift_s": [0.5, np.nan, np.nan, np.nan, np.nan],
            "nan_reasons": [
                None,
                "specificity=x;latency_shift_s=low_snr",
                "latency_shift_s=low_snr",
                "latency_shift_s=edge",
                "*=no_au_map",
            ],
        }
    )


def test_refused_participants_are_counted_by_group_with_reasons() -> None:
    found = latency_refusals(table(), by="group")
    assert found["n"].tolist() == [2, 2]
    assert found["refused"].tolist() == [1, 2]
    assert found["share_refused"].tolist() == [0.5, 1.0]
    assert found["commonest_reason"].tolist() == ["low_snr", "edge"]
    assert found["reasons"].tolist() == ["low_snr: 1", "edge: 1; low_snr: 1"]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match="'site'"):
        latency_refusals(table(), by="site")
