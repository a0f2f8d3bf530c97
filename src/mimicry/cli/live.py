"""``mimicry live``: landmarks and action units as they happen, to look at."""

from pathlib import Path

import typer

from mimicry.cli._run import Outcome, command

__all__ = ["live"]


@command
def live(
    source: str = typer.Argument("0", help="Number of a camera, or a video file."),
    browser: str = typer.Option(None, help="Program of the browser."),
) -> Outcome:
    """Show a camera or file with landmarks and action-unit bars. Nothing is stored."""
    from mimicry.runner.browser import find_browser
    from mimicry.runner.live import show_live
    from mimicry.runner.serve import need_extra

    need_extra()
    program = find_browser(browser)
    show_live(int(source) if source.isdigit() else Path(source), browser=program)
    return Outcome()
