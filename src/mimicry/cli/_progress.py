"""Progress on standard error: a rich bar on a terminal, plain lines elsewhere."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from mimicry.cli._run import say

__all__ = ["progress"]

Show = Callable[[int, int | None], None]

_LINE_EVERY_S = 5.0


@contextlib.contextmanager
def progress(label: str) -> Iterator[Show]:
    """Give a function ``show(done, total)``; `total` may be None or only an estimate."""
    if sys.stderr.isatty():
        with _bar(label) as show:
            yield show
    else:
        yield _lines(label)


@contextlib.contextmanager
def _bar(label: str) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Remaining())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _lines(label: str) -> Show:
    started = last = time.monotonic()

    def show(done: int, total: int | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _LINE_EVERY_S:
            return
        last = now
        of = f" of about {total}" if total else ""
        left = ""
        if total and done:
            left = f", about {max(0.0, (now - started) * (total - done) / done):.0f} s left"
        say(f"{label}: {done}{of}{left}")

    return show
