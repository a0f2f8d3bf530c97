"""``mimicry prereg``: freeze a protocol's analysis into a hashed document."""

from pathlib import Path

import typer

from mimicry.cli._options import STIMULI
from mimicry.cli._run import Outcome, open_command

__all__ = ["prereg"]


@open_command
def prereg(
    protocol: str = typer.Argument(help="A protocol file, or the name of a shipped one."),
    out: Path | None = typer.Option(None, help="JSON file; default: NAME_prereg.json here."),
    study: Path | None = typer.Option(None, help="Write STUDY/prereg.json instead."),
    stimuli: Path | None = STIMULI,
) -> Outcome:
    """Write down settings, action units, exclusions, contrast and seeds, with a hash."""
    from mimicry.analyses.prereg import freeze, write_prereg
    from mimicry.protocol import load_protocol
    from mimicry.study.layout import PREREG, stimuli_copy

    plan = load_protocol(protocol)
    copy = None if study is None else stimuli_copy(study)
    document = freeze(plan, plan.timelines(stimuli, copy))
    name = f"{document['protocol']['name']}_{PREREG}"
    path = out or (study / PREREG if study is not None else Path(name))
    paths = write_prereg(document, path)
    text = f"{path}\nSHA-256 {document['hash']}\nRegister both files before the first person."
    return Outcome(outputs=paths, extra={"hash": document["hash"]}, text=text)
