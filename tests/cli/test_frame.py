"""What every command shares: help, version, exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from mimicry import __version__
from mimicry.cli._run import Outcome, run_command
from mimicry.errors import MissingExtraError, TableError


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


def test_an_input_error_is_one_sentence_and_exit_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work() -> Outcome:
        raise TableError("no column onset", path="e.tsv", key="onset", hint="Add it.")

    with pytest.raises(typer.Exit) as stop:
        run_command("score", work, as_json=True)
    out, err = capsys.readouterr()
    assert stop.value.exit_code == 2
    assert err == "error: e.tsv: no column onset. Add it.\n"
    envelope = json.loads(out)
    assert envelope["status"] == "failed"
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

    with pytest.raises(typer.Exit) as stop:
        run_command("run", work, as_json=False)
    assert stop.value.exit_code == 3


def test_some_failures_are_exit_1_and_keep_the_envelope(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(typer.Exit) as stop:
        run_command(
            "batch", lambda: Outcome(status="partial", outputs=[Path("a.tsv")]), as_json=True
        )
    assert stop.value.exit_code == 1
    assert json.loads(capsys.readouterr().out)["outputs"] == ["a.tsv"]
