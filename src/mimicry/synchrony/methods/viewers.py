"""Whether the viewers of one film move at the same moments: intersubject correlation."""

import numpy as np

from mimicry.kernels.chance import generator
from mimicry.records import SeriesMeasure, SynchronySettings
from mimicry.synchrony.methods.method import People

__all__ = ["measure_viewers"]


def measure_viewers(people: People, settings: SynchronySettings) -> SeriesMeasure:
    """Return each viewer's correlation with the mean of the others, and chance."""
    from mimicry.statistics.intersubject import intersubject_correlation

    intersubject = intersubject_correlation(
        people.values,
        people.rate_hz,
        generator(settings.seed),
        surrogates=settings.surrogates,
        min_shift_s=float(settings.options["min_shift_s"] or 0.0),
    )
    summary = {
        "n_viewers": len(people.values),
        "n_viewers_usable": int(np.isfinite(intersubject.r).sum()),
        "mean_z": intersubject.mean_z,
        "p": intersubject.p if settings.surrogates else float("nan"),
        "z_surrogate": intersubject.z_surrogate,
        "reason": intersubject.reason or None,
    }
    table = {"viewer": list(people.names), "r": intersubject.r}
    columns = {
        "viewer": "who",
        "r": "correlation with the mean of the others; n/a: less than 80 % of the samples",
    }
    return SeriesMeasure(settings, people.names, people.rate_hz, summary, table, columns)
