"""What of a recording is read: which face, which rows, on which clock."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

__all__ = ["Clock", "ReadingOptions"]

Clock = Literal["container", "start", "unix"]


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
        plain = ReadingOptions()
        chosen = {f.name for f in fields(self) if getattr(self, f.name) != getattr(plain, f.name)}
        return {name: value for name, value in asdict(self).items() if name in chosen}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Make the record from :meth:`to_json`."""
        return cls(**values)
