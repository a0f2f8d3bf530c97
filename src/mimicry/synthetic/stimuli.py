"""The stimulus set: what each clip shows, rendering it, and measuring any other clip.

A clip's id is ``<emotion>-<model>-<kind>``, with ``-i50`` behind it for half intensity and
``-d4`` for a duration of 4 s: ``happy-f01-dynamic``, ``sad-m02-static-i50-d4``. The rendered
faces are not validated on humans; a laboratory's own clips become stimuli by measuring them.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry import __version__
from mimicry.errors import InputError, OutputExistsError, StimulusError
from mimicry.files import asset_folder, make_folder, read_json_object, sha256_of, write_text
from mimicry.records import ActionUnitTrack
from mimicry.synthetic.facs import millimetres
from mimicry.synthetic.motion import Performance, blink_curve, envelope, performance, times_at
from mimicry.synthetic.recipes import KINDS, MODELS, ONSET_S, RECIPES

__all__ = [
    "NOTE",
    "MeasuredClip",
    "StimulusSpec",
    "is_there",
    "manifest_entry",
    "measured_entry",
    "merge_manifest",
    "parse_id",
    "read_entries",
    "rendered_entry",
    "stimulus_file",
    "stimulus_ids",
    "write_manifest",
]

NOTE = (
    "Rendered faces, CC0 1.0. Not validated on humans: whether people see the emotion named, "
    "and whether they mimic it, has not been tested. Intensity 1.0 is the rig's reference "
    "movement in millimetres, not a FACS score."
)
MEASURED_NOTE = (
    "Measured clips: what they show, who is in them and their licence are as whoever measured them "
    "has stated."
)
FPS = 30.0
SIZE_PX = (480, 480)
SPAN_MM = 300.0
_ID = re.compile(
    r"(?P<emotion>[a-z]+)-(?P<model>[a-z]+\d+)-(?P<kind>[a-z]+)(-i(?P<i>\d+))?(-d(?P<d>[\d.]+))?"
)


@dataclass(frozen=True, slots=True)
class StimulusSpec:
    """One clip of the set.

    Parameters
    ----------
    emotion, model, kind
        A recipe, a model, ``"dynamic"`` (neutral 0.5 s, rise, held to the end) or ``"static"``.
    intensity
        Share of the recipe's apex, 0..1.5.
    duration_s
        Length of the clip; None: the recipe's own.
    """

    emotion: str
    model: str
    kind: str
    intensity: float = 1.0
    duration_s: float | None = None

    def __post_init__(self) -> None:
        for value, known in ((self.emotion, RECIPES), (self.model, MODELS), (self.kind, KINDS)):
            if value not in known:
                raise StimulusError(f"no {value!r} in the set", hint=f"Known: {', '.join(known)}")
        if not 0 < self.intensity <= 1.5:
            raise StimulusError(f"intensity is {self.intensity}, expected above 0 and up to 1.5")
        if self.seconds < self.apex_s or self.seconds < 0.2:
            raise StimulusError(
                f"{self.seconds} s is too short: the apex comes at {self.apex_s} s", key="duration"
            )

    @property
    def seconds(self) -> float:
        """Return the length of the clip."""
        return RECIPES[self.emotion].duration_s if self.duration_s is None else self.duration_s

    @property
    def onset_s(self) -> float:
        """Return the dynamic onset; 0 for a static clip."""
        return ONSET_S if self.kind == "dynamic" else 0.0

    @property
    def apex_s(self) -> float:
        """Start of the apex; 0 for a static clip."""
        return ONSET_S + RECIPES[self.emotion].rise_s if self.kind == "dynamic" else 0.0

    @property
    def stimulus_id(self) -> str:
        """Return the id that :func:`parse_id` reads."""
        step = "" if self.intensity == 1 else f"-i{round(100 * self.intensity)}"
        length = "" if self.duration_s is None else f"-d{self.duration_s:g}"
        return f"{self.emotion}-{self.model}-{self.kind}{step}{length}"

    def performance(self, times_s: NDArray[np.float64]) -> Performance:
        """Return what the face does at the given times."""
        recipe = RECIPES[self.emotion]
        rise = np.ones_like(times_s)
        if self.kind == "dynamic":
            rise = envelope(times_s, self.onset_s, self.apex_s)
        units = {name: value * self.intensity * rise for name, value in recipe.apex.items()}
        if recipe.blink and self.kind == "dynamic":
            units["AU45"] = self.intensity * blink_curve(times_s, self.onset_s + 0.1)
        pose = np.zeros((len(times_s), 3))
        pose[:, 0] = recipe.pitch_deg * self.intensity * rise
        return performance(times_s, units, pose_deg=pose)


def parse_id(stimulus_id: str) -> StimulusSpec:
    """Return the clip that an id names.

    Examples
    --------
    >>> parse_id("happy-f01-dynamic-i50").intensity
    0.5
    """
    match = _ID.fullmatch(stimulus_id)
    if match is None:
        raise StimulusError(
            f"{stimulus_id!r} is no id of the set", hint="An id looks like happy-f01-dynamic."
        )
    return StimulusSpec(
        match["emotion"],
        match["model"],
        match["kind"],
        intensity=int(match["i"]) / 100 if match["i"] else 1.0,
        duration_s=float(match["d"]) if match["d"] else None,
    )


def stimulus_ids() -> tuple[str, ...]:
    """Return every id at full intensity and usual duration, sorted."""
    return tuple(f"{e}-{m}-{k}" for e in sorted(RECIPES) for m in sorted(MODELS) for k in KINDS)


def _sampled(spec: StimulusSpec) -> Performance:
    """Return the performance at the times that a manifest keeps: frames while something moves."""
    times = times_at(FPS, spec.seconds)
    movement = spec.performance(times)
    moving = np.zeros(len(times), dtype=bool)
    moving[[0, -1]] = True
    changed = np.flatnonzero(np.any(np.diff(movement.intensity, axis=0), axis=1))
    moving[changed] = moving[changed + 1] = True
    return spec.performance(times[moving])


def manifest_entry(spec: StimulusSpec, file: Path | None = None) -> dict[str, Any]:
    """Return one stimulus of a manifest: exact envelopes at the clip's own frames."""
    movement = _sampled(spec)
    return {
        "id": spec.stimulus_id,
        "file": None if file is None else file.name,
        "sha256": None if file is None else sha256_of(file),
        "license": "CC0-1.0",
        "emotion": spec.emotion,
        "identity": spec.model,
        "kind": spec.kind,
        "intensity_step": spec.intensity,
        "duration_s": spec.seconds,
        "onset_s": spec.onset_s,
        "apex_s": round(spec.apex_s, 6),
        "offset_s": None,
        "times_s": np.round(movement.times_s, 6).tolist(),
        "intensity": {n: np.round(movement.of(n), 6).tolist() for n in movement.names},
        "mm_per_unit": {n: round(millimetres(n), 3) for n in movement.names},
    }


def write_manifest(path: Path, entries: Iterable[Mapping[str, Any]], *, note: str = NOTE) -> Path:
    """Write a manifest, one stimulus a line; its licence is that of all of them, or none."""
    entries = list(entries)
    licences = {str(e.get("license") or "") for e in entries}
    licence = licences.pop() if len(licences) == 1 else ""
    lines = ",\n".join(
        "    " + json.dumps(e, sort_keys=True, allow_nan=False)
        for e in sorted(entries, key=lambda e: str(e["id"]))
    )
    head = json.dumps({"version": 1, "license": licence, "note": note}, indent=2)[:-2]
    return write_text(path, f'{head},\n  "stimuli": [\n{lines}\n  ]\n}}\n')


def read_entries(path: Path | None = None) -> tuple[str, list[dict[str, Any]]]:
    """Return the note and the entries of a manifest; None: the bundled one.

    Raises
    ------
    StimulusError
        When the file is no manifest.
    """
    file = asset_folder("stimuli") / "manifest.json" if path is None else path
    content = read_json_object(file, {"stimuli": [{"id": str}]}, kind=StimulusError)
    return str(content.get("note", "")), content["stimuli"]


def merge_manifest(
    path: Path, entries: Iterable[Mapping[str, Any]], *, overwrite: bool = True
) -> Path:
    """Add entries to a manifest, or begin one.

    Raises
    ------
    OutputExistsError
        When an entry of the same id is there that differs, and `overwrite` is False.
    """
    entries = list(entries)
    measured = any(e.get("measured") for e in entries)
    begun = MEASURED_NOTE if measured else NOTE
    note, old = read_entries(path) if path.exists() else (begun, [])
    table = {str(e["id"]): dict(e) for e in old}
    for entry in entries:
        name = str(entry["id"])
        if not overwrite and name in table and table[name] != dict(entry):
            raise OutputExistsError(
                f"the manifest holds another {name!r}",
                path=path,
                hint="Use `overwrite=True` or `stimulus_id`.",
            )
        table[name] = dict(entry)
    return write_manifest(path, table.values(), note=note)


def rendered_entry(
    spec: StimulusSpec, folder: Path, *, overwrite: bool = False, crf: int = 26
) -> dict[str, Any]:
    """Render a clip as ``<id>.webm`` (VP9) into `folder`; return its manifest entry.

    A clip that is there already is kept unless `overwrite`.
    """
    path = folder / f"{spec.stimulus_id}.webm"
    if overwrite or not path.exists():
        from mimicry.synthetic.camera import render_frames
        from mimicry.synthetic.scene import View
        from mimicry.synthetic.video import write_frames

        movement = spec.performance(times_at(FPS, spec.seconds))
        view = View(size_px=SIZE_PX, span_mm=SPAN_MM, aim_mm=(0.0, 8.0))
        frames = render_frames(MODELS[spec.model], movement, view=view)
        write_frames(path, frames, movement.times_s, codec="libvpx-vp9", crf=crf)
    return manifest_entry(spec, path)


def is_there(stimulus_id: str) -> bool:
    """Tell whether the clip of an id lies in the package or in the user's cache."""
    name = f"{stimulus_id}.webm"
    return any((folder / name).exists() for folder in (asset_folder("stimuli"), _cache()))


def stimulus_file(stimulus_id: str, cache: Path | None = None) -> Path:
    """Return the clip of an id: the bundled file, or one rendered into the user's cache.

    Parameters
    ----------
    cache
        Folder for rendered clips; None: the user's cache folder.
    """
    bundled = asset_folder("stimuli") / f"{stimulus_id}.webm"
    if bundled.exists():
        return bundled
    spec, folder = parse_id(stimulus_id), make_folder(cache or _cache())
    return folder / str(rendered_entry(spec, folder)["file"])


def _cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("mimicry") / "stimuli" / __version__


@dataclass(frozen=True, slots=True)
class MeasuredClip:
    """A laboratory's own clip: its id, its file and what is in it."""

    stimulus_id: str
    file: str
    sha256: str
    emotion: str
    identity: str
    license_name: str


def measured_entry(
    track: ActionUnitTrack,
    smooth: NDArray[np.float64],
    clip: MeasuredClip,
    *,
    names: tuple[str, ...] | None = None,
    onset_s: float | None = None,
    apex_s: float | None = None,
) -> dict[str, Any]:
    """Return a manifest entry for a clip that was measured, not rendered.

    Parameters
    ----------
    track
        The clip's action units.
    smooth
        (T, A) its intensities after zero-phase smoothing.
    clip
        What the clip is.
    names
        Action units to keep; None: bilateral ones that move by .1 or more.
    onset_s, apex_s
        Given, or found on the action unit that moves most: 10 % and 90 % of its rise.

    Raises
    ------
    InputError
        When no frame shows a face.
    """
    seen = np.flatnonzero(np.isfinite(smooth).any(axis=1))
    if len(seen) < 2:
        raise InputError("fewer than two frames show a face", path=clip.file)
    start = float(track.times_s[0])
    span = np.nanmax(smooth[seen], axis=0) - np.nanmin(smooth[seen], axis=0)
    if names is None:
        names = tuple(
            n for n, s in zip(track.names, span, strict=True) if s >= 0.1 and "_" not in n
        )
    unknown = sorted(set(names) - set(track.names))
    if unknown:
        raise InputError(f"the track holds no {', '.join(unknown)}", key="`names`")
    columns = {n: smooth[:, track.names.index(n)] for n in names}
    times = track.times_s - start
    filled = {
        n: np.interp(times, times[np.isfinite(v)], v[np.isfinite(v)]) for n, v in columns.items()
    }
    begins, ends = _rise(times, filled)
    onset = begins if onset_s is None else onset_s
    apex = ends if apex_s is None else apex_s
    return {
        "id": clip.stimulus_id,
        "file": clip.file,
        "sha256": clip.sha256,
        "license": clip.license_name,
        "emotion": clip.emotion,
        "identity": clip.identity,
        "kind": "dynamic" if apex > onset else "static",
        "measured": True,
        "duration_s": round(float(times[-1] + np.median(np.diff(times))), 6),
        "onset_s": round(onset, 6),
        "apex_s": round(apex, 6),
        "offset_s": None,
        "times_s": np.round(times, 6).tolist(),
        "intensity": {n: np.round(v, 5).tolist() for n, v in filled.items()},
    }


def _rise(
    times: NDArray[np.float64], columns: dict[str, NDArray[np.float64]]
) -> tuple[float, float]:
    """Return where the largest rise passes 10 % and 90 %; (0, 0) where nothing moves."""
    if not columns:
        return 0.0, 0.0
    largest = max(columns.values(), key=lambda v: float(v.max() - v[: v.argmax() + 1].min()))
    top = int(largest.argmax())
    low = int(largest[: top + 1].argmin())
    if top == low:
        return 0.0, 0.0
    share = (largest[low : top + 1] - largest[low]) / (largest[top] - largest[low])
    return float(times[low + np.argmax(share > 0.1)]), float(times[low + np.argmax(share >= 0.9)])
