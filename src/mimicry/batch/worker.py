"""A batch process: ``python -m mimicry.batch.worker``, started by :mod:`.local`.

Reads one task a line from standard input, answers with lines of JSON. It ends with its parent,
whatever it is doing.
"""

import contextlib
import json
import os
import queue
import sys
import threading
import time
from typing import TextIO

from mimicry.batch.work import do_task
from mimicry.files.processes import stoppable
from mimicry.landmarks import WorkerPool
from mimicry.study.recordings import Task

_SHOW_EVERY_S = 0.5


def main() -> None:
    """Serve tasks until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    tasks: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(tasks,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt), stoppable(), contextlib.ExitStack() as stack:
        pool: WorkerPool | None = None
        while True:
            task = Task.from_json(json.loads(tasks.get()))
            if pool is None:
                pool = stack.enter_context(WorkerPool(task.options.jobs))
            result = do_task(task, progress=_Reporter(answers), pool=pool)
            _say(answers, {"result": result.to_json()})


def _listen(tasks: "queue.Queue[str]") -> None:
    """Hand on tasks; when the parent is gone, end at once (locks of the dead are recognised)."""
    for line in sys.stdin:
        tasks.put(line)
    os._exit(0)


class _Reporter:
    """Says now and then how far a recording is."""

    def __init__(self, answers: TextIO) -> None:
        self._answers = answers
        self._last = 0.0

    def __call__(self, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - self._last >= _SHOW_EVERY_S:
            self._last = now
            _say(self._answers, {"progress": [done, total]})


def _say(answers: TextIO, message: dict[str, object]) -> None:
    print(json.dumps(message), file=answers, flush=True)


if __name__ == "__main__":
    main()
