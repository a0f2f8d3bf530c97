"""Which of several faces is followed."""

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["RULES", "FaceChooser", "Rule"]

Rule = Literal["largest", "left", "right"]
RULES: tuple[Rule, ...] = ("largest", "left", "right")

Flags = NDArray[np.bool_]

_FORGET_S = 1.0


class FaceChooser:
    """Follow one face from frame to frame.

    ``"largest"``: the largest at first, then always the one nearest to the last. ``"left"`` and
    ``"right"``: of two faces the one with the smaller or larger x in the picture. Where a face is
    alone it is taken, unless it is nearer to where the other one was: then the followed face is
    missing in that frame. (With ``"largest"`` another face is forgotten a second after it was
    seen, for it may have been no face at all.)

    With ``"left"`` and ``"right"`` nobody knows whose place is whose before the first frame with
    two faces. Until then a face that is alone is taken; afterwards :meth:`before_both` tells which
    of these were the other person. So nothing depends on how many frames come at a time.

    The rule needs the frames in order, but no image; so images may be measured in any order and
    on any number of processes before.

    Parameters
    ----------
    rule
        One of :data:`RULES`.

    Attributes
    ----------
    frames_before_both
        With ``"left"`` and ``"right"``, how many frames came before the first with two faces.
    """

    def __init__(self, rule: Rule = "largest") -> None:
        self.rule = rule
        self.frames_before_both = 0
        self._first_pair: list[_Seen] = []
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
        seen = np.isfinite(points_px[:, :, 0, 0])
        count = seen.sum(axis=1)
        chosen: NDArray[np.intp] = np.where(count > 0, seen.argmax(axis=1), -1)
        pairs = np.flatnonzero(count > 1)
        if not len(pairs) and self._other is None:  # only ever one face: nothing to choose
            self.frames_before_both += len(count) if self.rule != "largest" else 0
            alone = np.flatnonzero(count)
            if len(alone):
                last = int(alone[-1])
                self._own = _Seen(points_px[last, chosen[last]], float(times_s[last]))
            return chosen
        first = 0
        if self.rule != "largest" and not self._first_pair:
            first = int(pairs[0])
            self.frames_before_both += first
            self._first_pair = [_Seen(p, float(times_s[first])) for p in points_px[first]]
        for k in first + np.flatnonzero(count[first:]):
            faces = [_Seen(points_px[k, f], float(times_s[k])) for f in np.flatnonzero(seen[k])]
            if len(faces) > 1:
                chosen[k] = self._pair(faces)
            elif self._follow(faces[0]):
                chosen[k] = -1
        return chosen

    @property
    def both_seen(self) -> bool:
        """Tell whether a frame with two faces has shown whose place is whose."""
        return bool(self._first_pair)

    def before_both(self) -> "FaceChooser":
        """Return a chooser that knows both places, for the frames that came before it did."""
        early = FaceChooser(self.rule)
        if self._first_pair:
            early._pair(self._first_pair)
        return early

    def others(self, points_px: NDArray[np.float32], times_s: NDArray[np.float64]) -> Flags:
        """Return (n,) flags of the frames whose only face is the other person.

        Parameters
        ----------
        points_px
            (n, L, 3) pixels of that face; NaN rows where there is none.
        times_s
            (n,) times of the frames.
        """
        others = np.zeros(len(points_px), dtype=bool)
        for k in np.flatnonzero(np.isfinite(points_px[:, 0, 0])):
            others[k] = self._follow(_Seen(points_px[k], float(times_s[k])))
        return others

    def _follow(self, face: "_Seen") -> bool:
        """Remember a face that is alone; return whether it is the other one."""
        other = self._is_other(face)
        if other:
            self._other = face
        else:
            self._own = face
        return other

    def _pair(self, faces: "list[_Seen]") -> int:
        """Return which of two faces is followed, and remember both."""
        if self.rule != "largest":
            followed = int(np.argmin([f.x for f in faces]))
            followed = followed if self.rule == "left" else 1 - followed
        elif self._own is None:
            followed = int(np.argmax([f.area for f in faces]))
        else:
            followed = int(np.argmin([f.distance(self._own) for f in faces]))
        self._own, self._other = faces[followed], faces[1 - followed]
        return followed

    def _is_other(self, face: "_Seen") -> bool:
        followed, other = self._own, self._other
        if followed is None or other is None:
            return False
        if self.rule == "largest" and face.time_s - other.time_s > _FORGET_S:
            self._other = None
            return False
        if followed.distance(other) < math.sqrt(followed.area) / 2:  # one face, found twice
            return False
        return face.distance(other) < face.distance(followed)


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
