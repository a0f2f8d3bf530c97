"""Events of one face that are answered by the same event of another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mimicry.kernels import Floats
from mimicry.kernels.chance import p_value

__all__ = ["EventMatch", "answer_delays", "find_onsets", "match_events"]


@dataclass(frozen=True, slots=True)
class EventMatch:
    """How many events were answered, against how many would be by chance.

    Parameters
    ----------
    n_events, hits
        Events of the first, and those with an onset of the second in the answer window.
    rate, chance, excess
        ``hits / n_events``; the same with the second's onsets shifted round the recording by
        any amount, exactly; their difference.
    p
        ``(1 + count) / (m + 1)`` over random shifts with at least as many hits.
    latencies_s
        (hits,) from the event to its first answer.
    """

    n_events: int
    hits: int
    rate: float
    chance: float
    excess: float
    p: float
    latencies_s: Floats


def find_onsets(
    series: ArrayLike, *, rate_hz: float, sigma: float = 3.0, hold_s: float = 0.1
) -> Floats:
    """Return the times (s) at which a series rises above its resting level and stays there.

    Parameters
    ----------
    series
        (N,) samples on a regular grid; NaN ends an event.
    sigma
        Threshold above the median, in 1.4826 median absolute deviations.
    hold_s
        Shortest time above it.

    Notes
    -----
    The median and its deviation describe rest as long as the face is still for more than
    half of the recording.
    """
    values = np.asarray(series, np.float64)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return np.empty(0)
    centre = np.median(finite)
    noise = 1.4826 * np.median(np.abs(finite - centre))
    with np.errstate(invalid="ignore"):
        above = values > centre + sigma * noise
    edges = np.diff(np.concatenate([[0], above.astype(np.int8), [0]]))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    need = int(np.ceil(hold_s * rate_hz - 1e-9))
    return np.asarray(starts[stops - starts >= need] / rate_hz)


def match_events(
    first_s: ArrayLike,
    second_s: ArrayLike,
    *,
    duration_s: float,
    rng: np.random.Generator,
    answer_s: tuple[float, float] = (0.2, 2.0),
    shifts: int = 999,
) -> EventMatch:
    """Return how often an onset of the first is followed by one of the second in time.

    Parameters
    ----------
    first_s, second_s
        Onsets in seconds from the start of the shared recording.
    duration_s
        Its length; shifts go round it.
    answer_s
        An answer lies in ``[a, b)`` after the event.
    rng, shifts
        For p.

    Notes
    -----
    A circular shift keeps both sides' rhythms and breaks their timing; it does not protect
    against a third event that both respond to. Answer window after Bilakhia and colleagues
    (2013) and the usual range for faces, 0.2 to 2 s; yawns take minutes.
    """
    a, b = np.sort(np.asarray(first_s, np.float64)), np.sort(np.asarray(second_s, np.float64))
    if not len(a) or not duration_s > 0:
        nothing = float("nan")
        return EventMatch(0, 0, nothing, nothing, nothing, nothing, np.empty(0))
    delay = answer_delays(a, b, answer_s)
    hits = int(np.isfinite(delay).sum())
    chance = _covered(b, answer_s, duration_s) / duration_s
    drawn = np.array(
        [
            _round_hits(a, np.sort((b + shift) % duration_s), answer_s, duration_s)
            for shift in rng.uniform(0, duration_s, shifts)
        ]
    )
    rate = hits / len(a)
    p = p_value(hits, drawn)
    return EventMatch(len(a), hits, rate, chance, rate - chance, p, delay[np.isfinite(delay)])


def answer_delays(a: Floats, b: Floats, answer_s: tuple[float, float]) -> Floats:
    """Return (n,) delay of the first onset in the answer window of each event, NaN without one.

    Parameters
    ----------
    a, b
        (n,) events and (m,) onsets that may answer them, seconds, rising.
    answer_s
        An answer lies in ``[a, b)`` after the event.
    """
    if not len(b):
        return np.full(len(a), np.nan)
    at = np.searchsorted(b, a + answer_s[0] - 1e-12)
    delay = np.where(at < len(b), b[np.minimum(at, len(b) - 1)] - a, np.inf)
    return np.where(delay < answer_s[1], delay, np.nan)


def _round_hits(a: Floats, b: Floats, answer_s: tuple[float, float], duration_s: float) -> int:
    """Hits when the recording is a ring."""
    ring = np.concatenate([b, b + duration_s])
    return int(np.isfinite(answer_delays(a, ring, answer_s)).sum())


def _covered(b: Floats, answer_s: tuple[float, float], duration_s: float) -> float:
    """Length of the ring from which an answer can be reached: the union of windows before b."""
    if not len(b):
        return 0.0
    width = answer_s[1] - answer_s[0]
    gaps = np.diff(np.concatenate([b, [b[0] + duration_s]]))
    return float(np.minimum(gaps, width).sum())
