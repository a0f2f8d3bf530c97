"""When single trials respond: lagged correlation and onsets of each trial's own emotion."""

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.chance import p_value
from mimicry.kernels.correlation import peak_over_lags
from mimicry.kernels.windows import in_window, window_mean
from mimicry.records import AlignedTrials, EmotionMap, ScoringSettings
from mimicry.scoring._reasons import ReasonedColumns, first_reason
from mimicry.scoring.lag import lag_axis_s, profiles
from mimicry.scoring.onsets import find_onsets, rest_noise
from mimicry.scoring.pattern import reference_trials

__all__ = ["add_lags", "add_onsets", "all_onsets", "first_target", "matched_peaks"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def first_target(aligned: AlignedTrials, settings: ScoringSettings, values: Floats) -> Floats:
    """(K,) the column of the first target of each trial's own condition; NaN without a map."""
    result = np.full(len(aligned), np.nan)
    for k, condition in enumerate(aligned.trials.condition):
        if condition in settings.emotions:
            target = settings.emotions[condition].targets[0]
            result[k] = values[k, aligned.index(target)]
    return result


def add_lags(
    aligned: AlignedTrials,
    settings: ScoringSettings,
    phase: NDArray[np.str_],
    table: ReasonedColumns,
) -> Floats:
    """Lagged correlation of each trial's first target with its own stimulus."""
    lags = lag_axis_s(aligned, settings)
    profile = np.full((len(aligned), len(lags)), np.nan)
    rank = np.full(len(aligned), np.nan)
    conditions = np.array(aligned.trials.condition)
    flat = np.zeros(len(aligned), dtype=bool)
    for name, emotion in settings.emotions.items():
        unit = aligned.index(emotion.targets[0])
        of_emotion = conditions == name
        if not of_emotion.any():
            continue
        matched = profiles(aligned, aligned.stimulus[:, :, unit], unit, settings)
        profile[of_emotion] = matched[of_emotion]
        flat[of_emotion] = _flat(aligned, settings, unit)[of_emotion]
        for group in np.unique(phase):
            inside = phase == group
            rank[inside & of_emotion] = _rank(
                aligned, settings, name, emotion, inside, table.valid
            )[inside & of_emotion]
    profile[~table.valid] = np.nan
    mapped = np.isin(conditions, list(settings.emotions))
    codes = first_reason(
        len(aligned),
        (~mapped, "no_au_map"),
        (flat, "flat_stimulus"),
        otherwise="too_few_pairs_or_flat_response",
    )
    peak, at = peak_over_lags(profile, lags)
    zero = int(np.abs(lags).argmin())
    if abs(lags[zero]) < 1e-9:
        table.add("r_zero_lag", profile[:, zero], codes)
    else:
        table.add("r_zero_lag", np.full(len(aligned), np.nan), "zero_not_among_lags")
    table.add("r_peak", peak, codes)
    table.add("lag_peak_s", at, np.where(np.isfinite(peak), "edge", codes))
    none = first_reason(
        len(aligned), (~np.isfinite(peak), "no_r_peak"), otherwise="no_reference_trials"
    )
    table.add("rank_mismatched", rank, np.where(mapped, none, "no_au_map"))
    return profile


def _flat(aligned: AlignedTrials, settings: ScoringSettings, unit: int) -> Flags:
    inside = in_window(aligned.times_s, settings.stimulus_window_s)
    shown = aligned.stimulus[:, inside, unit]
    return np.asarray(np.ptp(shown, axis=1) <= 1e-9)


def _rank(
    aligned: AlignedTrials,
    settings: ScoringSettings,
    name: str,
    emotion: EmotionMap,
    inside: Flags,
    valid: Flags,
) -> Floats:
    """Share of reference trials whose response fits the emotion's envelope at least as well."""
    peaks = matched_peaks(aligned, settings, name, emotion, inside & valid)
    references = reference_trials(aligned.trials.condition, name, settings) & inside & valid
    others = peaks[references & np.isfinite(peaks)]
    if not len(others):
        return np.full(len(peaks), np.nan)
    return np.array([p_value(peak, others) for peak in peaks])


def matched_peaks(
    aligned: AlignedTrials,
    settings: ScoringSettings,
    name: str,
    emotion: EmotionMap,
    used: Flags,
) -> Floats:
    """(K,) peak correlation of every trial with one emotion's mean envelope.

    Trials of other conditions take the same envelope, since their own may not vary.
    """
    unit = aligned.index(emotion.targets[0])
    shown = used & (np.array(aligned.trials.condition) == name)
    if not shown.any():
        return np.full(len(aligned), np.nan)
    envelope = aligned.stimulus[shown, :, unit].mean(axis=0)
    everywhere = np.broadcast_to(envelope, (len(aligned), len(envelope)))
    r = profiles(aligned, everywhere, unit, settings)
    return peak_over_lags(r, lag_axis_s(aligned, settings))[0]


def add_onsets(
    aligned: AlignedTrials,
    settings: ScoringSettings,
    phase: NDArray[np.str_],
    table: ReasonedColumns,
) -> None:
    """Put down hit, onset, apex and offset of each trial's first target."""
    hit, onset, limit = all_onsets(aligned, settings, phase, table.valid)
    mapped = np.isin(np.array(aligned.trials.condition), list(settings.emotions))
    own_hit = first_target(aligned, settings, hit)
    own_onset = first_target(aligned, settings, onset)
    codes = first_reason(len(aligned), (~mapped, "no_au_map"), otherwise="missing_samples")
    table.add("event_hit", own_hit, codes)
    why = np.where(own_hit == 0, "censored", codes)
    table.add("event_onset_s", own_onset, why)
    apex = table.add("event_apex_s", _apex(aligned, settings, own_onset), why)
    own_limit = first_target(aligned, settings, limit)
    offset = _offset(aligned, settings, apex, own_limit)
    table.add("event_offset_s", offset, np.where(own_hit == 1, "censored", why))


def _apex(aligned: AlignedTrials, settings: ScoringSettings, onset: Floats) -> Floats:
    """(K,) time of the largest value from the onset to the end of the primary window."""
    stop = settings.windows[settings.primary_window][1]
    result = np.full(len(aligned), np.nan)
    for k in np.flatnonzero(np.isfinite(onset)):
        unit = aligned.index(settings.emotions[aligned.trials.condition[k]].targets[0])
        inside = in_window(aligned.times_s, (float(onset[k]), max(stop, float(onset[k]) + 1e-6)))
        course = np.where(inside, aligned.response_fast[k, :, unit], np.nan)
        result[k] = aligned.times_s[int(np.nanargmax(course))]
    return result


def _offset(
    aligned: AlignedTrials, settings: ScoringSettings, apex: Floats, limit: Floats
) -> Floats:
    """(K,) first time after the apex at which the response is at or below its limit again."""
    result = np.full(len(aligned), np.nan)
    for k in np.flatnonzero(np.isfinite(apex)):
        unit = aligned.index(settings.emotions[aligned.trials.condition[k]].targets[0])
        course = aligned.response_fast[k, :, unit]
        back = np.flatnonzero((aligned.times_s > apex[k]) & (course <= limit[k]))
        if back.size:
            result[k] = aligned.times_s[back[0]]
    return result


def all_onsets(
    aligned: AlignedTrials, settings: ScoringSettings, phase: NDArray[np.str_], valid: Flags
) -> tuple[Floats, Floats, Floats]:
    """(K, A) hits, onsets and levels that a response must exceed, for every action unit."""
    before = in_window(aligned.times_s, settings.baseline_s)
    level = window_mean(aligned.response_fast, before)
    change = aligned.response_fast - level[:, None]
    shape = (len(aligned), len(aligned.names))
    hit, onset, limit = (np.full(shape, np.nan) for _ in range(3))
    for group in np.unique(phase):
        members = (phase == group) & valid
        if not members.any():
            continue
        noise = rest_noise(aligned.response_fast[members][:, before].reshape(-1, shape[1]))
        limit[members] = level[members] + settings.event_sigma * noise
        hit[members], onset[members] = find_onsets(
            aligned.times_s,
            change[members],
            noise,
            rate_hz=aligned.rate_hz,
            sigma=settings.event_sigma,
            hold_s=settings.event_hold_s,
            search_s=settings.event_search_s,
            max_missing=settings.event_max_missing,
        )
    return hit, onset, limit
