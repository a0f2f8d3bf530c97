"""The nearest valid word to a wrong one."""

import difflib
from collections.abc import Iterable

__all__ = ["explain"]


def explain(found: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?``, or all known words when none is near.

    Examples
    --------
    >>> explain("repeat", ["repeats", "runs"])
    "did you mean 'repeats'?"
    """
    words = sorted(set(known))
    near = difflib.get_close_matches(found.lower(), words, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known here: {', '.join(words)}" if words else "nothing is known here"
