"""The matrix that turns measures into action units."""

from importlib.resources import files

import numpy as np
import pytest

from mimicry.action_units import ACTION_UNITS, ActionUnit, columns
from mimicry.action_units.measures import MEASURE_NAMES
from mimicry.action_units.unmixing import (
    CLEAR,
    UNMIXING_VERSION,
    _data,
    explained,
    unmixing,
    without_explained,
)


@pytest.fixture(scope="module")
def data():
    path = files("mimicry.action_units") / "data" / f"unmixing-{UNMIXING_VERSION}.npz"
    with path.open("rb") as file, np.load(file, allow_pickle=False) as raw:
        return dict(raw)


def row(name):
    return dict(zip(MEASURE_NAMES, unmixing()[:, columns().index(name)], strict=True))


@pytest.fixture(autouse=True)
def fitted():
    """Keep what is fitted in memory before a test changes the names: it is read only once."""
    unmixing()


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


def brows(**values):
    units = np.zeros((1, len(columns())))
    for name, value in values.items():
        units[0, columns().index(name)] = value
    return dict(zip(columns(), without_explained(units)[0], strict=True))


def test_a_frown_takes_back_the_negative_raise_that_it_explains():
    found = brows(AU04=0.9, AU02=-1.1, AU01=-0.4)
    assert found["AU02"] == pytest.approx(min(0, -1.1 + 0.65 * share("AU04", "AU02")))
    assert -0.1 < found["AU02"] <= 0
    assert found["AU01"] == 0.0
    assert found["AU04"] == 0.9


def share(by, read):
    return explained()[columns().index(by), columns().index(read)]


def test_what_explains_never_adds_a_movement():
    rng = np.random.default_rng(1)
    units = rng.normal(0, 1, (500, len(columns())))
    out = without_explained(units)
    assert np.array_equal(out[units >= 0], units[units >= 0])
    assert np.all(out[units < 0] <= 0)
    assert np.all(out >= units)


def test_small_brow_movements_stay_a_plain_weighted_sum():
    rng = np.random.default_rng(2)
    units = rng.uniform(-1, CLEAR, (500, len(columns())))
    assert np.array_equal(without_explained(units), units)


def test_only_brow_units_explain_each_other_each_on_its_own_side():
    by, read = np.nonzero(explained())
    for a, b in zip(by, read, strict=True):
        one, other = columns()[a], columns()[b]
        assert {one[:4], other[:4]} < {"AU01", "AU02", "AU04"}
        assert one[4:] == other[4:]
        assert one[:4] != other[:4]


def test_unseen_faces_stay_unseen():
    units = np.full((3, len(columns())), np.nan)
    assert np.isnan(without_explained(units)).all()


def test_a_unit_that_was_not_fitted_yet_is_read_by_its_formula(monkeypatch):
    formula = (("jaw", -0.5), ("corner_out", 0.25))
    new = ActionUnit("AU24", "Lip pressor", formula, 0.05, "C")
    names = ("AU24", "AU24_L", *columns())
    monkeypatch.setattr("mimicry.action_units.unmixing.ACTION_UNITS", (new, *ACTION_UNITS))
    monkeypatch.setattr("mimicry.action_units.unmixing.columns", lambda: names)
    weights, slopes, share = _data.__wrapped__()
    at = MEASURE_NAMES.index
    assert weights[at("jaw"), :2] == pytest.approx([-10, -10])
    assert weights[at("corner_out_L"), :2] == pytest.approx([2.5, 5])
    assert weights[at("corner_out_R"), :2] == pytest.approx([2.5, 0])
    assert np.count_nonzero(weights[:, :2]) == 5
    for untouched in (slopes[:, :2], share[:2], share[:, :2]):
        assert not untouched.any()
    np.testing.assert_array_equal(weights[:, 2:], unmixing())
    np.testing.assert_array_equal(share[2:, 2:], explained())


def test_a_measure_that_is_new_enters_no_fitted_unit(monkeypatch):
    names = ("lip_lower", *MEASURE_NAMES)
    monkeypatch.setattr("mimicry.action_units.unmixing.MEASURE_NAMES", names)
    weights, _, _ = _data.__wrapped__()
    assert not weights[0].any()
    np.testing.assert_array_equal(weights[1:], unmixing())


def test_data_for_a_unit_that_is_gone_are_refused(monkeypatch):
    monkeypatch.setattr("mimicry.action_units.unmixing.columns", lambda: columns()[1:])
    with pytest.raises(RuntimeError, match="fit_unmixing"):
        _data.__wrapped__()
