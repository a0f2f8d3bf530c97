"""Where the files of a study lie: the one place that knows their names.

::

    study/
      protocol.yaml  participants.tsv  stimuli.json  prereg.json  blind.json  exclusions.tsv
      sub-01/[ses-1/]beh/<prefix>_events.tsv, <prefix>_video.mp4
      derivatives/mimicry/
        sub-01/[ses-1/]<prefix>_scores.tsv, _scores.json, _scores.log, _summary.tsv, ...
        scores.tsv  summary.tsv  failures.tsv  group*.tsv  group*.json
      sourcedata/sub-01/[ses-1/]run-TIME/  (kept by the runner)

A recording is known by its *key*: the folder of its results and the start of its file names,
``sub-01/ses-1/sub-01_ses-1_task-x``. Video, events, tables and failure have the same key.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mimicry.errors import InputError

# the study's own files and folders
PROTOCOL, STIMULI, DESCRIPTION = "protocol.yaml", "stimuli.json", "dataset_description.json"
PARTICIPANTS, PARTICIPANTS_SIDECAR = "participants.tsv", "participants.json"
PREREG, LOCK = "prereg.json", "blind.json"
EXCLUSIONS, WITHDRAWALS = "exclusions.tsv", "withdrawals.tsv"
SOURCEDATA, DERIVATIVES, RECORDED = "sourcedata", "derivatives", "beh"
RESULTS, SIMULATED = Path(DERIVATIVES) / "mimicry", Path(DERIVATIVES) / "simulation"
PERSON, VISIT = "sub-", "ses-"

# the results of all recordings together
JOINT_SCORES, JOINT_SUMMARY, FAILURES = "scores.tsv", "summary.tsv", "failures.tsv"
GROUP, RELIABILITY, MULTIVERSE = "group", "group_reliability", "group_multiverse"
CONTRASTS, DIFFERENCES = "group_contrasts.tsv", "group_differences.tsv"
LOST, CLAIMS = "group_exclusions.tsv", "group_claims.tsv"
REFUSALS, GROUP_REPORT = "group_latency_refusals.tsv", "report.html"
SIMULATION, SIMULATED_PEOPLE = "simulation.json", "participants_truth.tsv"

# endings of the files of one recording, after its prefix
VIDEO, EVENTS, EVENTS_SIDECAR = "_video", "_events.tsv", "_events.json"
FRAMES, ANSWERS, ANSWERS_SIDECAR = "_frames.tsv", "_beh.tsv", "_beh.json"
RECORDER, LANDMARKS = "_recording.json", "_landmarks.parquet"
AU_SIDECAR, QC, EXTRACT_LOG = "_au.json", "_qc.json", "_extract.log"
AU_PARQUET, AU_CSV, AU_OPENFACE = "_au.parquet", "_au.csv", "_openface.csv"
SCORES, SCORES_SIDECAR, SCORES_LOG = "_scores.tsv", "_scores.json", "_scores.log"
SUMMARY, TRACE, REPORT = "_summary.tsv", "_trace.parquet", "_report.html"
BLIND_TABLE, BLIND_SIDECAR = "_blind.tsv", "_blind.json"
FIRST_FRAME, FAILURE_LOG, TRUTH = "_first_frame.png", "_failure.log", "_truth.tsv"

# what a recording's own file may end with, whatever its suffix
_OWN = (VIDEO, "_au", "_landmarks")
_ENDINGS = (*_OWN, "_events", "_scores", "_summary", "_blind")
NOT_RECORDED = (DERIVATIVES, SOURCEDATA, "stimuli", "code")
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
            hint="For instance: `participant='01'`",
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

    def file(self, ending: str) -> Path:
        """Return the path of one of its results, ``file("_scores.tsv")``."""
        return self.folder / f"{self.prefix}{ending}"

    @property
    def scored(self) -> bool:
        """True when its scores are complete: the sidecar is written last."""
        return self.file(SCORES).is_file() and self.file(SCORES_SIDECAR).is_file()


def recordings(root: Path) -> list[Recording]:
    """Return the recordings of a study that have events, in the order of their keys.

    Events in a folder of another device (``func``, ``eeg``) count where a video lies beside
    them.
    """
    result = []
    for events in _events(root):
        key = key_of(events.relative_to(root).as_posix())
        folder = root / RESULTS / PurePosixPath(key).parent
        result.append(Recording(key, events, folder))
    return sorted(result, key=lambda r: r.key)


def _events(root: Path) -> Iterator[Path]:
    for path in root.rglob(f"*{EVENTS}"):
        parts = path.relative_to(root).parts
        if any(p in NOT_RECORDED or p.startswith(".") for p in parts):
            continue
        other = path.parent.name in _OTHER_DEVICES
        if path.is_file() and not (other and not _with_video(path)):
            yield path


def _with_video(events: Path) -> bool:
    prefix = prefix_of(events.name)
    return any(
        p.name.startswith(f"{prefix}{VIDEO}.") or (p.stem == prefix and p != events)
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
    return (without_recorded(folder) / prefix_of(path.name)).as_posix()


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


def without_recorded(folder: PurePosixPath) -> PurePosixPath:
    """Return where results lie that mirror a folder of recordings: without its last ``beh``."""
    return folder.parent if folder.name == RECORDED else folder


def au_sidecar(table: Path) -> Path:
    """Return the sidecar beside a table of action units; the path itself where it is none."""
    return table.with_name(re.sub(r"_(au\.[a-z]+|openface\.csv)$", AU_SIDECAR, table.name))


def recorded_stem(name: str) -> str:
    """Return the stem of a recording's own file (video, landmarks, action units) without its kind.

    Examples
    --------
    >>> recorded_stem("sub-01_task-x_video.mp4"), recorded_stem("talk.mp4")
    ('sub-01_task-x', 'talk')
    """
    stem = PurePosixPath(name).stem
    for ending in _OWN:
        stem = stem.removesuffix(ending)
    return stem


def person_folder(root: Path, participant: str, session: str | None) -> Path:
    """Return a person's folder, or that of one of their sessions, below `root`."""
    folder = root / f"{PERSON}{participant}"
    return folder / f"{VISIT}{session}" if session else folder


def session_prefix(participant: str, session: str | None, task: str) -> str:
    """Return the start of the names of a session's files.

    Examples
    --------
    >>> session_prefix("01", None, "x"), session_prefix("01", "2", "x")
    ('sub-01_task-x', 'sub-01_ses-2_task-x')
    """
    visit = f"_{VISIT}{session}" if session else ""
    return f"{PERSON}{participant}{visit}_task-{task}"


def stimuli_copy(root: Path) -> Path:
    """Return where a study keeps its own copy of a stimulus manifest, there or not."""
    return root / STIMULI


def study_of_events(events: str | Path) -> Path | None:
    """Return the study that an events table belongs to, or None.

    It is the nearest folder, at most three above the table's own, that holds ``protocol.yaml``,
    ``stimuli.json`` or ``dataset_description.json``.
    """
    nearest = Path(events).resolve().parent
    for folder in (nearest, *nearest.parents[:_DEPTH]):
        if any((folder / name).is_file() for name in _MARKS):
            return folder
    return None
