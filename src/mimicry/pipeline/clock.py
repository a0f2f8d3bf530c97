"""Where the clocks of a recording begin: its container's start, and its unix time."""

import warnings
from pathlib import Path

import numpy as np

from mimicry.capture.video import VideoReader, created_unix_s
from mimicry.errors import InputError, QualityWarning
from mimicry.files import read_json_object
from mimicry.interchange.au_mimicry import MIMICRY, read_note
from mimicry.interchange.landmark_file import LandmarkFile
from mimicry.interchange.sources import identify
from mimicry.interchange.tables import read_au_table
from mimicry.records import ReadingOptions
from mimicry.study.layout import RECORDER, prefix_of, recorded_stem
from mimicry.timeline.clock import RecordingClock

__all__ = ["clock_of"]

_NEAR_FRAMES = 1.5  # a table whose first time is so near to 0 counts from its video's first frame


def clock_of(recording: Path, events: Path, reading: ReadingOptions) -> RecordingClock:
    """Return the clock that was chosen, with what is known about the recording's own.

    Parameters
    ----------
    recording
        A video, its landmarks, or a table of action units.
    events
        The events table; ``..._recording.json`` of a recorder may lie beside it.
    reading
        The choice, and the video of a table without times.

    Raises
    ------
    InputError
        When onsets are unix times and it is not known when the recording began, or count from
        its start and it is not known where that is.
    """
    start = _container_start(recording, reading)
    if reading.clock == "start" and start is None:
        raise InputError(
            "it is not known where this recording begins on its own time stamps",
            path=recording,
            key="`clock`",
            hint="Score the video itself (or name it with `video` beside a table), or take "
            "`clock='container'` with onsets on the recording's own time stamps.",
        )
    try:
        zero, source, rough = _unix_zero(recording, events, start, reading)
    except InputError:
        if reading.clock == "unix":
            raise
        zero, source, rough = None, "", False  # it would only have served to say what fits better
    if reading.clock == "unix" and zero is None:
        raise InputError(
            "it is not known at what unix time this recording began",
            path=recording,
            key="`clock`",
            hint="Put the ..._recording.json of mimicry record or run beside it, or write onsets "
            "on the recording's own time stamps.",
        )
    return RecordingClock(reading.clock, start, zero, source, rough)


def _container_start(recording: Path, reading: ReadingOptions) -> float | None:
    """Return the time stamp that players show as 0; None where that is not known."""
    source = identify(recording)
    if source.kind == "video":
        return _video_start(recording)
    if source.kind == "landmarks":
        return _stored(LandmarkFile(recording).provenance)
    if reading.video is not None:
        return _video_start(Path(reading.video))
    if source.reader is not None and source.reader.noted:
        start = _stored(read_note(recording).get("provenance"))
        if start is not None or source.reader is MIMICRY:
            return start
    return _counted_start(recording, reading) if reading.clock == "start" else None


def _counted_start(table: Path, reading: ReadingOptions) -> float | None:
    """Return 0 for a table of another tool that counts from 0; else it is not known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", QualityWarning)  # said when the table is scored
        times = read_au_table(table, reading=reading).times_s
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    return 0.0 if reading.fps is not None or abs(times[0]) <= _NEAR_FRAMES * step else None


def _stored(provenance: object) -> float | None:
    video = provenance.get("video") if hasattr(provenance, "get") else None
    start = video.get("container_start_s") if isinstance(video, dict) else None
    return float(start) if isinstance(start, int | float) else None


def _video_start(path: Path) -> float | None:
    with VideoReader(path) as video:
        return video.report.container_start_s


def _unix_zero(
    recording: Path, events: Path, start_s: float | None, reading: ReadingOptions
) -> tuple[float | None, str, bool]:
    """Return the unix time of time 0, where it is known from, and whether only to 1 s."""
    for about in _abouts(recording, events):
        if about.is_file():
            zero = read_json_object(about, {"time_zero_unix_s": float})["time_zero_unix_s"]
            return float(zero), f"from {about.name}", False
    video = recording if identify(recording).kind == "video" else reading.video
    made = None if video is None else created_unix_s(Path(video))
    if made is None:
        return None, "", False
    text = "from the file's creation_time, good to 1 s; some devices write its end"
    return made - (start_s or 0.0), text, True


def _abouts(recording: Path, events: Path) -> list[Path]:
    """Return where a recorder's description may lie: beside recording or events."""
    stem, beside = recorded_stem(recording.name), prefix_of(events.name)
    return [
        recording.with_name(f"{stem}{RECORDER}"),
        events.with_name(f"{stem}{RECORDER}"),
        events.with_name(f"{beside}{RECORDER}"),
    ]
