"""Movements: profiles, action units in millimetres, sides, the second rig."""

import numpy as np
import pytest

from mimicry.errors import InputError
from mimicry.synthetic import (
    envelope,
    identities,
    millimetres,
    minimum_jerk,
    parse_intensity,
    performance,
)
from mimicry.synthetic.facs import ACTION_UNITS, basis
from mimicry.synthetic.head import POINTS, head_pack, measures, neutral_shape
from mimicry.synthetic.scene import head_points, head_rotation

PEOPLE = identities(5, 12)


def test_minimum_jerk_starts_and_ends_at_rest() -> None:
    t = np.linspace(0, 1, 1001)
    x = minimum_jerk(t)
    speed, push = np.gradient(x, t), np.gradient(np.gradient(x, t), t)
    assert x[0] == 0
    assert x[-1] == 1
    assert np.abs([speed[0], speed[-1], push[0], push[-1]]).max() < 0.1
    assert speed.max() == pytest.approx(1.875, abs=1e-3)


def test_an_envelope_rises_holds_and_falls() -> None:
    curve = envelope(np.array([0.0, 1.0, 1.5, 2.5, 3.0]), 0.5, 1.0, 2.0, 3.0)
    np.testing.assert_allclose(curve, [0, 1, 1, 0.5, 0])


@pytest.mark.parametrize("unit", sorted(ACTION_UNITS))
def test_a_unit_moves_its_ruler_point_by_the_declared_millimetres(unit: str) -> None:
    who = PEOPLE[0]
    still, moved = (head_points(who, performance([0.0], {unit: d}), 0) for d in (0.0, 1.0))
    left = POINTS[ACTION_UNITS[unit].point][0]
    assert np.linalg.norm(moved[left] - still[left]) == pytest.approx(millimetres(unit), abs=1e-9)
    assert millimetres(unit) > 0.5


@pytest.mark.parametrize("side", ["L", "R"])
@pytest.mark.parametrize("unit", ["AU01", "AU02", "AU04", "AU06", "AU12", "AU15", "AU43"])
def test_a_sided_unit_moves_that_side(unit: str, side: str) -> None:
    index, delta = basis()[f"{unit}_{side}"]
    x = head_pack().vertices[index, 0] * (1 if side == "L" else -1)
    size = np.linalg.norm(delta, axis=1)
    assert size[x > 0].sum() > 4 * size[x < 0].sum()


def test_both_sides_together_are_the_whole_unit() -> None:
    who = PEOPLE[0]
    whole = head_points(who, performance([0.0], {"AU12": 0.4}), 0)
    sides = head_points(who, performance([0.0], {"AU12_L": 0.4, "AU12_R": 0.4}), 0)
    np.testing.assert_allclose(whole, sides, atol=1e-12)


def test_the_second_rig_moves_the_skin_in_its_own_way() -> None:
    who = PEOPLE[0]
    still = neutral_shape(who)
    play = performance([0.0], {"AU12": 1.0})
    first, second = (head_points(who, play, 0, rig=r) - still for r in ("faceunits01", "second"))
    corner = POINTS["lip_corner"][0]
    reached = np.linalg.norm(second[corner])
    assert reached == pytest.approx(millimetres("AU12", rig="second"))
    assert 0.3 < reached / np.linalg.norm(first[corner]) < 0.5
    alike = np.sum(first * second) / np.linalg.norm(first) / np.linalg.norm(second)
    assert 0.2 < alike < 0.9
    with pytest.raises(InputError, match="AU15"):
        millimetres("AU15", rig="second")
    with pytest.raises(InputError, match="AU15"):
        head_points(who, performance([0.0], {"AU15": 1.0}), 0, rig="second")


def test_blinks_close_the_eyes_and_never_overshoot() -> None:
    who = PEOPLE[1]
    open_, shut, twice = (
        measures(head_points(who, performance([0.0], u), 0), head_pack().material)["eye_opening"]
        for u in ({}, {"AU45": 1.0}, {"AU45": 1.0, "AU43": 0.7})
    )
    assert open_ > 6
    assert shut < 1.5
    assert twice == pytest.approx(shut)


def test_every_identity_rests_with_closed_lips_and_open_eyes() -> None:
    for who in PEOPLE:
        found = measures(neutral_shape(who), head_pack().material)
        assert abs(found["lip_gap"]) < 1.0
        assert 6 < found["eye_opening"] < 11
        assert 55 < found["pupil_distance"] < 72
    shapes = np.array([neutral_shape(who) for who in PEOPLE])
    spread = np.linalg.norm(shapes - shapes.mean(axis=0), axis=2)
    assert spread.mean() > 2  # mm: they are different people


def test_head_angles_have_the_declared_signs() -> None:
    nose, crown = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])
    assert (head_rotation(np.array([10.0, 0, 0])) @ nose)[1] > 0  # chin up
    assert (head_rotation(np.array([0, 10.0, 0])) @ nose)[0] > 0  # to the person's left
    assert (head_rotation(np.array([0, 0, 10.0])) @ crown)[0] > 0  # to the left shoulder


def test_facs_letters_follow_the_stated_convention() -> None:
    assert [parse_intensity(x) for x in "ABCDE"] == [0.1, 0.25, 0.5, 0.75, 1.0]
    assert parse_intensity(0.3) == 0.3
    with pytest.raises(InputError, match="letter"):
        parse_intensity("F")
