"""A recorded session into the study layout: video with exact times, events, frames, ratings."""

import platform
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import InputError, OutputExistsError, QualityWarning, RecordingError
from mimicry.files import check_shape, make_folder, private, sha256_of, write_json, write_tsv
from mimicry.runner.calibration import SETUP, fitting, read_calibrations
from mimicry.runner.columns import BEH_COLUMNS, EVENT_COLUMNS, FRAME_COLUMNS, describe
from mimicry.runner.participants import enter_participant
from mimicry.runner.plan import Question, SessionPlan, Step, read_plan
from mimicry.runner.remux import write_video
from mimicry.runner.stored import read_done
from mimicry.runner.timebase import Segment, place_segments, read_segment

__all__ = ["convert_session", "session_files"]

MAX_LOST = 0.05
MAX_GAP_S = 0.1

Row = dict[str, Any]


def session_files(study: Path, plan: SessionPlan) -> dict[str, Path]:
    """Return where the converted files of a session go."""
    folder = plan.beh_folder(study)
    names = {
        "video": "video.mp4",
        "events": "events.tsv",
        "frames": "frames.tsv",
        "beh": "beh.tsv",
        "recording": "recording.json",
        "events_json": "events.json",
        "beh_json": "beh.json",
    }
    return {key: folder / f"{plan.prefix}_{name}" for key, name in names.items()}


@private()
def convert_session(folder: Path, study: Path, *, overwrite: bool = False) -> dict[str, Path]:
    """Write the study layout of a recorded session; the source folder is only read.

    Where no trial was shown (no consent, or stopped before), nothing can be scored: there is no
    events table and no row in the list of participants, and without ratings no file at all. A
    table without events would be a recording that waits for its scores for ever.

    Parameters
    ----------
    folder
        The session's folder below ``sourcedata``.
    study
        The study folder.
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
    files = session_files(study, plan)
    if files["recording"].exists() and not overwrite:
        raise OutputExistsError(
            "this participant has a recording of this task already",
            path=files["recording"],
            hint="Give the session a label of its own with --session.",
        )
    segments = place_segments(_read_segments(folder))
    if not segments:
        raise InputError("nothing was recorded in this session", path=folder)
    to_score = plan.record_only or _anything_shown(plan, segments)
    ratings = list(_rating_rows(plan, segments))
    if not to_score and not ratings:
        return {}
    make_folder(files["video"].parent)
    written = dict(files)
    kept = _video(files["video"], segments) if plan.camera.record else None
    if kept is not None:
        frames = _frame_rows(segments, kept)
        write_tsv(files["frames"], _table(frames, FRAME_COLUMNS))
    else:
        frames = []
        del written["video"], written["frames"]
    calibration = _calibration(folder, segments)
    if to_score:
        events = list(_event_rows(plan, segments, frames, calibration))
        events.sort(key=lambda row: row["onset"])
        write_tsv(files["events"], _table(events, EVENT_COLUMNS))
        write_json(files["events_json"], describe(EVENT_COLUMNS, events))
    else:
        del written["events"], written["events_json"]
    if ratings:
        write_tsv(files["beh"], _table(ratings, BEH_COLUMNS))
        write_json(files["beh_json"], describe(BEH_COLUMNS, ratings))
    else:
        del written["beh"], written["beh_json"]
    write_json(files["recording"], _recording(folder, plan, segments, frames, calibration, written))
    if to_score:
        enter_participant(study, plan)
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


def _frame_rows(segments: Sequence[Segment], kept: Sequence[NDArray[np.int64]]) -> list[Row]:
    """One row a captured frame; `frame` counts those that stand in the video."""
    rows: list[Row] = []
    index = 0
    for segment, stamps in zip(segments, kept, strict=True):
        there = np.isin(segment.frame_us, stamps)
        for pts, stamp, arrival, encoded in zip(
            segment.pts_us(), segment.frame_us, segment.arrival_ms, there, strict=True
        ):
            rows.append(
                {
                    "frame": index if encoded else None,
                    "timestamp": int(pts) / 1e6,
                    "camera_us": int(stamp),
                    "arrival_s": round(segment.time_s(float(arrival)), 6),
                    "encoded": int(encoded),
                    "segment": segment.number,
                }
            )
            index += int(encoded)
    return rows


def _event_rows(
    plan: SessionPlan,
    segments: Sequence[Segment],
    frames: Sequence[Row],
    calibration: Mapping[str, Any],
) -> Iterator[Row]:
    steps = {s.step_id: s for s in plan.steps}
    times = np.array([r["timestamp"] for r in frames if r["encoded"]])
    attempts: dict[str, int] = {}
    for k, segment in enumerate(segments):
        first = next((e["step"] for e in segment.events if _begins(e, steps)), None)
        ends = {e["step"]: e for e in segment.events if e["type"] == "step_end"}
        for event in segment.events:
            if event["type"] == "marker":
                yield {"onset": round(segment.time_s(event["t"]), 6), "phase": "marker"}
            if _begins(event, steps):
                attempts[event["step"]] = attempts.get(event["step"], 0) + 1
            if event["type"] != "stimulus" or event["kind"] != "stimulus":
                continue
            step = steps.get(event["step"])
            if step is None:  # a damaged journal
                continue
            end = ends.get(step.step_id)
            row = _event_row(step, event, segment, calibration)
            row["phase"] = _phase(step, complete=end is not None)
            again = attempts.get(step.step_id, 1) > 1 or (k > 0 and step.step_id == first)
            row["repeated"] = int(again)
            flags = list(end.get("flags", [])) if end else ["interrupted"]
            yield {**row, **_quality(row, event, step, times, flags), **step.columns}


def _begins(event: Mapping[str, Any], steps: Mapping[str, Step]) -> bool:
    """Tell whether a trial starts with this event."""
    step = steps.get(event.get("step", ""))
    return event["type"] == "step_start" and step is not None and step.kind == "trial"


def _phase(step: Step, *, complete: bool) -> str:
    if not complete:
        return "interrupted"
    return "practice" if step.practice else "stimulus"


def _event_row(
    step: Step, event: Mapping[str, Any], segment: Segment, calibration: Mapping[str, Any]
) -> Row:
    reported = segment.time_s(event["onset_ms"])
    kind = "video" if event["onset_source"] == "rvfc" else "image"
    offset = calibration.get(kind, {}).get("offset_s")
    spread = event.get("onset_spread_ms")
    return {
        "onset": round(reported + (offset or 0.0), 6),
        "duration": round((event["end"] - event["onset_ms"]) / 1000, 6),
        "trial_type": step.condition,
        "stimulus": step.stimulus_id,
        "trial_id": step.trial_id,
        "block": step.block,
        "onset_reported": round(reported, 6),
        "onset_source": event["onset_source"],
        "onset_spread": None if spread is None else round(spread / 1000, 6),
        "calibrated": "true" if offset is not None else "false",
        "frames_shown": event.get("shown"),
        "frames_dropped": event.get("dropped"),
        "segment": segment.number,
    }


def _quality(
    row: Row,
    event: Mapping[str, Any],
    step: Step,
    times: NDArray[np.float64],
    flags: Sequence[str],
) -> Row:
    """Judge the recording around a trial: lost frames, gaps, unsteady onset, a left window."""
    blank = sum(p.duration_s or 0.0 for p in step.phases if p.kind == "blank")
    start, end = row["onset"] - 0.5, row["onset"] + row["duration"] + blank
    lost, gap = None, None
    notes = list(flags)
    if len(times) > 1:
        lost, gap = _losses(times, start, end)
        if lost > MAX_LOST:
            notes.append("frames_lost")
        if gap > MAX_GAP_S:
            notes.append("gap")
    spread = event.get("onset_spread_ms")
    if event["onset_source"] == "raf":
        notes.append("onset_unconfirmed")
    if spread is not None and spread > (event.get("period_ms") or 0.0):
        notes.append("onset_spread")
    if event.get("dropped"):
        notes.append("stimulus_frames_dropped")
    return {
        "lost_fraction": None if lost is None else round(lost, 4),
        "max_gap": None if gap is None else round(gap, 6),
        "recording_notes": ",".join(notes) or None,
    }


def _losses(times: NDArray[np.float64], start: float, end: float) -> tuple[float, float]:
    """Return the fraction of expected frames that is missing, and the longest gap in s."""
    usual = float(np.median(np.diff(times)))
    edges = np.concatenate([[start], times[(times > start) & (times < end)], [end]])
    steps = np.diff(edges)
    expected = max((end - start) / usual, 1.0)
    missing = np.maximum(np.round(steps / usual) - 1, 0).sum()
    return float(missing / expected), float(steps.max())


def _rating_rows(plan: SessionPlan, segments: Sequence[Segment]) -> Iterator[Row]:
    steps = {s.step_id: s for s in plan.steps}
    for segment in segments:
        for event in segment.events:
            if event["type"] != "rating" or event["step"] not in steps:
                continue
            step = steps[event["step"]]
            asked = event["question"]
            question = next((q for q in step.questions if q.question_id == asked), None)
            value: Any = event.get("value")
            none = value is None and event.get("by") == "limit"
            chosen = question is not None and question.kind == "choice" and not none
            if question is None or (chosen and not _chosen(question, value)):
                continue  # a damaged journal
            yield {
                "onset": round(segment.time_s(event["shown_ms"]), 6),
                "trial_id": step.trial_id or None,
                "block": step.block or None,
                "question": question.question_id,
                "response": value + question.first if chosen else value,
                "label": question.options[value] if chosen else None,
                "response_time": None if none else round(event["rt_ms"] / 1000, 6),
                "answered_by": event.get("by"),
                "correct": None if question.answer is None else int(value == question.answer),
                "practice": int(step.practice),
                "segment": segment.number,
            }


def _chosen(question: Question, value: Any) -> bool:
    """Tell whether a value is the number of one of a question's options."""
    return type(value) is int and 0 <= value < len(question.options)


def _calibration(folder: Path, segments: Sequence[Segment]) -> Mapping[str, Any]:
    """Return the calibration that fits the set-up of every segment, or an empty one."""
    path = folder / "calibration.json"
    if not path.exists():
        return {}
    try:
        known = read_calibrations(path)
    except InputError as problem:  # what was recorded must not hang on it
        warnings.warn(QualityWarning(f"the times are not calibrated: {problem}"), stacklevel=2)
        return {}
    found = [fitting(known, setup) for s in segments if (setup := _setup(s))]
    same = bool(found) and all(f == found[0] for f in found)
    return found[0] if same else {}


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
    kinds = ("upload_backlog", "encode_backlog", "camera_mute", "hidden", "blur", "resized")
    return {
        "segment": segment.number,
        "start_s": segment.shift_us * 1e-6,
        "frames": len(segment.frame_us),
        "page": {n: start.get(n) for n in names},
        "clock_end": segment.first("segment_end").get("clock"),
        "refresh": _without(segment.first("refresh")),
        "camera": _without(segment.first("camera")),
        "camera_check": _without(segment.first("camera_check")),
        "capture_clock": _without(segment.first("capture_clock")),
        "incidents": {k: n for k in kinds if (n := sum(e["type"] == k for e in segment.events))},
    }


def _without(event: Mapping[str, Any]) -> Row:
    return {k: v for k, v in event.items() if k not in {"seq", "t", "type"}}
