"""What lies in a session's folder beside its streams, read back with care."""

import re
import secrets
from pathlib import Path
from typing import Any

from mimicry.errors import InputError
from mimicry.files import read_json_object

__all__ = ["CALIBRATION", "DONE", "PLAN", "STREAMS", "read_done", "read_key", "stream_of"]

PLAN, DONE, CALIBRATION = "plan.json", "done.json", "calibration.json"
STREAMS = {"video": "video.ivf", "frames": "frames.tsv", "events": "events.jsonl"}


def stream_of(name: str) -> tuple[int, str] | None:
    """Return segment and stream of a file's name; None: it is none of the streams."""
    match = re.fullmatch(r"seg-(\d{3,6})_(.+)", name, re.ASCII)
    stream = next((s for s, ending in STREAMS.items() if match and match[2] == ending), None)
    return None if match is None or stream is None else (int(match[1]), stream)


_KEY = {
    "secret": str,
    "port?": (int, None),
    "lease?": (None, {"token": str, "window": str, "segment": int}),
}


def read_key(path: Path) -> dict[str, Any]:
    """Return secret, port and lease of a session; a new secret where they are lost."""
    try:
        return read_json_object(path, _KEY)
    except InputError:  # a page that is still open must be opened anew
        return {"secret": secrets.token_urlsafe(32)}


def read_done(folder: Path) -> dict[str, Any]:
    """Return how a session ended; empty when it has not, or when that file is damaged."""
    try:
        return read_json_object(folder / DONE, {"outcome": str, "reason?": str})
    except InputError:
        return {}
