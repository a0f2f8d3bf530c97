"""Who may read what is written: what is about people is for its owner only."""

import contextlib
import os
import threading
from collections.abc import Iterator

__all__ = ["private"]


class _Umask:
    """The umask is one for all threads: it is changed by the first that asks, back by the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self.users = 0  # what the user had set, while a block is open

    def narrow(self) -> None:
        with self._lock:
            if not self._depth:
                self.users = os.umask(0o077)
            self._depth += 1

    def widen(self) -> None:
        with self._lock:
            self._depth -= 1
            if not self._depth:
                os.umask(self.users)


_umask = _Umask()


@contextlib.contextmanager
def private() -> Iterator[None]:
    """Make new files and folders of the block readable by their owner only (0600 and 0700).

    It holds for processes that are started in the block, too, and for whatever other threads
    write meanwhile; blocks of several threads may overlap. Where a folder's access control list
    says who may read what is made in it, that list decides.
    """
    _umask.narrow()
    try:
        yield
    finally:
        _umask.widen()
