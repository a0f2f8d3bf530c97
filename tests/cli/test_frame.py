"""What every command shares: help, version, exit codes."""

import ast
import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import mimicry.cli
from mimicry import __version__
from mimicry.cli._run import Outcome, command
from mimicry.errors import MissingExtraError, QualityWarning, TableError


def _run(*args: str) -> subprocess.CompletedProcess[str]:
    code = "from mimicry.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, check=False
    )


@pytest.mark.serial
def test_help_lists_the_commands_within_its_cpu_budget() -> None:
    timed = (
        "import sys, time\n"
        "from mimicry.cli import app\n"
        "app(['--help'], standalone_mode=False)\n"
        "print(time.process_time(), file=sys.stderr)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True)
        for _ in range(5)
    ]
    assert "demo" in runs[0].stdout
    assert min(float(run.stderr) for run in runs) < 0.4


def test_version_is_printed() -> None:
    assert _run("--version").stdout.strip() == f"mimicry {__version__}"


def _result(work: Callable[..., Outcome], *words: str):
    app = typer.Typer()
    app.callback()(lambda: None)
    app.command("one")(command(work))
    return CliRunner().invoke(app, ["one", *words])


def test_an_input_error_is_one_sentence_and_exit_2() -> None:
    def work() -> Outcome:
        raise TableError("no column onset", path="e.tsv", key="onset", hint="Add it.")

    result = _result(work, "--json")
    assert result.exit_code == 2
    assert result.stderr == "error: e.tsv: no column onset. Add it.\n"
    envelope = json.loads(result.stdout)
    assert envelope["status"] == "failed"
    assert envelope["command"] == "one"
    assert envelope["error"] == {
        "type": "TableError",
        "message": "e.tsv: no column onset. Add it.",
        "path": "e.tsv",
        "key": "onset",
        "hint": "Add it.",
    }


def test_a_missing_extra_is_exit_3() -> None:
    def work() -> Outcome:
        raise MissingExtraError("pip install 'facial-mimicry[runner]'")

    assert _result(work).exit_code == 3


def test_some_failures_are_exit_1_and_keep_the_envelope() -> None:
    result = _result(lambda: Outcome(status="partial", outputs=[Path("a.tsv")]), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["outputs"] == ["a.tsv"]


def test_a_parameter_is_told_as_the_option_of_this_command() -> None:
    def work(roi: str = typer.Option("", "--part")) -> Outcome:
        warnings.warn(QualityWarning("dark; choose `roi_px=(X, Y)`."), stacklevel=1)
        raise TableError("has no picture", key="`roi_px`", hint="Leave `roi_px` out. Or `fps`.")

    result = _result(work)
    assert result.stderr.splitlines() == [
        "warning: dark; choose --part X,Y.",
        "error: has no picture (key: --part). Leave --part out.",
    ]


def test_a_slip_of_our_own_is_no_sentence() -> None:
    def work() -> Outcome:
        return Outcome(status={}["missing"])

    assert isinstance(_result(work).exception, KeyError)


def test_only_commands_about_no_person_write_for_everybody() -> None:
    public = set()
    for path in Path(mimicry.cli.__file__).parent.glob("[a-z]*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            marks = {getattr(d, "id", "") for d in getattr(node, "decorator_list", ())}
            if "open_command" in marks:
                public.add(f"{path.stem}.{getattr(node, 'name', '')}")
    assert public == {
        *("doctor.doctor", "power.power", "prereg.prereg", "simulate.simulate", "verify.verify"),
        *("protocol.check", "protocol.list_", "protocol.new", "protocol.preview"),
        *("protocol.schema", "protocol.show"),
        *("stimuli.list_", "stimuli.measure", "stimuli.render"),
    }


def test_a_command_keeps_its_options_and_its_help() -> None:
    def work(few: int = typer.Option(3, "--few", help="How few.")) -> Outcome:
        """Do it."""
        return Outcome(text=str(few))

    assert _result(work, "--few", "2").stdout == "2\n"
    text = _result(work, "--help").stdout
    assert [w in text for w in ("Do it.", "How few.", "--json")] == [True] * 3
