"""``mimicry validate``: check one source of action units against another."""

from pathlib import Path

import typer

from mimicry.cli._options import FACE, FPS, MIN_CONFIDENCE, VIDEO, reading_options
from mimicry.cli._run import Outcome, command

__all__ = ["validate"]


@command
def validate(
    track: Path = typer.Argument(help="Table of mimicry extract, OpenFace or Py-Feat."),
    reference: Path = typer.Option(
        ..., help="What to check against: such a table, or any table with a column of seconds."
    ),
    pair: list[str] = typer.Option(
        [], help="Columns that belong together, as in AU12=zygomaticus; repeat it."
    ),
    time_column: str | None = typer.Option(None, help="Column of seconds of a plain reference."),
    offset: float = typer.Option(0.0, help="Seconds added to the reference's times."),
    rate: float = typer.Option(30.0, min=1.0, help="Common sampling rate, Hz."),
    smooth: float = typer.Option(0.05, min=0.0, help="SD of the Gaussian on both, s."),
    max_lag: float = typer.Option(1.0, min=0.0, help="Largest lag either way, s."),
    rescale: str = typer.Option(
        "fit", help="fit: put the track on the reference's scale first; none: same unit."
    ),
    face: str | None = FACE,
    min_confidence: float | None = MIN_CONFIDENCE,
    fps: float | None = FPS,
    video: Path | None = VIDEO,
    out: Path | None = typer.Option(None, help="Folder for the table."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace other results."),
) -> Outcome:
    """Agreement per action unit: correlation, lag, ICC, limits. Positive lag: TRACK is late."""
    from typing import Literal, cast

    from mimicry.analyses import agreement
    from mimicry.errors import InputError

    if rescale not in ("fit", "none"):
        raise InputError(f"no rescaling {rescale!r}", key="--rescale", hint="fit or none.")
    result = agreement.validate(
        track,
        reference,
        pairs=pair,
        time_column=time_column,
        offset_s=offset,
        rate_hz=rate,
        smooth_s=smooth,
        max_lag_s=max_lag,
        rescale=cast("Literal['fit', 'none']", rescale),
        reading=reading_options(face=face, min_confidence=min_confidence, fps=fps, video=video),
    )
    paths = []
    if out is not None:
        paths = agreement.write_validation(result, track, reference, out, overwrite=overwrite)
    extra = {"agreement": [row.to_dict() for row in result.rows], "settings": result.settings}
    return Outcome(outputs=paths, extra=extra, text=_text(result))


def _text(result: object) -> str:
    from mimicry.analyses.agreement import Validation
    from mimicry.report.numbers import number

    assert isinstance(result, Validation)
    head = f"{'track':<10} {'reference':<14} {'n':>6} {'r':>6} {'95 %':>15} {'best r':>7} "
    head += f"{'lag s':>7} {'slope':>7} {'ICC':>6} {'limits of agreement':>20}"
    lines = [head]
    for a in result.rows:
        interval = f"{number(a.r_low, 2)} .. {number(a.r_high, 2)}"
        limits = f"{number(a.limit_low, 2)} .. {number(a.limit_high, 2)}"
        lines.append(
            f"{a.estimate:<10} {a.reference:<14} {a.n:>6} {number(a.r, 2):>6} {interval:>15} "
            f"{number(a.r_best, 2):>7} {number(a.lag_s):>7} {number(a.slope, 2):>7} "
            f"{number(a.icc_agreement, 2):>6} {limits:>20}"
        )
    lines.append("slope: units of the reference for one unit of the track.")
    if result.settings["rescale"] == "fit":
        lines.append("ICC and limits after a straight line from the track to the reference.")
    return "\n".join(lines)
