"""Studies with events: extracted, scored and reported in one go, and only what is needed again."""

import hashlib
import itertools
import json
import shutil

import pandas as pd
import pytest

from mimicry.batch import plan_batch, run_batch
from mimicry.errors import InputError
from mimicry.files import asset_folder
from mimicry.records import ExtractionOptions

SAMPLE = "sub-01_task-sample"
KINDS = ("_scores.tsv", "_scores.json", "_summary.tsv", "_trace.parquet", "_qc.json")


def add_person(cut, folder, label, *, ending=".mp4"):
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(cut, folder / f"{label}{ending}")
    events = folder / f"{label.removesuffix('_video')}_events.tsv"
    shutil.copy(cut.with_name("events.tsv"), events)


def bytes_of(folder):
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.suffix != ".log"
    }


def stamps(folder, ending):
    return {p: p.stat().st_mtime_ns for p in folder.rglob(f"*{ending}")}


@pytest.fixture(scope="module")
def scored(cut, tmp_path_factory):
    """A study of two people, one also without events, after one batch."""
    study = tmp_path_factory.mktemp("study")
    shutil.copy(asset_folder("sample_data") / "protocol.yaml", study)
    for who in ("01", "02"):
        add_person(cut, study / f"sub-{who}" / "beh", f"sub-{who}_task-sample_video")
    return study, run_batch([study], jobs=2)


def test_a_study_is_extracted_scored_and_reported(scored):
    study, batch = scored
    assert [(r.status, r.failure) for r in batch.recordings] == [("done", None)] * 2
    results = study / "derivatives" / "mimicry"
    for who in ("01", "02"):
        own = results / f"sub-{who}"
        for ending in (*KINDS, "_landmarks.parquet", "_au.parquet", "_au.json", "_report.html"):
            assert (own / f"sub-{who}_task-sample{ending}").stat().st_size, ending
    whole = pd.read_csv(results / "scores.tsv", sep="\t", dtype=str)
    assert list(whole["participant"]) == ["01", "01", "02", "02"]
    assert list(whole["trial_id"]) == ["watch-001", "watch-002"] * 2
    # the recording ends within the second trial
    assert list(whole["delta_AU04_late"].notna()) == [True, False] * 2
    assert set(pd.read_csv(results / "summary.tsv", sep="\t", dtype=str)["participant"]) == {
        "01",
        "02",
    }
    assert not (results / "failures.tsv").exists()
    assert not list(study.rglob(".*"))


def test_a_second_run_scores_nothing_again(scored):
    study, _ = scored
    before = stamps(study, "_task-sample_*")
    again = run_batch([study], jobs=1)
    assert [r.status for r in again.recordings] == ["resumed"] * 2
    assert stamps(study, "_task-sample_*") == before


def test_other_settings_score_again_but_read_no_video_again(scored, tmp_path):
    study = tmp_path / "study"
    shutil.copytree(scored[0], study)
    protocol = study / "protocol.yaml"
    protocol.write_text(protocol.read_text().replace("swap: clip", "swap: redraw"))
    refused = run_batch([study], jobs=1)
    assert {r.failure["error"] for r in refused.recordings} == {"OutputExistsError"}
    landmarks, scores = stamps(study, "_landmarks.parquet"), stamps(study, "_scores.json")
    again = run_batch([study], options=ExtractionOptions(overwrite=True), jobs=1)
    assert [r.status for r in again.recordings] == ["done"] * 2
    assert stamps(study, "_landmarks.parquet") == landmarks
    fresh = stamps(study, "_scores.json")
    assert all(fresh[path] > stamp for path, stamp in scores.items())


@pytest.mark.slow
def test_scores_lost_are_made_again_alike_from_landmarks_without_videos(scored, tmp_path):
    study = tmp_path / "study"
    shutil.copytree(scored[0], study)
    gone = run_batch([study], delete_video=True)
    assert [r.status for r in gone.recordings] == ["resumed"] * 2
    assert not list(study.rglob("*_video.mp4"))
    before = bytes_of(study)
    assert [r.status for r in run_batch([study]).recordings] == ["resumed"] * 2
    for path in itertools.chain(study.rglob("*_scores.*"), study.rglob("*_report.html")):
        path.unlink()
    fresh = run_batch([study])
    assert [r.status for r in fresh.recordings] == ["done"] * 2
    assert bytes_of(study) == before


def test_equal_names_in_different_folders_are_planned_apart(cut, tmp_path):
    for where in ("a", "b"):
        add_person(cut, tmp_path / where, "x")
    protocol = asset_folder("sample_data") / "protocol.yaml"
    plan = plan_batch([tmp_path / "*" / "x.mp4"], out=tmp_path / "out", protocol=protocol)
    assert [task.prefix for task in plan.tasks] == ["x", "x-2"]


@pytest.mark.slow
def test_equal_names_in_different_folders_are_scored_apart(cut, tmp_path):
    for where in ("a", "b"):
        add_person(cut, tmp_path / where, "x")
    protocol = asset_folder("sample_data") / "protocol.yaml"
    out = tmp_path / "out"
    batch = run_batch([tmp_path / "*" / "x.mp4"], out=out, protocol=protocol, jobs=2)
    assert [(r.status, r.failure) for r in batch.recordings] == [("done", None)] * 2
    names = [json.loads((out / f"{x}_scores.json").read_text()) for x in ("x", "x-2")]
    assert names[0]["digest"] != names[1]["digest"]
    whole = pd.read_csv(out / "scores.tsv", sep="\t", dtype=str)
    assert list(whole["participant"]) == ["x", "x", "x-2", "x-2"]


def test_events_that_belong_to_two_recordings_are_refused_before_anything_is_done(cut, tmp_path):
    protocol = asset_folder("sample_data") / "protocol.yaml"
    add_person(cut, tmp_path, "x")
    add_person(cut, tmp_path, "x", ending=".mkv")
    with pytest.raises(InputError, match="belong to two recordings") as caught:
        plan_batch([tmp_path], protocol=protocol)
    assert str(caught.value.path).endswith("x_events.tsv")
    (tmp_path / "x.mkv").unlink()
    with pytest.raises(InputError, match="parquet"):
        plan_batch([tmp_path], protocol=protocol, options=ExtractionOptions(format="csv"))
    (task,) = plan_batch([tmp_path], protocol=protocol).tasks
    assert task.prefix == "x"
