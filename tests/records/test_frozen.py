"""What every record checks when it is built, on both sides of each limit."""

import re

import numpy as np
import pytest

from mimicry.records import ActionUnitTrack, LandmarkTrack, ReadingOptions
from mimicry.records.columns import Column, describe, table_of_columns
from mimicry.records.frozen import as_mapping, as_times, frozen_array, unique_names
from mimicry.records.scores import ConditionSummary
from mimicry.records.synchrony import SeriesMeasure, SynchronySettings


def test_a_frozen_array_is_a_copy_of_the_asked_shape_that_nobody_writes_to():
    given = np.arange(6).reshape(2, 3)
    kept = frozen_array(given, (2, None), "x")
    given[0, 0] = 9
    assert kept.dtype == np.float64
    assert kept.tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(ValueError, match="read-only"):
        kept[0, 0] = 1
    for shape, wanted in [((None, 2), "('any', 2)"), ((3, 3), "(3, 3)"), ((6,), "(6,)")]:
        text = re.escape(f"x has shape (2, 3), expected {wanted}")
        with pytest.raises(ValueError, match=text):
            frozen_array(given, shape, "x")


def test_times_are_finite_and_rise_by_however_little():
    assert as_times([0.0, 1e-9, 0.5, 2.0]).tolist() == [0.0, 1e-9, 0.5, 2.0]
    with pytest.raises(ValueError, match=r"0.500000 s is followed by 0.500000 s at index 2"):
        as_times([0.0, 0.5, 0.5, 0.4])
    with pytest.raises(ValueError, match=r"t does not increase: 1.000000 s is followed by 0.50"):
        as_times([1.0, 0.5], "t")
    with pytest.raises(ValueError, match="times_s holds 2 non-finite times"):
        as_times([0.0, np.nan, np.inf])


def test_names_are_texts_and_differ():
    assert unique_names(["a", 1]) == ("a", "1")
    with pytest.raises(ValueError, match="names holds a, b more than once"):
        unique_names("bacab")


def test_a_mapping_is_kept_as_it_was_and_none_is_empty():
    given = {"a": 1}
    kept = as_mapping(given)
    given["b"] = 2
    assert kept == {"a": 1}
    assert as_mapping(None) == {}
    with pytest.raises(TypeError):
        kept["a"] = 2


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({"roi_px": (0, 0, 1, 1)}, {"roi_px": (-1, 0, 1, 1)}),
        ({"roi_px": (5, 0, 9, 1)}, {"roi_px": (5, -1, 9, 9)}),
        ({"roi_px": [0, 7, 1, 9]}, {"roi_px": (0, 0, 9, 0)}),
        ({"roi_px": None}, {"roi_px": (0, 0, 0, 9)}),
        ({"min_confidence": 0.0}, {"min_confidence": -0.01}),
        ({"min_confidence": 1.0}, {"min_confidence": 1.01}),
        ({"clock": "unix"}, {"clock": "wall"}),
        ({"fps": 0.5}, {"fps": 0.0}),
        ({"fps": 1e9}, {"fps": float("inf")}),
        ({"video": "a.mp4"}, {"video": "a.mp4", "fps": 25.0}),
    ],
)
def test_a_reading_is_refused_only_beyond_its_limits(good, bad):
    assert ReadingOptions(**good)
    with pytest.raises(ValueError, match=f"^{next(iter(bad)).removesuffix('_px')}|^fps and video"):
        ReadingOptions(**bad)
    assert ReadingOptions(roi_px=[1, 2, 3, 4]).roi_px == (1, 2, 3, 4)


def track(**changes):
    given = {
        "times_s": [0.0, 0.1, 0.2],
        "intensity": [[1.0, np.nan], [np.nan, np.nan], [np.nan, 2.0]],
        "names": ("AU04", "AU12"),
        "pose_deg": np.arange(9.0).reshape(3, 3),
        "quality": {"success": [1.0, 0.0, 2.0]},
        "blendshapes": np.empty((3, 0)),
    }
    return ActionUnitTrack(**{**given, **changes})


def test_a_track_answers_by_name_and_tells_which_frames_have_a_face():
    assert len(track()) == 3
    np.testing.assert_array_equal(track().of("AU12"), [np.nan, np.nan, 2.0])
    with pytest.raises(KeyError, match="no action unit 'AU06' in this track; it holds AU04, AU12"):
        track().of("AU06")
    assert track().tracked.tolist() == [True, False, False]
    assert track(quality={}).tracked.tolist() == [True, False, True]
    table = track().to_frame()
    assert list(table) == [
        "timestamp", "pose_pitch_deg", "pose_yaw_deg", "pose_roll_deg", "AU04", "AU12", "success",
    ]  # fmt: skip
    assert table.iloc[2].dropna().tolist() == [0.2, 6.0, 7.0, 8.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("intensity", np.zeros((3, 3))),
        ("pose_deg", np.zeros((3, 4))),
        ("quality", {"success": [1.0, 1.0]}),
        ("blendshapes", np.zeros((2, 0))),
    ],
)
def test_a_track_of_other_shapes_is_refused(name, value):
    with pytest.raises(ValueError, match=f"^{name}.* has shape"):
        track(**{name: value})


def test_landmarks_have_52_shapes_and_a_pose_of_four_by_four_a_frame():
    given = {
        "times_s": [0.0, 0.1], "points_px": np.full((2, 5, 3), np.nan), "image_size_px": (4, 3),
        "blendshapes": np.zeros((2, 52)), "head_pose": np.zeros((2, 4, 4)),
        "luminance": [1, 2], "sharpness": [1, 2],
    }  # fmt: skip
    given["points_px"][1] = 0.0
    landmarks = LandmarkTrack(**given)
    assert len(landmarks) == 2
    assert landmarks.tracked.tolist() == [False, True]
    assert landmarks.points_px.dtype == landmarks.luminance.dtype == np.float32
    for name, shape in {
        "blendshapes": (2, 51), "head_pose": (2, 3, 4), "sharpness": (3,), "luminance": (1,),
        "points_px": (2, 5, 2),
    }.items():  # fmt: skip
        with pytest.raises(ValueError, match=f"^{name} has shape"):
            LandmarkTrack(**{**given, name: np.zeros(shape)})


def test_a_summary_finds_its_row_by_condition_and_phase():
    rows = [
        {"condition": c, "phase": p, "n": n}
        for c, p, n in [("happy", "watch", 1), ("happy", "imitate", 2), ("angry", "watch", "")]
    ]
    summary = ConditionSummary(tuple(rows))
    assert len(summary) == 3
    assert summary.of("happy")["n"] == 1
    assert summary.of("happy", "imitate")["n"] == 2
    assert summary.of("angry", "watch")["n"] == ""
    for condition, phase in [("angry", "imitate"), ("sad", "")]:
        with pytest.raises(KeyError, match="it holds happy, happy, angry"):
            summary.of(condition, phase)
    assert [value if value == value else None for value in summary.to_frame()["n"]] == [1, 2, None]
    assert list(summary.to_frame()) == ["condition", "phase", "n"]
    with pytest.raises(ValueError, match="different columns"):
        ConditionSummary((rows[0], {"condition": "sad"}))
    assert len(ConditionSummary()) == 0


def test_a_measure_explains_each_column_of_its_table():
    settings = SynchronySettings("x", "?", "ours", method="x")
    measure = SeriesMeasure(settings, ("a",), 25.0, {}, {"n": [1, 2]}, {"n": "how many"})
    assert measure.to_frame()["n"].tolist() == [1, 2]
    with pytest.raises(ValueError, match=r"columns \['m'\] do not explain \['n'\]"):
        SeriesMeasure(settings, ("a",), 25.0, {}, {"n": [1]}, {"m": "how many"})


def test_the_first_column_that_matches_describes_and_only_a_unit_is_told():
    columns = [
        Column("time", "when", "s"),
        Column("AU04, AU12", "how much {unit} moved", pattern=r"(?P<unit>AU\d\d)", more="A | b"),
        Column("AU12", "never reached", "mm"),
    ]
    assert describe(["time", "AU12", "other"], columns, otherwise="?") == {
        "time": {"Description": "when", "Units": "s"},
        "AU12": {"Description": "how much AU12 moved"},
        "other": {"Description": "?"},
    }
    assert table_of_columns(columns[:2]).splitlines() == [
        "| column | meaning | unit |",
        "|---|---|---|",
        "| `time` | when | s |",
        r"| `AU04`, `AU12` | how much AU04 moved. A \| b |  |",
    ]
    assert table_of_columns({"n": "count"}).splitlines()[-1] == "| `n` | count |  |"
    assert columns[0].of("times") is None
