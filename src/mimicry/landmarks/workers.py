"""Landmark processes, seen from the parent: start, ask, read along, end."""

import json
import queue
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO, Self, cast

from numpy.typing import NDArray

from mimicry import errors
from mimicry.files.processes import end_process
from mimicry.landmarks.guard import guarded_process
from mimicry.landmarks.libraries import explained_output
from mimicry.landmarks.messages import read_message

__all__ = ["LandmarkWorker", "WorkerPool"]

_Message = tuple[dict[str, Any], dict[str, "NDArray[Any]"]]
_READ_AHEAD = 4


class LandmarkWorker:
    """One landmark process behind the network guard.

    What native libraries print stays in a temporary file and is shown only when the process
    fails.
    """

    def __init__(self) -> None:
        self._path = ""
        self._chatter = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = guarded_process(
            "mimicry.landmarks.worker", stdin=subprocess.PIPE, stderr=self._chatter
        )

    def ask(self, request: dict[str, Any]) -> Iterator[_Message]:
        """Send a request and give its answers up to and including ``end``.

        A process whose answers are not read to the end cannot be asked again: close it.
        """
        line: queue.Queue[_Message | None] = queue.Queue(_READ_AHEAD)
        abandoned = threading.Event()
        threading.Thread(target=self._read, args=(line, abandoned), daemon=True).start()
        try:
            self._send(request)
            while True:
                message = line.get()
                if message is None:
                    raise self._died()
                if message[0]["kind"] == "error":
                    raise _rebuilt(message[0]["error"])
                yield message
                if message[0]["kind"] == "end":
                    return
        finally:
            abandoned.set()

    def _send(self, request: dict[str, Any]) -> None:
        stdin = cast("BinaryIO", self._process.stdin)
        self._path = request["path"]
        try:
            stdin.write(json.dumps(request).encode() + b"\n")
            stdin.flush()
        except OSError:
            raise self._died() from None

    def _read(self, line: "queue.Queue[_Message | None]", abandoned: threading.Event) -> None:
        stdout = cast("BinaryIO", self._process.stdout)
        last = False
        while not last:
            try:
                message = read_message(stdout)
            except (OSError, ValueError):  # closed from this side
                message = None
            last = message is None or message[0]["kind"] in ("end", "error")
            while not abandoned.is_set():
                try:
                    line.put(message, timeout=0.5)
                    break
                except queue.Full:
                    continue

    def _died(self) -> Exception:
        code = self._process.wait()
        if code < 0:
            return errors.RecordingError(
                f"the landmark process was ended by signal {-code} "
                f"({signal.strsignal(-code) or 'unknown'})",
                path=self._path,
                hint="Try again; if it happens again, convert the video with another program.",
            )
        self._chatter.seek(0)
        text = self._chatter.read().decode(errors="replace")
        return explained_output("the landmark process", code, text)

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        end_process(self._process)
        self._chatter.close()


class WorkerPool:
    """Up to `jobs` landmark processes that are started when needed and used again.

    Parameters
    ----------
    jobs
        How many processes may run at once.
    """

    def __init__(self, jobs: int = 1) -> None:
        self.jobs = max(1, jobs)
        self._idle: list[LandmarkWorker] = []
        self._busy: list[LandmarkWorker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for worker in (*self._idle, *self._busy):
            worker.close()
        self._idle, self._busy = [], []

    def take(self) -> LandmarkWorker:
        """Return an idle process, or a new one."""
        worker = self._idle.pop() if self._idle else LandmarkWorker()
        self._busy.append(worker)
        return worker

    def give_back(self, worker: LandmarkWorker, *, reusable: bool) -> None:
        """Keep a process for the next request, or end it."""
        self._busy.remove(worker)
        if reusable:
            self._idle.append(worker)
        else:
            worker.close()


def _rebuilt(fields: dict[str, Any]) -> errors.MimicryError:
    """Make the error again that the process reported."""
    kind = cast("type[errors.MimicryError]", getattr(errors, fields.pop("type")))
    return kind(fields.pop("message"), **fields)
