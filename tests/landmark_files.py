"""Landmark files for tests: a whole track in one call."""

from pathlib import Path

from mimicry.files import atomic_path
from mimicry.interchange.landmark_file import LandmarkWriter
from mimicry.records import LandmarkTrack


def write_landmarks(path: Path, track: LandmarkTrack) -> Path:
    """Write a whole track; what is read back equals `stored`."""
    size, landmarks = track.image_size_px, track.points_px.shape[1]
    with atomic_path(path) as temporary, LandmarkWriter(temporary, size, landmarks) as writer:
        writer.add(track)
        writer.finish(dict(track.provenance))
    return path
