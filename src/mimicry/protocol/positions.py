"""YAML whose every value knows the line on which it stands.

PyYAML keeps the last of two equal keys without a word and follows anchors, which let a small
file grow without bound; both are refused here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

__all__ = ["Document", "Key", "Problem", "parse_yaml", "show_key"]

Key = tuple[str | int, ...]

MAX_BYTES = 1_000_000
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file: where it stands and what is wrong, as one sentence."""

    key: Key
    sentence: str
    line: int | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain data, the line (from 1) of every key, and the mistakes met."""

    data: Any
    lines: dict[Key, int]
    problems: list[Problem] = field(default_factory=list)


class _Loader(yaml.SafeLoader):
    """A safe loader without dates: ``2026-11-22`` stays text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in pairs if tag != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def show_key(key: Key) -> str:
    """Return ``blocks.watch.repeats`` for ``("blocks", "watch", "repeats")``."""
    return ".".join(str(part) for part in key)


def parse_yaml(text: str) -> Document:
    """Parse one YAML mapping and remember where everything stands.

    Syntax errors, anchors, repeated keys and keys that are not text come back as problems.
    """
    if len(text.encode("utf-8")) > MAX_BYTES:
        return _refused(f"the file is larger than {MAX_BYTES} bytes", None)
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        node = _compose_plainly(loader)
        lines: dict[Key, int] = {}
        problems: list[Problem] = []
        if node is None:
            return _refused("the file is empty", 1)
        problems += _walk(node, (), lines)
        if problems:
            return Document(None, lines, problems)
        data = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        problem = f"this is not valid YAML ({error.problem or error.context})"
        return _refused(f"{problem}; text that holds : , ? # or a bracket needs quotes", line)
    except yaml.YAMLError as error:
        return _refused(f"this is not valid YAML ({str(error).splitlines()[0]})", None)
    except (ValueError, RecursionError) as error:
        return _refused(f"this is not valid YAML ({type(error).__name__}: {error})", None)
    finally:
        if loader is not None:
            loader.dispose()
    if not isinstance(data, dict):
        return _refused("the file holds no mapping; expected lines such as 'name: my-study'", 1)
    return Document(data, lines)


def _refused(sentence: str, line: int | None) -> Document:
    return Document(None, {}, [Problem((), sentence, line)])


def _compose_plainly(loader: _Loader) -> yaml.Node | None:
    depth = 0
    for event in yaml.parse(loader.buffer.rstrip("\0"), Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        problem = None
        if depth > MAX_DEPTH:
            problem = f"more than {MAX_DEPTH} levels deep"
        elif isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            problem = "anchors and aliases (& and *) are not used in protocol files"
        if problem is not None:
            mark = cast("yaml.Mark | None", event.start_mark)
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)
    node: yaml.Node | None = loader.get_single_node()
    return node


def _walk(node: yaml.Node, key: Key, lines: dict[Key, int]) -> Iterator[Problem]:
    lines.setdefault(key, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, (*key, index), lines)
    if not isinstance(node, yaml.MappingNode):
        return
    for name, value in node.value:
        line = name.start_mark.line + 1
        if not isinstance(name, yaml.ScalarNode) or name.tag == "tag:yaml.org,2002:merge":
            yield Problem(key, "a key here is not plain text", line)
            continue
        here = (*key, str(name.value))
        if name.tag != "tag:yaml.org,2002:str":
            text = f"the key {name.value} would be read as something else; write it in quotes"
            yield Problem(here, text, line)
        if here in lines:
            text = f"{show_key(here)} stands twice, first on line {lines[here]}; keep one of them"
            yield Problem(here, text, line)
            continue
        lines[here] = line
        yield from _walk(value, here, lines)
