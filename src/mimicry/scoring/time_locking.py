"""Is the peak correlation tied to the stimulus at all? Tests against the secondary nulls.

None of them is evidence for mimicry: a startle, a blink or a word at every stimulus is time-locked
too. For that there is the label swap (:mod:`mimicry.scoring.swap`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.chance import p_value, z_surrogate
from mimicry.kernels.correlation import (
    fisher_z,
    lag_samples,
    lagged_correlation,
    peak_over_lags,
)
from mimicry.kernels.windows import in_window
from mimicry.records import AlignedTrials, Null, ScoringSettings
from mimicry.scoring.lag import lag_axis_s
from mimicry.scoring.nulls import SECONDARY_NULLS, Surrogate

__all__ = ["SurrogateResult", "surrogate_test"]

Floats = NDArray[np.float64]
_CHUNK = 2_000  # surrogate trials at a time


@dataclass(frozen=True, slots=True)
class SurrogateResult:
    """Mean Fisher z of the peak correlation against its surrogates.

    `reason` says why the numbers are NaN: ``too_few_trials`` or ``identical_stimuli``.
    """

    value: float = float("nan")
    p: float = float("nan")
    z_surrogate: float = float("nan")
    surrogates: int = 0
    reason: str = ""


def surrogate_test(
    aligned: AlignedTrials,
    settings: ScoringSettings,
    condition: str,
    null: str,
    *,
    used: NDArray[np.bool_],
    rng: np.random.Generator,
) -> SurrogateResult:
    """Test the mean peak correlation of a condition's trials against surrogates.

    Parameters
    ----------
    aligned, settings
        The trials and how they are scored.
    condition
        An emotion; its first target is correlated with the stimuli of its trials.
    null
        A name in :data:`mimicry.scoring.nulls.SECONDARY_NULLS`.
    used
        (K,) the condition's valid trials.
    rng
        Source of the surrogates.

    Returns
    -------
    SurrogateResult
        One-sided ``p = (b + 1) / (m + 1)``: large correlations only. Surrogates go through
        the same steps as the data, the maximum over lags included.

    Raises
    ------
    ValueError
        When there is no such null.
    """
    if null not in SECONDARY_NULLS:
        raise ValueError(f"no null {null!r}; there are {', '.join(SECONDARY_NULLS)}")
    unit = aligned.index(settings.emotions[condition].targets[0])
    stimuli, responses = _windows(aligned, settings, unit, used)
    seen = np.isfinite(_peaks(stimuli, responses, aligned, settings))
    stimuli, responses = stimuli[seen], responses[seen]
    if len(responses) < max(settings.min_trials, 2):
        return SurrogateResult(reason="too_few_trials")
    if null == "stimulus-permutation" and np.ptp(stimuli, axis=0).max() < 1e-9:
        return SurrogateResult(reason="identical_stimuli")
    value = float(_peaks(stimuli, responses, aligned, settings).mean())
    drawn = _surrogate_means(SECONDARY_NULLS[null], stimuli, responses, aligned, settings, rng)
    return SurrogateResult(
        value=value,
        p=p_value(value, drawn),
        z_surrogate=z_surrogate(value, drawn),
        surrogates=len(drawn),
    )


def _windows(
    aligned: AlignedTrials, settings: ScoringSettings, unit: int, used: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """(n, W) stimuli and (n, W + L - 1) responses."""
    inside = np.flatnonzero(in_window(aligned.times_s, settings.stimulus_window_s))
    lags = lag_samples(settings.lags_s, aligned.rate_hz)
    first, last = inside[0] + lags[0], inside[-1] + lags[-1]
    return (
        aligned.stimulus[used][:, inside, unit],
        aligned.response_fast[used][:, first : last + 1, unit],
    )


def _peaks(
    stimuli: Floats, responses: Floats, aligned: AlignedTrials, settings: ScoringSettings
) -> Floats:
    r = lagged_correlation(stimuli[:, None], responses, min_overlap=settings.min_overlap)[:, 0]
    return fisher_z(peak_over_lags(r, lag_axis_s(aligned, settings))[0])


def _surrogate_means(
    null: Null[Surrogate],
    stimuli: Floats,
    responses: Floats,
    aligned: AlignedTrials,
    settings: ScoringSettings,
    rng: np.random.Generator,
) -> Floats:
    n, m = len(responses), settings.secondary_surrogates
    step = max(1, _CHUNK // n)
    means = np.empty(m)
    for k in range(0, m, step):
        count = min(step, m - k)
        made = [null.draw(stimuli, responses, aligned.rate_hz, rng) for _ in range(count)]
        shown, moved = (np.concatenate(parts) for parts in zip(*made, strict=True))
        z = _peaks(shown, moved, aligned, settings).reshape(count, n)
        # A gap that wandered into the window can leave a surrogate trial without a value, or all.
        finite = np.isfinite(z)
        total, n_known = np.where(finite, z, 0).sum(axis=1), finite.sum(axis=1)
        means[k : k + count] = np.where(n_known > 0, total / np.maximum(n_known, 1), np.nan)
    return means
