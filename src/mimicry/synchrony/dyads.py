"""Two people: from files, tracks or arrays to the synchrony of one signal."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mimicry.errors import InputError
from mimicry.files import digest, make_folder, refuse_other_results, write_json
from mimicry.records import ReadingOptions, Synchrony, SynchronySettings
from mimicry.synchrony.methods import preset as preset_named
from mimicry.synchrony.methods import synchronise
from mimicry.synchrony.sources import Source, origin_of, read_pair, read_partner

__all__ = ["choose_settings", "measure_synchrony", "write_synchrony"]


def measure_synchrony(
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
    action_unit: str = "AU12",
    offset_s: float = 0.0,
    smooth_s: float | None = None,
    reading: ReadingOptions | None = None,
    faces: Sequence[str] = (),
) -> Synchrony:
    """Return how the movements of two people go together, by window and lag.

    Parameters
    ----------
    first, second
        Videos, landmark files, action-unit tables or tracks, all of which carry times; or text
        files of numbers or arrays, which do not. `second` is None: `first` is a text file or
        array that holds both, in two columns.
    preset
        Name of a published method and its settings: see :data:`mimicry.synchrony.methods.PRESETS`.
    window_s, step_s, max_lag_s
        Seconds, instead of the preset's.
    absolute
        Average absolute values, which count moving in opposite directions as synchrony.
    surrogates, null, seed
        How many stand-ins of the second person, drawn how, from which seed.
    partners
        Other people in the second's role, for the null ``pseudo-pairs``.
    rate_hz
        Samples per second of text and arrays. For what carries times: the common grid; None:
        25, or the lower of the two frame rates if that is less.
    columns
        Which columns of a text file with more than two, counted from 1.
    action_unit
        Which action unit of tracks, tables and videos.
    offset_s
        Added to the second's times, where the clocks differ by a known amount.
    smooth_s
        SD of a Gaussian that shifts nothing in time; None: 0.1 for what carries times, else 0.
    reading
        Which face, below which confidence frames are masked, and the frame rate or video of
        tables without times; see :class:`mimicry.ReadingOptions`.
    faces
        Names of the two faces in a single recording or table, in their order. A table that
        holds two faces stands for both anyway.

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
    >>> found = mimicry.measure_synchrony(leader, np.roll(leader, 15), preset="face", rate_hz=25)
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
    pair = read_pair(
        first,
        second,
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
            p, pair, columns=columns, action_unit=action_unit, smooth_s=smooth_s, reading=reading
        )
        for p in partners
    ]
    return synchronise(
        pair.values[0],
        pair.values[1],
        settings,
        rate_hz=pair.rate_hz,
        names=(pair.names[0], pair.names[1]),
        partners=others,
        provenance={**pair.provenance, **_partners(partners)},
    )


def _partners(partners: Sequence[Source]) -> dict[str, Any]:
    return {"partners": [origin_of(p) for p in partners]} if partners else {}


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
    write_text(page, render_synchrony(result))
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
