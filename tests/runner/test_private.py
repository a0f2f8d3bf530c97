"""What is written about a person can be read by its owner only."""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lab import small_plan
from served import served
from typer.testing import CliRunner

from mimicry.batch import run_batch
from mimicry.batch.work import do_task
from mimicry.cli import app
from mimicry.errors import QualityWarning
from mimicry.files import private
from mimicry.pipeline import extract_recording
from mimicry.protocol import load_protocol
from mimicry.records import ExtractionOptions
from mimicry.runner.convert import convert_session
from mimicry.runner.study import prepare_study
from mimicry.study.recordings import plan_batch

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")


@pytest.fixture(autouse=True)
def open_handed() -> Iterator[None]:
    """A user whose files everybody may read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def readable(folder: Path) -> list[str]:
    """Return what others may read of a folder and of all below it."""
    return [str(p) for p in (folder, *folder.rglob("*")) if stat.S_IMODE(p.stat().st_mode) & 0o077]


def watch_one_trial(client: Any) -> None:
    client.claim()
    client.event(type="segment_start", t=0.0)
    client.piece("video", b"DKIF" + bytes(28))
    shown = {"onset_ms": 500.0, "end": 900.0, "onset_source": "rvfc"}
    client.event(type="stimulus", t=500.0, step="t1", kind="stimulus", **shown)


def test_a_session_is_its_owners_alone(tmp_path: Path) -> None:
    with served(tmp_path, small_plan(tmp_path, trials=1)) as (client, journal):
        watch_one_trial(client)
        journal.note("note", text="x")
        client.post("/api/v1/finish")
    assert convert_session(journal.folder, tmp_path / "study")["events"].exists()
    study = tmp_path / "study"
    assert readable(study) == []
    assert os.umask(0o022) == 0o022, "what the user writes afterwards is not changed"


def test_a_study_in_a_shared_folder_stays_shared(tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    lab.mkdir()
    lab.chmod(0o2770)
    study = lab / "study"

    def session(label: str) -> None:
        """As ``mimicry run`` does it."""
        plan = replace(small_plan(tmp_path, trials=1), participant=label)
        with private():
            prepare_study(study, load_protocol("dynamic-happy-angry"))
            with served(lab, plan) as (client, journal):
                watch_one_trial(client)
                client.post("/api/v1/finish")
            convert_session(journal.folder, study)

    def modes(*paths: str) -> list[int]:
        return [stat.S_IMODE((study / p).stat().st_mode) for p in paths]

    session("01")
    assert modes(".", "sourcedata") == [0o2770] * 2
    assert modes("protocol.yaml", "dataset_description.json") == [0o644] * 2
    assert modes("participants.tsv") == [0o600]
    assert readable(study / "sub-01") == readable(study / "sourcedata" / "sub-01") == []
    for path in (study, *study.rglob("*")):  # chmod -R g+rwX
        path.chmod(stat.S_IMODE(path.stat().st_mode) | (0o070 if path.is_dir() else 0o060))
    session("02")
    assert modes("participants.tsv", "sourcedata", "sub-01") == [0o660, 0o2770, 0o2770]
    assert readable(study / "sub-02") == readable(study / "sourcedata" / "sub-02") == []


def test_what_is_extracted_again_stays_shared(make_video, tmp_path: Path) -> None:
    video = make_video(tmp_path / "v.mp4", frames=3)
    out = tmp_path / "out"
    with pytest.warns(QualityWarning):
        extract_recording(video, out)
    made = list(out.iterdir())
    for path in made:
        path.chmod(0o640)
        os.utime(path, (0, 0))
    with pytest.warns(QualityWarning):
        extract_recording(video, out, options=ExtractionOptions(overwrite=True))
    again = [p for p in made if p.stat().st_mtime]
    assert len(again) > 3
    assert {stat.S_IMODE(p.stat().st_mode) for p in made} == {0o640}


def test_a_recording_of_a_batch_is_its_owners_alone(make_video, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    video = make_video(tmp_path / "v.mp4", frames=3)
    for name, recording in (("good", video), ("bad", tmp_path / "broken.mp4")):
        out = tmp_path / name / "deep"
        plan = plan_batch([recording], out=out)
        do_task(plan.tasks[0])
        assert list(out.iterdir())
        assert readable(tmp_path / name) == []


def test_an_extraction_is_its_owners_alone(make_video, tmp_path: Path) -> None:
    video = make_video(tmp_path / "v.mp4", frames=3)
    with pytest.warns(QualityWarning):
        extract_recording(video, tmp_path / "library")
    run_batch([video], out=tmp_path / "many" / "deep")
    made = CliRunner().invoke(app, ["extract", str(video), "--out", str(tmp_path / "command")])
    assert made.exit_code == 0
    for name in ("library", "command"):
        assert len(list((tmp_path / name).iterdir())) > 3
        assert readable(tmp_path / name) == []
    files = [p for p in (tmp_path / "many").rglob("*_*.*") if p.name != "failures.tsv"]
    assert files
    assert [p for p in files if stat.S_IMODE(p.stat().st_mode) & 0o077] == []


def test_what_is_about_no_person_follows_the_user(tmp_path: Path) -> None:
    target = tmp_path / "mine.yaml"
    made = CliRunner().invoke(app, ["protocol", "new", str(target)])
    assert made.exit_code == 0, made.output
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
