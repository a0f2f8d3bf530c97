"""Variance components: a balanced table by hand, and simulated truth."""

import numpy as np
import pytest

from mimicry.statistics.clips import ContrastTrials, clip_tables
from mimicry.statistics.components import Components, components


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
    expected = (max(contrast - error, 0), max(clip, 0), max(person_clip, 0), trial, 2.0, 2.0)
    assert contrast > 2 * error
    assert (found.person, found.clip, found.person_clip, found.trial, found.clips,
            found.repeats) == pytest.approx(expected)  # fmt: skip


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
    parts = Components(1.0, 0.5, 2.0, 12.0, 8.0, 3.0)
    assert parts.error(8, 3) == pytest.approx(6 / 8)
    assert parts.reliability(8, 3) == pytest.approx(1 / 1.75)
    assert [parts.clips_needed(0.7, r) for r in (1, 3, 12)] == [33, 14, 7]
    assert parts.clips_needed(0.8, 3) == 24
    assert Components(1.0, 0.5, 0.0, 0.0, 8.0, 3.0).clips_needed(0.7, 3) == 1
    # .7 * 9 / .3 is 21 and a little more in floating point: 21 clips, not 22
    assert Components(0.1, 0.0, 0.0, 0.9, 8.0, 1.0).clips_needed(0.7, 1) == 21
    assert np.isnan(Components(0.0, 0.5, 2.0, 12.0, 8.0, 3.0).clips_needed(0.7, 3))
    assert np.isnan(Components(0.0, 0.0, 0.0, 0.0, 8.0, 3.0).reliability(1, 1))
