"""Primary scores of simulated people, where they are contrasts of action units.

To be fast, trials are not drawn out to frames: the change from baseline in a window is a linear
function of the movement, so it is computed from gain, latency and envelope, and the noise that a
camera adds to it is measured once on still faces.
"""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.chance import generator
from mimicry.protocol import Protocol
from mimicry.records import EmotionMap, StimulusTimeline, Timelines, TrialTable
from mimicry.scoring.pattern import pattern_score, reference_trials
from mimicry.simulation.deltas import delta_measurement, simulate_deltas
from mimicry.simulation.effects import Effect, Group
from mimicry.simulation.nuisance import NUISANCE, Nuisance
from mimicry.simulation.recordings import planned_timelines, predicted

__all__ = ["COVERED", "ContrastPeople", "contrast_people"]

Floats = NDArray[np.float64]
Plan = tuple[TrialTable, dict[str, StimulusTimeline]]

#: Scores whose sampling distribution the fast simulation covers.
COVERED = ("contrast", "contrast_raw")
CHUNK = 250  # people simulated at a time


def contrast_people(
    protocol: Protocol, n: int, *, without_effect: bool = False, seed: int = 0
) -> dict[str, Floats]:
    """Return group -> (n, 2): primary score and trait of people drawn from the prediction.

    The score is in action-unit units (``contrast``: in SDs of the person's trials).
    """
    effect, groups = predicted(protocol, without_effect=without_effect)
    people = ContrastPeople(protocol, effect, groups, seed=seed).scores(1, n)[:, 0]
    return {group.name: people[g] for g, group in enumerate(groups)}


class ContrastPeople:
    """Draws people of a protocol and gives each one number: the primary score."""

    def __init__(
        self,
        protocol: Protocol,
        effect: Effect,
        groups: Sequence[Group],
        *,
        nuisance: Nuisance = NUISANCE["webcam"],
        trials: int | None = None,
        known: Timelines | None = None,
        seed: int = 0,
    ) -> None:
        self.primary = protocol.file.analysis.primary
        self.protocol, self.effect, self.groups, self.seed = protocol, effect, groups, seed
        self.settings = protocol.scoring_settings()
        emotion = self.settings.emotions[self.primary.condition]
        self.emotion: EmotionMap = emotion
        self.names = (*emotion.targets, *emotion.opponents)
        self.measurement = delta_measurement(
            nuisance, self.names, self.settings, generator(0, "noise")
        )
        self.plan = cache(lambda k: self._plan(k, trials, known or {}))
        first = self.plan(0)[0]
        self.n_trials = int(self._cell(first, self._levels()[0]).sum())

    def scores(self, studies: int, n: int) -> Floats:
        """Return primary score and trait of every person, (groups, studies, n, 2)."""
        made = [self._group(g, group, studies * n) for g, group in enumerate(self.groups)]
        return np.stack(made).reshape(len(self.groups), studies, n, 2)

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
            trials, timelines, group, self.effect, n, measurement=self.measurement, rng=rng
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
        emotion, reference = self._cell(trials, where), self._cell(trials, where, reference=True)
        return np.asarray(score[:, emotion].mean(axis=1) - score[:, reference].mean(axis=1))

    def _cell(
        self, trials: TrialTable, where: Mapping[str, str], *, reference: bool = False
    ) -> NDArray[np.bool_]:
        chosen = np.array(trials.condition) == self.primary.condition
        if reference:
            chosen = reference_trials(trials.condition, self.primary.condition, self.settings)
        for column, value in where.items():
            chosen = chosen & (np.array(trials.columns[column]) == value)
        return np.asarray(chosen)

    def _plan(self, number: int, trials: int | None, known: Timelines) -> Plan:
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
