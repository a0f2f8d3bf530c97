"""Reading people: from files, tracks or arrays to series on one grid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import AlignmentError, InputError, TableError
from mimicry.files import digest, sha256_of
from mimicry.interchange.sources import reading_note
from mimicry.kernels.resample import sample_at
from mimicry.kernels.smooth import gaussian_smooth
from mimicry.records import ActionUnitTrack, ScoringSettings
from mimicry.synchrony.tracks import (
    Person,
    Sampling,
    Source,
    frame_rate,
    path_of,
    read_track,
    read_tracks,
    with_column,
)

__all__ = ["Sampling", "Shared", "Source", "origin_of", "read_partner", "read_shared"]

Floats = NDArray[np.float64]

COMMON_HZ = 25.0
_NEARLY = 0.99  # a camera that jitters around 25 frames a second is one of 25
SMOOTH_S = 0.1


@dataclass(frozen=True, slots=True)
class Shared:
    """Series of one or more people on one grid.

    `values` is (P, N); `start_s` is the time of the first sample on the recordings' clock (0 for
    what carries no times); `timed` tells whether they carry times and hold AU units.
    """

    values: Floats
    rate_hz: float
    names: tuple[str, ...]
    timed: bool
    start_s: float
    provenance: Mapping[str, Any]


def read_shared(sources: Sequence[Source], sampling: Sampling, *, people: int | None) -> Shared:
    """Return people's series on one grid: `people` of them, None: three or more.

    A single table that holds several faces, or a column for each person beside its times, stands
    for all of them; `faces` names faces of a single recording instead, in their order.

    Raises
    ------
    InputError
        When a source cannot be read, or they differ in kind, length or number.
    AlignmentError
        When recordings have no time in common.
    """
    persons = read_tracks(sources, sampling, people=people)
    if all(person.track is None for person in persons):
        return _untimed(sources, sampling, people)
    untimed = next((p for p in persons if p.track is None), None)
    if untimed is not None:
        raise InputError(
            "one has times and the other has none",
            path=path_of(untimed.source),
            hint="Give recordings or action-unit tables only, or columns of numbers only.",
        )
    if len(persons) < (people or 3):
        raise InputError(
            f"a recording holds one person; {_COUNTS[people]} needed",
            path=path_of(persons[0].source),
            hint="Give one recording or action-unit table a person; or, where both are in one "
            "picture, `faces=['left', 'right']`.",
        )
    if people is not None and len(persons) > people:
        raise InputError(_too_many(len(persons), people), path=path_of(persons[people].source))
    if sampling.offset_s and len(persons) != 2:
        raise InputError("an offset is for two recordings", key="`offset_s`")
    return _timed(persons, sampling)


def _timed(persons: Sequence[Person], sampling: Sampling) -> Shared:
    """Return the series of people with times, where all are recorded."""
    tracks = [p.track for p in persons if p.track is not None]
    shifts = [0.0, sampling.offset_s, *[0.0] * len(tracks)][: len(tracks)]
    rates = [frame_rate(t, p.source) for t, p in zip(tracks, persons, strict=True)]
    slowest = min(rates)
    grid_hz = sampling.rate_hz or (COMMON_HZ if slowest > _NEARLY * COMMON_HZ else slowest)
    spans = [
        (t.times_s[0] + shift, t.times_s[-1] + shift)
        for t, shift in zip(tracks, shifts, strict=True)
    ]
    start, stop = max(first for first, _ in spans), min(last for _, last in spans)
    if not stop > start:
        ranges = ", ".join(f"{first:.3f} to {last:.3f} s" for first, last in spans)
        raise AlignmentError(
            f"the recordings run from {ranges}: nothing in common",
            key="`offset_s`",
            hint="All must be on one clock; `offset_s` is added to the second's times.",
        )
    smooth = SMOOTH_S if sampling.smooth_s is None else sampling.smooth_s
    times = start + np.arange(int(np.floor((stop - start) * grid_hz + 1e-9)) + 1) / grid_hz
    columns = [p.column or sampling.action_unit for p in persons]
    values = np.stack(
        [
            _sampled(track, column, times - shift, smooth)
            for track, column, shift in zip(tracks, columns, shifts, strict=True)
        ]
    )
    provenance = {
        "inputs": [origin_of(p.source) for p in persons],
        "action_unit": sampling.action_unit,
        "columns_used": columns,
        "offset_s": sampling.offset_s,
        "smooth_s": smooth,
        "shared_start_s": float(start),
        "frame_rates_hz": rates,
        "faces": list(sampling.faces),
        "reading": reading_note(sampling.reading),
        "missing_fraction": np.isnan(values).mean(axis=1).tolist(),
    }
    names = tuple(p.name or _name(p.source, _person(k)) for k, p in enumerate(persons))
    _refuse_nothing(values, names)
    return Shared(values, float(grid_hz), names, True, float(start), provenance)


def _refuse_nothing(values: Floats, names: Sequence[str]) -> None:
    """Refuse people of whom nothing usable is there, or nothing at one time."""
    finite = np.isfinite(values)
    for name, row in zip(names, finite, strict=True):
        if not row.any():
            raise InputError(
                f"{name} has no usable sample in the shared {values.shape[1]} samples: all are "
                "missing or masked (no face, blink, head turned away, not sure)",
                hint="Look at the recording's quality, or take another action unit with "
                "`action_unit`.",
            )
    if not finite.all(axis=0).any():
        shares = ", ".join(f"{n} {r.mean():.0%}" for n, r in zip(names, finite, strict=True))
        raise InputError(
            f"there is no moment at which all have a usable sample (usable: {shares})",
            hint="Check that they were recorded at the same time.",
        )


def _too_many(count: int, people: int) -> str:
    return f"{count} recordings; expected {'one' if people == 1 else people}"


def _person(k: int) -> str:
    return ("first", "second")[k] if k < 2 else f"person {k + 1}"


def read_partner(source: Source, pair: Shared, sampling: Sampling) -> Floats:
    """Return the second person of another session, on the grid of a pair from their own start.

    Raises
    ------
    InputError
        When it cannot be read, or carries no times although the pair does.
    """
    track = read_track(source, sampling.reading, sampling.columns)
    if track is not None:
        length = track.times_s[-1] - track.times_s[0]
        times = track.times_s[0] + np.arange(int(length * pair.rate_hz + 1e-9) + 1) / pair.rate_hz
        person = with_column(Person(source, track), sampling.action_unit)
        smooth_s = SMOOTH_S if sampling.smooth_s is None else sampling.smooth_s
        return _sampled(track, person.column or sampling.action_unit, times, smooth_s)
    if pair.timed:
        raise InputError("a partner without times among recordings with times", key="`partners`")
    values, _ = _table(source, sampling.columns)
    if values.shape[1] > 2:
        raise InputError(
            f"expected one column or two, found {values.shape[1]}",
            path=path_of(source),
            key="`columns`",
        )
    return _smoothed(values[:, -1], pair.rate_hz, sampling.smooth_s)


def _untimed(sources: Sequence[Source], sampling: Sampling, people: int | None) -> Shared:
    """Return the series of columns of numbers, which begin and end together."""
    rate_hz, columns = sampling.rate_hz, sampling.columns
    if rate_hz is None or not rate_hz > 0:
        raise InputError(
            "text and arrays carry no times, so the number of samples per second is needed",
            key="`rate_hz`",
            hint="Give `rate_hz`, for instance `rate_hz=25`.",
        )
    first = sources[0]
    if len(sources) == 1:
        values, names = _table(first, columns)
        count = values.shape[1]
        if count != people if people is not None else count < 3:
            wanted = "three columns or more" if people is None else _COLUMNS[people]
            raise InputError(
                f"expected {wanted}, found {count}",
                path=path_of(first),
                key="`columns`",
                hint="Name them, for instance `columns=(1, 2)`, or give a file for each.",
            )
        series, labels = np.ascontiguousarray(values.T), tuple(names)
    else:
        if people is not None and len(sources) > people:
            raise InputError(_too_many(len(sources), people), path=path_of(sources[people]))
        single = [_one(s, columns) for s in sources]
        for other, source in zip(single[1:], sources[1:], strict=True):
            if len(other) != len(single[0]):
                raise InputError(
                    f"the first has {len(single[0])} samples and {_order(source, sources)} "
                    f"{len(other)}; without times they must begin and end together",
                    path=path_of(source),
                    hint="Cut all to the part that was recorded at the same time.",
                )
        series = np.stack(single)
        labels = tuple(_name(s, _person(k)) for k, s in enumerate(sources))
    values = np.stack([_smoothed(row, rate_hz, sampling.smooth_s) for row in series])
    provenance = {
        "inputs": [origin_of(s) for s in sources],
        "columns": None if columns is None else list(columns),
        "smooth_s": sampling.smooth_s or 0.0,
    }
    return Shared(values, rate_hz, labels, False, 0.0, provenance)


_COLUMNS = {1: "one column", 2: "two columns"}
_COUNTS = {1: "one is", 2: "two are", None: "three or more are"}


def _order(source: Source, sources: Sequence[Source]) -> str:
    at = next(k for k, s in enumerate(sources) if s is source)
    return "the second" if at == 1 else f"number {at + 1}"


def _sampled(track: ActionUnitTrack, name: str, times_s: Floats, smooth_s: float) -> Floats:
    """Return one action unit at given times: masked, smoothed, never across gaps."""
    from mimicry.timeline.masking import hidden_frames

    if name not in track.names:
        raise TableError(
            f"no action unit {name!r}; the recording has {', '.join(track.names)}",
            key="`action_unit`",
        )
    values = np.array(track.of(name))
    values[hidden_frames(track, name, ScoringSettings(emotions={}))] = np.nan
    return sample_at(track.times_s, gaussian_smooth(track.times_s, values, smooth_s), times_s)


def _smoothed(values: Floats, rate_hz: float, smooth_s: float | None) -> Floats:
    if not smooth_s:
        return values
    return gaussian_smooth(np.arange(len(values)) / rate_hz, values, smooth_s)


def _one(source: Source, columns: Sequence[int] | None) -> Floats:
    """Return the series of one person, from a file of their own."""
    values, _ = _table(source, columns)
    if values.shape[1] != 1:
        raise InputError(
            f"expected one column for one person, found {values.shape[1]}",
            path=path_of(source),
            key="`columns`",
            hint="Name the column, for instance `columns=(2,)`.",
        )
    return values[:, 0]


def _table(source: Source, columns: Sequence[int] | None) -> tuple[Floats, tuple[str, ...]]:
    if isinstance(source, str | Path):
        from mimicry.interchange.series_text import read_series_text

        return read_series_text(source, columns=columns)
    values = np.asarray(source, np.float64)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2:
        raise InputError(f"an array of shape {values.shape}; expected (N,) or (N, P)")
    return values, tuple(map(_person, range(values.shape[1])))


def _name(source: Source, otherwise: str) -> str:
    return Path(source).stem if isinstance(source, str | Path) else otherwise


def origin_of(source: Source) -> dict[str, Any]:
    """Return what a source was, by name and content; where it lay does not matter."""
    if isinstance(source, str | Path):
        return {"file": Path(source).name, "sha256": sha256_of(Path(source))}
    if isinstance(source, ActionUnitTrack):
        return {"track": digest([source.times_s, source.intensity, source.names])}
    return {"array": digest(np.asarray(source, np.float64))}
