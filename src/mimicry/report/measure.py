"""Picture and page of a measure without a lag matrix."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mimicry.files import atomic_path
from mimicry.records import SeriesMeasure
from mimicry.report.figures import PALETTE
from mimicry.report.page import fill_page

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_measure", "render_measure"]

_GREY, _SHOWN_ROWS = "#9ca3af", 500


def draw_measure(result: SeriesMeasure, path: Path) -> Path:
    """Write a PNG of the table."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.8), layout="constrained", dpi=130)
    axes = figure.subplots()
    _DRAW[result.settings.preset](axes, result)
    axes.spines[["top", "right"]].set_visible(False)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})
    return path


def render_measure(result: SeriesMeasure, picture: bytes) -> str:
    """Return a self-contained HTML page with the picture and the numbers."""
    frame = result.to_frame()
    return fill_page(
        "measure.html.jinja",
        result=result,
        picture=base64.b64encode(picture).decode("ascii"),
        summary={k.replace("_", " "): _text(v) for k, v in result.summary.items()},
        surrogate={k: _text(v) for k, v in result.surrogate.items()},
        columns=list(frame.columns),
        rows=[[_text(v) for v in row] for row in frame.head(_SHOWN_ROWS).itertuples(index=False)],
        more=max(0, len(frame) - _SHOWN_ROWS),
    )


def _coherence(axes: "Axes", result: SeriesMeasure) -> None:
    axes.plot(result.table["frequency_hz"], result.table["coherence"], color=PALETTE[0])
    bound = result.summary["bound_95"]
    axes.axhline(bound, color=_GREY, linestyle=(0, (4, 3)), label="95 % of unrelated series")
    axes.set(xlabel="frequency (Hz)", ylabel="coherence", ylim=(0, 1))
    axes.legend(loc="upper right", fontsize=8, frameon=False)


def _dtw(axes: "Axes", result: SeriesMeasure) -> None:
    middle = (result.table["window_start_s"] + result.table["window_end_s"]) / 2
    distance = result.table["distance"]
    still = np.array(["still" in (why or "") for why in result.table["reason"]])
    axes.plot(middle, distance, color=PALETTE[0], marker="o", markersize=3)
    axes.plot(
        middle[still], np.zeros(int(still.sum())), "x", color=_GREY, label="refused: no movement"
    )
    axes.set(xlabel="middle of the window (s)", ylabel="distance (0: the same course)")
    axes.set_xlim(0, result.table["window_end_s"][-1])
    axes.set_ylim(bottom=-0.02 * max(1.0, float(np.nanmax(np.r_[distance, 1.0]))))
    if still.any():
        axes.legend(loc="upper right", fontsize=8, frameon=False)


def _events(axes: "Axes", result: SeriesMeasure) -> None:
    of, at = np.array(result.table["of"], dtype=object), np.array(result.table["event_s"])
    answered = np.array(result.table["answered"]) == 1
    for k, name in enumerate(result.names):
        mine = of == name
        axes.vlines(at[mine], 1 - k - 0.3, 1 - k + 0.3, color=_GREY, linewidth=1)
        hit = mine & answered
        axes.vlines(at[hit], 1 - k - 0.3, 1 - k + 0.3, color=PALETTE[k], linewidth=1.6)
    axes.set_yticks([1, 0], [f"{name}'s\nmovements" for name in result.names])
    axes.set(xlabel="time (s); in colour: answered by the other", ylim=(-0.6, 1.6))
    axes.set_xlim(0, result.provenance["duration_s"])


def _isc(axes: "Axes", result: SeriesMeasure) -> None:
    r, names = result.table["r"], result.table["viewer"]
    axes.axvline(0.0, color=_GREY, linewidth=0.8)
    axes.scatter(r, np.arange(len(r)), color=PALETTE[0], s=24)
    axes.axvline(np.tanh(result.summary["mean_z"]), color=PALETTE[1], label="mean")
    axes.set_yticks(np.arange(len(r)), names)
    axes.invert_yaxis()
    axes.set_xlabel("correlation with the mean of the others")
    axes.legend(loc="best", fontsize=8, frameon=False)


def _fir(axes: "Axes", result: SeriesMeasure) -> None:
    conditions = np.array(result.table["condition"], dtype=object)
    axes.axhline(0.0, color=_GREY, linewidth=0.8)
    for k, kind in enumerate(dict.fromkeys(conditions)):
        rows = conditions == kind
        middle = (result.table["bin_start_s"][rows] + result.table["bin_end_s"][rows]) / 2
        mean, half = result.table["response"][rows], 1.96 * result.table["se"][rows]
        colour = PALETTE[k % len(PALETTE)]
        label = f"{kind} ({result.summary['events'][kind]})"
        axes.plot(middle, mean, color=colour, marker="o", markersize=3, label=label)
        axes.fill_between(middle, mean - half, mean + half, color=colour, alpha=0.15, linewidth=0)
    axes.set(xlabel="time after the event (s)", ylabel="response")
    axes.legend(loc="best", fontsize=8, frameon=False)


_DRAW = {"coherence": _coherence, "dtw": _dtw, "events": _events, "fir": _fir, "isc": _isc}


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{k.replace('_', ' ')} {_text(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return "n/a"
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
