"""The preregistration itself: does it agree with itself, and was it there before the scores?"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from mimicry import __version__
from mimicry.analyses.differences import ABSENT, Difference, compare
from mimicry.analyses.prereg import derived, render_prereg, unhashed
from mimicry.errors import MimicryError
from mimicry.files import read_text
from mimicry.protocol import Protocol
from mimicry.protocol.schema import ProtocolFile
from mimicry.study.scoring_log import FirstScoring, first_scoring, time_of

__all__ = ["NO_PROOF", "Order", "order_of", "plan_differences"]

NO_PROOF = (
    "Times are those of the computers' own clocks and prove nothing; the date of the registry does."
)
# what does not follow from the protocol in the plan
_OWN = ("stimuli", "options", "mimicry", "format", "content")


def plan_differences(path: Path, frozen: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield where a plan contradicts its own protocol, or its readable text.

    Every part of a plan can be read off the protocol in it; a part that says something else
    was changed by hand.
    """
    try:
        # where values come from is no part of a plan
        content = {**frozen["content"], "provenance": {"plan": path.name}}
        file = ProtocolFile.model_validate_json(json.dumps(content))
        again = derived(Protocol(file, path))
    except (ValidationError, MimicryError, ValueError, KeyError) as error:
        text = " ".join(str(error).split())
        yield Difference(path.name, "content", "a protocol that can be read", text)
        return
    yield from compare(path.name, again["content"], frozen["content"], "content")
    derived_parts = {k: v for k, v in unhashed(frozen).items() if k not in _OWN}
    expected = {k: v for k, v in again.items() if k in derived_parts}
    yield from compare(path.name, derived_parts, expected)
    readable = path.with_suffix(".md")
    if frozen["mimicry"] == __version__ and frozen.get("format") == again["format"]:
        if not readable.is_file():
            return
        if read_text(readable) != render_prereg(frozen):
            yield Difference(readable.name, "text", "as the preregistration was written", "another")


@dataclass(frozen=True, slots=True)
class Order:
    """Was the plan frozen before the first scores were made? By local clocks: no proof."""

    known: Literal["before", "after", "unknown", "nothing scored"]
    frozen_at: datetime | None
    first: FirstScoring

    def sentence(self) -> str:
        """Return the finding in words."""
        if self.known == "nothing scored":
            return "nothing has been scored yet"
        if self.known == "unknown":
            missing = self.first.unlogged
            why = (
                "the preregistration has no time of freezing"
                if self.frozen_at is None
                else f"{len(missing)} scored recordings have no log ({', '.join(missing[:3])}"
                f"{', ...' if len(missing) > 3 else ''})"
            )
            return f"order unknown: {why}"
        return (
            f"frozen at {_text(self.frozen_at)}, {self.known} the first scoring at "
            f"{_text(self.first.time)}"
        )

    def differences(self, name: str) -> Iterator[Difference]:
        """Yield the deviation, when the plan came second."""
        if self.known == "after":
            yield Difference(
                name,
                "frozen_at",
                f"before the first scoring ({_text(self.first.time)})",
                _text(self.frozen_at),
            )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "order": self.known,
            "frozen_at": _text(self.frozen_at),
            "first_scoring": _text(self.first.time),
            "without_log": list(self.first.unlogged),
            "note": NO_PROOF,
        }


def order_of(frozen: Mapping[str, Any], sidecars: Sequence[Path]) -> Order:
    """Return whether a plan is older than the first scores of a study."""
    first, at = first_scoring(sidecars), time_of(frozen.get("frozen_at", ABSENT))
    if not sidecars:
        return Order("nothing scored", at, first)
    if at is not None and first.time is not None and first.time < at:
        return Order("after", at, first)
    if at is None or first.time is None or first.unlogged:
        return Order("unknown", at, first)
    return Order("before", at, first)


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="seconds")
