"""A person can be removed from a study without a trace but the log."""

from pathlib import Path

import pytest

from mimicry.errors import InputError
from mimicry.runner.withdrawal import found_of, withdraw


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
