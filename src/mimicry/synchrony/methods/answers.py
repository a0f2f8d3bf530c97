"""How many movements of one face are answered by the other's: matching of events."""

from typing import Any

import numpy as np

from mimicry.errors import InputError
from mimicry.kernels.chance import generator
from mimicry.kernels.event_match import answer_delays, find_onsets, match_events
from mimicry.records import SeriesMeasure, SynchronySettings
from mimicry.synchrony.methods.method import People

__all__ = ["measure_answers"]


def measure_answers(people: People, settings: SynchronySettings) -> SeriesMeasure:
    """Return who answers whose movements how often, against chance, in both directions.

    Raises
    ------
    InputError
        When the answer window is none.
    """
    option = {k: float(v or 0.0) for k, v in settings.options.items()}
    answer = option["answer_from_s"], option["answer_to_s"]
    if not 0 <= answer[0] < answer[1]:
        raise InputError("answer_from_s must lie below answer_to_s", key="`options`")
    onsets = [
        find_onsets(row, rate_hz=people.rate_hz, sigma=option["sigma"], hold_s=option["hold_s"])
        for row in people.values
    ]
    rng = generator(settings.seed)
    summary: dict[str, Any] = {}
    table: dict[str, list[Any]] = {"of": [], "event_s": [], "answered": [], "delay_s": []}
    for label, asks, answers in (("second_answers", 0, 1), ("first_answers", 1, 0)):
        matches = match_events(
            onsets[asks],
            onsets[answers],
            duration_s=people.values.shape[1] / people.rate_hz,
            rng=rng,
            answer_s=answer,
            shifts=settings.surrogates,
        )
        summary[label] = {
            "events": matches.n_events,
            **{k: getattr(matches, k) for k in ("hits", "rate", "chance", "excess")},
            "p": matches.p if settings.surrogates else float("nan"),
            "median_delay_s": float(np.median(matches.latencies_s))
            if matches.hits
            else float("nan"),
        }
        delay = answer_delays(onsets[asks], onsets[answers], answer)
        table["of"] += [people.names[asks]] * len(delay)
        table["event_s"] += onsets[asks].tolist()
        table["answered"] += np.isfinite(delay).astype(int).tolist()
        table["delay_s"] += delay.tolist()
    columns = {
        "of": "whose movement it is",
        "event_s": "its onset, s from the start of the shared recording",
        "answered": "1: the other moved within the answer window",
        "delay_s": "from this onset to the first answer",
    }
    return SeriesMeasure(settings, people.names, people.rate_hz, summary, table, columns)
