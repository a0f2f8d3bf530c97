"""Where the files of a study lie: the one place that knows their names.

::

    study/
      protocol.yaml  participants.tsv  stimuli.json  prereg.json  blind.json  exclusions.tsv
      sub-01/[ses-1/]beh/<prefix>_events.tsv, <prefix>_video.mp4
      derivatives/mimicry/
        sub-01/[ses-1/]<prefix>_scores.tsv, _scores.json, _scores.log, _summary.tsv, ...
        scores.tsv  summary.tsv  failures.tsv  group*.tsv  group*.json

A recording is known by its *key*: the folder of its results and the start of its file names,
``sub-01/ses-1/sub-01_ses-1_task-x``. Video, events, tables and failure have the same key.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mimicry.errors import InputError

__all__ = [
    "BLIND_TABLE",
    "DESCRIPTION",
    "EVENTS",
    "EXCLUSIONS",
    "FAILURES",
    "LOCK",
    "PARTICIPANTS",
    "PREREG",
    "PROTOCOL",
    "RESULTS",
    "SCORES",
    "SCORES_LOG",
    "SCORES_SIDECAR",
    "SOURCEDATA",
    "STIMULI",
    "Recording",
    "check_label",
    "entities",
    "key_of",
    "prefix_of",
    "recordings",
    "stimuli_copy",
    "study_of_events",
]

RESULTS, SOURCEDATA = Path("derivatives") / "mimicry", "sourcedata"
DESCRIPTION = "dataset_description.json"
PROTOCOL, PARTICIPANTS, STIMULI = "protocol.yaml", "participants.tsv", "stimuli.json"
PREREG, LOCK, EXCLUSIONS, FAILURES = "prereg.json", "blind.json", "exclusions.tsv", "failures.tsv"
EVENTS, SCORES, SCORES_SIDECAR = "_events.tsv", "_scores.tsv", "_scores.json"
SCORES_LOG, BLIND_TABLE = "_scores.log", "_blind.tsv"

_ENDINGS = ("_video", "_landmarks", "_au", "_events", "_scores", "_summary", "_blind")
_NOT_RECORDED = (RESULTS.parts[0], SOURCEDATA, "stimuli", "code")
# folders of a BIDS data set whose events belong to another device
_OTHER_DEVICES = ("anat", "eeg", "emg", "func", "ieeg", "meg", "motion", "nirs", "pet")

_LABEL = re.compile(r"[A-Za-z0-9]+\Z")
_MARKS = (PROTOCOL, STIMULI, DESCRIPTION)
_DEPTH = 3  # STUDY/sub-01/ses-1/beh holds the events


def check_label(value: str, *, key: str) -> str:
    """Return a participant, session or task label that is safe in a file name.

    Raises
    ------
    InputError
        When it holds anything but letters and digits.
    """
    if not _LABEL.match(value):
        raise InputError(
            f"{value!r} is no label; expected letters and digits only",
            key=key,
            hint="For instance: --participant 01",
        )
    return value


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that should be scored: it has an events table.

    Parameters
    ----------
    key
        See the head of this module.
    events
        Its events table.
    folder
        Where its results lie, or will.
    """

    key: str
    events: Path
    folder: Path

    @property
    def prefix(self) -> str:
        """Start of the names of its files."""
        return PurePosixPath(self.key).name

    def own(self, ending: str) -> Path:
        """Return the path of one of its results, ``own("_scores.tsv")``."""
        return self.folder / f"{self.prefix}{ending}"

    @property
    def scored(self) -> bool:
        """True when its scores are complete: the sidecar is written last."""
        return self.own(SCORES).is_file() and self.own(SCORES_SIDECAR).is_file()


def recordings(root: Path) -> list[Recording]:
    """Return the recordings of a study that have events, in the order of their keys.

    Events in a folder of another device (``func``, ``eeg``) count where a video lies beside
    them.
    """
    found = []
    for events in _events(root):
        key = key_of(events.relative_to(root).as_posix())
        folder = root / RESULTS / PurePosixPath(key).parent
        found.append(Recording(key, events, folder))
    return sorted(found, key=lambda r: r.key)


def _events(root: Path) -> Iterator[Path]:
    for path in root.rglob(f"*{EVENTS}"):
        parts = path.relative_to(root).parts
        if any(p in _NOT_RECORDED or p.startswith(".") for p in parts):
            continue
        other = path.parent.name in _OTHER_DEVICES
        if path.is_file() and not (other and not _with_video(path)):
            yield path


def _with_video(events: Path) -> bool:
    prefix = prefix_of(events.name)
    return any(
        p.name.startswith(f"{prefix}_video.") or (p.stem == prefix and p != events)
        for p in events.parent.iterdir()
    )


def key_of(label: str) -> str:
    """Return the key of a recording from the path of any of its files below the study.

    Examples
    --------
    >>> key_of("sub-01/ses-1/beh/sub-01_ses-1_task-x_video.mp4")
    'sub-01/ses-1/sub-01_ses-1_task-x'
    >>> key_of("derivatives/mimicry/sub-02/sub-02_task-x_au.parquet")
    'sub-02/sub-02_task-x'
    """
    path = PurePosixPath(label.replace("\\", "/"))
    folder = path.parent
    if folder.is_relative_to(RESULTS.as_posix()):
        folder = folder.relative_to(RESULTS.as_posix())
    if folder.name == "beh":
        folder = folder.parent
    return (folder / prefix_of(path.name)).as_posix()


def prefix_of(name: str) -> str:
    """Return the common start of the names of a recording's files.

    Examples
    --------
    >>> prefix_of("sub-01_task-x_events.tsv")
    'sub-01_task-x'
    """
    stem = PurePosixPath(name).stem
    for ending in _ENDINGS:
        if stem.endswith(ending):
            return stem.removesuffix(ending)
    return stem


def entities(prefix: str) -> dict[str, str]:
    """Return the parts of a BIDS name.

    Examples
    --------
    >>> entities("sub-01_ses-2_task-x")
    {'sub': '01', 'ses': '2', 'task': 'x'}
    """
    return dict(part.split("-", 1) for part in prefix.split("_") if "-" in part)


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
