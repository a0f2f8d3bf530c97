"""What the onsets of an events table count from, and whether they fit a recording."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import EventsError
from mimicry.records.reading import Clock

__all__ = ["RecordingClock", "check_onsets"]

Floats = NDArray[np.float64]

_LEAST_GAP_S = 0.5  # trials closer together than this are no reading that makes sense
_UNIX_S = 1e8  # 1973: no recording is so long
_ON_FRAME_S = 5e-4
_SAME_S = 1e-3
_MANY_OUTSIDE = 0.25  # of the onsets


@dataclass(frozen=True, slots=True)
class RecordingClock:
    """The clock that onsets count on, and how they become times of the recording.

    Parameters
    ----------
    clock
        ``container``, ``start`` or ``unix``, see :class:`mimicry.ReadingOptions`.
    start_s
        Time of the recording that players show as 0; None: not known.
    unix_zero_s
        Unix time of the recording's time 0; None: not known.
    unix_from
        Where that is known from.
    rough
        Known to 1 s at best.
    """

    clock: Clock = "container"
    start_s: float | None = None
    unix_zero_s: float | None = None
    unix_from: str = ""
    rough: bool = False

    @property
    def shift_s(self) -> float:
        """Return what is added to an onset to make it a time of the recording."""
        if self.clock == "start":
            return self.start_s or 0.0
        return -(self.unix_zero_s or 0.0) if self.clock == "unix" else 0.0

    @property
    def late_s(self) -> float:
        """Return where the recording is known to begin at another time than 0; else 0."""
        return 0.0 if self.start_s is None or abs(self.start_s) < _SAME_S else self.start_s

    def __str__(self) -> str:
        """Return the clock in words."""
        if self.clock == "start":
            return f"start (onsets count from {self.shift_s:.3f} s of the recording's time stamps)"
        if self.clock == "unix":
            return f"unix (time 0 of the recording is {self.unix_zero_s:.3f}, {self.unix_from})"
        told = f"; they begin at {self.late_s:.3f} s" if self.late_s else ""
        return f"container (onsets count on the recording's own time stamps{told})"

    def to_json(self) -> dict[str, Any]:
        """Return what a sidecar says of it."""
        plain: dict[str, Any] = {
            "clock": self.clock,
            "shift_s": self.shift_s,
            "container_start_s": self.start_s,
        }
        return plain | ({"unix_from": self.unix_from} if self.clock == "unix" else {})


def check_onsets(
    onset_s: Floats, times_s: Floats, clock: RecordingClock, source: str | None = None
) -> list[str]:
    """Return doubts about onsets that fit the recording better when read in another way.

    Parameters
    ----------
    onset_s
        (K,) onsets, as times of the recording.
    times_s
        (T,) its frames.
    clock
        How the onsets were read. It is never changed here.
    source
        The events table, for messages.

    Raises
    ------
    EventsError
        When every onset lies outside the recording. The hint names the reading that would fit.
    """
    inside = _inside(onset_s, times_s)
    given = onset_s - clock.shift_s
    better = max(_readings(given, times_s, clock), default=None, key=lambda r: r[0])
    if not inside.any():
        fits = better is not None and better[0] > 0
        raise EventsError(
            f"all {len(onset_s)} onsets ({given.min():.3f} to {given.max():.3f}) lie outside the "
            f"recording ({times_s[0]:.3f} to {times_s[-1]:.3f} s) on the clock {clock.clock!r}",
            path=source,
            key="onset",
            hint=f"{better[0]} would lie inside {better[1]}." if better and fits else _hint(given),
        )
    lost = len(onset_s) - int(inside.sum())
    if better is not None and better[0] > inside.sum():
        text = (
            f"{lost} of {len(onset_s)} onsets lie outside the recording on the clock "
            f"{clock.clock!r}; only {len(onset_s) - better[0]} would {better[1]}"
        )
        return [text]
    if lost > _MANY_OUTSIDE * len(onset_s):
        text = (
            f"{lost} of {len(onset_s)} onsets lie outside the recording ({times_s[0]:.3f} to "
            f"{times_s[-1]:.3f} s) on the clock {clock.clock!r}"
        )
        return [text]
    if clock.clock == "container" and _from_the_start(given, times_s, clock):
        text = (
            f"the onsets fall on frames when they count from the start of the recording, which "
            f"is at {clock.late_s:.3f} s of its time stamps: then give `clock='start'`"
        )
        return [text]
    return []


def _inside(onset_s: Floats, times_s: Floats) -> NDArray[np.bool_]:
    return np.asarray((onset_s >= times_s[0]) & (onset_s <= times_s[-1]))


def _readings(given: Floats, times_s: Floats, clock: RecordingClock) -> Iterator[tuple[int, str]]:
    """Return how many onsets lie inside under every other reading that keeps trials apart."""
    ways: list[tuple[str, Floats]] = []
    if clock.clock != "container":
        ways.append(("with `clock='container'`", given))
    if clock.clock != "start" and clock.late_s:
        ways.append(("with `clock='start'`", given + clock.late_s))
    if clock.clock != "unix" and clock.unix_zero_s is not None:
        ways.append(("with `clock='unix'`", given - clock.unix_zero_s))
        text = "if they are unix times in milliseconds: divide by 1000, with `clock='unix'`"
        ways.append((text, given / 1000 - clock.unix_zero_s))
    ways.append(("if they are milliseconds: write seconds", given / 1000))
    if len(times_s) > 1 and (given == np.round(given)).all():
        step = float(np.median(np.diff(times_s)))  # frames may be missing: a number is no index
        text = "if they are numbers of frames: write the time of the frame, in seconds"
        ways.append((text, times_s[0] + given * step))
    for text, onsets in ways:
        gaps = np.diff(np.sort(onsets))
        if not len(gaps) or gaps.min() >= _LEAST_GAP_S or gaps.min() >= np.diff(given).min():
            yield int(_inside(onsets, times_s).sum()), text


def _from_the_start(given: Floats, times_s: Floats, clock: RecordingClock) -> bool:
    """Tell whether all onsets are frames on the clock of players, not on the recording's."""
    if len(given) < 3 or not clock.late_s or (given == np.round(given, 1)).all():
        return False
    return bool(
        (_off_frame(given + clock.late_s, times_s) < _ON_FRAME_S).all()
        and np.median(_off_frame(given, times_s)) > 4 * _ON_FRAME_S
    )


def _off_frame(onset_s: Floats, times_s: Floats) -> Floats:
    """Return the distance to the nearest frame."""
    k = np.clip(np.searchsorted(times_s, onset_s), 1, len(times_s) - 1)
    return np.minimum(np.abs(onset_s - times_s[k - 1]), np.abs(onset_s - times_s[k]))


def _hint(given: Floats) -> str:
    if given.min() > _UNIX_S:
        return "They look like unix times; `clock='unix'` needs to know when the recording began."
    return "Onsets are seconds on the recording's own time stamps, or give another `clock`."
