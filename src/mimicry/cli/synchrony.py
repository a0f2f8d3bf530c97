"""``mimicry synchrony``: how people's movements go together."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mimicry.cli._options import FPS, MIN_CONFIDENCE, VIDEO, reading_options
from mimicry.cli._run import Outcome, run_command

if TYPE_CHECKING:
    from mimicry.records import SeriesMeasure, Synchrony

__all__ = ["synchrony"]


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
    seed: int = typer.Option(0, help="Seed of the surrogates."),
    out: Path | None = typer.Option(None, help="Folder for tables, picture and page."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace other results."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Synchrony of people, by window and lag or otherwise. Positive lag: the first leads."""

    def work() -> Outcome:
        if presets:
            return _listed()
        from mimicry.synchrony.methods import METHODS

        named = _files(files)
        given: dict[str, Any] = {
            "preset": preset,
            "window_s": window,
            "step_s": step,
            "max_lag_s": max_lag,
            "null": null,
            "partners": partner,
            "seed": seed,
            "rate_hz": rate,
            "columns": _columns(columns),
            "action_unit": au,
            "offset_s": offset,
            "smooth_s": smooth,
            "faces": face,
            "reading": reading_options(min_confidence=min_confidence, fps=fps, video=video),
        }
        if preset in METHODS:
            _refuse(preset, {"--absolute": absolute})
            from mimicry.synchrony.associations import associate, write_measure

            found = associate(
                *named, events=events, options=_options(options), surrogates=surrogates, **given
            )
            paths = write_measure(found, out, named[0].stem, overwrite=overwrite) if out else []
            return _of_measure(found, paths)
        _refuse(preset, {"--set": bool(options), "--events": events is not None})
        return _of_synchrony(*_matrix(named, given, absolute, surrogates or 0, out, overwrite))

    run_command("synchrony", work, as_json=as_json)


def _matrix(
    files: list[Path],
    given: dict[str, Any],
    absolute: bool,
    surrogates: int,
    out: Path | None,
    overwrite: bool,
) -> tuple["Synchrony", list[Path]]:
    from mimicry.errors import InputError
    from mimicry.synchrony import dyads

    settings = dyads.choose_settings(given["preset"])
    if len(files) > 2:
        raise InputError(
            f"{len(files)} files; preset {settings.preset!r} takes one or two",
            key="files",
            hint="For three people or more there is --preset isc.",
        )
    result = dyads.measure_synchrony(*files, absolute=absolute, surrogates=surrogates, **given)
    if out is None:
        return result, []
    return result, dyads.write_synchrony(result, out, files[0].stem, overwrite=overwrite)


def _of_synchrony(result: "Synchrony", paths: list[Path]) -> Outcome:
    summary = result.summary()
    extra = {
        **summary,
        "best_lag": result.best_lag_s,
        "window_start_s": result.window_start_s,
        "surrogate": dict(result.surrogate) or None,
        "settings": result.settings.to_json(),
        "names": result.names,
        "rate_hz": result.rate_hz,
        "details": {k: v for k, v in result.provenance.items() if k != "inputs"},
    }
    text = f"{'rate hz':28} {result.rate_hz:g}\n{_text(summary, dict(result.surrogate))}"
    notes = list(result.provenance.get("notes", ()))
    return Outcome(outputs=paths, warnings=notes, extra=extra, text=text)


def _of_measure(result: "SeriesMeasure", paths: list[Path]) -> Outcome:
    from mimicry.synchrony.associations import numbers_of

    numbers = numbers_of(result)
    table = {name: list(values) for name, values in result.table.items()}
    extra = {**numbers, **dict(result.summary), "table": table}
    lines = [f"{'rate hz':28} {result.rate_hz:g}", *_lines(result.summary)]
    if result.surrogate:
        test = result.surrogate
        lines.append(_against(str(test["statistic"]), test, test.get("n")))
    elif result.settings.null and not result.settings.surrogates:
        lines.append("not compared with chance; add --surrogates 999")
    return Outcome(outputs=paths, extra=extra, text="\n".join(lines))


def _listed() -> Outcome:
    from mimicry.synchrony.methods import METHODS, PRESETS

    rows = [
        {"preset": p.preset, "question": _QUESTIONS[p.method], **_lengths(p), "source": p.source}
        for p in PRESETS.values()
    ]
    rows += [
        {
            "preset": m.preset,
            "question": m.question,
            **_lengths(m),
            "options": dict(m.options),
            "source": m.source,
        }
        for m in METHODS.values()
    ]
    blocks = [f"{r['preset']}: {r['question']}\n  {_settings(r)}\n  {r['source']}" for r in rows]
    return Outcome(extra={"presets": rows}, text="\n\n".join(blocks))


_QUESTIONS = {
    "correlation": "how alike do two people move, by window and lag?",
    "segments": "are matching segments more alike than mismatched ones?",
    "cross_lagged": "what does one's past add to the other's own past?",
    "prewhitened": "what is left of the correlation without each one's smoothness?",
    "recurrence": "how often are both in the same state, by lag?",
}


def _lengths(settings: Any) -> dict[str, Any]:
    return {k: getattr(settings, k) for k in ("window_s", "step_s", "max_lag_s")}


def _settings(row: dict[str, Any]) -> str:
    shown = {"window": row["window_s"], "step": row["step_s"], "max lag": row["max_lag_s"]}
    parts = [f"{name} {value:g} s" for name, value in shown.items() if value]
    parts += [
        f"{k}={'from the data' if v is None else format(v, 'g')}"
        for k, v in row.get("options", {}).items()
    ]
    return ", ".join(parts)


def _files(files: list[Path] | None) -> list[Path]:
    from mimicry.errors import InputError

    if not files:
        raise InputError(
            "no file given", key="files", hint="Give one or more, or --presets for the methods."
        )
    return files


def _refuse(preset: str, given: dict[str, bool]) -> None:
    from mimicry.errors import InputError

    for flag, there in given.items():
        if there:
            raise InputError(f"{flag} means nothing for preset {preset!r}", key=flag)


def _options(texts: list[str]) -> dict[str, float]:
    from mimicry.errors import InputError

    found = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError as error:
            raise InputError(
                f"--set is {text!r}; expected NAME=NUMBER, as in min_sd=0.05", key="--set"
            ) from error
    return found


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


def _text(summary: dict[str, object], surrogate: dict[str, object]) -> str:
    lines = _lines(summary)
    for name, test in surrogate.items():
        if isinstance(test, dict):
            lines.append(_against(name, {**test, "null": surrogate["null"]}, surrogate.get("n")))
    if not surrogate:
        lines.append("not compared with chance; add --surrogates 999")
    return "\n".join(lines)


def _lines(summary: Mapping[str, Any]) -> list[str]:
    from mimicry.report.numbers import shown

    return [f"{name.replace('_', ' '):28} {shown(name, value)}" for name, value in summary.items()]


def _against(name: str, test: Mapping[str, Any], draws: object) -> str:
    from mimicry.report.numbers import number, p_equals
    from mimicry.report.synchrony import p_floor

    return (
        f"{name.replace('_', ' ')} against {test['null']}: z {number(test['z_surrogate'])}, "
        f"{p_equals(test['p'], floor=p_floor(draws, test['sided']))} ({test['sided']})"
    )
