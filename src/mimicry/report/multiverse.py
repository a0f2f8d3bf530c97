"""Specification curve: the effect under every analysis, and the choices behind it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mimicry.report.figures import shortened, two_widths, write_png
from mimicry.report.numbers import MISSING, counted, interval, number, p_equals, percent
from mimicry.report.page import fill_page
from mimicry.report.tables import Table, page_table
from mimicry.statistics.nulls import PEOPLE_NULLS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_multiverse", "render_multiverse"]

_DIMENSIONS = ("baseline", "window", "standardisation", "smoothing", "null")
_SIGNIFICANT, _NOT, _OWN = "#0072B2", "#8b93a0", "#D55E00"
_MANY = 400  # specifications whose marks are drawn as pixels, not as one shape each
_TELEPHONE = 4.4  # inches
ALPHA = 0.05


def draw_multiverse(rows: Sequence[Mapping[str, Any]], condition: str, path: Path) -> Path:
    """Write the curve as PNG: specifications from the smallest to the largest effect.

    Those without a result are counted, not drawn; a choice that never has one keeps its line.
    """
    return write_png(lambda: _figure(rows, condition, _width(rows)), path, dpi=120)


def render_multiverse(
    rows: Sequence[Mapping[str, Any]],
    summary: Mapping[str, Any],
    grid: Any,
    analysed: Mapping[str, Any],
    gaps: Sequence[str] = (),
) -> str:
    """Return a self-contained HTML page: what was analysed, the curve and the table.

    Parameters
    ----------
    rows, summary, grid
        See :class:`mimicry.analyses.multiverse.Multiverse`.
    analysed
        Study, protocol, people, trials, score, seed, versions: from the same place.
    gaps
        What the study lacks.
    """
    label = "Effect under every specification, and the choices behind it"
    some = summary["without_result"] < summary["specifications"]
    widths = _width(rows), _TELEPHONE
    return fill_page(
        "multiverse.html.jinja",
        table=_table(_ordered(rows)),
        failed=_failed(rows),
        facts=_facts(rows, summary, grid, analysed),
        sentence=_sentence(summary),
        gaps=gaps,
        count=summary["specifications"],
        condition=grid.condition,
        block=grid.block,
        figures=two_widths(partial(_figure, rows, grid.condition), label, *widths) if some else [],
    )


def _table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return every specification; a choice without an alternative stands above, not in the rows."""
    chosen = [name for name, values in _choices(rows).items() if len(values) > 1]
    body = []
    for k, row in enumerate(rows, 1):
        mean, dz = (
            interval(row[name], row[low], row[high])
            for name, low, high in (("mean", "low", "high"), ("dz", "dz_low", "dz_high"))
        )
        effect = f"{MISSING} ({row['reason']})" if row["reason"] and dz == MISSING else dz
        body.append([k, *(row[name] for name in chosen), row["n"], mean, effect, row["p"]])
    return page_table(
        "Every specification, from the smallest to the largest effect",
        ["number", *chosen, "n", "mean", "dz", "p"],
        body,
        labels={
            "number": "no.",
            "standardisation": "unit",
            "mean": "mean [95 %]",
            "dz": "dz [95 %]",
        },
        classes=["own" if row["declared"] else "" for row in rows],
    )


def _facts(
    rows: Sequence[Mapping[str, Any]],
    summary: Mapping[str, Any],
    grid: Any,
    analysed: Mapping[str, Any],
) -> list[tuple[str, str]]:
    """Return what was analysed, as names and words."""
    every = {name: list(dict.fromkeys(str(row[name]) for row in rows)) for name in _DIMENSIONS}
    product = " × ".join(str(len(values)) for values in every.values())
    swaps = any(name not in PEOPLE_NULLS for name in every["null"])
    draws = f"; {analysed['draws']} label swaps a person" if swaps else ""
    row = next((row for row in rows if row["declared"]), None)
    declared = ", ".join(f"{name} {row[name]}" for name in _DIMENSIONS) if row else ""
    return [
        ("Study", f"{analysed['study']} (folder {analysed['folder']})"),
        ("Protocol", f"{analysed['protocol']} (digest {analysed['digest'][:12]})"),
        ("People", f"{analysed['people']}, {counted(analysed['recordings'], 'recording')}"),
        (
            "Trials",
            (
                f"{analysed['own_trials']} of {grid.condition} and {analysed['reference_trials']} "
                f"of its reference ({analysed['reference']}) have a score, of "
                f"{analysed['trials']} trials in {analysed['phase']}"
            ),
        ),
        ("Score", f"{analysed['score']}; effect: d_z, the mean over people in their SDs"),
        *((f"Choices: {name}", " | ".join(values)) for name, values in every.items()),
        ("Specifications", f"{summary['specifications']} = {product}"),
        ("Without a result", str(summary["without_result"])),
        ("Declared analysis", declared or "not among the choices"),
        ("Chance", f"seed {analysed['seed']}{draws}"),
        ("Versions", ", ".join(f"{k} {v}" for k, v in analysed["versions"].items())),
    ]


def _sentence(summary: Mapping[str, Any]) -> str:
    """Return in words what the specifications say together."""
    total, lost = summary["specifications"], summary["without_result"]
    if lost == total:
        return f"None of the {total} analyses gave a result; the reasons are below."
    parts = [f"{lost} of {total} analyses gave no result."] if lost else []
    low, high, middle = (number(summary[f"dz_{k}"]) for k in ("lowest", "highest", "median"))
    parts.append(
        f"The effect d_z runs from {low} to {high}, median {middle}; "
        f"{percent(summary['share_same_sign'])} of the {total - lost} analyses have the sign of "
        f"the median, {percent(summary['share_significant'])} have p ≤ .05."
    )
    declared = summary["declared_dz"]
    if np.isfinite(declared):
        p = p_equals(summary["declared_p"])
        parts.append(f"The analysis that the protocol declares gives {number(declared)} ({p}).")
    else:
        parts.append("The analysis that the protocol declares is not among them.")
    return " ".join(parts)


def _failed(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return why analyses have no result, and the choices that never have one for that reason."""
    counts = Counter(str(row["reason"]) for row in rows if row["reason"])
    choices = {k: v for k, v in _choices(rows).items() if len(v) > 1}
    listed = [
        [
            reason,
            count,
            "all"
            if count == len(rows)
            else ", ".join(
                f"{name} {value}"
                for name, values in choices.items()
                for value in values
                if all(str(row["reason"]) == reason for row in rows if row[name] == value)
            )
            or "no single one",
        ]
        for reason, count in counts.most_common()
    ]
    return page_table(
        "Analyses without a result", ["reason", "analyses", "choices that always end so"], listed
    )


def _ordered(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rows by effect; those without a result last."""
    return sorted(rows, key=lambda row: (not np.isfinite(row["dz"]), row["dz"]))


def _choices(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return dimension -> its choices in the order of the grid, where there are several."""
    choices = {name: list(dict.fromkeys(row[name] for row in rows)) for name in _DIMENSIONS}
    return {k: v for k, v in choices.items() if len(v) > 1} or {"null": choices["null"]}


def _width(rows: Sequence[Mapping[str, Any]]) -> float:
    return float(np.clip(4 + 0.045 * len(rows), 8, 9.5))


def _figure(rows: Sequence[Mapping[str, Any]], condition: str, width: float) -> "Figure":
    from matplotlib.figure import Figure

    ordered = [row for row in _ordered(rows) if np.isfinite(row["dz"])]
    choices = _choices(rows)
    lines = sum(len(values) + 1 for values in choices.values())
    figure = Figure(figsize=(width, 3.2 + 0.2 * lines), layout="constrained", dpi=150)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 0.2 * lines))
    _curve(top, ordered, condition)
    _matrix(bottom, ordered, choices)
    top.set_xlim(-1.5, max(len(ordered), 1) + 0.5)
    left_out = len(rows) - len(ordered)
    more = f"\n{left_out} without a result are not drawn" if left_out else ""
    bottom.set_xlabel(
        f"{len(ordered)} specifications, from the smallest to the largest effect{more}", fontsize=8
    )
    return figure


def _colours(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [_SIGNIFICANT if row["p"] <= ALPHA else _NOT for row in rows]


def _curve(axes: "Axes", rows: Sequence[Mapping[str, Any]], condition: str) -> None:
    x = np.arange(len(rows))
    dz, low, high = (np.array([row[k] for row in rows]) for k in ("dz", "dz_low", "dz_high"))
    axes.axhline(0.0, color="#6b7280", linewidth=0.8)
    colours = _colours(rows)
    pixels = len(rows) > _MANY
    axes.vlines(x, low, high, colors=colours, linewidth=1.0, alpha=0.45, rasterized=pixels)
    axes.scatter(x, dz, s=9, c=colours, linewidths=0, zorder=3, rasterized=pixels)
    declared = [k for k, row in enumerate(rows) if row["declared"]]
    axes.scatter(
        declared, dz[declared], s=60, facecolors="none", edgecolors=_OWN, linewidths=1.6, zorder=4
    )
    handles = [
        axes.scatter([], [], s=14, c=_SIGNIFICANT, label="p ≤ .05"),
        axes.scatter([], [], s=14, c=_NOT, label="p > .05"),
        axes.scatter([], [], s=50, facecolors="none", edgecolors=_OWN, label="as declared"),
    ]
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, fontsize=8, frameon=False
    )
    axes.set_ylabel(f"{shortened(condition, 16)}: d_z of the contrast")
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
            height = np.full(len(chosen), level)
            pixels = len(rows) > _MANY
            axes.scatter(chosen, height, s=9, c=colours[chosen], marker="|", rasterized=pixels)
            ticks.append(level)
            labels.append(shortened(value, 26))
            level += 1
    axes.set_yticks(ticks, labels, fontsize=8)
    axes.set_ylim(level - 0.5, -0.5)
    axes.set_xticks([])
    axes.spines[["top", "right", "bottom", "left"]].set_visible(False)
    axes.tick_params(left=False)
