"""Means of groups with people and clips random: against mean squares by hand, and on noise."""

import numpy as np
import pytest
from scipy import stats

from mimicry.statistics.clips import ContrastTrials, clip_tables
from mimicry.statistics.crossed import crossed
from mimicry.statistics.groups import one_sample, percent_reduction, two_samples


def people(rng, n=20, clips=4, repeats=3, *, clip_sd=0.5, lost=0.0, effects=None, mean=0.3):
    """People who all see the same clips; `effects` are those of the clips of both sides."""
    names = [f"c{k}" for k in range(clips)] * repeats
    effects = rng.normal(0, clip_sd, (2, clips)) if effects is None else effects
    made = []
    for k in range(n):
        level, own = rng.normal(0, 1), rng.normal(mean, 0.4)
        sides = [np.tile(effect, repeats) + rng.normal(level, 1, len(names)) for effect in effects]
        keep = [rng.random(len(names)) >= lost for _ in sides]
        values = [
            np.where(k, v, np.nan) for k, v in zip(keep, (sides[0] + own, sides[1]), strict=True)
        ]
        made.append(ContrastTrials(str(k), *values, tuple(names), tuple(names)))
    return made


def mean_squares(groups, weights):
    """Test by mean squares of people, clips and residual, cell by cell, nothing missing."""
    contrasts, variances, dfs = [], [], []
    for group, weight in zip(groups, weights, strict=True):
        d = [p.emotion.mean() - p.reference.mean() for p in group]
        contrasts.append(np.mean(d))
        variances.append(weight**2 * np.var(d, ddof=1) / len(d))
        dfs.append(len(d) - 1)
    for side in ("emotion", "reference"):
        names = sorted(set(getattr(groups[0][0], f"{side}_clip")))
        difference, noise = np.zeros(len(names)), 0.0
        for group, weight in zip(groups, weights, strict=True):
            cells = []
            for person in group:
                values, clips = getattr(person, side), np.array(getattr(person, f"{side}_clip"))
                cells.append([values[clips == name].mean() for name in names])
            cells = np.array(cells)
            left = sum(
                (cells[i, j] - cells[i].mean() - cells[:, j].mean() + cells.mean()) ** 2
                for i in range(len(cells)) for j in range(len(names))
            )  # fmt: skip
            error = left / ((len(cells) - 1) * (len(names) - 1))
            difference += weight * cells.mean(axis=0)
            noise += weight**2 * error / len(cells)
        more = (difference.var(ddof=1) - noise) / len(names)
        if more > 0:
            variances.append(more)
            dfs.append(len(names) - 1)
    total = sum(variances)
    df = total**2 / sum(v**2 / d for v, d in zip(variances, dfs, strict=True))
    mean = float(np.dot(weights, contrasts))
    return mean, np.sqrt(total), df, 2 * stats.t.sf(abs(mean) / np.sqrt(total), df)


@pytest.mark.parametrize("seed", range(6))
def test_one_group_is_tested_by_its_mean_squares(seed):
    group = people(np.random.default_rng(seed), clip_sd=0.5 * (seed % 3))
    found = crossed(clip_tables([group])).test([1.0])
    expected = mean_squares([group], [1.0])
    assert (found.mean, found.se, found.df, found.p) == pytest.approx(expected)


@pytest.mark.parametrize("weights", [(1.0, -1.0), (0.5, 0.5)])
def test_a_weighted_sum_of_groups_is_tested_by_its_mean_squares(weights):
    """Clips are common to both groups, and do something of their own to each."""
    rng = np.random.default_rng(7)
    shared = rng.normal(0, 1, (2, 5))
    groups = [
        people(rng, n, 5, effects=shared + rng.normal(0, 0.8, (2, 5)), mean=m)
        for n, m in ((15, 0.6), (25, 0.2))
    ]
    means = crossed(clip_tables(groups))
    found = means.test(weights)
    mean, se, df, p = mean_squares(groups, weights)
    assert found.mean == pytest.approx(mean)
    # the two groups' clip variances are kept above 0 together, not each sum by itself
    assert (found.se, found.df, found.p) == pytest.approx((se, df, p), rel=0.02)
    covariance = means.covariance
    assert found.se**2 == pytest.approx(weights @ covariance @ np.array(weights))


def test_what_all_clips_do_to_both_groups_leaves_their_difference_alone():
    rng = np.random.default_rng(8)
    groups = [people(rng, n, 4, clip_sd=0.0) for n in (15, 25)]
    shifts = {f"c{k}": v for k, v in enumerate(rng.normal(0, 5, 4))}
    moved = [
        [ContrastTrials(p.participant, p.emotion + [shifts[c] for c in p.emotion_clip], p.reference,
                        p.emotion_clip, p.reference_clip) for p in group]
        for group in groups
    ]  # fmt: skip
    plain, other = (crossed(clip_tables(g)).test([1.0, -1.0]) for g in (groups, moved))
    assert (other.mean, other.se) == pytest.approx((plain.mean, plain.se), rel=0.05)
    assert crossed(clip_tables(moved)).test([1.0, 0.0]).se > 5 * plain.se


def test_people_with_clips_of_their_own_get_the_plain_t_test():
    rng = np.random.default_rng(9)
    groups = [
        [
            ContrastTrials(str(k), rng.normal(0.5, 1, 4), rng.normal(0, 1, 4),
                           *(tuple(f"{g}{k}{c}" for c in range(4)) for _ in "er"))
            for k in range(n)
        ]
        for g, n in (("a", 12), ("b", 9))
    ]  # fmt: skip
    means = crossed(clip_tables(groups))
    contrasts = [[p.contrast for p in group] for group in groups]
    for found, expected in (
        (means.test([1.0, 0.0]), one_sample(contrasts[0])),
        (means.test([1.0, -1.0]), two_samples(*contrasts)),
    ):
        assert (found.mean, found.t, found.df, found.p, found.effect) == pytest.approx(
            (expected.mean, expected.t, expected.df, expected.p, expected.effect)
        )


def test_who_lost_a_clip_does_not_make_people_differ():
    """Without noise every contrast is that of its clips: the variance over people is 0."""
    effects = np.array([0.0, 1.0, 5.0, 2.0])
    rows = [ContrastTrials(str(k), np.where(np.arange(4) == k, np.nan, effects), np.zeros(4),
                           ("a", "b", "c", "d")) for k in range(6)]  # fmt: skip
    means = crossed(clip_tables([rows]))
    assert means.variance == pytest.approx([0.0])
    assert means.mean == pytest.approx([np.mean([p.contrast for p in rows])])
    found = means.test([1.0])
    assert found.df == pytest.approx(3.0)


def test_one_clip_for_everybody_says_nothing_about_other_clips():
    rng = np.random.default_rng(1)
    rows = [ContrastTrials(str(k), rng.normal(1, 1, 4), rng.normal(0, 1, 4), ("a",) * 4,
                           ("b", "c", "b", "c")) for k in range(9)]  # fmt: skip
    found = crossed(clip_tables([rows])).test([1.0])
    assert (found.reason, found.n) == ("too_few_clips", 9)
    assert np.isnan(found.p)
    assert np.isfinite(found.mean)


def test_too_few_people_and_people_without_a_side_take_no_part():
    rng = np.random.default_rng(2)
    rows = people(rng, 6)
    rows.append(ContrastTrials("x", [1.0, 2.0], [np.nan], ("c0", "c1"), ("c0",)))
    assert crossed(clip_tables([rows])).test([1.0]).n == 6
    assert crossed(clip_tables([rows[:1]])).test([1.0]).reason == "too_few_participants"
    assert crossed([]).test([]).reason == "too_few_participants"
    flat = [ContrastTrials(str(k), np.ones(4), np.zeros(4)) for k in range(5)]
    assert crossed(clip_tables([flat])).test([1.0]).reason == "no_variance"


def test_groups_that_saw_other_clips_have_clip_variances_of_their_own():
    rng = np.random.default_rng(4)
    first, second = people(rng, 12), people(rng, 14)
    renamed = [
        ContrastTrials(p.participant, p.emotion, p.reference,
                       *(tuple(map(str.upper, s)) for s in (p.emotion_clip, p.reference_clip)))
        for p in second
    ]  # fmt: skip
    alone = [crossed(clip_tables([g])).test([1.0]).se for g in (first, second)]
    both = crossed(clip_tables([first, renamed]))
    assert both.test([1.0, -1.0]).se == pytest.approx(np.hypot(*alone))
    assert both.covariance[0, 1] == 0.0


@pytest.mark.parametrize(("clip_sd", "lost"), [(0.0, 0.0), (0.5, 0.0), (0.3, 0.2)])
def test_no_effect_is_found_at_the_level_whatever_clips_do(clip_sd, lost):
    """4 clips, 20 people; the plain t test says yes in a third of them at a clip SD of .5."""
    rng = np.random.default_rng(5)
    found, plain = [], []
    for _ in range(400):
        group = people(rng, clip_sd=clip_sd, lost=lost, mean=0.0)
        found.append(crossed(clip_tables([group])).test([1.0]).p)
        plain.append(one_sample([p.contrast for p in group]).p)
    assert 0.015 <= np.mean(np.array(found) <= 0.05) <= 0.085
    if clip_sd == 0.5:
        assert np.mean(np.array(plain) <= 0.05) > 0.25


def excluded(means, covariance, t):
    """Say of many ratios whether the data exclude them: the slow judge of Fieller's set."""
    ratios = np.linspace(-3, 3, 60_001)
    away = means[1] - ratios * means[0]
    variance = covariance[1, 1] - 2 * ratios * covariance[0, 1] + ratios**2 * covariance[0, 0]
    return ratios, np.abs(away) > t * np.sqrt(variance)


@pytest.mark.parametrize("between", [0.0, 0.03, -0.02])
def test_the_fieller_set_holds_the_ratios_that_are_not_excluded(between):
    """Control 1.0 (SE .2), group .6 (SE .2), t = 1.99: -23.1 to 80.5 % for independent means."""
    found = percent_reduction(1.0, 0.2, 0.6, 0.2, 1.99, covariance=between)
    ratios, out = excluded((1.0, 0.6), np.array([[0.04, between], [between, 0.04]]), 1.99)
    kept = ratios[~out]
    assert (found.percent, found.kind) == (40.0, "interval")
    expected = 100 * (1 - kept.max()), 100 * (1 - kept.min())
    assert (found.low, found.high) == pytest.approx(expected, abs=0.02)
    if not between:
        assert (round(found.low, 1), round(found.high, 1)) == (-23.1, 80.5)
