"""A person can be removed from a study without a trace but the log."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mimicry.cli import app
from mimicry.errors import InputError, QualityWarning
from mimicry.study.withdrawal import found_of, withdraw


@pytest.fixture
def study(tmp_path: Path) -> Path:
    for person in ("01", "011", "02"):
        for root in ("", "sourcedata", "derivatives/mimicry"):
            folder = tmp_path / root / f"sub-{person}" / "beh"
            folder.mkdir(parents=True)
            (folder / "a.txt").write_text(person)
    (tmp_path / "participants.tsv").write_text("participant_id\tage\nsub-01\t30\nsub-02\t31\n")
    scores = "participant\tvalue\n01\t1\n011\t2\n02\t3\n"
    (tmp_path / "derivatives" / "mimicry" / "scores.tsv").write_text(scores)
    (tmp_path / "derivatives" / "mimicry" / "other.tsv").write_text("a\tb\n01\t1\n")
    return tmp_path


def test_everything_of_one_person_goes_and_nothing_else(study: Path) -> None:
    folders, tables = withdraw(study, "01")
    assert len(folders) == 3
    assert [t.name for t in tables] == ["participants.tsv", "scores.tsv"]
    assert not list(study.rglob("sub-01"))
    assert len(list(study.rglob("sub-011"))) == len(list(study.rglob("sub-02"))) == 3
    assert (study / "participants.tsv").read_text() == "participant_id\tage\nsub-02\t31\n"
    scores = (study / "derivatives" / "mimicry" / "scores.tsv").read_text()
    assert scores == "participant\tvalue\n011\t2\n02\t3\n"
    assert (study / "withdrawals.tsv").read_text().splitlines()[1].split("\t")[1:] == [
        "sub-01",
        "3",
    ]


def test_results_over_all_that_name_the_person_go_too(study: Path) -> None:
    results = study / "derivatives" / "mimicry"
    for stem, who in (("group_a", "sub-01_task-x"), ("group_b", "sub-011_task-x")):
        (results / f"{stem}.json").write_text(f'{{"inputs": ["{who}"]}}')
        (results / f"{stem}.png").write_bytes(b"")
    folders, _ = withdraw(study, "01")
    assert [p.name for p in folders[3:]] == ["group_a.json", "group_a.png"]
    assert sorted(p.name for p in results.glob("group_*")) == ["group_b.json", "group_b.png"]


def test_looking_deletes_nothing(study: Path) -> None:
    found_of(study, "sub-01")
    assert len(list(study.rglob("sub-01"))) == 3


@pytest.mark.parametrize("label", ["99", "../x", ""])
def test_an_unknown_person_or_no_label_is_refused(study: Path, label: str) -> None:
    with pytest.raises(InputError):
        withdraw(study, label)
    assert not (study / "withdrawals.tsv").exists()


def test_the_person_goes_wherever_they_are_named(study: Path) -> None:
    results = study / "derivatives" / "mimicry"
    (results / "failures.tsv").write_text(
        "input\terror\nsub-01_task-a_video.mp4\tx\nsub-011_a\ty\n"
    )
    (study / "exclusions.tsv").write_text("participant\treason\n01\tasleep\n02\tasleep\n")
    (results / "deeper").mkdir()
    (results / "deeper" / "sub-01_task-a__sub-02_task-a_synchrony.json").write_text("{}")
    (results / ".sub-01_task-a.lock").write_text("{}")
    lock = {"tables": {"sub-01/x_blind.tsv": "a", "sub-02/x_blind.tsv": "b"}, "exclusions": "c"}
    (study / "blind.json").write_text(json.dumps({"blind": True, "locked": lock}))
    with pytest.warns(QualityWarning, match=r"synchrony\.json is of sub-02, too"):
        withdraw(study, "01")
    texts = {p: p.read_text() for p in study.rglob("*") if p.is_file()}
    named = {
        p.name for p, text in texts.items() if re.search(r"sub-01\b|^01\b", text, re.MULTILINE)
    }
    assert named == {"withdrawals.tsv", "other.tsv"}
    assert not [p for p in texts if re.search(r"sub-01\b", str(p))]
    assert (results / "failures.tsv").read_text() == "input\terror\nsub-011_a\ty\n"


def test_rows_of_other_people_stay_and_what_they_say_is_named(study: Path) -> None:
    results = study / "derivatives" / "mimicry"
    head = "participant_id\tpartner\n"
    own = {
        study / "participants.tsv": (f"{head}sub-01\tsub-02\n", "sub-02\tsub-01\n"),
        study / "exclusions.tsv": (
            "participant\ttrial_id\treason\n01\tt1\tasleep\n",
            "02\tt1\ttalked to sub-01\n",
        ),
        results / "failures_1-of-2.tsv": (
            "input\tmessage\nsub-01/beh/sub-01_task-a_video.mp4\tx\n/far/sub-01/clip.mp4\ty\n",
            "/data/sub-01/study/sub-02/beh/sub-02_task-a_video.mp4\tlike sub-01\n",
        ),
        results / "film_isc.tsv": ("viewer\tr\nsub-01_task-a\t0.5\n", "sub-02_task-a\t0.5\n"),
    }
    for path, (theirs, others) in own.items():
        path.write_text(theirs + others)
    events = study / "sub-02" / "beh" / "sub-02_task-a_events.tsv"
    shown = "onset\tstim_file\tparticipant\n1\tclips/sub-01_happy.mp4\t01\n2\tx\t02\n"
    events.write_text(shown)
    before = study.joinpath("sub-02", "log.tsv")
    before.write_text("what\nsub-01\nsub-011\nmet sub-01\n")
    with pytest.warns(QualityWarning) as said:
        _, tables = withdraw(study, "01")
    assert sorted(tables) == sorted([*own, results / "scores.tsv"])
    for path, (theirs, others) in own.items():
        assert path.read_text() == theirs.split("\n")[0] + "\n" + others
    assert events.read_text() == shown
    assert before.read_text().count("\n") == 4
    texts = [str(w.message) for w in said]
    counts = {events: 1, before: 2, study / "participants.tsv": 1, study / "exclusions.tsv": 1}
    counts[results / "failures_1-of-2.tsv"] = 1
    assert sorted(texts) == sorted(
        f"sub-01 is named elsewhere in {n} line{'s' * (n > 1)} of {path}, which stay: "
        "look at them yourself"
        for path, n in counts.items()
    )


def test_results_of_two_people_are_listed_and_said_to_be_of_both(study: Path) -> None:
    both = study / "derivatives" / "mimicry" / "dyads" / "sub-02_a__sub-01_a_synchrony_windows.tsv"
    both.parent.mkdir()
    both.write_text("start_s\tr\n0\t1\n")
    answer = CliRunner().invoke(app, ["withdraw", str(study), "--participant", "01"])
    assert f"would delete: {both}\n" in answer.stdout
    assert f"warning: {both} is of sub-02, too, and goes with sub-01\n" in answer.stderr
    assert both.exists()
    with pytest.warns(QualityWarning, match="of sub-02, too"):
        withdraw(study, "01")
    assert not both.exists()


def test_a_damaged_study_lets_people_go(study: Path) -> None:
    results = study / "derivatives" / "mimicry"
    (results / "bytes.tsv").write_bytes(
        b'\xef\xbb\xbf"participant"\tx\r\n01\t\xff\0\r\n"01"\t"\n02\t3'
    )
    (results / "empty.tsv").write_bytes(b"")
    (results / "huge.tsv").write_bytes(b"participant\n" + b"x" * 300_000 + b"\n")
    (results / "broken.json").write_bytes(b"\xff\xfe sub-01 ")
    (results / "folder.json").mkdir()
    (results / "gone.tsv").symlink_to(study / "nowhere.tsv")
    (study / "withdrawals.tsv").write_bytes(b"\xff")
    (study / "blind.json").write_bytes(b"[")
    (study / "sub-01" / "run-1").mkdir()
    (study / "sub-01" / "run-1" / "journal.tsv").write_bytes(b"\0\xff")
    with pytest.warns(QualityWarning, match=r"gone\.tsv cannot be read"):
        withdraw(study, "01")
    assert (results / "bytes.tsv").read_bytes().split(b"\n")[1:] == [b"02\t3"]
    assert not (results / "broken.json").exists()
    assert not list(study.rglob("sub-01"))


def test_what_cannot_be_deleted_is_named_and_the_rest_goes(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, onerror: Callable[..., None]) -> None:
        if "sourcedata" in str(path):
            onerror(None, str(path), (None, PermissionError("no"), None))
        else:
            real(path)

    real = shutil.rmtree
    monkeypatch.setattr("mimicry.study.withdrawal.shutil.rmtree", refuse)
    with pytest.raises(InputError, match="sourcedata/sub-01"):
        withdraw(study, "01")
    assert len(list(study.rglob("sub-01"))) == 1
    assert (study / "withdrawals.tsv").read_text().endswith("unfinished\n")
    monkeypatch.undo()
    withdraw(study, "01")
    assert not list(study.rglob("sub-01"))
