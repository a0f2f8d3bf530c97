"""What every command shares: the JSON envelope, exit codes, one sentence for an error.

Exit codes: 0 done; 1 some of several inputs failed; 2 wrong use, bad input or all failed;
3 a missing extra; 130 interrupted (Ctrl-C); 143 and 129 told to end (SIGTERM, SIGHUP).
"""

import contextlib
import errno
import functools
import inspect
import json
import os
import signal
import sys
import warnings
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import typer

from mimicry.cli._hints import fitting, followable, options_of
from mimicry.errors import InputError, MimicryError, MissingExtraError, QualityWarning
from mimicry.files import printable, private
from mimicry.files.processes import stoppable

__all__ = ["Outcome", "command", "fitted", "open_command", "say", "told"]

_JSON = typer.Option(False, "--json", help="Print one JSON object on standard output.")
_Guard = Callable[[], contextlib.AbstractContextManager[Any]]
_OPTIONS: ContextVar[Mapping[str, str] | None] = ContextVar("options of the command", default=None)


@dataclass
class Outcome:
    """What a command did.

    `recordings` entries are ``{input, frames, frames_with_face, files}``; `extra` holds the
    command's own keys for ``--json``; `text` is what a person reads on standard output.
    A `problem` is reported like an error that was raised, but the rest is printed as well;
    `code` is the exit code where the problem does not tell.
    """

    status: str = "done"
    outputs: list[Path] = field(default_factory=list)
    recordings: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    problem: MimicryError | None = None
    code: int | None = None


def say(message: str) -> None:
    """Print a line for people on standard error."""
    _print(message, sys.stderr)


def told(text: str) -> str:
    """Return a text of the library in the options of the running command."""
    options = _OPTIONS.get()
    return text if options is None else followable(text, options)


def fitted(problem: MimicryError) -> MimicryError:
    """Return an error of the library in the options of the running command."""
    options = _OPTIONS.get()
    return problem if options is None else fitting(problem, options)


def command(function: Callable[..., Outcome]) -> Callable[..., None]:
    """Make a command of a function that returns what it did; ``--json`` is added.

    The outcome is printed and sets the exit code. This is the one place where errors become
    sentences and exit codes. What the command writes is for its owner only.
    """
    return _command(function, private)


def open_command(function: Callable[..., Outcome]) -> Callable[..., None]:
    """Make a command of which nothing that it writes is about a person."""
    return _command(function, contextlib.nullcontext)


def _command(function: Callable[..., Outcome], guard: _Guard) -> Callable[..., None]:
    @functools.wraps(function)
    def run(context: typer.Context, as_json: bool, **values: Any) -> None:
        token = _OPTIONS.set(options_of(context.command))
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("ignore")
                warnings.simplefilter("always", QualityWarning)
                outcome = _done(lambda: function(**values), guard)
            outcome.warnings += [str(w.message) for w in caught if w.category is QualityWarning]
            code = _said(outcome, _name_of(context), as_json=as_json)
        finally:
            _OPTIONS.reset(token)
        if code:
            raise typer.Exit(code)

    added = {"context": typer.Context, "as_json": bool}
    first, last = (
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind)
        for name, kind in added.items()
    )
    given = [
        p.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for p in inspect.signature(function).parameters.values()
    ]
    run.__annotations__ = {**function.__annotations__, **added}
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # typer reads it
        [first, *given, last.replace(default=_JSON)]
    )
    return run


class Interrupted(MimicryError):  # noqa: N818  # the name is part of the JSON
    """The command was told to end."""


def _done(work: Callable[[], Outcome], guard: _Guard) -> Outcome:
    """Do the work; an error becomes an outcome, a slip of our own is raised again."""
    try:
        with stoppable(), guard():
            return work()
    except MimicryError as problem:
        return Outcome(status="failed", problem=problem)
    except Exception as slip:  # of the system or a library
        from mimicry.landmarks.libraries import explained

        # an error of the system that has no number comes from a library
        numbered = getattr(slip, "errno", None) is not None
        caused = (None if numbered else explained(slip)) or _of_the_system(slip)
        if caused is None:
            raise
        return Outcome(status="failed", problem=caused)
    except KeyboardInterrupt as stop:
        text = f"{str(stop) or 'interrupted'}; finished files are kept, run again to resume"
        code = 128 + getattr(stop, "number", signal.SIGINT)
        return Outcome(status="failed", problem=Interrupted(text), code=code)


def _said(outcome: Outcome, name: str, *, as_json: bool) -> int:
    """Print an outcome and return the exit code."""
    outcome.warnings = [told(text) for text in dict.fromkeys(outcome.warnings)]
    for text in outcome.warnings:
        say(f"warning: {text}")
    error = None
    code = {"partial": 1, "failed": 2}.get(outcome.status, 0)
    if outcome.problem is not None:
        problem = fitted(outcome.problem)
        code = outcome.code or (3 if isinstance(problem, MissingExtraError) else 2)
        error = _described(problem)
        say(f"error: {error['message']}")
    text = _json(_envelope(name, outcome, error)) if as_json else outcome.text
    refused = _print(text, sys.stdout) if text else None
    if refused is not None and not isinstance(refused, BrokenPipeError):
        say(f"error: cannot write to standard output ({refused.strerror})")
        code = code or 2
    return code


def _name_of(context: typer.Context) -> str:
    """Return a command's name (``"score"``, ``"stimuli render"``)."""
    words: list[str] = []
    node: Any = context
    while node.parent is not None:
        words.insert(0, str(node.info_name))
        node = node.parent
    return " ".join(words)


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
