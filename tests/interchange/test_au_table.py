"""Tables of action units: ours, OpenFace's and Py-Feat's."""

import numpy as np
import pandas as pd
import pytest

from mimicry.errors import TableError
from mimicry.interchange.au_table import au_columns, table_name, write_au_table
from mimicry.interchange.tables import read_au_table
from mimicry.interchange.time_table import read_time_table
from mimicry.records import ActionUnitTrack, ReadingOptions


def small_track(n=6, rng=None):
    rng = rng or np.random.default_rng(3)
    intensity = rng.normal(0.2, 0.5, (n, 4))
    quality = {
        name: rng.uniform(0, 1, n)
        for name in ("scale_px", "luminance", "sharpness", "fit_residual", "gaze_horizontal")
    }
    flags = {name: np.ones(n) for name in ("success", "blink", "pose_ok", "plausible")}
    flags["success"][2] = 0
    for values in (intensity, *quality.values(), *(flags[k] for k in flags if k != "success")):
        values[2] = np.nan
    shapes = rng.uniform(0, 1, (n, 52)).astype(np.float32)
    shapes[2] = np.nan
    return ActionUnitTrack(
        times_s=np.cumsum(rng.uniform(0.02, 0.05, n)),
        intensity=intensity,
        names=("AU04", "AU12", "AU12_L", "AU12_R"),
        pose_deg=intensity[:, :3] * 10,
        quality=flags | quality,
        blendshapes=shapes,
        units={"AU12": "1.0 = a smile"},
        provenance={"detector": "test"},
    )


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_table_comes_back_bit_for_bit(tmp_path, kind):
    track = small_track()
    made = write_au_table(tmp_path, "x", track, format=kind, note={"digest": "abc"})
    assert made["au"].name == f"x_au.{kind}"
    back = read_au_table(made["au"])
    assert back.names == track.names
    for name in ("times_s", "intensity", "pose_deg", "blendshapes"):
        assert np.array_equal(getattr(back, name), getattr(track, name), equal_nan=True), name
    assert set(back.quality) == set(track.quality)
    for name, values in track.quality.items():
        assert np.array_equal(back.quality[name], values, equal_nan=True), name
    assert back.units["AU12"] == "1.0 = a smile"
    assert dict(back.provenance) == {"detector": "test"}


def test_missing_is_null_in_parquet_and_empty_in_csv(tmp_path):
    import pyarrow.parquet as pq

    track = small_track()
    parquet = write_au_table(tmp_path, "x", track)["au"]
    assert pq.read_table(parquet).column("AU12").null_count == 1
    lines = write_au_table(tmp_path, "x", track, format="csv")["au"].read_text().splitlines()
    assert lines[3].startswith("2,")
    assert set(lines[3].split(",")[4:]) == {""}
    assert "nan" not in "".join(lines[1:]).lower()


def test_sided_units_follow_all_whole_ones_and_extra_quality_comes_last():
    names = list(au_columns(small_track()))
    assert names[7:11] == ["AU04", "AU12", "AU12_L", "AU12_R"]
    assert names[-1] == "gaze_horizontal"


def test_the_openface_scale_is_a_clipped_rescaling(tmp_path):
    track = small_track()
    table = pd.read_csv(
        write_au_table(tmp_path, "x", track, format="openface")["au"], skipinitialspace=True
    )
    expected = np.clip(5 * track.of("AU12"), 0, 5)
    assert np.allclose(table["AU12_r"], expected, equal_nan=True)
    assert table["confidence"].tolist() == [1, 1, 0, 1, 1, 1]


def openface(path, **changes):
    """A small table as OpenFace 2 writes it: a blank after each comma of the header."""
    columns = {
        "frame": [1, 2, 3],
        "face_id": [0, 0, 0],
        "timestamp": [0.0, 0.033, 0.067],
        "confidence": [0.98, 0.02, 0.98],
        "success": [1, 0, 1],
        "pose_Rx": [0.1, 0.0, -0.1],
        "pose_Ry": [0.0, 0.0, 0.2],
        "pose_Rz": [0.0, 0.0, 0.0],
        "AU04_r": [0.5, 0.0, 1.5],
        "AU12_r": [1.0, 0.0, 3.2],
        "AU12_c": [1, 0, 1],
        "AU28_c": [0, 0, 0],
        **changes,
    }
    frame = pd.DataFrame({k: v for k, v in columns.items() if v is not None})
    path.write_text(", ".join(frame.columns) + "\n" + frame.to_csv(index=False, header=False))
    return path


def test_an_openface_table_is_read_with_its_scale(tmp_path):
    track = read_au_table(openface(tmp_path / "o.csv"))
    assert track.names == ("AU04", "AU12")
    assert track.of("AU12")[[0, 2]].tolist() == [1.0, 3.2]
    assert np.isnan(track.intensity[1]).all()
    assert track.tracked.tolist() == [True, False, True]
    assert track.pose_deg[2, 1] == pytest.approx(np.rad2deg(0.2))
    assert "OpenFace" in track.units["AU12"]
    assert track.quality["confidence"][1] == 0.02
    assert track.quality["plausible"][[0, 2]].tolist() == [1, 1]


def test_impossible_openface_times_are_refused_unless_true_ones_are_given(tmp_path):
    path = openface(tmp_path / "o.csv", timestamp=[0.0, 0.001, 0.002])
    with pytest.raises(TableError, match=r"1 ms apart.*timestamp"):
        read_au_table(path)
    track = read_au_table(path, times_s=[0.5, 0.54, 0.58, 0.62])
    assert track.times_s.tolist() == [0.5, 0.54, 0.58]
    with pytest.raises(TableError, match="the video has 2 frames"):
        read_au_table(path, times_s=[0.5, 0.54])


def test_several_openface_faces_need_a_choice(tmp_path):
    path = openface(tmp_path / "o.csv", face_id=[0, 1, 0])
    with pytest.raises(TableError, match=r"2 faces.*`face='"):
        read_au_table(path)
    assert len(read_au_table(path, face=0)) == 2
    with pytest.raises(TableError, match="no face 7"):
        read_au_table(path, face=7)


def test_a_feat_table_is_read_with_the_times_of_its_video(tmp_path):
    path = tmp_path / "feat.csv"
    pd.DataFrame(
        {
            "frame": [0, 1, 2],
            "FaceScore": [0.99, np.nan, 0.98],
            "AU04": [0.1, np.nan, 0.3],
            "AU12": [0.7, np.nan, 0.2],
            "Pitch": [1.0, np.nan, 2.0],
            "Roll": [3.0, np.nan, 4.0],
            "Yaw": [5.0, np.nan, 6.0],
            "happiness": [0.9, np.nan, 0.1],
        }
    ).to_csv(path, index=False)
    with pytest.raises(TableError, match="no frame times"):
        read_au_table(path)
    track = read_au_table(path, times_s=[0.0, 0.05, 0.11])
    assert track.names == ("AU04", "AU12")
    assert track.pose_deg[0].tolist() == [1.0, 5.0, 3.0]
    assert track.tracked.tolist() == [True, False, True]
    assert "probability" in track.units["AU12"]


def test_wrong_tables_are_refused_with_file_and_column(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    with pytest.raises(TableError, match=r"a\.csv: no action-unit columns"):
        read_au_table(tmp_path / "a.csv")
    with pytest.raises(TableError, match="not found"):
        read_au_table(tmp_path / "none.csv")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(TableError, match="not a readable parquet"):
        read_au_table(tmp_path / "b.parquet")
    with pytest.raises(TableError, match=r"no number.*AU12_r|AU12_r.*no number"):
        read_au_table(openface(tmp_path / "c.csv", AU12_r=["high", "0", "1"]))
    with pytest.raises(TableError, match="do not increase"):
        read_au_table(openface(tmp_path / "d.csv", timestamp=[0.0, 0.5, 0.4]))
    with pytest.raises(TableError, match="no frame times"):
        read_au_table(openface(tmp_path / "e.csv", timestamp=None))
    (tmp_path / "f.csv").write_text("")
    with pytest.raises(TableError, match=r"f\.csv"):
        read_au_table(tmp_path / "f.csv")


def test_an_unknown_format_is_a_slip_of_the_caller():
    with pytest.raises(ValueError, match="parquet, csv, openface"):
        table_name("x", "xls")


@pytest.mark.parametrize("index", ["", "Unnamed: 0", "__index_level_0__"])
def test_a_table_saved_again_with_its_index_is_the_same_table(tmp_path, index):
    """Pandas writes the index unasked, and gives it a name when the table is saved once more."""
    track = small_track()
    plain = write_au_table(tmp_path, "x", track, format="csv")["au"]
    frame = pd.read_csv(plain)
    frame.insert(0, index, range(len(frame)))
    again = tmp_path / "y_au.csv"
    frame.to_csv(again, index=False)
    back = read_au_table(again)
    assert set(back.quality) == set(track.quality)
    assert np.array_equal(back.intensity, track.intensity, equal_nan=True)
    with pytest.raises(TableError, match="no column of confidence"):
        read_au_table(again, reading=ReadingOptions(min_confidence=0.5))


def test_a_libreface_table_saved_again_has_no_confidence_in_its_index(tmp_path):
    path = tmp_path / "l.csv"
    times = 40.0 * np.arange(6)
    frame = pd.DataFrame({"frame_time_in_ms": times, "au_12_intensity": np.ones(6)})
    frame.to_csv(path)
    assert np.isnan(read_au_table(path).quality["plausible"]).all()


@pytest.mark.parametrize("index", ["", "Unnamed: 0"])
def test_an_index_is_no_series(tmp_path, index):
    path = tmp_path / "t.csv"
    path.write_text(f"{index},time,zyg\n0,0,1\n1,0.04,2\n2,0.08,4\n")
    assert read_time_table(path).names == ("zyg",)
