"""A checked protocol, and what the other parts of the package ask it for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimicry.files import digest
from mimicry.kernels.orders import longest_run
from mimicry.protocol.positions import Key
from mimicry.protocol.redraw import Redraw
from mimicry.protocol.schema import ProtocolFile
from mimicry.protocol.session import PHASES, Item, Session
from mimicry.records import EmotionMap, ScoringSettings

if TYPE_CHECKING:
    from mimicry.timeline.manifest import StimulusSet

__all__ = ["Origin", "Protocol"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value of a protocol stands: file, line, folder, and its provenance."""

    file: str
    line: int
    provenance: str
    pattern: str
    folder: Path = Path()


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
        """Return the protocol's name, equal to the stem of its file."""
        return self.file.name

    @property
    def seed(self) -> int:
        """Return the seed of all random orders and jitters."""
        return self.file.design.seed

    @cached_property
    def digest(self) -> str:
        """Return SHA-256 over the resolved content: equal protocols have equal digests."""
        return digest(self.content())

    def content(self) -> dict[str, Any]:
        """Return the resolved protocol as plain JSON types, with every default filled in.

        How it came about (``extends``, provenance) is left out, so a variant and the same
        protocol written out in full have the same content; and so is the place of the stimulus
        manifest, whose checksum every score carries. A condition's ``any_emotion`` and a block's
        ``swap`` stand there only when set, ``latency_min_r2`` only when it is not the default:
        files written before they existed keep their digest.
        """
        content = self.file.model_dump(
            mode="json", exclude={"extends": True, "provenance": True, "stimuli": {"manifest"}}
        )
        for part, name in (("conditions", "any_emotion"), ("blocks", "swap")):
            for entry in content[part].values():
                if not entry[name]:
                    del entry[name]
        if content["scoring"]["latency_min_r2"] == ScoringSettings(emotions={}).latency_min_r2:
            del content["scoring"]["latency_min_r2"]
        return content

    @property
    def manifest(self) -> Path | None:
        """Return the protocol's own stimulus manifest, beside the file that names it, or None."""
        named = self.file.stimuli.manifest
        if named is None:
            return None
        origin = self.origins.get(("stimuli", "manifest"))
        return (self.path.parent if origin is None else origin.folder) / named

    def timelines(
        self, explicit: str | Path | None = None, study_copy: str | Path | None = None
    ) -> "StimulusSet":
        """Return the stimuli of the manifest that holds, the same for every command.

        An explicit one goes before the study's own copy, that before the protocol's
        ``stimuli.manifest``, and that before the shipped one. All stimuli come from this one.

        Parameters
        ----------
        explicit
            The manifest that the caller named.
        study_copy
            Where the study's own copy would lie, from :func:`mimicry.study.layout.stimuli_copy`.

        Raises
        ------
        StimulusError
            When the manifest that holds cannot be read.
        """
        from mimicry.timeline.manifest import choose_manifest

        return choose_manifest(explicit, study_copy, self.manifest)

    def emotions(self) -> dict[str, tuple[str, str]]:
        """Return the words for what a condition shows; those with ``any_emotion`` are left out."""
        return {
            name: (condition.emotion, name)
            for name, condition in self.file.conditions.items()
            if not condition.any_emotion
        }

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
        emotions = {
            name: EmotionMap(tuple(c.targets), tuple(c.opponents), c.valence)
            for name, c in self.file.conditions.items()
            if c.targets
        }
        level = self.file.analysis.primary.alpha
        return ScoringSettings(emotions=emotions, claim_alpha=level, **self.scoring_values())

    def scoring_values(self) -> dict[str, Any]:
        """Return every scoring setting but the action-unit maps, as written or by default."""
        section = self.file.scoring
        given = {name: getattr(section, name) for name in type(section).model_fields}
        given["windows"] = self.windows()
        given["swaps"] = {name: b.swap for name, b in self.file.blocks.items() if b.swap}
        alone = given["swaps"].get(self.file.analysis.primary.block)
        if alone:
            given["swaps"][""] = alone  # of recordings whose trials name no block
        if given["seed"] is None:
            given["seed"] = self.seed
        return given

    def timing(self, levels: Mapping[str, str] | None = None) -> dict[str, float]:
        """Return the phase durations of a trial at these factor levels, in order.

        Keys are the phase names without ``_s``; the pause between trials is not among them.
        """
        timing = self.file.timing
        durations = {name: float(getattr(timing, f"{name}_s")) for name in PHASES}
        for factor, level in (levels or {}).items():
            spec = self.file.design.factors[factor].levels[level]
            durations.update({k.removesuffix("_s"): v for k, v in spec.timing.items()})
        return durations

    def trial_spans(self) -> set[tuple[float, float]]:
        """Return the different (start, end) of a trial around the dynamic onset.

        The start is that of the fixation cross, the end that of the blank.
        """
        spans = set()
        for levels in self.level_combinations():
            t = self.timing(levels)
            before = sum(t[name] for name in PHASES[: PHASES.index("rise")])
            spans.add((-before, sum(t.values()) - before))
        return spans

    def face_to_face(self) -> bool:
        """Tell whether people meet each other instead of looking at stimuli."""
        return all(block.task == "interact" for block in self.file.blocks.values())

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

    def level_combinations(self, assign: str | None = None) -> list[dict[str, str]]:
        """Return all combinations of factor levels, of the factors assigned this way."""
        combinations: list[dict[str, str]] = [{}]
        for name, factor in self.file.design.factors.items():
            if assign in (None, factor.assign):
                combinations = [{**c, name: level} for c in combinations for level in factor.levels]
        return combinations

    def stimulus_kind(self, levels: Mapping[str, str]) -> str:
        """Return the kind of stimulus shown at these factor levels."""
        kind = self.file.stimuli.kind
        for factor, level in levels.items():
            kind = self.file.design.factors[factor].levels[level].kind or kind
        return kind

    def items(self) -> Iterator[Item]:
        """Yield every trial that a session can show: condition, model face, factor levels."""
        for condition in self.file.conditions:
            for identity in self.file.stimuli.identities:
                for levels in self.level_combinations():
                    yield Item(condition, identity, levels)

    def told_apart_by(self, item: Item) -> dict[str, str]:
        """Return emotion, identity and kind of a trial's stimulus."""
        emotion = self.file.conditions[item.condition].emotion
        kind = self.stimulus_kind(item.levels)
        return {"emotion": emotion, "identity": item.identity, "kind": kind}

    def stimulus_id(self, item: Item) -> str:
        """Return the id of a trial's stimulus, by the pattern of the protocol."""
        return self.file.stimuli.pattern.format(**{**item.levels, **self.told_apart_by(item)})

    def trials_per_condition(self, block: str) -> dict[str, int]:
        """Return how many scored trials of each condition a block has."""
        faces = len(self.file.stimuli.identities)
        each = len(self.level_combinations("trial")) * faces * self.file.blocks[block].repeats
        return dict.fromkeys(self.block_conditions(block), each)

    def build_session(
        self,
        participant: str,
        *,
        visit: str | None = None,
        session: str | None = None,
        seed: int | None = None,
    ) -> Session:
        """Return the trials of one participant, in order; see :mod:`mimicry.protocol.build`."""
        from mimicry.protocol.build import build_session

        return build_session(self, participant, visit=visit, session=session, seed=seed)

    def redraw(self, block: str, shown: Sequence[str] | None = None) -> Redraw:
        """Return the randomiser of a block's order, for the null ``swap: redraw``.

        Parameters
        ----------
        block
            The block whose randomisation limits hold.
        shown
            The conditions of the trials that were really shown, where a session differs from
            the plan (a shorter run, a lost trial); None: the planned ones. An order with longer
            runs than the protocol allows (another program's, or one with lost trials) raises
            the limit to its own longest run: the null must be able to draw what was shown.
        """
        limit = self.file.design.randomisation.max_same_condition
        if shown is None:
            counts = self.trials_per_condition(block)
        else:
            names = list(dict.fromkeys(shown))
            counts = {name: list(shown).count(name) for name in names}
            if limit is not None:
                limit = max(limit, longest_run([names.index(name) for name in shown]))
        return Redraw(tuple(counts), tuple(counts.values()), limit)

    def leaves(self) -> Iterator[tuple[Key, Any]]:
        """Yield every value of the resolved protocol with its key, defaults included."""
        yield from _leaves(self.content(), ())


def _leaves(value: Any, key: Key) -> Iterator[tuple[Key, Any]]:
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _leaves(part, (*key, name))
    else:
        yield key, value
