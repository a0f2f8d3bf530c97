"""Which of several faces is followed."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["FaceChooser"]


class FaceChooser:
    """Follow one face: the largest at first, then always the one nearest to the last.

    The rule needs the frames in order, but no image; so images may be measured in any order and
    on any number of processes before.
    """

    def __init__(self) -> None:
        self._last: NDArray[np.float64] | None = None

    def choose(self, points_px: NDArray[np.float32]) -> NDArray[np.intp]:
        """Return the (n,) index of the chosen face; 0 where there is none.

        Parameters
        ----------
        points_px
            (n, F, L, 3) pixels of up to F faces of each frame, NaN rows where there are fewer.
        """
        boxes = _boxes(points_px)
        centres = (boxes[..., :2] + boxes[..., 2:]) / 2
        seen = np.isfinite(boxes[..., 0])
        chosen = np.zeros(len(points_px), np.intp)
        for k in np.flatnonzero(seen.any(axis=1)):
            if seen[k].sum() == 1:
                best = int(seen[k].argmax())
            elif self._last is None:
                size = np.prod(boxes[k, :, 2:] - boxes[k, :, :2], axis=-1)
                best = int(np.nanargmax(size))
            else:
                best = int(np.nanargmin(np.hypot(*(centres[k] - self._last).T)))
            chosen[k] = best
            self._last = centres[k, best]
        return chosen


def _boxes(points_px: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n, F, 4) left, top, right, bottom."""
    xy = points_px[..., :2].astype(np.float64)
    return np.concatenate([xy.min(axis=2), xy.max(axis=2)], axis=-1)
