"""What several tests of batches share."""

import itertools

import pytest

from mimicry.capture.video import VideoReader


@pytest.fixture(scope="session")
def real_face(clips):
    """Arguments for ``make_video`` that give a real face: six frames, again and again."""
    with VideoReader(clips / "single_face.mp4") as video:
        faces = [frame.rgb.copy() for frame in itertools.islice(video, 6)]
    return {"size": faces[0].shape[1::-1], "pictures": lambda k: faces[k % len(faces)]}
