"""When a recording was scored with its conditions shown: a log that only grows.

Results carry no times, so that the same input gives the same bytes; the log is their diary.
It is written by the clock of the computer and proves nothing to others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mimicry import __version__
from mimicry.errors import InputError
from mimicry.files import read_text, write_text
from mimicry.study.layout import SCORES_LOG, SCORES_SIDECAR

__all__ = ["FirstScoring", "first_scoring", "log_scoring", "now", "time_of"]

_HEAD = "time\tversion\tdigest\n"


@dataclass(frozen=True, slots=True)
class FirstScoring:
    """The first time that scores of a study were made.

    Parameters
    ----------
    time
        None: no log tells.
    unlogged
        Scored recordings without a readable log: the first scoring may have been theirs.
    """

    time: datetime | None
    unlogged: tuple[str, ...]


def now() -> str:
    """Return the time by this computer's clock, in UTC and whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def time_of(text: object) -> datetime | None:
    """Return the time that a text says, or None where it is none."""
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def log_scoring(folder: Path, prefix: str, digest: str) -> None:
    """Add a line to the log of a recording; earlier lines stay."""
    path = folder / f"{prefix}{SCORES_LOG}"
    try:
        before = read_text(path) if path.exists() else _HEAD
    except InputError:  # what is no log cannot be gone on with
        before = _HEAD
    write_text(path, f"{before}{now()}\t{__version__}\t{digest}\n")


def first_scoring(sidecars: Sequence[Path]) -> FirstScoring:
    """Return the first scoring of these recordings, known by their ``_scores.json``."""
    times, unlogged = [], []
    for sidecar in sidecars:
        prefix = sidecar.name.removesuffix(SCORES_SIDECAR)
        first = _first(sidecar.with_name(f"{prefix}{SCORES_LOG}"))
        if first is None:
            unlogged.append(prefix)
        else:
            times.append(first)
    return FirstScoring(min(times) if times else None, tuple(unlogged))


def _first(log: Path) -> datetime | None:
    try:
        lines = read_text(log).splitlines()[1:]
    except InputError:
        return None
    times = [time_of(line.split("\t")[0]) for line in lines]
    known = [t for t in times if t is not None]
    return min(known) if known and len(known) == len(times) else None
