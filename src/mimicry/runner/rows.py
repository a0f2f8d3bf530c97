"""The rows of a converted session's tables: events, camera frames and answers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.runner.plan import Question, SessionPlan, Step
from mimicry.runner.timebase import Segment

__all__ = ["Row", "event_rows", "frame_rows", "rating_rows"]

MAX_LOST = 0.05
MAX_GAP_S = 0.1

Row = dict[str, Any]


def frame_rows(segments: Sequence[Segment], kept: Sequence[NDArray[np.int64]]) -> list[Row]:
    """Return one row a captured frame; `frame` counts those that stand in the video."""
    rows: list[Row] = []
    index = 0
    for segment, stamps in zip(segments, kept, strict=True):
        in_video = np.isin(segment.frame_us, stamps)
        for pts, stamp, arrival, encoded in zip(
            segment.pts_us(), segment.frame_us, segment.arrival_ms, in_video, strict=True
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


def event_rows(
    plan: SessionPlan,
    segments: Sequence[Segment],
    frames: Sequence[Row],
    calibration: Mapping[str, Any],
) -> Iterator[Row]:
    """Yield one row a stimulus or marker, with the quality of the recording around it."""
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
            row["phase"] = "practice" if step.practice else "stimulus"
            row["phase"] = "interrupted" if end is None else row["phase"]
            again = attempts.get(step.step_id, 1) > 1 or (k > 0 and step.step_id == first)
            row["repeated"] = int(again)
            flags = list(end.get("flags", [])) if end else ["interrupted"]
            yield {**row, **_quality(row, event, step, times, flags), **step.columns}


def _begins(event: Mapping[str, Any], steps: Mapping[str, Step]) -> bool:
    """Tell whether a trial starts with this event."""
    step = steps.get(event.get("step", ""))
    return event["type"] == "step_start" and step is not None and step.kind == "trial"


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
    row: Row, event: Mapping[str, Any], step: Step, times: NDArray[np.float64], flags: Sequence[str]
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


def rating_rows(plan: SessionPlan, segments: Sequence[Segment]) -> Iterator[Row]:
    """Yield one row an answer."""
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
