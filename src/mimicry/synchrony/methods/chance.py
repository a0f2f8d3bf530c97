"""Comparing people together with what unrelated people would show."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mimicry.errors import InputError
from mimicry.kernels.chance import Tail, generator, p_value, z_surrogate
from mimicry.kernels.series_surrogates import circular_shift, phase_randomised, segment_shuffle
from mimicry.records import Null, SynchronySettings, nulls_by_name
from mimicry.synchrony.methods.method import Floats, Method, People

__all__ = [
    "LEAST_ARRANGEMENTS",
    "NULLS",
    "against_chance",
    "compare",
    "fitted",
    "held_against",
    "stand_ins",
]

LEAST_ARRANGEMENTS = 40  # below, the smallest two-sided p is above .05


@dataclass(frozen=True, slots=True)
class Reach:
    """Samples in a segment that is reordered, and in the shortest shift."""

    segment: int
    shift: int


#: Returns what the second of two people could have done, for the k-th time.
SeriesDraw = Callable[[People, Reach, np.random.Generator, int], Floats]


def fitted(series: Floats, n: int) -> Floats:
    """Return another session's series, cut or filled (NaN) at the end to n samples."""
    return np.concatenate([series[:n], np.full(max(n - len(series), 0), np.nan)])


NULLS: dict[str, Null[SeriesDraw]] = nulls_by_name(
    Null(
        "pseudo-pairs",
        surrogate="another session's second person, as recorded",
        question="is this pair more in step than strangers in the same role? **The one to use "
        "between people.**",
        wrong_when="few other sessions; sessions that differ in length or task",
        draw=lambda p, _reach, _rng, k: fitted(p.partners[k], p.values.shape[1]),
    ),
    Null(
        "segment-shuffle",
        surrogate="the second person's movement cut into segments, none in its old place",
        question="is this moment of A tied to this moment of B, given what each does anyway?",
        wrong_when="drift or a trend through the session",
        draw=lambda p, reach, rng, _k: segment_shuffle(p.values[1], rng, segment=reach.segment),
    ),
    Null(
        "circular-shift",
        surrogate="the second person's movement moved round the recording, further than any lag",
        question="is the timing tied at all?",
        wrong_when="a common clock drives both, drift",
        draw=lambda p, reach, rng, _k: circular_shift(p.values[1], rng, min_shift=reach.shift),
    ),
    Null(
        "phase",
        surrogate="a movement of the second person's power spectrum and random phases",
        question="the same, for Gaussian signals",
        wrong_when="on-off movement",
        draw=lambda p, _reach, rng, _k: phase_randomised(p.values[1], rng),
    ),
)


def stand_ins(people: People, settings: SynchronySettings, method: Method) -> Iterator[Floats]:
    """Yield what the second person could have done: surrogates, or the partners once each.

    Raises
    ------
    InputError
        When the null cannot be drawn from these data.
    """
    count = settings.surrogates
    if settings.null == "pseudo-pairs":
        count = len(people.partners)
        if not count:
            raise InputError(
                "pseudo-pairs need recordings of other second persons",
                key="`partners`",
                hint="Give `partners=[FILE]` for each, or choose `null='segment-shuffle'`.",
            )
    n = people.values.shape[1]
    window, lag = (
        round((length or 0.0) * people.rate_hz)
        for length in (settings.window_s, settings.max_lag_s)
    )
    # a shift is further than any lag looked at, on both sides, so that no surrogate is the truth
    reach = Reach(method.shuffled(window, lag, n) if method.shuffled else n, 2 * lag + 1)
    draw = NULLS[str(settings.null)].draw
    rng = generator(settings.seed, str(settings.null))
    try:
        yield from (draw(people, reach, rng, k) for k in range(count))
    except ValueError as error:
        raise InputError(str(error), key="`null`") from error


def against_chance(people: People, settings: SynchronySettings, method: Method) -> dict[str, Any]:
    """Return every statistic of a method against its surrogates; empty: none are asked for."""
    if method.statistics is None or not (settings.surrogates or people.partners):
        return {}
    observed = method.statistics(people, settings)
    drawn = [
        method.statistics(people.with_second(series), settings)
        for series in stand_ins(people, settings, method)
    ]
    by_name = {name: [d[name] for d in drawn] for name in observed}
    # as many others can be drawn as are asked for
    count = len(drawn) + 1 if settings.null == "pseudo-pairs" else LEAST_ARRANGEMENTS
    return held_against(observed, by_name, settings, method, arrangements=count)


def held_against(
    observed: Mapping[str, float],
    drawn: Mapping[str, Sequence[float] | Floats],
    settings: SynchronySettings,
    method: Method,
    *,
    arrangements: int,
) -> dict[str, Any]:
    """Return the test of every statistic; p is NaN below 40 arrangements, the observed included."""
    # where nothing can be negative, less than chance is no finding
    only_more = settings.absolute or method.only_more
    tests = {
        name: compare(
            value,
            drawn[name],
            greater_only=name == "profile_maximum" or (only_more and name != "lead_asymmetry"),
        )
        for name, value in observed.items()
    }
    first = next(iter(tests))
    n = len(drawn[first])
    head = {"null": settings.null, "n": n, "seed": settings.seed, "statistic": first}
    if arrangements < LEAST_ARRANGEMENTS:
        head["reason"] = "too_few_arrangements"
        tests = {name: {**test, "p": float("nan")} for name, test in tests.items()}
    return {**head, **tests[first], **(tests if len(tests) > 1 else {})}


def compare(
    observed: float, surrogates: Sequence[float] | Floats, *, greater_only: bool
) -> dict[str, Any]:
    """Return mean and SD of the surrogates, the standardised effect and p.

    ``p = (1 + count) / (m + 1)``, two-sided twice the smaller side (at most 1). Surrogates
    without a value count as being as extreme.
    """
    drawn = np.asarray(surrogates, np.float64)
    finite = drawn[np.isfinite(drawn)]
    sd = finite.std(ddof=1) if len(finite) > 1 else np.nan
    tail: Tail = "greater" if greater_only else "either"
    known = bool(np.isfinite(observed)) and len(finite) > 0
    return {
        "observed": observed,
        "mean": float(finite.mean()) if len(finite) else float("nan"),
        "sd": float(sd),
        "z_surrogate": z_surrogate(observed, drawn) if known else float("nan"),
        "p": p_value(observed, drawn, tail=tail) if known else float("nan"),
        "sided": "greater" if greater_only else "two",
    }
