"""Variance components: a balanced table by hand, and simulated truth."""

import numpy as np
import pytest

from mimicry.statistics.clips import ContrastTrials, clip_tables
from mimicry.statistics.components import Components, components

SIDES = ("emotion", "reference")


def people(rng, n, clips, repeats, *, clip_sd, person_clip_sd, trial_sd, person_sd=0.5):
    names = tuple(f"c{k}" for k in range(clips)) * repeats
    effects = rng.normal(0, clip_sd, (2, clips))
    made = []
    for k in range(n):
        sides = [
            np.tile(effect + rng.normal(0, person_clip_sd, clips), repeats)
            + rng.normal(0, trial_sd, len(names))
            for effect in effects
        ]
        sides[0] += rng.normal(0.3, person_sd)
        made.append(ContrastTrials(str(k), *(s + k for s in sides), names, names))
    return made


def test_a_balanced_table_gives_the_textbook_components():
    """Three people, two clips on each side, two trials of each: mean squares cell by cell."""
    sds = {"clip_sd": 2, "person_clip_sd": 1, "trial_sd": 1, "person_sd": 5}
    made = people(np.random.default_rng(2), 3, 2, 2, **sds)
    found = components(clip_tables([made])[0])
    clip = person_clip = trial = error = 0.0
    for side in ("emotion", "reference"):
        y = np.array([getattr(p, side).reshape(2, 2).T for p in made])  # people, clips, trials
        cell = y.mean(axis=2)
        within = ((y - cell[:, :, None]) ** 2).sum() / 6
        left = cell - cell.mean(1, keepdims=True) - cell.mean(0) + cell.mean()
        residual = (left**2).sum() / 2
        clip += (3 * cell.mean(0).var(ddof=1) - residual) / 3
        person_clip += residual - within / 2
        trial += within
        error += residual / 2
    contrast = np.var([p.contrast for p in made], ddof=1)
    expected = (max(contrast - error, 0), max(clip, 0), max(person_clip, 0), trial, 2.0, 2.0, error)
    assert contrast > 2 * error
    assert (found.person, found.clip, found.person_clip, found.trial, found.clips,
            found.repeats, found.collected) == pytest.approx(expected)  # fmt: skip


@pytest.mark.parametrize("lost", [0.0, 0.25])
def test_true_components_are_recovered(lost):
    rng = np.random.default_rng(2)
    found = []
    for _ in range(60):
        made = people(rng, 40, 8, 3, clip_sd=1.0, person_clip_sd=0.5, trial_sd=1.0)
        kept = [
            ContrastTrials(p.participant, *(np.where(rng.random(24) < lost, np.nan, s)
                           for s in (p.emotion, p.reference)), p.emotion_clip, p.reference_clip)
            for p in made
        ]  # fmt: skip
        part = components(clip_tables([kept])[0])
        found.append((part.person, part.clip, part.person_clip, part.trial))
    assert np.mean(found, axis=0) == pytest.approx([0.25, 2.0, 0.5, 2.0], rel=0.12)


def test_clips_shown_once_hide_what_a_clip_does_to_one_person():
    rng = np.random.default_rng(3)
    made = people(rng, 40, 24, 1, clip_sd=1.0, person_clip_sd=1.0, trial_sd=1.0)
    found = components(clip_tables([made])[0])
    assert np.isnan(found.person_clip)
    assert found.trial == pytest.approx(4.0, rel=0.1)
    assert (found.clips, found.repeats) == pytest.approx((24, 1))
    assert found.error(24, 3) == found.error(24, 1) == pytest.approx(found.trial / 24)


def test_repeats_help_against_trials_and_clips_against_both():
    """Error per clip 2 + 12 / r: with three repeats 6, so reliability 1/7 for one clip."""
    parts = Components(1.0, 0.5, 2.0, 12.0, 8.0, 3.0, 0.75)
    assert parts.error(8, 3) == pytest.approx(6 / 8)
    assert parts.reliability(8, 3) == pytest.approx(1 / 1.75)
    assert [parts.clips_needed(0.7, r) for r in (1, 3, 12)] == [33, 14, 7]
    assert parts.clips_needed(0.8, 3) == 24
    assert Components(1.0, 0.5, 0.0, 0.0, 8.0, 3.0, 0.75).clips_needed(0.7, 3) == 1
    # .7 * 9 / .3 is 21 and a little more in floating point: 21 clips, not 22
    assert Components(0.1, 0.0, 0.0, 0.9, 8.0, 1.0, 0.1).clips_needed(0.7, 1) == 21
    assert np.isnan(Components(0.0, 0.5, 2.0, 12.0, 8.0, 3.0, 0.75).clips_needed(0.7, 3))
    assert np.isnan(Components(0.0, 0.0, 0.0, 0.0, 8.0, 3.0, 0.75).reliability(1, 1))


def trials_of(rng, person, emotion, reference, names=((), ()), sds=(1.0, 1.0)):
    """One person with the same clip effects as everybody who saw these clips."""
    sides = [rng.normal(e, sd) for e, sd in zip((emotion, reference), sds, strict=True)]
    sides[0] = sides[0] + rng.normal(0, 0.7)
    return ContrastTrials(str(person), *sides, *names)


def residual(y):
    """Mean square of people by clips of a complete table."""
    left = y - y.mean(1, keepdims=True) - y.mean(0) + y.mean()
    return (left**2).sum() / (y.shape[0] - 1) / (y.shape[1] - 1)


def test_each_side_has_its_own_clips_and_noise_in_the_error_as_collected():
    """8 clips of SD 2 against 24 of SD 1: 4/8 + 1/24, not the harmonic mean of both."""
    rng = np.random.default_rng(4)
    made = [trials_of(rng, k, np.zeros(8), np.zeros(24), sds=(2.0, 1.0)) for k in range(60)]
    found = components(clip_tables([made])[0])
    sides = [np.array([getattr(p, side) for p in made]) for side in SIDES]
    error = sum(residual(y) / y.shape[1] for y in sides)
    contrast = np.var([p.contrast for p in made], ddof=1)
    assert found.collected == pytest.approx(error)
    assert found.generalisability == pytest.approx(1 - error / contrast)
    assert found.collected == pytest.approx(4 / 8 + 1 / 24, rel=0.1)
    # the prediction speaks of sides of the same number of clips
    assert found.clips == pytest.approx(12)
    assert found.error(12, 1) == pytest.approx(found.trial / 12)


def test_clips_shown_at_different_rates_weigh_by_their_trials():
    """One clip five times, three once: the exact error of person by clip and of trials."""
    rng = np.random.default_rng(5)
    names = tuple("aaaaabcd")
    made = [trials_of(rng, k, np.zeros(8), np.zeros(8), (names, names)) for k in range(30)]
    (tables,) = clip_tables([made])
    found = components(tables)
    share, trials = np.array([5, 1, 1, 1]) / 8, np.array([5, 1, 1, 1])
    error = 0.0
    for table in tables:
        trial = table.squares.sum() / (30 * 4)
        person_clip = residual(table.mean) - trial * (1 / trials).mean()
        error += (share**2 * (person_clip + trial / trials)).sum()
    assert found.collected == pytest.approx(error)


def test_clips_of_ones_own_are_part_of_the_error():
    """Everybody saw 8 clips of their own on each side: mean squares within people."""
    rng = np.random.default_rng(6)
    made = [
        trials_of(
            rng, k, rng.normal(0, 1, 8), np.zeros(8), [tuple(f"{k}{c}" for c in range(8))] * 2
        )
        for k in range(40)
    ]
    found = components(clip_tables([made])[0])
    within = [np.mean([np.var(getattr(p, s), ddof=1) for p in made]) for s in SIDES]
    assert np.isnan(found.clip)
    assert found.trial == pytest.approx(sum(within))
    assert found.collected == pytest.approx(sum(within) / 8)
    contrast = np.var([p.contrast for p in made], ddof=1)
    assert found.person == pytest.approx(contrast - sum(within) / 8)
    assert 0 < found.generalisability < 0.9


def test_a_clip_that_one_person_saw_is_error_beside_shared_ones():
    """4 clips that all saw and 4 of one's own, clip SD 1: person variance .49 on average."""
    rng = np.random.default_rng(7)
    found = []
    for _ in range(30):
        both = rng.normal(0, 1, (2, 4))
        made = []
        for k in range(30):
            names = tuple(f"all{c}" for c in range(4)) + tuple(f"{k}-{c}" for c in range(4))
            shown = [np.concatenate([side, rng.normal(0, 1, 4)]) for side in both]
            made.append(trials_of(rng, k, *shown, (names, names)))
        part = components(clip_tables([made])[0])
        found.append((part.person, part.collected))
    # a trial has 1 on each side, an own clip 1 more: (8 + 4) / 64 on each side
    assert np.mean(found, axis=0) == pytest.approx([0.49, 24 / 64], rel=0.12)


def test_people_are_compared_within_the_set_of_clips_that_they_saw():
    """What sets of clips do to everybody who saw them is no difference between people."""
    rng = np.random.default_rng(8)
    found = []
    for apart in (0.0, 5.0):
        rng = np.random.default_rng(8)
        made = []
        for k in range(40):
            names = tuple(f"{k % 2}{c}" for c in range(4))
            shown = np.arange(4.0) + apart * (k % 2)
            made.append(trials_of(rng, k, shown, np.zeros(4), (names, names)))
        found.append(components(clip_tables([made])[0]))
        contrast = np.array([p.contrast for p in made])
        within = sum(contrast[k::2].var(ddof=1) for k in range(2)) / 2
        assert found[-1].person == pytest.approx(within - found[-1].collected)
    assert found[1].generalisability == pytest.approx(found[0].generalisability)


def test_shared_clips_that_leave_no_residual_have_no_components():
    """A chain: each person shares one clip with the next, so nothing tells noise from clips."""
    rng = np.random.default_rng(9)
    made = [
        trials_of(rng, k, np.zeros(2), np.zeros(2), ((f"{k}", f"{k + 1}"),) * 2) for k in range(5)
    ]
    found = components(clip_tables([made])[0])
    assert np.isnan([found.person, found.clip, found.trial, found.collected]).all()
    assert np.isnan(found.generalisability)


def test_people_who_are_all_the_same_have_no_true_variance():
    values = np.array([0.1, 0.2, 0.3, 0.7, 0.11, 0.13])
    made = [ContrastTrials(str(k), values + 0, 0.3 * values[::-1]) for k in range(7)]
    assert components(clip_tables([made])[0]).person == 0
