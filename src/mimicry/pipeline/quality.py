"""What the quality file of a recording says, and what of it must be said aloud."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.capture.timing import timing_summary
from mimicry.records import ActionUnitTrack

__all__ = ["quality_of", "warnings_of"]


def quality_of(track: ActionUnitTrack) -> dict[str, Any]:
    """Return counts, timing, face size, pose and light of a recording. JSON types."""
    seen = track.tracked
    n = len(track)
    return {
        "input": track.provenance.get("input"),
        "video": track.provenance.get("video", {}),
        "frames": n,
        "frames_with_face": int(seen.sum()),
        "tracked_fraction": float(seen.mean()) if n else None,
        "frames_with_several_faces": track.provenance.get("frames_with_several_faces"),
        "longest_loss_s": _longest_loss(track.times_s, seen),
        "timing": timing_summary(track.times_s),
        "face_size_px": _spread(track.quality["scale_px"]),
        "luminance": _spread(track.quality["luminance"]),
        "sharpness": _spread(track.quality["sharpness"]),
        "head_pose_deg": {
            axis: _spread(track.pose_deg[:, k]) for k, axis in enumerate(("pitch", "yaw", "roll"))
        },
        "share_of_tracked_frames": {
            name: _share(track.quality[name], seen) for name in ("plausible", "pose_ok", "blink")
        },
        "neutral": track.provenance.get("action_units", {}).get("neutral"),
    }


def warnings_of(name: str, quality: dict[str, Any]) -> list[str]:
    """Return what a user must know: damage (one sentence), no face."""
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
    }
    damage += [f"{video[key]} {what}" for key, what in counts.items() if video.get(key)]
    found = [f"{name}: {'; '.join(damage)}"] if damage else []
    if quality["frames_with_face"] == 0:
        found.append(f"{name}: no face was seen in any of {quality['frames']} frames")
    return found


def _longest_loss(times_s: NDArray[np.float64], seen: NDArray[np.bool_]) -> float:
    """Longest time without a face, in seconds, counted between the frames around it."""
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
    found = values[np.isfinite(values)]
    if not found.size:
        return None
    low, middle, high = np.percentile(found, [5, 50, 95])
    return {"p05": float(low), "median": float(middle), "p95": float(high)}


def _share(flags: NDArray[np.float64], seen: NDArray[np.bool_]) -> float | None:
    """Share of seen frames with a flag; None where the source does not say."""
    known = seen & np.isfinite(flags)
    return float((flags[known] == 1).mean()) if known.any() else None
