"""The nouns: frozen records around read-only arrays, checked once when built.

T frames, L landmarks, A action units, K trials, W samples. Times are seconds (float64) on
the clock of the recording. NaN means "not seen". A positive lag means that the participant
follows the stimulus.
"""

from mimicry.records.aligned import AlignedTrials
from mimicry.records.nulls import Null, nulls_by_name
from mimicry.records.reading import ExtractionOptions, ReadingOptions, ScoringInputs
from mimicry.records.scores import ConditionSummary, MimicryScores
from mimicry.records.settings import EmotionMap, ScoringSettings
from mimicry.records.synchrony import SeriesMeasure, Synchrony, SynchronySettings
from mimicry.records.timeline import StimulusTimeline, Timelines, TrialTable
from mimicry.records.tracks import ActionUnitTrack, LandmarkTrack

__all__ = [
    "ActionUnitTrack",
    "AlignedTrials",
    "ConditionSummary",
    "EmotionMap",
    "ExtractionOptions",
    "LandmarkTrack",
    "MimicryScores",
    "Null",
    "ReadingOptions",
    "ScoringInputs",
    "ScoringSettings",
    "SeriesMeasure",
    "StimulusTimeline",
    "Synchrony",
    "SynchronySettings",
    "Timelines",
    "TrialTable",
    "nulls_by_name",
]
