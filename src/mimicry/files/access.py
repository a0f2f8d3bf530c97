"""Who may read what is written.

What is new and about people is for its owner only (:func:`private`). What was there keeps the
access that the laboratory gave it (:class:`Access`). The folders of a study that are no person's
own are made like the folder above them (:func:`make_folders`).
"""

import contextlib
import os
import stat
import struct
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from mimicry.study.layout import DERIVATIVES, PERSON, SOURCEDATA

__all__ = ["Access", "about_nobody", "make_folders", "private", "settle"]


class _Umask:
    """The umask is one for all threads: it is changed by the first that asks, back by the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self.users = 0  # what the user had set, while a block is open

    @property
    def narrowed(self) -> bool:
        return self._depth > 0

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
_nobodys: ContextVar[bool] = ContextVar("nobodys", default=False)


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


@contextlib.contextmanager
def about_nobody() -> Iterator[None]:
    """Let new whole files of the block follow the user's umask, also where others are private."""
    before = _nobodys.set(True)
    try:
        yield
    finally:
        _nobodys.reset(before)


@dataclass(frozen=True, slots=True)
class Access:
    """Mode, group and access control list of a file or folder.

    Parameters
    ----------
    mode
        The nine bits of owner, group and everybody.
    group
        Number of the group.
    entries
        The list as Linux keeps it; None where there is none.
    """

    mode: int
    group: int
    entries: bytes | None

    @classmethod
    def of(cls, path: Path) -> "Access | None":
        """Return that of a file or folder; None where there is none, or the system has no modes."""
        if os.name != "posix":
            return None
        try:
            info = path.stat()
        except OSError:
            return None
        if not (stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode)):
            return None
        return cls(info.st_mode & 0o777, info.st_gid, _list_of(path, _LIST))

    def give(self, path: Path) -> None:
        """Give it to another file or folder of ours, as far as the file system knows of it.

        Where the group cannot be kept, the other group gets what everybody gets.
        """
        with contextlib.suppress(OSError):
            current = path.stat()
            mode, entries = self.mode, self.entries
            if current.st_gid != self.group and not _with_group(path, self.group):
                mode = mode & 0o707 | (mode & 0o007) << 3
                entries = None if entries is None else _group_like_others(entries)
            if entries is not None:
                os.setxattr(path, _LIST, entries)
            elif current.st_mode & 0o777 != mode:
                path.chmod(current.st_mode & 0o7000 | mode)


def settle(new: Path, earlier: Access | None) -> None:
    """Give a new file the access of the one that it replaces, or that of a file about nobody."""
    if earlier is not None:
        earlier.give(new)
    elif _nobodys.get() and _umask.narrowed and _list_of(new.parent, _DEFAULT) is None:
        with contextlib.suppress(OSError):
            new.chmod(0o666 & ~_umask.users)


def make_folders(path: Path, *, shared: bool = False) -> None:
    """Make a folder and what is missing above it, as ``mkdir -p`` does.

    In a :func:`private` block new folders are 0700, but ``sourcedata``, ``derivatives``, the
    folders in it and what is missing above them (the study) are made like the folder above. So
    is `path` itself when it is `shared`. A person's folder (``sub-...``) never is.
    """
    above = takewhile(lambda folder: not folder.exists(), path.parents)
    folders = [path, *above][::-1]
    common = [k for k, folder in enumerate(folders, 1) if shared or _is_common(folder)]
    like_above = _umask.narrowed
    for number, folder in enumerate(folders, 1):
        like_above = like_above and number <= max(common, default=0)
        like_above = like_above and not folder.name.startswith(PERSON)
        try:
            folder.mkdir()
        except OSError:  # made meanwhile; a system may say so in other ways
            if not folder.is_dir():
                raise
        else:
            if like_above:
                _give_that_above(folder)


def _is_common(folder: Path) -> bool:
    return folder.name in (SOURCEDATA, DERIVATIVES) or folder.parent.name == DERIVATIVES


def _give_that_above(folder: Path) -> None:
    above = folder.parent
    if _list_of(above, _DEFAULT) is not None:  # the list was obeyed when the folder was made
        return
    mode = above.stat().st_mode
    if mode & stat.S_ISVTX and mode & stat.S_IWOTH:  # /tmp is everybody's and no example
        folder.chmod(0o777 & ~_umask.users)
    elif access := Access.of(above):
        Access(access.mode | 0o700, access.group, access.entries).give(folder)


_LIST, _DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
_GROUP, _OTHERS = 0x04, 0x20  # kinds of entries: the file's group, everybody


def _list_of(path: Path, name: str) -> bytes | None:
    if not hasattr(os, "getxattr"):
        return None
    try:
        return os.getxattr(path, name)
    except OSError:
        return None


def _with_group(path: Path, group: int) -> bool:
    try:
        os.chown(path, -1, group)
    except OSError:
        return False
    return True


def _group_like_others(entries: bytes) -> bytes:
    """Return an access control list in which the file's group may do what everybody may."""
    rows = list(struct.iter_unpack("<HHI", entries[4:]))
    others = next(rights for kind, rights, _ in rows if kind == _OTHERS)
    rows = [(kind, others if kind == _GROUP else rights, who) for kind, rights, who in rows]
    return entries[:4] + b"".join(struct.pack("<HHI", *row) for row in rows)
