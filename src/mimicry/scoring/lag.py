"""How the response follows the stimulus in single trials: lagged correlation."""

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.correlation import lag_samples, lagged_correlation
from mimicry.kernels.windows import in_window
from mimicry.records import AlignedTrials, ScoringSettings

__all__ = ["lag_axis_s", "profiles"]

Floats = NDArray[np.float64]


def lag_axis_s(aligned: AlignedTrials, settings: ScoringSettings) -> Floats:
    """(L,) lags in seconds; positive: the response follows."""
    return np.asarray(lag_samples(settings.lags_s, aligned.rate_hz) / aligned.rate_hz)


def profiles(
    aligned: AlignedTrials, envelopes: Floats, unit: int, settings: ScoringSettings
) -> Floats:
    """(K, L) correlation of each trial's response with an envelope, at every lag.

    Parameters
    ----------
    envelopes
        (K, G) one stimulus envelope for each trial, on the grid of `aligned`.
    unit
        Position of the action unit whose response is taken.

    Returns
    -------
    numpy.ndarray
        NaN where the envelope or the response does not vary or too few pairs are there.
    """
    inside = np.flatnonzero(in_window(aligned.times_s, settings.stimulus_window_s))
    lags = lag_samples(settings.lags_s, aligned.rate_hz)
    first, last = inside[0] + lags[0], inside[-1] + lags[-1]
    response = aligned.response_fast[:, first : last + 1, unit]
    return lagged_correlation(
        envelopes[:, None, inside], response, min_overlap=settings.min_overlap
    )[:, 0]
