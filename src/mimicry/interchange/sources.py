"""What a file is: answered once, from its content, for every command that opens files.

A new kind is one entry of `_TEXTS` (by its first lines and columns, or the reader of a tool) or
`_BINARIES` (by its first bytes). What is known but not read is named, with what to do instead.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mimicry.errors import TableError
from mimicry.files import open_parquet, require_file, sha256_of
from mimicry.interchange.au_feat import FEAT
from mimicry.interchange.au_libreface import LIBREFACE
from mimicry.interchange.au_mimicry import MIMICRY
from mimicry.interchange.au_openface import OPENFACE
from mimicry.interchange.au_reader import AuReader
from mimicry.interchange.landmark_file import is_landmark_file
from mimicry.interchange.text import cells_of, decode, number_of, sniff, split_lines
from mimicry.interchange.time_names import time_column
from mimicry.records import ReadingOptions

__all__ = ["Kind", "Source", "identify", "known_name", "reading_note"]

Kind = Literal["video", "landmarks", "units", "times", "series", "foreign"]

_HEAD_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Source:
    """What a file is.

    Parameters
    ----------
    path, kind
        The file, and how it is read; ``"units"``: a table of action units, by its `reader`;
        ``"times"``: any table with a column of seconds;
        ``"series"``: numbers in columns; ``"foreign"``: nothing that is read here.
    name
        What it is, in words: "an OpenFace table".
    advice
        What to do with a foreign file.
    reader
        The reader of a table of action units.
    """

    path: Path
    kind: Kind
    name: str
    advice: str = ""
    reader: AuReader | None = None

    def refusal(self, expected: str) -> TableError:
        """Return the error for a command that expected something else."""
        return TableError(
            f"this is {self.name}; expected {expected}", path=self.path, hint=self.advice or None
        )


@dataclass(frozen=True, slots=True)
class _Text:
    """First lines of a text file, its first row in small letters, its columns as written."""

    lines: list[str]
    columns: list[str]

    @property
    def first(self) -> str:
        return self.lines[0].strip().lower()

    def has(self, *names: str) -> bool:
        """Tell whether all of some columns are there, whatever their case."""
        return set(names) <= {c.lower() for c in self.columns}

    def any(self, pattern: str) -> bool:
        """Tell whether a column matches."""
        return any(re.match(pattern, c) for c in self.columns)


_BIDS, _NO_NUMBERS = "a BIDS events table", "a text without numbers"
_MEASURE = "Measure the video itself: mimicry extract VIDEO."
_EVENTS = "Give it as an events table (onset, trial_type, stimulus), beside a recording."


def _face_reader(text: _Text) -> str | None:
    head = "\n".join(text.lines[:20])
    log = re.match(r"video ?analys\w* (detailed|state|detail\w*|status\w*) ?log", text.first)
    if not log and not re.search(r"Action Unit \d\d - ", head):
        return None
    model = re.search(r"Face Model:\s*General(\d)", head)
    kind = "state" if "state" in text.first else "detailed"
    return f"a FaceReader{f' {model[1]}' if model else ''} {kind} log"


def _by(name: str, test: Callable[[_Text], bool]) -> Callable[[_Text], str | None]:
    return lambda text: name if test(text) else None


# a reader, or (kind, what it is or None, advice); the first that answers counts
_TEXTS: tuple[AuReader | tuple[Kind, Callable[[_Text], str | None], str], ...] = (
    ("foreign", _face_reader, f"It is not read yet. {_MEASURE}"),
    ("foreign", _by("an iMotions export", lambda t: t.first.startswith(
        ("#header", "#info", "#metadata", "#study name", "#data")) or t.has("eventsource")
        or t.has("sourcestimuliname") or t.has("studyname", "mediatime")),
     f"It is not read yet. {_MEASURE}"),
    ("foreign", _by("an AFFDEX table", lambda t: t.has("browfurrow", "smile")
        or t.has("brow furrow", "smile")), f"It is not read yet. {_MEASURE}"),
    ("foreign", _by("an E-Prime log", lambda t: t.first.startswith("*** header start")),
     f"It is not read. {_EVENTS}"),
    ("foreign", _by("a jsPsych table of trials", lambda t: t.has("trial_index", "time_elapsed")
        or t.has("internal_node_id")), f"It holds no face. {_EVENTS}"),
    ("foreign", _by("a PsychoPy table of trials", lambda t: t.has("psychopyversion")
        or t.any(r".+\.(started|stopped|thisRepN|thisTrialN)$")
        or t.has("stimulus", "start", "end")),
     f"It is not read yet and holds no face. {_EVENTS}"),
    ("foreign", _by("a table of survey answers (Qualtrics)", lambda t: t.has(
        "startdate", "enddate", "responseid")), "It holds no face."),
    ("foreign", _by("a behavioural coding log (BORIS)", lambda t: t.has("behavior", "subject")
        and t.any(r"(?i)(start|time|observation id)")), "It is not read."),
    ("foreign", _by("a table of trial scores of mimicry", lambda t: t.has(
        "participant", "trial_id", "valid", "nan_reasons")), "Name the recording itself."),
    ("foreign", _by(_BIDS, lambda t: t.has("onset", "trial_type")
        or t.has("onset", "stim_file")), "Give it with `events`, beside a recording."),
    MIMICRY,
    OPENFACE,
    ("foreign", _by("an OpenFace table without intensities (AU.._r)", lambda t: t.any(
        r"AU\d\d_c$") or t.has("face_id", "timestamp", "confidence", "success")),
     "Run OpenFace with -aus, which writes them."),
    LIBREFACE,
    FEAT,
    ("times", _by("a table over time", lambda t: time_column(t.columns) is not None), ""),
    ("foreign", _by("a table of participants", lambda t: t.has("participant_id")),
     "It belongs into the study's folder."),
)  # fmt: skip


_BINARIES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "a gzip archive", "Unpack it first (gunzip)."),
    (b"BZh", "a bzip2 archive", "Unpack it first."),
    (b"\xfd7zXZ", "an xz archive", "Unpack it first."),
    (b"(\xb5/\xfd", "a zstd archive", "Unpack it first."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it first."),
    (b"Rar!", "a RAR archive", "Unpack it first."),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Office file", "Save it as CSV."),
    (b"%PDF", "a PDF document", "Save the table as CSV."),
    (b"\x89PNG", "a PNG picture", "Name a video or a table."),
    (b"\xff\xd8\xff", "a JPEG picture", "Name a video or a table."),
    (b"\x89HDF", "an HDF5 (or MATLAB 7.3) file", "Save the table as CSV."),
    (b"MATLAB 5", "a MATLAB file", "Save the table as CSV."),
    (b"$FL2", "an SPSS file", "Save it as CSV."),
    (b"ARROW1", "an Arrow (Feather) file", "Save it as parquet or CSV."),
    (b"SQLite format 3", "an SQLite data base", "Save the table as CSV."),
    (b"RDX", "an R data file", "Save the table as CSV."),
    (b"\x93NUMPY", "a NumPy array", "Save it as CSV."),
    (b"\x80\x04\x95", "a Python pickle", "Save the table as CSV."),
)
_VIDEOS = (b"\x1aE\xdf\xa3", b"OggS", b"FLV\x01", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3",
           b"0&\xb2u", b"\x06\x0e+4", b"GIF8", b"DKIF")  # fmt: skip
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def identify(path: str | Path) -> Source:
    """Tell what a file is, by its content; its name only where the content does not say.

    Raises
    ------
    TableError
        When it is missing, no file, empty or unreadable.
    """
    from mimicry.capture.video import VIDEO_SUFFIXES

    path = Path(path)
    head = _head(path)
    if is_landmark_file(path):
        return Source(path, "landmarks", "a file of landmarks")
    named_video = path.suffix.lower() in VIDEO_SUFFIXES
    if not head.strip() and not named_video:
        raise TableError("is empty", path=path, hint="Check that it was written completely.")
    if head.startswith(b"PAR1"):
        return _parquet(path)
    if _is_video(head):
        return Source(path, "video", "a video", _MEASURE)
    packed = _packed(path, head)
    if packed is not None and not named_video:
        return packed
    decoded = decode(head, whole=len(head) < _HEAD_BYTES)
    text = None if decoded is None or not decoded[0].strip() else _text(path, decoded[0])
    if named_video and (text is None or text.reader is None):
        return Source(path, "video", "a video", _MEASURE)
    if text is None:
        return Source(path, "foreign", "a binary file of an unknown kind", "Save the table as CSV.")
    return text


def known_name(path: str | Path) -> str | None:
    """Return what a file is, in words, for a reader of events that cannot read it.

    None when nothing more is known than that it is text, numbers or an events table.
    """
    try:
        source = identify(path)
    except TableError:
        return None
    plain = source.kind in ("times", "series") or source.name in (_BIDS, _NO_NUMBERS)
    return None if plain else source.name


def _head(path: Path) -> bytes:
    require_file(path, kind=TableError)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise TableError(f"cannot be read ({error.strerror})", path=path) from error
    return head


def _is_video(head: bytes) -> bool:
    if head.startswith(_VIDEOS) or (head[4:8] in _BOXES and 0 in head[:4]):
        return True
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return True
    # MPEG transport stream: a sync byte every 188 bytes (192 with time codes)
    return len(head) > 600 and any(
        head[at::step][:3] == b"GGG" for at, step in ((0, 188), (4, 192))
    )


def _packed(path: Path, head: bytes) -> Source | None:
    if head.startswith(b"PK\x03\x04"):
        office = (("xl/", "an Excel file (xlsx)"), ("mimetype", "an OpenDocument file"))
        name = next((n for key, n in office if key.encode() in head), "a zip archive")
        advice = "Unpack it first." if name == "a zip archive" else "Save the sheet as CSV."
        return Source(path, "foreign", name, advice)
    for start, name, advice in _BINARIES:
        if head.startswith(start):
            return Source(path, "foreign", name, advice)
    return None


def _parquet(path: Path) -> Source:
    schema = open_parquet(path).schema_arrow
    if any(b"mimicry landmarks" in value for value in (schema.metadata or {}).values()):
        return Source(
            path, "foreign", "a file of landmarks under another name",
            "Name it NAME_landmarks.parquet, as mimicry extract does.",
        )  # fmt: skip
    columns = [str(name).strip() for name in schema.names]
    return _of_columns(path, _Text([",".join(columns)], columns)) or Source(
        path, "foreign", f"a parquet table without action units ({_some(columns)})"
    )


def _text(path: Path, content: str) -> Source:
    lines = [line for line in split_lines(content) if line.strip()]
    first = lines[0].lstrip()
    if first.lower().startswith(("<!doctype", "<html", "<?xml")):
        return Source(path, "foreign", "a web page or XML file", "Save the table as CSV.")
    if first.startswith(("{", "[")):
        kind = "a jsPsych file (JSON)" if '"time_elapsed"' in content else "a JSON file"
        return Source(path, "foreign", kind, "Save the table as CSV.")
    form = sniff(lines[:100])
    columns = cells_of(lines[0], form.separator)
    source = _of_columns(path, _Text(lines[:30], columns))
    if source is not None:
        return source
    rows = (cells_of(line, form.separator) for line in lines[:50])
    if not any(number_of(cell, form.decimal) is not None for row in rows for cell in row if cell):
        return Source(path, "foreign", _NO_NUMBERS, "Check the name.")
    return Source(path, "series", f"columns of numbers ({_some(columns)})")


def _of_columns(path: Path, text: _Text) -> Source | None:
    for entry in _TEXTS:
        if isinstance(entry, AuReader):
            if entry.has(text.columns):
                return Source(path, "units", entry.name, reader=entry)
            continue
        kind, name_of, advice = entry
        name = name_of(text)
        if name is not None:
            return Source(path, kind, name, advice)
    return None


def _some(columns: list[str]) -> str:
    shown = ", ".join(name[:40] for name in columns[:5])
    return f"{shown}{', ...' if len(columns) > 5 else ''}"


def reading_note(reading: ReadingOptions) -> dict[str, Any]:
    """Return what was chosen, for digests and sidecars: the video by name and content."""
    note = reading.to_json()
    if reading.video is not None:
        video = Path(reading.video)
        note["video"] = {"file": video.name, "sha256": sha256_of(video)}
    return note
