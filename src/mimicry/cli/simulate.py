"""``mimicry simulate``: a study of a protocol with simulated participants."""

from pathlib import Path

import typer

from mimicry.cli._options import STIMULI
from mimicry.cli._run import Outcome, open_command

__all__ = ["simulate"]


@open_command
def simulate(
    protocol: str = typer.Argument(help="A protocol file, or the name of a bundled protocol."),
    participants: int = typer.Option(10, help="People in each group."),
    group: list[str] = typer.Option(
        [],
        help="NAME:key=value,... such as low:gain=0.6; repeat it. "
        "Default: what the protocol predicts.",
    ),
    effect: str | None = typer.Option(
        None, help="visible, emg or none. Default: what the protocol predicts."
    ),
    noise: str = typer.Option("webcam", help="none, studio, webcam or restless."),
    seed: int = typer.Option(0, help="Seed of everything that is drawn."),
    stimuli: Path | None = STIMULI,
    video: bool = typer.Option(False, "--video", help="Render a video of every session (slow)."),
    out: Path = typer.Option(..., help="Folder of the study."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace another simulated study."),
) -> Outcome:
    """Simulate a whole study of a protocol, with its truth."""
    from mimicry.cli._progress import progress
    from mimicry.protocol import load_protocol
    from mimicry.simulation.effects import named_effect, parse_group
    from mimicry.simulation.study import Scenario, simulate_study

    with progress("participants") as show:
        made = simulate_study(
            load_protocol(protocol),
            out,
            Scenario(
                groups=[parse_group(text) for text in group],
                effect=None if effect is None else named_effect(effect),
                nuisance=noise,
                stimuli=stimuli,
            ),
            participants=participants,
            seed=seed,
            video=video,
            overwrite=overwrite,
            progress=show,
        )
    text = (
        f"{len(made.recordings)} simulated recordings in {made.folder}; what they did stands "
        f"in {made.settings.parent}"
    )
    return Outcome(
        outputs=[made.folder, made.settings],
        recordings=[
            {"input": name, "frames": None, "frames_with_face": None, "files": {}}
            for name in made.recordings
        ],
        text=text,
        extra={"study": str(made.folder), "seed": seed},
    )
