"""``mimicry live``: landmarks and action units of a camera or file, to look at."""

import json
import struct
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from mimicry.errors import RecordingError
from mimicry.files.processes import end_process
from mimicry.landmarks.guard import guarded_process
from mimicry.landmarks.messages import read_message
from mimicry.landmarks.model_file import checked_model
from mimicry.runner.app import RunnerState
from mimicry.runner.browser import open_browser
from mimicry.runner.serve import serving

__all__ = ["LiveFeed", "show_live"]

_LENGTH = struct.Struct("<I")


class LiveFeed:
    """The latest picture of a guarded process that looks at a camera or file."""

    def __init__(self, source: int | Path) -> None:
        self._process = guarded_process(
            "mimicry.runner.live_worker", source, checked_model(), stderr=subprocess.DEVNULL
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
        """Return the first picture newer than number `after`; waits at most 2 s for one.

        For the page: the length of a JSON head and the head, the length of a JPEG and the JPEG.
        """
        with self._news:
            self._news.wait_for(lambda: self._number > after or self.ended, 2.0)
            head, jpeg = self._latest
            more = {"number": self._number, "ended": self.ended, "error": self.error}
            text = json.dumps({**head, **more}).encode()
        return _LENGTH.pack(len(text)) + text + _LENGTH.pack(len(jpeg)) + jpeg

    def _read(self) -> None:
        stream = cast("BinaryIO", self._process.stdout)
        while (message := read_message(stream)) is not None:
            head, arrays = message
            with self._news:
                if "jpeg" in arrays:
                    self._latest = (head, arrays["jpeg"].tobytes())
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
    with LiveFeed(source) as feed:
        state = RunnerState(home="/live", live=feed)
        with (
            serving(state) as server,
            open_browser(server.link(), program=browser, kiosk=False) as process,
        ):
            while process.poll() is None and feed.error is None:
                time.sleep(0.2)
        if feed.error is not None:
            raise RecordingError(feed.error, key="SOURCE")
