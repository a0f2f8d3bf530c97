"""Power by simulation: how often would a study find the effect that its protocol predicts?

Every simulated study draws its people and their trials from the same model as ``mimicry
simulate`` and runs the protocol's primary test. To be fast, trials are not drawn out to
frames: the change from baseline in a window is a linear function of the movement, so it is
computed from gain, latency and envelope, and the noise that a camera adds to it is measured
once on still faces.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import InputError, ProtocolError
from mimicry.kernels.chance import generator
from mimicry.protocol import Protocol
from mimicry.records import EmotionMap, StimulusTimeline, TrialTable
from mimicry.scoring.pattern import pattern_score, reference_trials
from mimicry.simulation.deltas import delta_noise, simulate_deltas
from mimicry.simulation.effects import Effect, Group
from mimicry.simulation.nuisance import NUISANCE, Nuisance
from mimicry.simulation.recordings import (
    planned_timelines,
    predicted,
    with_predicted_changes,
)

__all__ = ["PowerEstimate", "power", "simulate_people", "whole_numbers"]

Floats = NDArray[np.float64]
Plan = tuple[TrialTable, dict[str, StimulusTimeline]]

#: Scores whose sampling distribution the fast simulation covers.
COVERED = ("contrast", "contrast_raw")
CHUNK = 250  # people simulated at a time


@dataclass(frozen=True, slots=True)
class PowerEstimate:
    """What happened in `studies` simulated studies.

    Parameters
    ----------
    participants
        People in each group.
    trials
        Trials of the primary condition in each cell.
    power, power_se
        Share of studies whose primary test was significant in the predicted direction, and
        its Monte-Carlo standard error.
    right_sign
        Share of studies whose estimate had the predicted sign, significant or not.
    wrong_way
        Share of studies that were significant in the other direction.
    estimate, estimate_sd
        Mean and SD over studies of the estimate (action-unit units, or a correlation).
    studies
        How many were simulated.
    """

    participants: int
    trials: int
    power: float
    power_se: float
    right_sign: float
    wrong_way: float
    estimate: float
    estimate_sd: float
    studies: int

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {key: getattr(self, key) for key in self.__dataclass_fields__}


def power(
    protocol: Protocol,
    *,
    participants: Sequence[int] | None = None,
    trials: int | None = None,
    groups: Sequence[Group] | None = None,
    effect: Effect | None = None,
    without_effect: bool = False,
    nuisance: Nuisance = NUISANCE["webcam"],
    studies: int = 200,
    seed: int = 0,
    known: Mapping[str, StimulusTimeline] | None = None,
) -> list[PowerEstimate]:
    """Estimate the power of a protocol's primary test.

    Parameters
    ----------
    protocol
        A checked protocol with a primary test of ``contrast`` or ``contrast_raw``.
    participants
        Numbers of people **in each group**; None: the number of the protocol's power note,
        shared out over its groups.
    trials
        Trials per condition and cell; None: as many as the protocol has.
    groups, effect
        What people do; None: what the protocol itself predicts. When two groups are given to
        a protocol without groups, the primary test compares the first with the second.
    without_effect
        Simulate the null hypothesis: the rates are then those of false claims.
    nuisance
        Camera noise and stray movement.
    studies
        Simulated studies; the Monte-Carlo error of a power of .8 is .028 with 200.
    seed
        Same seed, same result.
    known
        Stimulus id -> envelope; None: envelopes after the protocol's own timing.

    Raises
    ------
    ProtocolError
        When the primary score is not covered (latencies, ratings, events, coupling).

    Examples
    --------
    >>> from mimicry.protocol import load_protocol
    >>> found = power(load_protocol("dynamic-happy-angry"), participants=[20], studies=20)
    >>> found[0].participants, found[0].studies
    (20, 20)
    """
    primary = protocol.file.analysis.primary
    if primary.score not in COVERED:
        raise ProtocolError(
            f"the primary score {primary.score!r} has no fast simulation; covered are "
            f"{' and '.join(COVERED)}",
            path=protocol.path,
            key="analysis.primary.score",
            hint="Simulate whole studies with mimicry simulate and score them.",
        )
    own_effect, own_groups = predicted(protocol, without_effect=without_effect)
    if groups and effect is None:
        groups = [with_predicted_changes(protocol, group) for group in groups]
    people = list(groups or own_groups)
    study = _Study(protocol, effect or own_effect, people, nuisance, trials, known or {}, seed)
    sizes = list(participants or [max(2, protocol.file.power.participants // len(people))])
    scores = study.scores(studies, max(sizes))
    n_trials = study.n_trials
    return [_judge(study, scores, n, n_trials) for n in sizes]


def simulate_people(
    protocol: Protocol, n: int, *, without_effect: bool = False, seed: int = 0
) -> dict[str, Floats]:
    """Return group -> (n, 2): primary score and trait of people drawn from the prediction.

    For whoever wants the distribution itself instead of the share of significant studies.
    The score is in action-unit units (``contrast``: in SDs of the person's trials).
    """
    effect, groups = predicted(protocol, without_effect=without_effect)
    study = _Study(protocol, effect, groups, NUISANCE["webcam"], None, {}, seed)
    scores = study.scores(1, n)[:, 0]
    return {group.name: scores[g] for g, group in enumerate(groups)}


class _Study:
    """Draws people of a protocol and gives each one number: the primary score."""

    def __init__(
        self,
        protocol: Protocol,
        effect: Effect,
        groups: Sequence[Group],
        nuisance: Nuisance,
        trials: int | None,
        known: Mapping[str, StimulusTimeline],
        seed: int,
    ) -> None:
        self.primary = protocol.file.analysis.primary
        self.protocol, self.effect, self.groups, self.seed = protocol, effect, groups, seed
        self.settings = protocol.scoring_settings()
        emotion = self.settings.emotions[self.primary.condition]
        self.emotion: EmotionMap = emotion
        self.names = (*emotion.targets, *emotion.opponents)
        self.noise = delta_noise(nuisance, self.names, self.settings, generator(0, "noise"))
        self.plan = cache(lambda k: self._plan(k, trials, known))
        first = self.plan(0)[0]
        self.n_trials = int(self._cell(first, self._levels()[0]).sum())

    @property
    def between(self) -> tuple[int, int] | None:
        """Positions of the groups that are compared (predicted larger, smaller)."""
        names = [g.name for g in self.groups]
        compare = self.primary.between
        if compare is not None and {compare.more, compare.less} <= set(names):
            return names.index(compare.more), names.index(compare.less)
        if len(self.groups) == 2 and self.primary.trait is None:
            return 0, 1
        return None

    def scores(self, studies: int, n: int) -> Floats:
        """(groups, studies, n, 2): primary score and trait of every person."""
        found = [self._group(g, group, studies * n) for g, group in enumerate(self.groups)]
        return np.stack(found).reshape(len(self.groups), studies, n, 2)

    def _group(self, number: int, group: Group, n: int) -> Floats:
        """(n, 2) for people of one group, who take the orders of four participants in turn."""
        rng = generator(self.seed, self.protocol.name, group.name, str(number))
        result = np.empty((n, 2))
        for k in range(0, n, CHUNK):
            plan = self.plan(k // CHUNK % 4)
            result[k : k + CHUNK] = self._scored(group, plan, min(CHUNK, n - k), rng)
        return rng.permutation(result, axis=0) if n > CHUNK else result

    def _scored(self, group: Group, plan: Plan, n: int, rng: np.random.Generator) -> Floats:
        trials, timelines = plan
        people = simulate_deltas(
            trials,
            timelines,
            group,
            self.effect,
            n,
            settings=self.settings,
            noise=self.noise,
            names=self.names,
            rng=rng,
        )
        values = people.deltas
        if self.primary.score == "contrast":
            values = values / values.std(axis=1, ddof=1, keepdims=True)
        flat = pattern_score(values.reshape(-1, len(self.names)), self.names, self.emotion)
        score = flat.reshape(n, len(trials))
        cells = [self._contrast(score, trials, level) for level in self._levels()]
        value = cells[0] - cells[1] if len(cells) == 2 else cells[0]
        trait = people.traits.get(self.primary.trait or "", np.full(n, np.nan))
        return np.column_stack([value, trait])

    def _levels(self) -> list[dict[str, str]]:
        within = self.primary.within
        if within is None:
            return [{"block": self.primary.block}]
        block = {} if within.factor == "block" else {"block": self.primary.block}
        return [block | {within.factor: level} for level in (within.more, within.less)]

    def _contrast(self, score: Floats, trials: TrialTable, where: Mapping[str, str]) -> Floats:
        own, rest = self._cell(trials, where), self._cell(trials, where, reference=True)
        return np.asarray(score[:, own].mean(axis=1) - score[:, rest].mean(axis=1))

    def _cell(
        self, trials: TrialTable, where: Mapping[str, str], *, reference: bool = False
    ) -> NDArray[np.bool_]:
        chosen = np.array(trials.condition) == self.primary.condition
        if reference:
            chosen = reference_trials(trials.condition, self.primary.condition, self.settings)
        for column, value in where.items():
            chosen = chosen & (np.array(trials.columns[column]) == value)
        return np.asarray(chosen)

    def _plan(self, number: int, trials: int | None, known: Mapping[str, StimulusTimeline]) -> Plan:
        """All visits of one participant in one table, cut or repeated to `trials` a cell."""
        visits = self.protocol.file.design.visits or [""]
        plans = [
            self.protocol.build_session(str(number + 1), visit=visit or None) for visit in visits
        ]
        timelines = planned_timelines(self.protocol, [t for p in plans for t in p.trials], known)
        tables = [plan.trial_table() for plan in plans]
        rows = [(table, k) for table in tables for k in range(len(table))]
        if trials is not None:
            rows = _resized(rows, trials)
        return _joined(rows), timelines


def _resized(rows: list[tuple[TrialTable, int]], n: int) -> list[tuple[TrialTable, int]]:
    """Keep the first `n` trials of every cell, or go through its trials again until `n`."""
    cells: dict[tuple[str, ...], list[tuple[TrialTable, int]]] = {}
    for table, k in rows:
        design = [v[k] for c, v in table.columns.items() if c not in ("identity", "run")]
        cells.setdefault((table.condition[k], *design), []).append((table, k))
    return [cell[i % len(cell)] for cell in cells.values() for i in range(n)]


def _joined(rows: list[tuple[TrialTable, int]]) -> TrialTable:
    columns = rows[0][0].columns
    return TrialTable(
        trial_id=tuple(str(i) for i in range(len(rows))),
        stimulus_id=tuple(t.stimulus_id[k] for t, k in rows),
        condition=tuple(t.condition[k] for t, k in rows),
        onset_s=np.array([t.onset_s[k] for t, k in rows]),
        duration_s=np.array([t.duration_s[k] for t, k in rows]),
        columns={c: tuple(t.columns[c][k] for t, k in rows) for c in columns},
    )


def whole_numbers(text: str | None, key: str) -> list[int]:
    """Read ``"20,40"``; None gives an empty list.

    Raises
    ------
    InputError
        When something else stands there, or a number below 2.
    """
    try:
        numbers = [int(part) for part in (text or "").split(",") if part.strip()]
    except ValueError:
        numbers = [0]
    if any(n < 2 for n in numbers):
        raise InputError(f"found {text!r}, expected whole numbers from 2 up, as in 20,40", key=key)
    return numbers


def _judge(study: _Study, scores: Floats, n: int, n_trials: int) -> PowerEstimate:
    primary = study.primary
    found = [_test(study, scores[:, s, :n]) for s in range(scores.shape[1])]
    estimate, p = np.array(found).T
    sign = study_sign(study)
    significant = p <= primary.alpha
    power_ = float(np.mean(significant & (estimate * sign > 0)))
    studies = len(p)
    return PowerEstimate(
        participants=n,
        trials=n_trials,
        power=power_,
        power_se=float(np.sqrt(power_ * (1 - power_) / studies)),
        right_sign=float(np.mean(estimate * sign > 0)),
        wrong_way=float(np.mean(significant & (estimate * sign < 0))),
        estimate=float(estimate.mean()),
        estimate_sd=float(estimate.std(ddof=1)) if studies > 1 else float("nan"),
        studies=studies,
    )


def study_sign(study: _Study) -> float:
    """+1: a positive estimate is predicted; -1: a negative one (a trait that lowers the gain)."""
    if study.primary.trait is None:
        return 1.0
    within = study.primary.within
    for change in (c for g in study.groups for c in g.changes if c.trait == study.primary.trait):
        sign = -1.0 if change.gain < 1 else 1.0
        on_less = within is not None and change.where.get(within.factor) == within.less
        return -sign if on_less else sign
    return 1.0


def _test(study: _Study, people: Floats) -> tuple[float, float]:
    """Estimate and p value of one study; `people` is (groups, n, 2)."""
    from scipy import stats

    primary = study.primary
    if primary.trait is not None:
        flat = people.reshape(-1, 2)
        estimate, p = map(float, stats.pearsonr(flat[:, 0], flat[:, 1]))
    elif study.between is not None:
        more, less = (people[g, :, 0] for g in study.between)
        p = float(stats.ttest_ind(more, less, equal_var=False).pvalue)
        estimate = float(more.mean() - less.mean())
    else:
        pooled = people[:, :, 0].ravel()
        p = float(stats.ttest_1samp(pooled, 0.0).pvalue)
        estimate = float(pooled.mean())
    if not primary.two_sided:
        p = p / 2 if estimate * study_sign(study) > 0 else 1 - p / 2
    return estimate, p
