"""Primary scores of simulated people, where they are contrasts of action units.

To be fast, trials are not drawn out to frames: the change from baseline in a window is a linear
function of the movement, so it is computed from gain, latency and envelope, and the noise that a
camera adds to it is measured once on still faces.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from mimicry.statistics.clips import ClipTable, stacked

__all__ = ["COVERED", "ContrastPeople", "DrawnPeople", "contrast_people"]

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
    people = ContrastPeople(protocol, effect, groups, seed=seed).studies(1, n).scores[:, 0]
    return {group.name: people[g] for g, group in enumerate(groups)}


@dataclass(frozen=True, slots=True, eq=False)
class DrawnPeople:
    """Simulated people of G groups in S studies of n each.

    Parameters
    ----------
    scores
        (G, S, n, 2) primary score and trait of every person.
    sides
        The same people's scores by clip, (G, S, n, clips) in each table.
    """

    scores: Floats
    sides: tuple[ClipTable, ...]


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

    def studies(self, studies: int, n: int) -> DrawnPeople:
        """Return the people of some studies of `n` in each group."""
        made = [self._group(g, group, studies * n) for g, group in enumerate(self.groups)]
        shape = len(self.groups), studies, n, -1
        scores = np.stack([scores for scores, _ in made]).reshape(shape)
        sides = []
        for tables in zip(*(tables for _, tables in made), strict=True):
            whole = stacked(tables)
            sides.append(
                replace(
                    whole,
                    total=whole.total.reshape(shape),
                    trials=whole.trials.reshape(shape),
                    squares=whole.squares.reshape(shape),
                )
            )
        return DrawnPeople(scores, tuple(sides))

    def _group(self, number: int, group: Group, n: int) -> tuple[Floats, list[ClipTable]]:
        """(n, 2) and tables of one group, who take the orders of four participants in turn."""
        rng = generator(self.seed, self.protocol.name, group.name, str(number))
        starts = range(0, n, CHUNK)
        plans = [self.plan(k // CHUNK % 4) for k in starts]
        clips = sorted({clip for trials, _ in plans for clip in trials.stimulus_id})
        made = [
            self._scored(group, plan, min(CHUNK, n - k), rng, clips)
            for k, plan in zip(starts, plans, strict=True)
        ]
        scores = np.concatenate([scores for scores, _ in made])
        tables = [stacked(side) for side in zip(*(sides for _, sides in made), strict=True)]
        if n <= CHUNK:
            return scores, tables
        order = rng.permutation(n)
        return scores[order], [table.of(order) for table in tables]

    def _scored(
        self, group: Group, plan: Plan, n: int, rng: np.random.Generator, clips: Sequence[str]
    ) -> tuple[Floats, list[ClipTable]]:
        trials, timelines = plan
        people = simulate_deltas(
            trials, timelines, group, self.effect, n, measurement=self.measurement, rng=rng
        )
        values = people.deltas
        if self.primary.score == "contrast":
            values = values / values.std(axis=1, ddof=1, keepdims=True)
        flat = pattern_score(values.reshape(-1, len(self.names)), self.names, self.emotion)
        tables = self._tables(flat.reshape(n, len(trials)), trials, clips)
        value = sum(t.sign * (t.share * t.mean).sum(axis=1) for t in tables)
        trait = people.traits.get(self.primary.trait or "", np.full(n, np.nan))
        return np.column_stack([value, trait]), tables

    def _tables(self, score: Floats, trials: TrialTable, clips: Sequence[str]) -> list[ClipTable]:
        """Return the sides of the contrast, or of its difference within people, by clip.

        Where both levels show the same clips, a clip is what it is less on the one than on the
        other; else each level has clips of its own.
        """
        of_clip = np.array(trials.stimulus_id)[:, None] == np.array(clips)
        tables = []
        for reference in (False, True):
            sign = -1.0 if reference else 1.0
            sides = []
            for level in self._levels():
                shown = of_clip & self._cell(trials, level, reference=reference)[:, None]
                count = np.broadcast_to(shown.sum(axis=0).astype(float), (len(score), len(clips)))
                sides.append(ClipTable(score @ shown, count, 0 * count, sign))
            if len(sides) == 2:
                more, less = sides
                if np.array_equal(more.seen, less.seen):
                    sides = [more.minus(less)]
                else:
                    sides = [more, replace(less, sign=-sign)]
            tables += sides
        return tables

    def _levels(self) -> list[dict[str, str]]:
        within = self.primary.within
        if within is None:
            return [{"block": self.primary.block}]
        block = {} if within.factor == "block" else {"block": self.primary.block}
        return [block | {within.factor: level} for level in (within.more, within.less)]

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
