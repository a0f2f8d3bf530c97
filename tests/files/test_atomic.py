"""Whole files: nothing half-written, stable bytes, clear refusals."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from mimicry import files
from mimicry.batch.locks import BusyError, locked
from mimicry.errors import InputError
from mimicry.files import atomic


def test_a_failed_write_leaves_the_earlier_file_and_nothing_else(tmp_path: Path) -> None:
    path = files.write_text(tmp_path / "a.txt", "old\n")

    def fail_half_way() -> None:
        with files.atomic_path(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert path.read_text() == "old\n"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_json_is_sorted_and_turns_nan_into_null(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"b": float("nan"), "a": (1, 2)})
    assert (tmp_path / "a.json").read_text() == '{\n  "a": [\n    1,\n    2\n  ],\n  "b": null\n}\n'


def test_missing_values_in_tsv_are_n_a(tmp_path: Path) -> None:
    table = pd.DataFrame({"x": [0.1, float("nan")], "y": ["a", None]})
    assert files.write_tsv(tmp_path / "a.tsv", table).read_text() == "x\ty\n0.1\ta\nn/a\tn/a\n"


def test_equal_settings_have_equal_digests_whatever_their_order() -> None:
    assert files.digest({"a": 1, "b": [2.0]}) == files.digest({"b": (2.0,), "a": 1})
    assert files.digest({"a": 1}) != files.digest({"a": 2})


def test_a_folder_below_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot make the output folder") as problem:
        files.make_folder(tmp_path / "file" / "out")
    assert problem.value.key == "`out`"


def _part(folder: Path, stem: str, pid: int, *, host: str | None = None) -> Path:
    mark = atomic._host_mark() if host is None else host
    path = folder / f".{stem}.{mark}-{pid}.part.tsv"
    path.write_text("half")
    return path


@pytest.fixture
def dead() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def zombie() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", ""])
    while Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    yield process.pid
    process.wait()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="zombies are seen on Linux")
def test_what_a_killed_process_left_is_taken_away(tmp_path: Path, dead: int, zombie: int) -> None:
    gone = [_part(tmp_path, "a", dead), _part(tmp_path, "a", zombie)]
    other = _part(tmp_path, "b", dead)
    mine, parent = _part(tmp_path, "a", os.getpid()), _part(tmp_path, "a", os.getppid())
    away, old = (_part(tmp_path, "a", k, host="00000000") for k in (1, 2))
    os.utime(old, (time.time() - 100_000,) * 2)
    files.write_text(tmp_path / "a.tsv", "x")
    assert not any(p.exists() for p in (*gone, old, mine))  # ours was written over
    assert all(p.exists() for p in (other, parent, away))
    files.make_folder(tmp_path)
    assert not other.exists()
    assert all(p.exists() for p in (parent, away))


def test_a_temporary_folder_of_a_killed_process_is_taken_away(
    tmp_path: Path, dead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / f"mimicry-{atomic._host_mark()}-{dead}-abc"
    (left / "deep").mkdir(parents=True)
    mine = {"mimicry-notes-of-mine", f"mimicry-00000000-{dead}-of_another_machine"}
    for name in mine:
        (tmp_path / name).mkdir()
    with files.scratch() as folder:
        assert folder.name.startswith(f"mimicry-{atomic._host_mark()}-{os.getpid()}-")
        assert folder.is_dir()
        assert not left.exists()
    assert {p.name for p in tmp_path.iterdir()} == mine


def test_on_another_machine_a_living_temporary_folder_stays(
    tmp_path: Path, dead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(os, "getpid", lambda: dead)  # a number that is free on the other one
    with files.scratch() as first:
        monkeypatch.setattr(platform, "node", lambda: "another-machine")
        with files.scratch() as second:
            assert first.is_dir()
            assert second.is_dir()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="zombies are seen on Linux")
def test_dead_and_zombie_processes_hold_no_lock(tmp_path: Path, dead: int, zombie: int) -> None:
    lock = tmp_path / ".x.lock"
    me = {"host": platform.node(), "pid": os.getpid()}
    for owner in ({**me, "pid": dead}, {**me, "pid": zombie}, {**me, "started": "1"}):
        lock.write_text(json.dumps(owner))
        with locked(lock):
            assert json.loads(lock.read_text())["pid"] == os.getpid()
    for damaged in (b"[]", b"", b"\xff", b'{"pid": "1", "host": 3}', b"[" * 99_999):
        lock.write_bytes(damaged)
        # its holder may be at work: a sign of life is given every ten seconds
        for age_s in (0, 25, *((110,) if damaged else ())):
            os.utime(lock, (time.time() - age_s,) * 2)
            with pytest.raises(BusyError), locked(lock):
                pass
        os.utime(lock, (time.time() - (130 if damaged else 40),) * 2)
        with locked(lock):
            pass
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_lock_says_to_other_accounts_whose_it_is(tmp_path: Path) -> None:
    lock = tmp_path / ".x.lock"
    with files.private(), locked(lock):
        assert lock.stat().st_mode & 0o777 == 0o644
        assert json.loads(lock.read_text()).keys() == {"host", "pid", "started"}


def test_a_living_lock_that_cannot_be_read_is_not_taken_over(
    tmp_path: Path, mere_mortal: list[str]
) -> None:
    lock = tmp_path / ".x.lock"
    code = (
        "import sys; from pathlib import Path; from mimicry.batch.locks import locked\n"
        "with locked(Path(sys.argv[1])): print('taken over')"
    )
    with locked(lock):
        lock.chmod(0)
        os.utime(lock, (time.time() - 20,) * 2)
        done = subprocess.run(
            [*mere_mortal, sys.executable, "-c", code, str(lock)], capture_output=True, text=True
        )
    assert "BusyError: .x.lock is held by another process" in done.stderr
    assert not done.stdout
