"""A sample of dyads tested as a whole: everybody is re-paired at once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import factorial
from typing import Any

import numpy as np

from mimicry.errors import InputError
from mimicry.kernels.arrangements import permutations
from mimicry.kernels.chance import generator
from mimicry.records import SeriesMeasure, SynchronySettings
from mimicry.records.synchrony import mean_of_known
from mimicry.synchrony.methods.chance import LEAST_ARRANGEMENTS, fitted, held_against
from mimicry.synchrony.methods.measure import with_bridges
from mimicry.synchrony.methods.method import Floats, Method, People
from mimicry.synchrony.methods.registry import METHODS

__all__ = ["RE_PAIRING", "measure_sample"]

RE_PAIRING = "re-pairing"
DRAWS = 9_999


def measure_sample(
    dyads: Mapping[str, People],
    settings: SynchronySettings,
    provenance: Mapping[str, Any] | None = None,
) -> SeriesMeasure:
    """Return the mean over dyads of what a method finds, against everybody re-paired at once.

    Parameters
    ----------
    dyads
        Name -> two people on one grid; all grids have one rate.
    settings
        From :func:`mimicry.synchrony.methods.choose_settings`; `surrogates` re-pairings are
        drawn (0: 9,999) unless all are listed, which they are up to 10,000.
    provenance
        Where the series come from. JSON types only.

    Returns
    -------
    SeriesMeasure
        One row a dyad. A dyad without a value takes no part; the notes name it. p is NaN for
        fewer than 40 arrangements (``too_few_arrangements``): four dyads or fewer.

    Raises
    ------
    InputError
        When there are fewer than two dyads, their rates differ, or the method is not for two
        people or has no statistic to compare.

    Notes
    -----
    All re-pairings count, those that leave some pairs as they are included: with derangements
    alone the observed pairing lies outside of what it is compared with, and the test rejects 9 %
    of samples of ten unrelated dyads at the 5 % level.
    """
    method = METHODS[settings.preset]
    _refuse(dyads, method)
    settings = replace(settings, null=RE_PAIRING, surrogates=settings.surrogates or DRAWS)
    people = [with_bridges(dyad, settings) for dyad in dyads.values()]
    cells = _cells(dict(zip(dyads, people, strict=True)), settings, method)
    first = next(iter(cells))
    known = np.isfinite(np.diag(cells[first]))
    if known.sum() < 2:
        raise InputError(f"{int(known.sum())} of {len(known)} dyads have a value", key="`dyads`")
    cells = {name: values[np.ix_(known, known)] for name, values in cells.items()}
    n = int(known.sum())
    rng = generator(settings.seed, RE_PAIRING)
    partner, count, complete = permutations(n, rng, draws=settings.surrogates)
    drawn = {
        name: mean_of_known(values[np.arange(n), partner[1:] if complete else partner], axis=1)
        for name, values in cells.items()
    }
    observed = {name: float(mean_of_known(np.diag(values))) for name, values in cells.items()}
    surrogate = held_against(observed, drawn, settings, method, arrangements=count)
    test = {key: surrogate[key] for key in ("p", "z_surrogate")}
    summary = {"n_dyads": n, **observed, "re_paired_mean": surrogate["mean"], **test}
    kept = {name: dyads[name] for name, has_value in zip(dyads, known, strict=True) if has_value}
    table, columns = _table(kept, cells)
    return SeriesMeasure(
        settings,
        (f"{n} dyads",),
        people[0].rate_hz,
        summary,
        table,
        columns,
        surrogate,
        {**(provenance or {}), "notes": _notes([name for name in dyads if name not in kept], n)},
    )


def _refuse(dyads: Mapping[str, People], method: Method) -> None:
    """Refuse what cannot be compared."""
    if method.statistics is None:
        known = ", ".join(name for name, m in METHODS.items() if m.statistics)
        raise InputError(
            f"preset {method.settings.preset!r} is not for a sample of dyads; known are {known}",
            key="`preset`",
        )
    if len(dyads) < 2:
        raise InputError(f"{len(dyads)} dyad; a sample has at least two", key="`dyads`")
    rates = {dyad.rate_hz for dyad in dyads.values()}
    if len(rates) > 1:
        raise InputError(
            f"dyads have {min(rates):g} to {max(rates):g} samples per second",
            key="`rate_hz`",
            hint=f"Give one rate for all, for instance `rate_hz={min(rates):g}`.",
        )


def _cells(
    dyads: Mapping[str, People], settings: SynchronySettings, method: Method
) -> dict[str, Floats]:
    """Return statistic -> (n, n) values: the first of each dyad with the second of every one."""

    def cell(name: str, other: str) -> dict[str, float]:
        second = fitted(dyads[other].values[1], dyads[name].values.shape[1])
        try:
            return statistics(dyads[name].with_second(second), settings)
        except ValueError as error:
            text = f"the first of {name!r} with the second of {other!r}: {error}"
            raise InputError(text, key="`dyads`") from error

    statistics = method.statistics or (lambda _people, _settings: {})
    rows = [[cell(name, other) for other in dyads] for name in dyads]
    return {key: np.array([[each[key] for each in row] for row in rows]) for key in rows[0][0]}


def _table(
    dyads: Mapping[str, People], cells: Mapping[str, Floats]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return one row a dyad, and what its columns mean."""
    first = next(iter(cells))
    n = len(dyads)
    apart = ~np.eye(n, dtype=bool)
    others = np.stack(
        [np.r_[cells[first][k, apart[k]], cells[first][apart[k], k]] for k in range(n)]
    )
    table = {
        "dyad": list(dyads),
        "first": [dyad.names[0] for dyad in dyads.values()],
        "second": [dyad.names[1] for dyad in dyads.values()],
        **{name: np.diag(values) for name, values in cells.items()},
        "re_paired_mean": mean_of_known(others, axis=1),
    }
    columns = {
        "dyad": "which",
        "first": "its first person",
        "second": "its second person",
        **{name: f"{name.replace('_', ' ')} of the recording" for name in cells},
        "re_paired_mean": f"mean {first.replace('_', ' ')} of each of the two with the partners "
        "of all others",
    }
    return table, columns


def _notes(left_out: Sequence[str], n: int) -> list[str]:
    notes = [f"without a value and left out: {', '.join(left_out)}"] if len(left_out) else []
    if factorial(n) < LEAST_ARRANGEMENTS:
        needed = next(k for k in range(n, 10) if factorial(k) >= LEAST_ARRANGEMENTS)
        notes.append(
            f"{n} dyads have {factorial(n)} re-pairings, too few for p: at least {needed} dyads "
            "are needed"
        )
    return notes
