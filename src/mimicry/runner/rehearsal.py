"""What `mimicry run` would do with a protocol, done without a participant."""

from pathlib import Path
from typing import TYPE_CHECKING

from mimicry.errors import StimulusError
from mimicry.files import read_json_object
from mimicry.protocol.load import protocol_from_text
from mimicry.protocol.session import CLIP
from mimicry.protocol.show import written_out
from mimicry.protocol.stimuli import check_shown, stimulus_ids
from mimicry.runner.clips import find_clips
from mimicry.runner.from_protocol import plan_session
from mimicry.study.layout import PROTOCOL

if TYPE_CHECKING:
    from mimicry.protocol import Protocol
    from mimicry.timeline.manifest import StimulusSet

__all__ = ["rehearse"]

_LENGTHS = {"stimuli": [{"id": str, "duration_s?": (int, float, None)}]}
NEAR_S = 0.05  # clips that differ less from the plan are shown whole


def rehearse(protocol: "Protocol", *, stimuli: str | Path | None = None) -> list[str]:
    """Build a session of every visit and find every clip that any participant can see.

    This is the very code that `mimicry run` uses; only clips of the shipped set that would be
    rendered first are taken for granted.

    Parameters
    ----------
    protocol
        A checked protocol.
    stimuli
        A manifest that goes before the protocol's.

    Returns
    -------
    list of str
        What one should know before a session.

    Raises
    ------
    MimicryError
        When `mimicry run` would refuse.
    """
    if protocol.face_to_face():
        return ["people meet in it (task interact): it is recorded, not run"]
    shown = protocol.timelines(stimuli)
    check_shown(protocol, shown)
    visits: list[str | None] = [*protocol.file.design.visits]
    for visit in visits or [None]:
        plan_session(protocol, "01", visit=visit, manifest=shown.path, render=False)
    copy = written_out(protocol, manifest=protocol.file.stimuli.manifest)
    protocol_from_text(copy, path=protocol.path.with_name(PROTOCOL))  # what the study will hold
    find_clips(shown.path, stimulus_ids(protocol), render=False)
    return _lengths(protocol, shown) if shown.source != "shipped" else []


def _lengths(protocol: "Protocol", shown: "StimulusSet") -> list[str]:
    """Compare planned times with those of one's own clips: run cuts, or holds the last frame."""
    longer, shorter, moved = [], [], []
    content = read_json_object(shown.path, _LENGTHS, kind=StimulusError)
    known = {entry["id"]: entry.get("duration_s") for entry in content["stimuli"]}
    for name, planned, still in _planned(protocol):
        line, lasts = shown[name], known[name]
        if lasts is None:
            continue  # a picture: it is shown as long as the protocol says
        if lasts > planned + NEAR_S:
            longer.append((name, lasts, planned))
        elif lasts < planned - NEAR_S:
            shorter.append((name, lasts, planned))
        if abs(line.onset_s - still) > NEAR_S:
            moved.append((name, float(line.onset_s), still))
    notes = []
    for clips, text in (
        (longer, "is {0:g} s long and will be cut at {1:g} s (neutral_s to fall_s)"),
        (shorter, "is {0:g} s long; its last frame will stay until {1:g} s (neutral_s to fall_s)"),
        (moved, "begins to move at {0:g} s, but timing.neutral_s is {1:g} s"),
    ):
        if clips:
            name, *values = clips[0]
            more = f" (and {len(clips) - 1} more)" if len(clips) > 1 else ""
            notes.append(f"the clip {name!r}{more} " + text.format(*values))
    return notes


def _planned(protocol: "Protocol") -> list[tuple[str, float, float]]:
    """Return (stimulus, planned length, planned still part) of every clip, once each."""
    planned: dict[tuple[str, float, float], None] = {}
    for item in protocol.items():
        timing = protocol.timing(item.levels)
        length = sum(timing[p] for p in CLIP)
        planned[protocol.stimulus_id(item), length, timing["neutral"]] = None
    return list(planned)
