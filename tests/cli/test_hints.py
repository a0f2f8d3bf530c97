"""Whatever a message advises can be done with the command that prints it."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import mimicry
from mimicry.cli import COMMANDS, GROUPS, app
from mimicry.cli._hints import NAMED, fitting, options_of
from mimicry.errors import EventsError, InputError

SOURCE = Path(mimicry.__file__).parent
COMMAND = re.compile(r"(?<![/\w])mimicry ((?:[a-z]+)(?: [a-z]+)?)((?: [^;.?!]*)?)")
# words for other programs: Chromium's switches, pip, Slurm
NOT_OURS = {"runner/browser.py", "synthetic/pack.py", "batch/cluster.py"}
OTHERS_OPTIONS = {"--force-reinstall", "--no-deps"}


def commands() -> list[str]:
    from importlib import import_module

    import typer

    grouped = [
        f"{group} {name}"
        for group, module in GROUPS.items()
        for name in typer.main.get_command(import_module(module).app).commands
    ]
    return [*COMMANDS, *grouped]


OPTIONS = {name: options_of(app, name) for name in commands()}


class _Tree:
    """Modules, what their names refer to, and the functions that a command can reach."""

    def __init__(self) -> None:
        self.trees = {
            ".".join(("mimicry", *path.relative_to(SOURCE).with_suffix("").parts)): ast.parse(
                path.read_text(encoding="utf-8")
            )
            for path in SOURCE.rglob("*.py")
        }
        self.bodies: dict[str, ast.AST] = {}
        self.names: dict[str, dict[str, str]] = {}
        for module, tree in self.trees.items():
            home = module.removesuffix(".__init__")
            self.names[home] = dict(self._imported(home, tree))
            for node in tree.body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    self.bodies[f"{home}.{node.name}"] = node
                    self.names[home][node.name] = f"{home}.{node.name}"
                elif isinstance(node, ast.Assign | ast.AnnAssign):
                    for target in getattr(node, "targets", [getattr(node, "target", None)]):
                        if isinstance(target, ast.Name):
                            self.bodies[f"{home}.{target.id}"] = node
                            self.names[home][target.id] = f"{home}.{target.id}"

    @staticmethod
    def _imported(home: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mimicry"):
                for alias in node.names:
                    yield alias.asname or alias.name, f"{node.module}.{alias.name}"
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.asname or alias.name.split(".")[0], alias.name

    def owner(self, name: str) -> str:
        """Follow a name that a package only passes on to where it is defined."""
        while name not in self.bodies:
            home, _, own = name.rpartition(".")
            onward = self.names.get(home, {}).get(own)
            if onward is None or onward == name:
                return ""
            name = onward
        return name

    def uses(self, name: str) -> Iterator[str]:
        """Yield every function, class and table that a definition names."""
        home = name.rpartition(".")[0]
        known = self.names[home]
        for node in ast.walk(self.bodies[name]):
            if isinstance(node, ast.Name) and node.id in known:
                yield self.owner(known[node.id])
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                base = known.get(node.value.id)
                if base:
                    yield self.owner(f"{base}.{node.attr}")

    def reached(self, start: str) -> set[str]:
        seen, waiting = set(), [start]
        while waiting:
            name = waiting.pop()
            if name and name not in seen:
                seen.add(name)
                waiting += self.uses(name)
        return seen


@cache
def tree() -> _Tree:
    return _Tree()


@cache
def who_reaches() -> dict[str, set[str]]:
    """Function -> the commands that can come to it."""
    found: dict[str, set[str]] = {}
    for command in OPTIONS:
        head, _, own = command.partition(" ")
        module = COMMANDS.get(head) or GROUPS[head]
        start = f"{module}.{own.replace('-', '_') or head}"
        if start not in tree().bodies:  # a command named otherwise than its function
            start = next(n for n in tree().bodies if n.startswith(f"{module}.{own}"))
        for name in tree().reached(start):
            found.setdefault(name, set()).add(command)
    return found


def _texts(node: ast.AST) -> Iterator[tuple[str, str, int]]:
    """Yield (``hint``, ``key`` or ``message``, text, line) of every error in a definition."""
    for call in ast.walk(node):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if not name.endswith(("Error", "Warning")):
            continue
        parts = [("message", arg) for arg in call.args]
        parts += [(k.arg or "", k.value) for k in call.keywords]
        for kind, part in parts:
            for text in ast.walk(part):
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield kind, text.value, text.lineno


def _notes(node: ast.AST) -> Iterator[tuple[str, str, int]]:
    """Yield the other texts with an option in them: notes and warnings put together elsewhere."""
    docs = {id(n.value) for n in ast.walk(node) if isinstance(n, ast.Expr)}
    raised = {line for _, _, line in _texts(node)}
    for text in ast.walk(node):
        if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
            continue
        said = NAMED.search(text.value) and " " in text.value
        if said and id(text) not in docs and text.lineno not in raised:
            yield "note", text.value, text.lineno


def sites() -> list[tuple[str, str, str, str]]:
    """Return (definition, kind, text, place) of every text that names an option or a command."""
    found = []
    for name, node in tree().bodies.items():
        path = name.rpartition(".")[0].removeprefix("mimicry.").replace(".", "/") + ".py"
        for kind, text, line in (*_texts(node), *_notes(node)):
            if ("--" in text or "mimicry " in text) and path not in NOT_OURS:
                found.append((name, kind, text, f"{path}:{line}"))
    return found


SITES = sites()


def test_the_messages_are_found():
    assert len(SITES) > 60
    assert {kind for _, kind, _, _ in SITES} >= {"hint", "key", "message"}


@pytest.mark.parametrize("site", SITES, ids=[f"{s[3]}-{s[1]}" for s in SITES])
def test_a_command_that_is_named_exists_and_has_the_options_named_with_it(site):
    _, _, text, place = site
    for words, rest in COMMAND.findall(text):
        head = words.split()[0]
        name = words if words in OPTIONS else head
        assert name in OPTIONS or head in GROUPS, f"{place}: no command {words!r}"
        assert set(NAMED.findall(rest)) <= OPTIONS.get(name, set()), f"{place}: {text}"


@pytest.mark.parametrize("site", SITES, ids=[f"{s[3]}-{s[1]}" for s in SITES])
def test_advice_can_be_followed_in_some_command_that_comes_here(site):
    name, kind, text, place = site
    options = set(NAMED.findall(COMMAND.sub("", text))) - OTHERS_OPTIONS
    coming = who_reaches().get(name, set())
    for option in options:
        having = {command for command in coming if option in OPTIONS[command]}
        assert having, f"{place}: {option} in {text!r}, reached by {sorted(coming)}"
        if kind == "message":  # nothing takes it away from a command without the option
            assert having == coming, f"{place}: {option}, but {sorted(coming - having)} lack it"


def test_a_sentence_that_names_an_option_of_others_is_left_out():
    error = InputError("full", key="--out", hint="Make room; or name another --out. Then go on.")
    assert str(fitting(error, {"--out"})).endswith("Make room; or name another --out. Then go on.")
    assert str(fitting(error, {"--json"})) == "full. Make room; Then go on."
    assert fitting(error, {"--json"}).key is None


def test_the_kind_of_an_error_stays():
    found = fitting(EventsError("bad", path="x", hint="Try mimicry score --events."), set())
    assert isinstance(found, EventsError)
    assert found.hint == "Try mimicry score --events."
