"""Chance: the generator of a test from its words, and p from surrogates.

A generator is named by words (whose data, which contrast, which null), so that a test can be
repeated by itself and leaving one out changes no other.
"""

from typing import Literal
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Tail", "generator", "p_value", "z_surrogate"]

Tail = Literal["greater", "size", "either"]

_TIE = 1e-9


def generator(seed: int, *words: str | int) -> np.random.Generator:
    """Return the generator that a seed and words name; equal ones give equal draws.

    Parameters
    ----------
    seed
        Whole number from 0 up.
    words
        Texts enter as the CRC-32 of their UTF-8 bytes, numbers (from 0 up) as they are.
        Empty texts at the end of fewer than four words count for nothing.

    Examples
    --------
    >>> int(generator(1, "p01", "happy").integers(100))
    98
    """
    numbers = [crc32(word.encode()) if isinstance(word, str) else word for word in words]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *numbers])))


def p_value(
    observed: float, drawn: ArrayLike, *, tail: Tail = "greater", complete: bool = False
) -> float:
    """Return the share of surrogates that reach an observed statistic.

    Parameters
    ----------
    observed
        NaN gives NaN.
    drawn
        (m,) statistics of the surrogates, compared with a margin of 1e-9; a surrogate without
        a defined statistic (NaN) counts as reaching.
    tail
        ``greater``: as large or larger; ``size``: as far from 0 on either side, for statistics
        that are symmetric about 0; ``either``: twice the smaller tail, at most 1.
    complete
        The surrogates are all arrangements, the observed one included: p is their share.
        Otherwise they are a random sample, and the observed one is added: (b + 1) / (m + 1).

    Examples
    --------
    >>> p_value(2.0, [0.0, 1.0, 2.0]), p_value(-2.0, [0.0, 1.0, 2.0], tail="size")
    (0.5, 0.5)
    """
    if np.isnan(observed):
        return float("nan")
    values = np.asarray(drawn, dtype=np.float64)
    if tail == "size":
        values, observed = np.abs(values), abs(observed)
    added = 0 if complete else 1
    total = len(values) + added
    # "not less" holds for NaN too: an undefined surrogate counts as reaching
    above = (added + int((~(values < observed - _TIE)).sum())) / total
    if tail != "either":
        return above
    below = (added + int((~(values > observed + _TIE)).sum())) / total
    return min(1.0, 2 * min(above, below))


def z_surrogate(observed: float, drawn: ArrayLike) -> float:
    """Return the distance from the surrogates' mean in their SDs, over the defined ones.

    NaN where fewer than two are defined or they do not vary.
    """
    values = np.asarray(drawn, dtype=np.float64)
    values = values[np.isfinite(values)]
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return (observed - float(values.mean())) / spread if spread > 1e-12 else float("nan")
