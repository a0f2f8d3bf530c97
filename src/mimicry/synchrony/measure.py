"""People together: from files, tracks or arrays to the numbers of a method."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mimicry.errors import EventsError, InputError, QualityWarning
from mimicry.records import ReadingOptions
from mimicry.synchrony.common_grid import (
    Sampling,
    Shared,
    Source,
    origin_of,
    read_partner,
    read_shared,
)
from mimicry.synchrony.methods import People, Result, choose_settings, measure

__all__ = ["measure_synchrony"]

_PEOPLE = {"1": 1, "2": 2}


def measure_synchrony(
    *sources: Source,
    preset: str = "rmea",
    window_s: float | None = None,
    step_s: float | None = None,
    max_lag_s: float | None = None,
    absolute: bool = False,
    options: Mapping[str, float] | None = None,
    events: str | Path | None = None,
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
) -> Result:
    """Return how the movements of people go together, by one of several methods.

    Parameters
    ----------
    *sources
        Videos, landmark files, action-unit tables or tracks, all of which carry times; or text
        files of numbers or arrays, which do not. One for ``fir``, three or more for ``isc``, two
        for the others; or a single one that holds as many people, in columns or faces.
    preset
        Name of the method: see :data:`mimicry.synchrony.methods.METHODS`.
    window_s, step_s, max_lag_s
        Seconds, instead of the preset's, where it has such a length.
    absolute
        Average absolute values, which count moving in opposite directions as synchrony.
    options
        Further numbers of the method by name.
    events
        ``fir``: events table with ``onset`` (s, on the recording's clock; for what carries no
        times, from its first sample) and ``trial_type``.
    surrogates, null, seed
        How many stand-ins of the second person, drawn how, from which seed; None: the preset's.
    partners
        Other people in the second's role, for the null ``pseudo-pairs``.
    rate_hz
        Samples per second of text and arrays. For what carries times: the common grid; None:
        25, or the lowest frame rate if that is less.
    columns
        Which columns of a text file with more than are needed, counted from 1.
    action_unit
        Which action unit of tracks, tables and videos.
    offset_s
        Added to the second's times, where the clocks of two differ by a known amount.
    smooth_s
        SD of a Gaussian that shifts nothing in time; None: 0.1 for what carries times, else 0.
        ``fir`` is not smoothed unless this says so.
    reading
        Which face, below which confidence frames are masked, and the frame rate or video of
        tables without times; see :class:`mimicry.ReadingOptions`.
    faces
        Names of the faces in a single recording or table, in their order. A table that holds
        several faces stands for all of them anyway.

    Returns
    -------
    Synchrony or SeriesMeasure
        With values by window and lag, of which a positive lag means that the first leads, or
        without. Both have ``.summary`` and ``.to_frame()``.

    Raises
    ------
    InputError
        When a file cannot be read, the people differ in length, are too few, too many or too
        short, a number is out of range or means nothing for the method.

    Examples
    --------
    >>> import numpy as np
    >>> import mimicry
    >>> rng = np.random.default_rng(1)
    >>> leader = np.convolve(rng.standard_normal(3000), np.ones(10) / 10, "same")
    >>> found = mimicry.measure_synchrony(leader, np.roll(leader, 15), preset="face", rate_hz=25)
    >>> float(np.median(found.best_lag_s))
    0.6
    >>> viewers = [leader + rng.standard_normal(3000) for _ in range(4)]
    >>> found = mimicry.measure_synchrony(*viewers, preset="isc", rate_hz=25, surrogates=99)
    >>> found.summary["p"]
    0.01
    """
    if not sources:
        raise InputError("no recordings are given")
    settings = choose_settings(
        preset,
        window_s=window_s,
        step_s=step_s,
        max_lag_s=max_lag_s,
        absolute=absolute,
        options=options,
        surrogates=surrogates,
        null=null or ("pseudo-pairs" if partners else None),
        seed=seed,
    )
    if preset == "fir" and smooth_s is None:
        smooth_s = 0.0  # smoothing before the autoregression would shrink the response
    if events is not None and preset != "fir":
        raise InputError(f"`events` means nothing for preset {preset!r}", key="`events`")
    if settings.series == "2" and len(sources) > 2:
        raise InputError(
            f"{len(sources)} files; preset {preset!r} takes one or two",
            key="files",
            hint="For three people or more there is `preset='isc'`.",
        )
    sampling = Sampling(
        rate_hz=rate_hz,
        columns=columns,
        action_unit=action_unit,
        offset_s=offset_s,
        smooth_s=smooth_s,
        reading=reading or ReadingOptions(),
        faces=faces,
    )
    shared = read_shared(sources, sampling, people=_PEOPLE.get(settings.series))
    people = People(
        shared.values,
        shared.rate_hz,
        shared.names,
        in_au_units=shared.timed,
        events={} if events is None else _onsets(events, shared),
        partners=[read_partner(p, shared, sampling) for p in partners],
    )
    given: dict[str, Any] = {} if events is None else {"events": origin_of(events)}
    if partners:
        given["partners"] = [origin_of(p) for p in partners]
    return measure(people, settings, {**shared.provenance, **given})


def _onsets(path: str | Path, shared: Shared) -> dict[str, list[float]]:
    """Return kind of event -> onsets from the first sample, of all that lie in the recording."""
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
