"""``mimicry power``: how often a study would find what its protocol predicts."""

from pathlib import Path

import typer

from mimicry.cli._options import STIMULI, whole_numbers
from mimicry.cli._run import Outcome, open_command

__all__ = ["power"]


@open_command
def power(
    protocol: str = typer.Argument(help="A protocol file, or the name of a bundled protocol."),
    participants: str | None = typer.Option(
        None, help="People in each group: one number or several, as in 20,40,80."
    ),
    trials: str | None = typer.Option(
        None, help="Trials per condition and cell: one number or several."
    ),
    group: list[str] = typer.Option(
        [], help="NAME:key=value,...; two are compared, the first predicted to respond more."
    ),
    effect: str | None = typer.Option(
        None, help="visible, emg or none. Default: what the protocol predicts."
    ),
    noise: str = typer.Option("webcam", help="none, studio, webcam or restless."),
    studies: int = typer.Option(200, min=2, help="Simulated studies."),
    seed: int = typer.Option(0, help="Seed of everything that is drawn."),
    stimuli: Path | None = STIMULI,
    no_effect: bool = typer.Option(
        False, "--no-effect", help="Simulate the null hypothesis: the rates are false claims."
    ),
) -> Outcome:
    """Estimate power by simulation, with its Monte-Carlo error."""
    from mimicry.analyses.power import power as estimate
    from mimicry.protocol import load_protocol
    from mimicry.report.numbers import number
    from mimicry.simulation.effects import named_effect, parse_group
    from mimicry.simulation.recordings import check_known, noise_level

    sizes = whole_numbers(participants, "--participants")
    numbers: list[int | None] = [*whole_numbers(trials, "--trials")]
    estimates = []
    loaded = load_protocol(protocol)
    known = loaded.timelines(stimuli)
    check_known(loaded, known)
    for n_trials in numbers or [None]:
        estimates += estimate(
            loaded,
            participants=sizes,
            trials=n_trials,
            groups=[parse_group(text) for text in group],
            effect=None if effect is None else named_effect(effect),
            without_effect=no_effect,
            nuisance=noise_level(noise),
            known={} if known.source == "shipped" else known,
            studies=studies,
            seed=seed,
        )
    head = f"{'people':>7} {'trials':>7} {'power':>13} {'right sign':>11} {'wrong way':>10}"
    lines = [
        f"{e.participants:>7} {e.trials:>7} {number(e.power, 2):>6} +- "
        f"{number(e.power_se, 2)} {number(e.right_sign, 2):>11} {number(e.wrong_way, 2):>10}"
        for e in estimates
    ]
    note = f"{studies} simulated studies each; people in each group; +- Monte-Carlo error"
    return Outcome(
        text="\n".join([head, *lines, note]),
        extra={"estimates": [e.to_json() for e in estimates], "seed": seed},
    )
