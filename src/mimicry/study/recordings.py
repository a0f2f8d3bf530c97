"""Which recordings there are, and where the results of each go."""

import glob
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Self

from mimicry.capture.video import VIDEO_SUFFIXES
from mimicry.errors import InputError, RecordingError
from mimicry.files import is_there, output_stem
from mimicry.records import ExtractionOptions, ScoringInputs
from mimicry.study.layout import (
    AU_CSV,
    AU_PARQUET,
    EVENTS,
    LANDMARKS,
    NOT_RECORDED,
    PROTOCOL,
    RESULTS,
    VIDEO,
    recordings,
    stimuli_copy,
    without_recorded,
)

__all__ = ["Plan", "Task", "plan_batch", "shard_of"]

_SOURCES = (LANDMARKS, AU_PARQUET, AU_CSV)


@dataclass(frozen=True, slots=True)
class Task:
    """One recording to be done. Plain values only: tasks travel to other machines.

    Parameters
    ----------
    recording, out
        Absolute paths of the input and of the folder for its results.
    prefix
        Start of the output names.
    label
        Name in tables and on the screen: the recording's path below the study.
    inputs
        What it is scored against; None: it is only extracted.
    options
        How it is extracted.
    delete_video
        See :func:`mimicry.batch.run_batch`.
    """

    recording: str
    out: str
    prefix: str
    label: str
    inputs: ScoringInputs | None = None
    options: ExtractionOptions = field(default_factory=ExtractionOptions)
    delete_video: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {**asdict(self), "options": self.options.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Make the task from :meth:`to_json`."""
        given = values["inputs"]
        inputs = None if given is None else ScoringInputs(**given)
        options = ExtractionOptions.from_json(values["options"])
        return cls(**{**values, "inputs": inputs, "options": options})

    @property
    def size(self) -> int:
        """Bytes of the recording, as a measure of the work."""
        path = Path(self.recording)
        return path.stat().st_size if path.exists() else 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a batch will do: for which recordings of which study (if it is one).

    `lost` are events of a study to which there is nothing that could be scored.
    """

    results: Path
    tasks: tuple[Task, ...]
    root: Path | None = None
    lost: tuple[Task, ...] = ()


@dataclass(frozen=True, slots=True)
class _Source:
    """A recording, the folder and the start of the names of its results, and its events."""

    folder: Path
    prefix: str
    recording: Path
    events: Path | None


def plan_batch(
    inputs: Sequence[str | Path],
    *,
    out: str | Path | None = None,
    protocol: str | Path | None = None,
    stimuli: str | Path | None = None,
    options: ExtractionOptions | None = None,
    delete_video: bool = False,
) -> Plan:
    """Find the recordings of a study, a folder, a pattern or a list of files.

    A video goes with the events table of its own name (``X_video.mp4``, ``X_events.tsv``).
    Where the video is gone, the landmarks (or action units) of that name among the results
    stand for it, so that a study can be scored again after its videos were deleted. The order of
    the recordings does not change with that.

    Parameters
    ----------
    inputs
        One folder, or files and patterns with ``*``.
    out
        Folder for the results; None: ``derivatives/mimicry`` below the folder.
    protocol
        Protocol file or name; None: ``protocol.yaml`` of the folder.
    stimuli
        Stimulus manifest; None: as :meth:`mimicry.protocol.Protocol.timelines` says.
    options, delete_video
        As in :func:`mimicry.batch.run_batch`.

    Raises
    ------
    InputError
        When nothing is found, there are events but no protocol, or two recordings for one
        events table.
    """
    root, videos = _named_inputs(inputs)
    if out is None and root is None:
        raise InputError("several files need a folder for their results", key="`out`")
    results = Path(out) if out is not None else (root or Path()) / RESULTS
    sources = _recordings(root, videos, results)
    scored = [f.events for f in sources if f.events]
    options = options or ExtractionOptions()
    _check_choices(root, scored, options)
    if not sources:
        raise RecordingError(
            "holds no recordings",
            path=root or " ".join(map(str, inputs)),
            hint=f"Expected videos ending in {', '.join(sorted(VIDEO_SUFFIXES))}.",
        )
    plan = _protocol(root, protocol, stimuli, bool(scored))
    manifest = None if stimuli is None else Path(stimuli).absolute()
    study = _study(root)
    tasks = [
        Task(
            recording=str(f.recording.absolute()),
            out=str(f.folder.absolute()),
            prefix=f.prefix,
            label=_label(f.recording, root),
            inputs=_inputs(f, plan, manifest, study),
            options=options,
            delete_video=delete_video,
        )
        for f in sources
    ]
    lost = [] if root is None or plan is None else _lost(root, scored)
    return Plan(results.absolute(), tuple(tasks), root, tuple(lost))


def _inputs(
    recording: _Source, protocol: str | None, stimuli: Path | None, study: str | None
) -> ScoringInputs | None:
    """Return what a recording is scored against, or None where it is only extracted."""
    if recording.events is None or protocol is None:
        return None
    return ScoringInputs(recording.events.absolute(), protocol, stimuli, study)


def shard_of(tasks: Sequence[Task], text: str) -> list[Task]:
    """Return the K-th of N interleaved parts of the tasks for ``"K/N"`` (K from 1).

    Raises
    ------
    InputError
        When the text is no such part.
    """
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    k, n = (int(g) for g in match.groups()) if match else (0, 0)
    if not 1 <= k <= n:
        raise InputError(f"{text!r} is no part, expected K/N with 1 <= K <= N", key="`shard`")
    return list(tasks[k - 1 :: n])


def _named_inputs(inputs: Sequence[str | Path]) -> tuple[Path | None, list[Path]]:
    """Return the folder (if one was named) and the videos."""
    if len(inputs) == 1 and Path(inputs[0]).is_dir():
        root = Path(inputs[0])
        return root, _videos_below(root)
    videos: list[Path] = []
    for item in map(str, inputs):
        named = sorted(glob.glob(item, recursive=True)) if glob.has_magic(item) else [item]  # noqa: PTH207 - patterns may be absolute
        if not named:
            raise InputError(f"the pattern {item!r} matches no file", key="inputs")
        videos += map(Path, named)
    for path in videos:
        if path.is_dir():
            raise InputError("name one folder alone, or files", path=path, key="inputs")
        if not path.exists() and not path.is_symlink():
            raise RecordingError("file not found", path=path)
    return None, videos


def _videos_below(root: Path) -> list[Path]:
    videos = [
        path
        for path in root.rglob("*")
        if path.suffix.lower() in VIDEO_SUFFIXES
        and not path.is_dir()
        and not any(p in NOT_RECORDED or p.startswith(".") for p in path.relative_to(root).parts)
    ]
    if any(path.stem.endswith(VIDEO) for path in videos) and (root / PROTOCOL).is_file():
        videos = [path for path in videos if path.stem.endswith(VIDEO)]
    return sorted(videos)


def _recordings(root: Path | None, videos: Sequence[Path], results: Path) -> list[_Source]:
    """Everything that can be done, in an order that deleting videos does not change."""
    taken: set[tuple[Path, str]] = set()
    sources = []
    for video in videos:
        events = video.with_name(f"{_prefix(video)}{EVENTS}")
        folder = _place(video, root, results)
        prefix = _free(taken, folder, output_stem(_prefix(video)))
        sources.append(_Source(folder, prefix, video, events if events.is_file() else None))
    if root is not None:
        sources += _without_video(root, results, taken)
    return sorted(sources, key=lambda f: (str(f.folder), f.prefix))


def _without_video(root: Path, results: Path, taken: set[tuple[Path, str]]) -> Iterator[_Source]:
    """Yield results whose video is gone: with the events of their name, or landmarks alone."""
    for events in sorted(root.rglob(f"*{EVENTS}")):
        if any(part in NOT_RECORDED for part in events.relative_to(root).parts):
            continue
        folder, prefix = _place(events, root, results), events.name.removesuffix(EVENTS)
        sources = [folder / f"{prefix}{ending}" for ending in _SOURCES]
        source = next((path for path in sources if path.is_file()), None)
        if (folder, prefix) not in taken and source is not None:
            taken.add((folder, prefix))
            yield _Source(folder, prefix, source, events)
    if taken and not results.is_relative_to(root):
        return  # a folder that may hold the results of other batches, too
    for path in sorted(results.rglob(f"*{_SOURCES[0]}")):
        if not path.name.startswith(".") and (path.parent, _prefix(path)) not in taken:
            yield _Source(path.parent, _prefix(path), path, None)


def _lost(root: Path, scored: Sequence[Path]) -> Iterator[Task]:
    """Yield events of a study with neither scores nor anything that scores could be made from."""
    for recording in recordings(root):
        if recording.events not in scored and not recording.scored:
            yield Task(
                recording=str(recording.events.absolute()),
                out=str(recording.folder.absolute()),
                prefix=recording.prefix,
                label=_label(recording.events, root),
            )


def _place(path: Path, root: Path | None, results: Path) -> Path:
    """Return the folder of results: those of the study mirrored, without the last ``beh``."""
    if root is None:
        return results
    return results / without_recorded(PurePosixPath(path.parent.relative_to(root)))


def _prefix(recording: Path) -> str:
    name = recording.name
    for ending in _SOURCES:
        name = name.removesuffix(ending)
    return name.removesuffix(recording.suffix).removesuffix(VIDEO)


def _free(taken: set[tuple[Path, str]], folder: Path, prefix: str) -> str:
    name, count = prefix, 1
    while (folder, name) in taken:
        count += 1
        name = f"{prefix}-{count}"
    taken.add((folder, name))
    return name


def _label(recording: Path, root: Path | None) -> str:
    inside = root is not None and recording.is_relative_to(root)
    return (recording.relative_to(root) if root and inside else recording).as_posix()


def _check_choices(root: Path | None, scored: Sequence[Path], options: ExtractionOptions) -> None:
    """Refuse what cannot be done for these recordings."""
    twice = next((events for events, n in Counter(scored).items() if n > 1), None)
    if twice is not None:
        raise InputError(
            "these events belong to two recordings of the same name",
            path=twice,
            key="inputs",
            hint="Keep one of them beside the events, or give each its own name and events.",
        )
    if scored and options.format != "parquet":
        raise InputError(
            f"recordings with events keep their action units as parquet, found {options.format!r}",
            path=root,
            key="`format`",
            hint="Leave `format` out; for other formats use mimicry extract --format.",
        )


def _study(root: Path | None) -> str | None:
    """Return the folder that holds the study's own stimuli; None: each table of events tells."""
    return str(root.absolute()) if root is not None and stimuli_copy(root).is_file() else None


def _protocol(
    root: Path | None, named: str | Path | None, stimuli: str | Path | None, needed: bool
) -> str | None:
    """Return the protocol as a file's absolute path or a name; checked before anything starts."""
    copy = root / PROTOCOL if root else None
    chosen = named or (copy if copy is not None and is_there(copy) else None)
    if chosen is None:
        if needed:
            raise InputError(
                "there are events but no protocol to score them with",
                path=root,
                key="`protocol`",
                hint="Name one with `protocol`, or put protocol.yaml into the folder.",
            )
        return None
    from mimicry.protocol import load_protocol

    loaded = load_protocol(chosen)
    if needed:
        loaded.timelines(stimuli, None if root is None else stimuli_copy(root))
    path = Path(chosen)
    return str(path.absolute()) if path.is_file() else str(chosen)
