"""The declared test: which number, which p, which way."""

import numpy as np
import pytest
from scipy import stats

from mimicry.statistics.clips import ContrastTrials, clip_tables
from mimicry.statistics.crossed import crossed
from mimicry.statistics.planned import PlannedTest, decide

RNG = np.random.default_rng(4)
FIRST = RNG.normal(0.6, 1, 30)
SECOND = RNG.normal(0.1, 2, 20)


def test_without_groups_all_people_are_tested_against_0():
    found = decide(PlannedTest(), [FIRST, SECOND])
    everyone = np.concatenate([FIRST, SECOND])
    assert found.p == pytest.approx(stats.ttest_1samp(everyone, 0.0).pvalue)
    assert found.test.mean == pytest.approx(everyone.mean())
    assert found.test.n == 50


@pytest.mark.parametrize(("between", "sign"), [((0, 1), 1), ((1, 0), -1)])
def test_two_groups_are_compared_the_predicted_larger_one_first(between, sign):
    found = decide(PlannedTest(between=between), [FIRST, SECOND])
    assert found.test.mean == pytest.approx(sign * (FIRST.mean() - SECOND.mean()))
    assert found.p == pytest.approx(stats.ttest_ind(FIRST, SECOND, equal_var=False).pvalue)
    assert found.right_way == (sign > 0)


def test_a_trait_is_correlated_over_all_groups():
    trait = FIRST + RNG.normal(0, 1, 30), SECOND + RNG.normal(0, 1, 20)
    found = decide(PlannedTest(trait=True), [FIRST, SECOND], trait)
    expected = stats.pearsonr(np.concatenate([FIRST, SECOND]), np.concatenate(trait))
    interval = expected.confidence_interval()
    assert (found.test.mean, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert (found.test.low, found.test.high) == pytest.approx(tuple(interval))


@pytest.mark.parametrize(("x", "r", "p"), [([1, 2, 3, 4], 1.0, 0.0), ([4, 3, 2, 1], -1.0, 0.0)])
def test_a_perfect_correlation_is_one_and_its_p_0(x, r, p):
    found = decide(PlannedTest(trait=True), [np.array(x, float)], [np.arange(4.0)])
    assert (found.test.mean, found.p) == pytest.approx((r, p), abs=1e-7)


def test_people_without_score_or_trait_take_no_part():
    gaps, trait = FIRST.copy(), FIRST + RNG.normal(0, 1, 30)
    gaps[:3], trait[5] = np.nan, np.nan
    assert decide(PlannedTest(), [gaps]).test.n == 27
    found = decide(PlannedTest(trait=True), [gaps], [trait])
    kept = np.isfinite(gaps) & np.isfinite(trait)
    assert found.test.n == 26
    assert found.p == pytest.approx(stats.pearsonr(FIRST[kept], trait[kept]).pvalue)


@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_one_sided_p_is_half_on_the_predicted_side_and_near_1_on_the_other(direction):
    planned = PlannedTest(direction=direction, two_sided=False)
    found = decide(planned, [FIRST])
    side = "greater" if direction > 0 else "less"
    assert found.p == pytest.approx(stats.ttest_1samp(FIRST, 0.0, alternative=side).pvalue)
    assert (found.right_way, found.significant) == ((True, True) if direction > 0 else (False,) * 2)


def test_p_at_the_level_is_significant_and_above_it_is_not():
    p = decide(PlannedTest(), [SECOND]).p
    assert decide(PlannedTest(alpha=p), [SECOND]).significant
    assert not decide(PlannedTest(alpha=p * 0.999), [SECOND]).significant


@pytest.mark.parametrize(
    ("planned", "scores", "traits", "reason"),
    [
        (PlannedTest(), [np.array([1.0, np.nan])], (), "too_few_participants"),
        (PlannedTest(two_sided=False), [np.array([1.0])], (), "too_few_participants"),
        (PlannedTest(), [np.ones(5)], (), "no_variance"),
        (PlannedTest(trait=True), [np.arange(2.0)], [np.arange(2.0)], "too_few_participants"),
        (PlannedTest(trait=True), [np.ones(5)], [np.full(5, np.nan)], "too_few_participants"),
        (PlannedTest(trait=True), [np.arange(5.0)], [np.ones(5)], "no_variance"),
    ],
)
def test_what_cannot_be_tested_has_a_reason_and_is_never_significant(
    planned, scores, traits, reason
):
    found = decide(planned, scores, traits)
    assert found.test.reason == reason
    assert np.isnan(found.p)
    assert not found.significant


def test_three_people_have_a_correlation_and_no_interval():
    scores, traits = np.array([1.0, 2.0, 4.0]), np.array([0.0, 1.0, 1.5])
    found = decide(PlannedTest(trait=True), [scores], [traits])
    expected = stats.pearsonr(scores, traits)
    assert (found.test.mean, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert np.isnan([found.test.low, found.test.high]).all()


def test_the_standard_test_is_two_sided_at_5_percent_and_upwards():
    planned = PlannedTest()
    assert (planned.between, planned.trait, planned.direction) == (None, False, 1.0)
    assert (planned.alpha, planned.two_sided) == (0.05, True)


def test_an_estimate_of_exactly_0_is_on_neither_side():
    for direction in (1.0, -1.0):
        found = decide(PlannedTest(direction=direction, two_sided=False), [np.array([-1.0, 1.0])])
        assert (found.test.mean, found.right_way, found.p) == (0.0, False, 0.5)


def test_every_number_of_a_correlation_by_hand():
    """Of four people r is .8: t = .8 sqrt(2 / .36), Fisher's z with an SE of 1."""
    scores, traits = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 2.0, 4.0])
    test = decide(PlannedTest(trait=True), [scores], [traits]).test
    expected = (4, 0.8, np.sqrt(0.18), 0.8 * np.sqrt(2 / 0.36), 2.0, 0.2, 0.8)
    assert (test.n, test.mean, test.se, test.t, test.df, test.p, test.effect) == pytest.approx(
        expected
    )
    limits = np.tanh(np.arctanh(0.8) + 1.959964 * np.array([-1, 1]))
    assert (test.low, test.high) == pytest.approx(tuple(limits))
    perfect = decide(PlannedTest(trait=True), [scores], [-scores]).test
    assert (perfect.mean, perfect.t, perfect.p, perfect.se) == (-1.0, -np.inf, 0.0, 0.0)


@pytest.mark.parametrize("between", [None, (0, 1), (1, 0)])
def test_where_people_share_clips_p_counts_clips_as_random(between):
    """Clips that do much: p of the planned test is that of people and clips, plain t beside it."""
    rng = np.random.default_rng(6)
    shown, other = rng.normal(0, 1, (2, 5))
    groups = [
        [ContrastTrials(str(k), shown + rng.normal(m, 1, 5), other + rng.normal(0, 1, 5))
         for k in range(n)]
        for n, m in ((12, 1.5), (15, 0.5))
    ]  # fmt: skip
    scores = [np.array([p.contrast for p in people]) for people in groups]
    planned = PlannedTest(between=between, two_sided=False, direction=-1.0)
    found = decide(planned, scores, clips=clip_tables(groups))
    plain = decide(planned, scores)
    if between is None:
        test = crossed(clip_tables([groups[0] + groups[1]])).test([1.0])
    else:
        test = crossed(clip_tables([groups[g] for g in between])).test([1.0, -1.0])
    assert (found.test.mean, found.test.p) == pytest.approx((test.mean, test.p))
    assert found.test.mean == pytest.approx(plain.test.mean)
    assert found.p == pytest.approx(1 - test.p / 2 if test.mean > 0 else test.p / 2)
    assert found.p_these_clips_only == plain.p
    assert found.test.se > plain.test.se


@pytest.mark.parametrize("between", [None, (0, 1)])
def test_people_without_a_score_take_no_part_where_clips_are_random_either(between):
    rng = np.random.default_rng(6)
    groups = [
        [ContrastTrials(str(k), rng.normal(1, 1, 5), rng.normal(0, 1, 5)) for k in range(8)]
        for _ in range(2)
    ]
    scores = [np.array([p.contrast for p in people]) for people in groups]
    scores[0][:3] = np.nan
    planned = PlannedTest(between=between)
    found = decide(planned, scores, clips=clip_tables(groups))
    kept = [groups[0][3:], groups[1]]
    expected = decide(planned, [scores[0][3:], scores[1]], clips=clip_tables(kept))
    assert found == expected
    assert found.test.n == 13
    nobody = decide(PlannedTest(), [np.full(8, np.nan)], clips=clip_tables(groups[:1]))
    assert (nobody.test.n, nobody.test.reason) == (0, "too_few_participants")


def test_a_trait_is_correlated_whatever_clips_do():
    planned = PlannedTest(trait=True)
    with_clips = decide(planned, [FIRST], [FIRST**2], clips=[()])
    assert with_clips == decide(planned, [FIRST], [FIRST**2])
