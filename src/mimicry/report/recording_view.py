"""What the page of one recording is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.records import (
    ActionUnitTrack,
    AlignedTrials,
    ConditionSummary,
    MimicryScores,
    ScoringSettings,
)

__all__ = ["RecordingView"]


@dataclass(frozen=True, eq=False)
class RecordingView:
    """What is known about a scored recording: the records themselves.

    Parameters
    ----------
    title, protocol
        Texts for the head.
    track
        The action units.
    aligned
        The trials cut out of it.
    scores, summary
        Scores of the trials and of the conditions.
    settings
        The settings of the scores.
    quality
        Content of the quality file; its `warnings` stand at the top of the page.
    provenance
        Inputs, versions, checksums. JSON types only.
    """

    title: str
    protocol: str
    track: ActionUnitTrack
    aligned: AlignedTrials
    scores: MimicryScores
    summary: ConditionSummary
    settings: ScoringSettings
    quality: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def conditions(self) -> list[str]:
        """Return the conditions, those with action units first: the order of their colours."""
        emotions = self.settings.emotions
        return sorted(set(self.scores.trials.condition), key=lambda c: (c not in emotions, c))

    @property
    def response(self) -> NDArray[np.float64]:
        """Return the (K, G, A) change from the baseline of every trial."""
        return self.aligned.response - self.scores.baseline_mean[:, None, :]
