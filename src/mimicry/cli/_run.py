"""What every command shares: the JSON envelope, exit codes, one sentence for an error.

Exit codes: 0 done; 1 some of several inputs failed; 2 wrong use, bad input or all failed;
3 a missing extra; 130 interrupted.
"""

import json
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from mimicry.errors import MimicryError, MissingExtraError, QualityWarning

__all__ = ["Outcome", "run_command", "say"]


@dataclass
class Outcome:
    """What a command did.

    `recordings` entries are ``{input, frames, frames_with_face, files}``; `extra` holds the
    command's own keys for ``--json``; `text` is what a person reads on standard output.
    A `problem` is reported like an error that was raised, but the rest is printed as well.
    """

    status: str = "done"
    outputs: list[Path] = field(default_factory=list)
    recordings: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    problem: MimicryError | None = None


def say(message: str) -> None:
    """Print a line for people on standard error."""
    print(message, file=sys.stderr, flush=True)


def run_command(command: str, work: Callable[[], Outcome], *, as_json: bool) -> None:
    """Do `work`, print its outcome and leave with the right exit code.

    This is the one place where errors become sentences and exit codes.
    """
    from mimicry.cli import app
    from mimicry.cli._hints import fitting, followable, options_of

    error: dict[str, Any] | None = None
    code = 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", QualityWarning)
        try:
            outcome = work()
        except MimicryError as problem:
            outcome = Outcome(status="failed", problem=problem)
        except Exception as slip:
            from mimicry.landmarks.libraries import explained

            if (caused := explained(slip)) is None:
                raise
            outcome = Outcome(status="failed", problem=caused)
        except KeyboardInterrupt:
            outcome = Outcome(status="failed")
            code = 130
            error = {
                "type": "Interrupted",
                "message": "interrupted; finished files are kept, run again to resume",
                "path": None,
                "key": None,
                "hint": None,
            }
    options = options_of(app, command) if outcome.problem or outcome.warnings or caught else ()
    if outcome.problem is not None:
        outcome.problem = fitting(outcome.problem, options)
        code = 3 if isinstance(outcome.problem, MissingExtraError) else 2
        error = _described(outcome.problem)
    outcome.warnings += [str(w.message) for w in caught if w.category is QualityWarning]
    outcome.warnings = [followable(text, options) for text in dict.fromkeys(outcome.warnings)]
    for text in outcome.warnings:
        say(f"warning: {text}")
    if error is not None:
        say(f"error: {error['message']}")
    elif outcome.status == "partial":
        code = 1
    elif outcome.status == "failed":
        code = 2
    if as_json:
        print(json.dumps(_envelope(command, outcome, error), ensure_ascii=False, indent=2))
    elif outcome.text:
        print(outcome.text)
    sys.stdout.flush()
    if code:
        raise typer.Exit(code)


def _described(problem: MimicryError) -> dict[str, Any]:
    return {
        "type": type(problem).__name__,
        "message": str(problem),
        "path": problem.path,
        "key": problem.key,
        "hint": problem.hint,
    }


def _envelope(command: str, outcome: Outcome, error: dict[str, Any] | None) -> dict[str, Any]:
    from mimicry import __version__
    from mimicry.files import to_json_text

    plain: dict[str, Any] = json.loads(
        to_json_text(
            {
                **outcome.extra,
                "command": command,
                "version": __version__,
                "status": outcome.status,
                "outputs": [str(p) for p in outcome.outputs],
                "recordings": outcome.recordings,
                "warnings": outcome.warnings,
                "error": error,
            }
        )
    )
    return plain
