"""Who may read what is written."""

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mimicry import files

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")


@pytest.fixture(autouse=True)
def open_handed() -> Iterator[None]:
    """A user whose files everybody may read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_overlapping_private_blocks_of_threads_leave_the_users_umask(tmp_path: Path) -> None:
    entered, left = threading.Event(), threading.Event()

    def second() -> None:
        with files.private():
            entered.set()
            left.wait(20)
            files.write_text(tmp_path / "second", "x")

    thread = threading.Thread(target=second)
    with files.private():
        thread.start()
        assert entered.wait(20)
    left.set()
    thread.join()
    assert mode(tmp_path / "second") == 0o600
    assert os.umask(0o022) == 0o022
