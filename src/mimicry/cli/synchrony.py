"""``mimicry synchrony``: how two people's movements go together."""

from pathlib import Path

import typer

from mimicry.cli._run import Outcome, run_command

__all__ = ["synchrony"]


def synchrony(
    first: Path = typer.Argument(
        help="The first person's video, table or column; or one file of two columns."
    ),
    second: Path | None = typer.Argument(None, help="The second person's file."),
    preset: str = typer.Option(
        "rmea", help="rmea, face, boker, susy, altmann, prewhitened or recurrence."
    ),
    window: float | None = typer.Option(None, help="Length of a window, s."),
    step: float | None = typer.Option(None, help="Distance between windows, s."),
    max_lag: float | None = typer.Option(None, "--max-lag", help="Largest lag either way, s."),
    rate: float | None = typer.Option(None, help="Samples per second of text or common grid."),
    columns: str | None = typer.Option(None, help="Columns of a text file, as in 1,2."),
    au: str = typer.Option("AU12", help="Action unit of videos and tables."),
    offset: float = typer.Option(0.0, help="Added to the second's times, s."),
    smooth: float | None = typer.Option(
        None, help="SD of the smoothing, s; default: 0.1 with times, 0 without."
    ),
    absolute: bool = typer.Option(False, "--absolute", help="Average absolute values."),
    surrogates: int = typer.Option(0, help="Surrogates to compare with."),
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
    """Windowed lagged synchrony of two tracks. A positive lag means that the first leads."""

    def work() -> Outcome:
        from mimicry import dyads

        result = dyads.synchrony(
            first,
            second,
            preset=preset,
            window_s=window,
            step_s=step,
            max_lag_s=max_lag,
            absolute=absolute,
            surrogates=surrogates,
            null=null,
            partners=partner,
            seed=seed,
            rate_hz=rate,
            columns=_columns(columns),
            action_unit=au,
            offset_s=offset,
            smooth_s=smooth,
        )
        paths = (
            []
            if out is None
            else dyads.write_synchrony(result, out, first.stem, overwrite=overwrite)
        )
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
        return Outcome(outputs=paths, extra=extra, text=_text(summary, dict(result.surrogate)))

    run_command("synchrony", work, as_json=as_json)


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
    lines = [f"{name.replace('_', ' '):28} {_short(value)}" for name, value in summary.items()]
    for name, test in surrogate.items():
        if isinstance(test, dict):
            lines.append(
                f"{name.replace('_', ' ')} against {surrogate['null']}: "
                f"z {_short(test['z_surrogate'])}, p {_short(test['p'])} ({test['sided']})"
            )
    if not surrogate:
        lines.append("not compared with chance; add --surrogates 999")
    return "\n".join(lines)


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if value == value else "n/a"
    return str(value)
