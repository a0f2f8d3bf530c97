"""Video files: upright frames with the container's own time stamps.

Times are ``pts * time_base`` exactly; neither a frame rate nor a frame count of the header is
ever used, since both are wrong in real files.
"""

import contextlib
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mimicry.capture.upright import pixel_aspect, turned, view_of
from mimicry.errors import InputError, RecordingError
from mimicry.files import require_file
from mimicry.kernels.pictures import packed

__all__ = ["VIDEO_SUFFIXES", "Box", "Frame", "VideoReader", "VideoReport", "created_unix_s"]

VIDEO_SUFFIXES = frozenset(
    {".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts"}
    | {".mxf", ".ogv", ".ts", ".webm", ".wmv"}
)

Box = tuple[int, int, int, int]
"""x, y, width and height of a part of an upright picture, in pixels."""

# Only real containers, only local files: a play list or an address inside a hostile file must
# not make the reader open anything else.
_OPEN_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": (
        "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,ogg,asf,mxf,gif,"
        "image2,jpeg_pipe,png_pipe,h264,hevc,ivf,mjpeg,dv,wav,mp3,aac,flac,amr"
    ),
}
_MAX_OUT_OF_ORDER = 0.1
_END_FROM_0 = {"matroska", "webm", "asf"}  # their duration is the end, whatever the start


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded frame.

    Parameters
    ----------
    index
        0, 1, 2, ... in the order of presentation.
    time_s
        Presentation time in seconds, not shifted to 0.
    rgb
        (H, W, 3) uint8, upright and packed: the part asked for; None when the reader was told
        not to convert it.
    corrupt
        True when the decoder had to guess parts of it.
    """

    index: int
    time_s: float
    rgb: NDArray[np.uint8] | None
    corrupt: bool


@dataclass(slots=True)
class VideoReport:
    """What was found in a video file; complete once all frames were read.

    `size_px` is that of the upright picture with square pixels; pictures of films whose pixels are
    not square (`pixel_aspect`, width by height) are widened. `resized_frames` counts those of
    another size than the first. `container_start_s` is the time that players show as 0; frame
    times are not shifted by it.
    `repeated_frames` counts packets without content: the frame before is shown on, and no frame
    of its own stands for it.
    """

    codec: str = ""
    container: str = ""
    size_px: tuple[int, int] = (0, 0)
    rotation: int = 0
    mirrored: bool = False
    pixel_aspect: float = 1.0
    resized_frames: int = 0
    frames: int = 0
    corrupt_frames: int = 0
    decode_errors: int = 0
    out_of_order_frames: int = 0
    untimed_frames: int = 0
    repeated_frames: int = 0
    truncated: bool = False
    declared_frames: int | None = None
    declared_duration_s: float | None = None
    container_start_s: float | None = None
    first_time_s: float = math.nan
    last_time_s: float = math.nan

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


class VideoReader:
    """A video file as an iterator of :class:`Frame`, in constant memory.

    Frames that cannot be decoded are counted and skipped. The file is closed at the end, on
    leaving the ``with`` block, or when the consumer stops.

    Parameters
    ----------
    path
        A local video file.
    roi_px
        Part of the upright picture to hand out; None: all of it.

    Raises
    ------
    InputError
        While iterating, when `roi_px` reaches beyond the picture.
    RecordingError
        When the file is missing, is no video or has no video track; while iterating, when not
        one frame can be decoded or its time stamps are useless.

    Examples
    --------
    >>> with VideoReader("face.mp4") as video:  # doctest: +SKIP
    ...     times = [frame.time_s for frame in video]
    """

    def __init__(self, path: str | Path, *, roi_px: Box | None = None) -> None:
        self.path = Path(path)
        self._roi = roi_px
        self._container, self._stream = _open(self.path)
        self._stream.thread_type = "NONE"  # one thread: damaged files decode the same everywhere
        self.report = _declared(self._container, self._stream)
        self._reformatter: Any = None
        self._repeated_until_s = -math.inf

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def metadata(self) -> dict[str, str]:
        """Return what container and video track say of themselves; the track goes before."""
        return {**self._container.metadata, **self._stream.metadata}

    def close(self) -> None:
        """Close the file; harmless when it is closed already."""
        self._container.close()

    def __iter__(self) -> Iterator[Frame]:
        return self.frames()

    def frames(self, *, part: int = 0, parts: int = 1, block: int = 1) -> Iterator[Frame]:
        """Iterate over all frames; convert to RGB only the blocks of one part.

        Frames lie in blocks of `block`; block b belongs to part ``b % parts``. Frames of other
        parts are decoded and come with ``rgb=None``: so every part sees the same frames with
        the same times, however a file is damaged.
        """
        report = self.report
        try:
            for raw in self._decoded():
                time_s = self._time_of(raw)
                if time_s is None:
                    continue
                index = report.frames
                mine = (index // block) % parts == part
                rgb = self._upright(raw) if mine else None
                size = self._size_of(raw)
                if index == 0:
                    report.first_time_s, report.size_px = time_s, size
                    report.rotation = int(raw.rotation)
                    report.mirrored = view_of(raw).mirrored
                report.resized_frames += size != report.size_px
                report.frames += 1
                report.last_time_s = time_s
                report.corrupt_frames += bool(raw.is_corrupt)
                yield Frame(index, time_s, rgb, bool(raw.is_corrupt))
            self._finish()
        finally:
            self.close()

    def _decoded(self) -> Iterator[Any]:
        """Yield every frame that decodes; errors are counted, never raised."""
        import av

        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, OSError):
                self.report.decode_errors += 1
                self.report.truncated = True
                packet = None
            if packet is not None and packet.size == 0:
                if packet.pts is not None:  # otherwise the mark that a demuxer puts at its end
                    self.report.repeated_frames += 1
                    self._repeated_until_s = float(packet.pts * packet.time_base)
                continue
            try:
                frames = self._stream.codec_context.decode(packet)
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                self.report.decode_errors += 1
                frames = []
            yield from frames
            if packet is None:
                return

    def _time_of(self, raw: Any) -> float | None:
        """Return the seconds of a frame, or None (counted) when it has no usable time."""
        if raw.pts is None:
            self.report.untimed_frames += 1
            return None
        time_s = float(raw.pts * self._stream.time_base)
        if self.report.frames and time_s <= self.report.last_time_s:
            self.report.out_of_order_frames += 1
            return None
        return time_s

    def _upright(self, raw: Any) -> NDArray[np.uint8]:
        from av.video.reformatter import VideoReformatter

        if self._reformatter is None:
            self._reformatter = VideoReformatter()
        picture = self._reformatter.reformat(
            raw, format="rgb24", width=self._width_of(raw), height=raw.height, threads=1
        )
        return packed(self._part(turned(picture.to_ndarray(), view_of(raw))))

    def _part(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Cut out what was asked for."""
        if self._roi is None:
            return rgb
        (x, y, width, height), (high, wide) = self._roi, rgb.shape[:2]
        if x + width > wide or y + height > high:
            raise InputError(
                f"the part {x},{y},{width},{height} reaches beyond the picture of {wide}x{high} "
                "pixels",
                path=self.path,
                key="`roi_px`",
                hint="The four numbers are x and y of the left upper corner, width and height.",
            )
        return rgb[y : y + height, x : x + width]

    def _width_of(self, raw: Any) -> int:
        """Return the width of a frame with square pixels, before it is turned upright."""
        return round(int(raw.width) * self.report.pixel_aspect)

    def _size_of(self, raw: Any) -> tuple[int, int]:
        size = self._width_of(raw), raw.height
        return size[::-1] if view_of(raw).transposed else size

    def _finish(self) -> None:
        report = self.report
        unusable = report.out_of_order_frames + report.untimed_frames
        if unusable > _MAX_OUT_OF_ORDER * (report.frames + unusable):
            raise RecordingError(
                f"{unusable} of {report.frames + unusable} frames have no time stamp or one that "
                "is not later than the frame before",
                path=self.path,
                hint="Copy the video into a container with proper times (mp4, mkv) first.",
            )
        if report.frames == 0:
            raise RecordingError(
                "holds a video track, but not one frame of it can be decoded",
                path=self.path,
                hint="Record or export the video again.",
            )
        if report.declared_duration_s is not None:
            expected = report.declared_duration_s + min(0.0, report.first_time_s)
            reached = max(report.last_time_s, self._repeated_until_s)
            report.truncated |= reached < expected - _slack_s(report)


def _slack_s(report: VideoReport) -> float:
    """Return how early an intact recording may end: two frames, at least 0.5 s."""
    mean_step = (report.last_time_s - report.first_time_s) / max(report.frames - 1, 1)
    return max(0.5, 2 * mean_step)


@contextlib.contextmanager
def _named(path: Path) -> Iterator[str]:
    """Give a name of the file that the decoder takes: it wants UTF-8, file names are any bytes."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        with path.open("rb") as file:
            yield f"/dev/fd/{file.fileno()}"
    else:
        yield str(path)


def _open(path: Path) -> tuple[Any, Any]:
    """Open a container and its first real video track."""
    import av

    if require_file(path, kind=RecordingError) == 0:
        raise RecordingError("is empty (0 bytes), expected a video file", path=path)
    try:
        with _named(path) as name:
            container = av.open(f"file:{name}", options=_OPEN_OPTIONS, **_lenient(av.__version__))
    except PermissionError as error:
        raise RecordingError("may not be read (permission denied)", path=path) from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise RecordingError(
            "is not a readable video file (no known container, or its index is missing)",
            path=path,
            hint="Check that it plays elsewhere; an interrupted mp4 recording has no index.",
        ) from error
    from av.stream import Disposition

    cover = Disposition.attached_pic  # of an audio file: shows up as a track, too
    tracks = [s for s in container.streams.video if not s.disposition & cover]
    if not tracks:
        kinds = ", ".join(sorted({s.type for s in container.streams})) or "nothing"
        container.close()
        raise RecordingError(
            f"has no video track (it holds: {kinds})", path=path, hint="Name a file with a picture."
        )
    if tracks[0].codec_context is None:
        container.close()
        raise RecordingError("holds video of an unknown codec", path=path)
    return container, tracks[0]


def created_unix_s(path: Path) -> float | None:
    """Return the unix time that a container's ``creation_time`` says, to 1 s; None: none."""
    with VideoReader(path) as video:
        text = str(video.metadata.get("creation_time", "")).replace("Z", "+00:00")
    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        return None
    if made.tzinfo is None:
        made = made.replace(tzinfo=UTC)
    return made.timestamp() if made.year > 1980 else None  # cameras without a clock say 1904, 1970


def _lenient(version: str) -> dict[str, str]:
    """Return what makes PyAV open files whose titles are not UTF-8; from 19 on it always does."""
    return {"metadata_errors": "ignore"} if int(version.split(".")[0]) < 19 else {}


def _declared(container: Any, stream: Any) -> VideoReport:
    duration: float | None = None
    from_zero = bool(_END_FROM_0 & set(container.format.name.split(",")))
    if stream.duration is not None:
        start = 0 if from_zero else stream.start_time or 0
        duration = float((start + stream.duration) * stream.time_base)
    elif container.duration is not None and len(container.streams) == 1:
        start = 0 if from_zero else container.start_time or 0
        duration = (start + container.duration) / 1_000_000
    return VideoReport(
        codec=stream.codec_context.name,
        container=container.format.name,
        pixel_aspect=pixel_aspect(stream),
        declared_frames=stream.frames or None,
        declared_duration_s=duration,
        container_start_s=None if container.start_time is None else container.start_time / 1e6,
    )
