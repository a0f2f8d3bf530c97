"""One process at a time per recording, across processes and machines that share a folder."""

import contextlib
import json
import os
import platform
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from mimicry.errors import InputError
from mimicry.files import read_json_object
from mimicry.files.processes import alive, start_of

__all__ = ["BusyError", "locked"]

_BEAT_S = 10.0
_EMPTY_AFTER_S = 3 * _BEAT_S
_DEAD_AFTER_S = 120.0


class BusyError(Exception):
    """Another process is at work on this recording."""


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file while working.

    The file is made atomically and says who holds it; it is touched while the work goes on. A
    lock whose process is gone (same machine), or that was not touched for two minutes (another
    machine, or a lock that cannot be read), is stale and taken over; one without content is
    after half a minute.

    Raises
    ------
    BusyError
        When another living process holds it.
    """
    if not _make(path):
        if not _stale(path):
            raise BusyError(f"{path.name} is held by another process")
        _take_over(path)
    stop = threading.Event()
    beat = threading.Thread(target=_beat, args=(path, stop), daemon=True)
    beat.start()
    try:
        yield
    finally:
        stop.set()
        beat.join()
        path.unlink(missing_ok=True)


def _make(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        return False
    try:
        with os.fdopen(handle, "w") as file:
            pid = os.getpid()
            owner = {"host": platform.node(), "pid": pid, "started": start_of(pid)}
            file.write(json.dumps(owner))
        with contextlib.suppress(OSError):
            path.chmod(0o644)  # other accounts must see whose it is; it names no person
    except OSError:  # a full disk
        path.unlink(missing_ok=True)
        raise
    return True


def _stale(path: Path) -> bool:
    try:
        info = path.stat()
    except OSError:
        return False
    age = time.time() - info.st_mtime
    try:
        owner = read_json_object(path, {"host": str, "pid": int, "started?": str})
    except InputError:  # made, but not yet written; or damaged, or of an account that hides it
        return age > (_DEAD_AFTER_S if info.st_size else _EMPTY_AFTER_S)
    if owner["host"] == platform.node() and os.name == "posix":
        return not alive(owner["pid"], owner.get("started", ""))
    return age > _DEAD_AFTER_S


def _take_over(path: Path) -> None:
    """Replace a stale lock; of several that try at once, one succeeds."""
    gate = path.with_name(path.name + ".takeover")
    if gate.exists() and time.time() - gate.stat().st_mtime > _DEAD_AFTER_S:
        gate.unlink(missing_ok=True)
    if not _make(gate):
        raise BusyError(f"{path.name} is being taken over by another process")
    try:
        if path.exists() and not _stale(path):
            raise BusyError(f"{path.name} was taken over by another process")
        path.unlink(missing_ok=True)
        if not _make(path):
            raise BusyError(f"{path.name} was taken over by another process")
    finally:
        gate.unlink(missing_ok=True)


def _beat(path: Path, stop: threading.Event) -> None:
    while not stop.wait(_BEAT_S):
        with contextlib.suppress(OSError):
            os.utime(path)
