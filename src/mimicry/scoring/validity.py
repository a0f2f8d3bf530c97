"""Which trials may be used, decided without a look at their condition."""

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.baseline import pooled_sd
from mimicry.kernels.windows import in_window, window_mean
from mimicry.records import AlignedTrials, ScoringSettings

__all__ = ["EXCLUDED", "judge_trials", "phases"]

#: Design column in which quality control says why a trial is left out; empty: it is not.
EXCLUDED = "excluded"


def phases(aligned: AlignedTrials, settings: ScoringSettings) -> tuple[str, ...]:
    """Return the phase of every trial; "" for all when the table has no such column."""
    return aligned.trials.columns.get(settings.phase_column, ("",) * len(aligned))


def judge_trials(
    aligned: AlignedTrials, settings: ScoringSettings
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Judge whether each trial is valid, and if not, give every reason for it.

    Returns
    -------
    valid
        (K,) True where no reason applies.
    reason
        K texts, sorted codes joined by ``;``: ``artefact`` (too many bad bins in the
        response), ``baseline`` (in the baseline), ``duration`` (0 s or less), ``excluded`` (by
        quality control, in the column `excluded`), ``low_fps``, ``outside`` (the trial reaches
        beyond the recording), ``overlap`` (with the clip of another trial), ``speech`` (in the
        baseline).

    Notes
    -----
    The amplitude of a *response* never makes a trial invalid: a big smile is the signal. Only
    baseline bins can be outliers, and their limit comes from all baselines of the phase.
    """
    before, after = _bin_kinds(aligned, settings)
    unseen = _unseen(aligned)
    bad_before = unseen[:, before] | _outlying(aligned, before, settings)
    share = settings.bad_bins_fraction
    quality = aligned.quality
    excluded = aligned.trials.columns.get(EXCLUDED, ("",) * len(aligned))
    flags = {
        "artefact": unseen[:, after].mean(axis=1) > share,
        "baseline": bad_before.mean(axis=1) > share,
        "duration": _flag(aligned, "duration"),
        "excluded": np.array(excluded, dtype=object) != "",
        "low_fps": quality["fps_effective"] < settings.min_fps - 1e-9,
        "outside": quality["outside"] == 1,
        "overlap": _flag(aligned, "overlap"),
        "speech": quality["speech"] == 1,
    }
    invalid = np.logical_or.reduce(list(flags.values()))
    reasons = tuple(
        ";".join(code for code, flag in sorted(flags.items()) if flag[k])
        for k in range(len(aligned))
    )
    return ~invalid, reasons


def _flag(aligned: AlignedTrials, name: str) -> NDArray[np.bool_]:
    """Return a mark that trials made in memory need not have."""
    return np.asarray(aligned.quality.get(name, np.zeros(len(aligned))) == 1)


def _bin_kinds(
    aligned: AlignedTrials, settings: ScoringSettings
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    starts = aligned.edges_s[:-1]
    return in_window(starts, settings.baseline_s), starts >= max(0.0, settings.baseline_s[1]) - 1e-9


def _unseen(aligned: AlignedTrials) -> NDArray[np.bool_]:
    """(K, B) fewer than half of the frames have a face, or most faces are masked."""
    few = (aligned.tracked == 0) | (2 * aligned.tracked < aligned.frames)
    return np.asarray(few | (2 * aligned.masked > aligned.tracked))


def _outlying(
    aligned: AlignedTrials, before: NDArray[np.bool_], settings: ScoringSettings
) -> NDArray[np.bool_]:
    """(K, bins) some scored action unit is far from its mean over all baselines of the phase."""
    edges = aligned.edges_s
    chosen = np.flatnonzero(before)
    inside = (in_window(aligned.times_s, (edges[b], edges[b + 1])) for b in chosen)
    means = np.stack([window_mean(aligned.response, flags) for flags in inside], axis=1)
    result = np.zeros(means.shape[:2], dtype=bool)
    names = np.array(phases(aligned, settings))
    for phase in np.unique(names):
        levels = means[names == phase]
        pooled = levels.reshape(-1, levels.shape[2])
        centre = np.ma.masked_invalid(pooled).mean(axis=0).filled(np.nan)
        limit = settings.baseline_outlier_sd * pooled_sd(pooled, min_trials=2, smallest=-1.0)
        result[names == phase] = (np.abs(levels - centre) > limit + 1e-12).any(axis=2)
    return result
