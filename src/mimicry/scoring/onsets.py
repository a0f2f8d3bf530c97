"""Responses as events: did the action unit start to move, and when."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.kernels.windows import in_window

__all__ = ["find_onsets", "rest_noise"]

Floats = NDArray[np.float64]


def rest_noise(baseline: ArrayLike) -> Floats:
    """Robust SD of all baseline samples of a phase, for each action unit.

    Parameters
    ----------
    baseline
        (N, A) baseline samples of all trials; NaN is missing. One trial's few samples would
        make the limit itself noisy and the false hits frequent.

    Returns
    -------
    numpy.ndarray
        (A,) ``1.4826 * median |y - median y|``; NaN without samples.
    """
    data = np.asarray(baseline, dtype=np.float64)
    result = np.full(data.shape[1], np.nan)
    for k, column in enumerate(data.T):
        seen = column[np.isfinite(column)]
        if seen.size:
            result[k] = 1.4826 * np.median(np.abs(seen - np.median(seen)))
    return result


def find_onsets(
    times_s: ArrayLike,
    change: ArrayLike,
    noise: ArrayLike,
    *,
    rate_hz: float,
    sigma: float = 3.0,
    hold_s: float = 0.1,
    search_s: tuple[float, float] = (0.2, 2.0),
    max_missing: float = 0.2,
) -> tuple[Floats, Floats]:
    """Tell whether and when a response begins.

    Parameters
    ----------
    times_s
        (G,) seconds from the dynamic onset, on the grid of `rate_hz`.
    change
        (K, G, A) response minus baseline.
    noise
        (A,) SD at rest.

    Returns
    -------
    hit
        (K, A) 1 when more than ``sigma * noise`` is held for ``hold_s``, beginning inside
        `search_s`; 0 when not; NaN when more than `max_missing` of the interval is NaN.
    onset_s
        (K, A) time of the first of these samples; NaN (censored) without a hit.

    Examples
    --------
    >>> t = np.arange(30) / 10
    >>> y = (t >= 0.5).astype(float)[None, :, None]
    >>> hit, onset = find_onsets(t, y, [0.1], rate_hz=10)
    >>> hit.item(), onset.item()
    (1.0, 0.5)
    """
    times = np.asarray(times_s, dtype=np.float64)
    y = np.asarray(change, dtype=np.float64)
    limit = sigma * np.asarray(noise, dtype=np.float64)
    samples = max(1, int(np.ceil(hold_s * rate_hz - 1e-9)))
    with np.errstate(invalid="ignore"):
        above = y > limit
    start = above.copy()
    for step in range(1, samples):
        later = np.zeros_like(above)
        later[:, :-step] = above[:, step:]
        start &= later
    searched = in_window(times, search_s)
    candidates = start & searched[None, :, None]
    begun = candidates.any(axis=1)
    first = candidates.argmax(axis=1)
    missing = ~np.isfinite(y[:, searched])
    unknown = (missing.mean(axis=1) > max_missing + 1e-12) | ~np.isfinite(limit)
    hit = np.where(unknown, np.nan, begun.astype(np.float64))
    return hit, np.where(hit == 1, times[first], np.nan)
