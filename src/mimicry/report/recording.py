"""The report of one recording: a page that needs nothing but itself."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mimicry.action_units import ACTION_UNITS
from mimicry.files import to_json_text
from mimicry.records import ScoringSettings
from mimicry.report.claims import claim_sentence, claim_title, reasons_of
from mimicry.report.numbers import MISSING, counted, number, p_equals, shown
from mimicry.report.page import fill_page
from mimicry.report.recording_figures import drawn_figures
from mimicry.report.recording_view import RecordingView
from mimicry.report.tables import Table, page_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RecordingView", "render_recording"]

_TRIAL_FRONT = ["trial_id", "condition", "stimulus", "valid", "reason", "tracked_fraction"]


def render_recording(view: RecordingView) -> str:
    """Return the HTML page of one recording. The same view gives the same bytes."""
    scores, summary = view.scores.to_frame(), view.summary.to_frame()
    return fill_page(
        "recording.html.jinja",
        view=view,
        reference=_reference(view.settings),
        figures=drawn_figures(view),
        exclusions=_exclusions(scores),
        cards=_cards(summary, view.settings),
        summary=_turned(summary, view.settings),
        trials=_trial_table(scores, view),
        measures=_measures(view),
        scoring=json.loads(to_json_text(view.settings.to_json())),
        provenance=_provenance(view),
    )


def _reference(settings: ScoringSettings) -> str:
    """Return in words how the reference trials are chosen."""
    if settings.reference == "neutral":
        return f"{settings.neutral_condition} trials"
    return "all trials of the other valence"


def _measures(view: RecordingView) -> Table:
    """Return what is known about every scored action unit."""
    known = {unit.code: unit for unit in ACTION_UNITS}
    rows = [
        [name, known[name].name, known[name].tier, view.track.units.get(name, "")]
        for name in view.aligned.names
        if name in known
    ]
    return page_table("Scored action units", ["action unit", "movement", "tier", "unit"], rows)


def _provenance(view: RecordingView) -> dict[str, Any]:
    """Return the provenance without the settings, which stand above it in the page."""
    content: dict[str, Any] = json.loads(to_json_text(view.provenance))
    inputs = content.get("inputs")
    if isinstance(inputs, dict):
        content["inputs"] = {k: v for k, v in inputs.items() if k != "settings"}
    return content


def _exclusions(scores: "pd.DataFrame") -> dict[str, Any]:
    valid = scores["valid"].astype(bool)
    rows: list[list[Any]] = []
    for condition, group in scores.groupby("condition", sort=False):
        counts = Counter(
            code for text in group.loc[~valid[group.index], "reason"] for code in _codes(text)
        )
        reasons = ", ".join(f"{k} ({n})" for k, n in sorted(counts.items())) or "none"
        rows.append([str(condition), len(group), int(valid[group.index].sum()), reasons])
    left_out = int((~valid).sum())
    if not len(scores):
        sentence = "There is no trial."
    elif left_out == len(scores):
        sentence = f"No trial could be scored: {left_out} of {left_out} were left out."
    elif left_out:
        sentence = f"{left_out} of {len(scores)} trials were left out."
    else:
        sentence = "Every trial could be scored."
    table = page_table(
        "Trials of each condition", ["condition", "trials", "valid", "reasons (trials)"], rows
    )
    return {"table": table, "valid": int(valid.sum()), "total": len(scores), "sentence": sentence}


def _codes(text: object) -> list[str]:
    return [c.strip() for c in str(text).replace(",", ";").split(";") if c.strip()]


def _cards(summary: "pd.DataFrame", settings: ScoringSettings) -> list[dict[str, Any]]:
    cards = []
    for row in summary.to_dict("records"):
        if not np.isfinite(_number(row.get("contrast"))):
            continue
        floor = _floor(row, settings)
        lines = [f"contrast {_tested(row, '', floor)}, {counted(row.get('n'), 'trial')}"]
        for part in ("target", "opponent"):
            if np.isfinite(_number(row.get(f"contrast_{part}"))):
                units = ", ".join(str(row.get(f"{part}s")).split())
                lines.append(f"{units} alone {_tested(row, f'_{part}', floor)}")
        if np.isfinite(_number(row.get("contrast_raw"))):
            lines.append(f"raw {number(row.get('contrast_raw'))} AU units")
        lines += _latency_lines(row)
        cards.append(
            {
                "title": f"{row['condition']}{_in_phase(row)}",
                "claim": claim_title(row),
                "sentence": claim_sentence(row),
                "lines": lines,
            }
        )
    return cards


def _tested(row: Mapping[Any, Any], part: str, floor: float | None) -> str:
    """Return a contrast, or a part of one, with its p."""
    size = number(row.get(f"contrast{part}"), 2, sign=True)
    return f"{size} SD, {p_equals(row.get(f'p{part}'), floor=floor)}"


def _latency_lines(row: Mapping[Any, Any]) -> list[str]:
    lines = []
    for text, prefix, name in (
        ("latency shift", "latency_", "shift_s"),
        ("half-rise", "latency_half_", "s"),
    ):
        if np.isfinite(_number(row.get(f"{prefix}{name}"))):
            low, high = (number(row.get(f"{prefix}ci_{end}_s")) for end in ("low", "high"))
            lines.append(f"{text} {number(row[f'{prefix}{name}'])} s [{low}, {high}]")
    if lines:
        calibrated = str(row.get("latency_calibrated")).lower() in ("true", "1")
        lines.append(f"calibrated: {'yes' if calibrated else 'no'}")
        flags = str(row.get("latency_flag")).split(";")
        refused = reasons_of(row.get("nan_reasons")).get("latency_shift_s")
        if "other_shape" in flags or refused == "poor_fit":
            lines.append("the response has another shape than the stimulus")
        if "no_reference" in flags:
            lines.append("no reference trials: what every stimulus causes is in these latencies")
    return lines


def _floor(row: Mapping[Any, Any], settings: ScoringSettings) -> float | None:
    """Return the smallest p that the label swap can give: all arrangements, or those drawn."""
    count, phase = _number(row.get("arrangements")), str(row.get("phase", ""))
    if not count > 0:
        return None
    drawn = settings.of_phase(phase).swap == "redraw" or count > settings.enumerate_up_to
    return 1 / (settings.surrogates + 1) if drawn else 1 / count


def _in_phase(row: Mapping[Any, Any]) -> str:
    return f", {row['phase']}" if isinstance(row.get("phase"), str) and row["phase"] else ""


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _trial_table(scores: "pd.DataFrame", view: RecordingView) -> Table:
    window = view.settings.primary_window
    wanted = [
        *_TRIAL_FRONT,
        *(f"delta_{name}_{window}" for name in view.aligned.names),
        "mimicry_index", "mimicry_index_raw", "r_zero_lag", "r_peak", "lag_peak_s",
        "event_hit", "event_onset_s",
    ]  # fmt: skip
    columns = [c for c in wanted if c in scores.columns]
    shown = scores[columns].assign(valid=scores["valid"].astype(bool))
    if "reason" in columns:
        shown["reason"] = [text if isinstance(text, str) else "" for text in scores["reason"]]
    return page_table(
        "Scores of every trial",
        columns,
        list(shown.itertuples(index=False, name=None)),
        keys=2,
        classes=["" if valid else "invalid" for valid in scores["valid"].astype(bool)],
    )


_SWAP_P = ("p", "p_target", "p_opponent", "p_claim")
_HEAD = ("participant", "session", "phase", "condition", "nan_reasons")


def _turned(summary: "pd.DataFrame", settings: ScoringSettings) -> Table:
    """Return the summary with a row for each measure and a column for each scored condition.

    A missing number is shown with its reason.
    """
    rows = [r for r in summary.to_dict("records") if isinstance(r.get("targets", ""), str)]
    why = [reasons_of(r.get("nan_reasons")) for r in rows]
    heads = ["measure", *(f"{r['condition']}{_in_phase(r)}" for r in rows)]
    names = [str(c) for c in summary.columns if c not in _HEAD]
    body = []
    for name in names:
        cells = [
            _with_reason(name, r, w.get(name), settings) for r, w in zip(rows, why, strict=True)
        ]
        if rows:
            body.append([name, *cells])
    return page_table("Every measure by condition", heads, body)


def _with_reason(
    name: str, row: Mapping[Any, Any], reason: str | None, settings: ScoringSettings
) -> str:
    floor = _floor(row, settings) if name in _SWAP_P else None
    text = shown(name, row[name], floor=floor)
    return f"{text} ({reason})" if text == MISSING and reason else text
