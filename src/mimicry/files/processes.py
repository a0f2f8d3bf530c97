"""Being told to stop: SIGTERM and SIGHUP end a command as Ctrl-C does.

An exception runs through the command, so that browsers are closed, processes ended and
half-written files removed on its way.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = [
    "SIGNALS",
    "StoppedError",
    "alive",
    "end_process",
    "open_missing_streams",
    "start_of",
    "stoppable",
]

# SIGHUP: the terminal was closed; SIGBREAK: Ctrl-Break, or the window was closed (Windows)
SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)


class StoppedError(KeyboardInterrupt):
    """The process was told to end by signal `number`."""

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.number = number


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Raise :class:`StoppedError` in the block when the process is told to end.

    A signal that is ignored stays ignored (``nohup``). The first signal starts the end; later
    ones do not disturb it.

    Raises
    ------
    StoppedError
        When the signal came.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = [n for n in SIGNALS if signal.getsignal(n) is signal.SIG_DFL]

    def stop(number: int, _frame: Any) -> None:
        for n in taken:
            signal.signal(n, signal.SIG_IGN)
        raise StoppedError(number)

    for n in taken:
        signal.signal(n, stop)
    try:
        yield
    finally:
        for n in taken:
            signal.signal(n, signal.SIG_DFL)


def end_process(process: "subprocess.Popen[Any]", *, patience_s: float = 5.0) -> None:
    """End a process: told first, so that it can clear up, then killed; closes its pipes."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def alive(pid: int, started: str = "") -> bool:
    """Tell whether a process of this machine is at work; a zombie is not.

    Parameters
    ----------
    pid
        Its number.
    started
        What :func:`start_of` said of it; a later process of the same number is another one.
    """
    if pid <= 0 or pid >= 1 << 31:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    state = _stat(pid)
    return not state or (state[0] not in "ZX" and (not started or state[-1] == started))


def start_of(pid: int) -> str:
    """Return a mark of when a process started; empty where the system does not tell."""
    return _stat(pid)[-1] if _stat(pid) else ""


def _stat(pid: int) -> list[str]:
    """Return state and start time of a process, where there is a Linux ``/proc``."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    fields = text.rpartition(")")[2].split()
    return [fields[0], fields[19]] if len(fields) > 19 else []


def open_missing_streams() -> None:
    """Give the numbers 0 to 2 to the null device where they were closed (``>&-``).

    Otherwise the next file that is opened gets one of them, and whatever a library prints falls
    into it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8"))
