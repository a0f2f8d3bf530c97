"""Responses as events: did the action unit start to move, and when."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.kernels.windows import in_window

__all__ = ["find_onsets", "rest_noise"]

Floats = NDArray[np.float64]


def rest_noise(change: ArrayLike) -> float:
    """Return the robust SD of a face at rest, ``1.4826 * median |y - median y|``.

    Parameters
    ----------
    change
        Samples of any shape, each relative to a baseline shortly before it, so that slow drift
        takes no part; NaN is missing. Those of many trials: one trial's few samples would make
        the limit itself noisy and the false hits frequent.

    Returns
    -------
    float
        NaN without samples.

    Examples
    --------
    >>> rest_noise([[-1.0, 0.0], [1.0, 9.0]])
    1.4826
    """
    data = np.asarray(change, dtype=np.float64)
    seen = data[np.isfinite(data)]
    if not seen.size:
        return float("nan")
    return float(1.4826 * np.median(np.abs(seen - np.median(seen))))


def find_onsets(
    times_s: ArrayLike,
    change: ArrayLike,
    noise: float,
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
        (K, G) response minus baseline.
    noise
        SD at rest.

    Returns
    -------
    hit
        (K,) 1 when more than ``sigma * noise`` is held for ``hold_s``, beginning inside
        `search_s`; 0 when not; NaN when more than `max_missing` of the interval is NaN.
    onset_s
        (K,) time of the first of these samples; NaN (censored) without a hit.

    Examples
    --------
    >>> t = np.arange(30) / 10
    >>> y = (t >= 0.5).astype(float)[None]
    >>> hit, onset = find_onsets(t, y, 0.1, rate_hz=10)
    >>> hit.item(), onset.item()
    (1.0, 0.5)
    """
    times = np.asarray(times_s, dtype=np.float64)
    y = np.asarray(change, dtype=np.float64)
    limit = sigma * noise
    samples = max(1, int(np.ceil(hold_s * rate_hz - 1e-9)))
    with np.errstate(invalid="ignore"):
        above = y > limit
    start = above.copy()
    for step in range(1, samples):
        later = np.zeros_like(above)
        later[:, :-step] = above[:, step:]
        start &= later
    searched = in_window(times, search_s)
    candidates = start & searched
    begun = candidates.any(axis=1)
    first = candidates.argmax(axis=1)
    missing = ~np.isfinite(y[:, searched])
    unknown = (missing.mean(axis=1) > max_missing + 1e-12) | ~np.isfinite(limit)
    hit = np.where(unknown, np.nan, begun.astype(np.float64))
    return hit, np.where(hit == 1, times[first], np.nan)
