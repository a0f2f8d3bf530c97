"""``mimicry live``: landmarks and action units of a camera or file, to look at."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

from mimicry.errors import RecordingError
from mimicry.files.processes import end_process
from mimicry.landmarks.guard import guarded_environment
from mimicry.landmarks.model_file import checked_model
from mimicry.runner.app import RunnerState
from mimicry.runner.browser import open_browser
from mimicry.runner.live_protocol import pack_picture, read_picture
from mimicry.runner.serve import serving

__all__ = ["LiveFeed", "show_live"]


class LiveFeed:
    """The latest picture of a guarded process that looks at a camera or file."""

    def __init__(self, source: int | Path) -> None:
        command = [sys.executable, "-P", "-m", "mimicry.runner.live_worker"]
        self._process = subprocess.Popen(
            [*command, str(source), str(checked_model())],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=guarded_environment(),
        )
        self._news = threading.Condition()
        self._latest: tuple[dict[str, Any], bytes] = ({"waiting": True}, b"")
        self._number = 0
        self.ended = False
        self.error: str | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._thread.join(5)
        end_process(self._process)

    def __call__(self, after: int) -> bytes:
        """Return the first picture newer than number `after`; waits at most 2 s for one."""
        with self._news:
            self._news.wait_for(lambda: self._number > after or self.ended, 2.0)
            head, jpeg = self._latest
            more = {"number": self._number, "ended": self.ended, "error": self.error}
            return pack_picture({**head, **more}, jpeg)

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while (picture := read_picture(stream)) is not None:
            head, jpeg = picture
            with self._news:
                if jpeg:
                    self._latest = (head, jpeg)
                    self._number += 1
                self.error = head.get("error", self.error)
                self._news.notify_all()
        with self._news:
            self.ended = True
            self._news.notify_all()


def show_live(source: int | Path, *, browser: str) -> None:
    """Show a camera or file until its window is closed.

    Raises
    ------
    RecordingError
        When the source cannot be opened.
    """
    if isinstance(source, Path) and not source.is_file():
        raise RecordingError("file not found", path=source)
    import secrets

    with LiveFeed(source) as feed:
        state = RunnerState(secret=secrets.token_urlsafe(32), home="/live", live=feed)
        with (
            serving(state) as server,
            open_browser(server.link(), program=browser, kiosk=False) as process,
        ):
            while process.poll() is None and feed.error is None:
                time.sleep(0.2)
        if feed.error is not None:
            raise RecordingError(feed.error, key="SOURCE")
