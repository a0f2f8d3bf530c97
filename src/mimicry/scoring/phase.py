"""The trials of one phase of a participant, and the label-swap test on any number of theirs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.chance import generator
from mimicry.records import AlignedTrials, MimicryScores, ScoringSettings
from mimicry.scoring._reasons import ReasonedRow
from mimicry.scoring.arrange import Redraw, SwapDesign
from mimicry.scoring.pattern import pattern_parts, reference_trials
from mimicry.scoring.swap import SwapResult, label_swaps

__all__ = ["Phase"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_MANY = 10**15  # numbers of arrangements are given up to here


@dataclass(frozen=True, slots=True, eq=False)
class Phase:
    """The trials of one phase, and what can be asked of them.

    Parameters
    ----------
    aligned, scores, settings
        All trials of the participant, their scores, and how they were scored.
    name
        The phase; "" where there are none.
    inside
        (K,) the trials that belong to it.
    redraw
        The protocol's randomiser for its orders; None: there is none.
    """

    aligned: AlignedTrials
    scores: MimicryScores
    settings: ScoringSettings
    name: str
    inside: Flags
    redraw: Redraw | None

    def shown(self, condition: str) -> Flags:
        """(K,) trials of a condition."""
        return np.asarray(self.inside & (np.array(self.aligned.trials.condition) == condition))

    def used(self, condition: str) -> Flags:
        """(K,) valid trials of a condition."""
        return np.asarray(self.shown(condition) & self.scores.valid)

    def reference(self, condition: str) -> Flags:
        """(K,) valid trials that an emotion is compared with."""
        flags = reference_trials(self.aligned.trials.condition, condition, self.settings)
        return np.asarray(flags & self.inside & self.scores.valid)

    def parts(self, condition: str, values: Floats, window: str) -> Floats:
        """(2, K) target and opponent part of an emotion's pattern, from (K, V, A) deltas."""
        at = self.scores.windows.index(window)
        emotion = self.settings.emotions[condition]
        return pattern_parts(values[:, at], self.scores.names, emotion)

    def measured(self, condition: str, trials: Flags) -> int:
        """Count those of some valid trials that have a number: a contrast rests on them."""
        window = self.settings.primary_window
        if condition in self.settings.emotions:
            values = self.parts(condition, self.scores.delta, window).T
        else:
            values = self.scores.delta[:, self.scores.windows.index(window)]
        return int((trials & np.isfinite(values).any(axis=1)).sum())

    def too_few(self, y: Floats, condition: str) -> str:
        """Return why an emotion cannot be compared in (K,) values; "": it can."""
        emotion, reference = self.used(condition), self.reference(condition)
        least = max(self.settings.min_trials, 1)
        if not reference.any():
            return "no_reference_trials"
        if emotion.sum() < least:
            return "too_few_trials"
        if reference.sum() < least:
            return "too_few_reference_trials"
        if min(np.isfinite(y[emotion]).sum(), np.isfinite(y[reference]).sum()) < least:
            return "scores_missing"
        return ""

    def generator(self, condition: str, null: str) -> np.random.Generator:
        """Return the generator of one test of a condition."""
        where = f"{self.name}/{condition}"
        return generator(self.settings.seed, self.scores.participant, where, null)

    def test(
        self, row: ReasonedRow, values: Floats, condition: str, *, prefix: str = "", too_few: str
    ) -> tuple[SwapResult, ...]:
        """Test (C, K) values of an emotion and its reference by the label swap.

        The first result is put down; the others come from the same arrangements.
        """
        if too_few:
            results = (SwapResult(reason=too_few),) * len(values)
        else:
            results = self._swap(values, condition, prefix)
        result = results[0]
        row.put(f"{prefix}t", result.t, result.reason)
        row.put(f"{prefix}p", result.p, result.reason)
        row.put(f"{prefix}z_surrogate", result.z_surrogate, result.reason or "no_variance")
        row.cells[f"{prefix}arrangements"] = min(result.arrangements, _MANY)
        return results

    def _swap(self, values: Floats, condition: str, prefix: str) -> tuple[SwapResult, ...]:
        at = np.flatnonzero(self.inside)
        at = at[np.argsort(self.aligned.onset_s[at], kind="stable")]
        trials, settings = self.aligned.trials, self.settings
        column = trials.columns.get(settings.identity_column)
        column = column or trials.columns.get(settings.block_column)
        runs = trials.columns.get(settings.run_column)
        design = SwapDesign(
            conditions=[trials.condition[k] for k in at],
            clips=[trials.stimulus_id[k] for k in at],
            identities=[column[k] if column else "" for k in at],
            runs=[runs[k] for k in at] if runs else (),
            redraw=self.redraw,
        )
        rng = self.generator(condition, f"{prefix}label-swap-{settings.swap}")
        emotion, reference = self.used(condition), self.reference(condition)
        return label_swaps(values[:, at], emotion[at], reference[at], design, settings, rng)
