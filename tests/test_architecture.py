"""The plan of the house: which room may import which, and what lies at the top."""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "mimicry"

SCRIPTS = ROOT.parents[1] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from mutants import Finder  # noqa: E402

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
IMPORTS = (ast.Import, ast.ImportFrom)

# A room may import any room on a lower floor. `synchrony.methods` are pure formulas,
# `study.layout` are the names of files and folders.
FLOORS = (
    {"records", "errors", "kernels", "study.layout"},
    {"files", "action_units", "scoring", "statistics", "synchrony.methods"},
    {"synthetic", "timeline", "report", "capture", "protocol", "interchange"},
    {"simulation", "landmarks", "study"},
    {"pipeline", "analyses"},
    {"runner", "batch", "synchrony"},
    {"cli"},
)
# and on its own floor only these
BESIDE = {
    "records": {"errors"},
    "kernels": {"records", "errors"},
    "study.layout": {"errors"},
    "synchrony.methods": {"statistics"},
    "protocol": {"timeline", "report", "synthetic"},
    "timeline": {"interchange"},
    "interchange": {"capture"},
    "simulation": {"study"},
}


def room_of(module: str) -> str:
    """Return the room of a dotted module name; the package itself has none."""
    parts = module.split(".")[1:]
    inner = ".".join(parts[:2])
    return inner if inner in ("synchrony.methods", "study.layout") else ".".join(parts[:1])


def imports(file: Path, root: Path = ROOT) -> Iterator[tuple[str, int]]:
    """Yield each module of the package that a file imports, with the line."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mimicry":
            for name in node.names:
                inner = root.joinpath(*node.module.split(".")[1:], name.name)
                found = inner.is_dir() or inner.with_suffix(".py").is_file()
                yield f"{node.module}.{name.name}" if found else node.module, node.lineno
        elif isinstance(node, ast.Import):
            yield from ((n.name, node.lineno) for n in node.names if n.name.startswith("mimicry."))


def faults(root: Path = ROOT) -> list[str]:
    """Return every import that the plan does not allow."""
    floor = {room: k for k, rooms in enumerate(FLOORS) for room in rooms}
    found = []
    for file in sorted(root.rglob("*.py")):
        own = room_of(".".join(("mimicry", *file.relative_to(root).with_suffix("").parts)))
        for module, line in imports(file, root):
            other = room_of(module)
            where = f"{file.relative_to(root)}:{line} imports {module}"
            if other in ("", own) or own in ("__init__", "__main__"):
                continue
            if floor[other] >= floor[own] and other not in BESIDE.get(own, ()):
                found.append(f"{where}: {own} may not import {other}")
            if any(part.startswith("_") for part in module.split(".")[2:]):
                found.append(f"{where}: a module with _ is its room's own")
    return found


def test_rooms_import_only_what_lies_below() -> None:
    assert faults() == []


def test_rooms_on_one_floor_form_no_circle() -> None:
    TopologicalSorter(BESIDE).prepare()  # raises CycleError


def dependencies(room: Path, root: Path) -> dict[str, set[str]]:
    """Return which modules of a room each of them imports at the top, for types included."""
    graph: dict[str, set[str]] = {}
    for file in sorted(room.rglob("*.py")):
        name = ".".join(("mimicry", *file.relative_to(root).with_suffix("").parts))
        tree = ast.parse(file.read_text(encoding="utf-8"))
        inner = {id(n) for f in ast.walk(tree) if isinstance(f, FUNCTIONS) for n in ast.walk(f)}
        lines = {n.lineno for n in ast.walk(tree) if isinstance(n, IMPORTS) and id(n) not in inner}
        own = name.removesuffix(".__init__")
        graph[own] = {
            module
            for module, line in imports(file, root)
            if line in lines and module != own and f"{module}.".startswith(f"mimicry.{room.name}.")
        }
    return graph


@pytest.mark.parametrize("room", sorted(p.name for p in ROOT.iterdir() if p.is_dir()))
def test_modules_of_a_room_form_no_circle(room: str) -> None:
    TopologicalSorter(dependencies(ROOT / room, ROOT)).prepare()  # raises CycleError


def test_a_circle_through_types_alone_is_seen(tmp_path: Path) -> None:
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "a.py").write_text("from mimicry.cli.b import f\n")
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from mimicry.cli import a\n"
    (tmp_path / "cli" / "b.py").write_text(typed)
    with pytest.raises(CycleError):
        TopologicalSorter(dependencies(tmp_path / "cli", tmp_path)).prepare()


def test_the_root_holds_the_errors_alone() -> None:
    assert {p.name for p in ROOT.glob("*.py")} == {"__init__.py", "__main__.py", "errors.py"}
    rooms = {p.name for p in ROOT.iterdir() if p.is_dir() and (p / "__init__.py").exists()}
    assert rooms | {"errors", "synchrony.methods", "study.layout"} == set().union(*FLOORS)


@pytest.mark.parametrize(
    ("room", "line", "said"),
    [
        ("kernels", "from mimicry.cli import app", "kernels may not import cli"),
        ("timeline", "from mimicry import report", "timeline may not import report"),
        ("scoring", "import mimicry.study.folder", "scoring may not import study"),
        ("cli", "from mimicry.scoring._reasons import combine", "its room's own"),
        ("report", "def f():\n    from mimicry.cli._run import say", "report may not import cli"),
    ],
)
def test_a_wrong_import_is_seen(tmp_path: Path, room: str, line: str, said: str) -> None:
    for made in ("cli", "kernels", "report", "scoring", "study", "timeline"):
        (tmp_path / made).mkdir()
    (tmp_path / room / "new.py").write_text(line + "\n")
    assert any(said in fault for fault in faults(tmp_path))


# words that fit anything say nothing about what a name holds
EMPTY_WORDS = {"there", "rest", "found", "said", "own", "held", "play", "look"}


def test_names_say_what_they_hold() -> None:
    for file in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = {
                ast.arg: lambda n: n.arg,
                ast.Name: lambda n: n.id if isinstance(n.ctx, ast.Store) else "",
                ast.FunctionDef: lambda n: n.name,
            }.get(type(node), lambda n: "")(node)
            assert name not in EMPTY_WORDS, f"{file}:{node.lineno} {name}"


def test_every_fault_that_is_said_to_change_nothing_can_still_be_put_into_the_source() -> None:
    """Where this fails, the line of a row was changed: change the row too, or delete it."""
    lines = (SCRIPTS / "mutants_equivalent.tsv").read_text(encoding="utf-8").splitlines()
    rows = [tuple(line.split("\t")[:4]) for line in lines[1:]]
    possible = {
        mutant.key
        for path in {ROOT / file for file, *_ in rows}
        if path.exists()
        for place in Finder(
            path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        ).places
        for mutant in place
    }
    assert [row for row in rows if row not in possible] == []
