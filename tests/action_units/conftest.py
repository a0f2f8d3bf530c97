"""Shares what takes long: the landmarks of a real clip."""

import pytest


@pytest.fixture(scope="session")
def smiler(clips):
    """A neutral face for half a second, then a strong smile with a blink."""
    from mimicry.landmarks import extract_landmarks

    return extract_landmarks(clips / "single_face.mp4")
