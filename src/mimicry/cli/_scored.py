"""What `extract`, `score` and `demo` say about a recording."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mimicry.cli._run import Outcome, told

if TYPE_CHECKING:
    import pandas as pd

    from mimicry.pipeline import Extraction, ScoredRecording

__all__ = ["entry_of", "frames_text", "outcome_of"]


def outcome_of(scored: "ScoredRecording") -> Outcome:
    """Return the trial table, the contrasts and where the files lie."""
    return Outcome(
        outputs=list(scored.files.values()),
        recordings=[entry_of(scored)],
        warnings=list(scored.warnings),
        extra={
            "resumed": scored.resumed,
            "read_with": {name: told(text) for name, text in scored.read_with.items()},
            "trials": {"total": len(scored.scores), "valid": int(scored.scores["valid"].sum())},
            "summary": scored.summary.to_dict("records"),
        },
        text=_text(scored),
    )


def _text(scored: "ScoredRecording") -> str:
    from mimicry.report.claims import claim_lines

    if "report" not in scored.files:
        return _blind_text(scored)
    trials = ["trial_id", "condition", "valid", *scored.shown, "mimicry_index", "r_peak", "reason"]
    claims = claim_lines(scored.summary.to_dict("records"))
    parts = [_aligned(trials, scored.scores), "", *claims, *([""] if claims else [])]
    parts += [_aligned(_CONDITIONS, scored.summary), ""]
    parts.append(f"{scored.recording.name}: {_frames(scored)}")
    if scored.resumed:
        parts.append("These results were there already, made from the same inputs and settings.")
    parts += _read_with(scored)
    parts.append(f"Tables and report: {scored.files['scores'].parent}")
    parts.append(f"Report: {scored.files['report']}")
    return "\n".join(parts)


def _blind_text(scored: "ScoredRecording") -> str:
    columns = ["trial_id", "condition", "valid", "reason", "tracked_fraction", "pose_max_deg"]
    table = _aligned(columns, scored.scores)
    note = "Blind: condition labels are masked until quality control is locked."
    name = f"{scored.recording.name}: {_frames(scored)}"
    return "\n".join(
        [table, "", note, name, *_read_with(scored), f"Table: {scored.files['scores']}"]
    )


def _frames(scored: "ScoredRecording") -> str:
    return frames_text(scored.frames, scored.frames_with_face, scored.qc)


def _read_with(scored: "ScoredRecording") -> list[str]:
    return [f"{name.capitalize()}: {told(text)}" for name, text in scored.read_with.items()]


_CONDITIONS = ["phase", "condition", "claim", "n", "contrast", "p", "contrast_target", "p_target",
               "contrast_raw", "latency_shift_s", "latency_ci_low_s",
               "latency_ci_high_s"]  # fmt: skip


def _aligned(wanted: list[str], table: "pd.DataFrame") -> str:
    """Return those of the columns that are there."""
    from mimicry.report.numbers import shown

    columns = [name for name in wanted if name in table.columns]
    rows = [columns] + [
        [shown(name, v) for name, v in zip(columns, row, strict=True)]
        for row in table[columns].itertuples(index=False)
    ]
    widths = [max(len(row[k]) for row in rows) for k in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def entry_of(made: "Extraction | ScoredRecording") -> dict[str, Any]:
    """Return the entry of a recording among an outcome's `recordings`."""
    return {
        "input": str(made.recording),
        "frames": made.frames,
        "frames_with_face": made.frames_with_face,
        "frames_usable": made.qc.get("usable_frames"),
        "files": {kind: str(path) for kind, path in made.files.items()},
    }


def frames_text(frames: int, with_face: int, qc: Mapping[str, Any]) -> str:
    """Return the number of frames, of those with a face and of usable ones, and what disturbs.

    Examples
    --------
    >>> frames_text(200, 180, {"usable_frames": 90, "frames_with_several_faces": 3})
    '200 frames, a face in 180 (90 %), usable 90 (45 %), several faces in 3'
    """
    text = f"{frames} frames, a face in {with_face} ({_share(with_face, frames)})"
    if (usable := qc.get("usable_frames")) is not None:
        text += f", usable {usable} ({_share(usable, frames)})"
    if several := qc.get("frames_with_several_faces"):
        text += f", several faces in {several}"
    if holes := (qc.get("timing") or {}).get("holes"):
        text += f", {len(holes)} hole{'s'[: len(holes) > 1]} in time"
    return text


def _share(part: int, whole: int) -> str:
    from mimicry.report.numbers import percent

    return percent(part / whole if whole else None)
