"""Nasty inputs for every reader, each with the end that is right.

A :class:`Reader` says which file of a small study is spoilt and which commands read it; a
:class:`Case` says how it is spoilt and what must become of it. :mod:`hostile_corpus` runs them.
"""

import gzip
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

__all__ = [
    "READ",
    "READERS",
    "REFUSED",
    "SCORE",
    "WARNED",
    "Case",
    "Reader",
    "spoilt_cases",
    "write",
]

REFUSED, READ, WARNED = "refused", "read", "warned"
SPOILT_LINE = 2_000_000


@dataclass(frozen=True, slots=True)
class Reader:
    """A kind of file, where one lies in the study, and the commands that read it.

    In the commands ``{f}`` is the spoilt file, ``{s}`` the study, ``{o}`` a folder for results;
    ``{au}``, ``{events}``, ``{protocol}``, ``{clip}`` are sound files beside it.
    """

    name: str
    file: str
    commands: tuple[str, ...]
    spoilt: str = REFUSED
    """End of a file that is no such file at all."""
    missing: str = REFUSED
    ours: bool = False
    """A result: where a link to nowhere stands for it, it is made anew."""


@dataclass(frozen=True, slots=True)
class Case:
    """One nasty input.

    Parameters
    ----------
    reader, name
        What is spoilt, and how.
    make
        Called with the file to spoil.
    end
        ``refused`` (one sentence, no success), ``read`` or ``warned`` (done, and said aloud).
    words
        A pattern that the sentence, the warning or the result must match.
    commands
        Instead of the reader's.
    """

    reader: str
    name: str
    make: Callable[[Path], None]
    end: str = REFUSED
    words: str = ""
    commands: tuple[str, ...] = field(default=())


SCORE = "score {au} --events {events} --protocol {protocol} --out {o}"

READERS: dict[str, Reader] = {
    r.name: r
    for r in (
        Reader(
            "video",
            "clip.mp4",
            (
                "extract {f} --out {o}",
                "stimuli measure {f} --out {o}/m.json",
                "doctor --no-camera {f}",
            ),
        ),
        Reader(
            "landmarks",
            "clip_landmarks.parquet",
            (
                "extract {f} --out {o}",
                "score {f} --events {events} --protocol {protocol} --out {o}",
            ),
        ),
        Reader("face model", "face.task", ("extract {clip} --model {f} --out {o}",)),
        Reader(
            "action units, parquet",
            "x_au.parquet",
            (SCORE.replace("{au}", "{f}"), "synchrony {f} {au}", "validate {f} --reference {au}"),
        ),
        Reader(
            "action units, CSV",
            "y_au.csv",
            (SCORE.replace("{au}", "{f}"), "synchrony {f} {au}", "validate {au} --reference {f}"),
        ),
        Reader(
            "OpenFace",
            "openface.csv",
            (SCORE.replace("{au}", "{f}"), "validate {f} --reference {au}"),
        ),
        Reader(
            "sidecar of action units", "x_au.json", (SCORE, "synchrony {au} {au}"), missing=READ
        ),
        Reader("series", "series.txt", ("synchrony {f} --rate 25",)),
        Reader("reference", "emg.csv", ("validate {au} --reference {f} --pair AU12=zyg",)),
        Reader("events", "events.tsv", (SCORE, "synchrony {au} --preset fir --events {f}")),
        Reader(
            "protocol",
            "protocol.yaml",
            (
                "protocol check {f}",
                "protocol show {f}",
                "simulate {f} --participants 1 --out {o}",
                "prereg {f} --out {o}/p.json",
                SCORE,
            ),
        ),
        Reader(
            "manifest", "manifest.json", ("stimuli list --manifest {f}", SCORE + " --stimuli {f}")
        ),
        Reader("participants", "study/participants.tsv", ("group {s} --out {o}",), missing=READ),
        Reader(
            "joint scores",
            "study/derivatives/mimicry/scores.tsv",
            ("group {s} --out {o}", "reliability {s} --splits 20 --out {o}"),
            missing=READ,
        ),
        Reader("grid", "grid.yaml", ("multiverse {s} --grid {f} --out {o}",)),
        Reader("preregistration", "prereg.json", ("verify {s} --prereg {f}",)),
        Reader(
            "events of a study",
            "study/sub-01/beh/sub-01_task-samplehappyangry_events.tsv",
            ("batch {s} --jobs 1",),
            missing=READ,
        ),
        Reader(
            "protocol of a study",
            "study/protocol.yaml",
            ("batch {s} --jobs 1", "group {s} --out {o}"),
        ),
        Reader(
            "sidecar of scores",
            "study/derivatives/mimicry/sub-01/sub-01_task-samplehappyangry_scores.json",
            ("batch {s} --jobs 1",),
            missing=READ,
            ours=True,
        ),
        Reader(
            "quality of a recording",
            "study/derivatives/mimicry/sub-01/sub-01_task-samplehappyangry_qc.json",
            ("batch {s} --jobs 1",),
            missing=READ,
            ours=True,
        ),
        Reader(
            "blind state",
            "study/blind.json",
            ("blind status {s}", "batch {s} --jobs 1"),
            missing=READ,
        ),
    )
}


# ---- files that are something else altogether


def write(data: bytes) -> Callable[[Path], None]:
    """Put these bytes in a file's place."""
    return lambda path: path.write_bytes(data) and None


def _instead(make: Callable[[Path], None]) -> Callable[[Path], None]:
    def done(path: Path) -> None:
        path.unlink(missing_ok=True)
        make(path)

    return done


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")


_PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
_NOISE = np.random.default_rng(1).bytes(5000)

SPOILT: dict[str, Callable[[Path], None]] = {
    "is not there": lambda path: path.unlink(missing_ok=True),
    "a folder": _instead(Path.mkdir),
    "no bytes": write(b""),
    "blank lines": write(b"\n\n \n"),
    "noise": write(_NOISE),
    "NUL bytes": write(bytes(4000)),
    "a pipe nobody writes to": _instead(os.mkfifo),
    "a link to nowhere": _instead(lambda path: path.symlink_to(path.parent / "nowhere")),
    "a device without end": _instead(lambda path: path.symlink_to("/dev/zero")),
    "a picture": write(_PNG),
    "a spreadsheet": _instead(_zip),
    "compressed": write(gzip.compress(b"onset\tduration\n1\t2\n", mtime=0)),
    "a web page": write(b"<!doctype html><html><body>404</body></html>"),
    "deep JSON": write(b"[" * 100_000),
    "one endless line": write(b"x" * SPOILT_LINE),
}


def spoilt_cases() -> list[Case]:
    """Return every reader's file in every way that makes it no such file."""
    found = []
    for reader in READERS.values():
        for name, make in SPOILT.items():
            absent = name == "is not there" or (reader.ours and name == "a link to nowhere")
            end = reader.missing if absent else reader.spoilt
            found.append(Case(reader.name, name, make, end))
    return found
