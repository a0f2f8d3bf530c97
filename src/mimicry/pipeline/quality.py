"""What the quality file of a recording says, and what of it must be said aloud."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.timing import timing_summary
from mimicry.records import ActionUnitTrack, ScoringSettings
from mimicry.timeline.masking import masked_frames

__all__ = ["QUALITY_SHAPE", "no_face_text", "quality_of", "usable_frames", "warnings_of"]

QUALITY_SHAPE: dict[str, Any] = {
    "frames": int,
    "frames_with_face": int,
    "usable_frames?": (int, None),
    "frames_with_several_faces?": (int, None),
    "timing": {"fps_effective": (float, None), "holes?": (list, None)},
    "warnings?": [str],
}
"""What is read back of a quality file."""

_NAMED_HOLES = 5
_ADVICE = (
    "Check that it is the participant's recording and that the face is large enough. "
    "With `debug_frame=True` the first picture is saved as the detector gets it."
)


def quality_of(track: ActionUnitTrack) -> dict[str, Any]:
    """Return counts, timing, face size, pose and light of a recording. JSON types.

    Usable frames are those with a face that is not turned away, whose fit is plausible and whose
    eyes do not blink.
    """
    seen = track.tracked
    n = len(track)
    made = track.provenance
    early = made.get("frames_before_two_faces")
    noted = ("input", "frames_with_several_faces", "frames_of_another_face")
    spread = {"face_size_px": "scale_px", "luminance": "luminance", "sharpness": "sharpness"}
    return {
        **{name: made.get(name) for name in noted},
        **{name: made.get(name, {}) for name in ("video", "reading")},
        "frames": n,
        "frames_with_face": int(seen.sum()),
        "tracked_fraction": float(seen.mean()) if n else None,
        **usable_frames(track),
        **({"frames_before_two_faces": early} if early else {}),
        "longest_loss_s": _longest_loss(track.times_s, seen),
        "timing": timing_summary(track.times_s),
        **{name: _spread(track.quality[column]) for name, column in spread.items()},
        "head_pose_deg": {
            axis: _spread(track.pose_deg[:, k]) for k, axis in enumerate(("pitch", "yaw", "roll"))
        },
        "share_of_tracked_frames": {
            name: _share(track.quality[name], seen) for name in ("plausible", "pose_ok", "blink")
        },
        "neutral": made.get("action_units", {}).get("neutral"),
    }


def usable_frames(
    track: ActionUnitTrack, settings: ScoringSettings | None = None
) -> dict[str, Any]:
    """Return the count and the share of frames that scoring with these settings would use."""
    usable = track.tracked & ~masked_frames(track, settings or ScoringSettings({}))
    share = float(usable.mean()) if len(usable) else None
    return {"usable_frames": int(usable.sum()), "usable_fraction": share}


def warnings_of(name: str, quality: dict[str, Any]) -> list[str]:
    """Return what a user must know: damage, no face, several faces, holes in time."""
    notes = [*_damage(quality), *_several_faces(quality), *_holes(quality)]
    if quality["frames_with_face"] == 0:
        median = (quality["luminance"] or {}).get("median")
        notes.append(". ".join(no_face_text(quality["frames"], median, quality)))
    return [f"{name}: {text}" for text in notes]


def no_face_text(
    frames: int, luminance: float | None, provenance: Mapping[str, Any]
) -> tuple[str, str]:
    """Return what was looked at in vain, and advice how to see it.

    Parameters
    ----------
    frames, luminance
        Their number and their median brightness.
    provenance
        With ``video``, what was found in the file, and ``reading``, what was chosen in it.
    """
    text = f"no face was seen in any of {frames} frames"
    video, reading = provenance.get("video"), provenance.get("reading", {})
    if not video:
        return text, "Check that it is the participant's recording."
    width, height = video["size_px"]
    tried = [f"pictures of {width}x{height} pixels"]
    if video.get("rotation"):
        tried.append(f"turned upright by {video['rotation']} degrees")
    if "roi_px" in reading:
        tried.append(f"of them the part {','.join(map(str, reading['roi_px']))}")
    if luminance is not None:
        tried.append(f"median brightness {luminance:.0f} of 255")
    return f"{text} ({', '.join(tried)})", _ADVICE


def _several_faces(quality: dict[str, Any]) -> list[str]:
    count, reading = quality["frames_with_several_faces"], quality.get("reading", {})
    if (side := reading.get("face")) in ("left", "right") and quality["frames_with_face"]:
        return _sides(side, count, quality.get("frames_before_two_faces"))
    if not count or "face" in reading:
        return []
    text = f"several faces in {count} of {quality['frames']} frames, the largest was followed"
    if another := quality["frames_of_another_face"]:
        text += f" (in {another} more only another one was seen)"
    return [f"{text}. Choose with `face='left'`, `face='right'` or `roi_px=(X, Y, W, H)`."]


def _sides(side: str, several: int | None, early: int | None) -> list[str]:
    """Return what was not certain about who is left and who is right."""
    text = ""
    if several == 0:
        text = f"no frame shows two faces; the one that was seen was taken for the {side} one"
    elif early:
        text = f"in {_counted(early, 'frame')} before the first with two faces one is alone and "
        text += "was told by its place"
    return [f"{text}. Check who it is."] if text else []


def _holes(quality: dict[str, Any]) -> list[str]:
    holes = quality["timing"].get("holes") or []
    if not holes:
        return []
    named = [f"{length:.2f} s after {start:.2f} s" for start, length in holes[:_NAMED_HOLES]]
    if more := len(holes) - len(named):
        named.append(f"and {more} more")
    return [f"{_counted(len(holes), 'hole')} in time without frames: {', '.join(named)}"]


def _counted(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _damage(quality: dict[str, Any]) -> list[str]:
    """Return one sentence on everything that is broken, or none."""
    video = quality["video"]
    damage = []
    if video.get("truncated"):
        damage.append(
            f"the file is truncated: {quality['frames']} frames up to "
            f"{video['last_time_s']:.2f} s were kept"
        )
    counts = {
        "corrupt_frames": "frames are corrupt",
        "decode_errors": "decoding errors",
        "out_of_order_frames": "frames out of order were left out",
        "untimed_frames": "frames without a time were left out",
        "resized_frames": "frames have another size than the first",
    }
    damage += [f"{video[key]} {what}" for key, what in counts.items() if video.get(key)]
    return ["; ".join(damage)] if damage else []


def _longest_loss(times_s: NDArray[np.float64], seen: NDArray[np.bool_]) -> float:
    """Return the longest time without a face, in seconds, counted between the frames around it."""
    if not len(times_s):
        return 0.0
    at = times_s[seen]
    edges = np.concatenate([[times_s[0]], at, [times_s[-1]]])
    around = np.diff(edges)
    # neighbours that were both seen are no loss
    frames = np.flatnonzero(seen)
    lost = np.diff(np.concatenate([[-1], frames, [len(times_s)]])) > 1
    return float(around[lost].max()) if lost.any() else 0.0


def _spread(values: NDArray[np.float64]) -> dict[str, float] | None:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    low, middle, high = np.percentile(finite, [5, 50, 95])
    return {"p05": float(low), "median": float(middle), "p95": float(high)}


def _share(flags: NDArray[np.float64], seen: NDArray[np.bool_]) -> float | None:
    """Return the share of seen frames with a flag; None where the source does not say."""
    known = seen & np.isfinite(flags)
    return float((flags[known] == 1).mean()) if known.any() else None
