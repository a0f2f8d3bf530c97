"""The matrix that turns measures into action units."""

from importlib.resources import files

import numpy as np
import pytest

from mimicry.action_units import ACTION_UNITS, columns
from mimicry.action_units.measures import MEASURE_NAMES
from mimicry.action_units.unmixing import UNMIXING_VERSION, _data, unmixing


@pytest.fixture(scope="module")
def data():
    path = files("mimicry.action_units") / "data" / f"unmixing-{UNMIXING_VERSION}.npz"
    with path.open("rb") as file, np.load(file, allow_pickle=False) as raw:
        return dict(raw)


def row(name):
    return dict(zip(MEASURE_NAMES, unmixing()[:, columns().index(name)], strict=True))


def test_the_data_file_says_what_it_is(data):
    assert int(data["version"]) == UNMIXING_VERSION
    assert "fit_unmixing" in str(data["source"])
    assert unmixing().shape == (len(MEASURE_NAMES), len(columns()))


@pytest.mark.parametrize("unit", ACTION_UNITS, ids=lambda u: u.code)
def test_only_declared_terms_enter_a_unit(unit):
    allowed = {name for name, _ in unit.formula} | set(unit.unmixed_with)
    used = {n.removesuffix("_R").removesuffix("_L") for n, w in row(unit.code).items() if w}
    assert used <= allowed


def test_the_stated_reference_movement_is_that_of_the_data(data):
    stated = [unit.full for unit in ACTION_UNITS]
    np.testing.assert_allclose(data["full"], stated, rtol=0.01)


@pytest.mark.parametrize("unit", [u for u in ACTION_UNITS if u.sided], ids=lambda u: u.code)
def test_sides_mirror_each_other_and_the_unit_is_their_mean(unit):
    left, right = row(f"{unit.code}_L"), row(f"{unit.code}_R")
    for name, weight in left.items():
        twin = name[:-1] + {"L": "R", "R": "L"}.get(name[-1], name[-1])
        other = right[twin] if name.endswith(("_L", "_R")) else right[name]
        assert weight == pytest.approx(other)
        assert row(unit.code)[name] == pytest.approx((left[name] + right[name]) / 2)


def test_the_matrix_stays_near_the_published_formula():
    """A smile is read from the corners; a brow raise mostly from the inner brow."""
    smile, raised = row("AU12_R"), row("AU01_R")
    assert smile["corner_rise_R"] > 0
    assert smile["corner_up_R"] / smile["corner_rise_R"] == pytest.approx(1.5, abs=0.3)
    assert abs(smile["jaw"]) < 0.2 * smile["corner_rise_R"]
    assert max(raised, key=lambda n: abs(raised[n])) == "brow_inner_R"


def test_a_data_file_for_other_measures_is_refused(monkeypatch):
    _data.cache_clear()
    monkeypatch.setattr("mimicry.action_units.unmixing.MEASURE_NAMES", ("other",))
    with pytest.raises(RuntimeError, match="made for other measures"):
        unmixing()
    _data.cache_clear()
