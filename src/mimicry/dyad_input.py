"""What two people's synchrony is computed from: files, tracks or arrays on one grid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.errors import AlignmentError, InputError, TableError
from mimicry.files import digest, sha256_of
from mimicry.records import ActionUnitTrack, ScoringSettings

__all__ = ["Pair", "Source", "read_pair", "read_partner"]

Floats = NDArray[np.float64]
Source = str | Path | ArrayLike | ActionUnitTrack

COMMON_HZ = 25.0
SMOOTH_S = 0.1
_LANDMARKS = "_landmarks.parquet"
_EYES = ("AU43", "AU45")  # a mask against blinks would hide what they measure


@dataclass(frozen=True, slots=True)
class Pair:
    """Two series on one grid."""

    first: Floats
    second: Floats
    rate_hz: float
    names: tuple[str, str]
    timed: bool
    provenance: Mapping[str, Any]


def read_pair(
    first: Source,
    second: Source | None,
    *,
    rate_hz: float | None,
    columns: Sequence[int] | None,
    action_unit: str,
    offset_s: float,
    smooth_s: float | None,
) -> Pair:
    """Return two people's series on one grid; see :func:`mimicry.synchrony`.

    Raises
    ------
    InputError
        When a source cannot be read, the two are of different kinds or of different length.
    AlignmentError
        When two recordings have no time in common.
    """
    tracks = [_track(s) for s in (first, second) if s is not None]
    if all(track is None for track in tracks):
        return _untimed(first, second, rate_hz, columns, smooth_s)
    if any(track is None for track in tracks) or second is None:
        raise InputError(
            "one has times and the other has none, or there is only one"
            if second is not None
            else "a recording holds one person; two are needed",
            path=_path(first),
            hint="Give two recordings or action-unit tables, or two columns of numbers.",
        )
    one, two = (t for t in tracks if t is not None)
    grid_hz = rate_hz or min(COMMON_HZ, *(np.floor(_frame_rate(t)) for t in (one, two)))
    start = max(one.times_s[0], two.times_s[0] + offset_s)
    stop = min(one.times_s[-1], two.times_s[-1] + offset_s)
    if not stop > start:
        raise AlignmentError(
            f"the first runs from {one.times_s[0]:.3f} to {one.times_s[-1]:.3f} s, the second from "
            f"{two.times_s[0] + offset_s:.3f} to {two.times_s[-1] + offset_s:.3f} s: nothing in "
            "common",
            key="--offset",
            hint="Both must be on one clock; --offset is added to the second's times.",
        )
    smooth = SMOOTH_S if smooth_s is None else smooth_s
    times = start + np.arange(int(np.floor((stop - start) * grid_hz + 1e-9)) + 1) / grid_hz
    a, b = (
        _sampled(track, action_unit, times - shift, smooth)
        for track, shift in ((one, 0.0), (two, offset_s))
    )
    provenance = {
        "inputs": [_origin(first), _origin(second)],
        "action_unit": action_unit,
        "offset_s": offset_s,
        "smooth_s": smooth,
        "shared_start_s": float(start),
        "missing_fraction": [float(np.isnan(a).mean()), float(np.isnan(b).mean())],
    }
    names = (_name(first, "first"), _name(second, "second"))
    return Pair(a, b, float(grid_hz), names, True, provenance)


def read_partner(
    source: Source,
    pair: Pair,
    *,
    columns: Sequence[int] | None,
    action_unit: str,
    smooth_s: float | None,
) -> Floats:
    """Return the second person of another session, on the grid of a pair from its own start."""
    track = _track(source)
    if track is not None:
        length = track.times_s[-1] - track.times_s[0]
        times = track.times_s[0] + np.arange(int(length * pair.rate_hz + 1e-9) + 1) / pair.rate_hz
        return _sampled(track, action_unit, times, SMOOTH_S if smooth_s is None else smooth_s)
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
    first: Source,
    second: Source | None,
    rate_hz: float | None,
    columns: Sequence[int] | None,
    smooth_s: float | None,
) -> Pair:
    if rate_hz is None or not rate_hz > 0:
        raise InputError(
            "text and arrays carry no times, so the number of samples per second is needed",
            key="--rate",
            hint="Give --rate, for instance --rate 25.",
        )
    if second is None:
        values, names = _table(first, columns)
        if values.shape[1] != 2:
            raise InputError(
                f"expected two columns, found {values.shape[1]}",
                path=_path(first),
                key="--columns",
                hint="Name two, for instance --columns 1,2, or give a second file.",
            )
        series, labels, inputs = values.T, (names[0], names[1]), [_origin(first)]
    else:
        a, b = _one(first, columns), _one(second, columns)
        if len(a) != len(b):
            raise InputError(
                f"the first has {len(a)} samples and the second {len(b)}; without times they must "
                "begin and end together",
                path=_path(second),
                hint="Cut both to the part that was recorded at the same time.",
            )
        series, inputs = np.stack([a, b]), [_origin(first), _origin(second)]
        labels = (_name(first, "first"), _name(second, "second"))
    x, y = (_smoothed(values, rate_hz, smooth_s) for values in series)
    return Pair(x, y, rate_hz, labels, False, {"inputs": inputs, "smooth_s": smooth_s or 0.0})


def _track(source: Source) -> ActionUnitTrack | None:
    """The action units of a recording, a landmark file or a table; None for bare numbers."""
    if isinstance(source, ActionUnitTrack):
        return source
    if not isinstance(source, str | Path):
        return None
    from mimicry.capture.video import VIDEO_SUFFIXES

    path = Path(source)
    if not path.is_file():
        raise TableError("file not found", path=path)
    if path.suffix.lower() in VIDEO_SUFFIXES or path.name.endswith(_LANDMARKS):
        from mimicry.pipeline import extract

        return extract(path)
    if path.suffix.lower() == ".parquet" or _has_times(path):
        from mimicry.interchange.au_table import read_au_table

        return read_au_table(path)
    return None


def _has_times(path: Path) -> bool:
    """Whether the first line of a text file names a time column."""
    with path.open("rb") as handle:
        head = handle.readline(65536).decode("utf-8", errors="replace").lower()
    return "timestamp" in head


def _frame_rate(track: ActionUnitTrack) -> float:
    return float(1.0 / np.median(np.diff(track.times_s)))


def _sampled(track: ActionUnitTrack, name: str, times_s: Floats, smooth_s: float) -> Floats:
    """One action unit at given times: masked, smoothed, never across gaps."""
    from mimicry.kernels.resample import sample_at
    from mimicry.kernels.smooth import gaussian_smooth
    from mimicry.timeline.align import masked_frames

    if name not in track.names:
        raise TableError(
            f"no action unit {name!r}; the recording has {', '.join(track.names)}", key="--au"
        )
    values = np.array(track.of(name))
    if name not in _EYES:
        values[masked_frames(track, ScoringSettings(emotions={}))] = np.nan
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
        raise InputError(f"an array of shape {values.shape}; expected (N,) or (N, 2)")
    return values, ("first", "second")[: values.shape[1]]


def _path(source: Source) -> str | None:
    return str(source) if isinstance(source, str | Path) else None


def _name(source: Source, otherwise: str) -> str:
    return Path(source).stem if isinstance(source, str | Path) else otherwise


def _origin(source: Source) -> dict[str, Any]:
    if isinstance(source, str | Path):
        return {"file": Path(source).name, "sha256": sha256_of(Path(source))}
    if isinstance(source, ActionUnitTrack):
        return {"track": digest([source.times_s, source.intensity, source.names])}
    return {"array": digest(np.asarray(source, np.float64))}
