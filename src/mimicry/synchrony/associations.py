"""Series of one, two or many people: from files, tracks or arrays to a method's numbers."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mimicry.errors import EventsError, InputError, QualityWarning
from mimicry.files import digest, make_folder, refuse_other_results, sha256_of, write_json
from mimicry.records import ReadingOptions, SeriesMeasure
from mimicry.synchrony.methods import METHODS, choose_method, measure
from mimicry.synchrony.sources import Shared, Source, origin_of, read_partner, read_shared

__all__ = ["associate", "numbers_of", "write_measure"]

_PEOPLE = {"1": 1, "2": 2}


def associate(
    *sources: Source,
    preset: str,
    events: str | Path | None = None,
    window_s: float | None = None,
    step_s: float | None = None,
    max_lag_s: float | None = None,
    options: Mapping[str, float] | None = None,
    surrogates: int | None = None,
    null: str | None = None,
    partners: Sequence[Source] = (),
    seed: int = 0,
    rate_hz: float | None = None,
    columns: Sequence[int] | None = None,
    action_unit: str = "AU12",
    offset_s: float = 0.0,
    smooth_s: float | None = None,
    reading: ReadingOptions | None = None,
    faces: Sequence[str] = (),
) -> SeriesMeasure:
    """Return what a method without a lag matrix finds in the movements of people.

    Parameters
    ----------
    *sources
        As for :func:`mimicry.synchrony`: one for ``fir``, two (or one of two columns) for
        ``coherence``, ``dtw`` and ``events``, three or more (or one of as many columns) for
        ``isc``.
    preset
        Name of the method: see :data:`mimicry.synchrony.methods.METHODS`.
    events
        ``fir``: events table with ``onset`` (s, on the recording's clock; for what carries no
        times, from its first sample) and ``trial_type``.
    window_s, step_s, max_lag_s
        Seconds, instead of the preset's, where it has such a length.
    options
        Further numbers of the method by name.
    surrogates, null, seed
        How many surrogates, drawn how, from which seed; None: the preset's.
    partners
        Other people in the second's role, for the null ``pseudo-pairs``.
    rate_hz, columns, action_unit, offset_s, smooth_s, reading, faces
        As for :func:`mimicry.synchrony`; ``fir`` is not smoothed unless `smooth_s` says so.

    Returns
    -------
    SeriesMeasure
        ``.summary`` for the whole recording, ``.to_frame()`` for the table behind it.

    Raises
    ------
    InputError
        When a file cannot be read, a number is out of range or the method cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> import mimicry
    >>> rng = np.random.default_rng(1)
    >>> film = np.convolve(rng.standard_normal(3000), np.ones(25) / 5, "same")
    >>> viewers = [film + rng.standard_normal(3000) for _ in range(4)]
    >>> found = mimicry.associate(*viewers, preset="isc", rate_hz=25, surrogates=99)
    >>> found.summary["p"]
    0.01
    """
    if preset not in METHODS:
        raise InputError(
            f"no method {preset!r} without a lag matrix; known are {', '.join(METHODS)}",
            key="--preset",
        )
    settings = choose_method(
        preset,
        window_s=window_s,
        step_s=step_s,
        max_lag_s=max_lag_s,
        options=options,
        surrogates=surrogates,
        null=null or ("pseudo-pairs" if partners else None),
        seed=seed,
    )
    if preset == "fir" and smooth_s is None:
        smooth_s = 0.0  # smoothing before the autoregression would shrink the response
    if events is not None and preset != "fir":
        raise InputError(f"--events means nothing for preset {preset!r}", key="--events")
    shared = read_shared(
        sources,
        people=_PEOPLE.get(settings.series),
        rate_hz=rate_hz,
        columns=columns,
        action_unit=action_unit,
        offset_s=offset_s,
        smooth_s=smooth_s,
        reading=reading,
        faces=faces,
    )
    others = [
        read_partner(
            p, shared, columns=columns, action_unit=action_unit, smooth_s=smooth_s, reading=reading
        )
        for p in partners
    ]
    given: dict[str, Any] = {} if events is None else {"events": _events_digest(events)}
    if partners:
        given["partners"] = [origin_of(p) for p in partners]
    return measure(
        shared.values,
        settings,
        rate_hz=shared.rate_hz,
        names=shared.names,
        events=None if events is None else _onsets(events, shared),
        in_au_units=shared.timed,
        partners=others,
        provenance={**shared.provenance, **given},
    )


def _onsets(path: str | Path, shared: Shared) -> dict[str, list[float]]:
    """Kind of event -> onsets from the first sample; of all that lie in the recording."""
    from mimicry.timeline.events import read_onsets

    times, shown = read_onsets(path)
    onset = times - shared.start_s
    length = shared.values.shape[1] / shared.rate_hz
    inside = (onset >= 0) & (onset < length)
    if not inside.any():
        raise EventsError(
            f"no onset lies in the recording of {length:.1f} s from {shared.start_s:.3f} s",
            path=path,
            key="onset",
            hint="Onsets must be on the recording's clock.",
        )
    if not inside.all():
        text = (
            f"{Path(path).name}: {int((~inside).sum())} of {len(inside)} events have their onset "
            f"outside the recording ({shared.start_s:.3f} to {shared.start_s + length:.3f} s) and "
            "are left out"
        )
        warnings.warn(QualityWarning(text), stacklevel=3)
    kinds = np.array(shown)
    return {kind: onset[inside & (kinds == kind)].tolist() for kind in np.unique(kinds[inside])}


def _events_digest(path: str | Path) -> dict[str, str] | None:
    return (
        {"file": Path(path).name, "sha256": sha256_of(Path(path))} if Path(path).is_file() else None
    )


def write_measure(
    result: SeriesMeasure, folder: str | Path, stem: str, *, overwrite: bool = False
) -> list[Path]:
    """Write table, picture, page and numbers; return their paths.

    Raises
    ------
    OutputExistsError
        When results of other inputs or settings lie there.
    """
    from mimicry import __version__
    from mimicry.files import write_text, write_tsv
    from mimicry.report.measure import draw_measure, render_measure

    out = make_folder(Path(folder))
    name = result.settings.preset
    table, picture, page, sidecar = (
        out / f"{stem}_{name}.{ending}" for ending in ("tsv", "png", "html", "json")
    )
    key = digest([result.settings.to_json(), dict(result.provenance), result.rate_hz, __version__])
    if not overwrite and refuse_other_results(sidecar, key):
        return [table, picture, page, sidecar]
    write_tsv(table, result.to_frame())
    draw_measure(result, picture)
    write_text(page, render_measure(result))
    write_json(sidecar, {"digest": key, "version": __version__, **numbers_of(result)})
    return [table, picture, page, sidecar]


def numbers_of(result: SeriesMeasure) -> dict[str, Any]:
    """Return everything but the table, as JSON types."""
    return {
        "names": result.names,
        "rate_hz": result.rate_hz,
        "settings": result.settings.to_json(),
        "summary": dict(result.summary),
        "surrogate": dict(result.surrogate) or None,
        "provenance": dict(result.provenance),
        "columns": dict(result.columns),
    }
