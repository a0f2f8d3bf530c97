"""Names, keys, cells and rows of a study: each by hand, each limit on both sides."""

import re
import warnings
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pandas as pd
import pytest

from mimicry.errors import InputError, QualityWarning, TableError
from mimicry.files import digest, write_json, write_text, write_tsv
from mimicry.protocol import load_protocol
from mimicry.records import ExtractionOptions
from mimicry.study import completeness, layout, recordings, scoring_log, tables, withdrawal
from mimicry.study.blind import exclusion_digest, masked_labels, masked_table, read_exclusions
from mimicry.study.completeness import Gaps
from mimicry.study.extracted import extracted
from mimicry.study.failures import Failure, Failures, read_failures
from mimicry.study.folder import SCORES as JOINT
from mimicry.study.folder import Study, read_joint
from mimicry.study.participants import enter_participant, one_spelling, write_people
from mimicry.study.scored_with import check_same_stimuli, clock_shift_s, say_other_stimuli

R = Path("derivatives") / "mimicry"


def row(folder: Path, name: str, *lines: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return write_text(folder / name, "\n".join(lines) + "\n")


def study_of(root: Path) -> Study:
    return Study(root, None)


NAMES = """
protocol.yaml stimuli.json dataset_description.json participants.tsv participants.json
prereg.json blind.json exclusions.tsv withdrawals.tsv sourcedata derivatives beh
derivatives/mimicry derivatives/simulation sub- ses- scores.tsv summary.tsv failures.tsv
group group_reliability group_multiverse group_contrasts.tsv group_differences.tsv
group_exclusions.tsv group_claims.tsv
group_latency_refusals.tsv report.html simulation.json participants_truth.tsv _video
_events.tsv _events.json _frames.tsv _beh.tsv _beh.json _recording.json _landmarks.parquet
_au.json _qc.json _extract.log _au.parquet _au.csv _openface.csv _scores.tsv _scores.json
_scores.log _summary.tsv _trace.parquet _report.html _blind.tsv _blind.json _first_frame.png
_failure.log _truth.tsv
"""


def test_the_names_of_a_studys_files_are_those_that_users_have() -> None:
    names = [
        Path(value).as_posix()
        for name, value in vars(layout).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, str | Path)
    ]
    assert names == NAMES.split()
    assert layout.NOT_RECORDED == ("derivatives", "sourcedata", "stimuli", "code")


def test_events_of_other_devices_count_where_a_video_lies_beside_them(tmp_path: Path) -> None:
    devices = ("anat", "eeg", "emg", "func", "ieeg", "meg", "motion", "nirs", "pet")
    for device in (*devices, "beh", "stimuli", ".hidden", "code"):
        row(tmp_path / "sub-1" / device, f"sub-1_task-{device}_events.tsv", "onset")
    assert [r.key for r in layout.recordings(tmp_path)] == ["sub-1/sub-1_task-beh"]
    (tmp_path / "sub-1" / "eeg" / "sub-1_task-eeg_video.mp4").touch()
    (tmp_path / "sub-1" / "meg" / "sub-1_task-meg.mp4").touch()
    (tmp_path / "sub-1" / "pet" / "sub-1_task-pet-b.mp4").touch()
    found = layout.recordings(tmp_path)
    assert [r.prefix for r in found] == ["sub-1_task-eeg", "sub-1_task-meg", "sub-1_task-beh"]
    assert found[2].file("_x.tsv") == tmp_path / R / "sub-1" / "sub-1_task-beh_x.tsv"
    assert found[0].folder == tmp_path / R / "sub-1" / "eeg"
    for name in ("scores.json", "scores.tsv"):
        assert not found[2].scored
        row(found[2].folder, f"sub-1_task-beh_{name}", "{}")
    assert found[2].scored


@pytest.mark.parametrize("mark", ["protocol.yaml", "stimuli.json", "dataset_description.json"])
def test_a_study_is_at_most_three_folders_above(tmp_path: Path, mark: str) -> None:
    (tmp_path / mark).touch()
    deep = tmp_path / "a" / "b" / "c"
    assert layout.study_of_events(deep / "x_events.tsv") == tmp_path
    assert layout.study_of_events(tmp_path / "x_events.tsv") == tmp_path
    assert layout.study_of_events(deep / "d" / "x_events.tsv") is None


def test_prefixes_and_folders_by_hand() -> None:
    kinds = ("video.mp4", "au.csv", "landmarks.parquet", "events.tsv", "scores.tsv", "summary.tsv")
    assert {layout.prefix_of(f"sub-1_task-x_{kind}") for kind in kinds} == {"sub-1_task-x"}
    assert layout.prefix_of("a_blind.tsv") == "a"
    assert layout.prefix_of("a_other.tsv") == "a_other"
    assert layout.recorded_stem("a_events.mp4") == "a_events"
    assert layout.session_prefix("1", "2", "x") == "sub-1_ses-2_task-x"
    assert layout.person_folder(Path("r"), "1", None) == Path("r/sub-1")
    assert layout.person_folder(Path("r"), "1", "2") == Path("r/sub-1/ses-2")
    assert layout.without_recorded(PurePosixPath("a/beh")) == PurePosixPath("a")
    assert layout.without_recorded(PurePosixPath("beh/a")) == PurePosixPath("beh/a")
    assert layout.check_label("Ab1", key="k") == "Ab1"
    for bad in ("a-b", "", "a\n"):
        with pytest.raises(InputError, match="is no label"):
            layout.check_label(bad, key="k")


def test_cells_are_taken_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_bytes(
        b'\xef\xbb\xbfa \tb\t\r\n"say ""x"""\t n/a\t\r\n\r\n"a"\t"b""\t\r\n"\t 1\t\r\n\t\t\r\n'
    )
    cells = tables.read_cells(path)
    assert cells.to_dict("list") == {"a": ['say "x"', '"a"', '"'], "b": ["", '"b""', " 1"]}
    for data, text in (
        (b"a\tb\n1\n", "line 2 has 1 cells, the head has 2"),
        (b"\xff\xfea\0", r"UTF-16 \(byte 0\)"),
        (b"\xfe\xff\0a", r"UTF-16 \(byte 0\)"),
        (b"ab\xff", r"not UTF-8 \(byte 2\)"),
        (b"a\0", "a NUL byte"),
        (b"\t \n\n", "the table is empty"),
        (b"a;b\n", "separated by semicolons"),
        (b"a,b\n", "separated by commas"),
        (b"a\t\n1\t2\n", "column 2 has cells and no name"),
        (b"a\tA\n1\t2\n", "'a' and 'A' is there twice"),
    ):
        path.write_bytes(data)
        with pytest.raises(TableError, match=text):
            tables.read_cells(path)


@pytest.mark.parametrize(
    ("cells", "made"),
    [
        (["1", "-2"], [1, -2]), (["1", ""], [1.0, None]), (["1e3", "2"], [1000.0, 2.0]),
        (["01", "2"], ["01", "2"]), (["0", "0.5"], [0.0, 0.5]), (["-01"], ["-01"]),
        (["1e100"], [1e100]), (["1.1e100"], ["1.1e100"]), (["1", "x"], ["1", "x"]),
        (["1-2"], ["1-2"]), (["+1"], [1]), (["00.5"], [0.5]),
    ],
)  # fmt: skip
def test_columns_of_numbers_become_numbers(cells, made) -> None:
    both = tables.typed(pd.DataFrame({"x": cells, "y": cells}, dtype=object), text=["y"])
    assert both["y"].tolist() == cells
    values = [None if v != v else v for v in both["x"].tolist()]
    assert values == made
    assert [type(v) for v in values] == [type(v) for v in made]


def test_what_is_no_measured_number_is_counted(tmp_path: Path) -> None:
    table = pd.DataFrame({"x": ["1", "n/a", "", "1e100"], "n": [1, 2, 3, 4]}, dtype=object)
    tables.numbers(table, ["x"])
    assert [None if v != v else v for v in table["x"]] == [1.0, None, None, 1e100]
    tables.numbers(table, ["n"])
    for cells, text in (
        (["1", "x"], r"found 'x' in row 2\."),
        (["x", "1.1e100"], "found 'x' in row 1 and 1 more"),
        (["-", "1"], r"found '-' in row 1\."),
    ):
        with pytest.raises(TableError, match=text):
            tables.numbers(pd.DataFrame({"x": cells}, dtype=object), ["x"])


def test_a_missing_column_is_told_with_those_that_are_there() -> None:
    for n, end in ((12, r"c11$"), (13, r"c11, \.\.\.$")):
        table = pd.DataFrame(columns=[f"c{k}" for k in range(n)])
        tables.need_columns(table, ["c0"])
        with pytest.raises(TableError, match=f"no column 'x'; it has c0, .*{end}"):
            tables.need_columns(table, ["x"])
    twice = pd.DataFrame({"p": ["1", "1", "2", "2", "2"], "s": ["", "", "a", "a", "b"]})
    with pytest.raises(TableError, match=r"2 rows for p 1 \(and 1 more\), expected one"):
        tables.refuse_repeated_rows(twice, ["p", "s", "z"], None, "h")
    tables.refuse_repeated_rows(twice.iloc[[0, 2, 4]], ["p", "s"], None, "h")


def test_tables_of_several_people_are_numbered_through(tmp_path: Path) -> None:
    for person in "12":
        line = f"sub-{person}\thappy\tc\t1"
        head = "participant\tcondition\tstimulus\tvalid"
        row(tmp_path / f"sub-{person}", f"sub-{person}_scores.tsv", head, line)
    table = read_joint(tmp_path, JOINT)
    assert table.index.tolist() == [0, 1]
    assert table["participant"].tolist() == ["1", "2"]
    assert table["session"].tolist() == ["", ""]


@pytest.mark.parametrize(
    ("text", "time"),
    [("2026-01-02T03:04:05+01:00", datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)),
     ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)), ("soon", None)],
)  # fmt: skip
def test_a_time_without_a_zone_is_utc(text, time) -> None:
    assert scoring_log.time_of(text) == time


def test_the_first_scoring_is_the_earliest_of_all_logs(tmp_path: Path) -> None:
    scoring_log.log_scoring(tmp_path, "a", "d1")
    scoring_log.log_scoring(tmp_path, "a", "d2")
    lines = (tmp_path / "a_scores.log").read_text().split("\n")
    assert lines[0] == "time\tversion\tdigest"
    assert [line.split("\t")[2] for line in lines[1:3]] == ["d1", "d2"]
    row(tmp_path, "b_scores.log", lines[0], "2020-01-02\tv\td", "2020-01-01\tv\td")
    row(tmp_path, "c_scores.log", lines[0], "2019-01-01\tv\td", "soon\tv\td")
    row(tmp_path, "d_scores.log", "2018-01-01\tv\td")
    sidecars = [tmp_path / f"{p}_scores.json" for p in "abcde"]
    first = scoring_log.first_scoring(sidecars)
    assert first.time == datetime(2020, 1, 1, tzinfo=UTC)
    assert first.unlogged == ("c", "d", "e")
    assert scoring_log.first_scoring(sidecars[2:]).time is None


def test_recordings_must_be_scored_with_the_same_clips(tmp_path: Path) -> None:
    for person, apex in (("1", 1.0), ("2", 1.0), ("3", 2.0)):
        row(tmp_path / f"sub-{person}", f"sub-{person}_events.tsv", "onset")
        folder, clips = tmp_path / R / f"sub-{person}", {"smile": {"apex_s": apex}}
        content = {"inputs": {"stimuli": clips}, "stimuli": {"sha256": f"s{apex}"}}
        if person == "1":
            content["clock"] = {"shift_s": -1.5}
        folder.mkdir(parents=True)
        write_json(folder / f"sub-{person}_scores.json", content)
        if person != "3":
            (folder / f"sub-{person}_scores.tsv").touch()
    check_same_stimuli(tmp_path)
    (tmp_path / R / "sub-3" / "sub-3_scores.tsv").touch()
    with pytest.raises(InputError, match=r"clip 'smile' moves .* of sub-1 than in those of sub-3"):
        check_same_stimuli(tmp_path)
    units = [tmp_path / R / f"sub-{k}" / f"sub-{k}_au.parquet" for k in "1239"]
    assert [clock_shift_s(path) for path in units] == [-1.5, 0.0, 0.0, 0.0]

    class Clips:
        sha256 = "s1.0"

        def __str__(self) -> str:
            return "MANIFEST"

    with pytest.warns(QualityWarning, match=r"1 recordings \(sub-3\) were .* than MANIFEST"):
        say_other_stimuli(units, Clips())


def test_each_recording_has_one_table_of_action_units(tmp_path: Path) -> None:
    study, folder = study_of(tmp_path), tmp_path / R / "sub-1" / "ses-2"
    row(tmp_path / "sub-1" / "ses-2" / "beh", "sub-1_ses-2_task-x_events.tsv", "onset")
    with pytest.raises(InputError, match="no action-unit table with events"):
        extracted(study)
    row(folder, ".sub-1_ses-2_task-x_au.csv", "part")
    parquet = row(folder, "sub-1_ses-2_task-x_au.parquet", "x")
    (one,) = extracted(study)
    assert (one.participant, one.session, one.au_table) == ("1", "2", parquet)
    assert one.events.name == "sub-1_ses-2_task-x_events.tsv"
    row(folder, "sub-1_ses-2_task-x_au.csv", "x")
    with pytest.raises(InputError, match=r"_au\.csv and sub-1_ses-2_task-x_au\.parquet"):
        extracted(study)


def test_a_failure_is_found_by_key_by_name_or_below_another_path(tmp_path: Path) -> None:
    def failed(text: str) -> bool:
        recording = layout.Recording("sub-1/sub-1_task-x", Path("e"), Path("f"))
        return Failures((Failure(text, "E", "m"),)).of(recording) is not None

    for text in ("sub-1/sub-1_task-x_video.mp4", "sub-1_task-x.mp4", "/lab/sub-1/sub-1_task-x.mp4"):
        assert failed(text)
    for text in ("sub-1_task-xy.mp4", "/lab/xsub-1/sub-1_task-x.mp4", "sub-2/sub-1_task-x.mp4"):
        assert not failed(text)
    assert read_failures(tmp_path).rows == ()
    row(tmp_path, "failures.tsv", "input\terror", "a.mp4\tE")
    assert read_failures(tmp_path).rows == (Failure("a.mp4", "E", ""),)
    path = Path("/lab/a.mp4")
    of = [
        Failure.of(path, error)
        for error in (
            InputError("bad", path=path),
            OSError(28, "No space"),
            ValueError("x\ny  z"),
            KeyError(),
        )
    ]
    system, odd = "the system refused to read or write (No space)", "unexpected: y z"
    assert [f.message for f in of] == ["bad", system, odd, "unexpected: KeyError"]
    assert {f.input for f in of} == {"a.mp4"}


def test_what_a_study_lacks_is_counted_and_at_most_five_are_named(tmp_path: Path) -> None:
    names = tuple(f"sub-{k}" for k in range(7))
    assert Gaps(failed=("a",)).sentences() == ("1 recording failed (a)",)
    (text,) = Gaps(without_group=names[:5]).sentences()
    assert text == "5 people have no group (sub-0, sub-1, sub-2, sub-3, sub-4)"
    (text,) = Gaps(without_group=names).sentences()
    assert text.endswith("sub-4, and 2 more)")
    assert not Gaps()
    assert Gaps(failed=("a",)).to_json() == {"failed": ["a"]}
    study = study_of(tmp_path)
    assert completeness.settle(Gaps(), study, incomplete=False) == ()
    for gaps, hint in (
        (Gaps(not_scored=("a",), without_row=("b",)), "Finish it"),
        (Gaps(failed=("a",), without_row=("b",)), "failures.tsv says why"),
        (Gaps(without_row=("sub-1",), without_results=("sub-2",)), "Complete participants.tsv"),
        (Gaps(without_row=("sub-1",), without_results=("sub-01",)), "leading zeros alone"),
    ):
        with pytest.raises(InputError, match="not complete") as problem:
            completeness.settle(gaps, study, incomplete=False)
        assert (problem.value.hint or "").find(hint) >= 0
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            assert completeness.settle(gaps, study, incomplete=True) == gaps.sentences()
        assert len(told) == len(gaps.sentences())


def test_masked_labels_are_letters_and_then_numbered_ones() -> None:
    labels = masked_labels(["a", "b", "a"], "k")
    assert sorted(labels.values()) == ["A", "B"]
    many = masked_labels([str(k) for k in range(28)], "k")
    assert sorted(many.values())[:4] == ["A", "A26", "A27", "B"]
    scores = pd.DataFrame({"trial_id": ["1"], "condition": ["a"], "valid": [1], "delta_AU12": [2]})
    seen = masked_table(scores, ["b"], "k")
    assert list(seen.columns) == ["trial_id", "condition", "valid"]
    assert seen["condition"].tolist() == [labels["a"]]


def test_exclusions_have_one_digest_in_any_order(tmp_path: Path) -> None:
    head = "participant\tsession\ttrial_id\treason"
    row(tmp_path, "exclusions.tsv", head, "sub-1\tses-a\t3\tasleep", "2\t\t\tleft")
    rows = read_exclusions(tmp_path)
    assert [(r.participant, r.session, r.trial_id) for r in rows] == [
        ("1", "a", "3"),
        ("2", "", ""),
    ]
    known = digest([["1", "a", "3", "asleep"], ["2", "", "", "left"]])
    assert exclusion_digest(tmp_path) == known
    row(tmp_path, "exclusions.tsv", head, "2\t\t\tleft", "1\ta\t3\tasleep")
    assert exclusion_digest(tmp_path) == known
    row(tmp_path, "exclusions.tsv", head, "2\t\t\tn/a")
    with pytest.raises(InputError, match="line 2 lacks"):
        read_exclusions(tmp_path)


def test_a_person_is_appended_as_the_list_is_written(tmp_path: Path) -> None:
    write_people(tmp_path, pd.DataFrame({"participant_id": ["sub-1"], "g": ["a"]}), {"g": {}})
    assert (tmp_path / "participants.json").read_text() == '{\n  "g": {}\n}\n'
    enter_participant(tmp_path, "2")
    enter_participant(tmp_path, "2")
    text = (tmp_path / "participants.tsv").read_text()
    assert text == "participant_id\tg\nsub-1\ta\nsub-2\tn/a\n"
    one_spelling(["a", "b", "1", "2", "a"], "w", None, "k")
    for two in (("1", "01"), ("a", "A"), ("a b", "a  b"), ("1", "1.0")):
        with pytest.raises(TableError, match="w is written"):
            one_spelling(two, "w", None, "k")


@pytest.mark.parametrize(
    ("text", "chosen"), [("1/1", [0, 1, 2]), ("1/2", [0, 2]), ("2/2", [1]), ("4/4", [])]
)
def test_parts_of_a_batch_are_interleaved(text, chosen) -> None:
    assert recordings.shard_of([0, 1, 2], text) == chosen
    for bad in ("0/2", "3/2", "1", "1/2/3", "-1/2"):
        with pytest.raises(InputError, match="is no part"):
            recordings.shard_of([], bad)


def test_videos_of_a_folder_and_their_names(tmp_path: Path) -> None:
    for name in ("b/a.mp4", "b/a_video.mp4", "code/x.mp4", "b/.h/y.mp4", "b/z.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    below = recordings._videos_below(tmp_path)
    assert [p.name for p in below] == ["a.mp4", "a_video.mp4"]
    (tmp_path / "protocol.yaml").touch()
    assert [p.name for p in recordings._videos_below(tmp_path)] == ["a_video.mp4"]
    sources = recordings._recordings(tmp_path, below, tmp_path / R)
    assert [s.prefix for s in sources] == ["a", "a-2"]
    assert {s.folder for s in sources} == {tmp_path / R / "b"}
    assert recordings._label(tmp_path / "b" / "a.mp4", tmp_path) == "b/a.mp4"
    assert recordings._label(Path("x/a.mp4"), None) == "x/a.mp4"
    with pytest.raises(InputError, match="several files need a folder"):
        recordings.plan_batch([str(p) for p in below])
    with pytest.raises(InputError, match="file not found"):
        recordings.plan_batch([str(tmp_path / "no.mp4")], out=tmp_path)


def test_rows_are_a_persons_by_their_columns_of_people(tmp_path: Path) -> None:
    def left(name: str, *lines: str, owned: bool = False) -> tuple[list[str] | None, int]:
        content, mentions = withdrawal._without(row(tmp_path, name, *lines), "1", owned=owned)
        return None if content is None else content.decode().split("\n")[:-1], mentions

    assert left("a.tsv", "participant\tx", "1\t5", "sub-1\t6", "sub-12\t7", "2\tsub-1 seen") == (
        ["participant\tx", "sub-12\t7", "2\tsub-1 seen"],
        1,
    )
    assert left("a.tsv", "participant", "1", owned=True) == (None, 0)
    assert left("a.tsv", "x\tof", "2\tsub-1_a") == (None, 1)
    assert left("a.tsv", "of\tx", "sub-1_a\t2") == (["of\tx"], 0)
    assert left("a.tsv", "input", "sub-1.mp4") == (None, 1)
    assert left("failures.tsv", "input", "sub-1/a.mp4", "sub-2/a_sub-1.mp4") == (
        ["input", "sub-2/a_sub-1.mp4"],
        1,
    )
    assert left("failures.tsv", "recording", r"x\a_sub-1.mp4", "xsub-1") == (
        ["recording", "xsub-1"],
        0,
    )
    path = Path("s/sub-1/sub-2_sub-1_sub-3.tsv")
    assert withdrawal._others_in(path, Path("s"), "1") == ["sub-2", "sub-3"]


def test_a_withdrawal_counts_what_it_deletes(tmp_path: Path) -> None:
    for name in ("sub-1/a/x.tsv", "sub-1/y.tsv", "sub-12/y.tsv", "b/z_sub-1.log"):
        row((tmp_path / name).parent, Path(name).name, "participant", "1")  # of 12: a trial

    with pytest.raises(InputError, match="holds nothing of participant '3'"):
        withdrawal.withdraw(tmp_path, "sub-3")
    row(tmp_path, "participants.tsv", "participant_id", "sub-1", "sub-12")
    write_json(tmp_path / "blind.json", {"tables": {"sub-1_a.tsv": "x", "sub-12_a.tsv": "y"}})
    joint = tmp_path / R
    for stem, text in (("g", '"sub-1"'), ("h", '"sub-12"')):
        row(joint, f"{stem}.json", text)
        row(joint, f"{stem}.tsv", "x")
    paths, changed = withdrawal.withdraw(tmp_path, "1")
    names = {p.relative_to(tmp_path).as_posix() for p in paths}
    here = R.as_posix()
    assert names == {"sub-1", "b/z_sub-1.log", f"{here}/g.json", f"{here}/g.tsv"}
    assert changed == [tmp_path / "participants.tsv"]
    assert (tmp_path / "participants.tsv").read_text() == "participant_id\nsub-12\n"
    assert '"sub-12_a.tsv"' in (tmp_path / "blind.json").read_text()
    assert '"sub-1_a.tsv"' not in (tmp_path / "blind.json").read_text()
    assert (tmp_path / "sub-12" / "y.tsv").read_text() == "participant\n1\n"
    assert sorted(p.name for p in joint.iterdir()) == ["h.json", "h.tsv"]
    head, line = (tmp_path / "withdrawals.tsv").read_text().splitlines()
    assert head == "time\tparticipant\tfiles"
    assert re.fullmatch(r"[-0-9T:+]+\tsub-1\t5", line)


def test_a_study_is_called_as_its_description_says(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    assert (study.name, study.results) == (tmp_path.name, tmp_path / R)
    for content, name in (({"Name": "Smiles"}, "Smiles"), ({"Name": " "}, tmp_path.name)):
        write_json(tmp_path / "dataset_description.json", content)
        assert study.name == name
    write_tsv(tmp_path / "x.tsv", pd.DataFrame({"a": [1]}))


def test_what_a_batch_cannot_do_is_refused_before_it_starts(tmp_path: Path) -> None:
    check, events = recordings._check_choices, [tmp_path / "a.tsv", tmp_path / "b.tsv"]
    check(None, events, ExtractionOptions())
    check(None, [], ExtractionOptions(format="csv"))
    with pytest.raises(InputError, match="two recordings of the same name"):
        check(None, [*events, events[0]], ExtractionOptions())
    with pytest.raises(InputError, match="keep their action units as parquet"):
        check(None, events, ExtractionOptions(format="csv"))
    assert recordings._study(None) is None
    assert recordings._study(tmp_path) is None
    assert recordings._protocol(tmp_path, None, None, False) is None
    with pytest.raises(InputError, match="no protocol to score them with"):
        recordings._protocol(tmp_path, None, None, True)
    (tmp_path / "stimuli.json").touch()
    assert recordings._study(tmp_path) == str(tmp_path)
    name = "dynamic-happy-angry"
    assert recordings._protocol(None, name, None, False) == name
    copy = tmp_path / "protocol.yaml"
    copy.write_bytes(Path(load_protocol(name).path).read_bytes())
    assert recordings._protocol(tmp_path, None, None, False) == str(copy)
