"""People and recordings of a study: nobody is counted twice, renamed or lost without a word."""

import json
from contextlib import nullcontext
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from mimicry.batch.collect import join_tables
from mimicry.cli import app
from mimicry.errors import QualityWarning, TableError
from mimicry.protocol import load_protocol
from mimicry.records import ScoringInputs
from mimicry.study import open_study, read_scores
from mimicry.study.failures import Failure, Failures, read_failures, write_failures
from mimicry.study.layout import key_of, recordings
from mimicry.study.participants import enter_participant, read_people
from mimicry.study.recordings import Plan, Task, plan_batch
from mimicry.study.tables import numbers, read_cells, typed
from mimicry.study.withdrawal import found_of

PEOPLE = [f"sub-{g}{k}" for g in (0, 1) for k in range(4)]


def run(command, *words):
    return CliRunner().invoke(app, [command, *map(str, words)])


def write_people(root, labels, ids=PEOPLE, head="participant_id\tarm"):
    rows = [f"{i}\t{g}" for i, g in zip(ids, labels, strict=True)]
    (root / "participants.tsv").write_text("\n".join([head, *rows]) + "\n", newline="")


ARMS = ["a"] * 4 + ["b"] * 4


@pytest.mark.parametrize(
    ("labels", "parts"),
    [
        (["a"] * 4 + ["b", "B", "b", "b"], ("'b' and 'B'",)),
        (["a"] * 4 + ["b", "b", "b ", "b"], ("'b' and 'b '",)),
        (["a"] * 4 + ["b c", "b  c", "b c", "b c"], ("'b c' and 'b  c'",)),
        (["1"] * 4 + ["2", "02", "2", "2"], ("'2' and '02'",)),
        (["a"] * 4 + ["NA", "b", "b", "b"], ("participant 10 has 'NA'", "n/a")),
        (["a"] * 4 + ["unknown", "b", "b", "b"], ("called 'unknown'",)),
    ],
)
def test_a_group_is_written_in_one_way(grouped, labels, parts):
    write_people(grouped, labels)
    answer = run("group", grouped, "--by", "arm")
    assert answer.exit_code == 2
    assert answer.stderr.count("\n") == 1
    assert all(part in answer.stderr for part in (*parts, "participants.tsv"))


def test_blanks_that_everybody_has_are_no_second_group(grouped):
    write_people(grouped, ["a "] * 4 + ["b"] * 4)
    answer = run("group", grouped, "--by", "arm", "--control", "a")
    assert answer.exit_code == 0, answer.stderr


@pytest.mark.parametrize("twice", ["sub-01", "01", "SUB-01".lower(), " sub-01"])
def test_a_person_stands_in_participants_once(grouped, twice):
    write_people(grouped, [*ARMS, "a"], [*PEOPLE, twice])
    answer = run("group", grouped, "--by", "arm")
    assert answer.exit_code == 2
    assert "twice" in answer.stderr


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("participant_id\tarm\tarm\nsub-00\ta\tb\n", "'arm' is there twice"),
        ("participant_id\tarm\tArm\nsub-00\ta\tb\n", "'arm' and 'Arm'"),
        ("participant_id;arm\nsub-00;a\n", "separated by semicolons"),
        ("participant_id,arm\nsub-00,a\n", "separated by commas"),
        ("id\tarm\nsub-00\ta\n", "no column 'participant_id'"),
        ("participant_id\tarm\nsub-00\n", "line 2 has 1 cells, the head has 2"),
        ("participant_id\tarm\n\ta\n", "row 1 names no participant"),
        ("participant_id\tarm\nsub-00\ta\x00\n", "NUL"),
        ("", "empty"),
    ],
)
def test_a_participants_table_that_cannot_be_right_is_one_sentence(grouped, text, part):
    (grouped / "participants.tsv").write_text(text, newline="")
    for command in ("group", "reliability"):
        answer = run(command, grouped, "--incomplete")
        assert answer.exit_code == 2
        assert part in answer.stderr
        assert answer.stderr.count("\n") == 1


def test_tables_of_other_systems_are_read_and_other_encodings_named(tmp_path):
    path = tmp_path / "participants.tsv"
    path.write_bytes("\ufeffparticipant_id\tname\r\nsub-01\tä\r\nsub-02\tn/a\r\n\r\n".encode())
    people = read_people(tmp_path)
    assert people.labels == ("01", "02")
    assert people.columns["name"] == ("ä", "")
    path.write_bytes("participant_id\tname\nsub-01\tä\n".encode("latin-1"))
    with pytest.raises(TableError, match="not UTF-8"):
        read_people(tmp_path)
    path.write_bytes("participant_id\tname\n".encode("utf-16"))
    with pytest.raises(TableError, match="UTF-16"):
        read_people(tmp_path)


def test_people_without_a_row_and_rows_without_results_are_refused_or_counted(grouped):
    write_people(grouped, [*ARMS[:7], "b"], [*PEOPLE[:7], "sub-99"])
    answer = run("group", grouped, "--by", "arm")
    assert answer.exit_code == 2
    assert "1 person in the results has no row in participants.tsv (sub-13)" in answer.stderr
    assert "1 person in participants.tsv has no results (sub-99)" in answer.stderr
    assert "--incomplete" in answer.stderr
    answer = run("group", grouped, "--by", "arm", "--incomplete", "--json")
    assert answer.exit_code == 0
    envelope = json.loads(answer.stdout)
    assert len(envelope["warnings"]) == 2
    assert {r["arm"] for r in envelope["contrasts"]} == {"a", "b", "unknown"}
    results = grouped / "derivatives" / "mimicry"
    sidecar = json.loads((results / "group.json").read_text())
    assert sidecar["settings"]["incomplete"] == {
        "without_row": ["sub-13"],
        "without_results": ["sub-99"],
    }
    assert len(sidecar["warnings"]) == 2
    assert "Incomplete study" in (results / "report.html").read_text()
    # what names a person goes with the person
    assert set(found_of(grouped, "13")[0]) >= {results / "group.json", results / "report.html"}


def test_labels_whose_zeros_a_spreadsheet_took_are_recognised(grouped):
    write_people(grouped, ARMS, [p.replace("sub-0", "sub-") for p in PEOPLE])
    answer = run("group", grouped, "--by", "arm")
    assert answer.exit_code == 2
    assert "leading zeros" in answer.stderr


def test_people_without_a_group_are_refused_or_counted(grouped):
    write_people(grouped, [*ARMS[:7], "n/a"])
    answer = run("group", grouped, "--by", "arm")
    assert answer.exit_code == 2
    assert "1 person has no group (sub-13)" in answer.stderr
    assert run("group", grouped, "--by", "arm", "--incomplete").exit_code == 0


def test_a_column_that_differs_by_case_is_not_taken_for_no_column(grouped):
    write_people(grouped, ARMS, head="participant_id\tGroup")
    answer = run("group", grouped)
    assert answer.exit_code == 2
    assert "--by Group" in answer.stderr


def events_of(root, *names):
    for name in names:
        folder = root / name.split("_")[0] / "beh"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}_events.tsv").write_text("onset\n")


@pytest.mark.parametrize("command", ["group", "reliability"])
def test_a_half_finished_batch_is_refused_or_counted(grouped, command):
    (grouped / "participants.tsv").unlink()
    events_of(grouped, "sub-00_task-x", "sub-07_task-x", "sub-077_task-x")
    own = grouped / "derivatives" / "mimicry" / "sub-00"
    own.mkdir()
    own.joinpath("sub-00_task-x_scores.tsv").write_text("participant\tsession\n00\tn/a\n")
    own.joinpath("sub-00_task-x_scores.json").write_text("{}")
    rows = [Failure("sub-077/beh/sub-077_task-x_video.mp4", "NoFaceError", "no face")]
    write_failures(grouped / "derivatives" / "mimicry", rows)
    answer = run(command, grouped)
    assert answer.exit_code == 2
    assert "1 recording has no results (sub-07/sub-07_task-x)" in answer.stderr
    assert "1 recording failed (sub-077/sub-077_task-x)" in answer.stderr
    assert "mimicry batch STUDY" in answer.stderr
    answer = run(command, grouped, "--incomplete")
    assert answer.exit_code == 0
    assert "1 recording has no results" in answer.stderr


def test_a_recording_scored_after_the_study_table_was_written_is_not_lost(grouped):
    own = grouped / "derivatives" / "mimicry" / "sub-55"
    own.mkdir()
    for kind in ("scores", "summary"):
        own.joinpath(f"sub-55_task-x_{kind}.tsv").write_text("participant\tsession\n55\tn/a\n")
    for command in ("group", "reliability"):
        answer = run(command, grouped)
        assert answer.exit_code == 2
        assert "scored but not in the study's table (sub-55/sub-55_task-x)" in answer.stderr


def test_failures_are_looked_up_by_recording_and_never_by_a_part_of_a_name(tmp_path):
    events_of(tmp_path, "sub-1_task-x", "sub-11_task-x")
    one, eleven = recordings(tmp_path)
    results = tmp_path / "derivatives" / "mimicry"
    results.mkdir(parents=True)
    texts = ("a face\tof sub-1_task-x\nwas seen", "x")
    for name in (
        "sub-11/beh/sub-11_task-x_video.mp4",
        "/far/sub-11/beh/sub-11_task-x_video.mkv",
        "sub-11_task-x_video.mp4",
        "derivatives/mimicry/sub-11/sub-11_task-x_au.parquet",
    ):
        row = Failure.of(tmp_path / "v.mp4", TableError(texts[0]))
        write_failures(results, [Failure(name, "TableError", row.message)])
        found = read_failures(results)
        assert found.of(one) is None
        assert found.of(eleven).error == "TableError"


def test_a_batch_and_the_study_agree_on_the_key_of_a_recording(tmp_path):
    protocol = load_protocol("dynamic-happy-angry").path
    (tmp_path / "protocol.yaml").write_bytes(Path(protocol).read_bytes())
    for name in ("sub-01/beh/sub-01_task-x", "sub-02/ses-1/beh/sub-02_ses-1_task-x", "sub-03/x"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.with_name(f"{path.name}_video.mp4").write_bytes(b"")
        path.with_name(f"{path.name}_events.tsv").write_text("onset\n")
    plan = plan_batch([tmp_path])
    own = {r.key: r for r in recordings(tmp_path)}
    assert [key_of(task.label) for task in plan.tasks] == sorted(own)
    for task in plan.tasks:
        recording = own[key_of(task.label)]
        assert (Path(task.out), task.prefix) == (recording.folder, recording.prefix)
        failure = Failure(task.label, "NoFaceError", "no face")
        assert Failures((failure,)).of(recording) is failure


def test_a_batch_does_not_fail_for_a_wrong_list_of_people(grouped):
    write_people(grouped, ["a"] * 4 + ["b", "B", "b", "b"], head="participant_id\tgroup")
    results = grouped / "derivatives" / "mimicry"
    own = results / "sub-00" / "sub-00_summary.tsv"
    own.parent.mkdir()
    (results / "summary.tsv").rename(own)
    (results / "group_latency_refusals.tsv").write_text("of an earlier batch")
    task = Task(
        recording="x",
        out=str(own.parent),
        prefix="sub-00",
        label="x",
        inputs=ScoringInputs("x", "p"),
    )
    with pytest.warns(QualityWarning, match="group_latency_refusals.tsv was not written.*'b' and"):
        written = join_tables(Plan(results, (task,), grouped))
    assert set(written) == {"summary"}
    assert not (results / "group_latency_refusals.tsv").exists()


def test_two_runs_of_a_session_are_named_by_the_batch_and_told_what_helps(grouped):
    results = grouped / "derivatives" / "mimicry"
    head, *rows = (results / "summary.tsv").read_text().splitlines(keepends=True)
    tasks = []
    for person, name in (("00", "run-1"), ("00", "run-2"), ("01", "run-1")):
        own = results / f"sub-{person}" / f"sub-{person}_{name}_summary.tsv"
        own.parent.mkdir(exist_ok=True)
        own.write_text(head + "".join(r for r in rows if r.startswith(f"{person}\t")))
        prefix = own.name.removesuffix("_summary.tsv")
        tasks.append(
            Task(
                recording=name,
                out=str(own.parent),
                prefix=prefix,
                label="",
                inputs=ScoringInputs("x", "p"),
            )
        )
    with pytest.warns(QualityWarning) as said:
        join_tables(Plan(results, tuple(tasks), grouped))
    ours = [str(w.message) for w in said if "was not written" not in str(w.message)]
    assert len(ours) == 1
    assert ours[0].startswith("sub-00_run-1 and sub-00_run-2 are recordings of one person and")
    answer = run("group", grouped, "--by", "arm")
    assert answer.exit_code == 2
    assert "2 rows for participant 00" in answer.stderr
    for text in (ours[0], answer.stderr):
        assert "give each a ses- label of its own, or score one file that holds both" in text
    assert "trial ids" not in answer.stderr


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "participant_id\nsub-07\n"),
        ("participant_id\tage\nsub-01\t30\n", "participant_id\tage\nsub-01\t30\nsub-07\tn/a\n"),
        ("age\tparticipant_id\r\n30\t01", "age\tparticipant_id\r\n30\t01\r\nn/a\tsub-07\r\n"),
        ("participant_id\tage\nsub-01\t\n", "participant_id\tage\nsub-01\t\nsub-07\tn/a\n"),
        ("participant_id\tage\n07\t30\n", "participant_id\tage\n07\t30\n"),
        ("participant_id;age\n01;3\n", "participant_id;age\n01;3\n"),
    ],
)
def test_a_session_enters_its_person_once_and_spoils_no_list(tmp_path, before, after):
    path = tmp_path / "participants.tsv"
    if before is not None:
        path.write_bytes(before.encode())
    spoilt = before is not None and ";" in before
    with pytest.warns(QualityWarning, match="not entered") if spoilt else nullcontext():
        enter_participant(tmp_path, "07")
    assert path.read_bytes().decode() == after
    if not spoilt:
        assert "07" in read_people(tmp_path).labels


def test_events_of_another_device_are_no_recordings(tmp_path):
    for name in ("func", "eeg", "beh"):
        folder = tmp_path / "sub-01" / name
        folder.mkdir(parents=True)
        (folder / f"sub-01_task-{name}_events.tsv").write_text("onset\n")
    (tmp_path / "sub-01/eeg/sub-01_task-eeg_video.mp4").write_text("")
    assert [r.key for r in recordings(tmp_path)] == [
        "sub-01/sub-01_task-beh",
        "sub-01/eeg/sub-01_task-eeg",
    ][::-1]
    assert key_of("sub-01/func/sub-01_task-x_events.tsv") == "sub-01/func/sub-01_task-x"


def table_of(study):
    return study.results / "scores.tsv"


def test_repeated_rows_and_columns_of_the_scores_are_refused(make_study):
    study = make_study(people=4)
    text = table_of(study).read_text()
    lines = text.splitlines(keepends=True)
    table_of(study).write_text(text + lines[5])
    for command in ("reliability",):
        answer = run(command, study.root)
        assert answer.exit_code == 2
        assert "2 rows for participant" in answer.stderr
    head = lines[0].rstrip("\n") + "\tvalid\n"
    table_of(study).write_text(head + "".join(x.rstrip("\n") + "\t1\n" for x in lines[1:]))
    with pytest.raises(TableError, match="'valid' is there twice"):
        read_scores(study)


def test_text_in_a_column_of_numbers_is_counted_and_named(make_study):
    study = make_study(people=4)
    table = pd.read_csv(table_of(study), sep="\t", dtype=str, keep_default_na=False)
    table.loc[3, "delta_AU12_main"] = "0,25"
    table.loc[[7, 9], "delta_AU12_main"] = "1_0.5"
    table.to_csv(table_of(study), sep="\t", index=False)
    answer = run("reliability", study.root)
    assert answer.exit_code == 2
    assert "'delta_AU12_main' should hold measured numbers, found '0,25' in row" in answer.stderr
    assert "and 2 more" in answer.stderr


def test_labels_stay_text_and_numbers_become_numbers(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text('id\tn\tx\tq\n01\t1\t0.5\t"a\n02\t2\tn/a\tb\n')
    table = typed(read_cells(path))
    assert table["id"].tolist() == ["01", "02"]
    assert table["n"].tolist() == [1, 2]
    assert table["x"].isna().tolist() == [False, True]
    assert table["q"].tolist() == ['"a', "b"]  # BIDS tables know no quoting
    numbers(table, ["n", "x"])
    with pytest.raises(TableError, match=r"found '\"a' in row 1 and 1 more"):
        numbers(table, ["q"])


def test_scores_of_one_person_under_two_spellings_are_refused(make_study):
    study = make_study(people=4)
    text = table_of(study).read_text().replace("\n03\t", "\n3\t", 5)
    table_of(study).write_text(text)
    with pytest.raises(TableError, match="same participant is written"):
        read_scores(open_study(study.root))
