"""Faults are put where behaviour is, and a sample of them is judged and kept."""

import ast
import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from mutants import Finder, Mutant, sample  # noqa: E402

LIMIT = '''"""A module of 2 things."""

WIDTH = 3


def above(values, *, limit=0.5, kind="left"):
    """Count 2 things."""
    if not values and limit > 1:
        raise ValueError(f"{limit + 1} of 2")
    return min(values[1:limit], key=len)
'''


def kinds(text: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for place in Finder("room/file.py", text).places:
        for mutant in place:
            ast.parse(mutant.text)
            found.setdefault(mutant.kind, set()).add(mutant.replacement)
    return found


def test_faults_are_put_into_behaviour_and_not_into_messages() -> None:
    found = kinds(LIMIT)
    header = "def above(values, *, limit=0.5, kind="
    assert found["default"] == {f"{header}'right'):"}
    assert found["number"] >= {"WIDTH = 4", "WIDTH = 2", "WIDTH = 6", "WIDTH = 0"}
    assert found["not"] == {"if values and limit > 1:"}
    assert found["and/or"] == {"if not values or limit > 1:"}
    assert found["comparison"] == {"if not values and limit >= 1:"}
    assert found["function"] == {"return max(values[1:limit], key=len)"}
    assert found["slice"] == {"return min(values[1:(limit) + 1], key=len)"}
    assert found["return"] == {"return None", 'return float("nan")'}
    assert "arithmetic" not in found  # the only sum stands in a message


def test_the_same_number_in_another_spelling_is_no_fault() -> None:
    assert kinds("LIMIT = 0.0\n")["number"] == {"LIMIT = 1.0", "LIMIT = -1.0"}


def test_a_fault_keeps_its_name_when_its_line_moves() -> None:
    def keys(text: str) -> list[tuple[str, ...]]:
        return [m.key for place in Finder("room/file.py", text).places for m in place]

    assert keys(LIMIT) == keys(LIMIT.replace("\n\nWIDTH", "\n\n\n# A remark.\nWIDTH"))


def test_every_fault_of_a_sample_is_python_and_a_larger_sample_holds_the_smaller() -> None:
    few, many = sample(["kernels"], 10, 3), sample(["kernels"], 40, 3)
    assert [m.key for m in many[:10]] == [m.key for m in few]
    assert [m.key for m in sample(["kernels"], 10, 4)] != [m.key for m in few]
    for mutant in many:
        assert isinstance(mutant, Mutant)
        assert mutant.source != mutant.replacement
        ast.parse(mutant.text)


def test_every_equivalent_fault_has_its_reason() -> None:
    with (SCRIPTS / "mutants_equivalent.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert rows[0] == ["file", "function", "source", "replacement", "reason"]
    assert all(len(row) == 5 and row[4].strip() for row in rows)
    assert len({tuple(row[:4]) for row in rows}) == len(rows)


@pytest.mark.slow
@pytest.mark.skipif(sys.version_info < (3, 12), reason="needs sys.monitoring")
def test_a_sample_is_judged_once_and_shown_as_a_table(tmp_path: Path) -> None:
    shutil.copytree(SCRIPTS, tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("src/mimicry/room", "tests/room"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "src/mimicry/__init__.py").touch()
    (tmp_path / "src/mimicry/room/__init__.py").touch()
    code = "def twice(x):\n    return x * 2\n\n\ndef unused(x):\n    return x - 1\n"
    (tmp_path / "src/mimicry/room/number.py").write_text(code)
    test = "from mimicry.room.number import twice\n\n\ndef test_it():\n    assert twice(3) == 6\n"
    (tmp_path / "tests/room/test_number.py").write_text(test)

    def call(*words: str) -> str:
        source = os.environ | {"PYTHONPATH": str(tmp_path / "src")}
        command = [sys.executable, str(tmp_path / "scripts/mutation_sample.py"), *words]
        done = subprocess.run(
            command, cwd=tmp_path, env=source, capture_output=True, text=True, timeout=200
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    call("map")
    words = ("run", "--count", "6", "--jobs", "1", "--survivors")
    said = call(*words)
    assert "killed   room/number.py:2 return x / 2  [tests/room/test_number.py::test_it]" in said
    assert "room               3         3           0           50%" in said
    assert "room/number.py:6 in unused\n  - return x - 1\n  + return x + 1" in said
    assert "killed   room" not in call(*words)
    assert (tmp_path / "src/mimicry/room/number.py").read_text() == code
