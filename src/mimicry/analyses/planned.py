"""Power of a protocol's primary test, whatever its score.

Contrasts of action units are simulated by :mod:`mimicry.analyses.power`. The other scores
have their own small models here: ratings (normal answers), events (a chance rate and an added one),
latencies (the template fit on noisy averages) and the coupling of two people (Fisher z above
pseudo-pairs). One number a person and cell comes out, then the primary test is run.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mimicry.analyses.power import COVERED, PowerEstimate, simulate_people
from mimicry.kernels.chance import generator
from mimicry.protocol import Protocol
from mimicry.scoring.latency import fit_shift
from mimicry.synthetic.motion import minimum_jerk

__all__ = [
    "COUPLING_SD",
    "cell_trials",
    "people_needed",
    "planned_people",
    "planned_power",
    "predicted_sign",
]

Floats = NDArray[np.float64]

#: SD of the Fisher z of one conversation around the true coupling of a pair; a guess.
COUPLING_SD = 0.15
#: Normal quantiles of a two-sided test at .05 with 80 % power, added.
QUANTILES = 1.959964 + 0.841621
#: SD over people of the response latency (s), as in the population simulator.
LATENCY_SD = 0.08
#: Memory of the residual movement of a face (s), and the grid of the latency fit.
MEMORY_S, STEP_S = 0.2, 1 / 30


def planned_power(
    protocol: Protocol,
    *,
    participants: int | None = None,
    studies: int = 200,
    without_effect: bool = False,
    seed: int = 0,
) -> PowerEstimate:
    """Estimate how often the primary test of a protocol finds what the protocol predicts.

    Parameters
    ----------
    protocol
        Any checked protocol.
    participants
        People (or pairs) in each group; None: those of the power note, shared out.
    studies
        Simulated studies.
    without_effect
        Simulate the null hypothesis; `power` plus `wrong_way` is then the rate of false claims.
    seed
        Same seed, same result.

    Examples
    --------
    >>> from mimicry.protocol import load_protocol
    >>> planned_power(load_protocol("smile-contagion"), participants=40, studies=50).right_sign
    1.0
    """
    groups = list(protocol.file.design.groups) or ["all"]
    n = participants or max(2, protocol.file.power.participants // len(groups))
    people = planned_people(protocol, studies * n, without_effect=without_effect, seed=seed)
    estimate, p = _test(protocol, {g: v.reshape(studies, n, 2) for g, v in people.items()})
    found = p <= protocol.file.analysis.primary.alpha
    right = estimate * predicted_sign(protocol) > 0
    rate = float((found & right).mean())
    return PowerEstimate(
        participants=n,
        trials=cell_trials(protocol),
        power=rate,
        power_se=float(np.sqrt(rate * (1 - rate) / studies)),
        right_sign=float(right.mean()),
        wrong_way=float((found & ~right).mean()),
        estimate=float(estimate.mean()),
        estimate_sd=float(estimate.std(ddof=1)),
        studies=studies,
    )


def planned_people(
    protocol: Protocol, n: int, *, without_effect: bool = False, seed: int = 0
) -> dict[str, Floats]:
    """Return group -> (n, 2): primary score (or its within-person difference) and trait.

    Where the protocol has no trait, that column is NaN.
    """
    if protocol.file.analysis.primary.score in COVERED:
        return simulate_people(protocol, n, without_effect=without_effect, seed=seed)
    made = {}
    for group in list(protocol.file.design.groups) or ["all"]:
        scores = _group_scores(protocol, group, n, without_effect, seed)
        made[group] = np.column_stack([scores, np.full(n, np.nan)])
    return made


def predicted_sign(protocol: Protocol) -> float:
    """Return -1 where the prediction is a negative correlation, else +1."""
    trait = protocol.file.analysis.primary.trait
    gains = [e.gain for e in protocol.file.prediction.effects if e.trait == trait and e.predicted]
    if trait is None or not gains:
        return 1.0
    within = protocol.file.analysis.primary.within
    on_less = within is not None and any(
        e.where.get(within.factor) == within.less
        for e in protocol.file.prediction.effects
        if e.trait == trait and e.predicted
    )
    return float(np.sign(gains[0] - 1) * (-1 if on_less else 1))


def people_needed(protocol: Protocol, *, n: int = 400, seed: int = 0) -> tuple[int, float]:
    """Return people in all for 80 % power (two-sided .05), and the standardised effect.

    From the distribution of `n` simulated people in each group by normal theory; the effect is
    a d_z (one sample), a d (two groups) or a correlation.

    Examples
    --------
    >>> from mimicry.protocol import load_protocol
    >>> needed, effect = people_needed(load_protocol("dyad-smiles"))
    >>> needed < 30
    True
    """
    people = planned_people(protocol, n, seed=seed)
    primary = protocol.file.analysis.primary
    values = {group: v[np.isfinite(v[:, 0])] for group, v in people.items()}
    if primary.trait is not None:
        flat = np.concatenate(list(values.values()))
        r = float(np.corrcoef(flat.T)[0, 1])
        return int(np.ceil((QUANTILES / np.arctanh(r)) ** 2 + 3)), r
    if primary.between is not None:
        more, less = (values[g][:, 0] for g in (primary.between.more, primary.between.less))
        pooled = np.sqrt((more.var(ddof=1) + less.var(ddof=1)) / 2)
        d = float((more.mean() - less.mean()) / pooled)
        return 2 * int(np.ceil(2 * (QUANTILES / d) ** 2 + 1)), d
    flat = np.concatenate(list(values.values()))[:, 0]
    d = float(flat.mean() / flat.std(ddof=1))
    return int(np.ceil((QUANTILES / d) ** 2 + 2)), d


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
        own = rng.binomial(n, np.clip(chance + person, 0, 1))
        return np.asarray((own - rng.binomial(n, chance, person.shape)) / n)
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
    """Fit the envelope to each person's average of `n` trials; NaN where no shift is found."""
    start, end = protocol.scoring_settings().latency_fit_s
    rise = protocol.file.timing.rise_s or 1e-3
    times = np.arange(start, end, STEP_S)
    latency = mean_s + LATENCY_SD * spread
    course = minimum_jerk((times - latency[..., None]) / rise)
    noise = _slow_noise((*size.shape, len(times)), rng) / np.sqrt(n)
    averages = size[..., None] * course + noise
    shifts, _ = fit_shift(
        times,
        averages.reshape(-1, len(times)),
        lambda t: minimum_jerk(np.asarray(t) / rise),
        max_s=protocol.scoring_settings().latency_max_s,
    )
    return shifts.reshape(size.shape)


def _slow_noise(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """First-order autoregressive noise of SD 1 along the last axis."""
    keep = float(np.exp(-STEP_S / MEMORY_S))
    fresh = rng.standard_normal(shape)
    noise = np.empty(shape)
    noise[..., 0] = fresh[..., 0]
    for k in range(1, shape[-1]):
        noise[..., k] = keep * noise[..., k - 1] + np.sqrt(1 - keep**2) * fresh[..., k]
    return noise


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


def _test(protocol: Protocol, people: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    """Estimate and p value of every study; `people` is group -> (studies, n, 2)."""
    from scipy import stats

    primary = protocol.file.analysis.primary
    scores = {group: v[..., 0] for group, v in people.items()}
    pooled = np.concatenate(list(scores.values()), axis=1)
    if primary.trait is not None:
        traits = np.concatenate([v[..., 1] for v in people.values()], axis=1)
        found = stats.pearsonr(pooled, traits, axis=1)
        estimate, p = found.statistic, found.pvalue
    elif primary.between is not None:
        more, less = scores[primary.between.more], scores[primary.between.less]
        estimate = np.nanmean(more, axis=1) - np.nanmean(less, axis=1)
        p = stats.ttest_ind(more, less, axis=1, equal_var=False, nan_policy="omit").pvalue
    else:
        estimate = np.nanmean(pooled, axis=1)
        p = stats.ttest_1samp(pooled, 0.0, axis=1, nan_policy="omit").pvalue
    p = np.asarray(p, dtype=np.float64)
    if not primary.two_sided:
        right = np.asarray(estimate) * predicted_sign(protocol) > 0
        p = np.where(right, p / 2, 1 - p / 2)
    return np.asarray(estimate), p
