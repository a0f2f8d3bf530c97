"""Where the reading and writing of files stops: each limit on both sides, each text exactly."""

import hashlib
import inspect
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mimicry import files
from mimicry.errors import InputError, TableError
from mimicry.files import access, atomic, loading, processes
from mimicry.files.assets import asset_folder

P = Path("p.json")
POSIX = pytest.mark.skipif(os.name != "posix", reason="pipes and modes of POSIX")
PROC = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
DEAD = 999_999_999  # no system counts so far


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ({}, {"a?": int}),
        ({"a": 1, "b": 2}, {"*": int}),
        ({"a": {"u": None}}, {"*": {"u?": (str, None)}}),
        ([1, 2.5], [float]),
        ([], [int]),
        (True, bool),
        ("x", (int, str)),
        (None, (dict, None)),
    ],
)
def test_values_of_the_right_shape_pass(value, shape) -> None:
    loading.check_shape(value, shape, path=P)


@pytest.mark.parametrize(
    ("value", "shape", "key", "text"),
    [
        ({}, {"a": int}, "a", "has no 'a'"),
        ({"a": {}}, {"a": {"b": int}}, "a.b", "has no 'a.b'"),
        ({"a": 1, "b": "x"}, {"*": int}, "b", "'b' is \"x\", expected a whole number"),
        ({"a": "x"}, {"a?": int}, "a", "'a' is \"x\", expected a whole number"),
        ({"a": [1, 2.5]}, {"a": [int]}, "a[1]", "'a[1]' is 2.5, expected a whole number"),
        ({"a": True}, {"a": int}, "a", "'a' is true, expected a whole number"),
        ({"a": True}, {"a": float}, "a", "'a' is true, expected a number"),
        ({"a": 1}, {"a": bool}, "a", "'a' is 1, expected true or false"),
        ({"a": {}}, {"a": [int]}, "a", "'a' is {}, expected a list"),
        ({"a": 1}, {"a": (str, None)}, "a", "'a' is 1, expected a text"),
        ([], {"a": int}, None, "holds [], expected an object"),
        ("x" * 38, int, None, f'holds "{"x" * 38}", expected a whole number'),
        ("x" * 39, int, None, f'holds "{"x" * 36}..., expected a whole number'),
    ],
)
def test_values_of_another_shape_are_shown_with_their_key(value, shape, key, text) -> None:
    with pytest.raises(TableError) as problem:
        loading.check_shape(value, shape, path=P, kind=TableError)
    assert (problem.value.key, problem.value.message) == (key, text)


@pytest.mark.parametrize("good", [2**63 - 1, -(2**63), 9.9e299, -9.9e299])
def test_numbers_that_fit_are_read(good) -> None:
    assert loading.json_value(str(good), path=P) == good


@pytest.mark.parametrize("bad", [2**63, -(2**63) - 1, "1e300", "-1e300", "NaN", '"\\u0000"'])
def test_numbers_and_texts_that_fit_nowhere_are_refused(bad) -> None:
    with pytest.raises(InputError, match="no readable JSON"):
        loading.json_value(str(bad), path=P)


def test_a_file_may_have_64_megabytes_or_what_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert loading.read_bytes(path, most=5) == b"12345"
    assert loading.require_file(path) == 5
    with pytest.raises(InputError, match="far more"):
        loading.read_bytes(path, most=4)
    os.truncate(path, 64 << 20)
    assert len(loading.read_bytes(path)) == 64 << 20
    os.truncate(path, (64 << 20) + 1)
    with pytest.raises(InputError, match="has 64 MB"):
        loading.read_bytes(path)


@POSIX
def test_only_plain_files_are_there(tmp_path: Path) -> None:
    assert not loading.is_there(tmp_path / "absent")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name, text in (("pipe", "a pipe or a device"), ("link", "not found"), (".", "is a folder")):
        with pytest.raises(TableError, match=text):
            loading.is_there(tmp_path / name, kind=TableError)


def test_a_parquet_table_may_have_as_many_rows_as_the_limit(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(loading, "_MOST_ROWS", 3)
    for rows in (0, 3):
        pq.write_table(pa.table({"x": list(range(rows))}), tmp_path / "a.parquet")
        assert loading.open_parquet(tmp_path / "a.parquet").metadata.num_rows == rows
    pq.write_table(pa.table({"x": range(4)}), tmp_path / "a.parquet")
    with pytest.raises(TableError, match="holds 4 rows, expected at most 3"):
        loading.open_parquet(tmp_path / "a.parquet")


def test_a_parquet_table_keeps_its_note_and_no_index(tmp_path: Path) -> None:
    table = pd.DataFrame({"x": [1.5, 2.5]}, index=[7, 8])
    path = files.write_parquet(tmp_path / "a.parquet", table, {"b": '{"n": 1}', "a": "[1]"})
    file = loading.open_parquet(path)
    assert file.schema_arrow.names == ["x"]
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert loading.parquet_note(file, "b", path) == {"n": 1}
    assert loading.parquet_note(file, "c", path) == {}
    with pytest.raises(TableError, match=r"'a' is \[1\], expected an object"):
        loading.parquet_note(file, "a", path)
    pd.testing.assert_frame_equal(loading.read_parquet(path), table.reset_index(drop=True))


def test_lines_of_a_journal_are_counted_from_one_with_blank_ones(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(b'{"a": 1}\n\n[2]\n{"a": "x"}\n\xff\n{"a": 5}')
    assert loading.read_json_lines(tmp_path / "j", {"a": int}) == ([{"a": 1}, {"a": 5}], [3, 4, 5])


def test_the_text_of_a_json_file_is_the_same_everywhere() -> None:
    value = {
        "z": (1, 2.5, float("inf")),
        "ä": {3, 1, 2},
        "p": Path("a") / "b",
        1: np.float64("nan"),
        "n": np.array([[1, 2]]),
        "s": "\udcfc",
        "f": frozenset({"y", "x"}),
    }
    text = (
        '{\n  "1": null,\n  "f": [\n    "x",\n    "y"\n  ],\n  "n": [\n    [\n      1,\n      2\n'
        '    ]\n  ],\n  "p": "a/b",\n  "s": "\\\\xfc",\n  "z": [\n    1,\n    2.5,\n    null\n'
        '  ],\n  "ä": [\n    1,\n    2,\n    3\n  ]\n}\n'
    )
    assert files.to_json_text(value) == text
    assert files.digest(value) == hashlib.sha256(text.encode()).hexdigest()


def test_texts_are_written_as_utf_8_and_the_path_is_given_back(tmp_path: Path) -> None:
    path = files.write_text(tmp_path / "a", "ä\n\ud800")
    assert path == tmp_path / "a"
    assert path.read_bytes() == "ä\n\\ud800".encode()
    assert files.sha256_of(path) == hashlib.sha256("ä\n\\ud800".encode()).hexdigest()
    assert files.printable("ä") == "ä"
    table = pd.DataFrame({"x": [0.1, np.nan], "y": ["a", None]})
    assert files.write_tsv(path, table).read_bytes() == b"x\ty\n0.1\ta\nn/a\tn/a\n"
    assert files.write_csv(path, table).read_bytes() == b"x,y\n0.1,a\n,\n"
    assert files.make_folder(tmp_path / "b" / "c") == tmp_path / "b" / "c"


def test_half_written_files_of_the_living_and_of_other_targets_stay(tmp_path: Path) -> None:
    here, old = atomic._host_mark(), time.time() - 86_500
    gone = [f".a.{here}-{DEAD}.part.tsv", ".a.00000000-5.part"]
    kept = [
        f".a.{here}-{os.getpid()}.part.tsv",
        ".a.00000000-6.part.tsv",
        f".b.{here}-{DEAD}.part.tsv",
        f".a.{here}-1{DEAD}.part.tsv",
        f".a.{here}-{DEAD}.part.tsv.gz",
    ]
    for name in (*gone, *kept):
        (tmp_path / name).touch()
    os.utime(tmp_path / gone[1], (old, old))
    os.utime(tmp_path / kept[1], (old + 300, old + 300))
    files.clear_leftovers(tmp_path, stem="a")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(kept)
    files.clear_leftovers(tmp_path)
    assert kept[2] not in {p.name for p in tmp_path.iterdir()}
    files.clear_leftovers(tmp_path / "absent")


def test_temporary_folders_go_with_their_process(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(atomic.tempfile, "tempdir", str(tmp_path))
    start = f"mimicry-{atomic._host_mark()}-"
    names = {n: tmp_path / f"{start}{n}-x" for n in (DEAD, os.getpid(), f"1{DEAD}", "x")}
    for folder in names.values():
        (folder / "in").mkdir(parents=True)
    with files.scratch() as folder:
        assert folder.name.startswith(f"{start}{os.getpid()}-")
        assert [f.exists() for f in names.values()] == [False, True, True, True]
    assert not folder.exists()


def test_an_error_of_the_program_itself_is_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="own") as problem, files.writing(tmp_path):
        raise OSError("own")
    assert not isinstance(problem.value, InputError)
    with pytest.raises(InputError, match="No space") as told, files.writing(tmp_path):
        raise OSError(28, "No space left")
    assert (told.value.key, told.value.path) == ("`out`", str(tmp_path))


@PROC
def test_a_process_is_known_by_number_and_start() -> None:
    mine = processes.start_of(os.getpid())
    assert mine.isdecimal()
    assert mine == Path(f"/proc/{os.getpid()}/stat").read_text().rpartition(")")[2].split()[19]
    assert processes.alive(os.getpid()) is True
    assert processes.alive(os.getpid(), mine) is True
    assert processes.alive(os.getpid(), f"{mine}0") is False
    assert [processes.alive(pid) for pid in (0, -1, 1 << 31, DEAD)] == [False] * 4
    assert processes.start_of(DEAD) == ""


def test_what_ships_with_the_package_is_found_or_its_absence_said() -> None:
    assert (asset_folder("protocols") / "house-smile.yaml").is_file() or any(
        asset_folder("protocols").glob("*.yaml")
    )
    with pytest.raises(FileNotFoundError, match="no folder 'nothing'"):
        asset_folder("nothing")


@pytest.mark.parametrize("missing", ["one", "both"])
def test_results_are_kept_only_with_all_their_files(tmp_path: Path, missing: str) -> None:
    results = files.Results(tmp_path, "s.json", "d")
    paths = [tmp_path / "a", tmp_path / "b"]
    assert results.kept(paths) is False
    files.write_json(tmp_path / "s.json", {"digest": "d"})
    assert results.kept() is True
    if missing == "one":
        paths[0].touch()
    assert results.kept(paths) is False
    for path in paths:
        path.touch()
    assert results.kept(paths) is True
    assert files.Results(tmp_path, "s.json", "d", overwrite=True).kept(paths) is False


@POSIX
def test_a_folder_is_an_example_unless_everybody_may_write_there(tmp_path: Path) -> None:
    modes = {}
    for above in (0o1770, 0o0777, 0o1777):
        parent = tmp_path / f"{above:o}"
        parent.mkdir()
        parent.chmod(above)
        with files.private():
            files.make_folder(parent / "new", shared=True)
        modes[above] = (parent / "new").stat().st_mode & 0o777
    own = os.umask(0)
    os.umask(own)
    assert modes == {0o1770: 0o770, 0o0777: 0o777, 0o1777: 0o777 & ~own}


@POSIX
def test_access_is_given_without_what_the_new_file_had(tmp_path: Path) -> None:
    path = files.write_text(tmp_path / "a", "x")
    path.chmod(0o2751)
    access.Access(0o640, path.stat().st_gid, None).give(path)
    assert path.stat().st_mode & 0o7777 == 0o2640
    known = access.Access.of(path)
    assert known is not None
    assert (known.mode, known.group) == (0o640, path.stat().st_gid)
    assert access.Access.of(tmp_path / "absent") is None
    assert [access._is_common(Path(p)) for p in ("s/sourcedata", "derivatives/x", "x/y")] == [
        True, True, False
    ]  # fmt: skip


def test_closed_streams_are_opened_by_their_numbers(monkeypatch) -> None:
    monkeypatch.setattr(processes.os, "fdopen", lambda n, mode, encoding: (n, mode, encoding))
    kept = processes.sys.stdout
    for name in ("stdin", "stderr"):
        monkeypatch.setattr(processes.sys, name, None)
    processes.open_missing_streams()
    made = processes.sys.stdin, processes.sys.stderr
    assert made == ((0, "r", "utf-8"), (2, "w", "utf-8"))
    assert processes.sys.stdout is kept
    patience = inspect.signature(processes.end_process).parameters["patience_s"]
    assert patience.default == 5.0
