"""Surrogates of a whole series: what a second person's movement could have been by chance.

Each takes (N,) samples on a regular grid and a Generator and returns (N,) new ones. Missing
samples stay missing: they move along with their neighbours, except under phase randomisation,
where they keep their place. What each asks and when it is wrong stands with the nulls that use
it (`synchrony.methods.chance`, `scoring.nulls`).
"""

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels import Floats

__all__ = ["circular_shift", "phase_randomised", "segment_shuffle"]


def circular_shift(series: Floats, rng: np.random.Generator, *, min_shift: int) -> Floats:
    """Return the series moved round by at least `min_shift` samples either way.

    Raises
    ------
    ValueError
        When the series is too short for that.
    """
    n = len(series)
    if n < 2 * min_shift + 2:
        raise ValueError(f"{n} samples are too few for shifts of at least {min_shift} either way")
    return np.roll(series, int(rng.integers(min_shift, n - min_shift + 1)))


def segment_shuffle(series: Floats, rng: np.random.Generator, *, segment: int) -> Floats:
    """Return the series cut into segments in a new order, none in its old place.

    What is left over at the end (less than a segment) stays there.

    Raises
    ------
    ValueError
        When fewer than three segments fit.
    """
    n = len(series) // segment
    if n < 3:
        raise ValueError(
            f"segment shuffling needs three segments of {segment} samples, the series has "
            f"{len(series)}"
        )
    blocks = series[: n * segment].reshape(n, segment)
    return np.concatenate([blocks[_derangement(n, rng)].ravel(), series[n * segment :]])


def phase_randomised(series: Floats, rng: np.random.Generator) -> Floats:
    """Return a series with the same power spectrum and random phases.

    Gaps are bridged by straight lines for the transform and are missing again afterwards.

    Raises
    ------
    ValueError
        When fewer than three samples are there.
    """
    finite = np.isfinite(series)
    if finite.sum() < 3:
        raise ValueError(f"{int(finite.sum())} samples are too few for phase randomisation")
    index = np.arange(len(series))
    whole = np.interp(index, index[finite], series[finite])
    mean = whole.mean()
    spectrum = np.fft.rfft(whole - mean)
    angle = rng.uniform(0, 2 * np.pi, len(spectrum))
    angle[0] = 0.0
    if len(series) % 2 == 0:
        angle[-1] = 0.0  # the highest frequency of an even length has no phase
    result = np.fft.irfft(spectrum * np.exp(1j * angle), len(series)) + mean
    return np.where(finite, result, np.nan)


def _derangement(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return a uniformly drawn order in which nothing keeps its place."""
    while True:
        order = rng.permutation(n)
        if not (order == np.arange(n)).any():
            return order
