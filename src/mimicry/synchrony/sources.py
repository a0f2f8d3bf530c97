"""What two people's synchrony is computed from: files, tracks or arrays on one grid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import AlignmentError, InputError, TableError
from mimicry.files import digest, sha256_of
from mimicry.interchange.sources import reading_note
from mimicry.records import ActionUnitTrack, ReadingOptions, ScoringSettings
from mimicry.synchrony.tracks import (
    Person,
    Source,
    frame_rate,
    read_track,
    read_tracks,
    with_column,
)

__all__ = ["Shared", "Source", "origin_of", "read_pair", "read_partner", "read_shared"]

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


def read_pair(first: Source, second: Source | None, **options: Any) -> Shared:
    """Return two people's series on one grid; see :func:`mimicry.synchrony`.

    Raises
    ------
    InputError
        When a source cannot be read, the two are of different kinds or of different length.
    AlignmentError
        When two recordings have no time in common.
    """
    return read_shared([s for s in (first, second) if s is not None], people=2, **options)


def read_shared(
    sources: Sequence[Source],
    *,
    people: int | None,
    rate_hz: float | None,
    columns: Sequence[int] | None,
    action_unit: str,
    offset_s: float,
    smooth_s: float | None,
    reading: ReadingOptions | None = None,
    faces: Sequence[str] = (),
) -> Shared:
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
    found = read_tracks(
        sources, people=people, columns=columns, action_unit=action_unit,
        reading=reading or ReadingOptions(), faces=faces,
    )  # fmt: skip
    if all(person.track is None for person in found):
        return _untimed(sources, people, rate_hz, columns, smooth_s)
    untimed = next((p for p in found if p.track is None), None)
    if untimed is not None:
        raise InputError(
            "one has times and the other has none",
            path=_path(untimed.source),
            hint="Give recordings or action-unit tables only, or columns of numbers only.",
        )
    timed = [p.track for p in found if p.track is not None]
    sources = [p.source for p in found]
    if len(timed) < (people or 3):
        raise InputError(
            f"a recording holds one person; {_COUNTS[people]} needed",
            path=_path(sources[0]),
            hint="Give one recording or action-unit table a person; or, where both are in one "
            "picture, --face left --face right.",
        )
    if people is not None and len(timed) > people:
        raise InputError(_too_many(len(timed), people), path=_path(sources[people]))
    if offset_s and len(timed) != 2:
        raise InputError("an offset is for two recordings", key="--offset")
    shifts = [0.0, offset_s, *[0.0] * len(timed)][: len(timed)]
    rates = [frame_rate(t, p.source) for t, p in zip(timed, found, strict=True)]
    slowest = min(rates)
    grid_hz = rate_hz or (COMMON_HZ if slowest > _NEARLY * COMMON_HZ else slowest)
    start = max(t.times_s[0] + shift for t, shift in zip(timed, shifts, strict=True))
    stop = min(t.times_s[-1] + shift for t, shift in zip(timed, shifts, strict=True))
    if not stop > start:
        spans = ", ".join(
            f"{t.times_s[0] + shift:.3f} to {t.times_s[-1] + shift:.3f} s"
            for t, shift in zip(timed, shifts, strict=True)
        )
        raise AlignmentError(
            f"the recordings run from {spans}: nothing in common",
            key="--offset",
            hint="All must be on one clock; --offset is added to the second's times.",
        )
    smooth = SMOOTH_S if smooth_s is None else smooth_s
    times = start + np.arange(int(np.floor((stop - start) * grid_hz + 1e-9)) + 1) / grid_hz
    values = np.stack(
        [
            _sampled(track, person.column or action_unit, times - shift, smooth)
            for track, shift, person in zip(timed, shifts, found, strict=True)
        ]
    )
    provenance = {
        "inputs": [origin_of(s) for s in sources],
        "action_unit": action_unit,
        "columns_used": [p.column or action_unit for p in found],
        "offset_s": offset_s,
        "smooth_s": smooth,
        "shared_start_s": float(start),
        "frame_rates_hz": rates,
        "faces": list(faces),
        "reading": reading_note(reading or ReadingOptions()),
        "missing_fraction": np.isnan(values).mean(axis=1).tolist(),
    }
    names = tuple(p.name or _name(p.source, _person(k)) for k, p in enumerate(found))
    _refuse_nothing(values, names)
    return Shared(values, float(grid_hz), names, True, float(start), provenance)


def _refuse_nothing(values: Floats, names: Sequence[str]) -> None:
    """Refuse people of whom nothing usable is there, or nothing at one time."""
    there = np.isfinite(values)
    for name, row in zip(names, there, strict=True):
        if not row.any():
            raise InputError(
                f"{name} has no usable sample in the shared {values.shape[1]} samples: all are "
                "missing or masked (no face, blink, head turned away, not sure)",
                hint="Look at the recording's quality, or take another action unit with --au.",
            )
    if not there.all(axis=0).any():
        shares = ", ".join(f"{n} {r.mean():.0%}" for n, r in zip(names, there, strict=True))
        raise InputError(
            f"there is no moment at which all have a usable sample (usable: {shares})",
            hint="Check that they were recorded at the same time.",
        )


def _too_many(found: int, people: int) -> str:
    return f"{found} recordings; expected {'one' if people == 1 else people}"


def _person(k: int) -> str:
    return ("first", "second")[k] if k < 2 else f"person {k + 1}"


def read_partner(
    source: Source,
    pair: Shared,
    *,
    columns: Sequence[int] | None,
    action_unit: str,
    smooth_s: float | None,
    reading: ReadingOptions | None = None,
) -> Floats:
    """Return the second person of another session, on the grid of a pair from its own start."""
    track = read_track(source, reading or ReadingOptions(), columns)
    if track is not None:
        length = track.times_s[-1] - track.times_s[0]
        times = track.times_s[0] + np.arange(int(length * pair.rate_hz + 1e-9) + 1) / pair.rate_hz
        column = with_column(Person(source, track), action_unit).column or action_unit
        return _sampled(track, column, times, SMOOTH_S if smooth_s is None else smooth_s)
    if pair.timed:
        raise InputError("a partner without times among recordings with times", key="--partner")
    values, _ = _table(source, columns)
    if values.shape[1] > 2:
        raise InputError(
            f"expected one column or two, found {values.shape[1]}",
            path=_path(source),
            key="--columns",
        )
    return _smoothed(values[:, -1], pair.rate_hz, smooth_s)


def _untimed(
    sources: Sequence[Source],
    people: int | None,
    rate_hz: float | None,
    columns: Sequence[int] | None,
    smooth_s: float | None,
) -> Shared:
    if rate_hz is None or not rate_hz > 0:
        raise InputError(
            "text and arrays carry no times, so the number of samples per second is needed",
            key="--rate",
            hint="Give --rate, for instance --rate 25.",
        )
    first = sources[0]
    if len(sources) == 1:
        values, names = _table(first, columns)
        found = values.shape[1]
        if found != people if people is not None else found < 3:
            wanted = "three columns or more" if people is None else _COLUMNS[people]
            raise InputError(
                f"expected {wanted}, found {found}",
                path=_path(first),
                key="--columns",
                hint="Name them, for instance --columns 1,2, or give a file for each.",
            )
        series, labels = np.ascontiguousarray(values.T), tuple(names)
    else:
        if people is not None and len(sources) > people:
            raise InputError(_too_many(len(sources), people), path=_path(sources[people]))
        single = [_one(s, columns) for s in sources]
        for other, source in zip(single[1:], sources[1:], strict=True):
            if len(other) != len(single[0]):
                raise InputError(
                    f"the first has {len(single[0])} samples and {_order(source, sources)} "
                    f"{len(other)}; without times they must begin and end together",
                    path=_path(source),
                    hint="Cut all to the part that was recorded at the same time.",
                )
        series = np.stack(single)
        labels = tuple(_name(s, _person(k)) for k, s in enumerate(sources))
    values = np.stack([_smoothed(row, rate_hz, smooth_s) for row in series])
    provenance = {
        "inputs": [origin_of(s) for s in sources],
        "columns": None if columns is None else list(columns),
        "smooth_s": smooth_s or 0.0,
    }
    return Shared(values, rate_hz, labels, False, 0.0, provenance)


_COLUMNS = {1: "one column", 2: "two columns"}
_COUNTS = {1: "one is", 2: "two are", None: "three or more are"}


def _order(source: Source, sources: Sequence[Source]) -> str:
    at = next(k for k, s in enumerate(sources) if s is source)
    return "the second" if at == 1 else f"number {at + 1}"


def _sampled(track: ActionUnitTrack, name: str, times_s: Floats, smooth_s: float) -> Floats:
    """One action unit at given times: masked, smoothed, never across gaps."""
    from mimicry.kernels.resample import sample_at
    from mimicry.kernels.smooth import gaussian_smooth
    from mimicry.timeline.masking import hidden_frames

    if name not in track.names:
        raise TableError(
            f"no action unit {name!r}; the recording has {', '.join(track.names)}", key="--au"
        )
    values = np.array(track.of(name))
    values[hidden_frames(track, name, ScoringSettings(emotions={}))] = np.nan
    return sample_at(track.times_s, gaussian_smooth(track.times_s, values, smooth_s), times_s)


def _smoothed(values: Floats, rate_hz: float, smooth_s: float | None) -> Floats:
    from mimicry.kernels.smooth import gaussian_smooth

    if not smooth_s:
        return values
    return gaussian_smooth(np.arange(len(values)) / rate_hz, values, smooth_s)


def _one(source: Source, columns: Sequence[int] | None) -> Floats:
    """The series of one person, from a file of their own."""
    values, _ = _table(source, columns)
    if values.shape[1] != 1:
        raise InputError(
            f"expected one column for one person, found {values.shape[1]}",
            path=_path(source),
            key="--columns",
            hint="Name the column, for instance --columns 2.",
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


def _path(source: Source) -> str | None:
    return str(source) if isinstance(source, str | Path) else None


def _name(source: Source, otherwise: str) -> str:
    return Path(source).stem if isinstance(source, str | Path) else otherwise


def origin_of(source: Source) -> dict[str, Any]:
    """Return what a source was, by name and content; where it lay does not matter."""
    if isinstance(source, str | Path):
        return {"file": Path(source).name, "sha256": sha256_of(Path(source))}
    if isinstance(source, ActionUnitTrack):
        return {"track": digest([source.times_s, source.intensity, source.names])}
    return {"array": digest(np.asarray(source, np.float64))}
