"""The report of one recording: a page that needs nothing but itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mimicry.files import to_json_text
from mimicry.records import ActionUnitTrack, ScoringSettings
from mimicry.report import figures
from mimicry.report.page import fill_page
from mimicry.report.trial_grid import trial_grid

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RecordingView", "render_recording"]

Floats = NDArray[np.float64]

_TEXT = {"trial_id", "condition", "stimulus", "reason", "block", "phase", "reasons", "null",
         "swap", "window", "reference"}  # fmt: skip
_TRIAL_FRONT = ["trial_id", "condition", "stimulus", "valid", "reason", "tracked_fraction"]


@dataclass(frozen=True, eq=False)
class RecordingView:
    """What the report of one recording shows.

    Parameters
    ----------
    title, participant, protocol, version
        Texts for the head and the foot.
    track
        The scored action-unit track.
    settings
        The settings of the scores.
    scores, summary
        The trial table and the condition table.
    grid_s
        (W,) seconds from the dynamic onset.
    response, stimulus
        (K, W, A) baseline-corrected response and stimulus envelope of every trial.
    names
        The A scored action units.
    onsets_s
        (K,) dynamic onsets on the recording's clock.
    phase
        K phases (watch, imitate, ...); never pooled in a figure.
    lags_s, profile
        (L,) lags and (K, L) lagged correlations, or None.
    units
        Rows with name, label, tier and unit of every scored action unit.
    provenance
        Inputs, versions, checksums. JSON types only.
    warnings
        Sentences for the top of the page.
    """

    title: str
    participant: str
    protocol: str
    version: str
    track: ActionUnitTrack
    settings: ScoringSettings
    scores: "pd.DataFrame"
    summary: "pd.DataFrame"
    grid_s: Floats
    response: Floats
    stimulus: Floats
    names: Sequence[str]
    onsets_s: Floats
    phase: Sequence[str]
    lags_s: Floats | None = None
    profile: Floats | None = None
    units: Sequence[Mapping[str, str]] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()

    @property
    def reference(self) -> str:
        """How the reference trials are chosen, in words."""
        if self.settings.reference == "neutral":
            return f"{self.settings.neutral_condition} trials"
        return "all trials of the other valence"


def render_recording(view: RecordingView) -> str:
    """Return the HTML page of one recording. The same view gives the same bytes."""
    from markupsafe import Markup

    return fill_page(
        "recording.html.jinja",
        view=view,
        trial_figure=Markup(_trials(view)),
        quality_figure=Markup(_quality(view)),
        phases=[{k: Markup(v) for k, v in drawn.items()} for drawn in _phases(view)],
        exclusions=_exclusions(view.scores),
        quality_line=_quality_line(view.track),
        cards=_cards(view.summary),
        primary=view.settings.windows[view.settings.primary_window],
        summary=_turned(view.summary),
        trials=_table(_trial_columns(view.scores, view.names, view.settings.primary_window)),
        settings_json=to_json_text(view.settings.to_json()),
        provenance_json=to_json_text(view.provenance),
    )


def _trials(view: RecordingView) -> str:
    ids, conditions = view.scores["trial_id"].astype(str), view.scores["condition"].astype(str)
    return trial_grid(
        view.grid_s,
        view.response,
        view.stimulus,
        view.names,
        [f"{i} {c}" for i, c in zip(ids, conditions, strict=True)],
        view.scores["valid"].astype(bool).tolist(),
        windows=view.settings.windows,
        primary=view.settings.primary_window,
    )


def _quality(view: RecordingView) -> str:
    track = view.track
    return figures.quality_overview(
        track.times_s,
        track.pose_deg,
        track.tracked,
        (track.quality["pose_ok"] != 0) & (track.quality["plausible"] != 0),
        view.onsets_s,
        pose_limit_deg=view.settings.pose_limit_deg,
    )


def _phases(view: RecordingView) -> list[dict[str, str]]:
    """Return title, mean response and lag profile of every phase."""
    valid = view.scores["valid"].to_numpy().astype(bool)
    conditions = view.scores["condition"].astype(str).to_numpy()
    emotions = view.settings.emotions
    order = sorted(set(conditions), key=lambda name: (name not in emotions, name))
    drawn = []
    for phase in dict.fromkeys(view.phase):
        used = valid & (np.array(view.phase) == phase)
        if not used.any():
            continue
        means = figures.condition_means(
            view.grid_s,
            view.response[used],
            view.stimulus[used],
            view.names,
            conditions[used].tolist(),
            order=order,
            windows=view.settings.windows,
            primary=view.settings.primary_window,
        )
        drawn.append({"title": phase, "means": means, "lags": _lags(view, used, order)})
    return drawn


def _lags(view: RecordingView, used: NDArray[np.bool_], order: Sequence[str]) -> str:
    if view.lags_s is None or view.profile is None:
        return ""
    rows = used & np.isfinite(view.profile).any(axis=1)
    if not rows.any():
        return ""
    shown = view.scores["condition"].astype(str).to_numpy()[rows].tolist()
    title = "Correlation of stimulus and response, by lag"
    return figures.lag_profile(view.lags_s, view.profile[rows], shown, order=order, title=title)


def _exclusions(scores: "pd.DataFrame") -> dict[str, Any]:
    valid = scores["valid"].astype(bool)
    rows = []
    for condition, group in scores.groupby("condition", sort=False):
        counts = Counter(
            code for text in group.loc[~valid[group.index], "reason"] for code in _codes(text)
        )
        rows.append(
            {
                "condition": condition,
                "total": len(group),
                "valid": int(valid[group.index].sum()),
                "reasons": ", ".join(f"{k} ({n})" for k, n in sorted(counts.items())) or "none",
            }
        )
    left_out = int((~valid).sum())
    sentence = (
        "Every trial could be scored."
        if not left_out
        else f"{left_out} of {len(scores)} trials were left out."
    )
    return {"rows": rows, "valid": int(valid.sum()), "total": len(scores), "sentence": sentence}


def _codes(text: object) -> list[str]:
    return [c.strip() for c in str(text).replace(",", ";").split(";") if c.strip()]


def _quality_line(track: ActionUnitTrack) -> str:
    steps = np.diff(track.times_s)
    share = 100.0 * track.tracked.mean()
    interval = "a single frame"
    if steps.size:
        median_ms, longest_ms = 1000 * np.median(steps), 1000 * steps.max()
        interval = f"median frame interval {median_ms:.1f} ms, longest {longest_ms:.0f} ms"
    return f"{len(track)} frames, a face in {share:.1f} % of them; {interval}."


def _cards(summary: "pd.DataFrame") -> list[dict[str, Any]]:
    cards = []
    for row in summary.to_dict("records"):
        if not np.isfinite(_number(row.get("contrast"))):
            continue
        lines = [f"label-swap p = {_cell(row.get('p'))}, {_cell(row.get('n'))} trials"]
        if np.isfinite(_number(row.get("contrast_raw"))):
            lines.append(f"raw {_cell(row.get('contrast_raw'))} AU units")
        latency = _number(row.get("latency_shift_s"))
        if np.isfinite(latency):
            low, high = row.get("latency_ci_low_s"), row.get("latency_ci_high_s")
            lines.append(f"latency shift {latency:.3f} s [{_cell(low)}, {_cell(high)}]")
            lines.append(f"calibrated: {str(row.get('latency_calibrated', False)).lower()}")
        cards.append(
            {
                "title": f"{row['condition']}: contrast{_in_phase(row)}",
                "value": f"{_number(row['contrast']):+.2f}",
                "lines": lines,
            }
        )
    return cards


def _in_phase(row: Mapping[Any, Any]) -> str:
    return f", {row['phase']}" if isinstance(row.get("phase"), str) and row["phase"] else ""


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _trial_columns(scores: "pd.DataFrame", names: Sequence[str], window: str) -> "pd.DataFrame":
    wanted = [
        *_TRIAL_FRONT,
        *(f"delta_{name}_{window}" for name in names),
        "mimicry_index", "mimicry_index_raw", "r_zero_lag", "r_peak", "lag_peak_s",
        "event_hit", "event_onset_s",
    ]  # fmt: skip
    return scores[[c for c in wanted if c in scores.columns]]


def _table(table: "pd.DataFrame") -> dict[str, Any]:
    columns = [str(c) for c in table.columns]
    text = {c for c in columns if c in _TEXT or table[c].map(lambda v: isinstance(v, str)).any()}
    valid = (
        table["valid"].astype(bool).tolist() if "valid" in table.columns else [True] * len(table)
    )
    rows = [[_cell(v) for v in row] for row in table.itertuples(index=False, name=None)]
    return {"columns": columns, "text": text, "rows": rows, "valid": valid}


_HEAD = ("participant", "session", "phase", "condition", "nan_reasons")


def _turned(summary: "pd.DataFrame") -> dict[str, Any]:
    """Return the summary with a row for each measure and a column for each scored condition.

    A missing number is shown with its reason.
    """
    rows = [r for r in summary.to_dict("records") if isinstance(r.get("targets", ""), str)]
    why = [_reasons(r.get("nan_reasons")) for r in rows]
    heads = [f"{r['condition']}{_in_phase(r)}" for r in rows]
    names = [c for c in summary.columns if c not in _HEAD]
    body = [
        [name, *(_cell(r[name], w.get(name)) for r, w in zip(rows, why, strict=True))]
        for name in names
    ]
    return {"columns": ["", *heads], "rows": body}


def _reasons(text: object) -> dict[str, str]:
    pairs = str(text).split(";") if isinstance(text, str) else []
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _cell(value: object, reason: str | None = None) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return f"n/a ({reason})" if reason else "n/a"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return f"{float(value):.3g}" if abs(float(value)) < 0.001 else f"{float(value):.3f}"
    return str(value)
