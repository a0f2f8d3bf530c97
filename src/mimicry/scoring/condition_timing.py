"""Cells of the condition table about time: peak correlation, latency, events."""

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.correlation import fisher_z
from mimicry.kernels.windows import in_window, window_mean
from mimicry.records import ScoringSettings
from mimicry.scoring._reasons import ReasonedRow
from mimicry.scoring.latency import Envelope, Latencies, Latency, latencies
from mimicry.scoring.pattern import contrast
from mimicry.scoring.phase import Phase
from mimicry.scoring.time_locking import surrogate_test
from mimicry.scoring.timing import emotion_onsets, matched_peaks

__all__ = ["add_timing", "blank_timing"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_EVENTS = (
    "hit_rate", "hit_rate_reference", "hit_rate_difference", "event_onset_median_s", "snr",
)  # fmt: skip


def add_timing(phase: Phase, row: ReasonedRow, condition: str) -> None:
    """Put down how an emotion's responses lie in time."""
    _correlation(phase, row, condition)
    _latency(phase, row, condition)
    _events(phase, row, condition)


def blank_timing(settings: ScoringSettings, row: ReasonedRow, code: str) -> None:
    """Leave the same cells without numbers, for one reason."""
    row.blank(("r_peak_contrast", "r_peak_t", "r_peak_p", "r_peak_z_surrogate"), code)
    row.cells["r_peak_arrangements"] = 0
    nulls = [null.replace("-", "_") for null in settings.secondary_nulls]
    row.blank((f"r_peak_{null}_{name}" for null in nulls for name in "pz"), code)
    none = Latency(reason=code, interval_reason=code)
    _put(row, Latencies(none, none, fit_reason=code))
    row.cells["latency_calibrated"] = "false"
    row.blank(_EVENTS, code)


def _correlation(phase: Phase, row: ReasonedRow, condition: str) -> None:
    settings = phase.settings
    valid = phase.inside & phase.scores.valid
    emotion = settings.emotions[condition]
    z = fisher_z(matched_peaks(phase.aligned, settings, condition, emotion, valid))
    too_few = phase.too_few(z, condition)
    sides = phase.used(condition), phase.reference(condition)
    row.put("r_peak_contrast", contrast(z, *sides, min_trials=settings.min_trials), too_few)
    phase.test(row, z[None], condition, prefix="r_peak_", too_few=too_few)
    for null in settings.secondary_nulls:
        result = surrogate_test(
            phase.aligned,
            settings,
            condition,
            null,
            used=phase.used(condition),
            rng=phase.generator(condition, null),
        )
        name = null.replace("-", "_")
        row.put(f"r_peak_{name}_p", result.p, result.reason)
        row.put(f"r_peak_{name}_z", result.z_surrogate, result.reason or "no_variance")


def _latency(phase: Phase, row: ReasonedRow, condition: str) -> None:
    aligned, settings = phase.aligned, phase.settings
    unit = aligned.index(settings.emotions[condition].targets[0])
    response = aligned.response_fast[:, :, unit]
    change = (
        response - window_mean(response, in_window(aligned.times_s, settings.baseline_s))[:, None]
    )
    used = phase.used(condition)
    sides = change[used], change[phase.reference(condition)]
    _put(row, latencies(aligned.times_s, *sides, _envelope(phase, used, unit), settings))
    row.cells["latency_calibrated"] = _calibrated(phase, condition)


def _put(row: ReasonedRow, both: Latencies) -> None:
    for prefix, name, latency in (
        ("latency_", "shift_s", both.shift), ("latency_half_", "s", both.half)
    ):  # fmt: skip
        row.put(f"{prefix}{name}", latency.value_s, latency.reason)
        row.put(f"{prefix}se_s", latency.se_s, latency.interval_reason)
        row.put(f"{prefix}ci_low_s", latency.low_s, latency.interval_reason)
        row.put(f"{prefix}ci_high_s", latency.high_s, latency.interval_reason)
        row.put(f"{prefix}gate", latency.gate, latency.reason)
    row.put("latency_fit_r2", both.fit_r2, both.fit_reason)
    row.cells["latency_flag"] = ";".join(both.flags)


def _calibrated(phase: Phase, condition: str) -> str:
    """Tell whether the delay of screen and camera was taken out of every onset."""
    marks = phase.aligned.trials.columns.get("calibrated", ())
    used = phase.used(condition)
    known = bool(marks) and bool(used.any())
    all_of = known and all(m == "true" for m, u in zip(marks, used, strict=True) if u)
    return "true" if all_of else "false"


def _envelope(phase: Phase, used: Flags, unit: int) -> Envelope:
    """Return the mean movement of the stimuli shown in some trials, at any time."""
    aligned = phase.aligned
    name = aligned.names[unit]
    ids = [s for s, u in zip(aligned.trials.stimulus_id, used, strict=True) if u]
    shown = [(aligned.timelines[s], ids.count(s) / len(ids)) for s in dict.fromkeys(ids)]

    def movement(times_s: Floats) -> Floats:
        total = np.zeros(np.shape(times_s))
        for timeline, share in shown:
            total += share * timeline.at(timeline.onset_s + times_s, name)
        return total

    return movement


def _events(phase: Phase, row: ReasonedRow, condition: str) -> None:
    unit = phase.aligned.index(phase.settings.emotions[condition].targets[0])
    emotion, reference = phase.used(condition), phase.reference(condition)
    valid = phase.inside & phase.scores.valid
    events = emotion_onsets(phase.aligned, phase.settings, condition, valid)
    rate, reference_rate = _mean(events.hit[emotion]), _mean(events.hit[reference])
    code = events.reason if emotion.any() else "no_scores"
    row.put("hit_rate", rate, code)
    other = code if reference.any() else "no_reference_trials"
    row.put("hit_rate_reference", reference_rate, other)
    row.put("hit_rate_difference", rate - reference_rate, code if np.isnan(rate) else other)
    onsets = events.onset_s[emotion]
    onsets = onsets[np.isfinite(onsets)]
    median = np.median(onsets) if len(onsets) else float("nan")
    row.put("event_onset_median_s", median, code if np.isnan(rate) else "censored")
    deltas = phase.scores.deltas(phase.settings.primary_window)[emotion, unit]
    deltas = deltas[np.isfinite(deltas)]
    sd = float(deltas.std(ddof=1)) if len(deltas) > 1 else 0.0
    snr = deltas.mean() / (sd / np.sqrt(len(deltas))) if sd > 1e-9 else float("nan")
    row.put("snr", snr, "too_few_trials" if len(deltas) < 2 else "no_variance")


def _mean(values: Floats) -> float:
    seen = values[np.isfinite(values)]
    return float(seen.mean()) if len(seen) else float("nan")
