"""How the pictures of a video are meant to be seen: pixel shape, turns and mirrors."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["View", "pixel_aspect", "turned", "view_of"]

_SQUARE = 0.01  # scaling leaves pixels that are not quite square
_LONGEST_PIXEL = 4.0


class View(NamedTuple):
    """What is done with a picture, in this order: rows become columns, then both are mirrored."""

    transposed: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    @property
    def mirrored(self) -> bool:
        """Tell whether left and right are exchanged, which no turn does."""
        return (self.transposed + self.mirror_x + self.mirror_y) % 2 == 1


_TURNS = (View(), View(True, False, True), View(False, True, True), View(True, True, False))


def view_of(raw: Any) -> View:
    """Read the display matrix of a decoded frame; other angles count as the nearest quarter turn.

    The angle alone (``raw.rotation``) is not enough: a mirror looks like half a turn in it.
    """
    try:
        matrix = bytes(raw.side_data["DISPLAYMATRIX"])
    except KeyError:
        return View()
    except ValueError:  # a note of a kind that this PyAV has no name for (EXIF in 18): no list
        return _TURNS[round(raw.rotation / 90) % 4]
    a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].tolist()
    if abs(a) >= abs(b):
        return View(False, a < 0, d < 0)
    return View(True, c < 0, b < 0)


def turned(rgb: NDArray[np.uint8], view: View) -> NDArray[np.uint8]:
    """Return the picture as it is meant to be seen, without a copy."""
    if view.transposed:
        rgb = rgb.transpose(1, 0, 2)
    return rgb[:: -1 if view.mirror_y else 1, :: -1 if view.mirror_x else 1]


def pixel_aspect(stream: Any) -> float:
    """Return width by height of a pixel; 1 where it is as good as square, not told, or nonsense."""
    told = float(stream.sample_aspect_ratio or 1)
    odd = abs(told - 1) > _SQUARE and 1 / _LONGEST_PIXEL <= told <= _LONGEST_PIXEL
    return told if odd else 1.0
