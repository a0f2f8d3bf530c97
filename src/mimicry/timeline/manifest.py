"""The manifest that says how each stimulus moves: which one holds, and reading it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeGuard

import numpy as np

from mimicry.errors import InputError, StimulusError
from mimicry.files import asset_folder, is_there, read_json, sha256_of
from mimicry.records import StimulusTimeline, Timelines

__all__ = ["ManifestSource", "StimulusSet", "choose_manifest", "read_manifest", "shipped_manifest"]

ManifestSource = Literal["option", "study", "protocol", "shipped"]

_NAMED = {
    "option": "named with `stimuli`",
    "study": "the study's own copy",
    "protocol": "named by the protocol",
    "shipped": "shipped with the package",
}


@dataclass(frozen=True, slots=True, eq=False)
class StimulusSet(Mapping[str, StimulusTimeline]):
    """The stimuli of one manifest, by their ids, and which manifest it is.

    All stimuli of a scoring come from one set, so ids of two manifests never mix.

    Parameters
    ----------
    timelines
        Stimulus id -> timeline, in the order of the manifest.
    path
        The manifest.
    sha256
        Checksum of its bytes.
    source
        Why this one: ``option``, ``study``, ``protocol`` or ``shipped``.
    """

    timelines: Timelines
    path: Path
    sha256: str
    source: ManifestSource

    def __getitem__(self, stimulus_id: str) -> StimulusTimeline:
        """Return the timeline of a stimulus."""
        return self.timelines[stimulus_id]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids."""
        return iter(self.timelines)

    def __len__(self) -> int:
        """Return the number of stimuli."""
        return len(self.timelines)

    def __str__(self) -> str:
        """Return which manifest it is, in words."""
        return f"{self.path} ({_NAMED[self.source]})"

    def to_json(self) -> dict[str, str]:
        """Return what a sidecar says of it: no paths."""
        return {"source": self.source, "name": self.path.name, "sha256": self.sha256}


def choose_manifest(
    explicit: str | Path | None, study_copy: str | Path | None, named: str | Path | None
) -> StimulusSet:
    """Return the stimuli of the manifest that holds; the first of these that is given.

    Parameters
    ----------
    explicit
        The one that the caller named (`stimuli`).
    study_copy
        The study's own copy; skipped when there is no such file.
    named
        The protocol's ``stimuli.manifest``. When all three are missing, the shipped manifest.

    Raises
    ------
    StimulusError
        When the manifest that holds cannot be read. No other one is taken in its place.
    """
    if explicit is not None:
        return _read_set(Path(explicit), "option")
    if study_copy is not None and is_there(Path(study_copy), kind=StimulusError):
        return _read_set(Path(study_copy), "study")
    if named is not None:
        return _read_set(Path(named), "protocol")
    return _read_set(shipped_manifest(), "shipped")


def shipped_manifest() -> Path:
    """Return the manifest of the stimuli that ship with the package."""
    return asset_folder("stimuli") / "manifest.json"


def _read_set(file: Path, source: ManifestSource) -> StimulusSet:
    return StimulusSet(read_manifest(file), file, sha256_of(file), source)


def read_manifest(path: str | Path | None = None) -> dict[str, StimulusTimeline]:
    """Return the timeline of every stimulus in a manifest.

    Parameters
    ----------
    path
        A stimulus manifest (JSON); None: the one of the bundled stimuli.

    Returns
    -------
    dict
        Stimulus id -> timeline, in the order of the manifest.

    Raises
    ------
    StimulusError
        When the file is missing or an entry lacks something. File and key are named.
    """
    file = shipped_manifest() if path is None else Path(path)
    try:
        content = read_json(file)
    except InputError as error:
        raise StimulusError(
            error.message, path=file, key="stimuli", hint="A stimulus manifest is a JSON file."
        ) from error
    entries = content.get("stimuli") if isinstance(content, Mapping) else None
    if not isinstance(entries, list) or not entries:
        raise StimulusError("found no list of stimuli", path=file, key="stimuli")
    timelines: dict[str, StimulusTimeline] = {}
    for k, entry in enumerate(entries):
        timeline = _timeline(file, f"stimuli[{k}]", entry)
        if timeline.stimulus_id in timelines:
            raise StimulusError(
                f"the id {timeline.stimulus_id!r} stands twice", path=file, key=f"stimuli[{k}].id"
            )
        timelines[timeline.stimulus_id] = timeline
    return timelines


@dataclass(frozen=True, slots=True)
class _Entry:
    """One stimulus of a manifest, and where it stands: ``stimuli[3]``."""

    file: Path
    where: str
    values: Mapping[str, Any]

    def error(self, text: str, name: str = "") -> StimulusError:
        """Return an error of the entry, or of one of its keys; `text` goes on after its place."""
        key = f"{self.where}.{name}" if name else self.where
        return StimulusError(f"{self.where}{text}", path=self.file, key=key)

    def seconds(self, name: str, *, missing_ok: bool = False) -> float:
        """Return a time; NaN where it may be missing and is."""
        value = self.values.get(name)
        if value is None and missing_ok:
            return math.nan
        if not _is_number(value):
            raise self.error(f".{name} is {value!r:.40}, expected seconds", name)
        return float(value)

    def word(self, name: str, *, missing_ok: bool = False) -> str:
        """Return a name; empty where it may be missing and is."""
        value = self.values.get(name)
        if missing_ok and value in (None, ""):
            return ""
        if not isinstance(value, str) or not value.strip():
            raise self.error(f".{name} is {value!r:.40}, expected a name", name)
        return value

    def rows(self, intensity: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return the samples of all action units, time first."""
        times = self.values["times_s"]
        for name, values in intensity.items():
            good = isinstance(values, list) and all(map(_is_number, values))
            if not good or not isinstance(times, list) or len(values) != len(times):
                name = f"intensity.{name}"
                raise self.error(f".{name} is no list of numbers as long as times_s", name)
        return list(zip(*intensity.values(), strict=True)) if intensity else [() for _ in times]


def _timeline(file: Path, where: str, values: Any) -> StimulusTimeline:
    entry = _Entry(file, where, values)
    if not isinstance(values, Mapping):
        raise entry.error(" is no object")
    for name in ("id", "times_s", "intensity", "onset_s", "apex_s"):
        if name not in values:
            raise entry.error(f" has no {name!r}", name)
    intensity = values["intensity"]
    if not isinstance(intensity, Mapping):
        raise entry.error(".intensity is no object of action units", "intensity")
    for name in ("file", "sha256"):
        entry.word(name, missing_ok=True)
    rows = [[float(v) for v in row] for row in entry.rows(intensity)]
    onset, apex = entry.seconds("onset_s"), entry.seconds("apex_s")
    if apex < onset:
        text = f" has its apex at {apex:g} s, before its onset at {onset:g} s"
        raise entry.error(text, "apex_s")
    try:
        return StimulusTimeline(
            times_s=values["times_s"],
            intensity=np.array(rows),
            names=tuple(map(str, intensity)),
            onset_s=onset,
            apex_s=apex,
            offset_s=entry.seconds("offset_s", missing_ok=True),
            stimulus_id=entry.word("id"),
            identity=entry.word("identity", missing_ok=True),
            emotion=entry.word("emotion", missing_ok=True),
        )
    except StimulusError:
        raise  # the key of a single value is named already
    except (TypeError, ValueError) as error:
        raise entry.error(f": {error}") from error


def _is_number(value: Any) -> TypeGuard[float]:
    """Tell a finite JSON number that fits a float; ``true`` is none."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) < 1e300
