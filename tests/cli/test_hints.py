"""Whatever a message advises can be done with the command that prints it."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import mimicry
from mimicry.cli import GROUPS, app
from mimicry.cli._hints import NAMED, PARAMETER, fitting, followable, options_of, typed
from mimicry.errors import EventsError, InputError

SOURCE = Path(mimicry.__file__).parent
COMMAND = re.compile(r"(?<![/\w])mimicry ((?:[a-z]+)(?: [a-z]+)?)((?: [^;.?!]*)?)")
# words for other programs: Chromium's switches, pip, Slurm, and a command line that is run
NOT_OURS = {"runner/browser.py", "synthetic/pack.py", "batch/cluster.py", "runner/session.py"}
OTHERS_OPTIONS = {"--force-reinstall", "--no-deps"}
# what columns and keys of protocols mean: they speak of other columns and keys
MEANINGS = ("runner/columns", "protocol/schema", "protocol/template")


def commands() -> dict[str, dict[str, str]]:
    """Return the options of every command."""
    import typer

    all_ = typer.main.get_command(app).commands
    grouped = {f"{g} {name}": c for g in GROUPS for name, c in all_[g].commands.items()}
    return {name: options_of(c) for name, c in {**all_, **grouped}.items() if name not in GROUPS}


OPTIONS = commands()


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
        module = f"mimicry.cli.{head}"
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
    """Yield the other texts that name a parameter: notes and warnings put together elsewhere."""
    docs = {id(n.value) for n in ast.walk(node) if isinstance(n, ast.Expr)}
    raised = {line for _, _, line in _texts(node)}
    for text in ast.walk(node):
        if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
            continue
        named = PARAMETER.search(text.value) and " " in text.value
        if named and id(text) not in docs and text.lineno not in raised:
            yield "note", text.value, text.lineno


def sites() -> list[tuple[str, str, str, str]]:
    """Return (definition, kind, text, place) of what names a parameter or a command."""
    found = []
    for name, node in tree().bodies.items():
        path = name.rpartition(".")[0].removeprefix("mimicry.").replace(".", "/") + ".py"
        for kind, text, line in (*_texts(node), *_notes(node)):
            if (PARAMETER.search(text) or "mimicry " in text) and not path.startswith(MEANINGS):
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
        assert set(NAMED.findall(rest)) <= set(OPTIONS.get(name, ())), f"{place}: {text}"


@pytest.mark.parametrize("site", SITES, ids=[f"{s[3]}-{s[1]}" for s in SITES])
def test_advice_can_be_followed_in_some_command_that_comes_here(site):
    name, kind, text, place = site
    coming = who_reaches().get(name, set())
    for parameter, _ in PARAMETER.findall(text):
        if kind == "note" and not any(parameter in options for options in OPTIONS.values()):
            continue  # a column or a key of a file
        having = {command for command in coming if parameter in OPTIONS[command]}
        assert having, f"{place}: {parameter} in {text!r}, reached by {sorted(coming)}"
        if kind == "message":  # nothing takes it away from a command without the option
            assert having == coming, f"{place}: {parameter}, but {sorted(coming - having)} lack it"


def test_the_library_speaks_of_parameters_and_not_of_options():
    """Options stand only in cli, and in the library behind a whole command (mimicry batch ...)."""
    wrong = []
    for module, tree_ in tree().trees.items():
        path = module.removeprefix("mimicry.").replace(".", "/") + ".py"
        if path.startswith("cli/"):
            continue
        texts = [(text, line) for _, text, line in _texts(tree_)]
        if path not in NOT_OURS:
            constants = (n for n in ast.walk(tree_) if isinstance(n, ast.Constant))
            texts += [(n.value, n.lineno) for n in constants if isinstance(n.value, str)]
        for text, line in texts:
            options = set(NAMED.findall(COMMAND.sub("", text))) - OTHERS_OPTIONS
            wrong += [f"{path}:{line}: {option}" for option in options]
    assert not wrong


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("`fps`", "--fps"),
        ("`overwrite=True`", "--overwrite"),
        ("`face='left'`", "--face left"),
        ("`by='my arm'`", "--by 'my arm'"),
        ("`rate_hz=25`", "--rate 25"),
        ("`columns=(1, 2)`", "--columns 1,2"),
        ("`columns=(2,)`", "--columns 2"),
        ("`roi_px=(X, Y, W, H)`", "--roi X,Y,W,H"),
        ("`faces=['0', '1']`", "--face 0 --face 1"),
        ("`partners=[FILE]`", "--partner FILE"),
        ("`options={'bridge_s': 0.5}`", "--set bridge_s=0.5"),
        ("`prereg=not a value`", "--prereg not a value"),
    ],
)
def test_a_parameter_is_typed_as_its_option(text, words):
    everywhere = {
        **OPTIONS["group"],
        **OPTIONS["verify"],
        **OPTIONS["score"],
        **OPTIONS["synchrony"],
    }
    assert typed(f"give {text}.", everywhere) == f"give {words}."


def test_a_word_in_backticks_that_is_no_parameter_stays():
    assert typed("as `mimicry run` or `onset` do", OPTIONS["score"]).count("`") == 4


def test_a_sentence_that_names_an_option_of_others_is_left_out():
    error = InputError("full", key="`out`", hint="Make room; or name another `out`. Then go on.")
    assert str(fitting(error, {"out": "--out"})).endswith(
        "full (key: --out). Make room; or name another --out. Then go on."
    )
    assert str(fitting(error, {})) == "full. Make room; Then go on."
    assert fitting(error, {}).key is None


def test_what_another_command_printed_is_left_out_too():
    text = "2 faces. Choose one with --face left. Try mimicry score --face left."
    assert followable(text, {}) == "2 faces. Try mimicry score --face left."


def test_a_key_of_a_file_stays():
    error = InputError("bad", key="roi. --x", hint="Mend it.")
    assert fitting(error, {}).key == "roi. --x"


def test_the_kind_of_an_error_stays():
    found = fitting(EventsError("bad", path="x", hint="Try mimicry score --events."), set())
    assert isinstance(found, EventsError)
    assert found.hint == "Try mimicry score --events."
