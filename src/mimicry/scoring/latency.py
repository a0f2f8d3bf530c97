"""When a condition's average response comes, relative to the movement it answers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Latency", "fit_shift", "jackknife_interval", "latency_shift"]

Floats = NDArray[np.float64]
Envelope = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Latency:
    """Shift of the stimulus envelope that fits best, with its jackknife interval.

    `reason` says why `shift_s` is NaN: ``too_few_trials``, ``low_snr`` (the gate), ``edge``,
    ``no_response``, ``flat_stimulus``. `interval_reason` says why the interval is:
    ``no_latency`` or ``fold_undefined``.
    """

    shift_s: float = float("nan")
    se_s: float = float("nan")
    low_s: float = float("nan")
    high_s: float = float("nan")
    gate: float = float("nan")
    reason: str = ""
    interval_reason: str = ""


def latency_shift(
    times_s: ArrayLike,
    change: ArrayLike,
    late: ArrayLike,
    envelope: Envelope,
    *,
    min_trials: int = 12,
    gate: float = 4.0,
    max_s: float = 1.5,
    step_s: float = 0.01,
) -> Latency:
    """Shift of a condition's average response against the stimulus.

    Parameters
    ----------
    times_s
        (N,) seconds from the dynamic onset: the samples that are fitted.
    change
        (n, N) response minus baseline of n trials; NaN is missing.
    late
        (n,) delta in the late window, for the gate. An early window would let fast
        responders pass more easily than slow ones.
    envelope
        The stimulus's own movement: times -> intensity.

    Returns
    -------
    Latency
        NaN with a reason below `min_trials`, below the gate (mean / SE of `late`), when the
        best shift lies at either end, or when nothing follows the envelope.

    Notes
    -----
    The shift aligns points of half rise. A response that rises more slowly than the stimulus
    has a shift later than its onset, so this is never an onset. The gate is not repeated in
    the folds of the jackknife.

    References
    ----------
    Miller, Patterson & Ulrich (1998), Jackknife-based method for measuring LRP onset latency
    differences, Psychophysiology 35, 99-115.
    """
    data = np.asarray(change, dtype=np.float64)
    deltas = np.asarray(late, dtype=np.float64)
    data = data[np.isfinite(data).any(axis=1)]
    deltas = deltas[np.isfinite(deltas)]
    strength = _strength(deltas)
    if len(data) < max(min_trials, 1):
        return Latency(gate=strength, reason="too_few_trials", interval_reason="no_latency")
    if not strength >= gate:
        return Latency(gate=strength, reason="low_snr", interval_reason="no_latency")
    finite = np.isfinite(data)
    filled = np.where(finite, data, 0.0)
    total, count = filled.sum(axis=0), finite.sum(axis=0)
    folds = np.concatenate([total[None], total - filled])
    counts = np.concatenate([count[None], count - finite])
    # A time that fewer than half of the trials show is left out, of every fold alike.
    often = 2 * count >= len(data)
    if 2 * often.sum() < often.size:
        return Latency(gate=strength, reason="too_few_trials", interval_reason="no_latency")
    means = np.where(often & (counts > 0), folds / np.maximum(counts, 1), np.nan)
    shifts, reasons = fit_shift(times_s, means, envelope, max_s=max_s, step_s=step_s)
    if not np.isfinite(shifts[0]):
        return Latency(gate=strength, reason=reasons[0], interval_reason="no_latency")
    se, low, high = jackknife_interval(float(shifts[0]), shifts[1:])
    return Latency(
        shift_s=float(shifts[0]),
        se_s=se,
        low_s=low,
        high_s=high,
        gate=strength,
        interval_reason="" if np.isfinite(se) else "fold_undefined",
    )


def _strength(deltas: Floats) -> float:
    """Mean over standard error; infinite certainty counts as the largest number, not NaN."""
    if len(deltas) < 2:
        return float("nan")
    se = float(deltas.std(ddof=1)) / np.sqrt(len(deltas))
    mean = float(deltas.mean())
    if se <= 1e-12 * max(1.0, abs(mean)):
        return float(np.sign(mean) * np.finfo(np.float64).max) if abs(mean) > 1e-12 else 0.0
    return float(mean / se)


def fit_shift(
    times_s: ArrayLike,
    averages: ArrayLike,
    envelope: Envelope,
    *,
    max_s: float = 1.5,
    step_s: float = 0.01,
) -> tuple[Floats, tuple[str, ...]]:
    """Least-squares shift of an envelope, ``y = g * env(t - s)`` with ``g >= 0``.

    Parameters
    ----------
    times_s
        (N,) seconds from the dynamic onset.
    averages
        (M, N) average responses, each fitted by itself; NaN samples are left out.
    envelope
        Times -> intensity; its scale does not matter.

    Returns
    -------
    shifts_s
        (M,) best shift, refined by a parabola through its neighbours; NaN with a reason.
    reasons
        M texts: "", ``edge``, ``no_response`` or ``flat_stimulus``.
    """
    times = np.asarray(times_s, dtype=np.float64)
    y = np.atleast_2d(np.asarray(averages, dtype=np.float64))
    shifts = np.arange(round(max_s / step_s) + 1) * step_s
    template = envelope(times[None, :] - shifts[:, None])
    peak = float(np.abs(template).max(initial=0.0))
    if np.ptp(template) <= 1e-12:
        return np.full(len(y), np.nan), ("flat_stimulus",) * len(y)
    template = template / peak
    finite = np.isfinite(y)
    filled = np.where(finite, y, 0.0)
    energy = finite.astype(np.float64) @ (template**2).T
    product = filled @ template.T
    gain = np.where(energy > 0, np.maximum(product, 0) / np.where(energy > 0, energy, 1), 0.0)
    residual = np.where(finite[:, None], filled[:, None] - gain[:, :, None] * template, 0.0)
    errors = (residual**2).sum(axis=2)
    best = errors.argmin(axis=1)
    rows = np.arange(len(y))
    size = np.sqrt((filled**2).sum(axis=1))
    silent = gain[rows, best] * np.sqrt(energy[rows, best]) <= 1e-9 * np.maximum(size, 1e-300)
    edge = (best == 0) | (best == len(shifts) - 1)
    middle = np.clip(best, 1, len(shifts) - 2)
    left, mid, right = (errors[rows, middle + d] for d in (-1, 0, 1))
    bend = left - 2 * mid + right
    offset = np.where(bend > 0, 0.5 * (left - right) / np.where(bend > 0, bend, 1.0), 0.0)
    value = shifts[middle] + np.clip(offset, -0.5, 0.5) * step_s
    reasons = tuple(
        "no_response" if s else "edge" if e else "" for s, e in zip(silent, edge, strict=True)
    )
    return np.where(silent | edge, np.nan, value), reasons


def jackknife_interval(value: float, folds: ArrayLike) -> tuple[float, float, float]:
    """Return the standard error and 95 % t interval of a value from its leave-one-out folds.

    Returns
    -------
    se, low, high
        NaN when any fold is NaN or there are fewer than two.

    Examples
    --------
    >>> se, low, high = jackknife_interval(0.61, [0.60, 0.64, 0.58, 0.62])
    >>> round(se, 5), round((high - low) / 2, 6)
    (0.03873, 0.123256)
    """
    s = np.asarray(folds, dtype=np.float64)
    n = len(s)
    if n < 2 or not np.isfinite(s).all():
        return float("nan"), float("nan"), float("nan")
    from scipy.special import stdtrit

    se = float(np.sqrt((n - 1) / n * ((s - s.mean()) ** 2).sum()))
    half = float(stdtrit(n - 1, 0.975)) * se
    return se, value - half, value + half
