"""Pictures of people together: by window and lag, or of a method's table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mimicry.records import SeriesMeasure, Synchrony
from mimicry.report.figures import PALETTE, shortened
from mimicry.synchrony.methods import METHODS, RE_PAIRING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["figure_of"]

_LEAD, _FOLLOW, _INK, _GREY = "#0072B2", "#D55E00", "#374151", "#9ca3af"


def figure_of(result: Synchrony | SeriesMeasure, width: float) -> "Figure":
    """Return the figure of a result, `width` inches wide.

    Values by window and lag: a heat map with best lags above their mean by lag. Otherwise the
    table of the method.
    """
    from matplotlib.figure import Figure

    if isinstance(result, SeriesMeasure):
        figure = Figure(figsize=(width, 3.8), layout="constrained", dpi=130)
        preset, null = result.settings.preset, result.settings.null
        draw = _dyads if null == RE_PAIRING else _DRAW.get(preset, _plain)
        draw(figure.subplots(), result)
        return figure
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
    settings = result.settings
    times = result.window_start_s + (settings.window_s or 0.0) / 2
    step = settings.step_s or 0.0
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
    name = METHODS[result.settings.preset].value_name
    return f"|{name}|" if result.settings.absolute else name


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
        of_person = of == name
        axes.vlines(at[of_person], 1 - k - 0.3, 1 - k + 0.3, color=_GREY, linewidth=1)
        hit = of_person & answered
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


def _dyads(axes: "Axes", result: SeriesMeasure) -> None:
    statistic = str(result.surrogate["statistic"])
    values, rows = result.table[statistic], np.arange(len(result.table["dyad"]))
    axes.scatter(result.table["re_paired_mean"], rows, color=_GREY, s=16, label="with others")
    axes.scatter(values, rows, color=PALETTE[0], s=24, label="the dyad")
    axes.axvline(result.surrogate["observed"], color=PALETTE[0], label="mean of the dyads")
    axes.axvline(result.surrogate["mean"], color=_GREY, linestyle=":", label="mean re-paired")
    named = rows if len(rows) <= 30 else rows[:0]
    axes.set_yticks(named, _short(result.table["dyad"])[: len(named)])
    axes.invert_yaxis()
    axes.set_xlabel(statistic.replace("_", " "))
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


def _plain(axes: "Axes", result: SeriesMeasure) -> None:
    """Draw the second column of numbers over the first, or one by row, for want of a picture."""
    frame = result.to_frame().select_dtypes("number").reset_index(names="row")
    *_, across, up = frame.columns[:3]
    axes.plot(frame[across], frame[up], color=PALETTE[0], marker="o", markersize=3)
    axes.set(xlabel=result.columns.get(across, "row"), ylabel=result.columns[up])


_DRAW = {"coherence": _coherence, "dtw": _dtw, "events": _events, "fir": _fir, "isc": _isc}
