"""When a lock is held, and from when on it counts as left behind."""

import json
import os
import platform
import time

import pytest

from mimicry.batch.locks import BusyError, _stale, locked
from mimicry.batch.run import _results
from mimicry.batch.work import _clear_leftovers

GONE = json.dumps({"host": platform.node(), "pid": 2**22 + 1})
OWNERS = {
    "elsewhere": json.dumps({"host": "elsewhere", "pid": 1}),
    "here": json.dumps({"host": platform.node(), "pid": os.getpid()}),
    "gone": GONE,
    "damaged": "damaged",
    "empty": "",
}


@pytest.mark.parametrize(
    ("owner", "age_s", "held"),
    [
        ("elsewhere", 115, True),
        ("elsewhere", 125, False),
        ("damaged", 115, True),
        ("damaged", 125, False),
        ("empty", 25, True),
        ("empty", 35, False),
        ("here", 9000, True),
        ("gone", 0, False),
    ],
)
def test_a_lock_is_taken_over_only_when_nobody_holds_it(tmp_path, owner, age_s, held):
    lock, text = tmp_path / ".x.lock", OWNERS[owner]
    lock.write_text(text)
    os.utime(lock, (time.time() - age_s,) * 2)
    if held:
        with pytest.raises(BusyError, match="is held by another process"), locked(lock):
            pass
        assert lock.read_text() == text
        return
    with locked(lock):
        mine = json.loads(lock.read_text())
        assert (mine["host"], mine["pid"]) == (platform.node(), os.getpid())
        if os.name == "posix":
            assert lock.stat().st_mode & 0o777 == 0o644
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("age_s", "held"), [(115, True), (125, False)])
def test_of_several_that_take_over_one_succeeds(tmp_path, age_s, held):
    lock, gate = tmp_path / ".x.lock", tmp_path / ".x.lock.takeover"
    lock.write_text(GONE)
    gate.write_text("")
    os.utime(gate, (time.time() - age_s,) * 2)
    if held:
        with pytest.raises(BusyError, match="is being taken over"), locked(lock):
            pass
        assert gate.exists()
        assert lock.read_text() == GONE
        return
    with locked(lock):
        assert not gate.exists()
    assert not list(tmp_path.iterdir())


def test_a_lock_that_has_just_gone_is_not_stale(tmp_path):
    assert not _stale(tmp_path / ".x.lock")


def test_a_lock_is_let_go_after_a_failure_and_its_folder_must_exist(tmp_path):
    lock = tmp_path / ".x.lock"
    with pytest.raises(KeyError), locked(lock):
        raise KeyError
    assert not lock.exists()
    with pytest.raises(FileNotFoundError), locked(tmp_path / "none" / ".x.lock"):
        pass


def test_leftovers_of_another_recording_stay_whatever_the_signs_in_its_name(tmp_path):
    for name in ("a[1]*b", "a1b", "a1*b"):
        (tmp_path / f".{name}_au.parquet.part1").touch()
    _clear_leftovers(tmp_path, "a[1]*b")
    left = [".a1*b_au.parquet.part1", ".a1b_au.parquet.part1"]
    assert sorted(p.name for p in tmp_path.iterdir()) == left


def test_a_batch_of_nothing_starts_nothing():
    assert list(_results([], 4, None, None)) == []
