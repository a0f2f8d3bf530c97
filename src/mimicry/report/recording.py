"""The report of one recording: a page that needs nothing but itself."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mimicry.action_units import ACTION_UNITS
from mimicry.files import to_json_text
from mimicry.records import (
    ActionUnitTrack,
    AlignedTrials,
    ConditionSummary,
    MimicryScores,
    ScoringSettings,
)
from mimicry.report import figures
from mimicry.report.numbers import MISSING, counted, number, p_equals, percent, shown
from mimicry.report.page import fill_page
from mimicry.report.tables import Table, page_table
from mimicry.report.trial_grid import trial_grid

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RecordingView", "render_recording"]

Floats = NDArray[np.float64]

_TRIAL_FRONT = ["trial_id", "condition", "stimulus", "valid", "reason", "tracked_fraction"]


@dataclass(frozen=True, eq=False)
class RecordingView:
    """What is known about a scored recording: the records themselves.

    Parameters
    ----------
    title, protocol
        Texts for the head.
    track
        The action units.
    aligned
        The trials cut out of it.
    scores, summary
        Scores of the trials and of the conditions.
    settings
        The settings of the scores.
    quality
        Content of the quality file; its `warnings` stand at the top of the page.
    provenance
        Inputs, versions, checksums. JSON types only.
    """

    title: str
    protocol: str
    track: ActionUnitTrack
    aligned: AlignedTrials
    scores: MimicryScores
    summary: ConditionSummary
    settings: ScoringSettings
    quality: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def conditions(self) -> list[str]:
        """Return the conditions, those with action units first: the order of their colours."""
        emotions = self.settings.emotions
        return sorted(set(self.scores.trials.condition), key=lambda c: (c not in emotions, c))

    @property
    def response(self) -> Floats:
        """(K, G, A) change from the baseline of every trial."""
        return self.aligned.response - self.scores.baseline_mean[:, None, :]


def render_recording(view: RecordingView) -> str:
    """Return the HTML page of one recording. The same view gives the same bytes."""
    scores, summary = view.scores.to_frame(), view.summary.to_frame()
    return fill_page(
        "recording.html.jinja",
        view=view,
        reference=_reference(view.settings),
        trial_figures=_marked(_trials(view)),
        quality_figures=_marked(_quality(view)),
        phases=_phases(view),
        conditions=list(figures.colours_of(view.conditions).items()),
        units=list(figures.colours_of(view.aligned.names).items()),
        exclusions=_exclusions(scores),
        quality_line=_quality_line(view.track),
        cards=_cards(summary, view.settings),
        primary=view.settings.windows[view.settings.primary_window],
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


def _marked(drawn: Sequence[str]) -> list[Any]:
    """Return SVG texts as what a template does not escape."""
    from markupsafe import Markup

    return [Markup(text) for text in drawn]


def _trials(view: RecordingView) -> list[str]:
    trials = view.scores.trials
    return trial_grid(
        view.aligned.times_s,
        view.response,
        view.aligned.stimulus,
        view.aligned.names,
        [f"{i} {c}" for i, c in zip(trials.trial_id, trials.condition, strict=True)],
        view.scores.valid.tolist(),
        windows=view.settings.windows,
        primary=view.settings.primary_window,
    )


def _quality(view: RecordingView) -> list[str]:
    track = view.track
    return figures.quality_overview(
        track.times_s,
        track.pose_deg,
        track.tracked,
        (track.quality["pose_ok"] != 0) & (track.quality["plausible"] != 0),
        view.aligned.onset_s,
        pose_limit_deg=view.settings.pose_limit_deg,
    )


def _phases(view: RecordingView) -> list[dict[str, Any]]:
    """Return title, mean responses and lag profile of every phase with a valid trial."""
    conditions = np.array(view.scores.trials.condition)
    drawn = []
    for phase in dict.fromkeys(view.scores.phase):
        used = view.scores.valid & (np.array(view.scores.phase) == phase)
        if not used.any():
            continue
        means = figures.condition_means(
            view.aligned.times_s,
            view.response[used],
            view.aligned.stimulus[used],
            view.aligned.names,
            conditions[used].tolist(),
            order=view.conditions,
            windows=view.settings.windows,
            primary=view.settings.primary_window,
        )
        lags = _marked(_lags(view, used, phase))
        drawn.append({"title": phase, "means": _marked(means), "lags": lags})
    return drawn


def _lags(view: RecordingView, used: NDArray[np.bool_], phase: str) -> list[str]:
    profile = view.scores.lag_profile
    rows = used & np.isfinite(profile).any(axis=1)
    if not rows.any():
        return []
    names = np.array(view.scores.trials.condition)[rows].tolist()
    title = f"Correlation of stimulus and response, by lag {phase}".strip()
    lags_s, order = view.scores.lags_s, view.conditions
    return [figures.lag_profile(lags_s, profile[rows], names, order=order, title=title)]


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


def _quality_line(track: ActionUnitTrack) -> str:
    steps = np.diff(track.times_s)
    interval = "a single frame"
    if steps.size:
        median_ms, longest_ms = 1000 * np.median(steps), 1000 * steps.max()
        interval = (
            f"median frame interval {number(median_ms, 1)} ms, longest {number(longest_ms, 0)} ms"
        )
    share = percent(track.tracked.mean() if len(track) else None, 1)
    return f"{len(track)} frames, a face in {share} of them; {interval}."


def _cards(summary: "pd.DataFrame", settings: ScoringSettings) -> list[dict[str, Any]]:
    cards = []
    for row in summary.to_dict("records"):
        if not np.isfinite(_number(row.get("contrast"))):
            continue
        p = p_equals(row.get("p"), floor=_floor(row.get("arrangements"), settings))
        lines = [f"label-swap {p}, {counted(row.get('n'), 'trial')}"]
        if np.isfinite(_number(row.get("contrast_raw"))):
            lines.append(f"raw {number(row.get('contrast_raw'))} AU units")
        if np.isfinite(_number(row.get("latency_shift_s"))):
            low, high = (number(row.get(f"latency_ci_{end}_s")) for end in ("low", "high"))
            lines.append(f"latency shift {number(row['latency_shift_s'])} s [{low}, {high}]")
            calibrated = str(row.get("latency_calibrated")).lower() in ("true", "1")
            lines.append(f"calibrated: {'yes' if calibrated else 'no'}")
        cards.append(
            {
                "title": f"{row['condition']}: contrast{_in_phase(row)}",
                "value": number(row["contrast"], 2, sign=True),
                "lines": lines,
            }
        )
    return cards


def _floor(arrangements: Any, settings: ScoringSettings) -> float | None:
    """Return the smallest p that the label swap can give: all arrangements, or those drawn."""
    count = _number(arrangements)
    if not count > 0:
        return None
    drawn = settings.swap == "redraw" or count > settings.enumerate_up_to
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


_HEAD = ("participant", "session", "phase", "condition", "nan_reasons")


def _turned(summary: "pd.DataFrame", settings: ScoringSettings) -> Table:
    """Return the summary with a row for each measure and a column for each scored condition.

    A missing number is shown with its reason.
    """
    rows = [r for r in summary.to_dict("records") if isinstance(r.get("targets", ""), str)]
    why = [_reasons(r.get("nan_reasons")) for r in rows]
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
    floor = _floor(row.get("arrangements"), settings) if name == "p" else None
    text = shown(name, row[name], floor=floor)
    return f"{text} ({reason})" if text == MISSING and reason else text


def _reasons(text: object) -> dict[str, str]:
    pairs = str(text).split(";") if isinstance(text, str) else []
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)
