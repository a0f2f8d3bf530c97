"""The nearest valid word to a wrong one, and what is wrong about words."""

import difflib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mimicry.protocol.positions import Key, Problem, show_key

if TYPE_CHECKING:
    from mimicry.protocol.model import Protocol

__all__ = ["explain", "inherited", "nearest", "repeated", "unknown"]


def explain(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?``, or all known words when none is near.

    Examples
    --------
    >>> explain("repeat", ["repeats", "runs"])
    "did you mean 'repeats'?"
    """
    words = sorted(set(known))
    near = nearest(word, words)
    if near is not None:
        return f"did you mean {near!r}?"
    return f"known here: {', '.join(words)}" if words else "nothing is known here"


def nearest(wanted: str, known: Iterable[str]) -> str | None:
    """Return the known word nearest to a wrong one, None when none is near."""
    words = {word.lower(): word for word in sorted(set(known))}
    near = difflib.get_close_matches(wanted.lower(), list(words), n=1, cutoff=0.6)
    return words[near[0]] if near else None


def inherited(protocol: "Protocol", key: Key) -> bool:
    """Tell whether a value stands in a parent and not in the protocol's own file."""
    origin = protocol.origins.get(key)
    return origin is not None and origin.file != protocol.path.name


def unknown(key: Key, named: Iterable[str], known: Iterable[str], text: str) -> Iterator[Problem]:
    """Yield a problem for every word that is not known."""
    words = list(known)
    for word in named:
        if word not in words:
            yield Problem(key, f"{text} {word!r} ({show_key(key)}); {explain(word, words)}")


def repeated(key: Key, words: list[str]) -> Iterator[Problem]:
    """Yield a problem for every word that stands there more than once."""
    for word in sorted({w for w in words if words.count(w) > 1}):
        yield Problem(key, f"{show_key(key)} names {word!r} twice")
