"""Batch processes on this machine: started, asked and ended; how many there are is given."""

import json
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, Self, cast

from mimicry.batch.work import Result, lost
from mimicry.files.processes import end_process
from mimicry.landmarks.guard import child_environment
from mimicry.study.recordings import Task

__all__ = ["BatchWorker", "run_local"]

Show = Callable[[Task, int, int | None], None]

_ATTEMPTS = 2
_PATIENCE_S = 5.0


class WorkerDiedError(Exception):
    """A batch process ended in the middle of a recording."""


class BatchWorker:
    """One process that does recordings one after the other."""

    def __init__(self) -> None:
        self._chatter = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mimicry.batch.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._chatter,
            text=True,
            encoding="utf-8",
            env=child_environment(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def run(self, task: Task, show: Show | None = None) -> Result:
        """Do one recording.

        Raises
        ------
        WorkerDiedError
            When the process ended before it answered.
        """
        stdin, stdout = (cast("IO[str]", s) for s in (self._process.stdin, self._process.stdout))
        try:
            stdin.write(json.dumps(task.to_json()) + "\n")
            stdin.flush()
        except OSError as error:
            raise WorkerDiedError(str(error)) from error
        for line in stdout:
            message: dict[str, Any] = json.loads(line)
            if "result" in message:
                return Result(**message["result"])
            if show is not None:
                show(task, *message["progress"])
        raise WorkerDiedError(f"the batch process ended with code {self._process.wait()}")

    def stop(self, *, at_once: bool = False) -> None:
        """Tell the process to end, or end it."""
        if self._process.poll() is None:
            (self._process.kill if at_once else self._process.terminate)()

    def close(self) -> None:
        """End the process, whatever it is doing; it takes away what it has half written."""
        end_process(self._process)
        self._chatter.close()


def run_local(
    tasks: Sequence[Task], *, jobs: int, show: Show | None = None
) -> Iterator[tuple[Task, Result]]:
    """Do tasks on `jobs` processes, the largest first; give results as they come.

    A recording whose process dies is tried once more in a new one.
    """
    waiting: queue.Queue[Task] = queue.Queue()
    for task in sorted(tasks, key=lambda t: -t.size):
        waiting.put(task)
    done: queue.Queue[tuple[Task, Result] | BaseException] = queue.Queue()
    crew = _Crew()
    threads = [
        threading.Thread(target=_serve, args=(waiting, done, show, crew), daemon=True)
        for _ in range(min(jobs, len(tasks)))
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in tasks:
            item = done.get()
            if isinstance(item, BaseException):
                raise RuntimeError("no batch process could be started or asked") from item  # noqa: TRY004 - sent across threads
            yield item
    finally:
        crew.dismiss()
        for thread in threads:
            thread.join(_PATIENCE_S)
        crew.dismiss(at_once=True)


class _Crew:
    """The processes at work; once dismissed, all are ended and no new one is started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._members: set[BatchWorker] = set()
        self.dismissed = False

    def hire(self) -> BatchWorker:
        with self._lock:
            if self.dismissed:
                raise WorkerDiedError("the batch was stopped")
            worker = BatchWorker()
            self._members.add(worker)
            return worker

    def release(self, worker: BatchWorker) -> None:
        with self._lock:
            self._members.discard(worker)
        worker.close()

    def dismiss(self, *, at_once: bool = False) -> None:
        with self._lock:
            self.dismissed = True
            members = list(self._members)
        for worker in members:
            worker.stop(at_once=at_once)


def run_alone(task: Task, show: Show | None = None, crew: _Crew | None = None) -> Result:
    """Do one recording in a process of its own, with a second try."""
    crew = crew or _Crew()
    for attempt in range(1, _ATTEMPTS + 1):
        worker = crew.hire()
        try:
            return worker.run(task, show)
        except WorkerDiedError as error:
            if attempt == _ATTEMPTS:
                return lost(task, f"{error}, {_ATTEMPTS} times")
        finally:
            crew.release(worker)
    raise AssertionError("unreachable")


def _serve(
    waiting: "queue.Queue[Task]",
    done: "queue.Queue[tuple[Task, Result] | BaseException]",
    show: Show | None,
    crew: _Crew,
) -> None:
    """Do waiting tasks on one process until none is left; what goes wrong here ends the batch."""
    worker: BatchWorker | None = None
    try:
        while True:
            try:
                task = waiting.get_nowait()
            except queue.Empty:
                return
            worker = worker or crew.hire()
            try:
                done.put((task, worker.run(task, show)))
            except WorkerDiedError:
                crew.release(worker)
                worker = None
                done.put((task, run_alone(task, show, crew)))
    except BaseException as error:  # handed to the thread that waits for the results
        done.put(error)
    finally:
        if worker is not None:
            crew.release(worker)
