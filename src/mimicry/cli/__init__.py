"""The ``mimicry`` command: one short file a command, each one library call.

Every command module has one function of the command's name. It is imported when the command
line is read, so no command module may import a heavy package at its top.
"""

import io
import sys
from importlib import import_module

import typer

from mimicry.files.processes import open_missing_streams

__all__ = ["app", "main"]

# command -> module; groups (sub-commands) hold a typer app called `app`
COMMANDS: dict[str, str] = {
    "batch": "mimicry.cli.batch",
    "calibrate": "mimicry.cli.calibrate",
    "demo": "mimicry.cli.demo",
    "doctor": "mimicry.cli.doctor",
    "extract": "mimicry.cli.extract",
    "group": "mimicry.cli.group",
    "live": "mimicry.cli.live",
    "multiverse": "mimicry.cli.multiverse",
    "power": "mimicry.cli.power",
    "prereg": "mimicry.cli.prereg",
    "record": "mimicry.cli.record",
    "reliability": "mimicry.cli.reliability",
    "resume": "mimicry.cli.resume",
    "run": "mimicry.cli.run",
    "score": "mimicry.cli.score",
    "simulate": "mimicry.cli.simulate",
    "synchrony": "mimicry.cli.synchrony",
    "validate": "mimicry.cli.validate",
    "verify": "mimicry.cli.verify",
    "withdraw": "mimicry.cli.withdraw",
}
GROUPS: dict[str, str] = {
    "blind": "mimicry.cli.blind",
    "protocol": "mimicry.cli.protocol",
    "stimuli": "mimicry.cli.stimuli",
}

app = typer.Typer(
    name="mimicry",
    help="Per-trial scores of automatic facial mimicry from face video.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        from mimicry import __version__

        typer.echo(f"mimicry {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


for _name, _module in COMMANDS.items():
    app.command(_name)(getattr(import_module(_module), _name))
for _name, _module in GROUPS.items():
    app.add_typer(import_module(_module).app, name=_name)


def main() -> None:
    """Run the command line."""
    open_missing_streams()
    for stream in (sys.stdout, sys.stderr):
        # names that the encoding cannot hold are shown as \\xe4
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()
