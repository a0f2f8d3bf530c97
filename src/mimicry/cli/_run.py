"""What every command shares: the JSON envelope, exit codes, one sentence for an error.

Exit codes: 0 done; 1 some of several inputs failed; 2 wrong use, bad input or all failed;
3 a missing extra; 130 interrupted (Ctrl-C); 143 and 129 told to end (SIGTERM, SIGHUP).
"""

import contextlib
import errno
import json
import os
import signal
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import typer

from mimicry.errors import InputError, MimicryError, MissingExtraError, QualityWarning
from mimicry.files import printable, private
from mimicry.files.processes import stoppable

__all__ = ["OPEN", "Outcome", "run_command", "say"]

# What these write is about no person; what all other commands write is for its owner only.
OPEN = frozenset(
    {
        *("doctor", "power", "prereg", "simulate", "verify"),
        *("protocol check", "protocol list", "protocol new", "protocol preview"),
        *("protocol schema", "protocol show"),
        *("stimuli list", "stimuli measure", "stimuli render"),
    }
)


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
    _print(message, sys.stderr)


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
            with stoppable(), contextlib.nullcontext() if command in OPEN else private():
                outcome = work()
        except MimicryError as problem:
            outcome = Outcome(status="failed", problem=problem)
        except Exception as slip:  # of the system or a library; slips of our own are raised again
            from mimicry.landmarks.libraries import explained

            # an error of the system that has no number comes from a library
            numbered = getattr(slip, "errno", None) is not None
            caused = (None if numbered else explained(slip)) or _of_the_system(slip)
            if caused is None:
                raise
            outcome = Outcome(status="failed", problem=caused)
        except KeyboardInterrupt as stop:
            outcome = Outcome(status="failed")
            code = 128 + getattr(stop, "number", signal.SIGINT)
            error = {
                "type": "Interrupted",
                "message": f"{str(stop) or 'interrupted'}; finished files are kept, "
                "run again to resume",
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
    text = _json(_envelope(command, outcome, error)) if as_json else outcome.text
    refused = _print(text, sys.stdout) if text else None
    if refused is not None and not isinstance(refused, BrokenPipeError):
        say(f"error: cannot write to standard output ({refused.strerror})")
        code = code or 2
    if code:
        raise typer.Exit(code)


def _of_the_system(problem: Exception) -> MimicryError | None:
    """Return what the operating system refused, as a sentence; None: it is not to blame."""
    if isinstance(problem, MemoryError):
        return InputError("the memory is not enough for this", hint="Close other programs.")
    if isinstance(problem, UnicodeEncodeError) and printable(problem.object) != problem.object:
        name = printable(problem.object)
        return InputError(
            f"a name that is not UTF-8 text cannot be used here ({name})",
            hint="Rename the file or folder.",
        )
    if not isinstance(problem, OSError):
        return None
    reason = problem.strerror or " ".join(str(problem).split())
    full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
    return InputError(
        f"the system refused to read or write ({reason})",
        path=problem.filename if isinstance(problem.filename, str) else None,
        hint="Make room on the disk; finished files are kept." if full else None,
    )


def _json(value: dict[str, Any]) -> str:
    """Return JSON in characters that standard output can hold."""
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").replace("-", "").lower()
    return json.dumps(value, ensure_ascii=encoding != "utf8", indent=2)


def _print(text: str, stream: TextIO | None) -> OSError | None:
    """Print a text whatever the stream can hold; return why it could not be written.

    Characters that the stream's encoding lacks are shown by their number.
    """
    if stream is None:
        return None
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        stream.flush()
    except OSError as problem:
        # what is left in the stream must not be tried again at the end of the program
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return problem
    return None


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
