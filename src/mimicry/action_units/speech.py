"""Talking, as a nuisance: lips that open and close again and again."""

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.smooth import gaussian_smooth

__all__ = ["speech_activity"]

Array = NDArray[np.float64]

_SWING = 0.08  # units of AU25 beyond its own course that count as a swing; noise stays below
_COURSE_S = 0.25  # SD of the Gaussian that gives this course
_NOISE_S = 0.03
_AROUND_S = 0.75  # swings are counted this long before and after
_SWINGS = 5  # an expression that comes and goes makes fewer; speech makes 6 to 15


def speech_activity(times_s: Array, lips_part: Array) -> NDArray[np.bool_]:
    """(T,) whether the lips swing open and shut as in speech around each frame.

    Parameters
    ----------
    times_s
        (T,) seconds.
    lips_part
        (T,) AU25; NaN where not seen, and there the answer is False.

    Notes
    -----
    Reversals of the lips about their own slow course are counted in 1.5 s: speech opens the
    mouth at 2 to 7 Hz (Chandrasekaran et al., 2009, *PLoS Comput. Biol.* 5, e1000436), a smile
    or a gasp once. Chewing and laughing look the same. It is a flag, not a transcript.
    """
    seen = np.isfinite(lips_part)
    if len(times_s) == 0 or not seen.any():
        return np.zeros(len(times_s), dtype=bool)
    quick = gaussian_smooth(times_s, lips_part, _NOISE_S)
    swing = quick - gaussian_smooth(times_s, lips_part, _COURSE_S)
    side = np.where(swing > _SWING, 1, np.where(swing < -_SWING, -1, 0))
    out_of_rest = np.flatnonzero(side)
    turned = np.flatnonzero(np.diff(side[out_of_rest]) != 0)
    at = times_s[out_of_rest[turned + 1]] if turned.size else np.empty(0)
    first = np.searchsorted(at, times_s - _AROUND_S, "left")
    last = np.searchsorted(at, times_s + _AROUND_S, "right")
    return np.asarray((last - first >= _SWINGS) & seen)
