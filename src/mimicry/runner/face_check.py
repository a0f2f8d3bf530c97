"""The process of the camera check: started, asked and ended; :mod:`.camera_findings` looks."""

import subprocess
import threading
from collections.abc import Mapping
from typing import Any, BinaryIO, Self, cast

import numpy as np

from mimicry.files.processes import end_process
from mimicry.landmarks.guard import guarded_process
from mimicry.landmarks.messages import read_message, write_message
from mimicry.landmarks.model_file import checked_model
from mimicry.runner.journal import Refusal

__all__ = ["FaceChecker"]

LIMIT_S = 30.0  # for one picture, the first with the start of the process


class FaceChecker:
    """Looks at single pictures; one at a time, and not at all while one is being looked at."""

    def __init__(self) -> None:
        self._model = checked_model()
        self._lock = threading.Lock()
        self._closed = False
        self._process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        self._ready = False
        pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        return guarded_process("mimicry.runner.camera_findings", self._model, **pipes)

    @property
    def pid(self) -> int:
        """Return the process, for tests that trace it."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __call__(self, jpeg: bytes) -> Mapping[str, Any]:
        """Return the findings of one picture.

        Raises
        ------
        Refusal
            When it is no picture, or the process ended over it; the next picture gets a new one.
        """
        with self._lock:
            if self._closed:
                raise Refusal(503, "the camera check has stopped")
            if self._process.poll() is not None:
                end_process(self._process)
                self._process = self._start()
            process = self._process
            limit = threading.Timer(LIMIT_S, process.kill)
            limit.start()
            try:
                if not self._ready:
                    self._answer()
                    self._ready = True
                picture = {"jpeg": np.frombuffer(jpeg, np.uint8)}
                write_message(cast("BinaryIO", process.stdin), {}, picture)
                answer = self._answer()
            except (OSError, ValueError) as error:
                process.kill()  # what it may still answer belongs to no picture any more
                process.wait()
                raise Refusal(503, "the camera check has stopped; try again") from error
            finally:
                limit.cancel()
        if "error" in answer:
            raise Refusal(400, answer["error"])
        return answer

    def _answer(self) -> Mapping[str, Any]:
        message = read_message(cast("BinaryIO", self._process.stdout))
        if message is None:
            raise OSError("the process has ended")
        return message[0]

    def close(self) -> None:
        """End the process."""
        self._closed = True
        end_process(self._process)
