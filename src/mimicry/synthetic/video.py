"""Rendered video files with exact presentation times, and the truth beside them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import InputError, OutputExistsError
from mimicry.files import atomic_path, sha256_of, write_json, write_tsv
from mimicry.kernels.pictures import packed
from mimicry.study.layout import TRUTH
from mimicry.synthetic.facs import ACTION_UNITS, millimetres
from mimicry.synthetic.head import Identity
from mimicry.synthetic.motion import Performance

if TYPE_CHECKING:
    import pandas as pd

    from mimicry.synthetic.camera import Faults
    from mimicry.synthetic.scene import View

__all__ = ["CODECS", "RenderedVideo", "render_video", "truth_table", "write_frames"]

TICKS = 90_000  # a second; 30, 25 and 24 fps are whole numbers of ticks
UPPER_BOUND = "Rendered faces: accuracy measured on them is an upper bound, not human validity."
CODECS: dict[str, dict[str, str]] = {
    "libx264": {"preset": "veryfast", "threads": "1"},
    "libvpx-vp9": {"cpu-used": "4", "deadline": "good", "threads": "1", "b": "0"},
    "libvpx": {"cpu-used": "4", "deadline": "good", "threads": "1", "b": "4M"},
    "ffv1": {"threads": "1"},
}


@dataclass(frozen=True, slots=True)
class RenderedVideo:
    """The three files of a rendered video."""

    video: Path
    truth_table: Path
    truth_json: Path


def write_frames(
    path: Path,
    frames: "Any",
    times_s: NDArray[np.float64],
    *,
    codec: str = "libx264",
    crf: int = 18,
) -> NDArray[np.float64]:
    """Encode frames (H, W, 3 uint8) at the given times; return the times as written.

    Times are rounded to 1/90000 s. WebM keeps whole milliseconds only.

    Raises
    ------
    InputError
        When the codec is not one of :data:`CODECS` or two times fall on one tick.
    """
    import av

    if codec not in CODECS:
        raise InputError(f"no codec {codec!r}", hint=f"Codecs: {', '.join(CODECS)}")
    ticks = 1000 if path.suffix == ".webm" else TICKS
    pts = np.round(np.asarray(times_s) * ticks).astype(np.int64)
    if np.any(np.diff(pts) <= 0):
        raise InputError(f"two frames fall on one tick of 1/{ticks} s", key="times_s")
    typical = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1 / 30
    options = dict(CODECS[codec])
    if codec != "ffv1":
        options["crf"] = str(crf)
    muxer = {"fflags": "+bitexact"}
    if path.suffix in (".mp4", ".mov"):
        muxer["video_track_timescale"] = str(TICKS)
    with atomic_path(path) as temporary, av.open(str(temporary), "w", options=muxer) as container:
        stream: Any = container.add_stream(
            codec, rate=Fraction(1 / typical).limit_denominator(1001), options=options
        )
        stream.pix_fmt = "yuv420p" if codec != "ffv1" else "bgr0"
        stream.codec_context.time_base = Fraction(1, ticks)
        for k, picture in enumerate(frames):
            if k == 0:
                stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(packed(picture), format="rgb24")
            frame.pts, frame.time_base = int(pts[k]), Fraction(1, ticks)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return np.asarray(pts / ticks, dtype=np.float64)


# field and column of a performance, its name in the truth, and what it means
_MOVES = (
    ("pose_deg", 0, "pose_pitch_deg", "positive: chin up"),
    ("pose_deg", 1, "pose_yaw_deg", "positive: towards the person's left"),
    ("pose_deg", 2, "pose_roll_deg", "positive: to the person's left shoulder"),
    ("shift_mm", 0, "shift_left_mm", "to the person's left"),
    ("shift_mm", 1, "shift_up_mm", "up"),
    ("shift_mm", 2, "shift_near_mm", "towards the camera"),
    ("gaze_deg", 0, "gaze_pitch_deg", "of the eyes in the head, positive: up"),
    ("gaze_deg", 1, "gaze_yaw_deg", "of the eyes in the head, to the left"),
)


def truth_table(
    movement: Performance, times_s: NDArray[np.float64], shown: NDArray[np.int64] | None = None
) -> "pd.DataFrame":
    """Return one row for every frame: what the picture in it shows.

    `shown` (T,) is the frame of the performance that is in the picture; it differs from the
    frame itself where a camera repeats a picture.
    """
    import pandas as pd

    source = np.arange(len(movement)) if shown is None else shown
    columns: dict[str, Any] = {
        "frame": np.arange(len(movement)),
        "timestamp": times_s,
        "repeated": (source != np.arange(len(movement))).astype(int),
    }
    columns |= {name: movement.intensity[source, k] for k, name in enumerate(movement.names)}
    columns |= {name: getattr(movement, field)[source, k] for field, k, name, _ in _MOVES}
    columns["light"] = movement.light[source]
    return pd.DataFrame(columns)


def _described(movement: Performance, rig: str) -> dict[str, Any]:
    units = {}
    for name in movement.names:
        unit = ACTION_UNITS["AU43" if name.startswith("AU45") else name[:4]]
        units[name] = {
            "meaning": unit.meaning,
            "unit": "1.0 = full movement of the rig",
            "mm_per_unit": round(millimetres(name, rig=rig), 4),
            "measured_at": unit.point,
        }
    return {
        "frame": {"meaning": "number of the frame, from 0"},
        "timestamp": {"meaning": "presentation time", "unit": "s"},
        "repeated": {"meaning": "1 where the camera repeats an earlier picture"},
        **units,
        **{name: {"meaning": text, "unit": name.rpartition("_")[2]} for *_, name, text in _MOVES},
        "light": {"meaning": "factor on all light"},
    }


def _repeated(
    rendered: Iterable[NDArray[np.uint8]],
    source: NDArray[np.int64],
    progress: Callable[[int, int], None] | None,
) -> Iterator[NDArray[np.uint8]]:
    """Yield the picture that stands in each frame, of those that came before it or its own."""
    kept: dict[int, NDArray[np.uint8]] = {}
    for k, picture in enumerate(rendered):
        kept = {j: p for j, p in kept.items() if j in source[k:]} | {k: picture}
        yield kept[int(source[k])]
        if progress is not None:
            progress(k + 1, len(source))


def render_video(
    path: Path | str,
    identity: Identity,
    movement: Performance,
    *,
    view: "View | None" = None,
    faults: "Faults | None" = None,
    seed: int = 0,
    rig: str = "faceunits01",
    codec: str = "libx264",
    crf: int = 18,
    shown: NDArray[np.int64] | None = None,
    overwrite: bool = False,
    notes: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RenderedVideo:
    """Render a performance to `path` with ``<stem>_truth.tsv`` and ``<stem>_truth.json``.

    Parameters
    ----------
    path
        Video file; ``.mp4`` or ``.mkv`` keep times to 1/90000 s, ``.webm`` to 1 ms.
    identity, movement, view, faults, seed, rig
        As in :func:`mimicry.synthetic.render_frames`. Frame times are `movement.times_s`, evenly
        spaced or not.
    codec, crf
        One of :data:`CODECS`, and its constant rate factor (larger = worse).
    shown
        (T,) frame of the performance in each picture, for repeated pictures; see
        :func:`mimicry.synthetic.repeat_frames`.
    notes
        Further facts for the truth file (JSON types).
    progress
        Called with (frames done, frames in all).

    Raises
    ------
    OutputExistsError
        When the video is there already and `overwrite` is False.
    """
    from mimicry.synthetic.camera import Faults, render_frames
    from mimicry.synthetic.scene import View

    path = Path(path)
    if path.exists() and not overwrite:
        raise OutputExistsError("the video is there already", path=path)
    view, faults = view or View(), faults or Faults()
    source = np.arange(len(movement)) if shown is None else np.asarray(shown)

    rendered = render_frames(identity, movement, view=view, faults=faults, seed=seed, rig=rig)
    pictures = _repeated(rendered, source, progress)
    times = write_frames(path, pictures, movement.times_s, codec=codec, crf=crf)
    table = path.with_name(f"{path.stem}{TRUTH}")
    write_tsv(table, truth_table(movement, times, source))
    facts = path.with_name(f"{path.stem}_truth.json")
    seen = {"identity": asdict(identity), "view": asdict(view), "faults": asdict(faults)}
    written = {"video": path.name, "video_sha256": sha256_of(path), "frames": len(movement)}
    choices = {"rig": rig, "seed": seed, "codec": codec, "crf": crf}
    about = {"note": UPPER_BOUND, "columns": _described(movement, rig)}
    write_json(facts, {**about, **seen, **written, **choices, **(notes or {})})
    return RenderedVideo(path, table, facts)
