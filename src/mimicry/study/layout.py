"""Names of files in a study folder."""

from pathlib import Path

__all__ = ["PROTOCOL", "STIMULI", "stimuli_copy", "study_of_events"]

PROTOCOL = "protocol.yaml"
STIMULI = "stimuli.json"

_MARKS = (PROTOCOL, STIMULI, "dataset_description.json")
_DEPTH = 3  # STUDY/sub-01/ses-1/beh holds the events


def stimuli_copy(root: Path) -> Path:
    """Return where a study keeps its own copy of a stimulus manifest, there or not."""
    return root / STIMULI


def study_of_events(events: str | Path) -> Path | None:
    """Return the study that an events table belongs to, or None.

    It is the nearest folder, at most three above the table's own, that holds ``protocol.yaml``,
    ``stimuli.json`` or ``dataset_description.json``.
    """
    own = Path(events).resolve().parent
    for folder in (own, *own.parents[:_DEPTH]):
        if any((folder / name).is_file() for name in _MARKS):
            return folder
    return None
