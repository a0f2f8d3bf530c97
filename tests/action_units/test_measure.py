"""Landmark tracks to action-unit tracks, on the canonical face moved by hand."""

import subprocess
import sys
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from mimicry.action_units import ACTION_UNITS, NAMES, columns, measure
from mimicry.action_units.measures import MEASURE_NAMES
from mimicry.action_units.shape import concatenate, face_shape, personal_template
from mimicry.errors import NoFaceError
from mimicry.records import LandmarkTrack
from mimicry.records.blendshapes import BLENDSHAPE_NAMES


def canonical():
    path = files("mimicry.action_units") / "data" / "canonical_face.npz"
    with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
        points = data["points"].astype(float)
    return np.vstack([points, np.zeros((10, 3))])


def track_of(faces, *, rate=30.0, px_per_cm=12.0):
    """Canonical-frame faces (T, 478, 3) as a camera would see them, 320 px from the corner."""
    points = faces * [1, -1, -1] * px_per_cm + 320
    n = len(points)
    return LandmarkTrack(
        times_s=np.arange(n) / rate,
        points_px=points,
        blendshapes=np.zeros((n, 52)),
        head_pose=np.full((n, 4, 4), np.nan),
        image_size_px=(640, 640),
        luminance=np.full(n, 100.0),
        sharpness=np.full(n, 50.0),
    )


def turned(face, pitch=0.0, yaw=0.0, roll=0.0):
    a, b, c = np.radians([-pitch, yaw, -roll])
    rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return face @ (rx @ ry @ rz).T


@pytest.fixture
def still():
    """Sixty frames of a resting face."""
    return np.repeat(canonical()[None], 60, axis=0)


def test_columns_stand_in_the_agreed_order():
    numbers = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 18, 20, 23, 25, 26, 43, 45)
    assert tuple(f"AU{n:02d}" for n in numbers) == NAMES
    assert columns()[19:23] == ("AU01_L", "AU01_R", "AU02_L", "AU02_R")


@pytest.mark.parametrize("unit", ACTION_UNITS, ids=lambda u: u.code)
def test_every_definition_says_what_it_is(unit):
    stems = set(MEASURE_NAMES) | {n[:-2] for n in MEASURE_NAMES}
    assert {name for name, _ in unit.formula} | set(unit.unmixed_with) <= stems
    assert unit.landmarks
    assert unit.full > 0
    assert unit.source
    assert "1.0 =" in unit.unit


def test_a_resting_face_reads_nothing(still):
    units = measure(track_of(still))
    np.testing.assert_allclose(units.intensity, 0.0, atol=1e-4)


@pytest.mark.parametrize("turn", [{"pitch": 15}, {"yaw": -18}, {"roll": 25}])
def test_a_turned_rigid_face_keeps_its_shape_and_shows_its_pose(still, turn):
    points = track_of(np.concatenate([still, turned(still, **turn)])).points_px
    shape = face_shape(points, template=personal_template(points))
    assert np.ptp(shape.measures / shape.eye_span[:, None], axis=0).max() < 1e-4
    axis = ("pitch", "yaw", "roll").index(next(iter(turn)))
    assert shape.pose_deg[90, axis] == pytest.approx(next(iter(turn.values())), abs=0.2)
    assert shape.residual.max() < 1e-4


def test_chunks_of_a_recording_measure_the_same_as_the_whole(still):
    still[:, 61, 1] += np.linspace(0, 1, 60)
    points = track_of(still).points_px
    whole = face_shape(points)
    parts = concatenate([face_shape(points[k : k + 7]) for k in range(0, 60, 7)])
    np.testing.assert_allclose(parts.measures, whole.measures, atol=1e-12)
    np.testing.assert_allclose(parts.pose_deg, whole.pose_deg, atol=1e-9)


def test_size_and_place_of_the_face_do_not_matter(still):
    still[30:] = still[30:] * 1.6 + [3, -2, 5]
    units = measure(track_of(still), neutral=[(0, 1)])
    np.testing.assert_allclose(units.intensity, 0.0, atol=1e-3)
    assert units.quality["scale_px"][45] / units.quality["scale_px"][0] == pytest.approx(1.6, 0.01)


def test_the_lip_corner_of_one_side_moves_the_unit_of_that_side(still):
    still[30:, 291] += [0.4, 0.8, 0.0]  # 291: the person's left lip corner
    units = measure(track_of(still), neutral=[(0, 1)])
    assert units.of("AU12_L")[45] > 0.5
    assert abs(units.of("AU12_R")[45]) < 0.05
    assert units.of("AU12")[45] == pytest.approx(
        (units.of("AU12_L")[45] + units.of("AU12_R")[45]) / 2, abs=1e-6
    )


def test_a_frame_without_a_face_is_missing_everywhere(still):
    still[10:20] = np.nan
    units = measure(track_of(still))
    assert len(units) == 60
    assert np.isnan(units.intensity[10:20]).all()
    assert np.isnan(units.pose_deg[10:20]).all()
    assert (units.quality["success"] == np.r_[np.ones(10), np.zeros(10), np.ones(40)]).all()
    assert np.isfinite(np.delete(units.intensity, np.s_[10:20], 0)).all()
    ruler = units.provenance["action_units"]["ruler"]  # from the frames that show the face
    apart_cm = np.linalg.norm(canonical()[33] - canonical()[263])
    assert ruler["median_px"] == pytest.approx(12 * apart_cm, rel=1e-3)
    assert ruler["canonical_cm"] == pytest.approx(apart_cm, rel=1e-3)


def test_no_face_at_all_gives_a_table_of_missing_values(still):
    units = measure(track_of(still * np.nan))
    assert np.isnan(units.intensity).all()
    assert units.provenance["action_units"]["neutral"]["kind"] == "none"
    ruler = units.provenance["action_units"]["ruler"]
    assert (ruler["median_px"], ruler["canonical_cm"]) == (None, None)


def test_a_single_frame_is_its_own_neutral_face(still):
    units = measure(track_of(still[:1]))
    np.testing.assert_allclose(units.intensity, 0.0, atol=1e-4)
    assert units.provenance["action_units"]["neutral"]["frames"] == 1


def test_an_estimated_neutral_face_is_flagged_and_a_declared_one_is_not(still):
    assert measure(track_of(still)).provenance["action_units"]["neutral"]["flagged"]
    declared = measure(track_of(still), neutral=[(0, 0.5)]).provenance["action_units"]["neutral"]
    assert (declared["kind"], declared["flagged"], declared["frames"]) == ("declared", False, 15)


@pytest.mark.parametrize(("raised", "distrusted"), [(0.3, False), (0.9, True)])
def test_brows_that_look_raised_at_rest_are_named(still, raised, distrusted):
    track = track_of(still)
    blendshapes = np.zeros((len(track), 52))
    blendshapes[:, BLENDSHAPE_NAMES.index("browInnerUp")] = raised
    rest = measure(replace(track, blendshapes=blendshapes), neutral=[(0, 0.5)])
    found = rest.provenance["action_units"]["neutral"]
    assert found["brow_inner_up"] == pytest.approx(raised)
    assert found["brows_high"] is distrusted


def test_a_person_who_smiles_most_of_the_time_still_has_a_neutral_face(still):
    still[20:, (61, 291)] += [0.0, 0.8, 0.0]
    units = measure(track_of(still))
    assert abs(np.median(units.of("AU12")[:18])) < 0.05
    assert np.median(units.of("AU12")[25:]) > 0.5


def test_a_neutral_interval_without_a_face_is_refused(still):
    still[:15] = np.nan
    with pytest.raises(NoFaceError, match=r"neutral interval 0:0\.5 s"):
        measure(track_of(still), neutral=[(0, 0.5)])
    with pytest.raises(ValueError, match="does not end after"):
        measure(track_of(still), neutral=[(1, 1)])


def test_a_small_face_is_not_plausible(still):
    assert measure(track_of(still)).quality["plausible"].all()
    assert not measure(track_of(still, px_per_cm=4)).quality["plausible"].any()


def test_loading_the_core_loads_numpy_only():
    code = (
        "import sys, mimicry.action_units;"
        "bad = {'mediapipe', 'cv2', 'av', 'pandas', 'matplotlib', 'scipy'} & set(sys.modules);"
        "sys.exit(', '.join(bad) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
