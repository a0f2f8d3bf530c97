"""The people in recordings and tables that carry times: one track for each."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from mimicry.errors import InputError, TableError
from mimicry.interchange.sources import identify
from mimicry.records import ActionUnitTrack, ReadingOptions

__all__ = [
    "Person",
    "Sampling",
    "Source",
    "frame_rate",
    "path_of",
    "read_track",
    "read_tracks",
    "with_column",
]

Source = str | Path | ArrayLike | ActionUnitTrack

_NEAR = 0.1  # steps within this share of the median step make the frame rate
_NO_TIMES = frozenset({"t", "onset"})  # as likely a person's initial as a time


@dataclass(frozen=True, slots=True)
class Sampling:
    """How series are read from sources; see :func:`mimicry.measure_synchrony`."""

    rate_hz: float | None = None
    columns: Sequence[int] | None = None
    action_unit: str = "AU12"
    offset_s: float = 0.0
    smooth_s: float | None = None
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    faces: Sequence[str] = ()


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
    sources: Sequence[Source], sampling: Sampling, *, people: int | None
) -> list[Person]:
    """Return the people in some sources; of a single one, all that it holds.

    Raises
    ------
    InputError
        When a source cannot be read, or faces are named that are not there.
    """
    faces, reading = sampling.faces, sampling.reading
    if len(faces) > 1 and len(sources) != 1:
        raise InputError(
            f"{len(faces)} faces for {len(sources)} files; several are for the people in one file",
            key="`faces`",
        )
    single = sources[0] if len(sources) == 1 else None
    if isinstance(single, str | Path):
        together = _faces_of(Path(single), sampling, people)
        if together:
            return [
                Person(single, track, f"{Path(single).stem} face {face}")
                for face, track in together
            ]
    _refuse_unused(sources, reading)
    if faces:
        reading = replace(reading, face=faces[0])
    persons = [Person(s, read_track(s, reading, sampling.columns)) for s in sources]
    for person in persons:
        _refuse_unusable(person, sampling.action_unit)
    track = persons[0].track
    if single is not None and track is not None and people != 1:
        names = track.names
        if _is_plain(track) and (len(names) == people if people else len(names) > 2):
            return [Person(single, track, name, name) for name in names]
    return [with_column(p, sampling.action_unit) for p in persons]


def read_track(
    source: Source, reading: ReadingOptions, columns: Sequence[int] | None = None
) -> ActionUnitTrack | None:
    """Return the track of a recording, a landmark file or a table; None for bare numbers."""
    if isinstance(source, ActionUnitTrack):
        return source
    if not isinstance(source, str | Path):
        return None
    file = identify(source)
    if file.kind in ("video", "landmarks"):
        from mimicry.pipeline import extract

        plain = replace(reading, fps=None, video=None, min_confidence=None)  # of tables only
        return extract(file.path, reading=plain)
    if file.kind == "foreign":
        raise file.refusal("a video, an action-unit table or columns of numbers")
    from mimicry.interchange.tables import read_table

    if file.reader is not None:
        return read_table(file.path, reading=reading)
    if file.kind == "times" and columns is None:
        from mimicry.interchange.table import read_any_table
        from mimicry.interchange.time_names import time_column

        known = time_column(read_any_table(file.path).names)
        if known is not None and known[0].lower() not in _NO_TIMES:
            return read_table(file.path)
    return None


def path_of(source: Source) -> str | None:
    """Return where a source lies; None: it is no file."""
    return str(source) if isinstance(source, str | Path) else None


def frame_rate(track: ActionUnitTrack, source: Source = "") -> float:
    """Return frames per second from the usual step, whatever frames are missing.

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
            path=path_of(source),
        )
    middle = float(np.median(steps))
    usual = steps[np.abs(steps - middle) <= _NEAR * middle]
    return round(1.0 / float(usual.mean()), 3)


def _refuse_unused(sources: Sequence[Source], reading: ReadingOptions) -> None:
    """Refuse choices that are about tables of action units where there is none."""
    names = ("fps", "video", "min_confidence")
    given = [name for name in names if getattr(reading, name) is not None]
    paths = [s for s in sources if isinstance(s, str | Path)]
    if given and not any(identify(path).reader is not None for path in paths):
        raise InputError(
            "this choice is for tables of action units, and there is none among the files",
            key=f"`{given[0]}`",
        )


def _faces_of(
    path: Path, sampling: Sampling, people: int | None
) -> list[tuple[str, ActionUnitTrack | None]]:
    """Return the faces that are named, else those of a table of several; empty: one person."""
    from mimicry.interchange.tables import open_au_table

    faces, reading = sampling.faces, sampling.reading
    if len(faces) < 2 and (faces or reading.face is not None or people == 1):
        return []
    reader = identify(path).reader
    if reader is None or not reader.several_faces:
        if len(faces) < 2:
            return []
        return [(f, read_track(path, replace(reading, face=f), sampling.columns)) for f in faces]
    table = open_au_table(path, reading)
    if len(faces) < 2:
        faces = table.faces
        if len(faces) < 2:
            return []
        if people is not None and len(faces) != people:
            raise TableError(
                f"holds {len(faces)} faces ({', '.join(faces[:5])}); {people} are compared",
                path=path,
                key="`faces`",
                hint=f"Name them in their order, for instance `faces={list(faces[:2])}`.",
            )
    return [(face, table.track(replace(reading, face=face))) for face in faces]


def _is_plain(track: ActionUnitTrack) -> bool:
    return "time_column" in track.provenance


def _refuse_unusable(person: Person, action_unit: str) -> None:
    """Refuse a plain table whose column of the unit holds no number: no other stands for it."""
    track = person.track
    if track is not None and action_unit in track.provenance.get("left_out", ()):
        raise TableError(
            f"column {action_unit!r} holds no numbers",
            path=path_of(person.source),
            key="`action_unit`",
            hint=f"Name another column with `action_unit`; it has {', '.join(track.names[:8])}.",
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
        raise TableError(
            f"no column {action_unit!r}; it has {', '.join(track.names[:8])}",
            path=path_of(person.source),
            key="`action_unit`",
            hint="Name the column with `action_unit`.",
        )
    return replace(person, column=track.names[0])
