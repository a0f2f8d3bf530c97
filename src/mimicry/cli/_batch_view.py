"""How far a batch is: a live view on a terminal, plain lines with the time left elsewhere."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from mimicry.batch import Plan, Result, Task, Watcher

__all__ = ["batch_view"]

_LINE_EVERY_S = 10.0


@contextlib.contextmanager
def batch_view() -> Iterator[Watcher]:
    """Give a watcher that shows a batch on standard error."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    view = _Live()
    with view.bars:
        yield view


class _Counting(Watcher):
    """Counts recordings and bytes; bytes stand for the work left."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.total = self.finished = self.failed = 0
        self._bytes = self._bytes_done = 0

    def begin(self, plan: Plan) -> None:
        self.total = len(plan.tasks)
        self._bytes = sum(task.size for task in plan.tasks)

    def result(self, task: Task, result: Result) -> None:
        self.finished += 1
        self.failed += result.status == "failed"
        self._bytes_done += task.size

    def seconds_left(self) -> float | None:
        """Time left, from the bytes done so far."""
        if not self._bytes_done:
            return None
        passed = time.monotonic() - self.started
        return passed * (self._bytes - self._bytes_done) / self._bytes_done


class _Lines(_Counting):
    """One line for every failure, and now and then one for the state."""

    def __init__(self) -> None:
        super().__init__()
        self._last = time.monotonic()

    def begin(self, plan: Plan) -> None:
        super().begin(plan)
        _say(f"batch: {self.total} recordings, results in {plan.results}")

    def result(self, task: Task, result: Result) -> None:
        super().result(task, result)
        if result.failure is not None:
            _say(f"failed: {task.label}: {result.failure['message']}")
        now = time.monotonic()
        if now - self._last < _LINE_EVERY_S and self.finished < self.total:
            return
        self._last = now
        left = self.seconds_left()
        rest = "" if left is None else f", about {left:.0f} s left"
        _say(f"batch: {self.finished} of {self.total}, {self.failed} failed{rest}")


class _Live(_Counting):
    """A bar for the batch, and one for each recording at work."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeElapsedColumn as Elapsed

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Elapsed())
        self.bars = Progress(*columns, console=Console(stderr=True), transient=True)
        self._whole: Any = None
        self._rows: dict[str, Any] = {}
        self._guard = threading.Lock()

    def begin(self, plan: Plan) -> None:
        super().begin(plan)
        self._whole = self.bars.add_task("all recordings", total=self.total)

    def frames(self, task: Task, done: int, total: int | None) -> None:
        with self._guard:
            if task.label not in self._rows:
                self._rows[task.label] = self.bars.add_task(f"  {task.label}", total=total)
            self.bars.update(self._rows[task.label], completed=done, total=total)

    def result(self, task: Task, result: Result) -> None:
        super().result(task, result)
        with self._guard:
            row = self._rows.pop(task.label, None)
            if row is not None:
                self.bars.remove_task(row)
        left = self.seconds_left()
        rest = "" if left is None else f", about {left:.0f} s left"
        self.bars.update(
            self._whole,
            completed=self.finished,
            description=f"all recordings, {self.failed} failed{rest}",
        )
        if result.failure is not None:
            self.bars.console.print(f"failed: {task.label}: {result.failure['message']}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
