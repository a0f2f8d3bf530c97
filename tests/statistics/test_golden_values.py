"""Every statistic on drawn people: its numbers, its sign, its other choices."""

import numpy as np
import pandas as pd

from golden_values import numbers, rows_of, same_as_golden
from mimicry.statistics.agreement import agreement, effective_samples, intraclass_correlation
from mimicry.statistics.clips import ContrastTrials, clip_tables
from mimicry.statistics.combine import combined_p
from mimicry.statistics.components import components
from mimicry.statistics.crossed import crossed
from mimicry.statistics.groups import one_sample, percent_reduction, pooled, two_samples
from mimicry.statistics.intersubject import intersubject_correlation
from mimicry.statistics.refusals import latency_refusals
from mimicry.statistics.reliability import (
    clip_splits,
    contrast_reliability,
    half_scores,
    session_icc,
    spearman_brown,
)


def rng():
    return np.random.default_rng(5)


def people(n=9, trials=10, clips=5):
    draw = rng()
    names = [f"clip{k % clips}" for k in range(trials)]
    return [
        ContrastTrials(
            participant=f"p{k}",
            emotion=draw.normal(0.4 + 0.3 * draw.normal(), 0.4, trials - k % 3),
            reference=draw.normal(0.0, 0.4, trials - k % 2),
            emotion_clip=tuple(names[: trials - k % 3]),
            reference_clip=tuple(n.upper() for n in names[: trials - k % 2]),
        )
        for k in range(n)
    ]


FIRST, SECOND = rng().normal(0.3, 1, 14), rng().normal(-0.1, 2, 9)[::-1]
FIRST[3] = np.nan
PEOPLE = people()
COURSE = np.cumsum(rng().normal(size=(5, 600)), axis=1)
VIEWERS = np.diff(COURSE, axis=1) + np.diff(COURSE, axis=1)[:1]
VIEWERS[1, 50:90] = np.nan
X = COURSE[0] / 9
Y = 0.7 * X + 1 + 0.4 * np.random.default_rng(6).normal(size=600)


def test_every_statistic_gives_the_numbers_it_gave():
    (tables,) = clip_tables([PEOPLE])
    two_groups = crossed(clip_tables([PEOPLE[:5], PEOPLE[5:]]))
    masks = clip_splits([5, 5], rng(), splits=30)
    cases = {
        "one_sample": one_sample(FIRST),
        "one_sample wide": one_sample(FIRST, confidence=0.8),
        "one_sample alone": one_sample([1.0]),
        "one_sample constant": one_sample([1.0, 1.0, 1.0]),
        "two_samples": two_samples(FIRST, SECOND),
        "two_samples wide": two_samples(FIRST, SECOND, confidence=0.8),
        "two_samples alone": two_samples(FIRST, [1.0]),
        "two_samples constant": two_samples([1.0, 1.0], [3.0, 3.0]),
        "pooled": pooled([FIRST, SECOND, FIRST[:4] + 1]),
        "pooled wide": pooled([FIRST, SECOND], confidence=0.8),
        "pooled constant": pooled([[1.0, 1.0], [3.0, 3.0]]),
        "percent_reduction": percent_reduction(1.2, 0.2, 0.5, 0.3, 2.0),
        "percent_reduction outside": percent_reduction(0.2, 0.2, 0.9, 0.2, 2.0),
        "percent_reduction everything": percent_reduction(0.1, 0.2, 0.1, 0.2, 2.0),
        "crossed": crossed([tables]).test([1.0]),
        "crossed groups": two_groups.test([1.0, -1.0]),
        "crossed pooled": two_groups.pooled(),
        "components": components(tables),
        "combined_p": combined_p(np.array([1.0, -0.2, np.nan, 2.1]), ["", "", "a", ""]),
        "combined_p none": combined_p(np.array([np.nan, np.nan]), ["b", "a"]),
        "reliability": contrast_reliability(PEOPLE, rng(), splits=200),
        "reliability few": contrast_reliability(PEOPLE[:2], rng(), splits=20),
        "half_scores": half_scores(tables, masks),
        "spearman_brown": spearman_brown(0.4),
        "spearman_brown five": spearman_brown(0.4, times=5),
        "session_icc": session_icc(rng().normal(size=(8, 3)) + np.arange(8)[:, None] / 3),
        "session_icc few": session_icc(np.zeros((2, 3))),
        "intersubject": intersubject_correlation(VIEWERS, 10.0, rng(), surrogates=99),
        "intersubject near": intersubject_correlation(
            VIEWERS, 10.0, rng(), surrogates=49, min_shift_s=2.0
        ),
        "intersubject few": intersubject_correlation(VIEWERS[:2], 10.0, rng(), surrogates=9),
        "icc": intraclass_correlation(X, Y),
        "effective_samples": effective_samples(X, Y),
        "agreement": agreement(X, Y, 10.0),
        "agreement unscaled": agreement(Y[9:], X[:-9], 10.0, max_lag_s=2.0, rescale="none"),
    }
    same_as_golden("statistics", {k: numbers(v) for k, v in cases.items()}, atol=1e-8, rtol=1e-6)


def test_every_column_of_the_refusals():
    """Three of four a have none; of b half. Of reasons that are equally common the first counts."""
    rows = [
        ("a", "happy", 0.4, ""),
        ("a", "happy", np.nan, "latency_shift_s=low_snr"),
        ("a", "happy", np.nan, "x=y;latency_shift_s=edge"),
        ("a", "happy", np.nan, "latency_shift_s=low_snr;z=w"),
        ("b", "happy", 0.2, ""),
        ("b", "happy", 0.3, ""),
        ("b", "happy", np.nan, "latency_shift_s=low_snr"),
        ("b", "happy", np.nan, "latency_shift_s=edge"),
        ("b", "happy", np.nan, "latency_shift_s=no_au_map"),
    ]
    summary = pd.DataFrame(rows, columns=["group", "condition", "latency_shift_s", "nan_reasons"])
    summary["latency_half_s"] = np.nan
    refusals = latency_refusals(summary, by="group")
    found = rows_of(refusals[refusals["measure"] == "latency_shift_s"], "group")
    assert found["a"] | {"latency_mean_s": 0} == {
        "condition": "happy", "group": "a", "measure": "latency_shift_s",
        "n": 4, "with_latency": 1, "refused": 3,
        "share_refused": 0.75, "commonest_reason": "low_snr", "reasons": "edge: 1; low_snr: 2",
        "latency_mean_s": 0,
    }  # fmt: skip
    assert (found["b"]["n"], found["b"]["commonest_reason"]) == (4, "edge")
    assert [found[k]["latency_mean_s"] for k in "ab"] == [0.4, 0.25]
