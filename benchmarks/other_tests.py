"""Other tests of mimicry in use, which the calibration page holds against that of the package."""

import numpy as np

from benchmarks.trial_lists import EMOTIONS
from mimicry.kernels.chance import p_value
from mimicry.kernels.correlation import lag_samples, lagged_correlation
from mimicry.kernels.windows import in_window
from mimicry.records import AlignedTrials, ScoringSettings
from mimicry.scoring.lag import profiles

#: Every test of the table, in the order of its columns.
TESTS = {
    "pipeline": "label swap as the design declares, D in z, with all rules for invalid trials",
    "peak r": "the same swap, mean peak correlation",
    "free labels": "label swap over trials, whatever the design",
    "mean difference": "label swap over trials, of the plain mean difference",
    "index > 0": "t test of the condition's own mean index against 0",
    "circular shift": "mean peak r against circular shifts of each response",
    "frames": "best lag of one trial, frames counted as independent",
}


def peaks(aligned: AlignedTrials, emotion: str, settings: ScoringSettings) -> np.ndarray:
    """(K,) atanh of every trial's peak correlation with the envelope of `emotion`."""
    unit = aligned.index(EMOTIONS[emotion].targets[0])
    shown = aligned.trials.condition.index(emotion)
    envelope = np.repeat(aligned.stimulus[shown : shown + 1, :, unit], len(aligned), axis=0)
    best = np.nanmax(profiles(aligned, envelope, unit, settings), axis=1, initial=-1.0)
    return np.arctanh(np.clip(best, -1 + 1e-7, 1 - 1e-7))


def plain_swap(score: np.ndarray, own: np.ndarray, rest: np.ndarray, rng) -> float:
    """Label swap over trials of the mean difference, not studentised."""
    used = np.isfinite(score) & (own | rest)
    y, label = score[used], own[used]
    table = rng.permuted(np.tile(label, (999, 1)), axis=1)
    n = label.sum()
    drawn = table @ y / n - (~table) @ y / (len(y) - n)
    return p_value(y[label].mean() - y[~label].mean(), drawn, tail="size")


def t_test(values: np.ndarray) -> float:
    """One-sample t test against 0, two-sided."""
    from scipy.stats import ttest_1samp

    return float(ttest_1samp(values[np.isfinite(values)], 0.0).pvalue)


def frames_test(
    aligned: AlignedTrials, own: np.ndarray, emotion: str, settings: ScoringSettings
) -> float:
    """Return p of the best lag of the first trial as if its frames were independent."""
    from scipy.stats import t as student

    if not own.any():
        return float("nan")
    unit = aligned.index(EMOTIONS[emotion].targets[0])
    envelope = aligned.stimulus[:, :, unit]
    profile = profiles(aligned, envelope, unit, settings)[np.flatnonzero(own)[0]]
    if not np.isfinite(profile).any():
        return float("nan")
    r = float(np.clip(np.nanmax(profile), -1 + 1e-12, 1 - 1e-12))
    n = int(in_window(aligned.times_s, settings.stimulus_window_s).sum())
    return float(2 * student.sf(abs(r) * np.sqrt((n - 2) / (1 - r**2)), n - 2))


def circular_shift(
    aligned: AlignedTrials,
    own: np.ndarray,
    emotion: str,
    settings: ScoringSettings,
    rng: np.random.Generator,
    draws: int = 40,
) -> float:
    """Return p (upper tail) of the mean peak r against circular shifts of every response."""
    unit = aligned.index(EMOTIONS[emotion].targets[0])
    inside = np.flatnonzero(in_window(aligned.times_s, settings.stimulus_window_s))
    lags = lag_samples(settings.lags_s, aligned.rate_hz)
    first, last = inside[0] + lags[0], inside[-1] + lags[-1]
    x = aligned.stimulus[own][:, inside, unit]
    y = aligned.response_fast[own][:, first : last + 1, unit]
    complete = np.isfinite(y).all(axis=1)
    if complete.sum() < 6:
        return float("nan")
    x, y = x[complete], y[complete]
    k, n = y.shape
    shift = rng.integers(n, size=(draws, k))
    shift[0] = 0
    moved = y[np.arange(k)[None, :, None], (np.arange(n) + shift[:, :, None]) % n]
    r = lagged_correlation(
        np.tile(x, (draws, 1))[:, None], moved.reshape(-1, n), min_overlap=settings.min_overlap
    )[:, 0]
    best = np.arctanh(np.clip(np.nanmax(r, axis=1), -1 + 1e-7, 1 - 1e-7)).reshape(draws, k)
    mean = best.mean(axis=1)
    return p_value(mean[0], mean, complete=True)
