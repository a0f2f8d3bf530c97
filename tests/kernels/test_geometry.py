"""Similarity fits for all frames at once."""

import numpy as np
import pytest

from mimicry.kernels.geometry import (
    apply_similarity,
    euler_deg,
    fit_similarity,
    nearest_rotation,
)


def rotation(pitch, yaw, roll):
    a, b, c = np.radians([pitch, yaw, roll])
    rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return rx @ ry @ rz


@pytest.fixture
def moved():
    """A shape, and ten turned, grown and shifted copies of it."""
    rng = np.random.default_rng(1)
    shape = rng.normal(size=(20, 3))
    turns = np.stack([rotation(*rng.uniform(-40, 40, 3)) for _ in range(10)])
    sizes, shifts = rng.uniform(50, 200, 10), rng.normal(size=(10, 3)) * 100
    points = (shape @ np.swapaxes(turns, 1, 2)) * sizes[:, None, None] + shifts[:, None]
    return shape, turns, sizes, points


def test_recovers_turn_size_and_place(moved):
    shape, turns, sizes, points = moved
    fit = fit_similarity(points, shape)
    np.testing.assert_allclose(fit.rotation, np.swapaxes(turns, 1, 2), atol=1e-9)
    np.testing.assert_allclose(fit.scale, 1 / sizes, rtol=1e-9)
    np.testing.assert_allclose(apply_similarity(fit, points), shape[None].repeat(10, 0), atol=1e-8)
    assert (fit.residual < 1e-8).all()


def test_agrees_with_one_singular_value_decomposition_per_frame(moved):
    shape, _, _, points = moved
    points = points + np.random.default_rng(2).normal(size=points.shape) * 8
    fit = fit_similarity(points, shape, robust_steps=0)
    for k, frame in enumerate(points):
        p, q = frame - frame.mean(0), shape - shape.mean(0)
        u, _, vt = np.linalg.svd(q.T @ p)
        expected = u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt
        np.testing.assert_allclose(fit.rotation[k], expected, atol=1e-9)


def test_a_few_points_dragged_away_do_not_turn_the_head(moved):
    shape, turns, _, points = moved
    points = points + np.random.default_rng(2).normal(size=points.shape) * 0.2
    dragged = points.copy()
    dragged[:, :3] += 150.0
    robust = fit_similarity(dragged, shape, robust_steps=4)
    plain = fit_similarity(dragged, shape, robust_steps=0)
    truth = euler_deg(np.swapaxes(turns, 1, 2))
    assert np.abs(euler_deg(robust.rotation) - truth).max() < 0.5
    assert np.abs(euler_deg(plain.rotation) - truth).max() > 5
    assert (robust.weights[:, :3] == 0).all()


def test_a_mirrored_cloud_still_gives_a_proper_rotation(moved):
    shape, _, _, points = moved
    fit = fit_similarity(points * [-1, 1, 1], shape)
    np.testing.assert_allclose(np.linalg.det(fit.rotation), 1.0, atol=1e-9)


def test_frames_without_a_face_stay_missing(moved):
    shape, _, _, points = moved
    points[4] = np.nan
    fit = fit_similarity(points, shape)
    assert np.isnan(fit.scale[4])
    assert np.isnan(fit.rotation[4]).all()
    assert np.isfinite(np.delete(fit.scale, 4)).all()


def test_angles_come_back(moved):
    angles = np.array([[12.0, -25.0, 7.0], [-3.0, 40.0, -30.0]])
    turns = np.stack([rotation(*a) for a in angles])
    np.testing.assert_allclose(euler_deg(turns), angles, atol=1e-9)
    np.testing.assert_allclose(nearest_rotation(turns * 7.0), turns, atol=1e-12)


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="do not match"):
        fit_similarity(np.zeros((2, 5, 3)), np.zeros((4, 3)))
    with pytest.raises(ValueError, match="at least 4"):
        fit_similarity(np.zeros((2, 3, 3)), np.zeros((3, 3)))
