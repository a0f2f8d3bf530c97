"""The choices of a recording: how it is read, extracted, and what it is scored against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Self, get_args

__all__ = ["Clock", "ExtractionOptions", "ReadingOptions", "ScoringInputs", "TableFormat"]

Clock = Literal["container", "start", "unix"]
TableFormat = Literal["parquet", "csv", "openface"]
Intervals = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """Which face of a recording is followed and how its times are read. Plain values only.

    Parameters
    ----------
    face
        ``"largest"``, ``"left"`` or ``"right"`` (in the picture), or the id of a face in a table;
        None: the largest face of a video, the only face of a table.
    roi_px
        ``(x, y, width, height)`` of the part of a video's picture that is looked at.
    min_confidence
        Frames of another tool's table below this confidence are masked; None: 0.8.
    clock
        What the onsets of the events count from: ``"container"``: the recording's own time stamps;
        ``"start"``: the beginning of the recording, as players and annotation tools count;
        ``"unix"``: seconds since 1970.
    fps
        Frames per second of a table that has no times.
    video
        The video that such a table was made from; its frame times are used.

    Raises
    ------
    ValueError
        When a value is impossible.

    Examples
    --------
    >>> ReadingOptions(face="left").to_json()
    {'face': 'left'}
    """

    face: str | None = None
    roi_px: tuple[int, int, int, int] | None = None
    min_confidence: float | None = None
    clock: Clock = "container"
    fps: float | None = None
    video: str | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without the recording."""
        if self.roi_px is not None:
            object.__setattr__(self, "roi_px", tuple(self.roi_px))
            x, y, width, height = self.roi_px
            if min(x, y) < 0 or min(width, height) < 1:
                raise ValueError(f"roi is {self.roi_px}, expected x, y >= 0 and a size above 0")
        if self.min_confidence is not None and not 0 <= self.min_confidence <= 1:
            raise ValueError(f"min_confidence is {self.min_confidence}, expected 0 to 1")
        if self.clock not in get_args(Clock):
            raise ValueError(f"clock is {self.clock!r}, expected {', '.join(get_args(Clock))}")
        if self.fps is not None and not 0 < self.fps < float("inf"):
            raise ValueError(f"fps is {self.fps}, expected frames per second above 0")
        if self.fps is not None and self.video is not None:
            raise ValueError("fps and video both give the times of a table; name one of them")

    def to_json(self) -> dict[str, Any]:
        """Return what differs from the defaults: part of the digest of results."""
        return _changed(self)

    def picture(self) -> dict[str, Any]:
        """Return the choices that decide landmarks, without those that are made anyway."""
        chosen: dict[str, Any] = {} if self.face in (None, "largest") else {"face": self.face}
        return chosen if self.roi_px is None else {**chosen, "roi_px": list(self.roi_px)}


@dataclass(frozen=True, slots=True)
class ExtractionOptions:
    """Everything that is chosen for the extraction of a recording. Plain values only.

    Parameters
    ----------
    reading
        Which face, which part of the picture, and how times are read.
    neutral
        Intervals (s) in which the face is neutral; None: it is estimated, or taken from the
        pre-stimulus windows where the recording is scored.
    exclude_from_pose_fit
        Intervals (s) whose expressions may follow the head, see :func:`mimicry.extract`.
    format
        Of the table of action units.
    model
        Another copy of the face model; None: the shipped one.
    jobs
        Landmark processes; 0: one per usable core. The results do not depend on it.
    overwrite
        Replace results made from other inputs or settings; otherwise they are refused.
    debug_frame
        Also write the first picture as the detector gets it.

    Raises
    ------
    ValueError
        When the format is none.

    Examples
    --------
    >>> ExtractionOptions(neutral=[(0, 2)]).to_json()
    {'neutral': [[0.0, 2.0]]}
    """

    reading: ReadingOptions = field(default_factory=ReadingOptions)
    neutral: Intervals | None = None
    exclude_from_pose_fit: Intervals = ()
    format: TableFormat = "parquet"
    model: str | Path | None = None
    jobs: int = 1
    overwrite: bool = False
    debug_frame: bool = False

    def __post_init__(self) -> None:
        """Make the values plain."""
        if self.format not in get_args(TableFormat):
            known = ", ".join(get_args(TableFormat))
            raise ValueError(f"format is {self.format!r}, expected one of {known}")
        for name in ("neutral", "exclude_from_pose_fit"):
            if (pairs := getattr(self, name)) is not None:
                object.__setattr__(self, name, tuple((float(a), float(b)) for a, b in pairs))
        if self.model is not None:
            object.__setattr__(self, "model", str(self.model))

    @property
    def table_settings(self) -> dict[str, Any]:
        """Return what decides the table beside the landmarks: part of its sidecar and digest."""
        return {
            "neutral": None if self.neutral is None else [list(pair) for pair in self.neutral],
            "exclude_from_pose_fit": [list(pair) for pair in self.exclude_from_pose_fit],
            "format": self.format,
        }

    def to_json(self) -> dict[str, Any]:
        """Return what differs from the defaults. JSON types only."""
        plain = {**self.table_settings, "reading": self.reading.to_json()}
        return {name: plain.get(name, value) for name, value in _changed(self).items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Make the record from :meth:`to_json`."""
        return cls(**{**values, "reading": ReadingOptions(**values.get("reading", {}))})


@dataclass(frozen=True, slots=True)
class ScoringInputs:
    """What a recording is scored against. Plain values only.

    Parameters
    ----------
    events
        BIDS events table on the clock of the recording.
    protocol
        Protocol file, or the name of a shipped protocol.
    stimuli, study
        Stimulus manifest, and the study whose own copy holds without one (None: the study that
        the events lie in); see :meth:`mimicry.protocol.Protocol.timelines`.
    participant, session
        Default: the ``sub-`` and ``ses-`` parts of the recording's name; without the former,
        the start of the output names.
    """

    events: str | Path
    protocol: str | Path
    stimuli: str | Path | None = None
    study: str | Path | None = None
    participant: str | None = None
    session: str | None = None

    def __post_init__(self) -> None:
        """Make the values plain."""
        for name in ("events", "protocol", "stimuli", "study"):
            if (path := getattr(self, name)) is not None:
                object.__setattr__(self, name, str(path))


def _changed(record: ReadingOptions | ExtractionOptions) -> dict[str, Any]:
    """Return the fields of a record that differ from its defaults."""
    plain = type(record)()
    values = {f.name: getattr(record, f.name) for f in fields(record)}
    return {name: value for name, value in values.items() if value != getattr(plain, name)}
