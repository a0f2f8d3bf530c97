"""A sample of dyads: from a table of files, or sources, to the test of all of them at once."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from mimicry.errors import InputError, TableError
from mimicry.records import SeriesMeasure
from mimicry.synchrony.common_grid import Sampling, Shared, Source, read_shared
from mimicry.synchrony.methods import People, choose_settings, measure_sample

__all__ = ["measure_dyads", "read_dyads"]


def measure_dyads(
    dyads: str | Path | Mapping[str, Sequence[Source]],
    *,
    preset: str = "rmea",
    **choices: Any,
) -> SeriesMeasure:
    """Return whether people of a sample of dyads go together more than everybody re-paired.

    Parameters
    ----------
    dyads
        A table for :func:`read_dyads`, or name of a dyad -> its two people, each as in
        :func:`mimicry.measure_synchrony`, or one source that holds both.
    preset
        Name of a method for two people.
    **choices
        How series are read and which numbers stand for the preset's, as there; `surrogates` are
        the re-pairings that are drawn where not all are listed. Null, partners and events mean
        nothing here.

    Returns
    -------
    SeriesMeasure
        One row a dyad; `.summary` has the mean over dyads, p and z.

    Raises
    ------
    InputError
        When a dyad cannot be read or is too short, they are fewer than two or differ in rate, or
        a choice means nothing.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> leaders = rng.standard_normal((6, 1000))
    >>> dyads = {f"d{k}": (x, np.roll(x, 5)) for k, x in enumerate(leaders)}
    >>> found = measure_dyads(dyads, preset="face", rate_hz=25)
    >>> round(found.summary["p"], 4), found.surrogate["n"]
    (0.0028, 719)
    """
    for name in ("events", "null", "partners"):
        if choices.pop(name, None):
            raise InputError("means nothing beside `dyads`", key=f"`{name}`")
    reading = {f.name: choices.pop(f.name) for f in fields(Sampling) if f.name in choices}
    sampling, settings = Sampling(**reading), choose_settings(preset, **choices)
    sources = read_dyads(dyads) if isinstance(dyads, str | Path) else dyads
    shared = {
        name: read_shared(list(people), sampling, people=2) for name, people in sources.items()
    }
    _refuse_twice(shared)
    people = {
        name: People(dyad.values, dyad.rate_hz, dyad.names, in_au_units=dyad.timed)
        for name, dyad in shared.items()
    }
    return measure_sample(
        people, settings, {"inputs": {name: dict(s.provenance) for name, s in shared.items()}}
    )


def _refuse_twice(shared: Mapping[str, Shared]) -> None:
    """Raise where one series stands for two people: a re-pairing would pair it with itself."""
    origins = Counter(
        json.dumps(origin, sort_keys=True, default=str)
        for dyad in shared.values()
        for origin in dyad.provenance["inputs"]
    )
    twice = [origin for origin, n in origins.items() if n > 1]
    if twice:
        raise InputError(
            f"one series stands for two people ({twice[0]})",
            key="`dyads`",
            hint="Everybody can be in one dyad only.",
        )


def read_dyads(path: str | Path) -> dict[str, list[Source]]:
    """Return name of a dyad -> files of its people, of a tab-separated table.

    Parameters
    ----------
    path
        Columns `first` and `second`, files relative to the table; a row without `second` has
        both people in one file. `dyad` names it; without, the first file's name does.

    Raises
    ------
    TableError
        When it cannot be read, lacks a column or a file, or names two dyads alike.
    """
    from mimicry.study.tables import need_columns, read_cells

    file = Path(path)
    cells = read_cells(file)
    need_columns(cells, ("first",), file)
    dyads: dict[str, list[Source]] = {}
    for row in cells.to_dict("records"):
        given = [row.get(key, "").strip() for key in ("first", "second")]
        if not given[0]:
            raise TableError("a row without a file", path=file, key="first")
        name = row.get("dyad", "").strip() or Path(given[0]).stem
        if name in dyads:
            raise TableError(f"two dyads are called {name!r}", path=file, key="dyad")
        dyads[name] = [file.parent / each for each in given if each]
    return dyads
