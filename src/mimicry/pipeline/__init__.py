"""One recording, resumable: the only place (with ``batch`` and ``cli``) that joins the stages.

:mod:`.extraction` turns a video into landmarks and action units, :mod:`.scores` turns these
with events and protocol into scores and a report.
"""

from mimicry.pipeline.extraction import Extraction, extract, extract_recording
from mimicry.pipeline.scores import ScoredRecording, score, score_recording

__all__ = [
    "Extraction",
    "ScoredRecording",
    "extract",
    "extract_recording",
    "score",
    "score_recording",
]
