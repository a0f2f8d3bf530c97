"""The response to each kind of event when responses overlap: linear deconvolution."""

import numpy as np

from mimicry.errors import InputError
from mimicry.kernels.deconvolve import fir_response
from mimicry.records import SeriesMeasure, SynchronySettings
from mimicry.synchrony.methods.method import People

__all__ = ["measure_responses"]


def measure_responses(people: People, settings: SynchronySettings) -> SeriesMeasure:
    """Return one person's response to each kind of event by time bin.

    Raises
    ------
    InputError
        When there are no events.
    """
    series, rate_hz = people.values[0], people.rate_hz
    if not people.events:
        raise InputError(
            "preset 'fir' needs the events that the face responds to",
            key="`events`",
            hint="Give `events` with an events table (onset, trial_type).",
        )
    size = max(1, round(float(settings.step_s or 0.0) * rate_hz))
    n_bins = round(float(settings.window_s or 0.0) * rate_hz / size)
    kinds = sorted(people.events)
    starts = [
        np.rint(np.asarray(people.events[kind], np.float64) * rate_hz).astype(np.int64)
        for kind in kinds
    ]
    response = fir_response(
        series,
        starts,
        n_bins=n_bins,
        bin_samples=size,
        ridge=float(settings.options["ridge"] or 0.0),
        max_ar=round(float(settings.options["max_ar_s"] or 0.0) * rate_hz),
    )
    begin = np.arange(n_bins) * size / rate_hz
    counts = [int(((s >= 0) & (s < len(series))).sum()) for s in starts]
    summary = {
        "events": dict(zip(kinds, counts, strict=True)),
        "bins": n_bins,
        "bin_s": size / rate_hz,
        "n_samples": response.n_samples,
        "ar_order": len(response.ar),
    }
    table = {
        "condition": np.repeat(kinds, n_bins),
        "bin_start_s": np.tile(begin, len(kinds)),
        "bin_end_s": np.tile(begin + size / rate_hz, len(kinds)),
        "response": response.response.ravel(),
        "se": response.se.ravel(),
    }
    columns = {
        "condition": "kind of event",
        "bin_start_s": "start of the time bin after the event's onset, s",
        "bin_end_s": "its end",
        "response": "level of the response in the bin, against no event, in the series' units",
        "se": "its standard error",
    }
    return SeriesMeasure(settings, people.names, rate_hz, summary, table, columns)
