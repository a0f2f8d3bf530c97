"""When single trials respond: lagged correlation and onsets of each trial's own emotion."""

from dataclasses import dataclass

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

__all__ = ["Onsets", "add_lags", "add_onsets", "emotion_onsets", "first_target", "matched_peaks"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_FLAT = 1e-9  # a face whose noise at rest is below has no limit to exceed


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
    hit, onset, limit = (np.full(len(aligned), np.nan) for _ in range(3))
    codes = np.full(len(aligned), "no_au_map", dtype=object)
    conditions = np.array(aligned.trials.condition)
    for name in settings.emotions:
        for group in np.unique(phase):
            events = emotion_onsets(aligned, settings, name, (phase == group) & table.valid)
            shown = (conditions == name) & (phase == group)
            hit[shown], onset[shown] = events.hit[shown], events.onset_s[shown]
            limit[shown], codes[shown] = events.limit[shown], events.reason
    table.add("event_hit", hit, codes)
    why = np.where(hit == 0, "censored", codes)
    table.add("event_onset_s", onset, why)
    apex = table.add("event_apex_s", _apex(aligned, settings, onset), why)
    offset = _offset(aligned, settings, apex, limit)
    table.add("event_offset_s", offset, np.where(hit == 1, "censored", why))


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


@dataclass(frozen=True, slots=True)
class Onsets:
    """Events of one emotion's first target.

    Parameters
    ----------
    hit, onset_s, limit
        (K,) 1 or 0, onset, and the level that the response must exceed.
    reason
        Why hits are NaN: ``flat_rest``, ``no_reference_trials`` or ``missing_samples``.
    """

    hit: Floats
    onset_s: Floats
    limit: Floats
    reason: str


def emotion_onsets(
    aligned: AlignedTrials, settings: ScoringSettings, name: str, used: Flags
) -> Onsets:
    """Look for events of an emotion's first target in (K,) valid trials of one phase."""
    response = aligned.response_fast[:, :, aligned.index(settings.emotions[name].targets[0])]
    before = in_window(aligned.times_s, settings.baseline_s)
    level = window_mean(response, before)
    change = response - level[:, None]
    reference = reference_trials(aligned.trials.condition, name, settings) & used
    if reference.any():
        still = change[reference][:, in_window(aligned.times_s, settings.event_search_s)]
    else:  # baselines, each against the one before it: as far from its zero as a response is
        order = np.flatnonzero(used)[np.argsort(aligned.onset_s[used], kind="stable")]
        still = response[order[1:]][:, before] - level[order[:-1], None]
    noise = rest_noise(still)
    unknown = np.isnan(noise) and not reference.any()
    reason = "no_reference_trials" if unknown else "missing_samples"
    if noise <= _FLAT:
        noise, reason = float("nan"), "flat_rest"
    hit, onset = find_onsets(
        aligned.times_s,
        change,
        noise,
        rate_hz=aligned.rate_hz,
        sigma=settings.event_sigma,
        hold_s=settings.event_hold_s,
        search_s=settings.event_search_s,
        max_missing=settings.event_max_missing,
    )
    limit = level + settings.event_sigma * noise
    hit, onset, limit = (np.where(used, values, np.nan) for values in (hit, onset, limit))
    return Onsets(hit, onset, limit, reason)
