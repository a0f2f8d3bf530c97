"""Picture and page of a synchrony analysis."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mimicry.files import atomic_path
from mimicry.records import Synchrony
from mimicry.report.page import fill_page

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_synchrony", "render_synchrony"]

_LEAD, _FOLLOW, _INK = "#0072B2", "#D55E00", "#374151"


def draw_synchrony(result: Synchrony, path: Path) -> Path:
    """Write a PNG: lag by time as a heat map with best lags, and the mean by lag."""
    from matplotlib.figure import Figure

    one = len(result) == 1
    figure = Figure(figsize=(9.0, 3.6 if one else 6.4), layout="constrained", dpi=130)
    if one:
        _profile(figure.subplots(), result)
    else:
        top, bottom = figure.subplots(2, 1, height_ratios=(3, 2))
        _heat_map(figure, top, result)
        _profile(bottom, result)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})
    return path


def render_synchrony(result: Synchrony, picture: bytes) -> str:
    """Return a self-contained HTML page with the picture and the numbers."""
    return fill_page(
        "synchrony.html.jinja",
        result=result,
        picture=base64.b64encode(picture).decode("ascii"),
        summary={name: _number(value) for name, value in result.summary().items()},
        tests=_tests(result),
        extra={k: _text(v) for k, v in result.provenance.items() if k != "inputs"},
    )


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
    axes.set_ylabel(f"lag (s)\n> 0: {result.names[0]} leads")
    if inner.any():
        axes.legend(loc="upper right", fontsize=8, framealpha=0.9)
    figure.colorbar(mesh, ax=axes, label=_value_name(result), pad=0.01)


def _profile(axes: "Axes", result: Synchrony) -> None:
    lags, profile = result.lags_s, result.lag_profile
    axes.axhline(0.0, color="#d1d5db", linewidth=0.8)
    axes.axvline(0.0, color="#9ca3af", linewidth=0.8, linestyle=(0, (4, 3)))
    axes.plot(lags[lags >= 0], profile[lags >= 0], color=_LEAD, label=f"{result.names[0]} leads")
    axes.plot(lags[lags <= 0], profile[lags <= 0], color=_FOLLOW, label=f"{result.names[1]} leads")
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


def _tests(result: Synchrony) -> list[dict[str, str]]:
    return [
        {"name": name.replace("_", " "), **{k: _number(v) for k, v in test.items()}}
        for name, test in result.surrogate.items()
        if isinstance(test, dict)
    ]


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{k} {_text(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(_number(v) for v in value)
    return _number(value)


def _number(value: Any) -> str:
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return "n/a"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
