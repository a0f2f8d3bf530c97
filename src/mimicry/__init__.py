"""Per-trial scores of automatic facial mimicry from face video.

``mimicry`` measures how much, how specifically and how fast a face follows the face it
watches: *stimulus-congruent facial responses*. It makes no claim about empathy and no
diagnosis.

Importing the package loads no detector, no video library and no table library; names are
resolved when they are first used.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "ActionUnitTrack": "mimicry.records",
    "AlignedTrials": "mimicry.records",
    "ConditionSummary": "mimicry.records",
    "EmotionMap": "mimicry.records",
    "ExtractionOptions": "mimicry.records",
    "LandmarkTrack": "mimicry.records",
    "MimicryError": "mimicry.errors",
    "MimicryScores": "mimicry.records",
    "ReadingOptions": "mimicry.records",
    "ScoringInputs": "mimicry.records",
    "ScoringSettings": "mimicry.records",
    "SeriesMeasure": "mimicry.records",
    "StimulusTimeline": "mimicry.records",
    "Synchrony": "mimicry.records",
    "SynchronySettings": "mimicry.records",
    "TrialTable": "mimicry.records",
    "extract": "mimicry.pipeline",
    "score": "mimicry.pipeline",
    "measure_dyads": "mimicry.synchrony.dyads",
    "measure_synchrony": "mimicry.synchrony.measure",
}

__all__ = [*sorted(_HOME), "__version__"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'mimicry' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
