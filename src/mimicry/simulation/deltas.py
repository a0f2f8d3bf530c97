"""Changes from baseline of many simulated people at once, without drawing any frame.

The change in a window is linear in the movement: size of the response times the share of it
that falls into the window, which depends on the latency. What cameras and stray movement add
is noise whose size is measured once on still faces. The model is that of
:mod:`mimicry.simulation.population`; a test holds the two against one another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.baseline import delta
from mimicry.kernels.resample import sample_at, time_grid
from mimicry.kernels.smooth import gaussian_smooth
from mimicry.records.settings import ScoringSettings
from mimicry.records.timeline import Timelines, TrialTable
from mimicry.simulation.effects import Effect, Group
from mimicry.simulation.nuisance import Nuisance, add_nuisance, frame_times
from mimicry.simulation.participants import (
    EARLIEST_S,
    concerned,
    extra_movement,
    habituated,
    instruction,
)
from mimicry.simulation.population import mean_responses, stimulus_peaks, trial_shapes
from mimicry.simulation.shapes import sample_shapes

__all__ = ["DeltaMeasurement", "People", "delta_measurement", "simulate_deltas"]

Floats = NDArray[np.float64]

_LATENCIES_S = np.arange(EARLIEST_S, 5.0, 0.01)


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Deltas of P people in K trials and A units, and their traits."""

    deltas: Floats
    traits: Mapping[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class DeltaMeasurement:
    """How deltas are measured: A action units, window and baseline, and the camera's noise.

    `noise` is the (A,) SD that camera and stray movement add to the delta of one trial.
    """

    names: tuple[str, ...]
    settings: ScoringSettings
    noise: Floats


def delta_measurement(
    nuisance: Nuisance, names: Sequence[str], settings: ScoringSettings, rng: np.random.Generator
) -> DeltaMeasurement:
    """Return how deltas are measured with a camera and faces like these.

    The noise is measured on half an hour of still faces, cut into trials of 5 s and smoothed like a
    recording; blinks are masked.
    """
    times = frame_times(1800.0, 30.0, nuisance, rng)
    made = add_nuisance(np.zeros((len(times), len(names))), times, tuple(names), nuisance, rng)
    values = np.where(made.blink[:, None], np.nan, made.intensity)
    smooth = gaussian_smooth(times, values, settings.smooth_amplitude_s)
    window = settings.windows[settings.primary_window]
    grid = time_grid(settings.baseline_s[0], window[1], settings.rate_hz)
    onsets = np.arange(2.0, 1800.0 - window[1] - 1, 5.0)
    at = (onsets[:, None] + grid).ravel()
    cut = sample_at(times, smooth, at, max_gap_s=settings.max_gap_s)
    trials = cut.reshape(len(onsets), len(grid), len(names))
    noise = np.nanstd(delta(grid, trials, window, baseline_s=settings.baseline_s), axis=0, ddof=1)
    return DeltaMeasurement(tuple(names), settings, np.asarray(noise))


def simulate_deltas(
    trials: TrialTable,
    timelines: Timelines,
    group: Group,
    effect: Effect,
    n: int,
    *,
    measurement: DeltaMeasurement,
    rng: np.random.Generator,
) -> People:
    """Simulate `n` people of a group who all see the same session.

    Parameters
    ----------
    trials, timelines
        The session of K trials.
    group, effect
        Who the people are and what they do.
    measurement
        A action units, window, baseline and noise, from :func:`delta_measurement`.

    Returns
    -------
    People
        ``deltas`` (n, K, A).
    """
    names, k = measurement.names, len(trials)
    traits = {name: rng.standard_normal(n) for name in group.traits}
    responder = rng.random((n, 1)) >= group.nonresponders
    factors, delays = np.ones((n, k)), np.zeros((n, k))
    for change in group.changes:
        here = concerned(change, trials)
        z = np.ones((n, 1)) if change.trait is None else traits[change.trait][:, None]
        factors[:, here] *= 1 + (change.gain - 1) * z
        delays[:, here] += change.delay_s * z
    gains = group.gain * factors + _deviations(group, effect, trials, n, rng)
    gains *= habituated(group, k)
    task = instruction(trials)
    if group.inhibit is not None:
        gains[:, task == "inhibit"] *= group.inhibit
    gains *= 1 + effect.trial_cv * rng.standard_normal((n, k))
    gains[~(responder & (rng.random((n, k)) < group.response_probability))] = 0.0
    moved = gains[:, :, None] * mean_responses(trials, timelines, effect, names)
    if group.imitate is not None and (asked := task == "imitate").any():
        size = group.imitate * (1 + effect.trial_cv * rng.standard_normal((n, asked.sum())))
        moved[:, asked] = size[:, :, None] * stimulus_peaks(trials, timelines, names)[asked]
    moved += extra_movement(group, effect, trials, names, rng, (n,))
    late = group.latency_s + group.latency_sd * rng.standard_normal((n, 1))
    late = np.maximum(EARLIEST_S, late) + delays
    late = np.maximum(EARLIEST_S, late + group.trial_latency_sd * rng.standard_normal((n, k)))
    share = _window_share(trials, timelines, group, measurement.settings, late)
    seen = share[:, :, None] * moved
    return People(seen + measurement.noise * rng.standard_normal(seen.shape), traits)


def _deviations(
    group: Group, effect: Effect, trials: TrialTable, n: int, rng: np.random.Generator
) -> Floats:
    """(n, K) how far each person's gain lies from the group's."""
    conditions = sorted(set(trials.condition))
    common, special = rng.standard_normal((n, 1)), rng.standard_normal((n, len(conditions)))
    z = np.sqrt(effect.person_r) * common + np.sqrt(1 - effect.person_r) * special
    sds = [effect.gain_sd(c) if group.gain_sd is None else group.gain_sd for c in conditions]
    return np.asarray((z * sds)[:, [conditions.index(c) for c in trials.condition]])


def _window_share(
    trials: TrialTable,
    timelines: Timelines,
    group: Group,
    settings: ScoringSettings,
    latency_s: Floats,
) -> Floats:
    """(n, K) delta of a response of size 1: its mean in the window minus that in the baseline."""
    tables, of_trial = trial_shapes(trials, timelines, group.shape)
    rows, kind = np.unique(tables, axis=0, return_inverse=True)
    start, stop = settings.windows[settings.primary_window]
    inside = time_grid(start, stop - 1e-6, settings.rate_hz)
    before = time_grid(settings.baseline_s[0], settings.baseline_s[1] - 1e-6, settings.rate_hz)
    kinds = kind.ravel()[of_trial]
    share = np.empty(latency_s.shape)
    for row in range(len(rows)):
        which = np.full(len(_LATENCIES_S), row, dtype=np.intp)
        level, base = (
            sample_shapes(rows, which, grid[None, :] - _LATENCIES_S[:, None]).mean(axis=1)
            for grid in (inside, before)
        )
        here = kinds == row
        share[:, here] = np.interp(latency_s[:, here], _LATENCIES_S, level - base)
    return share
