"""Agreement of two sources of the same face's movement, from their files."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mimicry.errors import InputError
from mimicry.records import ActionUnitTrack
from mimicry.statistics.agreement import Agreement, Rescale, compare_tracks

__all__ = ["Validation", "validate", "write_validation"]

_COLUMNS = {
    "estimate": "column of the track",
    "reference": "column of the reference",
    "n": "samples in which both are there",
    "n_effective": "independent samples they are worth (Pyper & Peterman, 1998)",
    "r": "Pearson correlation without lag",
    "r_low": "lower end of its 95 % interval, from n_effective",
    "r_high": "upper end of its 95 % interval, from n_effective",
    "r_best": "largest correlation over the lags",
    "lag_s": "lag of r_best, s; positive: the track follows the reference; missing at the edge",
    "slope": "least-squares line: reference = slope x estimate + intercept",
    "intercept": "of that line",
    "icc_agreement": "ICC(A,1), after the line with rescale = fit (McGraw & Wong, 1996)",
    "icc_consistency": "ICC(C,1), after the line with rescale = fit",
    "bias": "mean of estimate minus reference, reference units (Bland & Altman, 1999)",
    "sd": "SD of that difference",
    "limit_low": "lower 95 % limit of agreement",
    "limit_high": "upper 95 % limit of agreement",
    "proportional": "slope of the difference on the mean of both",
}


@dataclass(frozen=True, slots=True)
class Validation:
    """Agreement per pair of columns, and what it was computed with."""

    rows: tuple[Agreement, ...]
    settings: Mapping[str, Any]

    def to_frame(self) -> Any:
        """Return a table with one row per pair."""
        import pandas as pd

        return pd.DataFrame([row.to_dict() for row in self.rows], columns=list(_COLUMNS))


def validate(
    track: str | Path,
    reference: str | Path,
    *,
    pairs: Sequence[str] = (),
    time_column: str | None = None,
    offset_s: float = 0.0,
    rate_hz: float = 30.0,
    smooth_s: float = 0.05,
    max_lag_s: float = 1.0,
    rescale: Rescale = "fit",
) -> Validation:
    """Agreement of two sources per action unit: correlation, lag, ICC, Bland-Altman limits.

    Parameters
    ----------
    track
        An action-unit table of this package, OpenFace or Py-Feat, or any table with a column
        of seconds.
    reference
        The same; e.g. an EMG envelope, a continuous rating, frame-wise FACS coding.
    pairs
        ``"AU12=zygomaticus"``: column of the track and of the reference; default: the columns
        that both have.
    time_column
        Column of seconds in a plain table.
    offset_s
        Added to the reference's times, to bring both on one clock.
    rate_hz, smooth_s, max_lag_s, rescale
        As in :func:`mimicry.statistics.agreement.compare_tracks`.

    Raises
    ------
    InputError
        When a file cannot be read, a column is unknown, or the two share no time or column.
    """
    ours = _read(Path(track), None)
    theirs = _read(Path(reference), time_column)
    theirs = replace(theirs, times_s=theirs.times_s + offset_s)
    chosen = _pairs(pairs, ours, theirs, Path(track), Path(reference))
    try:
        rows = compare_tracks(
            ours, theirs, pairs=chosen, rate_hz=rate_hz, smooth_s=smooth_s,
            max_lag_s=max_lag_s, rescale=rescale,
        )  # fmt: skip
    except ValueError as error:
        raise InputError(
            str(error),
            path=reference,
            hint="Say which columns belong together with --pair AU12=NAME, and bring both on "
            "one clock with --offset.",
        ) from error
    return Validation(
        tuple(rows),
        {
            "pairs": chosen,
            "offset_s": offset_s,
            "rate_hz": rate_hz,
            "smooth_s": smooth_s,
            "max_lag_s": max_lag_s,
            "rescale": rescale,
        },
    )


def write_validation(
    result: Validation,
    track: Path,
    reference: Path,
    folder: str | Path,
    *,
    overwrite: bool = False,
) -> list[Path]:
    """Write ``<stem>_agreement.tsv`` and its sidecar; return their paths.

    Raises
    ------
    OutputExistsError
        When results of other inputs or settings lie there.
    """
    from mimicry import __version__
    from mimicry.files import (
        digest,
        make_folder,
        refuse_other_results,
        sha256_of,
        write_json,
        write_tsv,
    )

    out = make_folder(Path(folder))
    table, sidecar = (out / f"{track.stem}_agreement.{e}" for e in ("tsv", "json"))
    inputs = {
        "track": {"name": track.name, "sha256": sha256_of(track)},
        "reference": {"name": reference.name, "sha256": sha256_of(reference)},
    }
    made_from = digest([dict(result.settings), inputs, __version__])
    if not overwrite and refuse_other_results(sidecar, made_from):
        return [table, sidecar]
    write_tsv(table, result.to_frame())
    write_json(
        sidecar,
        {
            "digest": made_from,
            "version": __version__,
            "inputs": inputs,
            "settings": result.settings,
            "columns": _COLUMNS,
        },
    )
    return [table, sidecar]


def _read(path: Path, time_column: str | None) -> ActionUnitTrack:
    """Read a known action-unit table, or else any table over time."""
    from mimicry.interchange.au_table import read_au_table
    from mimicry.interchange.sources import AU_KINDS, identify
    from mimicry.interchange.time_table import read_time_table

    if time_column is None and identify(path).kind in AU_KINDS:
        return read_au_table(path)
    return read_time_table(path, time_column=time_column)


def _pairs(
    asked: Sequence[str],
    ours: ActionUnitTrack,
    theirs: ActionUnitTrack,
    track: Path,
    reference: Path,
) -> dict[str, str] | None:
    if not asked:
        return None
    out: dict[str, str] = {}
    for text in asked:
        left, _, right = text.partition("=")
        right = right or left
        for name, source, path in ((left, ours, track), (right, theirs, reference)):
            if name not in source.names:
                near = [n for n in source.names if not re.search(r"_[LR]$", n)]
                raise InputError(
                    f"no column {name!r}; found {', '.join(near[:25])}", path=path, key=name
                )
        out[left] = right
    return out
