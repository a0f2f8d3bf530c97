"""How much of a recording can be used: in a few words, and for ``--json``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mimicry.pipeline import Extraction, ScoredRecording

__all__ = ["entry_of", "frames_text"]


def entry_of(made: "Extraction | ScoredRecording") -> dict[str, Any]:
    """Return the entry of a recording among an outcome's `recordings`."""
    return {
        "input": str(made.recording),
        "frames": made.frames,
        "frames_with_face": made.frames_with_face,
        "frames_usable": made.qc.get("usable_frames"),
        "files": {kind: str(path) for kind, path in made.files.items()},
    }


def frames_text(frames: int, with_face: int, qc: Mapping[str, Any]) -> str:
    """Return the number of frames, of those with a face and of usable ones, and what disturbs.

    Examples
    --------
    >>> frames_text(200, 180, {"usable_frames": 90, "frames_with_several_faces": 3})
    '200 frames, a face in 180 (90 %), usable 90 (45 %), several faces in 3'
    """
    text = f"{frames} frames, a face in {with_face} ({_share(with_face, frames)})"
    if (usable := qc.get("usable_frames")) is not None:
        text += f", usable {usable} ({_share(usable, frames)})"
    if several := qc.get("frames_with_several_faces"):
        text += f", several faces in {several}"
    if holes := (qc.get("timing") or {}).get("holes"):
        text += f", {len(holes)} hole{'s'[: len(holes) > 1]} in time"
    return text


def _share(part: int, whole: int) -> str:
    from mimicry.report.numbers import percent

    return percent(part / whole if whole else None)
