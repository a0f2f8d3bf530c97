"""The trial table: one row of scores for every trial."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.baseline import block_standard_error, pooled_sd
from mimicry.kernels.windows import in_window, window_mean, window_sd
from mimicry.records import AlignedTrials, MimicryScores, ScoringSettings
from mimicry.scoring._reasons import ReasonedColumns, first_reason
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
    for name in _SHOWN_QUALITY:
        table.describe(name, aligned.quality[name], _QUALITY_REASONS.get(name, "no_frames"))
    for a, unit in enumerate(aligned.names):
        seen = np.isfinite(aligned.response[:, :, a]).any()
        code = "no_baseline" if seen else "not_measured"
        table.describe(f"baseline_mean_{unit}", level[:, a], code)
        table.describe(f"baseline_sd_{unit}", spread[:, a], code)
    amplitude = _Amplitudes(aligned, settings, valid, np.array(phase), level)
    deltas, deltas_z, deltas_cal = amplitude.fill(table)
    noise = _noise(aligned, settings, before, table)
    main = list(settings.windows).index(settings.primary_window)
    for suffix, values in (("", deltas_z), ("_raw", deltas), ("_cal", deltas_cal)):
        scored = _own_index(aligned, settings, values[:, main])
        why = _index_reasons(aligned, settings)
        table.add(f"mimicry_index{suffix}", scored, why)
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


_SHOWN_QUALITY = (
    "n_frames",
    "tracked_fraction",
    "max_gap_s",
    "fps_effective",
    "pose_max_deg",
    "blink_fraction",
)
_QUALITY_REASONS = {"pose_max_deg": "no_pose"}


@dataclass(frozen=True, slots=True, eq=False)
class _Amplitudes:
    """Deltas of all windows in three units."""

    aligned: AlignedTrials
    settings: ScoringSettings
    valid: Flags
    phase: NDArray[np.str_]
    level: Floats

    def fill(self, table: ReasonedColumns) -> tuple[Floats, Floats, Floats]:
        shape = (len(self.aligned), len(self.settings.windows), len(self.aligned.names))
        raw, in_sd, in_imitation = (np.full(shape, np.nan) for _ in range(3))
        for v, (name, window) in enumerate(self.settings.windows.items()):
            delta = self._delta(window)
            for a, unit in enumerate(self.aligned.names):
                raw[:, v, a] = table.explain(
                    f"delta_{unit}_{name}", delta[:, a], self._why_missing(a)
                )
            for group in np.unique(self.phase):
                in_sd[self.phase == group, v] = raw[self.phase == group, v] / self._sd(
                    raw[self.phase == group, v]
                )
            for a, unit in enumerate(self.aligned.names):
                in_sd[:, v, a] = table.explain(
                    f"delta_z_{unit}_{name}", in_sd[:, v, a], self._why_no_sd(raw[:, v, a], a)
                )
            rulers, codes = self._rulers(raw[:, v])
            for a, unit in enumerate(self.aligned.names):
                missing = ~np.isfinite(raw[:, v, a])
                in_imitation[:, v, a] = table.explain(
                    f"delta_cal_{unit}_{name}",
                    raw[:, v, a] / rulers[:, a],
                    np.where(missing, self._why_missing(a), codes[:, a]),
                )
        return raw, in_sd, in_imitation

    def _delta(self, window: tuple[float, float]) -> Floats:
        inside = in_window(self.aligned.times_s, window)
        return window_mean(self.aligned.response, inside) - self.level

    def _sd(self, raw: Floats) -> Floats:
        return pooled_sd(raw, min_trials=self.settings.min_trials_z)

    def _why_missing(self, unit: int) -> Codes:
        """Why a delta of a valid trial can be missing."""
        n = len(self.aligned)
        return first_reason(
            n,
            (np.full(n, ~np.isfinite(self.aligned.response[:, :, unit]).any()), "not_measured"),
            (~np.isfinite(self.level[:, unit]), "no_baseline"),
            otherwise="window_missing",
        )

    def _why_no_sd(self, raw: Floats, unit: int) -> Codes:
        few = np.zeros(len(raw), dtype=bool)
        for group in np.unique(self.phase):
            members = self.phase == group
            few[members] = np.isfinite(raw[members]).sum() < max(self.settings.min_trials_z, 2)
        missing = ~np.isfinite(raw)
        codes = np.where(few, "too_few_trials", "no_variance").astype(object)
        return np.where(missing, self._why_missing(unit), codes)

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
    for a, unit in enumerate(aligned.names):
        error[:, a] = table.explain(f"noise_se_{unit}", error[:, a], "missing_samples")
    return error


def _own_index(aligned: AlignedTrials, settings: ScoringSettings, values: Floats) -> Floats:
    """(K,) pattern score of each trial for its own condition."""
    result = np.full(len(aligned), np.nan)
    conditions = np.array(aligned.trials.condition)
    for name, emotion in settings.emotions.items():
        of_emotion = conditions == name
        result[of_emotion] = pattern_score(values[of_emotion], aligned.names, emotion)
    return result


def _index_reasons(aligned: AlignedTrials, settings: ScoringSettings) -> Codes:
    n = len(aligned)
    mapped = np.isin(np.array(aligned.trials.condition), list(settings.emotions))
    return first_reason(n, (~mapped, "no_au_map"), otherwise="au_missing")


def _snr(
    aligned: AlignedTrials,
    settings: ScoringSettings,
    valid: Flags,
    phase: NDArray[np.str_],
    deltas: Floats,
) -> tuple[Floats, Codes]:
    """Delta of the first target over its SD across the reference trials of the phase."""
    n = len(aligned)
    conditions = np.array(aligned.trials.condition)
    result = np.full(n, np.nan)
    for name, emotion in settings.emotions.items():
        unit = aligned.index(emotion.targets[0])
        for group in np.unique(phase):
            members = valid & (phase == group)
            others = deltas[members & reference_trials(list(conditions), name, settings), unit]
            others = others[np.isfinite(others)]
            enough = len(others) >= max(settings.min_trials, 2)
            sd = float(others.std(ddof=1)) if enough else np.nan
            shown = members & (conditions == name)
            if sd > 1e-9:
                result[shown] = deltas[shown, unit] / sd
    mapped = np.isin(conditions, list(settings.emotions))
    unknown = np.isnan(first_target(aligned, settings, deltas))
    codes = first_reason(
        n,
        (~mapped, "no_au_map"),
        (unknown, "au_missing"),
        otherwise="no_reference_sd",
    )
    return result, codes
