"""Figures as SVG text: the same data give the same bytes.

Every function takes plain arrays and returns ``<svg>`` elements that can stand in a page, each
small enough to be read on a telephone; the page lays them side by side.
matplotlib is imported inside, with its object interface only, so no global state changes.
"""

import contextlib
import io
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mimicry.files import atomic_path

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "PALETTE",
    "colours_of",
    "condition_means",
    "figure_style",
    "group_means",
    "lag_profile",
    "quality_overview",
    "shortened",
    "svg_of",
    "two_widths",
    "write_png",
]

Floats = NDArray[np.float64]

# Okabe and Ito's colours, distinguishable with the common colour-vision deficiencies
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6b5b95", "#444444")
_STIMULUS = "#9aa3ad"
_STYLE: Any = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a name may hold a dollar sign
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#6b7280",
    "axes.labelcolor": "#374151",
    "xtick.color": "#6b7280",
    "ytick.color": "#6b7280",
    "axes.titlesize": 9.5,
    "path.simplify": True,
}


@contextlib.contextmanager
def figure_style(label: str = "") -> Iterator[None]:
    """Draw and save figures in this: one look, and names in any script without a warning.

    Parameters
    ----------
    label
        Goes into the names inside an SVG, so that two figures of one page do not share any.
    """
    from matplotlib import rc_context

    with rc_context({**_STYLE, "svg.hashsalt": f"mimicry {label}"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def colours_of(names: Sequence[str]) -> dict[str, str]:
    """Return a colour for every name, the same in every figure with the same names."""
    return {name: PALETTE[k % len(PALETTE)] for k, name in enumerate(names)}


def shortened(name: str, most: int = 24) -> str:
    """Return a name that fits beside an axis, its middle left out.

    Examples
    --------
    >>> shortened("a-very-long-name-of-a-condition", 12)
    'a-ver…dition'
    """
    if len(name) <= most:
        return name
    front = (most - 1) // 2
    return f"{name[:front]}…{name[-(most - 1 - front) :]}"


@contextlib.contextmanager
def _panel(label: str, width: float, height: float) -> Iterator[tuple["Figure", "Axes"]]:
    """Give a figure (inches) with one panel, to be drawn and saved in the common style."""
    from matplotlib.figure import Figure

    with figure_style(label):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.subplots()


def svg_of(figure: "Figure", label: str, kind: str = "") -> str:
    """Return the figure as an ``<svg>`` element that scales with the page.

    Parameters
    ----------
    figure
        Drawn, and saved here, within :func:`figure_style`.
    label
        What it shows, for those who cannot see it.
    kind
        Further classes of the element.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    head, body = text.split(">", 1)
    head = re.sub(r'(width|height|xmlns(:xlink)?)="[^"]*"', "", head)
    classes = f"figure {kind}".strip()
    return f'{head} role="img" aria-label="{escape(label)}" class="{classes}">{body}'


def two_widths(
    draw: Callable[[float], "Figure"], label: str, desk: float, telephone: float
) -> "list[Markup]":
    """Return a figure in two widths (inches), of which a page shows the one that fits."""
    from markupsafe import Markup

    drawn = []
    for kind, width in (("on-desk", desk), ("on-telephone", telephone)):
        with figure_style(f"{label} {kind}"):
            drawn.append(Markup(svg_of(draw(width), label, kind)))
    return drawn


def write_png(draw: Callable[[], "Figure"], path: Path, *, dpi: int) -> Path:
    """Write a figure as PNG; return its path."""
    with figure_style(), atomic_path(path) as temporary:
        draw().savefig(temporary, format="png", dpi=dpi, metadata={"Software": None})
    return path


def _shade_windows(axes: "Axes", windows: Mapping[str, tuple[float, float]], primary: str) -> None:
    start, end = windows[primary]
    axes.axvspan(start, end, color="#eef2f7", zorder=0, linewidth=0)
    axes.axvline(0.0, color="#9ca3af", linewidth=0.8, linestyle=(0, (3, 2)))
    axes.axhline(0.0, color="#d1d5db", linewidth=0.8)


def condition_means(
    grid_s: Floats,
    response: Floats,
    stimulus: Floats,
    names: Sequence[str],
    conditions: Sequence[str],
    *,
    order: Sequence[str],
    windows: Mapping[str, tuple[float, float]],
    primary: str,
) -> list[str]:
    """Draw the mean response of each condition with its standard error, a figure for each unit.

    Parameters
    ----------
    grid_s
        (W,) seconds from the dynamic onset.
    response
        (K, W, A) baseline-corrected intensity of the valid trials; NaN is left out.
    stimulus
        (K, W, A) stimulus envelope on the same grid.
    names
        A action-unit names.
    conditions
        K condition names.
    order
        All conditions of the recording: a condition has one colour in every figure.
    windows, primary
        Scoring windows in seconds; the primary one is shaded.
    """
    drawn = []
    for a, name in enumerate(names):
        label = f"{name}: mean response of each condition with standard error"
        with _panel(label, 3.5, 2.5) as (figure, axes):
            _shade_windows(axes, windows, primary)
            _draw_means(axes, grid_s, response[:, :, a], conditions, order)
            envelope = _nan_mean(stimulus[:, :, a], where=stimulus[:, :, a].max(axis=1) > 0)
            _draw_envelope(axes, grid_s, envelope)
            axes.set_title(name)
            axes.set_xlabel("s from dynamic onset")
            axes.set_ylabel("change (AU units)")
            drawn.append(svg_of(figure, label))
    return drawn


def _draw_means(
    axes: "Axes",
    x: Floats,
    values: Floats,
    conditions: Sequence[str],
    order: Sequence[str],
    shown_as: Callable[[Floats], Floats] = np.asarray,
) -> None:
    """Draw the mean of each condition's trials over `x`, with its standard error."""
    labels, colours = np.asarray(conditions), colours_of(order)
    for condition in [name for name in order if name in conditions]:
        chosen, colour = values[labels == condition], colours[condition]
        mean, n = _nan_mean(chosen), np.isfinite(chosen).sum(axis=0)
        error = _nan_sd(chosen) / np.sqrt(np.maximum(n, 1))
        low, high = shown_as(mean - error), shown_as(mean + error)
        axes.fill_between(x, low, high, color=colour, alpha=0.18, lw=0)
        axes.plot(x, shown_as(mean), color=colour, lw=1.6)


def _nan_mean(values: Floats, where: NDArray[np.bool_] | None = None) -> Floats:
    if where is not None:
        values = values[where]
    n = np.isfinite(values).sum(axis=0)
    total = np.where(np.isfinite(values), values, 0.0).sum(axis=0)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def _nan_sd(values: Floats) -> Floats:
    n = np.isfinite(values).sum(axis=0)
    square = np.where(np.isfinite(values), (values - _nan_mean(values)) ** 2, 0.0).sum(axis=0)
    return np.where(n > 1, np.sqrt(square / np.maximum(n - 1, 1)), np.nan)


def _draw_envelope(axes: "Axes", grid_s: Floats, envelope: Floats) -> None:
    """Draw the stimulus in grey, scaled to a quarter of the panel: its size is another face's."""
    if not np.isfinite(envelope).any() or np.nanmax(envelope) <= 0:
        return
    low, high = axes.get_ylim()
    scaled = low + 0.25 * (high - low) * envelope / np.nanmax(envelope)
    axes.plot(grid_s, scaled, color=_STIMULUS, lw=1.2, linestyle=(0, (1, 1)))
    axes.set_ylim(low, high)


def lag_profile(
    lags_s: Floats, profile: Floats, conditions: Sequence[str], *, order: Sequence[str], title: str
) -> str:
    """Draw the mean lagged correlation of each condition over lags.

    Parameters
    ----------
    lags_s
        (L,) lags in seconds; positive = the participant follows.
    profile
        (K, L) correlation of each valid trial; NaN is left out. Averaged as Fisher z.
    conditions, order
        As in :func:`condition_means`.
    title
        What it shows, for those who cannot see it.
    """
    fisher = np.arctanh(np.clip(profile, -1 + 1e-7, 1 - 1e-7))
    with _panel(title, 4.4, 2.5) as (figure, axes):
        axes.axhline(0.0, color="#d1d5db", lw=0.8)
        _draw_means(axes, lags_s, fisher, conditions, order, np.tanh)
        axes.set_xlabel("lag (s); positive = the participant follows")
        axes.set_ylabel("correlation")
        return svg_of(figure, title)


def quality_overview(
    times_s: Floats,
    pose_deg: Floats,
    tracked: NDArray[np.bool_],
    trusted: NDArray[np.bool_],
    onsets_s: Floats,
    *,
    pose_limit_deg: float,
) -> list[str]:
    """Draw head pose over time with untracked and untrusted stretches; and frame intervals.

    Parameters
    ----------
    times_s
        (T,) frame times in seconds.
    pose_deg
        (T, 3) pitch, yaw, roll.
    tracked, trusted
        (T,) a face was seen; its geometry is plausible and the pose inside the limit.
    onsets_s
        (K,) dynamic onsets.
    """
    label = "Head pose over time"
    with _panel(label, 5.6, 2.4) as (figure, pose):
        step = max(1, len(times_s) // 1500)
        for k, (name, colour) in enumerate(zip(("pitch", "yaw", "roll"), PALETTE, strict=False)):
            pose.plot(times_s[::step], pose_deg[::step, k], lw=0.9, color=colour, label=name)
        for limit in (-pose_limit_deg, pose_limit_deg):
            pose.axhline(limit, color="#d1d5db", lw=0.8, linestyle=(0, (4, 3)))
        for mask, colour in ((~tracked, "#ef4444"), (tracked & ~trusted, "#f59e0b")):
            for start, end in _runs(mask):
                pose.axvspan(times_s[start], times_s[end], color=colour, alpha=0.35, lw=0)
        pose.plot(onsets_s, np.full(len(onsets_s), -pose_limit_deg), "|", color="#374151", ms=6)
        pose.set_xlabel("recording time (s); ticks: dynamic onsets")
        pose.set_ylabel("head pose (deg)")
        figure.legend(loc="outside upper right", ncols=3, frameon=False)
        first = svg_of(figure, label)
    return [first, _intervals(np.diff(times_s) * 1000.0)]


def _intervals(steps_ms: Floats) -> str:
    label = "Frame intervals"
    with _panel(label, 2.8, 2.4) as (figure, axes):
        if steps_ms.size:
            # a steady camera has one interval: give it a bar, not a hair line
            middle = float(np.median(steps_ms))
            low, high = min(steps_ms.min(), middle - 5), max(steps_ms.max(), middle + 5)
            axes.hist(steps_ms, bins=40, range=(low, high), color="#64748b")
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_formatter(lambda *_: "")
        axes.set_xlabel("frame interval (ms)")
        axes.set_ylabel("frames")
        return svg_of(figure, label)


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return (first, last) index of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(a), int(min(b, len(mask) - 1))) for a, b in edges.reshape(-1, 2)]


def group_means(
    cells: Sequence[str], groups: Sequence[str], mean: Floats, low: Floats, high: Floats
) -> str:
    """Return an SVG of means with intervals: a line for each cell, a colour for each group.

    Parameters
    ----------
    cells, groups
        n names: what a row belongs to.
    mean, low, high
        (n,) mean and ends of its interval; NaN: no interval.
    """
    names, kinds = list(dict.fromkeys(cells)), list(dict.fromkeys(groups))
    colours, spread = colours_of(kinds), 0.6 / max(len(kinds), 1)
    label = "Mean contrast of every group with its interval"
    height = 0.9 + 0.3 * len(names) + 0.12 * len(names) * len(kinds)
    with _panel(label, 5.6, height) as (figure, axes):
        axes.axvline(0.0, color="#9ca3af", linewidth=0.8)
        for k, kind in enumerate(kinds):
            rows = np.array([j for j, group in enumerate(groups) if group == kind])
            y = np.array([names.index(cells[j]) for j in rows]) + (
                (k - (len(kinds) - 1) / 2) * spread
            )
            axes.hlines(y, low[rows], high[rows], color=colours[kind], linewidth=1.6)
            axes.scatter(mean[rows], y, s=22, color=colours[kind], zorder=3)
        axes.set_yticks(range(len(names)), [shortened(name) for name in names])
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.set_xlabel("raw contrast (AU units)")
        return svg_of(figure, label, "limited")
