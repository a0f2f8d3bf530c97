"""Secondary nulls for the peak correlation: is the response tied to the stimulus at all?

Each null has a question that it answers and a situation in which it is wrong. None of them is
evidence for mimicry: a startle, a blink or a word at every stimulus is time-locked too. For
that there is the label swap (:mod:`mimicry.scoring.swap`).
"""

from collections.abc import Callable
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
from mimicry.kernels.series_surrogates import circular_shift, phase_randomised, segment_shuffle
from mimicry.kernels.windows import in_window
from mimicry.records import AlignedTrials, ScoringSettings
from mimicry.scoring.lag import lag_axis_s

__all__ = ["NULLS", "Null", "SurrogateResult", "surrogate_test"]

Floats = NDArray[np.float64]
_CHUNK = 2_000  # surrogate trials at a time


@dataclass(frozen=True, slots=True)
class Null:
    """What a null keeps, what it asks, and when its answer is wrong."""

    name: str
    keeps: str
    question: str
    wrong_when: str


NULLS: dict[str, Null] = {
    null.name: null
    for null in (
        Null(
            "stimulus-permutation",
            "the responses and the set of stimuli",
            "Does a response follow the course of its own clip rather than of another clip?",
            "The clips have the same time course: then it has no power. Order effects, when "
            "similar clips were shown close together.",
        ),
        Null(
            "circular-shift",
            "each response's values and their neighbourhood",
            "Is the response tied in time to the stimulus at all?",
            "Every stimulus triggers the same movement (orienting, startle, a word): false "
            "alarms up to 99 %. Drift through the trial: the seam where the ends meet is a step.",
        ),
        Null(
            "phase-randomisation",
            "each response's power spectrum",
            "As circular-shift, for stationary Gaussian responses.",
            "As circular-shift; and single bursts, which become a steady hum.",
        ),
        Null(
            "segment-shuffle",
            "each response's values within half a second",
            "As circular-shift, without keeping the slow course of the response.",
            "As circular-shift; and smooth responses, which the cuts make rougher than they are.",
        ),
    )
}


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
        A name in :data:`NULLS`.
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
    if null not in NULLS:
        raise ValueError(f"no null {null!r}; there are {', '.join(NULLS)}")
    unit = aligned.index(settings.emotions[condition].targets[0])
    stimuli, responses = _windows(aligned, settings, unit, used)
    seen = np.isfinite(_peaks(stimuli, responses, aligned, settings))
    stimuli, responses = stimuli[seen], responses[seen]
    if len(responses) < max(settings.min_trials, 2):
        return SurrogateResult(reason="too_few_trials")
    if null == "stimulus-permutation" and np.ptp(stimuli, axis=0).max() < 1e-9:
        return SurrogateResult(reason="identical_stimuli")
    value = float(_peaks(stimuli, responses, aligned, settings).mean())
    drawn = _surrogate_means(null, stimuli, responses, aligned, settings, rng)
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
    null: str,
    stimuli: Floats,
    responses: Floats,
    aligned: AlignedTrials,
    settings: ScoringSettings,
    rng: np.random.Generator,
) -> Floats:
    n, m = len(responses), settings.secondary_surrogates
    if null == "stimulus-permutation":
        r = [_peaks(stimuli[rng.permutation(n)], responses, aligned, settings) for _ in range(m)]
        return np.array([row.mean() for row in r])
    make = _maker(null, aligned.rate_hz)
    step = max(1, _CHUNK // n)
    means = np.empty(m)
    for k in range(0, m, step):
        count = min(step, m - k)
        drawn = np.array([make(y, rng) for _ in range(count) for y in responses])
        z = _peaks(np.tile(stimuli, (count, 1)), drawn, aligned, settings).reshape(count, n)
        # A gap that wandered into the window can leave a surrogate trial without a value.
        there = np.isfinite(z)
        means[k : k + count] = np.where(there, z, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return means


def _maker(null: str, rate_hz: float) -> Callable[[Floats, np.random.Generator], Floats]:
    if null == "phase-randomisation":
        return phase_randomised
    if null == "circular-shift":
        return lambda y, rng: circular_shift(y, rng, min_shift=1)
    half_second = max(1, round(0.5 * rate_hz))
    return lambda y, rng: segment_shuffle(y, rng, segment=half_second)
