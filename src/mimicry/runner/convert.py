"""A recorded session into the study layout: video with exact times, events, frames, ratings."""

import platform
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import InputError, OutputExistsError, QualityWarning, RecordingError
from mimicry.files import check_shape, make_folder, private, sha256_of, write_json, write_tsv
from mimicry.runner.calibration import SETUP, fitting, read_calibrations
from mimicry.runner.columns import BEH_COLUMNS, EVENT_COLUMNS, FRAME_COLUMNS, describe
from mimicry.runner.plan import SessionPlan, read_plan
from mimicry.runner.remux import write_video
from mimicry.runner.rows import Row, event_rows, frame_rows, rating_rows
from mimicry.runner.stored import CALIBRATION, read_done
from mimicry.runner.timebase import Segment, place_segments, read_segment
from mimicry.study.layout import (
    ANSWERS,
    ANSWERS_SIDECAR,
    EVENTS,
    EVENTS_SIDECAR,
    FRAMES,
    RECORDER,
    VIDEO,
)
from mimicry.study.participants import enter_participant

__all__ = ["convert_session", "require_free", "session_files"]


def session_files(study: Path, plan: SessionPlan) -> dict[str, Path]:
    """Return where the converted files of a session go."""
    folder = plan.beh_folder(study)
    endings = {
        "video": f"{VIDEO}.mp4",
        "events": EVENTS,
        "frames": FRAMES,
        "beh": ANSWERS,
        "recording": RECORDER,
        "events_json": EVENTS_SIDECAR,
        "beh_json": ANSWERS_SIDECAR,
    }
    return {key: folder / f"{plan.prefix}{ending}" for key, ending in endings.items()}


def require_free(
    study: Path, plan: SessionPlan, kinds: Sequence[str] = ("recording",)
) -> dict[str, Path]:
    """Return where a session's files go; those of some kinds may not be there yet.

    Raises
    ------
    OutputExistsError
        When the participant has a recording of this task already.
    """
    files = session_files(study, plan)
    for path in (files[kind] for kind in kinds):
        if path.exists():
            raise OutputExistsError(
                "this participant has a recording of this task already",
                path=path,
                hint="Give the session a label of its own with `session`. Or give another `task`.",
            )
    return files


@private()
def convert_session(folder: Path, study: Path, *, overwrite: bool = False) -> dict[str, Path]:
    """Write the study layout of a recorded session; the source folder is only read.

    Where no trial was shown (no consent, or stopped before), nothing can be scored: there is no
    events table and no row in the list of participants, and without ratings no file at all. A
    table without events would be a recording that waits for its scores for ever.

    Parameters
    ----------
    folder, study
        The session's folder below ``sourcedata``, and the study's.
    overwrite
        Replace files of an earlier conversion.

    Returns
    -------
    dict
        Kind -> file, of the files written.

    Raises
    ------
    OutputExistsError
        When the participant has a recording of this task already.
    InputError
        When nothing was recorded.
    """
    plan = read_plan(folder)
    files = (session_files if overwrite else require_free)(study, plan)
    segments = place_segments(_read_segments(folder))
    if not segments:
        raise InputError("nothing was recorded in this session", path=folder)
    to_score = plan.record_only or _anything_shown(plan, segments)
    ratings = list(rating_rows(plan, segments))
    if not to_score and not ratings:
        return {}
    make_folder(files["video"].parent)
    kinds, frames = {"recording"}, []
    kept = _video(files["video"], segments) if plan.camera.record else None
    if kept is not None:
        kinds |= {"video", "frames"}
        frames = frame_rows(segments, kept)
        write_tsv(files["frames"], _table(frames, FRAME_COLUMNS))
    calibration = _calibration(folder, segments)
    if to_score:
        kinds |= {"events", "events_json"}
        events = list(event_rows(plan, segments, frames, calibration))
        events.sort(key=lambda row: row["onset"])
        write_tsv(files["events"], _table(events, EVENT_COLUMNS))
        write_json(files["events_json"], describe(EVENT_COLUMNS, events))
    if ratings:
        kinds |= {"beh", "beh_json"}
        write_tsv(files["beh"], _table(ratings, BEH_COLUMNS))
        write_json(files["beh_json"], describe(BEH_COLUMNS, ratings))
    written = {kind: path for kind, path in files.items() if kind in kinds}
    write_json(files["recording"], _recording(folder, plan, segments, frames, calibration, written))
    if to_score:
        enter_participant(study, plan.participant)
    return written


def _anything_shown(plan: SessionPlan, segments: Sequence[Segment]) -> bool:
    """Tell whether a trial was shown, if only a part of it."""
    steps = {s.step_id for s in plan.steps}
    return any(
        e["type"] == "stimulus" and e["kind"] == "stimulus" and e["step"] in steps
        for segment in segments
        for e in segment.events
    )


def _video(path: Path, segments: Sequence[Segment]) -> list[NDArray[np.int64]] | None:
    """Write the video; None when the camera gave none, or nothing of it can be read."""
    if not any(len(s.frame_us) for s in segments):
        return None
    try:
        return write_video(path, segments)
    except RecordingError as problem:  # events and ratings are kept all the same
        warnings.warn(QualityWarning(str(problem)), stacklevel=2)
        return None


def _read_segments(folder: Path) -> list[Segment]:
    numbers = sorted({int(p.name[4:7]) for p in folder.glob("seg-[0-9][0-9][0-9]_*")})
    segments = [read_segment(folder, n) for n in numbers]
    recorded = [s for s in segments if len(s.frame_us) and s.constant_ms is not None]
    return recorded or [s for s in segments if s.events]


def _table(rows: Sequence[Row], columns: Mapping[str, str]) -> Any:
    import pandas as pd

    extra = [k for row in rows for k in row if k not in columns]
    names = [*columns, *dict.fromkeys(extra)]
    return pd.DataFrame(
        [{n: row.get(n) for n in names} for row in rows], columns=names, dtype=object
    )


def _calibration(folder: Path, segments: Sequence[Segment]) -> Mapping[str, Any]:
    """Return the calibration that fits the set-up of every segment, or an empty one."""
    path = folder / CALIBRATION
    if not path.exists():
        return {}
    try:
        known = read_calibrations(path)
    except InputError as problem:  # what was recorded must not hang on it
        warnings.warn(QualityWarning(f"the times are not calibrated: {problem}"), stacklevel=2)
        return {}
    fits = [fitting(known, setup) for s in segments if (setup := _setup(s))]
    same = bool(fits) and all(f == fits[0] for f in fits)
    return fits[0] if same else {}


def _setup(segment: Segment) -> Row:
    start, camera = segment.first("segment_start"), segment.first("camera")
    refresh = segment.first("refresh")
    if not (start and camera and refresh):
        return {}
    facts = {
        "camera": camera,
        "screen": start.get("screen"),
        "ua": start.get("ua"),
        "refresh_hz": refresh.get("hz"),
    }
    try:
        check_shape(facts, SETUP, path=segment.video)
    except InputError:  # a damaged journal: no set-up to find a calibration for
        return {}
    return facts


def _recording(
    folder: Path,
    plan: SessionPlan,
    segments: Sequence[Segment],
    frames: Sequence[Row],
    calibration: Mapping[str, Any],
    written: Mapping[str, Path],
) -> Row:
    from mimicry import __version__

    done = read_done(folder)
    named = {
        k: {"file": p.name, "sha256": sha256_of(p)} for k, p in written.items() if k != "recording"
    }
    times = np.array([r["timestamp"] for r in frames])
    steps = np.diff(times)
    return {
        "mimicry": __version__,
        "protocol": plan.protocol,
        "protocol_digest": plan.protocol_digest,
        "participant": plan.participant,
        "session": plan.session,
        "seed": plan.seed,
        "outcome": done.get("outcome", "interrupted"),
        "reason": done.get("reason", ""),
        "time_zero": "capture time of the first camera frame; timestamps and onsets in seconds",
        "time_zero_unix_s": segments[0].moment()[1],
        "calibrated": bool(calibration),
        "calibration": dict(calibration) or None,
        "files": named,
        "source": {"folder": folder.name, "sha256": done.get("sha256", {})},
        "system": {"os": platform.platform(), "python": platform.python_version()},
        "frames": {
            "captured": len(frames),
            "in_video": sum(r["encoded"] for r in frames),
            "not_encoded": sum(not r["encoded"] for r in frames),
            "interval_median_s": float(np.median(steps)) if len(steps) else None,
            "interval_max_s": float(steps.max()) if len(steps) else None,
        },
        "frames_columns": dict(FRAME_COLUMNS),
        "segments": [_segment_facts(s) for s in segments],
    }


def _segment_facts(segment: Segment) -> Row:
    start = segment.first("segment_start")
    names = ("ua", "isolated", "gpu", "screen", "inner", "dpr", "full", "clock")
    facts = ("refresh", "camera", "camera_check", "capture_clock")
    kinds = ("upload_backlog", "encode_backlog", "camera_mute", "hidden", "blur", "resized")
    return {
        "segment": segment.number,
        "start_s": segment.shift_us * 1e-6,
        "frames": len(segment.frame_us),
        "page": {n: start.get(n) for n in names},
        "clock_end": segment.first("segment_end").get("clock"),
        **{kind: _without(segment.first(kind)) for kind in facts},
        "incidents": {k: n for k in kinds if (n := sum(e["type"] == k for e in segment.events))},
    }


def _without(event: Mapping[str, Any]) -> Row:
    return {k: v for k, v in event.items() if k not in {"seq", "t", "type"}}
