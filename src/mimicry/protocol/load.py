"""Finding, merging and checking protocol files."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from mimicry.errors import ProtocolError
from mimicry.files import asset_folder, read_text
from mimicry.protocol.checks import check_file, without_dropped
from mimicry.protocol.explain import explain, nearest
from mimicry.protocol.model import Origin, Protocol
from mimicry.protocol.origins import provenance_of
from mimicry.protocol.positions import Document, Key, Problem, parse_yaml, show_key
from mimicry.protocol.schema import ProtocolFile
from mimicry.study.layout import PROTOCOL

__all__ = ["find_protocol", "list_protocols", "load_protocol", "protocol_from_text"]

ENDINGS = (".yaml", ".yml")
# Never inherited: provenance describes the values of its own file, and a variant answers
# other claims than its parent.
OWN_ONLY = ("provenance", "claims")


def list_protocols() -> list[str]:
    """Return the names of the protocols that ship with the package, sorted."""
    return sorted(p.stem for p in asset_folder("protocols").glob("*.yaml"))


def find_protocol(name_or_path: str | Path, *, beside: Path | None = None) -> Path:
    """Return the file of a protocol given by name or path.

    A path (with a slash or a ``.yaml`` ending) is taken relative to `beside`, a name is looked
    up beside the asking file first and then among the shipped protocols.

    Raises
    ------
    ProtocolError
        When there is no such file; the nearest known name is given.
    """
    text = str(name_or_path)
    here = beside or Path()
    candidates = [here / text] if _is_path(text) else [here / f"{text}{e}" for e in ENDINGS]
    if not _is_path(text):
        candidates.append(asset_folder("protocols") / f"{text}.yaml")
    for path in candidates:
        if path.is_file():
            return path
    known = list_protocols()
    raise ProtocolError(
        f"there is no protocol {text!r}; {explain(Path(text).stem, known)}",
        hint="List them with: mimicry protocol list",
    )


def load_protocol(name_or_path: str | Path) -> Protocol:
    """Read and check a protocol, following ``extends:``.

    Parameters
    ----------
    name_or_path
        Name of a shipped protocol (``"dynamic-happy-angry"``) or path of a YAML file.

    Raises
    ------
    ProtocolError
        When the file is missing or wrong. The message has one sentence for each mistake, with
        its line and key.

    Examples
    --------
    >>> protocol = load_protocol("dynamic-happy-angry")
    >>> protocol.scoring_settings().emotions["happy"].targets
    ('AU12',)
    """
    path = find_protocol(name_or_path)
    return _build(_chain(path))


def protocol_from_text(text: str, *, path: str | Path = PROTOCOL) -> Protocol:
    """Check a protocol given as YAML text; `path` names it in messages and finds its parents.

    Raises
    ------
    ProtocolError
        As :func:`load_protocol`.
    """
    return _build(_chain(Path(path), text=text))


def _is_path(text: str) -> bool:
    return "/" in text or "\\" in text or text.endswith(ENDINGS)


@dataclasses.dataclass(frozen=True, slots=True)
class _Link:
    """One file of an ``extends:`` chain."""

    path: Path
    document: Document


def _chain(path: Path, *, text: str | None = None) -> list[_Link]:
    """Return the files from the oldest parent to `path`."""
    links: list[_Link] = []
    seen: list[Path] = []
    while True:
        link = _read(path, text)
        text = None
        links.insert(0, link)
        seen.append(path.resolve())
        parent = link.document.data.get("extends")
        if parent is None:
            return links
        line = link.document.lines.get(("extends",))
        if not isinstance(parent, str):
            _refuse(path, [Problem(("extends",), "extends must name one protocol", line)])
        try:
            parent_path = find_protocol(parent, beside=path.parent)
        except ProtocolError as error:
            _refuse(path, [Problem(("extends",), f"extends: {error.message}", line)])
        if parent_path.resolve() in seen:
            names = " -> ".join(p.stem for p in [*seen, parent_path])
            _refuse(path, [Problem(("extends",), f"extends goes in a circle: {names}", line)])
        path = parent_path


def _read(path: Path, text: str | None) -> _Link:
    if text is None:
        text = read_text(path, kind=ProtocolError)
    document = parse_yaml(text)
    if document.problems:
        _refuse(path, document.problems)
    return _Link(path, document)


def _build(links: list[_Link]) -> Protocol:
    """Merge the chain, check it and return the protocol."""
    data, origins = _merge(links)
    last = links[-1]
    try:
        file = ProtocolFile.model_validate_json(json.dumps(data, default=str))
    except ValidationError as error:
        problems = [_placed(p, origins, last.path) for p in _from_pydantic(error)]
        _refuse(last.path, problems, hint="More is checked once this is right.")
    protocol = without_dropped(Protocol(file=file, path=last.path, origins=origins))
    problems = [_placed(p, origins, last.path) for p in check_file(protocol)]
    if problems:
        _refuse(last.path, problems)
    return protocol


def _merge(links: list[_Link]) -> tuple[dict[str, Any], dict[Key, Origin]]:
    """Lay each file over its parent; remember for every value where it stands.

    Mappings are merged, everything else is replaced, and ``key: null`` takes a key away.
    """
    merged: dict[str, Any] = {}
    origins: dict[Key, Origin] = {}
    for link in links:
        described = provenance_of(link.document.data.get("provenance"))
        for part in OWN_ONLY:
            _forget(origins, (part,))
            merged.pop(part, None)

        def place(key: Key, link: _Link = link, described: Any = described) -> Origin:
            line = link.document.lines.get(key, 1)
            provenance, pattern = described(key)
            return Origin(link.path.name, line, provenance, pattern, link.path.parent)

        _lay_over(merged, link.document.data, (), origins, place)
    return merged, origins


def _lay_over(
    base: dict[str, Any], over: dict[str, Any], key: Key, origins: dict[Key, Origin], place: Any
) -> None:
    for name, value in over.items():
        here = (*key, name)
        if value is None and name in base:
            del base[name]
            _forget(origins, here)
            continue
        origins[here] = place(here)
        if isinstance(value, dict) and isinstance(base.get(name), dict):
            _lay_over(base[name], value, here, origins, place)
            continue
        _forget(origins, here)
        base[name] = value
        for part in _keys(value, here):
            origins[part] = place(part)


def _keys(value: Any, key: Key) -> Iterator[Key]:
    yield key
    if isinstance(value, list):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _keys(part, (*key, name))


def _forget(origins: dict[Key, Origin], key: Key) -> None:
    for old in [k for k in origins if k[: len(key)] == key]:
        del origins[old]


def _placed(problem: Problem, origins: dict[Key, Origin], path: Path) -> Problem:
    """Give a problem the line of its key, or of the nearest key above it."""
    if problem.line is not None:
        return problem
    for cut in range(len(problem.key), 0, -1):
        origin = origins.get(problem.key[:cut])
        if origin is not None:
            file = None if origin.file == path.name else origin.file
            return dataclasses.replace(problem, line=origin.line, file=file)
    return dataclasses.replace(problem, line=1)


def _from_pydantic(error: ValidationError) -> Iterator[Problem]:
    """Turn pydantic's findings into problems; a misspelt key is not missing as well."""
    items = [(tuple(p for p in item["loc"] if p != "[key]"), item) for item in error.errors()]
    meant = {
        (*key[:-1], near)
        for key, item in items
        if item["type"] == "extra_forbidden"
        for near in [nearest(str(key[-1]), keys_at(key[:-1]))]
        if near is not None
    }
    for key, item in items:
        if item["type"] != "missing" or key not in meant:
            yield Problem(key, _sentence(key, item))


def _sentence(key: Key, item: Any) -> str:
    """Say in one sentence what was found and what was expected."""
    shown = show_key(key)
    kind = item["type"]
    if kind == "extra_forbidden":
        known = keys_at(key[:-1])
        return f"unknown key {shown}; {explain(str(key[-1]), known)}"
    if kind == "missing":
        return f"{shown} is missing"
    if kind == "string_type" and isinstance(item["input"], bool | int | float):
        value = json.dumps(item["input"])
        return f"{shown} is {value}; expected text: write it in quotes"
    value = json.dumps(item["input"], default=str, ensure_ascii=False)
    value = value if len(value) <= 60 else value[:57] + "..."
    expected = item["msg"].replace("Input should be ", "").replace("Value error, ", "")
    expected = expected.removeprefix("expected ")
    return f"{shown} is {value}; expected {expected}"


def keys_at(key: Key) -> list[str]:
    """Return the keys that the schema knows at a place."""
    schema = ProtocolFile.model_json_schema()
    here: dict[str, Any] = schema
    for part in key:
        here = _resolve(here, schema)
        if "properties" in here and part in here["properties"]:
            here = here["properties"][part]
        elif isinstance(part, int) and "items" in here:
            here = here["items"]
        else:
            extra = here.get("additionalProperties") or {}
            patterns = here.get("patternProperties") or {}
            here = extra or next(iter(patterns.values()), {})
    return sorted(_resolve(here, schema).get("properties", {}))


def _resolve(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for option in (part, *part.get("anyOf", ()), *part.get("allOf", ())):
        if "$ref" in option:
            name = option["$ref"].rsplit("/", 1)[-1]
            resolved: dict[str, Any] = schema["$defs"][name]
            return resolved
    return part


def _refuse(path: Path, problems: list[Problem], *, hint: str | None = None) -> NoReturn:
    """Raise one error that holds a sentence for each mistake."""
    ordered = sorted(problems, key=lambda p: (p.file or "", p.line or 0))
    lines = []
    for problem in ordered:
        where = "" if problem.line is None else f"line {problem.line}: "
        file = "" if problem.file is None else f"(inherited) {problem.file}, "
        lines.append(f"{file}{where}{problem.sentence}")
    message = lines[0] if len(lines) == 1 else f"{len(lines)} mistakes\n  " + "\n  ".join(lines)
    key = show_key(ordered[0].key) or None
    if hint is not None:
        hint = f"\n  {hint}" if len(lines) > 1 else f"({hint})"
    raise ProtocolError(message, path=path, key=key, hint=hint)
