"""What a recording holds besides the response: noise, drift, blinks, stray movements, sway.

Everything acts on (T, A) arrays of action-unit intensity, time along the first axis.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.records.frozen import as_mapping

__all__ = [
    "NUISANCE",
    "REST_NOISE",
    "Nuisance",
    "add_nuisance",
    "autoregression",
    "frame_times",
    "slow_noise",
]

Floats = NDArray[np.float64]

#: SD of faces at rest, faster than 1 s, in units of the full movement: middle of the range
#: measured with MediaPipe geometry on people before webcams and studio cameras at 30 fps.
REST_NOISE: Mapping[str, float] = as_mapping(
    {
        "AU01": 0.05, "AU02": 0.05, "AU04": 0.08, "AU05": 0.035, "AU06": 0.033, "AU07": 0.035,
        "AU09": 0.048, "AU10": 0.035, "AU12": 0.024, "AU14": 0.04, "AU15": 0.04, "AU17": 0.04,
        "AU18": 0.04, "AU20": 0.04, "AU23": 0.04, "AU25": 0.006, "AU26": 0.022, "AU43": 0.035,
        "AU45": 0.035,
    }
)  # fmt: skip

# what a closing eye and a turning head leave behind in the measured units
_BLINK_LEAK = {"AU45": 1.0, "AU43": 0.4, "AU05": -0.3, "AU07": 0.2, "AU04": 0.15, "AU01": -0.05}
_PITCH_LEAK = {"AU01": -0.033, "AU02": -0.033, "AU04": 0.045, "AU09": 0.042, "AU12": 0.009}
_YAW_LEAK = {"AU12": -0.012, "AU10": -0.008, "AU15": 0.008, "AU20": 0.012}


@dataclass(frozen=True, slots=True)
class Nuisance:
    """How noisy a recording is.

    Parameters
    ----------
    noise
        Factor on the measurement noise of a face at rest (:data:`REST_NOISE`).
    noise_tau_s
        Correlation time of the slower part of that noise; 30 % of its variance is white.
    drift
        SD of a slow wander of every unit over minutes, in multiples of its rest noise.
    drift_tau_s
        Correlation time of the wander.
    trend
        Steady change over the whole recording, in multiples of the rest noise.
    blinks_per_min, blink_s
        Rate and length of blinks. Frames in a blink are marked in ``quality["blink"]``.
    stray_per_min
        Rate of spontaneous movements that have nothing to do with any stimulus.
    stray_size
        Their mean size in action-unit units (exponentially distributed).
    sway_deg
        SD of slow head rotation (pitch and yaw), degrees.
    pose_leak
        Share of the head-pose artefact that survives compensation (0 none, 1 all of it).
    dropped
        Share of frames that the camera lost: these rows do not exist.
    lost_face
        Share of frames without a face: rows of NaN with ``success`` 0.
    jitter_s
        SD of the camera's frame times about their regular places.

    Raises
    ------
    ValueError
        When a value is negative or a share is above 1.
    """

    noise: float = 1.0
    noise_tau_s: float = 0.25
    drift: float = 1.0
    drift_tau_s: float = 30.0
    trend: float = 0.0
    blinks_per_min: float = 15.0
    blink_s: float = 0.15
    stray_per_min: float = 4.0
    stray_size: float = 0.1
    sway_deg: float = 1.5
    pose_leak: float = 0.15
    dropped: float = 0.0
    lost_face: float = 0.0
    jitter_s: float = 0.001

    def __post_init__(self) -> None:
        for key in self.__dataclass_fields__:
            if getattr(self, key) < 0 and key != "trend":
                raise ValueError(f"{key} is {getattr(self, key)}, expected 0 or more")
        for key in ("dropped", "lost_face"):
            if getattr(self, key) >= 1:
                raise ValueError(f"{key} is {getattr(self, key)}, expected less than 1")

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {key: getattr(self, key) for key in self.__dataclass_fields__}


_CLEAN = Nuisance(
    noise=0.0, drift=0.0, blinks_per_min=0.0, stray_per_min=0.0, sway_deg=0.0, jitter_s=0.0
)

#: Levels of nuisance by name.
NUISANCE: Mapping[str, Nuisance] = as_mapping(
    {
        "none": _CLEAN,
        "studio": replace(_CLEAN, noise=0.6, drift=0.5, blinks_per_min=12.0, sway_deg=0.7),
        "webcam": Nuisance(),
        "restless": Nuisance(
            noise=1.5, drift=3.0, stray_per_min=15.0, sway_deg=5.0, pose_leak=0.3, dropped=0.05
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Disturbed:
    """What :func:`add_nuisance` did: arrays of T frames."""

    intensity: Floats
    pose_deg: Floats
    blink: NDArray[np.bool_]
    lost: NDArray[np.bool_] = field(repr=False)


def frame_times(
    duration_s: float, fps: float, nuisance: Nuisance, rng: np.random.Generator
) -> Floats:
    """Return the (T,) times of the frames that were kept, seconds from the recording's start."""
    n = int(np.floor(duration_s * fps))
    times = np.arange(n) / fps
    if nuisance.jitter_s > 0:
        bound = 0.45 / fps
        times = times + np.clip(rng.normal(0.0, nuisance.jitter_s, n), -bound, bound)
        times -= min(times[0], 0.0)
    if nuisance.dropped > 0:
        times = times[rng.random(n) >= nuisance.dropped]
    return times


def add_nuisance(
    intensity: Floats,
    times_s: Floats,
    names: tuple[str, ...],
    nuisance: Nuisance,
    rng: np.random.Generator,
) -> Disturbed:
    """Return `intensity` (T, A) with everything that `nuisance` asks for added."""
    values = intensity.copy()
    still_sd = np.array([REST_NOISE.get(name[:4], 0.04) for name in names])
    n, width = values.shape
    if nuisance.noise > 0:
        values += nuisance.noise * still_sd * _fast_noise(times_s, width, nuisance.noise_tau_s, rng)
    if nuisance.drift > 0:
        values += nuisance.drift * still_sd * slow_noise(times_s, width, nuisance.drift_tau_s, rng)
    if nuisance.trend:
        values += nuisance.trend * still_sd * np.linspace(0.0, 1.0, n)[:, None]
    if nuisance.stray_per_min > 0:
        _add_stray(values, times_s, nuisance, rng)
    pose = np.zeros((n, 3))
    if nuisance.sway_deg > 0:
        pose = slow_noise(times_s, 3, 3.0, rng) * nuisance.sway_deg * [1.0, 1.0, 0.5]
        values += nuisance.pose_leak * pose[:, :1] * _weights(names, _PITCH_LEAK)
        values += nuisance.pose_leak * np.abs(pose[:, 1:2]) * _weights(names, _YAW_LEAK)
    share = min(0.5, nuisance.blinks_per_min * nuisance.blink_s / 60)
    blink = _runs(times_s, share, nuisance.blink_s, rng)
    values[blink] += _weights(names, _BLINK_LEAK)
    lost = _runs(times_s, nuisance.lost_face, 0.5, rng)
    values[lost] = np.nan
    pose[lost] = np.nan
    return Disturbed(values, pose, blink & ~lost, lost)


def slow_noise(times_s: Floats, width: int, tau_s: float, rng: np.random.Generator) -> Floats:
    """Return (T, width) unit-variance wander with correlation time `tau_s`.

    A stationary first-order autoregression on knots tau/4 apart, linear in between (the
    interpolation takes up to a tenth of the variance between knots).
    """
    step = tau_s / 4
    start = times_s[0]
    n = int(np.ceil((times_s[-1] - start) / step)) + 2
    knots = autoregression((n, width), np.exp(-step / tau_s), rng)
    position = (times_s - start) / step
    left = position.astype(np.intp)
    share = (position - left)[:, None]
    return np.asarray(knots[left] * (1 - share) + knots[left + 1] * share)


def _fast_noise(times_s: Floats, width: int, tau_s: float, rng: np.random.Generator) -> Floats:
    """(T, width) unit-variance noise of landmarks at rest: 30 % white, 70 % correlated."""
    step = float(np.median(np.diff(times_s)))
    slow = autoregression((len(times_s), width), np.exp(-step / tau_s), rng)
    return np.asarray(np.sqrt(0.7) * slow + np.sqrt(0.3) * rng.standard_normal(slow.shape))


def autoregression(
    shape: tuple[int, ...], phi: float, rng: np.random.Generator, *, axis: int = 0
) -> Floats:
    """Return a stationary first-order autoregression of unit variance along `axis`."""
    from scipy.signal import lfilter

    shocks = rng.standard_normal(shape)
    np.moveaxis(shocks, axis, 0)[1:] *= np.sqrt(1 - phi**2)
    return np.asarray(lfilter([1.0], [1.0, -phi], shocks, axis=axis))


def _weights(names: tuple[str, ...], table: Mapping[str, float]) -> Floats:
    return np.array([table.get(name[:4], 0.0) for name in names])


def _add_stray(
    values: Floats, times_s: Floats, nuisance: Nuisance, rng: np.random.Generator
) -> None:
    """Add smooth bumps of one unit each, 0.5 to 4 s long, at random times."""
    length = times_s[-1] - times_s[0]
    n = rng.poisson(nuisance.stray_per_min * length / 60)
    starts = times_s[0] + rng.random(n) * length
    lasts = rng.uniform(0.5, 4.0, n)
    sizes = rng.exponential(nuisance.stray_size, n)
    units = rng.integers(values.shape[1], size=n)
    first, last = np.searchsorted(times_s, starts), np.searchsorted(times_s, starts + lasts)
    for k in range(n):  # some dozens in a session
        phase = (times_s[first[k] : last[k]] - starts[k]) / lasts[k]
        values[first[k] : last[k], units[k]] += sizes[k] * np.sin(np.pi * phase) ** 2


def _runs(
    times_s: Floats, share: float, length_s: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """(T,) True in runs of `length_s` at random times that cover about `share` of the time."""
    marked = np.zeros(len(times_s), dtype=bool)
    if share <= 0:
        return marked
    total = times_s[-1] - times_s[0]
    starts = times_s[0] + rng.random(rng.poisson(share * total / length_s)) * total
    edges = np.zeros(len(times_s) + 1, dtype=np.intp)
    np.add.at(edges, np.searchsorted(times_s, starts), 1)
    np.add.at(edges, np.searchsorted(times_s, starts + length_s), -1)
    return np.asarray(np.cumsum(edges[:-1]) > 0)
