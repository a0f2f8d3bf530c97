"""Errors and warnings in the words of the command that met them.

The library speaks of its parameters, in backticks: ```fps```, ```face='left'```. Here they become
the options of the running command: ``--fps``, ``--face left``. The library does not know which
command called it, so its advice may name a parameter that this command lacks. Such a sentence of
the advice is left out, and such a key.
"""

import ast
import re
import shlex
from collections.abc import Mapping
from typing import Any

from mimicry.errors import MimicryError

__all__ = ["NAMED", "OTHER_NAMES", "PARAMETER", "fitting", "followable", "options_of", "typed"]

NAMED = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
PARAMETER = re.compile(r"`([a-z]\w*)(?:=([^`]+))?`")
# parameter of the library -> of a command, where they differ
OTHER_NAMES = {
    "action_unit": "au",
    "faces": "face",
    "groups": "group",
    "max_lag_s": "max_lag",
    "names": "au",
    "nuisance": "noise",
    "offset_s": "offset",
    "pairs": "pair",
    "partners": "partner",
    "rate_hz": "rate",
    "roi_px": "roi",
    "smooth_s": "smooth",
    "source": "camera",
    "step_s": "step",
    "window_s": "window",
}
_KEY = re.compile(r" \(key: `([a-z]\w*)`\)")
_OTHER_COMMAND = re.compile(r"\b(?:mimicry|pip|apt) [a-z]")
_SENTENCE = re.compile(r"(?<=[.?!;]) ")


def options_of(command: Any) -> dict[str, str]:
    """Return what is typed for the parameters of typer's command, by parameter and by itself."""
    options = {p.name: p.opts[0] for p in command.params if p.name and p.opts[0].startswith("--")}
    others = {library: options[name] for library, name in OTHER_NAMES.items() if name in options}
    typed_as = {o: o for p in command.params for o in (*p.opts, *p.secondary_opts)}
    return {**typed_as, **others, **options}


def fitting(problem: MimicryError, options: Mapping[str, str]) -> MimicryError:
    """Return the error in words of these options, with the advice that can be followed.

    Examples
    --------
    >>> full = MimicryError("no room", key="`out`", hint="Make room. Or choose another `out`.")
    >>> str(fitting(full, {"out": "--out"}))
    'no room (key: --out). Make room. Or choose another --out.'
    >>> str(fitting(full, {}))
    'no room. Make room.'
    """
    key = problem.key
    if key is not None and (PARAMETER.fullmatch(key) or key.startswith("--")):
        key = followable(key, options) or None
    hint = followable(problem.hint or "", options) or None
    return type(problem)(typed(problem.message, options), path=problem.path, key=key, hint=hint)


def followable(text: str, options: Mapping[str, str]) -> str:
    """Return the text in words of these options, without advice that names another one.

    Examples
    --------
    >>> followable("no times (key: `fps`). Give `fps`. Or begin anew.", {})
    'no times. Or begin anew.'
    """
    text = _KEY.sub(lambda key: key[0] if key[1] in options else "", text)
    kept = typed(" ".join(s for s in _SENTENCE.split(text) if _can_follow(s, options)), options)
    return f"{kept[:-1]}." if kept.endswith(";") else kept


def _can_follow(sentence: str, options: Mapping[str, str]) -> bool:
    """Tell whether every option named is there; those of another named command are its own."""
    advice = _OTHER_COMMAND.split(sentence)[0]
    named = {name for name, _ in PARAMETER.findall(advice)} | set(NAMED.findall(advice))
    return named <= set(options)


def typed(text: str, options: Mapping[str, str]) -> str:
    """Return the text with parameters as they are typed; those of no option stay as they are.

    Examples
    --------
    >>> typed("with `face=['left', 'right']` or `roi_px=(X, Y)`", {"face": "--face"})
    'with --face left --face right or `roi_px=(X, Y)`'
    """

    def option(match: re.Match[str]) -> str:
        name, value = match.groups()
        if name not in options:
            return match[0]
        return " ".join(f"{options[name]} {word}".strip() for word in _words(value))

    return PARAMETER.sub(option, text)


def _words(value: str | None) -> list[str]:
    """Return what is typed after an option, once for each time that it is given."""
    if value in (None, "True"):
        return [""]
    try:
        node = ast.parse(value, mode="eval").body
    except SyntaxError:
        return [value]
    if isinstance(node, ast.List):
        return [_word(part) for part in node.elts]
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return [f"{_word(key)}={_word(part)}" for key, part in pairs if key is not None]
    return [_word(node)]


def _word(node: ast.expr) -> str:
    if isinstance(node, ast.Tuple):
        return ",".join(map(_word, node.elts))
    return shlex.quote(str(node.value)) if isinstance(node, ast.Constant) else ast.unparse(node)
