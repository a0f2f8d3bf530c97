"""Change from baseline: the amplitude of a response in a window."""

import numpy as np
from numpy.typing import ArrayLike

from mimicry.kernels import Floats
from mimicry.kernels.windows import in_window, window_mean

__all__ = ["block_standard_error", "delta", "pooled_sd"]


def delta(
    times_s: ArrayLike,
    values: ArrayLike,
    window_s: tuple[float, float],
    *,
    baseline_s: tuple[float, float] = (-0.5, 0.0),
) -> Floats:
    """Mean over a window minus the mean over the baseline.

    Parameters
    ----------
    times_s
        (G,) seconds from the dynamic onset.
    values
        (K, G, ...) samples of K trials.
    window_s, baseline_s
        Half-open windows ``[a, b)``.

    Returns
    -------
    numpy.ndarray
        (K, ...); NaN where either window has fewer than half of its samples.

    Examples
    --------
    >>> t = np.arange(-5, 15) / 10
    >>> y = np.where(t < 0.5, 2.0, 3.0)[None]
    >>> float(delta(t, y, (0.5, 1.5))[0])
    1.0
    """
    level = window_mean(values, in_window(times_s, baseline_s))
    return window_mean(values, in_window(times_s, window_s)) - level


def pooled_sd(deltas: ArrayLike, *, min_trials: int = 8, smallest: float = 1e-9) -> Floats:
    """SD of deltas over all trials (axis 0), whatever their condition; nothing is subtracted.

    Standardising divides by this and never centres: a centred score would turn a smile at
    happy faces only into an equally large response to all other faces.

    Returns
    -------
    numpy.ndarray
        NaN with fewer than `min_trials` trials or an SD of `smallest` or less.
    """
    data = np.asarray(deltas, dtype=np.float64)
    finite = np.isfinite(data)
    n = finite.sum(axis=0)
    mean = np.where(finite, data, 0.0).sum(axis=0) / np.maximum(n, 1)
    squares = np.where(finite, (data - mean) ** 2, 0.0).sum(axis=0)
    sd = np.sqrt(squares / np.maximum(n - 1, 1))
    return np.where((n >= max(min_trials, 2)) & (sd > smallest), sd, np.nan)


def block_standard_error(values: ArrayLike, chosen: ArrayLike, block: int) -> Floats:
    """Moving-block bootstrap standard error of a window mean, in closed form.

    With blocks of `block` samples drawn with replacement from all overlapping blocks, the
    variance of the bootstrap mean is the variance of the block means divided by the number
    of blocks a resample needs; no random draw is necessary. It describes the noise of the
    samples inside one trial only, which is far smaller than the true uncertainty of a trial
    (20-54 % of it), so it must never serve as a weight.

    Parameters
    ----------
    values
        (K, G, ...) samples.
    chosen
        (G,) True for the samples of the window.
    block
        Block length in samples.

    Returns
    -------
    numpy.ndarray
        (K, ...); NaN where a sample is missing or fewer than two blocks fit.

    References
    ----------
    Künsch (1989), The jackknife and the bootstrap for general stationary observations,
    Annals of Statistics 17, 1217-1241.
    """
    part = np.asarray(values, dtype=np.float64)[:, np.asarray(chosen, dtype=bool)]
    n = part.shape[1]
    if block < 1 or n < 2 * block:
        return np.full((part.shape[0], *part.shape[2:]), np.nan)
    blocks = np.lib.stride_tricks.sliding_window_view(part, block, axis=1).mean(axis=-1)
    return np.asarray(np.sqrt(blocks.var(axis=1) * block / n))
