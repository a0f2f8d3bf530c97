"""The report of one recording: a page that needs nothing but itself."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mimicry.files import to_json_text
from mimicry.records import ActionUnitTrack, ScoringSettings
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
    order = _order(view)
    return fill_page(
        "recording.html.jinja",
        view=view,
        mimicry_version=view.version,
        trial_figures=_marked(_trials(view)),
        quality_figures=_marked(_quality(view)),
        phases=_phases(view, order),
        conditions=list(figures.colours_of(order).items()),
        units=list(figures.colours_of(view.names).items()),
        exclusions=_exclusions(view.scores),
        quality_line=_quality_line(view.track),
        cards=_cards(view.summary, view.settings),
        primary=view.settings.windows[view.settings.primary_window],
        summary=_turned(view.summary, view.settings),
        trials=_trial_table(view),
        measures=page_table(
            "Scored action units",
            ["action unit", "movement", "tier", "unit"],
            [[row["name"], row["label"], row["tier"], row["unit"]] for row in view.units],
        ),
        scoring=json.loads(to_json_text(view.settings.to_json())),
        provenance=_provenance(view),
    )


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


def _order(view: RecordingView) -> list[str]:
    """Return the conditions, those with action units first: the order of their colours."""
    emotions = view.settings.emotions
    names = set(view.scores["condition"].astype(str))
    return sorted(names, key=lambda name: (name not in emotions, name))


def _trials(view: RecordingView) -> list[str]:
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


def _quality(view: RecordingView) -> list[str]:
    track = view.track
    return figures.quality_overview(
        track.times_s,
        track.pose_deg,
        track.tracked,
        (track.quality["pose_ok"] != 0) & (track.quality["plausible"] != 0),
        view.onsets_s,
        pose_limit_deg=view.settings.pose_limit_deg,
    )


def _phases(view: RecordingView, order: Sequence[str]) -> list[dict[str, Any]]:
    """Return title, mean responses and lag profile of every phase with a valid trial."""
    valid = view.scores["valid"].to_numpy().astype(bool)
    conditions = view.scores["condition"].astype(str).to_numpy()
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
        lags = _marked(_lags(view, used, order, phase))
        drawn.append({"title": phase, "means": _marked(means), "lags": lags})
    return drawn


def _lags(
    view: RecordingView, used: NDArray[np.bool_], order: Sequence[str], phase: str
) -> list[str]:
    if view.lags_s is None or view.profile is None:
        return []
    rows = used & np.isfinite(view.profile).any(axis=1)
    if not rows.any():
        return []
    names = view.scores["condition"].astype(str).to_numpy()[rows].tolist()
    title = f"Correlation of stimulus and response, by lag {phase}".strip()
    return [figures.lag_profile(view.lags_s, view.profile[rows], names, order=order, title=title)]


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


def _trial_table(view: RecordingView) -> Table:
    scores, window = view.scores, view.settings.primary_window
    wanted = [
        *_TRIAL_FRONT,
        *(f"delta_{name}_{window}" for name in view.names),
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
