"""Every dependency has a tested range, and the oldest allowed versions can be written down."""

import runpy
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OPTIONAL = PROJECT["optional-dependencies"]
USED = [*PROJECT["dependencies"], *(r for k, v in OPTIONAL.items() if k != "dev" for r in v)]


@pytest.mark.parametrize("line", USED)
def test_a_dependency_is_bounded_on_both_sides(line: str) -> None:
    assert [s.operator for s in sorted(Requirement(line).specifier, key=str)] == ["<", ">="]


def test_the_oldest_versions_are_allowed_ones() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "oldest_versions.py"))
    oldest = dict(line.split("==") for line in script["constraints"]().splitlines())
    assert len(oldest) == len(USED)
    for line in USED:
        requirement = Requirement(line)
        assert Version(oldest[requirement.name]) in requirement.specifier


def test_the_tested_pythons_begin_with_the_required_one() -> None:
    named = [c.rsplit(" ", 1)[1] for c in PROJECT["classifiers"] if "Python :: 3." in c]
    assert PROJECT["requires-python"] == f">={named[0]}"
    assert named == [f"3.{11 + k}" for k in range(len(named))]
