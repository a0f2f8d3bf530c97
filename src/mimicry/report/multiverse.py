"""Specification curve: the effect under every analysis, and the choices behind it."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mimicry.files import atomic_path
from mimicry.report.page import fill_page

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_multiverse", "render_multiverse"]

_DIMENSIONS = ("baseline", "window", "standardisation", "smoothing", "null")
_SIGNIFICANT, _NOT, _OWN = "#0072B2", "#8b93a0", "#D55E00"
_TABLE = (*_DIMENSIONS, "n", "mean", "low", "high", "dz", "dz_low", "dz_high", "p", "reason")
ALPHA = 0.05


def draw_multiverse(rows: Sequence[Mapping[str, Any]], condition: str, path: Path) -> Path:
    """Write the curve as PNG: specifications from the smallest to the largest effect.

    Those without a result are counted, not drawn; a choice that never has one keeps its line.
    """
    from matplotlib.figure import Figure

    ordered = [row for row in _ordered(rows) if np.isfinite(row["dz"])]
    choices = _choices(rows)
    lines = sum(len(values) + 1 for values in choices.values())
    width = float(np.clip(4 + 0.045 * len(ordered), 8, 12))
    figure = Figure(figsize=(width, 3.2 + 0.2 * lines), layout="constrained", dpi=120)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 0.2 * lines))
    _curve(top, ordered, condition)
    _matrix(bottom, ordered, choices)
    top.set_xlim(-1.5, max(len(ordered), 1) + 0.5)
    left_out = len(rows) - len(ordered)
    rest = f"; {left_out} without a result are not drawn" if left_out else ""
    bottom.set_xlabel(
        f"{len(ordered)} specifications, from the smallest to the largest effect{rest}"
    )
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})
    return path


def render_multiverse(
    rows: Sequence[Mapping[str, Any]], summary: Mapping[str, Any], grid: Any, picture: Path
) -> str:
    """Return a self-contained HTML page with the curve and the table."""
    return fill_page(
        "multiverse.html.jinja",
        columns=_TABLE,
        rows=[{k: _cell(v) for k, v in row.items()} for row in _ordered(rows)],
        summary={name: _cell(value) for name, value in summary.items()},
        condition=grid.condition,
        block=grid.block,
        picture=base64.b64encode(picture.read_bytes()).decode("ascii"),
    )


def _ordered(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """By effect; those without a result last."""
    return sorted(rows, key=lambda row: (not np.isfinite(row["dz"]), row["dz"]))


def _choices(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Dimension -> its choices in the order of the grid; those with one choice are left out."""
    found = {name: list(dict.fromkeys(row[name] for row in rows)) for name in _DIMENSIONS}
    return {k: v for k, v in found.items() if len(v) > 1} or {"null": found["null"]}


def _colours(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [_SIGNIFICANT if row["p"] <= ALPHA else _NOT for row in rows]


def _curve(axes: "Axes", rows: Sequence[Mapping[str, Any]], condition: str) -> None:
    x = np.arange(len(rows))
    dz, low, high = (np.array([row[k] for row in rows]) for k in ("dz", "dz_low", "dz_high"))
    axes.axhline(0.0, color="#6b7280", linewidth=0.8)
    colours = _colours(rows)
    axes.vlines(x, low, high, colors=colours, linewidth=1.0, alpha=0.45)
    axes.scatter(x, dz, s=9, c=colours, linewidths=0, zorder=3)
    own = [k for k, row in enumerate(rows) if row["declared"]]
    axes.scatter(own, dz[own], s=60, facecolors="none", edgecolors=_OWN, linewidths=1.6, zorder=4)
    handles = [
        axes.scatter([], [], s=14, c=_SIGNIFICANT, label="p ≤ .05"),
        axes.scatter([], [], s=14, c=_NOT, label="p > .05"),
        axes.scatter([], [], s=50, facecolors="none", edgecolors=_OWN, label="as declared"),
    ]
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, fontsize=8, frameon=False
    )
    axes.set_ylabel(f"{condition}: d$_z$ of the contrast")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(bottom=False)


def _matrix(
    axes: "Axes", rows: Sequence[Mapping[str, Any]], choices: Mapping[str, Sequence[str]]
) -> None:
    colours = np.array(_colours(rows))
    level, ticks, labels = 0.0, [], []
    for name, values in choices.items():
        axes.text(
            -0.005, level, name, transform=axes.get_yaxis_transform(), ha="right", va="center",
            fontsize=8.5, fontweight="bold",
        )  # fmt: skip
        level += 1
        for value in values:
            chosen = np.flatnonzero([row[name] == value for row in rows])
            axes.scatter(chosen, np.full(len(chosen), level), s=9, c=colours[chosen], marker="|")
            ticks.append(level)
            labels.append(value)
            level += 1
    axes.set_yticks(ticks, labels, fontsize=8)
    axes.set_ylim(level - 0.5, -0.5)
    axes.set_xticks([])
    axes.spines[["top", "right", "bottom", "left"]].set_visible(False)
    axes.tick_params(left=False)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if np.isfinite(value) else "n/a"
    return str(value)
