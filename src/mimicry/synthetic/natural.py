"""What faces and cameras do besides the movement of interest, drawn at random, kept as truth.

Faces: blinks, sway, eye movements, speech-like mouth movement, spontaneous expressions. Light:
drift and flicker. Cameras: uneven frame times, dropped and repeated frames. All randomness comes
from the generator handed in.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import InputError
from mimicry.synthetic.motion import Performance, blink_curve, envelope
from mimicry.synthetic.recipes import RECIPES

__all__ = [
    "blinks",
    "camera_times",
    "drop_frames",
    "gaze",
    "light",
    "repeat_frames",
    "smooth_noise",
    "speech",
    "spontaneous",
    "sway",
]

F = NDArray[np.float64]
STEP_S = 1 / 120  # grid on which random curves are drawn, so that frame times do not matter


def smooth_noise(times_s: F, rng: np.random.Generator, tau_s: float, n: int = 1) -> F:
    """Return (T, n) smooth noise with unit standard deviation and correlation time `tau_s`.

    The curve is drawn on a fixed grid: the same generator state gives the same movement at
    whatever times it is looked at.
    """
    from scipy.ndimage import gaussian_filter1d

    length = int(np.ceil((times_s[-1] - times_s[0]) / STEP_S)) + 2
    margin = int(4 * tau_s / STEP_S)
    raw = rng.standard_normal((length + 2 * margin, n))
    width = max(tau_s / STEP_S / np.sqrt(2), 0.5)
    soft = gaussian_filter1d(raw, width, axis=0)[margin : margin + length]
    soft *= np.sqrt(2 * width * np.sqrt(np.pi))  # back to unit variance
    grid = times_s[0] + np.arange(length) * STEP_S
    return np.column_stack([np.interp(times_s, grid, soft[:, k]) for k in range(n)])


def _events(times_s: F, rng: np.random.Generator, per_minute: float, apart_s: float) -> list[float]:
    """Return event times: exponential waits behind a refractory time."""
    if per_minute <= 0:
        return []
    mean = max(60 / per_minute - apart_s, 0.05)
    out: list[float] = []
    now = float(times_s[0]) + rng.exponential(mean)
    while now < times_s[-1]:
        out.append(now)
        now += apart_s + rng.exponential(mean)
    return out


def blinks(
    times_s: F, rng: np.random.Generator, *, per_minute: float = 15.0, avoid_s: float = 0.5
) -> F:
    """Return (T,) lid closure of spontaneous blinks for ``AU45``; at least `avoid_s` apart."""
    starts = _events(times_s, rng, per_minute, avoid_s)
    return blink_curve(times_s, starts) if starts else np.zeros_like(times_s)


def sway(
    times_s: F,
    rng: np.random.Generator,
    *,
    degrees: float = 3.0,
    millimetres: float = 4.0,
    tau_s: float = 1.2,
) -> tuple[F, F]:
    """Return head pose (T, 3) in degrees and shift (T, 3) in mm of an idle head.

    `degrees` and `millimetres` are limits: values are squeezed smoothly below them. Roll
    takes half of the range.
    """
    pose = np.tanh(0.7 * smooth_noise(times_s, rng, tau_s, 3)) * degrees * np.array([1, 1, 0.5])
    shift = np.tanh(0.7 * smooth_noise(times_s, rng, 1.5 * tau_s, 3)) * millimetres
    return pose, shift


def gaze(
    times_s: F, rng: np.random.Generator, *, degrees: float = 5.0, per_minute: float = 60.0
) -> F:
    """Return (T, 2) eye angles: fixations joined by 40-ms saccades."""
    out = np.zeros((len(times_s), 2))
    here = np.zeros(2)
    for start in _events(times_s, rng, per_minute, 0.2):
        target = np.clip(rng.normal(0, degrees / 2, 2) * [0.6, 1.0], -degrees, degrees)
        step = envelope(times_s, start, start + 0.04)
        out += step[:, None] * (target - here)
        here = target
    return out


def speech(times_s: F, rng: np.random.Generator, *, size: float = 1.0) -> dict[str, F]:
    """Return speech-like mouth movement: four syllables a second, without any language."""
    pace = 4 + smooth_noise(times_s, rng, 0.4)[:, 0] * 0.7
    beat = 2 * np.pi * np.cumsum(np.r_[0, np.diff(times_s)] * pace)
    voiced = np.clip(0.5 + 0.8 * smooth_noise(times_s, rng, 0.5)[:, 0], 0, 1)
    opening = size * voiced * (0.5 - 0.5 * np.cos(beat))
    shape = smooth_noise(times_s, rng, 0.12, 3)
    return {
        "AU26": 0.55 * opening,
        "AU25": 0.3 * size * voiced,
        "AU18": 0.25 * size * voiced * np.clip(shape[:, 0], 0, None),
        "AU20": 0.2 * size * voiced * np.clip(shape[:, 1], 0, None),
        "AU17": 0.2 * size * voiced * np.clip(shape[:, 2], 0, None),
    }


def spontaneous(
    times_s: F,
    rng: np.random.Generator,
    *,
    per_minute: float = 4.0,
    size: float = 0.4,
    emotions: tuple[str, ...] = ("angry", "happy", "sad", "surprise", "disgust", "pucker"),
) -> dict[str, F]:
    """Return weak expressions at random times, unrelated to any stimulus."""
    out: dict[str, F] = {}
    for start in _events(times_s, rng, per_minute, 1.0):
        recipe = RECIPES[emotions[rng.integers(len(emotions))]]
        rise, hold, fall = rng.uniform([0.3, 0.2, 0.4], [0.9, 1.5, 1.2])
        apex = start + rise
        curve = envelope(times_s, start, apex, apex + hold, apex + hold + fall)
        strength = size * rng.uniform(0.3, 1.0)
        for name, value in recipe.apex.items():
            out[name] = np.maximum(out.get(name, np.zeros_like(times_s)), strength * value * curve)
    return out


def light(
    times_s: F,
    rng: np.random.Generator,
    *,
    drift: float = 0.0,
    flicker: float = 0.0,
    flicker_hz: float = 100.0,
) -> F:
    """Return (T,) factor on the light: slow drift and mains flicker, as shares of the level.

    Flicker faster than half the frame rate shows as a slow beat, as on a real camera.
    """
    slow = drift * smooth_noise(times_s, rng, 3.0)[:, 0]
    fast = flicker * np.sin(2 * np.pi * flicker_hz * times_s + rng.uniform(0, 2 * np.pi))
    return np.clip(1 + slow + fast, 0.05, None)


def camera_times(
    fps: float,
    duration_s: float,
    rng: np.random.Generator,
    *,
    jitter_s: float = 0.0,
    slow_share: float = 0.0,
) -> F:
    """Return frame times of a camera: jitter, and a share of the time at half the rate."""
    times = [0.0]
    slow = False
    while times[-1] < duration_s:
        if rng.random() < 1 / (2 * fps):  # about every two seconds the camera thinks again
            slow = rng.random() < slow_share
        step = (2 if slow else 1) / fps
        times.append(times[-1] + max(step + rng.normal(0, jitter_s), 0.25 * step))
    return np.array(times[:-1])


def _chosen(n: int, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    if not 0 <= share < 1:
        raise InputError(f"share is {share}, expected 0 or more and below 1", key="share")
    out = rng.random(n) < share
    out[0] = False
    return out


def drop_frames(movement: Performance, share: float, rng: np.random.Generator) -> Performance:
    """Return the performance without a random share of its frames; times stay true."""
    keep = ~_chosen(len(movement), share, rng)
    framed = ("times_s", "intensity", "pose_deg", "shift_mm", "gaze_deg", "light")
    return replace(movement, **{name: getattr(movement, name)[keep] for name in framed})


def repeat_frames(n: int, share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return (n,) which picture each frame shows when a share repeats the one before."""
    source = np.where(_chosen(n, share, rng), 0, np.arange(n))
    return np.asarray(np.maximum.accumulate(source))
