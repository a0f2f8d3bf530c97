"""One mask for scores, synchrony and agreement."""

from dataclasses import replace

import numpy as np
import pytest

from mimicry.records import (
    ActionUnitTrack,
    EmotionMap,
    ScoringSettings,
    StimulusTimeline,
    TrialTable,
)
from mimicry.synchrony.common_grid import Sampling, read_shared
from mimicry.timeline import align
from mimicry.timeline.masking import (
    EYE_CLOSURE,
    blinking,
    hidden_frames,
    masked,
    masked_frames,
    unreliable,
)

T = np.arange(300) / 30
NAMES = ("AU05", "AU07", "AU12", "AU43", "AU43_L", "AU45", "AU45_R")
CLOSURE = {"AU43", "AU43_L", "AU45", "AU45_R"}
PLAIN = ScoringSettings(emotions={})


def track(pose=0.0, **quality):
    known = {"success": 1.0, "blink": 0.0, "pose_ok": 1.0, "plausible": 1.0}
    return ActionUnitTrack(
        times_s=T,
        intensity=np.tile(np.sin(T)[:, None], (1, len(NAMES))),
        names=NAMES,
        pose_deg=np.tile(np.asarray(pose, float)[..., None], (1, 3)) * np.ones((300, 3)),
        quality={k: np.full(300, v) for k, v in known.items()} | quality,
        blendshapes=np.zeros((300, 0)),
    )


def flag(at, value, otherwise):
    values = np.full(300, otherwise)
    values[at] = value
    return values


def test_a_blink_hides_the_lid_units_but_not_the_closing_eye_on_either_side():
    blinking = track(blink=flag(slice(100, 110), 1.0, 0.0))
    for name in NAMES:
        hidden = np.flatnonzero(hidden_frames(blinking, name, PLAIN))
        assert hidden.tolist() == ([] if name in CLOSURE else list(range(100, 110))), name
    values = masked(blinking, PLAIN)
    assert np.isnan(values.of("AU05")[105])
    assert np.isnan(values.of("AU07")[105])
    assert np.isfinite(values.of("AU43_L")[105])


@pytest.mark.parametrize(
    "reason",
    [
        {"success": flag(7, 0.0, 1.0)},
        {"plausible": flag(7, 0.0, 1.0)},
        {"pose": flag(7, 25.0, 0.0)},
        {"pose": flag(7, np.nan, 0.0), "pose_ok": flag(7, 0.0, 1.0)},
    ],
)
def test_every_other_reason_hides_every_unit(reason):
    for name in NAMES:
        assert np.flatnonzero(hidden_frames(track(**reason), name, PLAIN)).tolist() == [7]


def test_what_a_source_does_not_say_hides_nothing():
    silent = dict.fromkeys(("blink", "pose_ok", "plausible"), np.full(300, np.nan))
    assert not hidden_frames(track(pose=np.full(300, np.nan), **silent), "AU12", PLAIN).any()


@pytest.mark.parametrize("name", NAMES)
def test_scores_and_synchrony_use_the_same_mask(name):
    """The three that there were disagreed on AU05, AU07 and on AU43's sides."""
    blinking = track(blink=flag(slice(100, 160), 1.0, 0.0))
    settings = ScoringSettings(
        emotions={"happy": EmotionMap((name,), (NAMES[NAMES.index(name) - 1],))}
    )
    trials = TrialTable(("1",), ("s",), ("happy",), [3.0], [np.nan])
    clip = StimulusTimeline(np.array([0.0, 1.0]), np.zeros((2, 1)), (name,), 0.0, 0.5, 1.0, "s")
    aligned = align(blinking, trials, {"s": clip}, settings)
    inside = (aligned.times_s > 0.5) & (aligned.times_s < 2.0)
    scored = np.isfinite(aligned.response[0, inside, aligned.names.index(name)])
    sampling = Sampling(action_unit=name, rate_hz=30.0, smooth_s=0.0)
    pair = read_shared([blinking, blinking], sampling, people=2)
    together = np.isfinite(pair.values[0][105:155])
    assert scored.all() == together.all() == (name in CLOSURE)
    assert scored.any() == together.any() == (name in CLOSURE)


def test_a_head_turned_to_the_limit_is_not_turned_away():
    for at, hidden in ((20.0, []), (20.001, [7]), (-20.001, [7])):
        for axis in range(3):
            pose = np.zeros((300, 3))
            pose[7, axis] = at
            given = replace(track(), pose_deg=pose)
            expected = hidden if axis < 2 else []
            assert np.flatnonzero(unreliable(given, PLAIN)).tolist() == expected, (at, axis)


@pytest.mark.parametrize(
    ("pitch", "yaw", "pose_ok", "hidden"),
    [
        (0.0, 0.0, 0.0, False),  # both angles are known: they count
        (np.nan, 0.0, 0.0, True),
        (0.0, np.nan, 0.0, True),
        (np.nan, 0.0, 1.0, False),
        (np.nan, np.nan, np.nan, False),
        (np.nan, 25.0, 1.0, True),  # the known one is enough to be turned away
    ],
)
def test_the_source_says_whether_the_head_is_turned_where_an_angle_is_unknown(
    pitch, yaw, pose_ok, hidden
):
    pose = np.tile([pitch, yaw, 0.0], (300, 1))
    given = replace(track(pose_ok=np.full(300, pose_ok)), pose_deg=pose)
    assert unreliable(given, PLAIN).all() == unreliable(given, PLAIN).any() == hidden


def test_blinks_and_what_is_unreliable_are_masked_and_only_there():
    given = track(blink=flag(5, 1.0, 0.0), plausible=flag(9, 0.0, 1.0), success=flag(2, 0.0, 1.0))
    assert np.flatnonzero(blinking(given)).tolist() == [5]
    assert np.flatnonzero(unreliable(given, PLAIN)).tolist() == [9]
    assert np.flatnonzero(masked_frames(given, PLAIN)).tolist() == [5, 9]
    missing = np.isnan(masked(given, PLAIN).intensity)
    assert np.argwhere(missing.all(axis=1)).ravel().tolist() == [2, 9]
    assert missing[5].tolist() == [name not in CLOSURE for name in NAMES]
    assert missing.sum() == 2 * len(NAMES) + 3


def test_a_track_without_words_on_quality_has_no_mask():
    bare = replace(track(), quality={"success": np.ones(300)})
    assert not masked_frames(bare, PLAIN).any()
    assert EYE_CLOSURE == ("AU43", "AU45")
