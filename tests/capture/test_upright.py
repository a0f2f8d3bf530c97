"""How a picture is meant to be seen, also where the library cannot list a frame's notes."""

from types import SimpleNamespace

import numpy as np
import pytest

from mimicry.capture.upright import turned, view_of


class Unlisted:
    """A frame with a note of a kind that the library has no name for."""

    def __init__(self, rotation: int) -> None:
        self.rotation = rotation

    @property
    def side_data(self) -> None:
        """Fail as the library does."""
        raise ValueError("31 is not a valid Type")


@pytest.mark.parametrize("rotation", [0, 90, 180, -90, -180])
def test_a_note_of_an_unknown_kind_leaves_the_turn(rotation):
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    seen = turned(picture, view_of(Unlisted(rotation)))
    assert (seen == np.rot90(picture, rotation // 90 % 4)).all()


def test_without_a_display_matrix_the_picture_stays():
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert (turned(picture, view_of(SimpleNamespace(side_data={}))) == picture).all()
