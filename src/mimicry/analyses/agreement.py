"""Agreement of two sources of the same face's movement, from their files."""

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mimicry.errors import InputError, QualityWarning
from mimicry.interchange.sources import reading_note
from mimicry.records import ActionUnitTrack, ReadingOptions, ScoringSettings
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
    reading: ReadingOptions | None = None,
) -> Validation:
    """Measure how two sources agree per action unit: correlation, lag, ICC, Bland-Altman limits.

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
    reading
        Which face of a table with several, below which confidence its frames are masked, and
        the frame rate or video for tables without times of their own.

    Frames that scoring would mask (no face, blink, head turned away, implausible or unsure) are
    missing here too.

    Raises
    ------
    InputError
        When a file cannot be read, a column is unknown, the two share no time or column, or too
        few samples of all of them.

    Warns
    -----
    QualityWarning
        When some pair of columns has no result, with the reason.
    """
    track, reference, asked = Path(track), Path(reference), _asked(pairs)
    reading = reading or ReadingOptions()
    ours, theirs = _read_both(track, reference, time_column, reading, asked)
    theirs = replace(theirs, times_s=theirs.times_s + offset_s)
    chosen = _known(asked, ours, theirs, track, reference)
    how: dict[str, Any] = {
        "rate_hz": rate_hz, "smooth_s": smooth_s, "max_lag_s": max_lag_s, "rescale": rescale
    }  # fmt: skip
    try:
        rows = compare_tracks(ours, theirs, pairs=chosen, **how)
    except ValueError as error:
        raise InputError(
            str(error),
            path=reference,
            hint="Say which columns belong together with `pairs=['AU12=NAME']`, and bring both on "
            "one clock with `offset_s`.",
        ) from error
    _say_what_counts(ours, theirs, track, reference)
    _say_what_is_empty(rows, ours, theirs, rate_hz, reference)
    note = {"reading": reading_note(reading)} if reading.to_json() else {}
    return Validation(tuple(rows), {"pairs": chosen, "offset_s": offset_s, **how, **note})


def _read_both(
    track: Path,
    reference: Path,
    time_column: str | None,
    reading: ReadingOptions,
    asked: dict[str, str] | None,
) -> tuple[ActionUnitTrack, ActionUnitTrack]:
    """Read both tables, with the frames missing that scoring would mask."""
    from mimicry.timeline.masking import masked

    ours = _read(track, None, reading, None if asked is None else list(asked))
    columns = None if asked is None else list(asked.values())
    theirs = _read(reference, time_column, reading, columns)
    _check_used(reading, track, reference, time_column)
    settings = ScoringSettings(emotions={})
    return masked(ours, settings), masked(theirs, settings)


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
    from mimicry.files import Results, digest, sha256_of

    inputs = {
        "track": {"name": track.name, "sha256": sha256_of(track)},
        "reference": {"name": reference.name, "sha256": sha256_of(reference)},
    }
    made_from = digest([dict(result.settings), inputs, __version__])
    results = Results(Path(folder), f"{track.stem}_agreement.json", made_from, overwrite)
    return results.write(
        {f"{track.stem}_agreement.tsv": lambda _: result.to_frame()},
        {"inputs": inputs, "settings": result.settings, "columns": _COLUMNS},
    )


_FEWEST = 10


def _read(
    path: Path, time_column: str | None, reading: ReadingOptions, columns: list[str] | None
) -> ActionUnitTrack:
    """Read a known action-unit table, or else any table over time."""
    from mimicry.interchange.sources import identify
    from mimicry.interchange.tables import faces_in_table, read_table
    from mimicry.interchange.time_table import FRAME_COLUMNS

    reader = identify(path).reader
    if time_column is not None or reader is None:
        if (time_column or "").lower() not in FRAME_COLUMNS:
            reading = ReadingOptions()
    elif not reader.confidence:  # ours: one face, no confidence
        reading = replace(reading, face=None, min_confidence=None)
    elif reading.face is not None and len(faces_in_table(path)) < 2:
        reading = replace(reading, face=None)
    return read_table(path, time_column=time_column, columns=columns, reading=reading)


def _check_used(reading: ReadingOptions, track: Path, reference: Path, column: str | None) -> None:
    """Refuse a frame rate or video that no table needs: it would count for nothing."""
    from mimicry.interchange.sources import identify
    from mimicry.interchange.time_table import FRAME_COLUMNS

    if reading.fps is None and reading.video is None:
        return
    counted = column is not None and column.lower() in FRAME_COLUMNS
    paths = [track] if column is not None else [track, reference]
    if not counted and all(identify(path).reader is None for path in paths):
        raise InputError(
            "both tables have times of their own, so a frame rate or video means nothing",
            path=track,
            key="`fps`",
        )


def _say_what_counts(
    ours: ActionUnitTrack, theirs: ActionUnitTrack, track: Path, reference: Path
) -> None:
    """Say where times look like frame numbers beside a table with true times."""
    steps = [np.diff(t.times_s) for t in (ours, theirs)]
    counts = [
        "time_column" in t.provenance and len(s) > 1 and bool((s == 1.0).all())
        for t, s in zip((ours, theirs), steps, strict=True)
    ]
    for counted, other, path in zip(counts, steps[::-1], (track, reference), strict=True):
        if counted and np.median(other) < 0.5:
            text = (
                f"{path.name}: the times rise by exactly 1, as frame numbers do. If they are frame "
                "numbers, call the column frame and give `time_column='frame'` with `fps`."
            )
            warnings.warn(QualityWarning(text), stacklevel=3)


def _say_what_is_empty(
    rows: Sequence[Agreement],
    ours: ActionUnitTrack,
    theirs: ActionUnitTrack,
    rate_hz: float,
    reference: Path,
) -> None:
    """Refuse a comparison without any result; say why single pairs have none."""
    empty = [row for row in rows if row.r != row.r]
    few = [row for row in empty if row.n < _FEWEST]
    if len(empty) == len(rows):
        steps = " and ".join(
            f"{len(t)} rows from {t.times_s[0]:.6g} to {t.times_s[-1]:.6g} s"
            for t in (ours, theirs)
        )
        sentence = f"share only {max(row.n for row in rows)} samples at {rate_hz:g} per second"
        raise InputError(
            f"the two {sentence} ({steps}); at least {_FEWEST} are needed"
            if few
            else "one of the two does not vary in any pair of columns",
            path=reference,
            hint="Check that both times are seconds on one clock, that rows lie no more than 0.1 s "
            "apart, and which rows are masked.",
        )
    for row in empty:
        why = f"only {row.n} samples in common" if row.n < _FEWEST else "one does not vary"
        warnings.warn(
            QualityWarning(f"{row.estimate} and {row.reference} have no result: {why}"),
            stacklevel=3,
        )


def _asked(pairs: Sequence[str]) -> dict[str, str] | None:
    if not pairs:
        return None
    split = (text.partition("=") for text in pairs)
    return {left: right or left for left, _, right in split}


def _known(
    asked: dict[str, str] | None,
    ours: ActionUnitTrack,
    theirs: ActionUnitTrack,
    track: Path,
    reference: Path,
) -> dict[str, str] | None:
    """Return the pairs that were asked for; refuse a column that is not there."""
    for left, right in (asked or {}).items():
        for name, source, path in ((left, ours, track), (right, theirs, reference)):
            if name not in source.names:
                near = [n for n in source.names if not re.search(r"_[LR]$", n)]
                raise InputError(
                    f"no column {name!r}; found {', '.join(near[:25])}", path=path, key=name
                )
    return asked
