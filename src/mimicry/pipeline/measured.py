"""The action units of a planned recording: extracted from its video, or read from a table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mimicry.errors import NoFaceError
from mimicry.interchange.landmark_file import read_landmarks
from mimicry.interchange.tables import read_au_table
from mimicry.landmarks import WorkerPool
from mimicry.pipeline.extraction import extract_recording
from mimicry.pipeline.plan import Plan, is_table
from mimicry.pipeline.quality import no_face_text, quality_of, warnings_of
from mimicry.records import ActionUnitTrack, ExtractionOptions, LandmarkTrack
from mimicry.study.layout import LANDMARKS

__all__ = ["MeasuredRecording", "measure_recording"]


@dataclass(frozen=True, eq=False)
class MeasuredRecording:
    """The action units of a recording, the files that extraction made, and its quality."""

    track: ActionUnitTrack
    files: Mapping[str, Path]
    quality: dict[str, Any]


def measure_recording(
    plan: Plan,
    folder: Path,
    options: ExtractionOptions,
    progress: Callable[[int, int | None], None] | None = None,
    pool: WorkerPool | None = None,
) -> MeasuredRecording:
    """Return the action units of a planned recording.

    The neutral face is that of the pre-stimulus windows, and what head movement leaves in the
    action units is estimated outside the response windows.

    Raises
    ------
    NoFaceError
        When no frame shows a face.
    EventsError
        When no onset lies inside the recording.
    """
    if is_table(plan.recording):
        measured = _read(plan, options)
    else:
        measured = _extracted(plan, folder, options, progress, pool)
    if not measured.track.tracked.any():
        raise _no_face(plan, measured.track)
    return measured


def _read(plan: Plan, options: ExtractionOptions) -> MeasuredRecording:
    track = read_au_table(plan.recording, reading=options.reading)
    quality = quality_of(track)
    notes = {"warnings": warnings_of(plan.recording.name, quality)}
    kept = {k: track.provenance[k] for k in ("confidence", "times") if k in track.provenance}
    return MeasuredRecording(track, {}, {**quality, **kept, **notes})


def _extracted(
    plan: Plan,
    folder: Path,
    options: ExtractionOptions,
    progress: Callable[[int, int | None], None] | None,
    pool: WorkerPool | None,
) -> MeasuredRecording:
    if options.neutral is None:
        options = replace(options, neutral=plan.around(plan.settings.baseline_s))
    response = plan.around((0.0, max(end for _, end in plan.settings.windows.values())))
    options = replace(options, exclude_from_pose_fit=response)
    try:
        made = extract_recording(
            plan.recording, folder, stem=plan.prefix, options=options, progress=progress, pool=pool
        )
    except NoFaceError:
        _explain_no_face(plan, folder / f"{plan.prefix}{LANDMARKS}")
        raise
    return MeasuredRecording(made.read_track(), made.files, made.qc)


def _explain_no_face(plan: Plan, landmarks: Path) -> None:
    """Say why no pre-stimulus window shows a face, where there is a plainer reason for it."""
    track = read_landmarks(landmarks)
    if not track.tracked.any():
        raise _no_face(plan, track)
    plan.check_onsets(track.times_s)


def _no_face(plan: Plan, track: ActionUnitTrack | LandmarkTrack) -> NoFaceError:
    light = track.luminance if isinstance(track, LandmarkTrack) else track.quality["luminance"]
    median = float(np.nanmedian(light)) if np.isfinite(light).any() else None
    text, advice = no_face_text(len(track), median, track.provenance)
    return NoFaceError(text, path=plan.recording, hint=advice)
