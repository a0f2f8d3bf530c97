"""At which rhythms two people move together: coherence."""

import numpy as np

from mimicry.errors import InputError
from mimicry.kernels.coherence import Coherence, coherence
from mimicry.records import SeriesMeasure, SynchronySettings
from mimicry.synchrony.methods.method import People

__all__ = ["measure_coherence", "statistics_of_coherence"]


def measure_coherence(people: People, settings: SynchronySettings) -> SeriesMeasure:
    """Return the coherence of two people by frequency, with its largest value.

    Raises
    ------
    InputError
        When no frequency of the band has power.
    """
    spectrum = _between(people, settings)
    if np.isnan(spectrum.coherence).all():
        low, high = _band_hz(settings)
        raise InputError(f"no frequency between {low:g} and {high:g} Hz has power", key="`options`")
    best = int(np.nanargmax(spectrum.coherence))
    return SeriesMeasure(
        settings=settings,
        names=people.names,
        rate_hz=people.rate_hz,
        summary={
            "mean_coherence": float(np.nanmean(spectrum.coherence)),
            "peak_hz": float(spectrum.frequency_hz[best]),
            "peak_coherence": float(spectrum.coherence[best]),
            "peak_lag_s": float(spectrum.lag_s[best]),
            "n_windows": spectrum.n_windows,
            "bound_95": spectrum.bound_95,
            "share_above_bound": float(np.mean(spectrum.coherence > spectrum.bound_95)),
        },
        table={k: getattr(spectrum, k) for k in ("frequency_hz", "coherence", "lag_s")},
        columns={
            "frequency_hz": "frequency",
            "coherence": "magnitude-squared coherence, 0 to 1",
            "lag_s": "lag from the phase, ambiguous by whole periods; positive: the first leads",
        },
    )


def statistics_of_coherence(people: People, settings: SynchronySettings) -> dict[str, float]:
    """Return the mean coherence; NaN when no frequency of the band has power."""
    values = _between(people, settings).coherence
    known = np.isfinite(values).any()
    return {"mean_coherence": float(np.nanmean(values)) if known else float("nan")}


def _between(people: People, settings: SynchronySettings) -> Coherence:
    return coherence(
        people.values[0],
        people.values[1],
        rate_hz=people.rate_hz,
        window_s=float(settings.window_s or 0.0),
        band_hz=_band_hz(settings),
    )


def _band_hz(settings: SynchronySettings) -> tuple[float, float]:
    low, high = (float(settings.options[k] or 0.0) for k in ("lowest_hz", "highest_hz"))
    return low, high
