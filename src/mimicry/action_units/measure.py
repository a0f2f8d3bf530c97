"""Landmark track to action-unit track: the steps in their order, and which may be left out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.action_units.blinks import blink_mask, find_blinks, split_closure
from mimicry.action_units.definitions import ACTION_UNITS, DEAD_BLENDSHAPES, columns
from mimicry.action_units.measures import MEASURE_NAMES
from mimicry.action_units.neutral import (
    ACTIVE,
    Neutral,
    declared_neutral,
    estimated_neutral,
    in_intervals,
)
from mimicry.action_units.pose import TERMS, PoseFit, fit_pose, pose_terms
from mimicry.action_units.quality import plausible, within_pose
from mimicry.action_units.shape import POSE_SIGNS, FaceShape, face_shape, personal_template
from mimicry.action_units.speech import speech_activity
from mimicry.action_units.unmixing import UNMIXING_VERSION, unmixing, without_explained
from mimicry.records import ActionUnitTrack, LandmarkTrack
from mimicry.records.blendshapes import BLENDSHAPE_NAMES

__all__ = ["measure", "units_of_shape"]

Array = NDArray[np.float64]

_LID_FLOOR = -0.25  # AU05 cannot fall below: a closing lid is AU43/AU45
# browInnerUp of a neutral face from which the landmark model takes the brows for raised already:
# of eight rendered heads above it five showed no inner brow raise; fourteen others all did.
BROWS_HIGH = 0.8
_CLOSURE = ("AU43", "AU43_L", "AU43_R")


def measure(
    track: LandmarkTrack,
    *,
    neutral: Sequence[tuple[float, float]] | None = None,
    exclude_from_pose_fit: Sequence[tuple[float, float]] = (),
) -> ActionUnitTrack:
    """Measure the action units of a whole recording, from its landmarks.

    Parameters
    ----------
    track
        The landmarks of one face.
    neutral
        Intervals ``(start_s, end_s)`` in which the face is neutral (half-open; the clock of
        the track). Without them the least active frames serve, and the provenance says so.
    exclude_from_pose_fit
        Intervals in which the person was to respond: they do not take part in estimating what
        head movement leaves in the action units.

    Returns
    -------
    ActionUnitTrack
        One row per frame, unsmoothed and unmasked; NaN where no face was seen. 1.0 is the
        reference movement of each unit (`units`); `provenance` tells the neutral face, the
        ruler, the pose compensation and the blinks.

    Raises
    ------
    NoFaceError
        When a neutral interval was declared and no face was seen in it.
    ValueError
        When an interval does not end after it starts.

    Examples
    --------
    >>> from mimicry.landmarks import extract_landmarks              # doctest: +SKIP
    >>> units = measure(extract_landmarks("video.mp4"), neutral=[(0, 2)])   # doctest: +SKIP
    >>> units.of("AU12").max()                                       # doctest: +SKIP
    """
    shape = face_shape(track.points_px, template=personal_template(track.points_px))
    return units_of_shape(track, shape, neutral, exclude_from_pose_fit)


def units_of_shape(
    track: LandmarkTrack,
    shape: FaceShape,
    neutral: Sequence[tuple[float, float]] | None,
    exclude: Sequence[tuple[float, float]],
) -> ActionUnitTrack:
    """Take the steps that need every frame: ruler, blinks, neutral face, pose regression.

    Of the `track` all is used but the positions of the landmarks.
    """
    times = track.times_s
    pose_ok, good = within_pose(shape.pose_deg), plausible(times, shape)
    ruler = _ruler(shape, pose_ok)
    measures = shape.measures / ruler
    operator = unmixing()
    blink = _blinks_before_neutral(times, measures, operator)
    usable = pose_ok & good & ~blink
    if neutral is None:
        active = operator[:, [columns().index(n) for n in ACTIVE]]
        reference = estimated_neutral(times, measures, usable, active)
    else:
        reference = declared_neutral(times, measures, usable, neutral)
    raw = (measures - reference.measures) @ operator
    terms = pose_terms(shape.pose_deg, shape.scale_px)
    free = usable & ~in_intervals(times, exclude)
    fit = fit_pose(terms, raw, free, _terms_at(terms, reference), _step(times))
    leak = fit.leak(terms)
    intensity = _lids(times, without_explained(raw - leak))
    report = _report(track, intensity, shape, ruler, reference, fit, leak)
    return ActionUnitTrack(
        times_s=times,
        intensity=intensity,
        names=columns(),
        pose_deg=shape.pose_deg,
        quality=_quality(track, shape, intensity, blink, pose_ok, good),
        blendshapes=track.blendshapes,
        units={name: u.unit for u in ACTION_UNITS for name in columns() if name[:4] == u.code},
        provenance={**track.provenance, "action_units": report},
    )


def _ruler(shape: FaceShape, pose_ok: NDArray[np.bool_]) -> float:
    """Return the median eye-corner distance, of frames that face the camera where there are any."""
    seen = np.isfinite(shape.eye_span)
    front = seen & pose_ok
    chosen = front if front.any() else seen
    return float(np.median(shape.eye_span[chosen])) if chosen.any() else float("nan")


def _blinks_before_neutral(times: Array, measures: Array, operator: Array) -> NDArray[np.bool_]:
    """Return blinks without a neutral face: fast closure is relative to its own second."""
    closure = (measures @ operator)[:, columns().index("AU43")]
    slow, fast = split_closure(times, closure[:, None])
    seen = np.isfinite(closure)
    # the open lid: shut eyes are far below what the eye shows most widely
    opened = np.percentile(slow[seen], 20) if seen.any() else np.nan
    return blink_mask(slow[:, 0] - opened, fast[:, 0])


def _lids(times: Array, units: Array) -> Array:
    """Share lid closure between AU43 (slow) and AU45 (fast); floor AU05."""
    out = units.copy()
    names = columns()
    slow_at = [names.index(n) for n in _CLOSURE]
    fast_at = [names.index(n.replace("43", "45")) for n in _CLOSURE]
    slow, fast = split_closure(times, units[:, slow_at])
    out[:, slow_at], out[:, fast_at] = slow, fast
    wide = [k for k, n in enumerate(names) if n.startswith("AU05")]
    out[:, wide] = np.maximum(out[:, wide], _LID_FLOOR)
    return out


def _quality(
    track: LandmarkTrack,
    shape: FaceShape,
    intensity: Array,
    blink: NDArray[np.bool_],
    pose_ok: NDArray[np.bool_],
    good: NDArray[np.bool_],
) -> dict[str, Array]:
    seen = track.tracked

    def flag(mask: NDArray[np.bool_]) -> Array:
        return np.where(seen, mask.astype(float), np.nan)

    return {
        "success": seen.astype(float),
        "scale_px": shape.scale_px,
        "luminance": track.luminance.astype(float),
        "sharpness": track.sharpness.astype(float),
        "blink": flag(blink),
        "pose_ok": flag(pose_ok),
        "fit_residual": shape.residual,
        "plausible": flag(good),
        "speech": flag(speech_activity(track.times_s, intensity[:, columns().index("AU25")])),
        "gaze_horizontal": np.mean(shape.gaze[:, :2], axis=1),
        "gaze_vertical": np.mean(shape.gaze[:, 2:], axis=1),
    }


def _report(
    track: LandmarkTrack,
    intensity: Array,
    shape: FaceShape,
    ruler: float,
    reference: Neutral,
    fit: PoseFit,
    leak: Array,
) -> Mapping[str, Any]:
    names = columns()
    blinks = find_blinks(track.times_s, intensity[:, names.index("AU45")])
    seen = np.isfinite(intensity[:, 0])
    change = np.std(leak[seen], axis=0) if fit.frames and seen.any() else np.zeros(len(names))
    return {
        "neutral": {
            "kind": reference.kind,
            "flagged": reference.kind != "declared",
            "frames": int(reference.frames.sum()),
            **_resting_brows(track, reference),
        },
        "ruler": {
            "landmarks": [33, 263],
            "median_px": float(np.median(shape.scale_px[seen])) if seen.any() else None,
            "canonical_cm": ruler if np.isfinite(ruler) else None,
        },
        "units": {u.code: {"factor": u.full, "tier": u.tier} for u in ACTION_UNITS},
        "pose_signs": POSE_SIGNS,
        "pose_compensation": {
            "frames": fit.frames,
            "terms": list(TERMS),
            "changed_sd": {n: round(float(c), 4) for n, c in zip(names, change, strict=True)},
        },
        "blinks": {
            "count": len(blinks),
            "rate_per_min": None if np.isnan(blinks.rate_per_min) else blinks.rate_per_min,
            "onset_s": blinks.onset_s.tolist(),
            "duration_s": blinks.duration_s.tolist(),
        },
        "unmixing": {"version": UNMIXING_VERSION, "measures": list(MEASURE_NAMES)},
        "dead_blendshapes": list(DEAD_BLENDSHAPES),
    }


def _resting_brows(track: LandmarkTrack, reference: Neutral) -> dict[str, Any]:
    """Return how raised the brows rest, and whether AU01 must be distrusted for it."""
    if not reference.frames.any():
        return {"brow_inner_up": None, "brows_high": False}
    seen = track.blendshapes[reference.frames, BLENDSHAPE_NAMES.index("browInnerUp")]
    value = float(np.median(seen))
    return {"brow_inner_up": round(value, 3), "brows_high": value >= BROWS_HIGH}


def _terms_at(terms: Array, reference: Neutral) -> Array:
    """Return the pose terms of the neutral face."""
    if not reference.frames.any():
        return np.zeros(terms.shape[1])
    return np.asarray(np.median(terms[reference.frames], axis=0))


def _step(times: Array) -> float:
    return float(np.median(np.diff(times))) if len(times) > 1 else 1.0
