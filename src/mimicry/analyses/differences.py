"""One place in which a study departs from its preregistration, and how values are compared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mimicry.files import to_json_text

__all__ = ["ABSENT", "Difference", "compare"]

ABSENT = "not there"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which a study departs from its preregistration.

    With `when_finished` it is one that a study without `incomplete` must not have: people
    or recordings are still missing.
    """

    where: str
    key: str
    frozen: Any
    current: Any
    when_finished: bool = False

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.where}: {self.key} was {_short(self.frozen)}, is {_short(self.current)}"

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"where": self.where, "key": self.key, "frozen": self.frozen, "found": self.current}


def compare(where: str, frozen: Any, current: Any, key: str = "") -> Iterator[Difference]:
    """Yield every key whose values differ; mappings are compared key by key."""
    if isinstance(frozen, Mapping) and isinstance(current, Mapping):
        for name in sorted({*frozen, *current}, key=str):
            inner = f"{key}.{name}" if key else str(name)
            yield from compare(where, frozen.get(name, ABSENT), current.get(name, ABSENT), inner)
    elif to_json_text(frozen) != to_json_text(current):
        yield Difference(where, key, frozen, current)


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 80 else text[:77] + "..."
