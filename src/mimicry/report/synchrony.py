"""Picture and page of a synchrony analysis."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mimicry.files import atomic_path
from mimicry.records import Synchrony
from mimicry.report.figures import figure_style, shortened, svg_of
from mimicry.report.numbers import p_value, shown
from mimicry.report.page import fill_page
from mimicry.report.tables import Table, page_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_synchrony", "numbers_table", "p_floor", "render_synchrony"]

_LEAD, _FOLLOW, _INK = "#0072B2", "#D55E00", "#374151"
_DESK, _TELEPHONE = 9.0, 4.6  # inches


def draw_synchrony(result: Synchrony, path: Path) -> Path:
    """Write a PNG: lag by time as a heat map with best lags, and the mean by lag."""
    with figure_style(), atomic_path(path) as temporary:
        figure = _figure(result, _DESK)
        figure.savefig(temporary, format="png", dpi=130, metadata={"Software": None})
    return path


def render_synchrony(result: Synchrony) -> str:
    """Return a self-contained HTML page with the figure and the numbers."""
    from markupsafe import Markup

    label = "Association by window and lag, and its mean by lag"
    drawn = []
    for kind, width in (("on-desk", _DESK), ("on-telephone", _TELEPHONE)):
        with figure_style(f"{label} {kind}"):
            drawn.append(Markup(svg_of(_figure(result, width), label, kind)))
    numbers = {**result.summary(), **{k: v for k, v in result.provenance.items() if k != "inputs"}}
    return fill_page(
        "synchrony.html.jinja",
        result=result,
        figures=drawn,
        numbers=numbers_table(numbers),
        inputs=_inputs(result.provenance.get("inputs")),
        missing=bool(np.isnan(result.values).all()),
        tests=_tests(result),
    )


def numbers_table(numbers: Mapping[str, Any]) -> Table:
    """Return names and numbers below one another."""
    rows = [[name.replace("_", " "), shown(name, value)] for name, value in numbers.items()]
    return page_table("Numbers of the whole recording", ["measure", "value"], rows)


def p_floor(surrogates: Any, sided: Any) -> float | None:
    """Return the smallest p that so many surrogates can give; None: unknown."""
    if not isinstance(surrogates, int) or surrogates < 1:
        return None
    return (2 if sided == "two" else 1) / (surrogates + 1)


def _inputs(inputs: Any) -> list[str]:
    """Return names of files, or what an array was, with the start of its checksum."""
    if not isinstance(inputs, list | tuple):
        return []
    return [
        f"{item.get('file', next(iter(item), ''))} ({str(list(item.values())[-1])[:12]})"
        for item in inputs
        if isinstance(item, Mapping) and item
    ]


def _figure(result: Synchrony, width: float) -> "Figure":
    from matplotlib.figure import Figure

    one = len(result) == 1
    figure = Figure(figsize=(width, 3.6 if one else 6.4), layout="constrained", dpi=130)
    if one:
        _profile(figure.subplots(), result)
    else:
        top, bottom = figure.subplots(2, 1, height_ratios=(3, 2))
        _heat_map(figure, top, result)
        _profile(bottom, result)
    return figure


def _heat_map(figure: "Figure", axes: "Axes", result: Synchrony) -> None:
    values = np.ma.masked_invalid(result.scored.T)
    signed = bool((values < 0).any())
    # a few extreme cells must not bleach the rest
    reach = float(np.quantile(np.abs(values.compressed()), 0.995)) if values.count() else 1.0
    times = result.window_start_s + result.settings.window_s / 2
    step = result.settings.step_s
    edges = np.append(times - step / 2, times[-1] + step / 2)
    lag_step = 1.0 / result.rate_hz
    lag_edges = np.append(result.lags_s - lag_step / 2, result.lags_s[-1] + lag_step / 2)
    mesh = axes.pcolormesh(
        edges,
        lag_edges,
        values,
        cmap="RdBu_r" if signed else "viridis",
        vmin=-reach if signed else 0.0,
        vmax=reach,
        rasterized=True,
    )
    axes.set_facecolor("#d1d5db")  # missing
    inner = ~result.best_at_edge & np.isfinite(result.best_lag_s)
    lags, label = result.best_lag_s, "best lag"
    if result.settings.peak_region_s > 0:
        lags, label, inner = result.peak_lag_s, "nearest peak", np.isfinite(result.peak_lag_s)
    size = float(np.clip(600 / len(result), 1, 16))
    axes.scatter(times[inner], lags[inner], s=size, c="#111827", linewidths=0, label=label)
    axes.axhline(0.0, color="#111827", linewidth=0.7, linestyle=(0, (4, 3)))
    axes.set_xlabel("middle of the window (s)")
    axes.set_ylabel(f"lag (s)\n> 0: {shortened(result.names[0])} leads")
    if inner.any():
        axes.legend(loc="upper right", fontsize=8, framealpha=0.9)
    figure.colorbar(mesh, ax=axes, label=_value_name(result), pad=0.01)


def _profile(axes: "Axes", result: Synchrony) -> None:
    lags, profile = result.lags_s, result.lag_profile
    first, second = map(shortened, result.names)
    axes.axhline(0.0, color="#d1d5db", linewidth=0.8)
    axes.axvline(0.0, color="#9ca3af", linewidth=0.8, linestyle=(0, (4, 3)))
    axes.plot(lags[lags >= 0], profile[lags >= 0], color=_LEAD, label=f"{first} leads")
    axes.plot(lags[lags <= 0], profile[lags <= 0], color=_FOLLOW, label=f"{second} leads")
    test = result.surrogate.get("grand_average")
    if test:
        axes.axhline(test["mean"], color=_INK, linewidth=1, linestyle=":", label="chance (mean)")
    bound = result.provenance.get("white_noise_bound")
    if bound:
        axes.axhspan(-bound, bound, color="#eef2f7", zorder=0, label="95 % for white noise")
    axes.set_xlim(lags[0], lags[-1])
    axes.set_xlabel("lag (s)")
    axes.set_ylabel(f"mean {_value_name(result)}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="best", fontsize=8, frameon=False)


def _value_name(result: Synchrony) -> str:
    name = {"cross_lagged": "gain in R²", "recurrence": "recurrence rate"}.get(
        result.settings.method, "Fisher z"
    )
    return f"|{name}|" if result.settings.absolute else name


def _tests(result: Synchrony) -> Table:
    columns = ("name", "observed", "mean", "sd", "z_surrogate", "p", "sided")
    rows = []
    for name, test in result.surrogate.items():
        if isinstance(test, dict):
            floor = p_floor(result.surrogate.get("n"), test.get("sided"))
            p = p_value(test.get("p"), floor=floor)
            rows.append([{**test, "name": name.replace("_", " "), "p": p}[c] for c in columns])
    labels = {"name": "measure", "mean": "mean of surrogates", "sd": "SD", "z_surrogate": "z"}
    return page_table("Against surrogates", columns, rows, labels=labels)
