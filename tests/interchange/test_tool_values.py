"""The numbers of each tool's table: units, angles, times, what was not seen."""

import numpy as np
import pandas as pd
import pytest

from mimicry.errors import TableError
from mimicry.interchange.tables import read_au_table
from mimicry.records import ReadingOptions

N = 6
RISING = np.linspace(0.2, 1.2, N)


def written(path, **columns):
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def test_openface_angles_are_radians_and_unsuccessful_frames_missing(tmp_path):
    success = np.array([1, 1, 0, 1, 1, 1])
    path = written(
        tmp_path / "o.csv", frame=np.arange(1, N + 1), timestamp=np.arange(N) / 25,
        confidence=[0.98, 0.98, 0.2, 0.79, 0.8, 0.98], success=success,
        AU12_r=RISING, AU04_r=2 * RISING, AU12_c=1,
        pose_Rx=np.pi / 18 * RISING, pose_Ry=np.pi / 9 * RISING, pose_Rz=np.pi / 6 * RISING,
    )  # fmt: skip
    with pytest.warns(match="confidence below 0.8"):
        track = read_au_table(path)
    assert track.names == ("AU12", "AU04")
    np.testing.assert_allclose(track.times_s, np.arange(N) / 25)
    seen = success == 1
    np.testing.assert_allclose(track.of("AU12"), np.where(seen, RISING, np.nan))
    np.testing.assert_allclose(track.of("AU04"), np.where(seen, 2 * RISING, np.nan))
    turned = np.outer(RISING, [10.0, 20.0, 30.0])
    np.testing.assert_allclose(track.pose_deg[seen], turned[seen])
    assert np.isnan(track.pose_deg[~seen]).all()
    assert track.tracked.tolist() == seen.tolist()
    np.testing.assert_array_equal(track.quality["plausible"], [1, 1, np.nan, 0, 1, 1])
    assert track.units["AU12"] == "OpenFace intensity 0..5"


def test_feat_has_no_times_and_its_angles_are_degrees(tmp_path):
    inner = np.where(RISING > 1, np.nan, 0.1)
    path = written(
        tmp_path / "f.csv", frame=np.arange(N), AU12=RISING / 2, AU01=inner,
        Pitch=RISING, Roll=3 * RISING, Yaw=2 * RISING, FaceScore=0.99,
    )  # fmt: skip
    track = read_au_table(path, reading=ReadingOptions(fps=20.0))
    np.testing.assert_allclose(track.times_s, np.arange(N) / 20)
    np.testing.assert_allclose(track.of("AU12"), RISING / 2)
    np.testing.assert_allclose(track.pose_deg, np.outer(RISING, [1.0, 2.0, 3.0]))
    assert track.units["AU01"] == "Py-Feat probability 0..1"


def test_libreface_counts_milliseconds(tmp_path):
    path = written(
        tmp_path / "l.csv", frame_idx=np.arange(N), frame_time_in_ms=40.0 * np.arange(N) + 1000,
        au_12_intensity=RISING, au_4_intensity=np.full(N, np.nan),
        pitch=RISING, yaw=2 * RISING, roll=3 * RISING,
    )  # fmt: skip
    track = read_au_table(path)
    assert track.names == ("AU12", "AU04")
    np.testing.assert_allclose(track.times_s, 1 + np.arange(N) / 25)
    np.testing.assert_allclose(track.of("AU12"), RISING)
    assert np.isnan(track.of("AU04")).all()
    np.testing.assert_allclose(track.pose_deg, np.outer(RISING, [1.0, 2.0, 3.0]))
    assert track.tracked.all()


def test_a_frame_without_any_value_is_not_tracked(tmp_path):
    values = RISING.copy()
    values[2] = np.nan
    path = written(
        tmp_path / "l.csv", frame_idx=np.arange(N), frame_time_in_ms=40.0 * np.arange(N),
        au_12_intensity=values,
    )  # fmt: skip
    assert read_au_table(path).tracked.tolist() == [True, True, False, True, True, True]


@pytest.mark.parametrize(
    ("frames", "units"),
    [({"frame_idx": np.arange(N)}, "au_12_intensity"), ({"frame": 1 + np.arange(N)}, "AU12_r")],
)
def test_a_tool_without_a_column_of_times_needs_a_rate_or_the_video(tmp_path, frames, units):
    path = written(tmp_path / "t.csv", **frames, confidence=1, success=1, **{units: RISING / 5})
    with pytest.raises(TableError, match="frame numbers only") as caught:
        read_au_table(path)
    assert "`fps`" in caught.value.hint
    track = read_au_table(path, reading=ReadingOptions(fps=20.0))
    np.testing.assert_allclose(track.times_s, np.arange(N) / 20)
