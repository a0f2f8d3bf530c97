"""``mimicry calibrate``: the constant delay of screen and camera, from flashes."""

import typer

from mimicry.cli._run import Outcome, command

__all__ = ["calibrate"]


@command
def calibrate(
    flashes: int = typer.Option(100, min=20, help="How many flashes."),
    width: int = typer.Option(640, help="Width asked of the camera; as in your protocol."),
    height: int = typer.Option(480, help="Height asked of the camera."),
    fps: float = typer.Option(30.0, help="Frames per second asked of the camera."),
    browser: str = typer.Option(None, help="Program of the browser."),
    seed: int = typer.Option(0, help="Seed of the pauses between flashes."),
    keep: bool = typer.Option(True, help="Use the result for later recordings on this computer."),
) -> Outcome:
    """Let the camera watch the screen flash, and measure how late it sees it."""
    from mimicry.runner.calibration import store_path
    from mimicry.runner.measure import calibrate as measure_delay
    from mimicry.runner.plan import CameraSettings
    from mimicry.runner.serve import need_extra

    need_extra()
    delays = measure_delay(
        flashes=flashes,
        camera=CameraSettings(width=width, height=height, fps=fps),
        browser=browser,
        seed=seed,
        keep=keep,
    )
    lines = [
        f"{kind}: {1000 * delays[kind]['offset_s']:.1f} ms "
        f"(standard error {1000 * delays[kind]['standard_error_s']:.1f} ms, "
        f"{delays[kind]['used']} of {delays[kind]['flashes']} flashes)"
        for kind in ("video", "image")
    ]
    if keep:
        lines.append(f"kept in {store_path()}; used by later recordings of this set-up")
    return Outcome(extra={"calibration": delays}, text="\n".join(lines))
