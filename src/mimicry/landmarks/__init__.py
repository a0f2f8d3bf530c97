"""Frames to landmark tracks; :mod:`.detector` is the one place that knows MediaPipe."""

from mimicry.landmarks.extract import LandmarkStream, extract_landmarks, join_tracks
from mimicry.landmarks.model_file import MODEL_SHA256, checked_model
from mimicry.landmarks.workers import WorkerPool

__all__ = [
    "MODEL_SHA256",
    "LandmarkStream",
    "WorkerPool",
    "checked_model",
    "extract_landmarks",
    "join_tracks",
]
