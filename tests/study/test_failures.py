"""Whether a recording is done or failed is asked by its key, never by a part of its name."""

from pathlib import Path

import pandas as pd
import pytest

from mimicry.errors import TableError
from mimicry.files import write_text, write_tsv
from mimicry.study.failures import Failure, read_failures, unfinished, write_failures
from mimicry.study.layout import BLIND_TABLE, RESULTS, recordings
from mimicry.study.participants import read_people, write_people


def study_of(root: Path, *people: str) -> Path:
    for person in people:
        folder = root / f"sub-{person}" / "beh"
        folder.mkdir(parents=True)
        write_text(folder / f"sub-{person}_task-x_events.tsv", "onset\n")
        (root / RESULTS / f"sub-{person}").mkdir(parents=True)
    return root


def fail(root: Path, *names: str) -> None:
    rows = [Failure(name, "NoFaceError", "no face was seen") for name in names]
    write_failures(root / RESULTS, rows)


def test_what_failed_is_known_by_key_and_not_by_the_start_of_a_name(tmp_path: Path) -> None:
    root = study_of(tmp_path, "1", "10")
    fail(root, "sub-10/beh/sub-10_task-x_video.mp4")
    assert [r.key for r in unfinished(root)] == ["sub-1/sub-1_task-x"]
    first, tenth = recordings(root)
    failures = read_failures(root / RESULTS)
    assert failures.of(first) is None
    assert failures.of(tenth) == failures.rows[0]


def test_a_recording_is_done_when_table_and_sidecar_are_there(tmp_path: Path) -> None:
    root = study_of(tmp_path, "1", "2")
    table = root / RESULTS / "sub-1" / "sub-1_task-x_scores.tsv"
    write_tsv(table, pd.DataFrame({"valid": [1]}))
    assert len(unfinished(root)) == 2  # interrupted: the sidecar comes last
    write_text(table.with_suffix(".json"), "{}")
    assert [r.prefix for r in unfinished(root)] == ["sub-2_task-x"]
    assert len(unfinished(root, done=lambda r: r.file(BLIND_TABLE).exists())) == 2


def test_a_run_without_failures_takes_the_earlier_table_away(tmp_path: Path) -> None:
    root = study_of(tmp_path, "1")
    fail(root, "sub-1_task-x")
    assert unfinished(root) == []
    fail(root)
    assert len(unfinished(root)) == 1


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    root = study_of(tmp_path, "1")
    write_text(root / RESULTS / "failures.tsv", "a\tb\n1\t2\n")
    with pytest.raises(TableError, match="no column 'input'"):
        unfinished(root)


def test_people_that_were_written_are_read_back(tmp_path: Path) -> None:
    table = pd.DataFrame({"participant_id": ["sub-01", "sub-02"], "group": ["a", None]})
    write_people(tmp_path, table, {"group": {"Description": "Group"}})
    people = read_people(tmp_path)
    assert people is not None
    assert (people.labels, people.groups("group")) == (("01", "02"), {"01": "a"})
    assert '"Description": "Group"' in (tmp_path / "participants.json").read_text()
