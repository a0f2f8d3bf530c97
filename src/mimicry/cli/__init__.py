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

# a command is the function of its name in the module of its name
COMMANDS = (
    "batch",
    "calibrate",
    "demo",
    "doctor",
    "extract",
    "group",
    "live",
    "multiverse",
    "power",
    "prereg",
    "record",
    "reliability",
    "resume",
    "run",
    "score",
    "simulate",
    "synchrony",
    "validate",
    "verify",
    "withdraw",
)
# a group is the typer app called `app` in the module of its name
GROUPS = ("blind", "protocol", "stimuli")

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


for _name in COMMANDS:
    app.command(_name)(getattr(import_module(f"mimicry.cli.{_name}"), _name))
for _name in GROUPS:
    app.add_typer(import_module(f"mimicry.cli.{_name}").app, name=_name)


def main() -> None:
    """Run the command line."""
    open_missing_streams()
    for stream in (sys.stdout, sys.stderr):
        # names that the encoding cannot hold are shown as \\xe4
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()
