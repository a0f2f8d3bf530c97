"""Reliability of contrasts: worked example, simulated truth, slow loop."""

import numpy as np
import pytest

from mimicry.statistics.clips import ContrastTrials, clip_tables
from mimicry.statistics.components import components
from mimicry.statistics.reliability import (
    _splits_within_sets,
    _warnings,
    clip_splits,
    contrast_reliability,
    half_scores,
    session_icc,
    spearman_brown,
)


def sample(rng, *, people=400, trials=20, sd_person=1.0, sd_trial=3.0):
    """True single-trial ICC = sd_person^2 / (sd_person^2 + 2 sd_trial^2)."""
    return [
        ContrastTrials(
            str(k),
            rng.normal(rng.normal(0.5, sd_person), sd_trial, trials),
            rng.normal(0, sd_trial, trials),
        )
        for k in range(people)
    ]


def test_worked_example_of_four_people():
    first, second = [0.1, 0.5, 0.9, 0.3], [0.2, 0.4, 0.7, 0.6]
    r = np.corrcoef(first, second)[0, 1]
    assert r == pytest.approx(0.770208, abs=1e-6)
    assert spearman_brown(r) == pytest.approx(0.870189, abs=1e-6)


def test_a_negative_mean_correlation_has_no_spearman_brown_value():
    assert np.isnan(spearman_brown(-0.1))


def test_recovers_the_true_reliability():
    """With sd 1 between people, 3 within, 20 trials a side: ICC 1/19, reliability 1/(1 + .9)."""
    found = contrast_reliability(sample(np.random.default_rng(1)), np.random.default_rng(2))
    assert found.split_half == pytest.approx(1 / 1.9, abs=0.08)
    assert found.generalisability == pytest.approx(1 / 1.9, abs=0.08)
    assert found.icc_single == pytest.approx(1 / 19, abs=0.02)
    assert found.sem == pytest.approx(np.sqrt(2 * 9 / 20), rel=0.12)
    assert found.clips_for_70 == pytest.approx(42, abs=14)
    assert found.split_half_low < 1 / 1.9 < found.split_half_high
    assert any("below .70" in text for text in found.warnings)


def test_no_difference_between_people_gives_no_reliability():
    people = sample(np.random.default_rng(3), people=300, sd_person=0.0)
    found = contrast_reliability(people, np.random.default_rng(4), splits=500)
    assert abs(found.r_mean) < 0.12
    assert found.icc_single < 0.02


def shared_clips(rng, n=12, clips=(4, 5), repeats=2, *, clip_sd=1.0, lost=0.0, person_sd=1.0):
    names = [[f"{s}{k}" for k in range(c)] * repeats for s, c in zip("en", clips, strict=True)]
    effects = [dict(zip(side, rng.normal(0, clip_sd, len(side)), strict=True)) for side in names]
    made = []
    for k in range(n):
        sides = [
            np.array([e[c] for c in side]) + rng.normal(0, 1, len(side))
            for side, e in zip(names, effects, strict=True)
        ]
        sides[0] += rng.normal(0, person_sd)
        sides = [np.where(rng.random(len(s)) < lost, np.nan, s) for s in sides]
        made.append(ContrastTrials(str(k), *sides, *map(tuple, names)))
    return [p for p in made if p.usable]


def slow_halves(people, splits):
    """Contrasts of both halves, trial by trial: the mean of a clip over people is taken out."""
    levels = {}
    for side in ("emotion", "reference"):
        for clip in {c for p in people for c in getattr(p, f"{side}_clip")}:
            means = []
            for p in people:
                of = zip(getattr(p, side), getattr(p, f"{side}_clip"), strict=True)
                scores = [v for v, c in of if c == clip]
                means += [np.mean(scores)] if scores else []
            levels[side, clip] = np.mean(means) if len(means) > 1 else 0.0
    result = []
    for emotion_clips, reference_clips in splits:
        halves = []
        for first in (True, False):
            contrasts = []
            for p in people:
                sides = []
                for side, chosen in (("emotion", emotion_clips), ("reference", reference_clips)):
                    scores = [v - levels[side, c] for v, c in
                              zip(getattr(p, side), getattr(p, f"{side}_clip"), strict=True)
                              if (c in chosen) == first]  # fmt: skip
                    sides.append(np.mean(scores) if scores else np.nan)
                contrasts.append(sides[0] - sides[1])
            halves.append(contrasts)
        result.append(halves)
    return np.array(result).transpose(1, 0, 2)


def named(masks):
    """Return the names of the clips in the first half, for every split and side."""
    names = [[f"{s}{k}" for k in range(c)] for s, c in (("e", 4), ("n", 5))]
    return [
        [{name for name, taken in zip(side, row, strict=True) if taken}
         for side, row in zip(names, rows, strict=True)]
        for rows in zip(*masks, strict=True)
    ]  # fmt: skip


@pytest.mark.parametrize("lost", [0.0, 0.3])
def test_the_same_clips_are_in_one_half_for_everybody(lost):
    people = shared_clips(np.random.default_rng(5), lost=lost)
    (tables,) = clip_tables([people])
    masks = clip_splits([4, 5], np.random.default_rng(1), splits=5000)
    found = np.array(half_scores(tables, masks))
    np.testing.assert_allclose(found, slow_halves(people, named(masks)), atol=1e-12)
    slow = [
        np.corrcoef(a[ok], b[ok])[0, 1]
        for a, b in zip(*found, strict=True)
        for ok in [np.isfinite(a) & np.isfinite(b)]
    ]
    whole = contrast_reliability(people, np.random.default_rng(1))
    assert whole.splits == len(slow) == 3 * 20
    assert whole.r_mean == pytest.approx(np.mean(slow), abs=1e-12)
    expected = 2 * np.mean(slow) / (1 + np.mean(slow)) if np.mean(slow) >= 0 else np.nan
    assert whole.split_half == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_all_splits_are_taken_where_they_are_few_and_drawn_where_they_are_many():
    emotion, reference = clip_splits([4, 5], np.random.default_rng(1), splits=60)
    assert (emotion.sum(axis=1) == 2).all()
    assert set(reference.sum(axis=1)) == {2, 3}
    pairs = {(*a, *b) for a, b in zip(emotion, reference, strict=True)}
    assert len(pairs) == 60
    assert not pairs & {tuple(1 - v for v in pair) for pair in pairs}
    emotion, reference = clip_splits([4, 5], np.random.default_rng(1), splits=59)
    assert emotion.shape == (59, 4)
    assert (emotion.sum(axis=1) == 2).all()
    assert set(reference.sum(axis=1)) == {2, 3}
    assert len({tuple(row) for row in emotion}) == 6


@pytest.mark.parametrize("lost", [0.0, 0.3])
def test_what_a_clip_does_to_everybody_changes_no_reliability(lost):
    people = shared_clips(np.random.default_rng(6), lost=lost)
    moved = [
        ContrastTrials(p.participant, p.emotion + 7 * (np.array(p.emotion_clip) == "e1"),
                       p.reference, p.emotion_clip, p.reference_clip) for p in people
    ]  # fmt: skip
    one, two = (contrast_reliability(p, np.random.default_rng(1)) for p in (people, moved))
    assert two.r_mean == pytest.approx(one.r_mean, abs=1e-12)
    assert two.split_half == pytest.approx(one.split_half, abs=1e-12, nan_ok=True)
    assert two.generalisability == pytest.approx(one.generalisability, abs=1e-9)
    splits = named(clip_splits([4, 5], np.random.default_rng(1), splits=5000))
    slow = [slow_halves(rows, splits) for rows in (people, moved)]
    np.testing.assert_allclose(slow[1], slow[0], atol=1e-12)


def test_people_who_saw_other_sets_of_clips_are_told_apart_by_themselves():
    """Two sets of clips 5 apart: the sets are no difference between people."""
    rng = np.random.default_rng(7)
    people = []
    for k in range(200):
        shown = "ab"[k % 2]
        names = tuple(f"{shown}{c}" for c in range(4)) * 2
        own = rng.normal(0, 0.5)
        people.append(
            ContrastTrials(str(k), own + 5 * (k % 2) + rng.normal(0, 1, 8), rng.normal(0, 1, 8),
                           names, names)
        )  # fmt: skip
    found = contrast_reliability(people, np.random.default_rng(1), splits=300)
    assert found.split_half == pytest.approx(0.5, abs=0.13)


def test_every_set_of_clips_is_halved():
    """Two sets of 4 clips: each person's clips are in both halves, 2 and 2."""
    names = [tuple(f"{k % 2}{c}" for c in range(4)) for k in range(6)]
    people = [ContrastTrials(str(k), np.zeros(4), np.zeros(4), n, n) for k, n in enumerate(names)]
    (tables,) = clip_tables([people])
    masks = _splits_within_sets(tables, np.random.default_rng(1), 50)
    for table, mask in zip(tables, masks, strict=True):
        assert mask.shape == (50, 8)
        assert (mask @ table.seen.T == 2).all()
    both = np.hstack(masks)
    assert len(np.unique(both[:, :4] @ [1, 2, 4, 8])) == 6  # every half of a set comes


def test_people_with_clips_of_their_own_are_not_perfectly_reliable():
    """Error 2/8, people .25: a true coefficient of .5, whose clips differ between people."""
    rng = np.random.default_rng(2)
    people = [
        ContrastTrials(str(k), rng.normal(own, 1, 8), rng.normal(0, 1, 8),
                       *[tuple(f"{k}-{c}" for c in range(8))] * 2)
        for k, own in enumerate(rng.normal(0, 0.5, 80))
    ]  # fmt: skip
    found = contrast_reliability(people, np.random.default_rng(1), splits=100)
    assert found.sem == pytest.approx(0.5, rel=0.1)
    assert found.generalisability == pytest.approx(0.5, abs=0.15)
    assert found.split_half == pytest.approx(found.generalisability, abs=0.03)
    assert found.clips_for_80 > 8
    chain = [
        ContrastTrials(str(k), rng.normal(0, 1, 4), rng.normal(0, 1, 4),
                       *[(f"{k}", f"{k + 1}") * 2] * 2)
        for k in range(4)
    ]  # fmt: skip
    told = contrast_reliability(chain, np.random.default_rng(1), splits=10)
    assert np.isnan(told.generalisability)
    assert told.warnings[-1].startswith("too few people saw the same clips")


@pytest.mark.parametrize(("clip_sd", "clips"), [(0.0, 4), (0.5, 8), (1.0, 4), (1.0, 24)])
def test_true_reliability_is_recovered_whatever_clips_do(clip_sd, clips):
    """60 studies of 40 people, 24 trials a side, true coefficient .75."""
    rng = np.random.default_rng(8)
    found, covered = [], []
    for _ in range(60):
        people = shared_clips(rng, 40, (clips, clips), 24 // clips, clip_sd=clip_sd, person_sd=0.5)
        row = contrast_reliability(people, rng, splits=200)
        found.append(row.split_half)
        covered.append(row.split_half_low <= 0.75 <= row.split_half_high)
    assert np.mean(found) == pytest.approx(0.75, abs=0.03)
    assert np.mean(covered) > 0.8


def test_people_with_few_trials_are_left_out_and_counted():
    people = sample(np.random.default_rng(9), people=30)
    people.append(ContrastTrials("few", [1.0, 2.0, np.nan, 3.0], np.zeros(20)))
    found = contrast_reliability(people, np.random.default_rng(10), splits=50)
    assert (found.n_participants, found.n_left_out) == (30, 1)
    nobody = contrast_reliability(people[-1:], np.random.default_rng(1), splits=50)
    assert np.isnan(nobody.split_half)
    assert "at least 3" in nobody.warnings[0]


def test_a_small_sample_is_flagged_and_a_seed_repeats():
    people = shared_clips(np.random.default_rng(11))
    one, two = (contrast_reliability(people, np.random.default_rng(1), splits=99) for _ in "ab")
    assert one == two
    assert "only 12 participants" in one.warnings[0]


def test_permuting_trials_changes_no_variance_component():
    people = sample(np.random.default_rng(12), people=25)
    turned = [ContrastTrials(p.participant, p.emotion[::-1], p.reference[::-1]) for p in people]
    one, two = (components(clip_tables([p])[0]) for p in (people, turned))
    assert one.person == pytest.approx(two.person, rel=1e-9)
    assert one.trial == pytest.approx(two.trial, rel=1e-9)


def test_session_icc_recovers_stability_and_shift():
    rng = np.random.default_rng(13)
    person = rng.normal(0, 2, (500, 1))
    table = person + rng.normal(0, 1, (500, 2)) + [0.0, 1.0]
    table[0, 0] = np.nan
    found = session_icc(table)
    assert found["n"] == 499
    assert found["icc_3_1"] == pytest.approx(0.8, abs=0.04)
    assert found["icc_2_1"] == pytest.approx(4 / (5 + 0.5), abs=0.05)
    assert found["icc_2_k"] > found["icc_2_1"]


def test_nothing_in_common_is_a_reliability_of_0_and_a_negative_one_is_none():
    assert spearman_brown(0.0) == 0.0
    assert np.isnan(spearman_brown(-1e-9))
    assert spearman_brown(0.5) == pytest.approx(2 / 3)
    assert spearman_brown(0.5, times=3.0) == pytest.approx(0.75)
    assert spearman_brown(1.0, times=0.5) == pytest.approx(1.0)


def test_sessions_by_hand():
    """Three people, two days: mean squares 10.5 (people), 1.5 (days), .5 (left)."""
    table = np.array([[1.0, 2.0], [2.0, 4.0], [6.0, 6.0]])
    people, days, error = 10.5, 1.5, 0.5
    assert session_icc(table) == pytest.approx(
        {
            "n": 3,
            "icc_2_1": (people - error) / (people + error + 2 * (days - error) / 3),
            "icc_2_k": (people - error) / (people + (days - error) / 3),
            "icc_3_1": (people - error) / (people + error),
        }
    )
    three = session_icc(np.column_stack([table, table[:, 0]]))
    assert three["icc_3_1"] > 0.9


@pytest.mark.parametrize(
    ("table", "n"),
    [(np.ones((2, 4)), 2), (np.ones((4, 1)), 4), (np.array([[1, 2], [2, 4], [6, np.nan]]), 2)],
)
def test_two_people_or_one_session_have_no_icc(table, n):
    found = session_icc(table)
    assert found.pop("n") == n
    assert list(found) == ["icc_2_1", "icc_2_k", "icc_3_1"]
    assert np.isnan(list(found.values())).all()


def test_without_any_variance_there_is_no_ratio():
    assert np.isnan(session_icc(np.ones((4, 2)))["icc_3_1"])
    flat = [ContrastTrials(str(k), np.ones(4), np.zeros(4)) for k in range(3)]
    found = contrast_reliability(flat, np.random.default_rng(1), splits=5)
    numbers = (found.r_mean, found.r_low, found.split_half, found.split_half_low)
    assert np.isnan([*numbers, found.icc_single, found.clips_for_70]).all()
    assert (found.sd_between, found.var_person, found.sem) == (0, 0, 0)
    assert "the halves do not agree at all" in found.warnings[1]


def test_a_person_needs_four_trials_and_two_clips_on_both_sides():
    four, three = np.arange(4.0), np.arange(3.0)
    clips = ("a", "a", "a", "b")
    cases = {
        (4, 4, clips, clips): True, (3, 4, (), ()): False, (4, 3, (), ()): False,
        (4, 4, ("a",) * 4, clips): False, (4, 4, clips, ("a",) * 4): False, (4, 4, (), ()): True,
    }  # fmt: skip
    for (n, m, left, right), usable in cases.items():
        sides = [four if count == 4 else three for count in (n, m)]
        assert ContrastTrials("p", *sides, left, right).usable == usable
    person = ContrastTrials("p", [1.0, np.nan, 3.0], [0.5], ("a", "b", "c"))
    assert (person.emotion.tolist(), person.emotion_clip) == ([1.0, 3.0], ("a", "c"))
    assert (person.contrast, person.reference_clip) == (1.5, ("0",))
    with pytest.raises(ValueError, match=r"reference holds \(2,\) scores and 1 clips"):
        ContrastTrials("p", [1.0], [1.0, 2.0], (), ("a",))
    with pytest.raises(ValueError, match=r"emotion holds \(1, 2\) scores"):
        ContrastTrials("p", np.ones((1, 2)), [1.0])


def by_hand():
    """Three people whose odd and even trials differ by a known amount."""
    return [
        ContrastTrials(
            str(k), [level, level + 2, level, level + 2, level][:n], [0.0, 1.0, 0.0, 1.0]
        )
        for k, (level, n) in enumerate([(0.0, 4), (1.0, 5), (5.0, 4)])
    ]


def test_counts_and_errors_of_a_sample_by_hand():
    people = by_hand()
    found = contrast_reliability(people, np.random.default_rng(1))
    parts = components(clip_tables([people])[0])
    assert found.sd_between == pytest.approx(np.std([0.5, 1.3, 5.5], ddof=1))
    assert (found.clips_per_side, found.trials_per_clip) == pytest.approx((6 / (5 / 4 + 1 / 5), 1))
    assert found.sem == pytest.approx(np.sqrt(parts.collected))
    assert found.generalisability == pytest.approx(parts.person / (parts.person + found.sem**2))
    assert found.clips_for_80 == parts.clips_needed(0.8, 1.0) == 1.0
    # of the 5 clips of one side 2 or 3 are in the first half, of the 4 of the other 2
    assert (found.n_participants, found.n_left_out, found.splits) == (3, 0, 20 * 6 // 2)
    assert found.to_json()["icc_single"] == found.icc_single
    assert found.warnings == ("only 3 participants: the reliability itself is uncertain",)


@pytest.mark.parametrize(
    ("n", "r_mean", "reliability", "parts"),
    [
        (20, 0.9, 0.70, []),
        (19, 0.9, 0.95, ["only 19"]),
        (20, 0.5, 0.6999, ["below .70"]),
        (20, 0.5, 0.60, ["below .70"]),
        (20, 0.4, 0.5999, ["below .60", "below .70"]),
        (20, 0.0, 0.0, ["below .60", "below .70"]),
        (20, -0.1, np.nan, ["do not agree at all"]),
        (20, np.nan, np.nan, ["do not agree at all"]),
    ],
)
def test_which_reliability_is_warned_of(n, r_mean, reliability, parts):
    texts = _warnings(n, r_mean, reliability)
    assert len(texts) == len(parts)
    for text, part in zip(texts, parts, strict=True):
        assert part in text


def test_nobody_is_said_with_numbers_missing_and_counts_there():
    found = contrast_reliability(by_hand()[:2], np.random.default_rng(1), splits=7)
    assert (found.n_participants, found.n_left_out, found.splits) == (2, 0, 7)
    assert np.isnan([found.r_mean, found.sd_between, found.clips_per_side]).all()
    assert found.warnings[0].startswith("2 participants have 4 trials")


def test_halves_that_disagree_have_no_reliability_and_no_interval():
    people = [
        ContrastTrials(str(k), [k, -k, k, -k], [0.0, 0.0, 0.0, 0.0]) for k in (1.0, 2.0, 3.0, 5.0)
    ]
    found = contrast_reliability(people, np.random.default_rng(2), splits=400)
    assert found.r_mean < 0
    assert np.isnan(
        [found.split_half, found.split_half_low, found.split_half_high, found.clips_for_70]
    ).all()
    assert np.isfinite([found.r_low, found.r_high]).all()
    assert found.icc_single == 0.0


@pytest.mark.parametrize("lost", [0.0, 0.4])
def test_both_intervals_of_a_sample_by_hand(lost):
    """Over splits; and of Fisher's z over 1000 samples of the people, drawn by a loop."""
    people = shared_clips(np.random.default_rng(15), 14, (8, 8), 1, lost=lost)
    found = contrast_reliability(people, np.random.default_rng(16), splits=250)
    rng = np.random.default_rng(16)
    (tables,) = clip_tables([people])
    first, second = half_scores(tables, clip_splits([8, 8], rng, splits=250))

    def correlations(x, y):
        both = [np.isfinite(a) & np.isfinite(b) for a, b in zip(x, y, strict=True)]
        return [np.corrcoef(a[k], b[k])[0, 1] for a, b, k in zip(x, y, both, strict=True)]

    r = correlations(first, second)
    assert (found.r_low, found.r_high) == pytest.approx(np.quantile(r, [0.025, 0.975]), abs=1e-9)
    chosen = rng.permutation(250)[:200]
    n, z = len(people), []
    for times in rng.multinomial(n, np.full(n, 1 / n), 1000):
        who = np.repeat(np.arange(n), times)
        z.append(np.arctanh(np.mean(correlations(first[chosen][:, who], second[chosen][:, who]))))
    half = 1.959963984540054 * np.std(z, ddof=1)
    ends = np.tanh(np.arctanh(found.r_mean) + np.array([-half, half]))
    interval = (found.split_half_low, found.split_half_high)
    assert interval == pytest.approx([spearman_brown(max(e, 0.0)) for e in ends], abs=1e-9)


def test_more_clips_are_needed_for_a_higher_reliability():
    people = sample(np.random.default_rng(17))
    found = contrast_reliability(people, np.random.default_rng(1), splits=5)
    single = found.icc_single
    assert found.clips_for_70 == np.ceil(0.7 * (1 - single) / (0.3 * single))
    assert found.clips_for_80 == np.ceil(0.8 * (1 - single) / (0.2 * single))
