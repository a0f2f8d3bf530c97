"""Two people: from files, tracks or arrays to the synchrony of one signal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.errors import InputError
from mimicry.files import digest, make_folder, refuse_other_results, sha256_of, write_json
from mimicry.records import Synchrony, SynchronySettings
from mimicry.series import preset as preset_named
from mimicry.series import synchronise

__all__ = ["choose_settings", "synchrony", "write_synchrony"]

Floats = NDArray[np.float64]
Source = str | Path | ArrayLike


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two series on one grid."""

    first: Floats
    second: Floats
    rate_hz: float
    names: tuple[str, str]
    inputs: tuple[Mapping[str, Any], ...]


def synchrony(
    first: Source,
    second: Source | None = None,
    *,
    preset: str = "rmea",
    window_s: float | None = None,
    step_s: float | None = None,
    max_lag_s: float | None = None,
    absolute: bool = False,
    surrogates: int = 0,
    null: str | None = None,
    partners: Sequence[Source] = (),
    seed: int = 0,
    rate_hz: float | None = None,
    columns: Sequence[int] | None = None,
) -> Synchrony:
    """Return how the movements of two people go together, by window and lag.

    Parameters
    ----------
    first, second
        Text files of numbers or arrays. `second` is None: `first` holds both, in two columns.
    preset
        Name of a published method and its settings: see :data:`mimicry.series.PRESETS`.
    window_s, step_s, max_lag_s
        Seconds, instead of the preset's.
    absolute
        Average absolute values, which count moving in opposite directions as synchrony.
    surrogates, null, seed
        How many stand-ins of the second person, drawn how, from which seed.
    partners
        Other people in the second's role, for the null ``pseudo-pairs``.
    rate_hz
        Samples per second of text and arrays, which carry no times.
    columns
        Which columns of a text file with more than two, counted from 1.

    Returns
    -------
    Synchrony
        Positive lag: the first leads. ``.to_frame()`` gives one row a window.

    Raises
    ------
    InputError
        When a file cannot be read, the two differ in length, or are too short.

    Examples
    --------
    >>> import numpy as np
    >>> import mimicry
    >>> rng = np.random.default_rng(1)
    >>> leader = np.convolve(rng.standard_normal(3000), np.ones(10) / 10, "same")
    >>> found = mimicry.synchrony(leader, np.roll(leader, 15), preset="face", rate_hz=25)
    >>> float(np.median(found.best_lag_s))
    0.6
    """
    settings = choose_settings(
        preset,
        window_s=window_s,
        step_s=step_s,
        max_lag_s=max_lag_s,
        absolute=absolute,
        surrogates=surrogates,
        null=null or ("pseudo-pairs" if partners else None),
        seed=seed,
    )
    pair = _pair(first, second, rate_hz=rate_hz, columns=columns)
    others = [_partner(p, columns) for p in partners]
    return synchronise(
        pair.first,
        pair.second,
        settings,
        rate_hz=pair.rate_hz,
        names=pair.names,
        partners=others,
        provenance={"inputs": list(pair.inputs)},
    )


def choose_settings(name: str = "rmea", **changes: Any) -> SynchronySettings:
    """Return a preset with some of its values changed (None: leave as it is).

    Raises
    ------
    InputError
        When there is no such preset, or a number is out of range.
    """
    settings = replace(preset_named(name), **{k: v for k, v in changes.items() if v is not None})
    if settings.absolute and settings.method not in ("correlation", "segments", "prewhitened"):
        raise InputError(
            f"--absolute means nothing for preset {name!r}, whose values are never negative",
            key="--absolute",
        )
    if settings.surrogates < 0 or settings.max_lag_s < 0:
        raise InputError("--surrogates and --max-lag cannot be negative", key="--surrogates")
    return settings


def write_synchrony(
    result: Synchrony, folder: str | Path, stem: str, *, overwrite: bool = False
) -> list[Path]:
    """Write windows, matrix, profile, summary, picture and page; return their paths.

    Raises
    ------
    OutputExistsError
        When results of other inputs or settings lie there.
    """
    from mimicry import __version__
    from mimicry.files import write_text, write_tsv
    from mimicry.report.synchrony import draw_synchrony, render_synchrony

    out = make_folder(Path(folder))
    names = ("windows.tsv", "matrix.tsv", "profile.tsv")
    paths = [out / f"{stem}_synchrony_{name}" for name in names]
    picture, page, sidecar = (out / f"{stem}_synchrony.{e}" for e in ("png", "html", "json"))
    everything = [*paths, picture, page, sidecar]
    made_from = digest([result.settings.to_json(), result.provenance, result.rate_hz, __version__])
    if not overwrite and refuse_other_results(sidecar, made_from):
        return everything
    frames = (result.to_frame(), result.matrix_frame(), result.profile_frame())
    for path, frame in zip(paths, frames, strict=True):
        write_tsv(path, frame)
    draw_synchrony(result, picture)
    write_text(page, render_synchrony(result, picture.read_bytes()))
    write_json(sidecar, {"digest": made_from, "version": __version__, **_sidecar(result)})
    return everything


def _sidecar(result: Synchrony) -> dict[str, Any]:
    return {
        "lag_convention": f"positive lag: {result.names[0]} leads, {result.names[1]} follows",
        "names": result.names,
        "rate_hz": result.rate_hz,
        "settings": result.settings.to_json(),
        "summary": result.summary(),
        "best_lag_s": result.best_lag_s,
        "surrogate": result.surrogate,
        "provenance": result.provenance,
        "columns": _COLUMNS,
    }


def _pair(
    first: Source,
    second: Source | None,
    *,
    rate_hz: float | None,
    columns: Sequence[int] | None,
) -> _Pair:
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
        return _Pair(values[:, 0], values[:, 1], rate_hz, (names[0], names[1]), (_origin(first),))
    a, b = _one(first, columns), _one(second, columns)
    if len(a) != len(b):
        raise InputError(
            f"the first has {len(a)} samples and the second {len(b)}; without times they must "
            "begin and end together",
            path=_path(second),
            hint="Cut both to the part that was recorded at the same time.",
        )
    names = (_name(first, "first"), _name(second, "second"))
    return _Pair(a, b, rate_hz, names, (_origin(first), _origin(second)))


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


def _partner(source: Source, columns: Sequence[int] | None) -> Floats:
    """The second person of another session, from a file of their own or of that dyad."""
    values, _ = _table(source, columns)
    if values.shape[1] > 2:
        raise InputError(
            f"expected one column or two, found {values.shape[1]}",
            path=_path(source),
            key="--columns",
        )
    return values[:, -1]


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
    return {"array": digest(np.asarray(source, np.float64))}


_COLUMNS = {
    "window_start_s": "start of the window, s from the start of the shared recording",
    "window_end_s": "end of the window, s",
    "mean": "mean over lags",
    "lag_zero": "value at lag 0",
    "best_lag_s": "lag of the largest value, s; positive: the first leads",
    "best_value": "that value",
    "best_at_edge": "True: the largest value lies at the end of the lags, so no peak was seen",
    "peak_lag_s": "lag of the local peak nearest to 0, s; n/a: none, or none was looked for",
    "peak_value": "its value",
    "missing_fraction": "share of lags without a value",
    "lag_s": "lag, s; positive: the first leads",
    "n_windows": "windows with a value at this lag",
    "lag_*": "value at this lag in s (matrix)",
}
