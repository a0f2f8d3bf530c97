"""``mimicry synchrony``: how people's movements go together."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mimicry.cli._options import FPS, MIN_CONFIDENCE, VIDEO, reading_options
from mimicry.cli._run import Outcome, command

if TYPE_CHECKING:
    from mimicry.synchrony.methods import Result

__all__ = ["synchrony"]


@command
def synchrony(
    files: list[Path] | None = typer.Argument(
        None,
        metavar="FILE",
        help="A video, table or column of numbers for each person; or one file of several columns.",
    ),
    preset: str = typer.Option(
        "rmea",
        help="rmea, face, boker, susy, altmann, prewhitened, recurrence; dtw, coherence, events; "
        "isc (three or more); fir (one, with --events).",
    ),
    presets: bool = typer.Option(False, "--presets", help="List presets, settings and sources."),
    window: float | None = typer.Option(None, help="Length of a window, s."),
    step: float | None = typer.Option(None, help="Distance between windows, s."),
    max_lag: float | None = typer.Option(None, "--max-lag", help="Largest lag either way, s."),
    options: list[str] = typer.Option(
        [], "--set", metavar="NAME=NUMBER", help="Another number of the preset; repeat it."
    ),
    events: Path | None = typer.Option(None, help="Events table (onset, trial_type) for fir."),
    rate: float | None = typer.Option(None, help="Samples per second of text or common grid."),
    columns: str | None = typer.Option(None, help="Columns of a text file, as in 1,2."),
    au: str = typer.Option("AU12", help="Action unit of videos and tables."),
    offset: float = typer.Option(0.0, help="Added to the second's times, s."),
    smooth: float | None = typer.Option(
        None, help="SD of the smoothing, s; default: 0.1 with times, 0 without."
    ),
    face: list[str] = typer.Option(
        [],
        "--face",
        metavar="largest|left|right|ID",
        help="Which of several faces; twice for two people in one recording.",
    ),
    min_confidence: float | None = MIN_CONFIDENCE,
    fps: float | None = FPS,
    video: Path | None = VIDEO,
    absolute: bool = typer.Option(False, "--absolute", help="Average absolute values."),
    surrogates: int | None = typer.Option(
        None, help="Surrogates to compare with; default: 0, events and isc 999."
    ),
    null: str | None = typer.Option(
        None, help="segment-shuffle, circular-shift, phase or pseudo-pairs."
    ),
    partner: list[Path] = typer.Option(
        [], help="Another session's second person, for pseudo-pairs; repeat it."
    ),
    dyads: Path | None = typer.Option(
        None, help="Table (dyad, first, second) of a sample that is tested as a whole."
    ),
    seed: int = typer.Option(0, help="Seed of the surrogates."),
    out: Path | None = typer.Option(None, help="Folder for tables, picture and page."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace other results."),
) -> Outcome:
    """Synchrony of people, by window and lag or otherwise. Positive lag: the first leads."""
    if presets:
        return _listed()
    from mimicry.synchrony.write import write_synchrony

    choices = {
        "preset": preset,
        "window_s": window,
        "step_s": step,
        "max_lag_s": max_lag,
        "absolute": absolute,
        "options": _options(options),
        "events": events,
        "surrogates": surrogates,
        "null": null,
        "partners": partner,
        "seed": seed,
        "rate_hz": rate,
        "columns": _columns(columns),
        "action_unit": au,
        "offset_s": offset,
        "smooth_s": smooth,
        "reading": reading_options(min_confidence=min_confidence, fps=fps, video=video),
        "faces": face,
    }
    result, stem = _measured(files, dyads, choices)
    paths = write_synchrony(result, out, stem, overwrite=overwrite) if out else []
    return _outcome(result, paths)


def _measured(
    files: list[Path] | None, dyads: Path | None, choices: dict[str, Any]
) -> "tuple[Result, str]":
    """Return the result of one recording, or of a sample that a table lists, and its name."""
    from mimicry.errors import InputError
    from mimicry.synchrony.dyads import measure_dyads
    from mimicry.synchrony.measure import measure_synchrony

    if dyads is None:
        return measure_synchrony(*_files(files), **choices), _files(files)[0].stem
    if files:
        raise InputError("means nothing beside `dyads`", key="`files`")
    return measure_dyads(dyads, **choices), dyads.stem


def _outcome(result: "Result", paths: list[Path]) -> Outcome:
    from mimicry.records import Synchrony
    from mimicry.synchrony.write import numbers_of

    summary, surrogate, settings = result.summary, dict(result.surrogate), result.settings
    lines = [f"{'rate hz':28} {result.rate_hz:g}", *_lines(summary)]
    tests = {name: test for name, test in surrogate.items() if isinstance(test, dict)}
    tests = tests or ({str(surrogate["statistic"]): surrogate} if surrogate else {})
    lines += [_against(name, test, surrogate) for name, test in tests.items()]
    if not surrogate and settings.null and not settings.surrogates:
        lines.append("not compared with chance; add --surrogates 999")
    extra = {**summary, "settings": settings.to_json(), "names": result.names}
    if isinstance(result, Synchrony):
        extra |= {
            "best_lag": result.best_lag_s,
            "window_start_s": result.window_start_s,
            "surrogate": surrogate or None,
            "rate_hz": result.rate_hz,
            "details": {k: v for k, v in result.provenance.items() if k != "inputs"},
        }
    else:
        table = {name: list(values) for name, values in result.table.items()}
        extra = {**numbers_of(result), **summary, "table": table}
    notes = list(result.provenance.get("notes", ()))
    return Outcome(outputs=paths, warnings=notes, extra=extra, text="\n".join(lines))


def _listed() -> Outcome:
    from mimicry.synchrony.methods import METHODS

    rows = []
    for name, method in METHODS.items():
        settings = method.settings
        lengths = {k: getattr(settings, k) for k in ("window_s", "step_s", "max_lag_s")}
        options = {} if settings.method else {"options": dict(settings.options)}
        row = {"preset": name, "question": settings.question, **lengths, **options}
        rows.append({**row, "source": settings.source})
    blocks = [
        f"{m.settings.preset}: {m.settings.question}\n  {m.settings.numbers()}\n"
        f"  {m.settings.source}"
        for m in METHODS.values()
    ]
    return Outcome(extra={"presets": rows}, text="\n\n".join(blocks))


def _files(files: list[Path] | None) -> list[Path]:
    from mimicry.errors import InputError

    if not files:
        raise InputError(
            "no file given", key="files", hint="Give one or more, or --presets for the methods."
        )
    return files


def _options(texts: list[str]) -> dict[str, float]:
    from mimicry.errors import InputError

    numbers = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            numbers[name.strip()] = float(value)
        except ValueError as error:
            raise InputError(
                f"--set is {text!r}; expected NAME=NUMBER, as in min_sd=0.05", key="--set"
            ) from error
    return numbers


def _columns(text: str | None) -> list[int] | None:
    from mimicry.errors import InputError

    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise InputError(
            f"--columns is {text!r}; expected numbers from 1 on, as in 1,2", key="--columns"
        ) from error


def _lines(summary: Mapping[str, Any]) -> list[str]:
    from mimicry.report.numbers import shown

    return [f"{name.replace('_', ' '):28} {shown(name, value)}" for name, value in summary.items()]


def _against(name: str, test: Mapping[str, Any], surrogate: Mapping[str, Any]) -> str:
    from mimicry.report.numbers import number, p_equals
    from mimicry.report.synchrony import p_floor

    p = p_equals(test["p"], floor=p_floor(surrogate["n"], test["sided"]))
    return (
        f"{name.replace('_', ' ')} against {surrogate['null']}: "
        f"z {number(test['z_surrogate'])}, {p} ({test['sided']})"
    )
