"""Primary scores of simulated people, whatever the score.

Contrasts of action units are simulated by :mod:`mimicry.simulation.contrasts`. The other scores
have small models here: ratings (normal answers), events (a chance rate and an added one), latencies
(the template fit on noisy averages) and the coupling of two people (Fisher z above pseudo-pairs).
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.chance import generator
from mimicry.protocol import Protocol
from mimicry.scoring.latency import fit_shift
from mimicry.simulation.contrasts import COVERED, contrast_people
from mimicry.simulation.nuisance import autoregression
from mimicry.synthetic.motion import minimum_jerk

__all__ = ["COUPLING_SD", "cell_trials", "planned_people"]

Floats = NDArray[np.float64]

#: SD of the Fisher z of one conversation around the true coupling of a pair; a guess.
COUPLING_SD = 0.15
#: SD over people of the response latency (s), as in the population simulator.
LATENCY_SD = 0.08
#: Memory of the residual movement of a face (s), and the grid of the latency fit.
MEMORY_S, STEP_S = 0.2, 1 / 30


def planned_people(
    protocol: Protocol, n: int, *, without_effect: bool = False, seed: int = 0
) -> dict[str, Floats]:
    """Return group -> (n, 2): primary score (or its within-person difference) and trait.

    Where the protocol has no trait, that column is NaN.
    """
    if protocol.file.analysis.primary.score in COVERED:
        return contrast_people(protocol, n, without_effect=without_effect, seed=seed)
    made = {}
    for group in list(protocol.file.design.groups) or ["all"]:
        scores = _group_scores(protocol, group, n, without_effect, seed)
        made[group] = np.column_stack([scores, np.full(n, np.nan)])
    return made


def _group_scores(
    protocol: Protocol, group: str, n: int, without_effect: bool, seed: int
) -> Floats:
    """(n,) primary score, or its difference within persons."""
    primary = protocol.file.analysis.primary
    rng = generator(seed, protocol.name, group)
    spread: Floats = rng.standard_normal(n)
    cell = {"group": group, "block": primary.block, "condition": primary.condition}
    if primary.within is None:
        return _cell_scores(protocol, cell, spread, without_effect, rng)
    more, less = (
        _cell_scores(protocol, {**cell, primary.within.factor: level}, spread, without_effect, rng)
        for level in (primary.within.more, primary.within.less)
    )
    return more - less


def _cell_scores(
    protocol: Protocol,
    cell: Mapping[str, str],
    spread: Floats,
    without_effect: bool,
    rng: np.random.Generator,
) -> Floats:
    prediction, primary = protocol.file.prediction, protocol.file.analysis.primary
    gain, delay = _changes(protocol, cell, without_effect)
    mean = prediction.response.get(primary.condition, 0.0)
    if without_effect and not (primary.within or primary.between):
        mean = 0.0
    person: Floats = mean * gain + prediction.person_sd * spread
    n = cell_trials(protocol)
    if primary.score == "rating":
        sides = 1 if protocol.face_to_face() else 2  # answers to the condition and its reference
        return np.asarray(person + rng.standard_normal(person.shape) * np.sqrt(sides / n))
    if primary.score == "hit_rate":
        chance = prediction.hit_rate or 0.1
        hits = rng.binomial(n, np.clip(chance + person, 0, 1))
        return np.asarray((hits - rng.binomial(n, chance, person.shape)) / n)
    if primary.score == "coupling":
        noise = rng.standard_normal(person.shape) * COUPLING_SD / np.sqrt(n)
        return np.asarray(person + noise)
    return _latencies(protocol, person, prediction.latency_s + delay, spread, n, rng)


def _latencies(
    protocol: Protocol,
    size: Floats,
    mean_s: float,
    spread: Floats,
    n: int,
    rng: np.random.Generator,
) -> Floats:
    """Fit the envelope to each person's difference of two averages; NaN where no shift is found.

    Both are of `n` trials, those of the condition and those of its reference.
    """
    settings = protocol.scoring_settings()
    start, end = min(settings.baseline_s[0], settings.latency_fit_s[0]), settings.latency_fit_s[1]
    rise = protocol.file.timing.rise_s or 1e-3
    times = np.arange(start, end, STEP_S)
    latency = mean_s + LATENCY_SD * spread
    course = minimum_jerk((times - latency[..., None]) / rise)
    memory = float(np.exp(-STEP_S / MEMORY_S))
    noise = autoregression((*size.shape, len(times)), memory, rng, axis=-1)
    averages = size[..., None] * course + noise * np.sqrt(2 / n)
    fit = fit_shift(
        times,
        averages.reshape(-1, len(times)),
        lambda t: minimum_jerk(np.asarray(t) / rise),
        max_s=settings.latency_max_s,
    )
    return fit.shifts_s.reshape(size.shape)


def _changes(
    protocol: Protocol, cell: Mapping[str, str], without_effect: bool
) -> tuple[float, float]:
    """Product of gains and sum of delays of the effects that concern a cell."""
    gain, delay = 1.0, 0.0
    for effect in protocol.file.prediction.effects:
        concerned = all(cell.get(factor, level) == level for factor, level in effect.where.items())
        if concerned and effect.trait is None and not (without_effect and effect.predicted):
            gain, delay = gain * effect.gain, delay + effect.delay_s
    return gain, delay


def cell_trials(protocol: Protocol) -> int:
    """Trials of the primary condition in one cell."""
    primary = protocol.file.analysis.primary
    n = protocol.trials_per_condition(primary.block)[primary.condition]
    factor = protocol.file.design.factors.get(primary.within.factor) if primary.within else None
    return n // len(factor.levels) if factor else n
