"""Which of several faces is followed."""

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["RULES", "FaceChooser", "Rule"]

Rule = Literal["largest", "left", "right"]
RULES: tuple[Rule, ...] = ("largest", "left", "right")

_FORGET_S = 1.0


class FaceChooser:
    """Follow one face from frame to frame.

    ``"largest"``: the largest at first, then always the one nearest to the last. ``"left"`` and
    ``"right"``: of two faces the one with the smaller or larger x in the picture. Where a face is
    alone it is taken, unless it is nearer to where the other one was: then the followed face is
    missing in that frame. (With ``"largest"`` another face is forgotten a second after it was
    seen, for it may have been no face at all.)

    The rule needs the frames in order, but no image; so images may be measured in any order and
    on any number of processes before.

    Parameters
    ----------
    rule
        One of :data:`RULES`.
    """

    def __init__(self, rule: Rule = "largest") -> None:
        self.rule = rule
        self._own: _Seen | None = None
        self._other: _Seen | None = None

    def choose(
        self, points_px: NDArray[np.float32], times_s: NDArray[np.float64]
    ) -> NDArray[np.intp]:
        """Return the (n,) index of the chosen face; -1 where the followed face is missing.

        Parameters
        ----------
        points_px
            (n, F, L, 3) pixels of up to two faces of each frame, NaN rows where there are fewer.
        times_s
            (n,) times of the frames.
        """
        found = np.isfinite(points_px[:, :, 0, 0])
        count = found.sum(axis=1)
        chosen: NDArray[np.intp] = np.where(count > 0, found.argmax(axis=1), -1)
        pairs = np.flatnonzero(count > 1)
        if not len(pairs) and self._other is None:  # only ever one face: nothing to choose
            alone = np.flatnonzero(count)
            if len(alone):
                last = int(alone[-1])
                self._own = _Seen(points_px[last, chosen[last]], float(times_s[last]))
            return chosen
        if self._other is None and self.rule != "largest":
            first = int(pairs[0])  # whose seat is whose, for frames before it
            self._pair([_Seen(p, float(times_s[first])) for p in points_px[first]])
        for k in np.flatnonzero(count):
            faces = [_Seen(points_px[k, f], float(times_s[k])) for f in np.flatnonzero(found[k])]
            if len(faces) > 1:
                chosen[k] = self._pair(faces)
            elif self._is_other(faces[0]):
                chosen[k], self._other = -1, faces[0]
            else:
                self._own = faces[0]
        return chosen

    def _pair(self, faces: "list[_Seen]") -> int:
        """Return which of two faces is followed, and remember both."""
        if self.rule != "largest":
            own = int(np.argmin([f.x for f in faces]))
            own = own if self.rule == "left" else 1 - own
        elif self._own is None:
            own = int(np.argmax([f.area for f in faces]))
        else:
            own = int(np.argmin([f.distance(self._own) for f in faces]))
        self._own, self._other = faces[own], faces[1 - own]
        return own

    def _is_other(self, face: "_Seen") -> bool:
        own, other = self._own, self._other
        if own is None or other is None:
            return False
        if self.rule == "largest" and face.time_s - other.time_s > _FORGET_S:
            self._other = None
            return False
        if own.distance(other) < math.sqrt(own.area) / 2:  # one face, found twice
            return False
        return face.distance(other) < face.distance(own)


class _Seen:
    """Where and when a face was seen."""

    def __init__(self, points_px: NDArray[np.floating[Any]], time_s: float) -> None:
        xy = points_px[:, :2].astype(np.float64)
        low, high = xy.min(axis=0), xy.max(axis=0)
        self.x, self.y = ((low + high) / 2).tolist()
        self.area = float(np.prod(high - low))
        self.time_s = time_s

    def distance(self, other: "_Seen") -> float:
        """Return the distance of the centres in pixels."""
        return math.hypot(self.x - other.x, self.y - other.y)
