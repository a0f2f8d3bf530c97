"""Picture and page of a measure without a lag matrix."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mimicry.files import atomic_path
from mimicry.records import SeriesMeasure
from mimicry.report.figures import PALETTE, figure_style, shortened, svg_of
from mimicry.report.numbers import p_equals, shown
from mimicry.report.page import fill_page
from mimicry.report.synchrony import numbers_table, p_floor
from mimicry.report.tables import page_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_measure", "render_measure"]

_GREY, _SHOWN_ROWS = "#9ca3af", 500
_DESK, _TELEPHONE = 9.0, 4.6  # inches


def draw_measure(result: SeriesMeasure, path: Path) -> Path:
    """Write a PNG of the table."""
    with figure_style(), atomic_path(path) as temporary:
        figure = _figure(result, _DESK)
        figure.savefig(temporary, format="png", dpi=130, metadata={"Software": None})
    return path


def render_measure(result: SeriesMeasure) -> str:
    """Return a self-contained HTML page with the figure and the numbers."""
    from markupsafe import Markup

    label = "The table below as a figure"
    drawn = []
    for kind, width in (("on-desk", _DESK), ("on-telephone", _TELEPHONE)):
        with figure_style(f"{label} {kind}"):
            drawn.append(Markup(svg_of(_figure(result, width), label, kind)))
    frame = result.to_frame()
    surrogate = dict(result.surrogate)
    floor = p_floor(surrogate.get("n"), surrogate.get("sided"))
    return fill_page(
        "measure.html.jinja",
        result=result,
        figures=drawn,
        numbers=numbers_table(result.summary),
        surrogate={k: shown(k, v) for k, v in surrogate.items()},
        p=p_equals(surrogate.get("p"), floor=floor),
        table=page_table(
            "Table",
            list(map(str, frame.columns)),
            list(frame.head(_SHOWN_ROWS).itertuples(index=False, name=None)),
            labels={str(name): str(name).replace("_", " ") for name in frame.columns},
        ),
        more=max(0, len(frame) - _SHOWN_ROWS),
    )


def _figure(result: SeriesMeasure, width: float) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, 3.8), layout="constrained", dpi=130)
    axes = figure.subplots()
    _DRAW[result.settings.preset](axes, result)
    return figure


def _short(names: Sequence[Any]) -> list[str]:
    return [shortened(str(name), 18) for name in names]


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
    axes.set_yticks([1, 0], [f"{name}'s\nmovements" for name in _short(result.names)])
    axes.set(xlabel="time (s); in colour: answered by the other", ylim=(-0.6, 1.6))
    axes.set_xlim(0, result.provenance["duration_s"])


def _isc(axes: "Axes", result: SeriesMeasure) -> None:
    r, names = result.table["r"], result.table["viewer"]
    axes.axvline(0.0, color=_GREY, linewidth=0.8)
    axes.scatter(r, np.arange(len(r)), color=PALETTE[0], s=24)
    axes.axvline(np.tanh(result.summary["mean_z"]), color=PALETTE[1], label="mean")
    axes.set_yticks(np.arange(len(r)), _short(names))
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
        label = f"{shortened(str(kind))} ({result.summary['events'][kind]})"
        axes.plot(middle, mean, color=colour, marker="o", markersize=3, label=label)
        axes.fill_between(middle, mean - half, mean + half, color=colour, alpha=0.15, linewidth=0)
    axes.set(xlabel="time after the event (s)", ylabel="response")
    axes.legend(loc="best", fontsize=8, frameon=False)


_DRAW = {"coherence": _coherence, "dtw": _dtw, "events": _events, "fir": _fir, "isc": _isc}
