"""A checked protocol, and what the other parts of the package ask it for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from mimicry.files import digest
from mimicry.protocol.positions import Key
from mimicry.protocol.schema import ProtocolFile
from mimicry.records import EmotionMap, ScoringSettings

__all__ = ["Origin", "Protocol"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value of a protocol stands: file, line, and what is known of its provenance."""

    file: str
    line: int
    provenance: str
    pattern: str


@dataclass(frozen=True, eq=False)
class Protocol:
    """A protocol that has passed every check.

    Parameters
    ----------
    file
        The resolved file: all inherited values laid under the own ones.
    path
        Where it was read from.
    origins
        Key -> :class:`Origin` of every value that stands in a file; values that are not there
        are the schema's defaults.
    """

    file: ProtocolFile
    path: Path
    origins: Mapping[Key, Origin] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The protocol's name, equal to the stem of its file."""
        return self.file.name

    @property
    def seed(self) -> int:
        """Seed of all random orders and jitters."""
        return self.file.design.seed

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the resolved content: equal protocols have equal digests."""
        return digest(self.content())

    def content(self) -> dict[str, Any]:
        """Return the resolved protocol as plain JSON types, with every default filled in.

        How it came about (``extends``, provenance) is left out, so a variant and the same
        protocol written out in full have the same content.
        """
        return self.file.model_dump(mode="json", exclude={"extends", "provenance"})

    def windows(self) -> dict[str, tuple[float, float]]:
        """Return the scoring windows, seconds from the dynamic onset."""
        windows = dict(ScoringSettings(emotions={}).windows)
        for name, window in self.file.scoring.windows.items():
            if window is None:
                windows.pop(name, None)
            else:
                windows[name] = window
        return windows

    def scoring_settings(self) -> ScoringSettings:
        """Return how trials of this protocol are scored.

        Conditions without target units (neutral) get no map. The seed of the protocol is
        used unless the scoring section names its own.
        """
        section = self.file.scoring
        given = {
            name: getattr(section, name) for name in type(section).model_fields if name != "windows"
        }
        if "seed" not in section.model_fields_set:
            given["seed"] = self.seed
        emotions = {
            name: EmotionMap(tuple(c.targets), tuple(c.opponents), c.valence)
            for name, c in self.file.conditions.items()
            if c.targets
        }
        return ScoringSettings(emotions=emotions, windows=self.windows(), **given)

    def before_onset_s(self) -> float:
        """Time from the start of a trial to the dynamic onset of the stimulus."""
        timing = self.file.timing
        return timing.fixation_s + timing.cue_s + timing.neutral_s

    def after_onset_s(self) -> float:
        """Time from the dynamic onset to the end of the blank."""
        timing = self.file.timing
        return timing.rise_s + timing.apex_s + timing.fall_s + timing.blank_s

    def block_conditions(self, block: str) -> tuple[str, ...]:
        """Return the conditions shown in a block."""
        return tuple(self.file.blocks[block].conditions) or tuple(self.file.conditions)

    def levels(self, *, group: bool) -> dict[str, tuple[str, ...]]:
        """Return what can be compared: between persons (`group`) or within them."""
        design = self.file.design
        if group:
            return {"group": tuple(design.groups)} if design.groups else {}
        levels = {name: tuple(factor.levels) for name, factor in design.factors.items()}
        levels["block"] = tuple(self.file.blocks)
        if design.visits:
            levels["visit"] = tuple(design.visits)
        return levels

    def cells(self) -> list[dict[str, str]]:
        """Return the level combinations at which every condition x identity is shown.

        Factors assigned to identities do not multiply the trials.
        """
        combinations: list[dict[str, str]] = [{}]
        for name, factor in self.file.design.factors.items():
            if factor.assign == "trial":
                combinations = [{**c, name: level} for c in combinations for level in factor.levels]
        return combinations

    def trials_per_condition(self, block: str) -> dict[str, int]:
        """Return how many scored trials of each condition a block has."""
        each = (
            len(self.cells()) * len(self.file.stimuli.identities) * self.file.blocks[block].repeats
        )
        return dict.fromkeys(self.block_conditions(block), each)

    def leaves(self) -> Iterator[tuple[Key, Any]]:
        """Yield every value of the resolved protocol with its key, defaults included."""
        yield from _leaves(self.content(), ())


def _leaves(value: Any, key: Key) -> Iterator[tuple[Key, Any]]:
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _leaves(part, (*key, name))
    else:
        yield key, value
