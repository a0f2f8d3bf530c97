"""Writing what people together gave: tables, picture, page and numbers."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from mimicry import __version__
from mimicry.files import Results, digest
from mimicry.records import Synchrony
from mimicry.synchrony.methods import Result

__all__ = ["numbers_of", "write_synchrony"]


def write_synchrony(
    result: Result, folder: str | Path, stem: str, *, overwrite: bool = False
) -> list[Path]:
    """Write tables, picture, page and numbers; return their paths.

    Values by window and lag give ``<stem>_synchrony_windows.tsv``, ``_matrix.tsv`` and
    ``_profile.tsv`` and ``<stem>_synchrony`` with .png, .html and .json; another method
    ``<stem>_<preset>`` with .tsv, .png, .html and .json.

    Raises
    ------
    OutputExistsError
        When results of other inputs or settings lie there.
    """
    from mimicry.report.synchrony import draw_synchrony, render_synchrony

    if isinstance(result, Synchrony):
        name = f"{stem}_synchrony"
        tables: dict[str, Callable[[Path], Any]] = {
            f"{name}_windows.tsv": lambda _: result.to_frame(),
            f"{name}_matrix.tsv": lambda _: result.matrix_frame(),
            f"{name}_profile.tsv": lambda _: result.profile_frame(),
        }
    else:
        name = f"{stem}_{result.settings.preset}"
        tables = {f"{name}.tsv": lambda _: result.to_frame()}
    results = Results(
        Path(folder),
        f"{name}.json",
        digest([result.settings.to_json(), result.provenance, result.rate_hz, __version__]),
        overwrite,
    )
    return results.write(
        {
            **tables,
            f"{name}.png": partial(draw_synchrony, result),
            f"{name}.html": lambda _: render_synchrony(result),
        },
        numbers_of(result),
    )


def numbers_of(result: Result) -> dict[str, Any]:
    """Return everything but the tables, as JSON types."""
    numbers = {
        "names": result.names,
        "rate_hz": result.rate_hz,
        "settings": result.settings.to_json(),
        "summary": result.summary,
        "surrogate": result.surrogate,
        "provenance": result.provenance,
        "columns": result.columns,
    }
    if isinstance(result, Synchrony):
        first, second = result.names
        convention = f"positive lag: {first} leads, {second} follows"
        return {**numbers, "lag_convention": convention, "best_lag_s": result.best_lag_s}
    return {**numbers, "surrogate": result.surrogate or None}
