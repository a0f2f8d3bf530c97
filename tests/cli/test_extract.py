"""``mimicry extract`` on real clips, and on everything a tired person may hand to it."""

import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mimicry.cli import app
from mimicry.interchange.tables import read_au_table


def run(*words):
    """One process unless the test says otherwise: two cost twice the start-up."""
    words += () if "--jobs" in words else ("--jobs", 1)
    return CliRunner().invoke(app, [str(w) for w in words])


def refused(result, *parts):
    """Exit code 2, one sentence on stderr with all `parts`, no traceback."""
    assert result.exit_code == 2, (result.stdout, result.stderr)
    lines = [line for line in result.stderr.splitlines() if line and "s left" not in line]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("error: ")
    for part in parts:
        assert part in lines[0], lines[0]
    assert "Traceback" not in result.output


def hashes(folder):
    return {
        p.name: hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.iterdir()
        if p.suffix != ".log"
    }


@pytest.fixture(scope="module")
def extracted(clips, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    names = ("single_face.mp4", "no_face.mp4", "face_noface.mov", "intel_yes.mkv")
    result = run("extract", *(clips / n for n in names), "--out", out, "--json", "--jobs", 2)
    assert result.exit_code == 0, result.stderr
    return out, json.loads(result.stdout), result


def copied(extracted, out, pattern):
    """Begin from files that an extraction made, instead of making them once more."""
    for path in extracted[0].glob(pattern):
        shutil.copy(path, out)


@pytest.mark.parametrize(
    ("name", "rows"),
    [("single_face.mp4", 72), ("no_face.mp4", 95), ("face_noface.mov", 169), ("intel_yes.mkv", 65)],
)
def test_every_decoded_frame_has_a_row_with_the_time_of_the_container(extracted, clips, name, rows):
    import av

    table = pd.read_parquet(extracted[0] / f"{name.split('.')[0]}_au.parquet")
    with av.open(str(clips / name)) as container:
        times = [float(f.pts * f.time_base) for f in container.decode(video=0)]
    assert len(table) == rows
    assert np.abs(table["timestamp"].to_numpy() - times).max() < 1e-6
    assert table["frame"].tolist() == list(range(rows))


def test_rows_without_a_face_are_null(extracted):
    table = pd.read_parquet(extracted[0] / "face_noface_au.parquet")
    gone = table["success"] == 0
    assert 60 < gone.sum() < 120
    of_face = [c for c in table if c.startswith(("AU", "bs_", "pose_")) or c == "plausible"]
    assert table.loc[gone, of_face].isna().all().all()
    assert table.loc[~gone, "AU12"].notna().all()
    assert pd.read_parquet(extracted[0] / "no_face_au.parquet")["success"].sum() == 0


def test_columns_come_in_the_promised_order(extracted):
    columns = list(pd.read_parquet(extracted[0] / "single_face_au.parquet").columns)
    units = [
        "01",
        "02",
        "04",
        "05",
        "06",
        "07",
        "09",
        "10",
        "12",
        "14",
        "15",
        "17",
        "18",
        "20",
        "23",
        "25",
        "26",
        "43",
        "45",
    ]
    start = ["frame", "timestamp", "face_id", "success"]
    start += [
        "pose_pitch_deg",
        "pose_yaw_deg",
        "pose_roll_deg",
        *(f"AU{u}" for u in units),
    ]
    assert columns[: len(start)] == start
    sided = [c for c in columns if c.endswith(("_L", "_R"))]
    assert columns[len(start) : len(start) + len(sided)] == sided
    shapes = [c for c in columns if c.startswith("bs_")]
    assert len(shapes) == 52
    after = columns.index(shapes[-1]) + 1
    quality = [
        "scale_px",
        "luminance",
        "sharpness",
        "blink",
        "pose_ok",
        "fit_residual",
        "plausible",
    ]
    assert columns[after : after + 7] == quality


def test_the_sidecar_describes_every_column_and_names_its_makers(extracted):
    out = extracted[0]
    sidecar = json.loads((out / "single_face_au.json").read_text())
    columns = pd.read_parquet(out / "single_face_au.parquet").columns
    assert set(sidecar["columns"]) == set(columns)
    assert all(text["meaning"] and text["unit"] for text in sidecar["columns"].values())
    assert sidecar["columns"]["AU12"]["validity_tier"] == "A"
    assert "sign" in sidecar["columns"]["pose_yaw_deg"]
    provenance = sidecar["provenance"]
    assert provenance["input"]["name"] == "single_face.mp4"
    assert len(provenance["input"]["sha256"]) == 64
    assert provenance["model_sha256"].startswith("64184e22")
    assert set(provenance["versions"]) == {"av", "mediapipe"}
    text = "".join(p.read_text() for p in out.glob("*.json"))
    assert str(out) not in text


def test_the_envelope_lists_recordings_and_warnings(extracted):
    out, envelope, result = extracted
    assert envelope["command"] == "extract"
    assert envelope["status"] == "done"
    assert [r["frames"] for r in envelope["recordings"]] == [72, 95, 169, 65]
    assert [r["frames_with_face"] for r in envelope["recordings"]][:2] == [72, 0]
    assert len(envelope["warnings"]) == 1
    assert envelope["warnings"][0].startswith(
        "no_face.mp4: no face was seen in any of 95 frames "
        "(pictures of 960x540 pixels, median brightness 122 of 255). "
    )
    assert "--debug-frame" in envelope["warnings"][0]
    assert result.stderr.splitlines()[-1] == f"warning: {envelope['warnings'][0]}"
    assert all(str(out) in path for path in envelope["recordings"][0]["files"].values())


def test_a_second_run_keeps_results_and_a_fresh_one_gives_the_same_bytes(
    extracted, clips, tmp_path
):
    out = tmp_path / "elsewhere"
    first = run("extract", clips / "single_face.mp4", "--out", out, "--jobs", 1)
    assert first.exit_code == 0
    made = hashes(out)
    assert made == {k: v for k, v in hashes(extracted[0]).items() if k.startswith("single_face")}
    stamps = {p.name: p.stat().st_mtime_ns for p in out.iterdir()}
    again = run("extract", clips / "single_face.mp4", "--out", out)
    assert again.exit_code == 0
    assert "there already" in again.stdout
    assert {p.name: p.stat().st_mtime_ns for p in out.iterdir()} == stamps


def test_other_settings_are_refused_unless_overwritten(extracted, clips, tmp_path):
    words = ("extract", clips / "single_face.mp4", "--out", tmp_path)
    copied(extracted, tmp_path, "single_face_*")
    before = hashes(tmp_path)
    refused(run(*words, "--neutral", "0:1"), "single_face_au.json", "--overwrite")
    assert hashes(tmp_path) == before
    assert run(*words, "--neutral", "0:1", "--overwrite").exit_code == 0
    sidecar = json.loads((tmp_path / "single_face_au.json").read_text())
    assert sidecar["provenance"]["action_units"]["neutral"]["kind"] == "declared"
    assert sidecar["settings"]["neutral"] == [[0.0, 1.0]]


def test_a_lost_table_is_measured_again_from_the_landmarks(extracted, clips, tmp_path):
    words = ("extract", clips / "single_face.mp4", "--out", tmp_path)
    copied(extracted, tmp_path, "single_face_*")
    before = hashes(tmp_path)
    (tmp_path / "single_face_au.parquet").unlink()
    assert run(*words).exit_code == 0
    assert hashes(tmp_path) == before
    assert "kept" in (tmp_path / "single_face_extract.log").read_text()


def test_csv_and_parquet_hold_the_same_numbers(extracted, clips, tmp_path):
    copied(extracted, tmp_path, "face_noface_landmarks.parquet")
    assert (
        run("extract", clips / "face_noface.mov", "--out", tmp_path, "--format", "csv").exit_code
        == 0
    )
    a = read_au_table(tmp_path / "face_noface_au.csv")
    b = read_au_table(extracted[0] / "face_noface_au.parquet")
    assert a.names == b.names
    for name in ("times_s", "intensity", "pose_deg", "blendshapes"):
        assert np.array_equal(getattr(a, name), getattr(b, name), equal_nan=True), name
    for name, values in b.quality.items():
        assert np.array_equal(a.quality[name], values, equal_nan=True), name
    assert dict(a.provenance) == dict(b.provenance)
    assert dict(a.units) == dict(b.units)
    assert ",," in (tmp_path / "face_noface_au.csv").read_text()


@pytest.mark.filterwarnings("ignore:.*below 0.8 and are masked")
def test_the_openface_format_has_its_header_and_ranges(extracted, clips, tmp_path):
    copied(extracted, tmp_path, "face_noface_landmarks.parquet")
    words = ("extract", clips / "face_noface.mov", "--out", tmp_path, "--format", "openface")
    assert run(*words).exit_code == 0
    path = tmp_path / "face_noface_openface.csv"
    header = path.read_text().splitlines()[0]
    assert header.startswith("frame, face_id, timestamp, confidence, success, pose_Rx")
    table = pd.read_csv(path, skipinitialspace=True)
    assert table["frame"].iloc[0] == 1
    strengths = table.filter(regex="_r$")
    assert strengths.min().min() >= 0
    assert strengths.max().max() <= 5
    assert set(table["AU12_c"].dropna()) <= {0, 1}
    track = read_au_table(path)
    assert track.tracked.sum() == table["success"].sum()
    assert np.isnan(track.of("AU12")[~track.tracked]).all()


def test_equal_names_are_numbered_in_their_order(make_video, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        make_video(tmp_path / name / "x.mp4", frames=3)
    result = run("extract", tmp_path / "a", tmp_path / "b" / "x.mp4", "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert {p.name for p in (tmp_path / "out").glob("*_au.parquet")} == {
        "x_au.parquet",
        "x-2_au.parquet",
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.mp4", "not found"),
        ("text.mp4", "not a readable video"),
        ("zero_bytes.mp4", "empty"),
        ("no_index.mp4", "index"),
        ("audio_only.mp4", "no video track"),
        ("noise.webm", "not a readable video"),
        ("dangling.mp4", "not found"),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_written(hostile, tmp_path, name, words):
    out = tmp_path / "out"
    refused(run("extract", hostile / name, "--out", out), name, words)
    assert not out.exists() or not list(out.iterdir())


def test_wrong_use_is_refused(hostile, make_video, tmp_path):
    video = make_video(tmp_path / "a.mp4", frames=2)
    (tmp_path / "empty").mkdir()
    refused(run("extract", tmp_path / "empty", "--out", tmp_path / "o"), "without videos", "empty")
    refused(run("extract", video, "--out", video / "below"), "--out", "a.mp4")
    refused(run("extract", video, "--out", tmp_path, "--format", "xls"), "--format", "xls")
    refused(run("extract", video, "--out", tmp_path, "--neutral", "3:1"), "--neutral", "3:1")
    refused(run("extract", video, "--out", tmp_path, "--neutral", "soon"), "--neutral", "soon")
    refused(run("extract", video, "--out", tmp_path, "--model", hostile / "text.mp4"), "--model")
    refused(
        run("extract", video, "--out", tmp_path / "n", "--neutral", "0:1"), "no face", "neutral"
    )


def test_an_error_is_also_an_object(hostile, tmp_path):
    result = run("extract", hostile / "text.mp4", "--out", tmp_path / "o", "--json")
    envelope = json.loads(result.stdout)
    assert result.exit_code == 2
    assert envelope["status"] == "failed"
    assert envelope["error"]["type"] == "RecordingError"
    assert envelope["error"]["path"].endswith("text.mp4")


def test_of_several_the_rest_is_done(hostile, make_video, tmp_path):
    good = make_video(tmp_path / "good.mp4", frames=3)
    words = ("extract", hostile / "text.mp4", good, hostile / "zero_bytes.mp4")
    result = run(*words, "--out", tmp_path / "out", "--json")
    assert result.exit_code == 1
    envelope = json.loads(result.stdout)
    assert envelope["status"] == "partial"
    assert [f["input"] for f in envelope["failures"]] == ["text.mp4", "zero_bytes.mp4"]
    table = pd.read_csv(tmp_path / "out" / "failures.tsv", sep="\t")
    assert table["input"].tolist() == ["text.mp4", "zero_bytes.mp4"]
    assert (tmp_path / "out" / "good_au.parquet").exists()
    again = run("extract", good, "--out", tmp_path / "out")
    assert again.exit_code == 0
    assert not (tmp_path / "out" / "failures.tsv").exists()
    none = run("extract", hostile / "text.mp4", hostile / "noise.webm", "--out", tmp_path / "o2")
    assert none.exit_code == 2


def test_damaged_but_readable_files_are_kept_with_one_warning(make_video, tmp_path):
    whole = make_video(
        tmp_path / "a.mp4", frames=60, container_options={"movflags": "faststart"}
    ).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    result = run("extract", tmp_path / "cut.mp4", "--out", tmp_path / "out")
    assert result.exit_code == 0
    damage = [line for line in result.stderr.splitlines() if "truncated" in line]
    assert len(damage) == 1
    qc = json.loads((tmp_path / "out" / "cut_qc.json").read_text())
    assert qc["video"]["truncated"] is True
    assert qc["frames"] == len(pd.read_parquet(tmp_path / "out" / "cut_au.parquet")) > 5
    assert qc["video"]["declared_frames"] == 60


def test_one_frame_is_a_recording(make_video, tmp_path):
    assert (
        run("extract", make_video(tmp_path / "one.mp4", frames=1), "--out", tmp_path).exit_code == 0
    )
    assert len(pd.read_parquet(tmp_path / "one_au.parquet")) == 1
