"""The `provenance` section of a protocol: parsing its entries (source, memory or default)."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from mimicry.protocol.positions import Key, show_key

__all__ = ["NEEDS_PROVENANCE", "parse_entry", "provenance_of"]

# The parts whose values decide what is shown, asked, scored, tested or predicted. The others
# are words about them.
NEEDS_PROVENANCE = (
    "design",
    "stimuli",
    "conditions",
    "timing",
    "blocks",
    "ratings",
    "capture",
    "scoring",
    "analysis",
    "prediction",
    "power",
)

_ENTRY = re.compile(
    r"^(?P<origin>default|memory|source\s+(?P<keys>[a-z0-9_-]+(?:\s*,\s*[a-z0-9_-]+)*))"
    r"(?:\s*\((?P<remark>.+)\))?$"
)


def parse_entry(text: str) -> tuple[str, tuple[str, ...], str] | None:
    """Return origin, reference keys and remark of an entry; None when it is malformed.

    Examples
    --------
    >>> parse_entry("source folz, kret (clip of 2 s)")
    ('source', ('folz', 'kret'), 'clip of 2 s')
    """
    match = _ENTRY.match(text.strip())
    if match is None:
        return None
    keys = tuple(k.strip() for k in (match["keys"] or "").split(",") if k.strip())
    return match["origin"].split()[0], keys, match["remark"] or ""


def provenance_of(section: Any) -> Callable[[Key], tuple[str, str]]:
    """Return a function from a key to (provenance entry, the pattern that gave it).

    The longest entry that begins the key counts, ``*`` comes last; ("", "") when none does.
    """
    entries: Mapping[str, str] = section if isinstance(section, dict) else {}

    def look_up(key: Key) -> tuple[str, str]:
        parts = show_key(key).split(".")
        for cut in range(len(parts), 0, -1):
            pattern = ".".join(parts[:cut])
            if pattern in entries:
                return str(entries[pattern]), pattern
        return (str(entries["*"]), "*") if "*" in entries else ("", "")

    return look_up
