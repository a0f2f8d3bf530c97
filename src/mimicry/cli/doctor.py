"""``mimicry doctor``: is everything here, and can the clocks be trusted?"""

from dataclasses import replace
from pathlib import Path

import typer

from mimicry.cli._run import Outcome, open_command, told

__all__ = ["doctor"]


@open_command
def doctor(
    recordings: list[Path] = typer.Argument(
        None, help="Videos or action-unit tables whose frame times are to be looked at."
    ),
    camera: bool = typer.Option(True, help="Look for a camera."),
    camera_index: int = typer.Option(0, "--camera-index", help="Which camera."),
    timing: bool = typer.Option(
        False, "--timing", help="Look at camera and screen in the browser, as `mimicry run` does."
    ),
    browser: str | None = typer.Option(None, help="Program of the browser, with --timing."),
    model: Path | None = typer.Option(None, "--model", help="Another copy of the face model."),
) -> Outcome:
    """Check the installation, the network guard, the camera and the timing of recordings."""
    from mimicry.pipeline.doctor import Check, audit, check_camera, check_environment

    checks = check_environment(model)
    if camera:
        checks.append(check_camera(camera_index))
    else:
        checks.append(Check("camera", "skipped", "not asked for"))
    if timing:
        from mimicry.runner.audit import check_timing

        checks.append(check_timing(browser))
    checks += [audit(path) for path in recordings or []]
    checks = [replace(check, text=told(check.text)) for check in checks]
    width = max(len(c.name) for c in checks)
    return Outcome(
        status="failed" if any(c.status == "failed" for c in checks) else "done",
        extra={"checks": [c.to_json() for c in checks]},
        text="\n".join(f"{c.status:8}{c.name:{width}}  {c.text}" for c in checks),
    )
