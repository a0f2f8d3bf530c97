"""What a face does over time: movement profiles and the performance that is rendered.

Times are seconds, intensities are action units (1.0 = reference movement), angles degrees.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.errors import InputError
from mimicry.synthetic.facs import action_unit_names

__all__ = ["Performance", "blink_curve", "envelope", "minimum_jerk", "performance", "times_at"]

F = NDArray[np.float64]


def times_at(fps: float, duration_s: float) -> F:
    """Return the frame times k / fps below `duration_s`."""
    return np.arange(int(np.floor(duration_s * fps + 1e-9))) / fps


def minimum_jerk(t: ArrayLike) -> F:
    """Return a smooth step from 0 at t <= 0 to 1 at t >= 1 (Flash & Hogan 1985)."""
    x = np.clip(np.asarray(t, dtype=np.float64), 0, 1)
    return np.asarray(x**3 * (10 - 15 * x + 6 * x * x))


def envelope(
    times_s: F,
    onset_s: float,
    apex_s: float,
    offset_s: float | None = None,
    end_s: float | None = None,
) -> F:
    """Return (T,) rise from `onset_s` to `apex_s`, and fall to `end_s` where given.

    Examples
    --------
    >>> envelope(np.array([0.0, 0.5, 1.0, 2.0]), 0.0, 1.0).tolist()
    [0.0, 0.5, 1.0, 1.0]
    """
    out = minimum_jerk((times_s - onset_s) / max(apex_s - onset_s, 1e-9))
    if offset_s is not None:
        end = offset_s + 0.5 if end_s is None else end_s
        out = out * (1 - minimum_jerk((times_s - offset_s) / max(end - offset_s, 1e-9)))
    return out


def blink_curve(
    times_s: F, starts_s: ArrayLike, *, close_s: float = 0.08, open_s: float = 0.16
) -> F:
    """Return (T,) lid closure 0..1 of blinks that begin at the given times."""
    out = np.zeros_like(times_s)
    for start in np.atleast_1d(np.asarray(starts_s, dtype=np.float64)):
        shut = start + close_s
        out = np.maximum(out, envelope(times_s, start, shut, shut + 0.03, shut + 0.03 + open_s))
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """What is rendered, frame by frame.

    Parameters
    ----------
    times_s
        (T,) strictly increasing seconds; they become the video's presentation times.
    intensity
        (T, A) action units. A bilateral name moves both sides; ``_L``/``_R`` add to it.
    names
        A names out of :func:`mimicry.synthetic.facs.action_unit_names`; ``AU45`` is the blink.
    pose_deg
        (T, 3) pitch (positive: chin up), yaw (positive: the person turns to their left), roll
        (positive: the head tilts to the person's left shoulder).
    shift_mm
        (T, 3) translation of the whole person: to their left, up, towards the camera.
    gaze_deg
        (T, 2) pitch (up) and yaw (to the person's left) of the eyes in the head.
    light
        (T,) factor on all light.
    """

    times_s: F
    intensity: F
    names: tuple[str, ...]
    pose_deg: F
    shift_mm: F
    gaze_deg: F
    light: F

    def __post_init__(self) -> None:
        n = len(self.times_s)
        if n == 0 or np.any(np.diff(self.times_s) <= 0):
            raise InputError("times_s must be strictly increasing and hold at least one time")
        unknown = sorted(set(self.names) - set(action_unit_names()))
        if unknown or len(set(self.names)) != len(self.names):
            raise InputError(
                f"unknown or repeated action units: {', '.join(unknown) or self.names}"
            )
        wide = {"intensity": len(self.names), "pose_deg": 3, "shift_mm": 3, "gaze_deg": 2}
        wanted = {**{name: (n, width) for name, width in wide.items()}, "light": (n,)}
        for key, shape in wanted.items():
            actual = np.shape(getattr(self, key))
            if actual != shape:
                raise InputError(f"{key} has shape {actual}, expected {shape}")

    def __len__(self) -> int:
        return len(self.times_s)

    def of(self, name: str) -> F:
        """Return (T,) intensity of an action unit, 0 where the performance has none."""
        if name not in self.names:
            return np.zeros(len(self))
        return self.intensity[:, self.names.index(name)]


def performance(
    times_s: ArrayLike,
    units: Mapping[str, ArrayLike] | None = None,
    *,
    pose_deg: ArrayLike = (0.0, 0.0, 0.0),
    shift_mm: ArrayLike = (0.0, 0.0, 0.0),
    gaze_deg: ArrayLike = (0.0, 0.0),
    light: ArrayLike = 1.0,
) -> Performance:
    """Build a performance from a mapping of action units; constants are repeated.

    Examples
    --------
    >>> t = times_at(30, 2.0)
    >>> smile = performance(t, {"AU12": 0.5 * envelope(t, 0.5, 1.0)})
    >>> float(smile.of("AU12").max())
    0.5
    """
    t = np.asarray(times_s, dtype=np.float64)
    n, units = len(t), units or {}

    def repeated(values: ArrayLike, *shape: int) -> F:
        return np.broadcast_to(np.asarray(values, dtype=np.float64), (n, *shape))

    return Performance(
        times_s=t,
        intensity=np.column_stack([np.zeros((n, 0)), *(repeated(units[k]) for k in sorted(units))]),
        names=tuple(sorted(units)),
        pose_deg=repeated(pose_deg, 3),
        shift_mm=repeated(shift_mm, 3),
        gaze_deg=repeated(gaze_deg, 2),
        light=repeated(light),
    )
