"""Head-pose compensation and the regression under it."""

import numpy as np
import pytest

from mimicry.action_units.definitions import columns
from mimicry.action_units.pose import TERMS, fit_pose, pose_terms
from mimicry.action_units.unmixing import pose_prior
from mimicry.kernels.regression import robust_ridge


@pytest.fixture
def sway():
    """Two minutes of a head that sways, at 30 Hz: terms and their neutral values."""
    rng = np.random.default_rng(5)
    t = np.arange(3600) / 30
    pose = np.column_stack([8 * np.sin(t / 2), 10 * np.sin(t / 3 + 1), 3 * np.sin(t / 5)])
    pose += rng.normal(0, 0.3, pose.shape)
    terms = pose_terms(pose, np.full(3600, 150.0))
    return terms, pose_terms(np.zeros((1, 3)), np.array([150.0]))[0]


def test_a_leak_unlike_the_average_is_learnt_and_taken_out(sway):
    terms, at = sway
    rng = np.random.default_rng(6)
    slopes = np.zeros((len(TERMS), len(columns())))
    slopes[TERMS.index("pitch")] = 0.2
    slopes[TERMS.index("abs_yaw")] = -0.1
    leaked = (terms - at) @ slopes + rng.normal(0, 0.05, (3600, len(columns())))
    fit = fit_pose(terms, leaked, np.ones(3600, dtype=bool), at, 1 / 30)
    left = leaked - fit.leak(terms)
    brow, mouth = columns().index("AU04"), columns().index("AU12")
    assert left[:, brow].std() < 0.06 < leaked[:, brow].std()
    assert left[:, mouth].std() < 0.075
    assert fit.frames == 3600


def test_expressions_in_excluded_frames_do_not_enter(sway):
    terms, at = sway
    smiling = np.arange(3600) % 300 < 100
    units = np.zeros((3600, len(columns())))
    units[smiling, columns().index("AU12")] = 0.1 * terms[smiling, 0] + 0.5
    fit = fit_pose(terms, units + (terms - at) @ pose_prior(), ~smiling, at, 1 / 30)
    np.testing.assert_allclose(fit.slopes, pose_prior(), atol=1e-6)


def test_too_little_to_go_by_gives_the_average_correction(sway):
    terms, at = sway
    units = np.ones((3600, len(columns())))
    few = np.arange(3600) < 30
    fit = fit_pose(terms, units, few, at, 1 / 30)
    assert fit.frames == 0
    np.testing.assert_array_equal(fit.slopes, pose_prior())
    assert not fit.leak(at[None]).any()


def test_a_burst_does_not_tilt_the_robust_line():
    x = np.linspace(-1, 1, 400)[:, None]
    y = 0.5 * x + np.random.default_rng(0).normal(0, 0.02, (400, 1))
    y[350:] += 3.0
    slopes, level = robust_ridge(x, y, np.full((1, 1), 10.0))
    assert slopes[0, 0] == pytest.approx(0.5, abs=0.1)
    assert np.polyfit(x[:, 0], y[:, 0], 1)[0] > 1.0
    assert level[0] == pytest.approx(0.0, abs=0.2)


def test_without_evidence_the_slope_stays_at_its_prior():
    x = np.linspace(-1, 1, 200)[:, None]
    y = np.random.default_rng(0).normal(0, 1.0, (200, 1)) + x
    slopes, _ = robust_ridge(x, y, np.full((1, 1), 0.001))
    assert abs(slopes[0, 0]) < 0.01
    with pytest.raises(ValueError, match="do not fit together"):
        robust_ridge(x, y[:5], np.ones((1, 1)))
    with pytest.raises(ValueError, match="prior_sd"):
        robust_ridge(x, y, np.ones((2, 1)))
