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
        seen = np.isfinite(points_px[:, :, 0, 0])
        chosen: NDArray[np.intp] = np.asarray(seen.argmax(axis=1))
        before = 0
        for k in np.flatnonzero(seen.sum(axis=1) > 1):
            self._follow(points_px, seen, chosen, before, int(k))
            boxes = _boxes(points_px[k])
            if self._last is None:
                size = np.prod(boxes[:, 2:] - boxes[:, :2], axis=-1)
                chosen[k] = np.nanargmax(size)
            else:
                chosen[k] = np.nanargmin(np.hypot(*(_centres(boxes) - self._last).T))
            self._last = _centres(boxes)[chosen[k]]
            before = int(k) + 1
        self._follow(points_px, seen, chosen, before, len(points_px))
        return chosen

    def _follow(
        self,
        points_px: NDArray[np.float32],
        seen: NDArray[np.bool_],
        chosen: NDArray[np.intp],
        start: int,
        end: int,
    ) -> None:
        """Remember where the face of the last tracked frame in [start, end) was."""
        tracked = np.flatnonzero(seen[start:end].any(axis=1))
        if tracked.size:
            k = start + int(tracked[-1])
            self._last = _centres(_boxes(points_px[k, chosen[k]][None]))[0]


def _boxes(points_px: NDArray[np.float32]) -> NDArray[np.float64]:
    """(F, 4) left, top, right, bottom of (F, L, 3) points."""
    xy = points_px[..., :2].astype(np.float64)
    return np.concatenate([xy.min(axis=1), xy.max(axis=1)], axis=-1)


def _centres(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return (boxes[:, :2] + boxes[:, 2:]) / 2
