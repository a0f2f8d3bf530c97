"""The people in recordings and tables that carry times: one track for each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from mimicry.errors import InputError, TableError
from mimicry.records import ActionUnitTrack, ReadingOptions

__all__ = [
    "Person",
    "Source",
    "frame_rate",
    "read_track",
    "read_tracks",
    "with_column",
]

Source = str | Path | ArrayLike | ActionUnitTrack

_NEAR = 0.1  # steps within this share of the median step make the frame rate
_NO_TIMES = frozenset({"t", "onset"})  # as likely a person's initial as a time


@dataclass(frozen=True, slots=True)
class Person:
    """One person: where they come from, their track (None: bare numbers), what to call them.

    `column` is the column that is theirs, where it is not called after the action unit.
    """

    source: Source
    track: ActionUnitTrack | None
    name: str = ""
    column: str = ""


def read_tracks(
    sources: Sequence[Source],
    *,
    people: int | None,
    columns: Sequence[int] | None,
    action_unit: str,
    reading: ReadingOptions,
    faces: Sequence[str] = (),
) -> list[Person]:
    """Return the people in some sources; of a single one, all that it holds.

    Raises
    ------
    InputError
        When a source cannot be read, or faces are named that are not there.
    """
    if len(faces) > 1 and len(sources) != 1:
        raise InputError(
            f"{len(faces)} faces for {len(sources)} files; several are for the people in one file",
            key="--face",
        )
    single = sources[0] if len(sources) == 1 else None
    if isinstance(single, str | Path):
        named = faces if len(faces) > 1 else _faces_in(Path(single), reading, faces, people)
        if named:
            stem = Path(single).stem
            tracks = [read_track(single, replace(reading, face=f), columns) for f in named]
            return [
                Person(single, t, f"{stem} face {f}") for t, f in zip(tracks, named, strict=True)
            ]
    _refuse_unused(sources, reading)
    if faces:
        reading = replace(reading, face=faces[0])
    found = [Person(s, read_track(s, reading, columns)) for s in sources]
    for person in found:
        _refuse_unusable(person, action_unit)
    if single is not None and found[0].track is not None and people != 1:
        own = found[0].track.names
        if _is_plain(found[0].track) and (len(own) == people if people else len(own) > 2):
            return [Person(single, found[0].track, name, name) for name in own]
    return [with_column(p, action_unit) for p in found]


def read_track(
    source: Source, reading: ReadingOptions, columns: Sequence[int] | None = None
) -> ActionUnitTrack | None:
    """Return the track of a recording, a landmark file or a table; None for bare numbers."""
    if isinstance(source, ActionUnitTrack):
        return source
    if not isinstance(source, str | Path):
        return None
    from mimicry.interchange.sources import identify

    found = identify(source)
    if found.kind in ("video", "landmarks"):
        from mimicry.pipeline import extract

        plain = replace(reading, fps=None, video=None, min_confidence=None)  # of tables only
        return extract(found.path, reading=plain)
    if found.kind == "foreign":
        raise found.refusal("a video, an action-unit table or columns of numbers")
    from mimicry.interchange.tables import read_table

    if found.reader is not None:
        return read_table(found.path, reading=reading)
    if found.kind == "times" and columns is None:
        from mimicry.interchange.table import read_any_table
        from mimicry.interchange.time_names import time_column

        known = time_column(read_any_table(found.path).names)
        if known is not None and known[0].lower() not in _NO_TIMES:
            return read_table(found.path)
    return None


def frame_rate(track: ActionUnitTrack, source: Source = "") -> float:
    """Frames per second: from the usual step, whatever frames are missing.

    Times rounded to milliseconds give 24 and not 23.8, and 25 frames a second are 25.

    Raises
    ------
    InputError
        When there are fewer than two frames.
    """
    steps = np.diff(track.times_s)
    if not len(steps):
        raise InputError(
            f"holds {len(track)} row with a time; nothing can be computed from it",
            path=str(source) if isinstance(source, str | Path) else None,
        )
    middle = float(np.median(steps))
    usual = steps[np.abs(steps - middle) <= _NEAR * middle]
    return round(1.0 / float(usual.mean()), 3)


def _refuse_unused(sources: Sequence[Source], reading: ReadingOptions) -> None:
    """Refuse choices that are about tables of action units where there is none."""
    from mimicry.interchange.sources import identify

    names = {"fps": "--fps", "video": "--video", "min_confidence": "--min-confidence"}
    given = [option for name, option in names.items() if getattr(reading, name) is not None]
    paths = [s for s in sources if isinstance(s, str | Path)]
    if given and not any(identify(path).reader is not None for path in paths):
        raise InputError(
            "this choice is for tables of action units, and there is none among the files",
            key=given[0],
        )


def _faces_in(
    path: Path, reading: ReadingOptions, faces: Sequence[str], people: int | None
) -> tuple[str, ...]:
    """The faces of a table that stands for all of them; empty where it holds one."""
    from mimicry.interchange.sources import identify
    from mimicry.interchange.tables import faces_in_table

    if faces or reading.face is not None or people == 1:
        return ()
    reader = identify(path).reader
    if reader is None or not reader.several_faces:
        return ()
    found = faces_in_table(path)
    if len(found) < 2:
        return ()
    if people is not None and len(found) != people:
        raise TableError(
            f"holds {len(found)} faces ({', '.join(found[:5])}); {people} are compared",
            path=path,
            key="--face",
            hint=f"Name them in their order, for instance --face {found[0]} --face {found[1]}.",
        )
    return found


def _is_plain(track: ActionUnitTrack) -> bool:
    return "time_column" in track.provenance


def _refuse_unusable(person: Person, action_unit: str) -> None:
    """Refuse a plain table whose column of the unit holds no number: no other stands for it."""
    track = person.track
    if track is not None and action_unit in track.provenance.get("left_out", ()):
        raise TableError(
            f"column {action_unit!r} holds no numbers",
            path=str(person.source) if isinstance(person.source, str | Path) else None,
            key="--au",
            hint=f"Name another column with --au; it has {', '.join(track.names[:8])}.",
        )


def with_column(person: Person, action_unit: str) -> Person:
    """Take the only column of a plain table, whatever it is called.

    Raises
    ------
    TableError
        When there are several, or the unit's own column holds no numbers.
    """
    _refuse_unusable(person, action_unit)
    track = person.track
    if track is None or not _is_plain(track) or action_unit in track.names:
        return person
    if len(track.names) > 1:
        path = str(person.source) if isinstance(person.source, str | Path) else None
        raise TableError(
            f"no column {action_unit!r}; it has {', '.join(track.names[:8])}",
            path=path,
            key="--au",
            hint="Name the column with --au.",
        )
    return replace(person, column=track.names[0])
