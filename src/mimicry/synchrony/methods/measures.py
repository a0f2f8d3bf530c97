"""Coherence, warping, event matching, deconvolution, intersubject correlation of series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import InputError
from mimicry.kernels.chance import generator
from mimicry.kernels.coherence import Coherence, coherence
from mimicry.kernels.deconvolve import fir_response
from mimicry.kernels.event_match import answer_delays, find_onsets, match_events
from mimicry.kernels.resample import sample_at
from mimicry.kernels.warping import warping_distance
from mimicry.records import MeasureSettings, SeriesMeasure, SynchronySettings
from mimicry.synchrony.methods.association import Grid
from mimicry.synchrony.methods.chance import NULLS, compare, surrogate_series

__all__ = ["DETECTABLE_AU", "Events", "measure"]

Floats = NDArray[np.float64]
Events = Mapping[str, Sequence[float]]

DETECTABLE_AU = 0.03  # three SDs of one frame of a still mouth, in AU units
_OWN_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class _Found:
    """Summary, table, meaning of its columns, chance."""

    summary: dict[str, Any]
    table: dict[str, Any]
    columns: dict[str, str]
    surrogate: dict[str, Any] = field(default_factory=dict)


def measure(
    series: Floats,
    settings: MeasureSettings,
    *,
    rate_hz: float,
    names: tuple[str, ...],
    events: Events | None = None,
    in_au_units: bool = False,
    partners: Sequence[Floats] = (),
    provenance: Mapping[str, Any] | None = None,
) -> SeriesMeasure:
    """Return what a method without a lag matrix finds.

    Parameters
    ----------
    series
        (P, N) one row a person on a regular grid of `rate_hz`; NaN is missing.
    settings
        From :func:`mimicry.synchrony.methods.choose_method`.
    names
        P names.
    events
        ``fir``: kind of event -> onsets in seconds from the first sample.
    in_au_units
        Whether the values are AU units, in which the smallest movement to be seen is known.
    partners
        Other people in the second's role, for pseudo-pairs: (N_i,) samples each.

    Raises
    ------
    InputError
        When the recording is too short or holds nothing to measure.
    """
    wanted = {"1": len(series) == 1, "2": len(series) == 2}.get(settings.series, len(series) > 2)
    if not wanted:
        raise InputError(
            f"preset {settings.preset!r} takes {settings.series} series; found {len(series)}",
            key="--preset",
        )
    bridge = settings.options.get("bridge_s")
    if bridge:
        series = np.stack([_bridged(row, rate_hz, bridge) for row in series])
        partners = [_bridged(row, rate_hz, bridge) for row in partners]
    try:
        if settings.preset == "fir":
            found = _fir(series[0], settings, rate_hz, events or {})
        elif settings.preset == "isc":
            found = _isc(series, settings, rate_hz, names)
        elif settings.preset == "events":
            found = _events(series, settings, rate_hz, names)
        elif settings.preset == "dtw":
            found = _dtw(series, settings, rate_hz, in_au_units, partners)
        else:
            found = _coherence(series, settings, rate_hz, partners)
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{settings.preset}: {error}", key="--preset") from error
    length = {"duration_s": series.shape[1] / rate_hz}
    return SeriesMeasure(
        settings=settings,
        names=names,
        rate_hz=rate_hz,
        summary=found.summary,
        table=found.table,
        columns=found.columns,
        surrogate=found.surrogate,
        provenance={**(provenance or {}), **length},
    )


def _bridged(row: Floats, rate_hz: float, longest_s: float) -> Floats:
    """Gaps no longer than a blink filled by straight lines."""
    times = np.arange(len(row)) / rate_hz
    return sample_at(times, row, times, max_gap_s=longest_s)


def _coherence(
    series: Floats, settings: MeasureSettings, rate_hz: float, partners: Sequence[Floats]
) -> _Found:
    low, high = (float(settings.options[k] or 0.0) for k in ("lowest_hz", "highest_hz"))

    def between(first: Floats, second: Floats) -> Coherence:
        return coherence(
            first,
            second,
            rate_hz=rate_hz,
            window_s=float(settings.window_s or 0.0),
            band_hz=(low, high),
        )

    found = between(series[0], series[1])
    if not found.coherence.size or np.isnan(found.coherence).all():
        raise InputError(f"no frequency between {low:g} and {high:g} Hz has power", key="--set")
    best = int(np.nanargmax(found.coherence))
    summary = {
        "mean_coherence": float(np.nanmean(found.coherence)),
        "peak_hz": float(found.frequency_hz[best]),
        "peak_coherence": float(found.coherence[best]),
        "peak_lag_s": float(found.lag_s[best]),
        "n_windows": found.n_windows,
        "bound_95": found.bound_95,
        "share_above_bound": float(np.mean(found.coherence > found.bound_95)),
    }
    table = {k: getattr(found, k) for k in ("frequency_hz", "coherence", "lag_s")}
    columns = {
        "frequency_hz": "frequency",
        "coherence": "magnitude-squared coherence, 0 to 1",
        "lag_s": "lag from the phase, ambiguous by whole periods; positive: the first leads",
    }
    drawn = [
        float(np.nanmean(between(series[0], s).coherence))
        for s in _surrogates(series[1], settings, rate_hz, partners)
    ]
    chance = _chance("mean_coherence", summary["mean_coherence"], drawn, settings, True)
    return _Found(summary, table, columns, chance)


def _dtw(
    series: Floats,
    settings: MeasureSettings,
    rate_hz: float,
    in_au_units: bool,
    partners: Sequence[Floats],
) -> _Found:
    window, step = (round(float(s or 0.0) * rate_hz) for s in (settings.window_s, settings.step_s))
    if not 3 <= window <= series.shape[1] or step < 1:
        raise InputError(
            f"windows of {window} samples every {step} do not fit into {series.shape[1]}",
            key="--window",
        )
    given = settings.options["min_sd"]
    least = np.full(2, DETECTABLE_AU) if in_au_units else _OWN_SHARE * _spread(series)
    least = least if given is None else np.full(2, given)
    starts = np.arange(0, series.shape[1] - window + 1, step)

    def distances(second: Floats) -> tuple[Floats, list[str]]:
        found = [
            _one_distance(
                series[0, o : o + window], second[o : o + window], least, settings, rate_hz
            )
            for o in starts
        ]
        return np.array([d for d, _ in found]), [why for _, why in found]

    values, reasons = distances(series[1])
    if reasons and set(reasons) == {"missing"}:
        raise InputError(
            f"in each of {len(reasons)} windows a sample is missing or masked",
            key="--window",
            hint="Choose a shorter --window, or bridge longer gaps with --set bridge_s=0.5.",
        )
    there = values[np.isfinite(values)]
    mean = float(there.mean()) if there.size else float("nan")
    summary = {
        "mean_distance": mean,
        "sd_distance": float(there.std(ddof=1)) if there.size > 1 else float("nan"),
        "n_windows": len(values),
        "n_windows_still": sum("still" in why for why in reasons),
        "n_windows_missing": sum(why == "missing" for why in reasons),
        "min_sd": least.tolist(),
    }
    table = {
        "window_start_s": starts / rate_hz,
        "window_end_s": (starts + window) / rate_hz,
        "distance": values,
        "reason": [why or None for why in reasons],
    }
    columns = {
        "window_start_s": "start of the window, s from the start of the shared recording",
        "window_end_s": "its end",
        "distance": "root mean squared distance of the standardised courses along the best path; "
        "0: the same course",
        "reason": "why there is none: first_still, second_still, both_still (SD below min_sd), "
        "missing (a sample is missing)",
    }
    drawn = [
        float(np.nanmean(d)) if np.isfinite(d).any() else float("nan")
        for d, _ in map(distances, _surrogates(series[1], settings, rate_hz, partners))
    ]
    chance = _chance("mean_distance", mean, drawn, settings, False)
    return _Found(summary, table, columns, chance)


def _one_distance(
    x: Floats, y: Floats, least: Floats, settings: MeasureSettings, rate_hz: float
) -> tuple[float, str]:
    """Distance in one window, or why there is none."""
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return float("nan"), "missing"
    still = [bool(s.std(ddof=1) < m) for s, m in zip((x, y), least, strict=True)]
    if any(still):
        who = "both" if all(still) else "first" if still[0] else "second"
        return float("nan"), f"{who}_still"
    band = round(float(settings.max_lag_s or 0.0) * rate_hz)
    return warping_distance(x, y, band=band, min_sd=float(max(least.min(), 1e-12))), ""


def _spread(series: Floats) -> Floats:
    """(P,) SD of every row over the whole recording."""
    return np.array([float(np.nanstd(row)) if np.isfinite(row).any() else 0.0 for row in series])


def _events(
    series: Floats, settings: MeasureSettings, rate_hz: float, names: tuple[str, ...]
) -> _Found:
    option = {k: float(v or 0.0) for k, v in settings.options.items()}
    answer = option["answer_from_s"], option["answer_to_s"]
    if not 0 <= answer[0] < answer[1]:
        raise InputError("answer_from_s must lie below answer_to_s", key="--set")
    onsets = [
        find_onsets(row, rate_hz=rate_hz, sigma=option["sigma"], hold_s=option["hold_s"])
        for row in series
    ]
    rng = generator(settings.seed)
    summary: dict[str, Any] = {}
    table: dict[str, list[Any]] = {"of": [], "event_s": [], "answered": [], "delay_s": []}
    for label, own, other in (("second_answers", 0, 1), ("first_answers", 1, 0)):
        found = match_events(
            onsets[own],
            onsets[other],
            duration_s=series.shape[1] / rate_hz,
            rng=rng,
            answer_s=answer,
            shifts=settings.surrogates,
        )
        summary[label] = {
            "events": found.n_events,
            **{k: getattr(found, k) for k in ("hits", "rate", "chance", "excess")},
            "p": found.p if settings.surrogates else float("nan"),
            "median_delay_s": float(np.median(found.latencies_s)) if found.hits else float("nan"),
        }
        delay = answer_delays(onsets[own], onsets[other], answer)
        table["of"] += [names[own]] * len(delay)
        table["event_s"] += onsets[own].tolist()
        table["answered"] += np.isfinite(delay).astype(int).tolist()
        table["delay_s"] += delay.tolist()
    columns = {
        "of": "whose movement it is",
        "event_s": "its onset, s from the start of the shared recording",
        "answered": "1: the other moved within the answer window",
        "delay_s": "from this onset to the first answer",
    }
    return _Found(summary, table, columns)


def _isc(
    series: Floats, settings: MeasureSettings, rate_hz: float, names: tuple[str, ...]
) -> _Found:
    from mimicry.statistics.intersubject import intersubject_correlation

    rng = generator(settings.seed)
    found = intersubject_correlation(
        series,
        rate_hz,
        rng,
        surrogates=settings.surrogates,
        min_shift_s=float(settings.options["min_shift_s"] or 0.0),
    )
    summary = {
        "n_viewers": len(series),
        "n_viewers_usable": int(np.isfinite(found.r).sum()),
        "mean_z": found.mean_z,
        "p": found.p if settings.surrogates else float("nan"),
        "z_surrogate": found.z_surrogate,
        "reason": found.reason or None,
    }
    columns = {
        "viewer": "who",
        "r": "correlation with the mean of the others; n/a: less than 80 % of the samples",
    }
    return _Found(summary, {"viewer": list(names), "r": found.r}, columns)


def _fir(series: Floats, settings: MeasureSettings, rate_hz: float, events: Events) -> _Found:
    if not events:
        raise InputError(
            "preset 'fir' needs the events that the face responds to",
            key="--events",
            hint="Give --events with an events table (onset, trial_type).",
        )
    size = max(1, round(float(settings.step_s or 0.0) * rate_hz))
    n_bins = round(float(settings.window_s or 0.0) * rate_hz / size)
    kinds = sorted(events)
    starts = [np.rint(np.asarray(events[k], np.float64) * rate_hz).astype(np.int64) for k in kinds]
    found = fir_response(
        series,
        starts,
        n_bins=n_bins,
        bin_samples=size,
        ridge=float(settings.options["ridge"] or 0.0),
        max_ar=round(float(settings.options["max_ar_s"] or 0.0) * rate_hz),
    )
    begin = np.arange(n_bins) * size / rate_hz
    counts = [int(((s >= 0) & (s < len(series))).sum()) for s in starts]
    table = {
        "condition": np.repeat(kinds, n_bins),
        "bin_start_s": np.tile(begin, len(kinds)),
        "bin_end_s": np.tile(begin + size / rate_hz, len(kinds)),
        "response": found.response.ravel(),
        "se": found.se.ravel(),
    }
    columns = {
        "condition": "kind of event",
        "bin_start_s": "start of the time bin after the event's onset, s",
        "bin_end_s": "its end",
        "response": "level of the response in the bin, against no event, in the series' units",
        "se": "its standard error",
    }
    summary = {
        "events": dict(zip(kinds, counts, strict=True)),
        "bins": n_bins,
        "bin_s": size / rate_hz,
        "n_samples": found.n_samples,
        "ar_order": len(found.ar),
    }
    return _Found(summary, table, columns)


def _surrogates(
    second: Floats, settings: MeasureSettings, rate_hz: float, partners: Sequence[Floats]
) -> Sequence[Floats]:
    """What the second person could have done; nothing unless surrogates are asked for."""
    if not (settings.surrogates or partners):
        return []
    if settings.null not in NULLS:
        raise InputError(f"no null {settings.null!r}; known are {', '.join(NULLS)}", key="--null")
    lengths = (float(s or 0.0) for s in (settings.window_s, settings.step_s, settings.max_lag_s))
    window, step, lag = lengths
    like = SynchronySettings(
        preset=settings.preset,
        method="correlation",
        window_s=window,
        step_s=step,
        max_lag_s=lag,
        null=settings.null,
        surrogates=settings.surrogates,
        seed=settings.seed,
    )
    grid = Grid(rate_hz, *(round(s * rate_hz) for s in (window, step, lag)))
    return list(surrogate_series(second, like, grid, partners))


def _chance(
    name: str,
    observed: float,
    drawn: Sequence[float],
    settings: MeasureSettings,
    greater_only: bool,
) -> dict[str, Any]:
    if not drawn:
        return {}
    head = {"null": settings.null, "n": len(drawn), "seed": settings.seed, "statistic": name}
    return {**head, **compare(observed, drawn, greater_only=greater_only)}
