"""How far a batch is: a live view on a terminal, plain lines with the time left elsewhere."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from rich.markup import escape

from mimicry.batch import Plan, Result, Task, Watcher
from mimicry.cli._run import told

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
        self._bytes = self._bytes_done = 0.0
        self._under_way: dict[str, float] = {}
        self.guard = threading.Lock()

    def begin(self, plan: Plan) -> None:
        self.total = len(plan.tasks)
        self._bytes = sum(task.size for task in plan.tasks)

    def frames(self, task: Task, done: int, total: int | None) -> None:
        if total:
            with self.guard:
                self._under_way[task.recording] = task.size * min(1.0, done / total)

    def result(self, task: Task, result: Result) -> None:
        with self.guard:
            self.finished += 1
            self.failed += result.status == "failed"
            self._under_way.pop(task.recording, None)
            if result.status in ("resumed", "busy"):  # no work, so no measure of the speed
                self._bytes -= task.size
            else:
                self._bytes_done += task.size

    def words(self, text: str) -> str:
        return told(text)

    def seconds_left(self) -> float | None:
        """Time left, from the bytes done so far."""
        with self.guard:
            done = self._bytes_done + sum(self._under_way.values())
        if not done:
            return None
        return (time.monotonic() - self.started) * max(self._bytes - done, 0.0) / done

    def time_left(self) -> str:
        """Words for the time left."""
        left = self.seconds_left()
        if left is None or self.finished == self.total:
            return ""
        minutes, seconds = divmod(round(left), 60)
        hours, minutes = divmod(minutes, 60)
        long = f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes > 4 else ""
        return f", about {long or f'{60 * minutes + seconds} s'} left"


class _Lines(_Counting):
    """One line for every failure, and now and then one for the state."""

    def __init__(self) -> None:
        super().__init__()
        self._last = time.monotonic()

    def begin(self, plan: Plan) -> None:
        super().begin(plan)
        _say(f"batch: {self.total} recordings, results in {plan.results}")

    def frames(self, task: Task, done: int, total: int | None) -> None:
        super().frames(task, done, total)
        self._state()

    def result(self, task: Task, result: Result) -> None:
        super().result(task, result)
        if result.failure is not None:
            _say(f"failed: {task.label}: {result.failure['message']}")
        self._state(last=self.finished == self.total)

    def _state(self, *, last: bool = False) -> None:
        """Say the state when that was long ago."""
        with self.guard:
            now = time.monotonic()
            if now - self._last < _LINE_EVERY_S and not last:
                return
            self._last = now
        _say(f"batch: {self.finished} of {self.total}, {self.failed} failed{self.time_left()}")


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

    def begin(self, plan: Plan) -> None:
        super().begin(plan)
        self._whole = self.bars.add_task("all recordings", total=self.total)

    def frames(self, task: Task, done: int, total: int | None) -> None:
        super().frames(task, done, total)
        with self.guard:
            if task.label not in self._rows:
                name = f"  {escape(task.label)}"
                self._rows[task.label] = self.bars.add_task(name, total=total)
            self.bars.update(self._rows[task.label], completed=done, total=total)
        self._state()

    def result(self, task: Task, result: Result) -> None:
        super().result(task, result)
        with self.guard:
            row = self._rows.pop(task.label, None)
            if row is not None:
                self.bars.remove_task(row)
        self._state()
        if result.failure is not None:
            text = escape(f"failed: {task.label}: {result.failure['message']}")
            self.bars.console.print(text, highlight=False)

    def _state(self) -> None:
        text = f"all recordings, {self.failed} failed{self.time_left()}"
        self.bars.update(self._whole, completed=self.finished, description=text)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
