"""``mimicry protocol list | show | check | preview | schema | new``."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mimicry.cli._options import STIMULI
from mimicry.cli._run import Outcome, fitted, open_command, say, told

if TYPE_CHECKING:
    from mimicry.protocol import Protocol

__all__ = ["app"]

app = typer.Typer(
    help="Protocol files: list, show, check, preview, start a new one.", no_args_is_help=True
)

PROTOCOL = typer.Argument(help="Name of a shipped protocol, or a YAML file.")


@app.command("list")
@open_command
def list_() -> Outcome:
    """List the shipped protocols."""
    from mimicry.protocol import list_protocols, load_protocol

    keys = ("name", "paradigm", "status", "title")
    files = [load_protocol(name).file for name in list_protocols()]
    rows = [{key: getattr(file, key) for key in keys} for file in files]
    width = max(len(r["name"]) for r in rows)
    lines = [
        f"{r['name']:<{width}}  {r['paradigm']:<5}  {r['title']}"
        + ("" if r["status"] == "ready" else f"  [{r['status']}]")
        for r in rows
    ]
    return Outcome(extra={"protocols": rows}, text="\n".join(lines))


@app.command()
@open_command
def show(protocol: str = PROTOCOL) -> Outcome:
    """Print a protocol with everything it inherits, and the origin of every value."""
    from mimicry.protocol import load_protocol
    from mimicry.protocol.show import resolved_rows, resolved_text

    loaded = load_protocol(protocol)
    extra: dict[str, Any] = {"protocol": loaded.name, "digest": loaded.digest}
    extra |= {"content": loaded.content(), "origins": resolved_rows(loaded)}
    return Outcome(extra=extra, text=resolved_text(loaded).rstrip())


@app.command()
@open_command
def check(
    protocols: list[str] = typer.Argument(None, help="Names or files; none: all shipped ones."),
    stimuli: Path | None = STIMULI,
) -> Outcome:
    """Check protocol files, as `run` would; one sentence for each mistake, with its line."""
    from mimicry.errors import MimicryError
    from mimicry.protocol import list_protocols, load_protocol
    from mimicry.protocol.arrangements import check_swaps
    from mimicry.runner.rehearsal import rehearse

    results: list[dict[str, Any]] = []
    lines = []
    for name in protocols or list_protocols():
        try:
            loaded = load_protocol(name)
            notes = [told(note) for note in rehearse(loaded, stimuli=stimuli)]
            swaps = check_swaps(loaded)
        except MimicryError as error:
            problem = fitted(error)
            results.append({"protocol": name, "ok": False, "message": str(problem)})
            say(f"error: {problem}")
        else:
            summary = {**_summary(loaded), "arrangements": [asdict(swap) for swap in swaps]}
            results.append({"protocol": loaded.name, "ok": True, **summary, "notes": notes})
            lines.append(f"ok  {loaded.name}: {_told(summary)}")
            lines += [f"    note: {note}" for note in notes]
    failed = sum(not r["ok"] for r in results)
    lines.append(f"{len(results) - failed} of {len(results)} protocols pass")
    status = "done" if not failed else "failed" if failed == len(results) else "partial"
    return Outcome(status=status, extra={"protocols": results}, text="\n".join(lines))


@app.command()
@open_command
def preview(
    protocol: str = PROTOCOL,
    out: Path = typer.Option(Path(), "--out", help="Folder for the preview."),
    participant: str = typer.Option("01", "--participant", help="Whose session is drawn."),
    visit: str | None = typer.Option(None, help="Visit, where the protocol has several."),
) -> Outcome:
    """Draw one trial and one session to NAME_preview.html and NAME_preview.png."""
    from mimicry.files import make_folder
    from mimicry.protocol import load_protocol
    from mimicry.protocol.preview import write_preview

    loaded = load_protocol(protocol)
    written = write_preview(loaded, make_folder(out), participant=participant, visit=visit)
    return Outcome(outputs=written, text="\n".join(str(p) for p in written))


@app.command()
@open_command
def schema(
    out: Path | None = typer.Option(None, "--out", help="File to write; none: print it."),
) -> Outcome:
    """Print the JSON Schema of protocol files, for editors."""
    from mimicry.files import to_json_text, write_text
    from mimicry.protocol.json_schema import json_schema

    text = to_json_text(json_schema())
    if out is None:
        return Outcome(extra={"schema": json_schema()}, text=text.rstrip())
    return Outcome(outputs=[write_text(out, text)], text=str(out))


@app.command()
@open_command
def new(
    file: Path = typer.Argument(help="File to write, for instance my-study.yaml."),
    extends: str | None = typer.Option(None, help="Protocol to change, by name or file."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace an existing file."),
) -> Outcome:
    """Write a commented protocol file to start from."""
    from mimicry.protocol.start import start_protocol

    written = start_protocol(file, extends=extends, overwrite=overwrite)
    text = f"{written}\nEdit it, then: mimicry protocol check {written}"
    return Outcome(outputs=[written], text=text)


def _summary(protocol: "Protocol") -> dict[str, Any]:
    from mimicry.protocol.preview import session_of

    session = session_of(protocol, "01")
    return {
        "status": protocol.file.status,
        "blocks": list(protocol.file.blocks),
        "trials": len(session.scored),
        "minutes": round(session.duration_s / 60, 1),
        "digest": protocol.digest,
    }


def _told(summary: dict[str, Any]) -> str:
    blocks = ", ".join(summary["blocks"])
    text = f"{summary['trials']} trials ({blocks}), {summary['minutes']} min, {summary['status']}"
    counted = [each for each in summary["arrangements"] if each["swap"] != "redraw"]
    if not counted:
        return text
    fewest = min(counted, key=lambda each: each["arrangements"])
    return (
        f"{text}, at least {fewest['arrangements']} arrangements ({fewest['condition']} in "
        f"{fewest['block']}, swap: {fewest['swap']})"
    )
