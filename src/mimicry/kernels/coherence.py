"""Magnitude-squared coherence: association by frequency, whatever the phase."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from mimicry.kernels import Floats

__all__ = ["Coherence", "coherence"]


@dataclass(frozen=True, slots=True)
class Coherence:
    """Coherence by frequency.

    Parameters
    ----------
    frequency_hz, coherence
        (F,) 0 to 1.
    lag_s
        (F,) lag from the phase of the cross-spectrum; positive: the first leads. Ambiguous by
        whole periods.
    n_windows
        Complete windows that were averaged. With one window coherence is 1 by construction.
    bound_95
        Upper 5 % point for unrelated Gaussian series and independent windows.
    """

    frequency_hz: Floats
    coherence: Floats
    lag_s: Floats
    n_windows: int
    bound_95: float


def coherence(
    first: ArrayLike,
    second: ArrayLike,
    *,
    rate_hz: float,
    window_s: float = 20.0,
    band_hz: tuple[float, float] = (0.05, 2.0),
) -> Coherence:
    """Return Welch's coherence of two series over the windows that are complete.

    Parameters
    ----------
    first, second
        (N,) samples on one regular grid. Windows with a NaN are left out.
    window_s
        Length of a window (Hann, half overlapping, mean taken out); it sets the lowest
        frequency that can be told apart.
    band_hz
        Frequencies returned.

    Raises
    ------
    ValueError
        When fewer than three windows are complete.

    Notes
    -----
    The same numbers as ``scipy.signal.coherence`` where nothing is missing. `bound_95` is
    ``1 - .05 ** (1 / (n - 1))`` with n the number of windows that do not overlap. Movement in
    conversation is mostly coherent below 0.5 Hz (Fujiwara and Daibo 2016, doi
    10.3389/fpsyg.2016.00516). Not for trials of a few seconds.
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    size = round(window_s * rate_hz)
    if a.shape != b.shape or a.ndim != 1 or len(a) < size:
        raise ValueError(f"expected two series of one length >= {size}, got {a.shape}, {b.shape}")
    step = size - size // 2
    x, y = (sliding_window_view(s, size)[::step] for s in (a, b))
    whole = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    n = int(whole.sum())
    if n < 3:
        raise ValueError(f"only {n} complete windows of {window_s:g} s; expected at least 3")
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    fx, fy = (
        np.fft.rfft((s[whole] - s[whole].mean(axis=1, keepdims=True)) * taper, axis=1)
        for s in (x, y)
    )
    cross = (np.conj(fx) * fy).mean(axis=0)
    power = (np.abs(fx) ** 2).mean(axis=0) * (np.abs(fy) ** 2).mean(axis=0)
    frequency = np.asarray(np.fft.rfftfreq(size, 1 / rate_hz), np.float64)
    chosen = (frequency >= band_hz[0]) & (frequency <= band_hz[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(power > 0, np.abs(cross) ** 2 / power, np.nan)
        lag = -np.angle(cross) / (2 * np.pi * frequency)
    apart = max(2.0, n * step / size)
    bound = float(1 - 0.05 ** (1 / (apart - 1)))
    return Coherence(frequency[chosen], np.asarray(value)[chosen], lag[chosen], n, bound)
