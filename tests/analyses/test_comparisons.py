"""Groups against one another: gate, percentage and what has no test, on small tables."""

import numpy as np
import pandas as pd
import pytest

from mimicry.analyses.comparisons import compared_rows
from mimicry.statistics.clips import ContrastTrials, clip_tables
from mimicry.statistics.crossed import crossed


def table(**measures):
    """Condition tables of people, the first half of them controls."""
    n = len(next(iter(measures.values())))
    return pd.DataFrame(
        {"participant": [f"{k}" for k in range(n)], "session": "", "phase": "watch",
         "condition": "happy", "arm": ["control"] * (n // 2) + ["low"] * (n - n // 2), **measures}
    )  # fmt: skip


def compared(people, trials=()):
    rows = compared_rows(people, "arm", "control", dict(trials))
    return {row["measure"]: row for row in rows}


def with_trials(measure, people):
    """A table of the people's contrasts, and their trials."""
    trials = {("", "watch", "happy", measure): {p.participant: p for p in people}}
    return table(**{measure: [p.contrast for p in people]}), trials


def responding(shift, n=12):
    rng = np.random.default_rng(3)
    return [
        ContrastTrials(str(k), shift + rng.normal(0, 0.3, 6), rng.normal(0, 0.3, 6))
        for k in range(n)
    ]


def test_controls_who_are_all_the_same_end_in_a_difference_and_no_percentage():
    values = [0.0] * 4 + [0.1, 0.2, 0.0, 0.3]
    found = compared(table(hit_rate_difference=values, contrast_raw=values))
    assert found["hit_rate_difference"]["difference"] == pytest.approx(-0.15)
    assert found["hit_rate_difference"]["percent_reason"] is None
    assert found["contrast_raw"]["percent_reason"] == "no_variance"


def test_a_ratio_that_has_no_test_says_why_there_is_no_percentage():
    values = [1.0, 1.2, 1.1, 0.9]
    alone = table(contrast_raw=values, contrast_target_raw=values).iloc[:3]
    found = compared(alone)
    assert found["contrast_raw"]["reason"] == "too_few_participants"
    assert found["contrast_raw"]["percent_reason"] == "too_few_participants"
    assert found["contrast_target_raw"]["percent_reason"] is None


def test_a_group_that_does_nothing_at_all_shows_everything_less():
    """Nobody in the group moves: the ratio is 0 and the control group alone is uncertain."""
    (row,) = compared(table(contrast_raw=[1.0, 1.2, 1.1, 0.9, 0.0, 0.0, 0.0, 0.0])).values()
    numbers = [row[f"percent_less{end}"] for end in ("", "_low", "_high")]
    assert numbers == pytest.approx([100, 100, 100])
    assert row["percent_reason"] is None


@pytest.mark.parametrize(
    ("measure", "shift", "gate"),
    [
        ("contrast_raw", 1.0, "passed"),
        ("contrast_raw", -1.0, "not passed"),
        ("contrast_target_cal", 1.0, "passed"),
        ("contrast_opponent_raw", -1.0, "passed"),
        ("contrast_opponent_cal", -1.0, "passed"),
        ("contrast_opponent_raw", 1.0, "not passed"),
    ],
)
def test_the_gate_opens_on_the_side_that_mimicry_predicts(measure, shift, gate):
    people = responding(shift)
    (row,) = compared(*with_trials(measure, people)).values()
    together = crossed(clip_tables([people[:6], people[6:]])).pooled()
    assert row["pooled_p"] == pytest.approx(together.p)
    assert row["pooled_p"] < 0.05
    assert row["gate"] == gate


def test_without_trials_by_clip_there_is_neither_a_pooled_p_nor_a_gate():
    people = responding(1.0)
    measures, _ = with_trials("contrast_raw", people)
    (row,) = compared(measures).values()
    assert row["clips"] == "fixed"
    assert np.isnan([row["p"], row["pooled_p"]]).all()
    assert row["gate"] == ""
    assert row["pooled_mean"] == pytest.approx(np.mean([p.contrast for p in people]))
