"""Cards, exclusions and the smallest p of a recording's page."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mimicry.records import EmotionMap, ScoringSettings
from mimicry.report.recording import (
    _cards,
    _exclusions,
    _floor,
    _in_phase,
    _latency_lines,
    _reference,
)

SETTINGS = ScoringSettings(
    {"happy": EmotionMap(("AU12",), ("AU04",))}, enumerate_up_to=1000, surrogates=99
)


def test_the_smallest_p_is_that_of_all_arrangements_or_of_those_drawn():
    redraw = ScoringSettings(SETTINGS.emotions, swap="redraw", surrogates=99)
    cases = {1: 1.0, 20: 0.05, 1000: 0.001, 1001: 0.01, "40": 0.025}
    assert {n: _floor({"arrangements": n}, SETTINGS) for n in cases} == pytest.approx(cases)
    for none in (0, -1, None, "n/a", np.nan):
        assert _floor({"arrangements": none}, SETTINGS) is None
    assert _floor({"arrangements": 20}, redraw) == 0.01
    watch = replace(redraw, swaps={"watch": "clip"})
    assert _floor({"arrangements": 20, "phase": "watch"}, watch) == 0.05
    assert _floor({"arrangements": 20, "phase": "imitate"}, watch) == 0.01


def test_a_card_says_what_was_measured():
    rows = [
        {"condition": "happy", "phase": "watch", "contrast": 0.5, "contrast_raw": 0.0625, "p": 0.05,
         "arrangements": 20, "n": 12, "claim": "opponent only", "targets": "AU12 AU06",
         "opponents": "AU04", "contrast_target": 0.125, "p_target": 0.4,
         "contrast_opponent": -0.375, "p_opponent": 0.05, "latency_shift_s": 0.6,
         "latency_ci_low_s": 0.5, "latency_ci_high_s": np.nan, "latency_calibrated": "True",
         "latency_half_s": 0.9, "latency_half_ci_low_s": 0.8, "latency_half_ci_high_s": 1.0,
         "latency_flag": ""},
        {"condition": "sad", "phase": np.nan, "contrast": -0.5, "contrast_raw": np.nan, "p": 0.2,
         "arrangements": 20, "n": 1, "latency_shift_s": 0.25, "latency_calibrated": 0,
         "nan_reasons": "p_target=no_variance;claim=no_variance"},
        {"condition": "neutral", "contrast": np.nan},
    ]  # fmt: skip
    assert _cards(pd.DataFrame(rows), SETTINGS) == [
        {
            "title": "happy, watch",
            "claim": "opponent only",
            "sentence": "The faces made a difference, but not in AU12, AU06 alone: no mimicry.",
            "lines": [
                "contrast +0.50 SD, p = .050 (smallest possible), 12 trials",
                "AU12, AU06 alone +0.12 SD, p = .400",
                "AU04 alone -0.38 SD, p = .050 (smallest possible)", "raw 0.062 AU units",
                "latency shift 0.600 s [0.500, n/a]", "half-rise 0.900 s [0.800, 1.000]",
                "calibrated: yes",
            ],
        },
        {
            "title": "sad",
            "claim": "no claim",
            "sentence": "Nothing can be said (no variance).",
            "lines": [
                "contrast -0.50 SD, p = .200, 1 trial", "latency shift 0.250 s [n/a, n/a]",
                "calibrated: no",
            ],
        },
    ]  # fmt: skip
    assert [_in_phase({"phase": p}) for p in ("a", "", np.nan)] == [", a", "", ""]
    assert _in_phase({}) == ""


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"latency_shift_s": 0.6, "latency_flag": "other_shape"}, "has another shape"),
        ({"latency_half_s": 0.6, "nan_reasons": "x=y;latency_shift_s=poor_fit"}, "another shape"),
        ({"latency_half_s": 0.6, "latency_flag": "no_reference"}, "no reference trials"),
        ({"latency_half_s": 0.6, "nan_reasons": "latency_shift_s=edge"}, "calibrated: no"),
    ],
)
def test_a_card_says_what_to_know_of_its_latencies(row, said):
    assert said in _latency_lines(row)[-1]
    assert _latency_lines({"latency_flag": "no_reference"}) == []


def test_exclusions_are_counted_and_said():
    def sentence(*valid):
        return _exclusions(table(*valid))["sentence"]

    def table(*valid):
        n = len(valid)
        reasons = ["" if v else "pose; gap,pose" if k else "gap" for k, v in enumerate(valid)]
        conditions = ["happy", "sad", "happy", "sad"][:n]
        return pd.DataFrame({"condition": conditions, "valid": valid, "reason": reasons})

    made = _exclusions(table(0, 1, 0, 1))
    (part,) = made["table"].parts
    assert part.rows == [["happy", "2", "0", "gap (2), pose (2)"], ["sad", "2", "2", "none"]]
    assert (made["valid"], made["total"]) == (2, 4)
    assert made["sentence"] == "2 of 4 trials were left out."
    assert sentence(1, 1) == "Every trial could be scored."
    assert sentence(0, 0) == "No trial could be scored: 2 of 2 were left out."
    assert sentence() == "There is no trial."


def test_the_reference_is_told_in_words():
    assert _reference(SETTINGS) == "neutral trials"
    valence = ScoringSettings(SETTINGS.emotions, reference="valence")
    assert _reference(valence) == "all trials of the other valence"
