"""Reading the manifest that says how each stimulus moves."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mimicry.assets import asset_folder
from mimicry.errors import InputError, StimulusError
from mimicry.files import read_json
from mimicry.records import StimulusTimeline

__all__ = ["read_manifest"]


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
    file = asset_folder("stimuli") / "manifest.json" if path is None else Path(path)
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


def _timeline(file: Path, where: str, entry: Any) -> StimulusTimeline:
    if not isinstance(entry, Mapping):
        raise StimulusError(f"{where} is no object", path=file, key=where)
    for name in ("id", "times_s", "intensity", "onset_s", "apex_s"):
        if name not in entry:
            raise StimulusError(f"{where} has no {name!r}", path=file, key=f"{where}.{name}")
    intensity = entry["intensity"]
    if not isinstance(intensity, Mapping):
        raise StimulusError(
            f"{where}.intensity is no object of action units", path=file, key=f"{where}.intensity"
        )
    names = tuple(str(name) for name in intensity)
    rows = [[float(v) for v in row] for row in _rows(file, where, entry, intensity)]
    try:
        return StimulusTimeline(
            times_s=entry["times_s"],
            intensity=np.array(rows),
            names=names,
            onset_s=_seconds(entry["onset_s"]),
            apex_s=_seconds(entry["apex_s"]),
            offset_s=_seconds(entry.get("offset_s")),
            stimulus_id=str(entry["id"]),
            identity=str(entry.get("identity") or ""),
        )
    except (TypeError, ValueError) as error:
        raise StimulusError(f"{where}: {error}", path=file, key=where) from error


def _rows(
    file: Path, where: str, entry: Mapping[str, Any], intensity: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    """The samples of all action units, time first."""
    times = entry["times_s"]
    for name, values in intensity.items():
        good = isinstance(values, list) and all(isinstance(v, int | float) for v in values)
        if not good or not isinstance(times, list) or len(values) != len(times):
            raise StimulusError(
                f"{where}.intensity.{name} is no list of numbers as long as times_s",
                path=file,
                key=f"{where}.intensity.{name}",
            )
    return list(zip(*intensity.values(), strict=True)) if intensity else [() for _ in times]


def _seconds(value: Any) -> float:
    return math.nan if value is None else float(value)
