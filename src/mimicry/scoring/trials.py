"""The trial table: one row of scores for every trial."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.baseline import block_standard_error, pooled_sd
from mimicry.kernels.windows import in_window, window_mean, window_sd
from mimicry.records import AlignedTrials, MimicryScores, ScoringSettings
from mimicry.scoring._reasons import ReasonedColumns
from mimicry.scoring.lag import lag_axis_s
from mimicry.scoring.pattern import calibration, pattern_score, reference_trials
from mimicry.scoring.timing import add_lags, add_onsets, first_target
from mimicry.scoring.validity import judge_trials, phases

__all__ = ["score"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.object_]


def score(
    aligned: AlignedTrials,
    settings: ScoringSettings,
    *,
    participant: str = "",
    session: str = "",
) -> MimicryScores:
    """Score every trial of one participant.

    Parameters
    ----------
    aligned
        Trials on their common grid, from :func:`mimicry.timeline.align`.
    settings
        Windows, action-unit maps, limits.
    participant, session
        Labels for the table.

    Returns
    -------
    MimicryScores
        Validity, baseline, deltas in three units, index, lagged correlation and onset of each
        trial. A trial carries no p value, and its index alone is a description: only the
        contrast of :func:`mimicry.scoring.summarise` says whether there is mimicry.

    Notes
    -----
    Trials of different phases (watch, imitate, inhibit) are never pooled. Standardised deltas
    are divided by the SD over all trials of the phase and never centred. All scores of an
    invalid trial are NaN; its baseline stays readable.
    """
    valid, reason = judge_trials(aligned, settings)
    phase = phases(aligned, settings)
    table = ReasonedColumns(valid)
    before = in_window(aligned.times_s, settings.baseline_s)
    level = window_mean(aligned.response, before)
    spread = window_sd(aligned.response, before)
    for name, code in _SHOWN_QUALITY.items():
        table.describe(name, aligned.quality[name], code)
    for a, unit in enumerate(aligned.names):
        seen = np.isfinite(aligned.response[:, :, a]).any()
        code = "no_baseline" if seen else "not_measured"
        table.describe(f"baseline_mean_{unit}", level[:, a], code)
        table.describe(f"baseline_sd_{unit}", spread[:, a], code)
    amplitude = _Amplitudes(aligned, settings, valid, np.array(phase), level)
    deltas, deltas_z, deltas_cal = amplitude.fill(table)
    noise = _noise(aligned, settings, before, table)
    main = list(settings.windows).index(settings.primary_window)
    mapped = np.isin(np.array(aligned.trials.condition), list(settings.emotions))
    why = np.where(mapped, "au_missing", "no_au_map").astype(object)
    for suffix, values in (("", deltas_z), ("_raw", deltas), ("_cal", deltas_cal)):
        table.add(f"mimicry_index{suffix}", _own_index(aligned, settings, values[:, main]), why)
    table.add("snr", *_snr(aligned, settings, valid, np.array(phase), deltas[:, main]))
    profile = add_lags(aligned, settings, np.array(phase), table)
    add_onsets(aligned, settings, np.array(phase), table)
    return MimicryScores(
        trials=aligned.trials,
        names=aligned.names,
        windows=tuple(settings.windows),
        phase=phase,
        valid=valid,
        reason=reason,
        quality={k: aligned.quality[k] for k in _SHOWN_QUALITY},
        baseline_mean=level,
        baseline_sd=spread,
        delta=deltas,
        delta_z=deltas_z,
        delta_cal=deltas_cal,
        noise_se=noise,
        columns=table.columns,
        lags_s=lag_axis_s(aligned, settings),
        lag_profile=profile,
        why=table.why,
        participant=participant,
        session=session,
    )


# the numbers of a trial's frames that are shown, and why one is missing in a valid trial
_SHOWN_QUALITY = dict.fromkeys(
    (
        "n_frames",
        "tracked_fraction",
        "max_gap_s",
        "fps_effective",
        "pose_max_deg",
        "blink_fraction",
    ),
    "no_frames",
) | {"pose_max_deg": "no_pose"}


@dataclass(frozen=True, slots=True, eq=False)
class _Amplitudes:
    """Deltas of all windows in three units."""

    aligned: AlignedTrials
    settings: ScoringSettings
    valid: Flags
    phase: NDArray[np.str_]
    level: Floats

    def fill(self, table: ReasonedColumns) -> tuple[Floats, Floats, Floats]:
        names, missing, made = self.aligned.names, self._why_missing(), []
        for window, span in self.settings.windows.items():
            inside = in_window(self.aligned.times_s, span)
            delta = window_mean(self.aligned.response, inside) - self.level
            raw = table.explain_all([f"delta_{unit}_{window}" for unit in names], delta, missing)
            unknown = ~np.isfinite(raw)
            scaled = [raw]
            for unit, (scale, why) in (("z", self._spread(raw)), ("cal", self._rulers(raw))):
                columns = [f"delta_{unit}_{name}_{window}" for name in names]
                codes = np.where(unknown, missing, why)
                scaled.append(table.explain_all(columns, raw / scale, codes))
            made.append(scaled)
        raw, in_sd, in_imitation = (np.stack(x, axis=1) for x in zip(*made, strict=True))
        return raw, in_sd, in_imitation

    def _why_missing(self) -> Codes:
        """(K, A) why a delta of a valid trial can be missing."""
        seen = np.isfinite(self.aligned.response).any(axis=(0, 1))
        causes = [np.broadcast_to(~seen, self.level.shape), ~np.isfinite(self.level)]
        return np.select(causes, ["not_measured", "no_baseline"], "window_missing").astype(object)

    def _spread(self, raw: Floats) -> tuple[Floats, Codes]:
        """(K, A) SD over all trials of every trial's phase, and why it is NaN."""
        least = self.settings.min_trials_z
        spread, codes = np.full(raw.shape, np.nan), np.full(raw.shape, "", dtype=object)
        for group in np.unique(self.phase):
            members = self.phase == group
            spread[members] = pooled_sd(raw[members], min_trials=least)
            few = np.isfinite(raw[members]).sum(axis=0) < max(least, 2)
            codes[members] = np.where(few, "too_few_trials", "no_variance")
        return spread, codes

    def _rulers(self, raw: Floats) -> tuple[Floats, Codes]:
        """(K, A) calibration of every trial, and why it is NaN."""
        rulers = np.full(raw.shape, np.nan)
        codes = np.full(raw.shape, "", dtype=object)
        conditions = np.array(self.aligned.trials.condition)
        imitated = self.phase == self.settings.imitate_phase
        for a, unit in enumerate(self.aligned.names):
            emotions = [n for n, m in self.settings.emotions.items() if unit in m.targets]
            shown = imitated & np.isin(conditions, emotions)
            for group in np.unique(self.phase):
                members = self.phase == group
                references = members & _any_reference(conditions, emotions, self.settings)
                rulers[members, a], codes[members, a] = calibration(
                    raw[shown, a],
                    raw[references, a],
                    min_trials=self.settings.min_trials_calibration,
                )
        return rulers, codes


def _any_reference(
    conditions: NDArray[np.str_], emotions: list[str], settings: ScoringSettings
) -> Flags:
    """Trials that serve as reference of any of these emotions."""
    flags = [reference_trials(list(conditions), name, settings) for name in emotions]
    return np.logical_or.reduce(flags) if flags else np.zeros(len(conditions), dtype=bool)


def _noise(
    aligned: AlignedTrials, settings: ScoringSettings, before: Flags, table: ReasonedColumns
) -> Floats:
    """(K, A) block-bootstrap SE of delta in the primary window."""
    inside = in_window(aligned.times_s, settings.windows[settings.primary_window])
    block = max(1, round(settings.noise_block_s * aligned.rate_hz))
    rest_block = max(1, min(block, int(before.sum()) // 2))
    error = np.hypot(
        block_standard_error(aligned.response, inside, block),
        block_standard_error(aligned.response, before, rest_block),
    )
    codes = np.full(error.shape, "missing_samples", dtype=object)
    return table.explain_all([f"noise_se_{unit}" for unit in aligned.names], error, codes)


def _own_index(aligned: AlignedTrials, settings: ScoringSettings, values: Floats) -> Floats:
    """(K,) pattern score of each trial for its own condition."""
    result = np.full(len(aligned), np.nan)
    conditions = np.array(aligned.trials.condition)
    for name, emotion in settings.emotions.items():
        of_emotion = conditions == name
        result[of_emotion] = pattern_score(values[of_emotion], aligned.names, emotion)
    return result


def _snr(
    aligned: AlignedTrials,
    settings: ScoringSettings,
    valid: Flags,
    phase: NDArray[np.str_],
    deltas: Floats,
) -> tuple[Floats, NDArray[np.str_]]:
    """Delta of the first target over its SD across the reference trials of the phase."""
    conditions = np.array(aligned.trials.condition)
    response = first_target(aligned, settings, deltas)
    spread = np.full(len(aligned), np.nan)
    for name, emotion in settings.emotions.items():
        others = reference_trials(list(conditions), name, settings)
        values = deltas[:, aligned.index(emotion.targets[0])]
        for group in np.unique(phase):
            members = valid & (phase == group)
            sd = pooled_sd(values[members & others], min_trials=settings.min_trials)
            spread[members & (conditions == name)] = sd
    mapped = np.isin(conditions, list(settings.emotions))
    causes = [~mapped, np.isnan(response)]
    return response / spread, np.select(causes, ["no_au_map", "au_missing"], "no_reference_sd")
