"""Where the clocks of a recording begin: its container's start, and its unix time."""

from pathlib import Path

from mimicry.errors import InputError
from mimicry.files import read_json_object
from mimicry.interchange.sources import identify
from mimicry.records import ReadingOptions
from mimicry.timeline.clock import RecordingClock

__all__ = ["clock_of"]


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
        When onsets are unix times and it is not known when the recording began.
    """
    start = _container_start(recording, reading)
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
            key="--clock",
            hint="Put the ..._recording.json of mimicry record or run beside it, or write onsets "
            "on the recording's own time stamps.",
        )
    return RecordingClock(reading.clock, start, zero, source, rough)


def _container_start(recording: Path, reading: ReadingOptions) -> float:
    """Time stamp that players show as 0; 0 for a table whose source has no container."""
    kind = identify(recording).kind
    if kind == "video":
        found = _video_start(recording)
    elif kind == "landmarks":
        from mimicry.interchange.landmark_file import LandmarkFile

        found = _stored(LandmarkFile(recording).provenance)
    elif reading.video is not None:
        found = _video_start(Path(reading.video))
    elif kind == "mimicry":
        from mimicry.interchange.au_readers import read_note

        found = _stored(read_note(recording).get("provenance"))
    else:
        found = None
    return found or 0.0


def _stored(provenance: object) -> float | None:
    video = provenance.get("video") if hasattr(provenance, "get") else None
    start = video.get("container_start_s") if isinstance(video, dict) else None
    return float(start) if isinstance(start, int | float) else None


def _video_start(path: Path) -> float | None:
    from mimicry.capture.video import VideoReader

    with VideoReader(path) as video:
        return video.report.container_start_s


def _unix_zero(
    recording: Path, events: Path, start_s: float, reading: ReadingOptions
) -> tuple[float | None, str, bool]:
    """Unix time of the recording's time 0, where it is known from, and whether only to 1 s."""
    for about in _abouts(recording, events):
        if about.is_file():
            shape = {"time_zero_unix_s": float}
            return (
                float(read_json_object(about, shape)["time_zero_unix_s"]),
                f"from {about.name}",
                False,
            )
    video = recording if identify(recording).kind == "video" else reading.video
    if video is None:
        return None, "", False
    from mimicry.capture.video import created_unix_s

    made = created_unix_s(Path(video))
    if made is None:
        return None, "", False
    text = "from the file's creation_time, good to 1 s; some devices write its end"
    return made - start_s, text, True


def _abouts(recording: Path, events: Path) -> list[Path]:
    """Where a recorder's description may lie: beside the recording or beside the events."""
    stem = recording.stem
    for ending in ("_video", "_au", "_landmarks"):
        stem = stem.removesuffix(ending)
    beside = events.name.removesuffix(events.suffix).removesuffix("_events")
    return [
        recording.with_name(f"{stem}_recording.json"),
        events.with_name(f"{stem}_recording.json"),
        events.with_name(f"{beside}_recording.json"),
    ]
