"""What each recording of a study was scored with: its stimuli and its clock."""

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimicry.errors import InputError, QualityWarning
from mimicry.files import digest, read_json_object
from mimicry.study.layout import SCORES_SIDECAR, prefix_of, recordings

if TYPE_CHECKING:
    from mimicry.timeline.manifest import StimulusSet

__all__ = ["check_same_stimuli", "clock_shift_s", "say_other_stimuli"]

_SHAPE = {
    "inputs?": {"stimuli?": {"*": dict}},
    "stimuli?": {"sha256?": str},
    "clock?": {"shift_s?": float},
}


def check_same_stimuli(root: Path) -> None:
    """Refuse a study in which one stimulus id stands for clips that move differently.

    Raises
    ------
    InputError
        With the id and two recordings that were scored with different manifests.
    """
    seen: dict[str, tuple[str, str]] = {}
    for recording in recordings(root):
        if not recording.scored:
            continue
        head = _head(recording.file(SCORES_SIDECAR))
        for name, moves in head.get("inputs", {}).get("stimuli", {}).items():
            key, other = seen.setdefault(name, (digest(moves), recording.prefix))
            if key != digest(moves):
                raise InputError(
                    f"the clip {name!r} moves in another way in the scores of {other} than in "
                    f"those of {recording.prefix}: they were scored with two stimulus manifests",
                    path=root,
                    hint="Score the study again with one: mimicry batch STUDY --overwrite.",
                )


def clock_shift_s(au_table: Path) -> float:
    """Return what was added to the onsets of a recording when it was scored; 0 if it was not."""
    head = _head(_sidecar(au_table))
    return float(head.get("clock", {}).get("shift_s", 0.0))


def say_other_stimuli(au_tables: Iterable[Path], stimuli: "StimulusSet") -> None:
    """Warn when recordings were scored with another manifest than the one at hand."""
    others = [
        prefix_of(path.name)
        for path in au_tables
        if _head(_sidecar(path)).get("stimuli", {}).get("sha256", stimuli.sha256) != stimuli.sha256
    ]
    if others:
        text = (
            f"{len(others)} recordings ({', '.join(others[:3])}{', ...' if others[3:] else ''}) "
            f"were scored with another stimulus manifest than {stimuli}"
        )
        warnings.warn(QualityWarning(text), stacklevel=3)


def _sidecar(au_table: Path) -> Path:
    return au_table.with_name(prefix_of(au_table.name) + SCORES_SIDECAR)


def _head(sidecar: Path) -> dict[str, Any]:
    return read_json_object(sidecar, _SHAPE) if sidecar.is_file() else {}
