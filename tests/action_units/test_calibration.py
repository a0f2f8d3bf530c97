"""A person's own full expression as the unit."""

import numpy as np
import pytest

from mimicry.action_units import calibrated, own_full_expression
from mimicry.records import ActionUnitTrack


@pytest.fixture
def imitator():
    """Two imitated smiles of 0.5 and 0.7 units on a resting level of 0.1."""
    t = np.arange(600) / 30
    rng = np.random.default_rng(1)
    smile = 0.1 + 0.5 * ((t > 5) & (t < 8)) + 0.7 * ((t > 12) & (t < 15))
    return ActionUnitTrack(
        times_s=t,
        intensity=np.column_stack([smile, smile, np.zeros(600)]) + rng.normal(0, 0.005, (600, 3)),
        names=("AU12", "AU12_L", "AU04"),
        pose_deg=np.zeros((600, 3)),
        quality={},
        blendshapes=np.zeros((600, 0)),
        units={"AU12": "reference", "AU12_L": "reference", "AU04": "reference"},
    )


def test_the_own_unit_is_the_median_imitation_above_rest(imitator):
    own = own_full_expression(imitator, {"AU12": [(5, 8), (12, 15)]}, rest=[(0, 4)])
    assert own["AU12"] == pytest.approx(0.6, abs=0.02)
    units = calibrated(imitator, own)
    assert units.of("AU12")[200] == pytest.approx(0.6 / 0.6, abs=0.05)
    assert units.of("AU12_L")[200] == pytest.approx(0.6 / 0.6, abs=0.05)
    np.testing.assert_array_equal(units.of("AU04"), imitator.of("AU04"))
    assert "own" in units.units["AU12_L"]
    assert units.units["AU04"] == "reference"


def test_an_imitation_that_does_not_leave_the_noise_gives_no_unit(imitator):
    own = own_full_expression(imitator, {"AU04": [(5, 8)]}, rest=[(0, 4)])
    assert np.isnan(own["AU04"])
    assert np.isnan(calibrated(imitator, own).of("AU04")).all()


def test_an_unknown_unit_is_refused(imitator):
    with pytest.raises(ValueError, match="AU99"):
        own_full_expression(imitator, {"AU99": [(0, 1)]}, rest=[(0, 1)])
