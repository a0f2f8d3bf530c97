"""The log of an extraction."""

import platform
import sys
import time
from pathlib import Path

from mimicry import files

__all__ = ["write_log"]


def write_log(path: Path, recording: Path, jobs: int, backend: str, started: float) -> None:
    """Write what differs from run to run and machine to machine; no other file holds it."""
    lines = {
        "command": " ".join(sys.argv),
        "input": recording.resolve(),
        "host": platform.node(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "jobs": jobs,
        "results read": backend,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(started)),
        "seconds": round(time.time() - started, 3),
    }
    files.write_text(path, "".join(f"{name}: {value}\n" for name, value in lines.items()))
