"""The nearest valid word to a wrong one."""

import difflib
from collections.abc import Iterable

__all__ = ["explain", "nearest"]


def explain(found: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?``, or all known words when none is near.

    Examples
    --------
    >>> explain("repeat", ["repeats", "runs"])
    "did you mean 'repeats'?"
    """
    words = sorted(set(known))
    near = nearest(found, words)
    if near is not None:
        return f"did you mean {near!r}?"
    return f"known here: {', '.join(words)}" if words else "nothing is known here"


def nearest(found: str, known: Iterable[str]) -> str | None:
    """Return the known word nearest to a wrong one, None when none is near."""
    words = {word.lower(): word for word in sorted(set(known))}
    near = difflib.get_close_matches(found.lower(), list(words), n=1, cutoff=0.6)
    return words[near[0]] if near else None
