"""An error says only what the command that met it can do.

The library does not know which command called it, so its advice may name an option that this
command lacks. Such a sentence of the advice is left out, and such a key.
"""

import re
from collections.abc import Collection

import typer

from mimicry.errors import MimicryError

__all__ = ["NAMED", "fitting", "followable", "options_of"]

NAMED = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_OTHER_COMMAND = re.compile(r"\b(?:mimicry|pip|apt) [a-z]")
_SENTENCE = re.compile(r"(?<=[.?!;]) ")


def options_of(app: typer.Typer, command: str) -> frozenset[str]:
    """Return the options of a command (``"score"``, ``"stimuli render"``).

    Raises
    ------
    KeyError
        When there is no such command.
    """
    found = typer.main.get_command(app)
    for name in command.split():
        found = found.commands[name]  # type: ignore[attr-defined]  # a group has them
    own = (
        name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts)
    )
    return frozenset(name for name in own if name.startswith("--"))


def fitting(problem: MimicryError, options: Collection[str]) -> MimicryError:
    """Return the error with the advice that a command with these options can follow.

    Examples
    --------
    >>> found = MimicryError("no room", key="--out", hint="Make room. Or choose another --out.")
    >>> str(fitting(found, {"--json"}))
    'no room. Make room.'
    """
    key = problem.key
    if key is not None and key.startswith("--") and key not in options:
        key = None
    hint = followable(problem.hint or "", options) or None
    return type(problem)(problem.message, path=problem.path, key=key, hint=hint)


def followable(text: str, options: Collection[str]) -> str:
    """Return the text without the sentences that name an option which is not there."""
    kept = " ".join(s for s in _SENTENCE.split(text) if _can_follow(s, options))
    return f"{kept[:-1]}." if kept.endswith(";") else kept


def _can_follow(sentence: str, options: Collection[str]) -> bool:
    """Tell whether every option named is there; those of another named command are its own."""
    own = _OTHER_COMMAND.split(sentence)[0]
    return set(NAMED.findall(own)) <= set(options)
