"""What a text file of numbers looks like: encoding, separator, header, and what a cell may hold.

The one sniffer. Nothing is guessed that the file does not show, and no cell is turned into
something else without a word: :func:`number_of` says what counts as a number and what as missing.
"""

import codecs
import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mimicry.errors import TableError
from mimicry.files import require_file

__all__ = [
    "MISSING",
    "Text",
    "TextFormat",
    "cells_of",
    "decode",
    "number_of",
    "read_lines",
    "sniff",
]

#: Cells that mean "missing", in any case of letters.
MISSING = frozenset({"", "n/a", "na", "nan", "null", "none", "#n/a", "-", "."})

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_MINUS = "\N{MINUS SIGN}"
_NAMES = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "bar", " ": "blank"}
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_MOST_BYTES = 4 << 30  # OpenFace with all it has writes 1.4 GB in an hour of 60 frames a second
_SAMPLE = 4096  # bytes that tell text from other files
_HEAD = 50  # lines that decide about the separator


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How a text file is written.

    Parameters
    ----------
    encoding, line_end
        ``utf-8``, ``utf-8-sig``, ``utf-16``, ``utf-32``, ``cp1252`` or ``latin-1``; ``LF``,
        ``CRLF``, ``CR`` or ``mixed``.
    separator
        The character between cells; a blank stands for any run of blanks.
    decimal
        ``.`` or ``,``.
    header
        Whether the first line holds names.
    """

    encoding: str
    line_end: str
    separator: str
    decimal: str
    header: bool

    def to_json(self) -> dict[str, str]:
        """Return it in words, for sidecars."""
        return {
            "encoding": self.encoding,
            "line_end": self.line_end,
            "separator": _NAMES[self.separator],
            "decimal": self.decimal,
        }


@dataclass(frozen=True, slots=True)
class Text:
    """The lines of a file that are not blank, their numbers in the file, and its format."""

    lines: Sequence[str]
    numbers: Sequence[int]
    format: TextFormat

    @property
    def names(self) -> list[str]:
        """Return cells of the first line."""
        return cells_of(self.lines[0], self.format.separator)


def decode(data: bytes, *, whole: bool = True) -> tuple[str, str] | None:
    """Return the text and its encoding; None when the bytes are no text.

    Of the beginning of a longer text (not `whole`), only complete lines are returned where there
    are any.

    Examples
    --------
    >>> decode("Zähler".encode("cp1252"))
    ('Zähler', 'cp1252')
    """
    texts = (_decoded(data, codec, name, whole) for codec, name in _encodings(data[:_SAMPLE]))
    return next((text for text in texts if text is not None), None)


def _encodings(sample: bytes) -> list[tuple[str, str]]:
    """Return what a text that begins so may be written in: codec and name; none for no text."""
    for bom, encoding in _BOMS:
        if sample.startswith(bom):
            return [(encoding, encoding)]
    if b"\x00" in sample:
        for half, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            zeros, others = sample[half::2], sample[1 - half :: 2]
            if zeros.count(0) > 0.9 * len(zeros) and others.count(0) == 0:
                return [(encoding, "utf-16")]
        return []
    odd = sum(byte < 32 and byte not in (9, 10, 11, 12, 13, 26, 27) for byte in sample)
    if odd > len(sample) // 100:
        return []
    return [(name, name) for name in ("utf-8", "cp1252", "latin-1")]


def _decoded(data: bytes, encoding: str, name: str, whole: bool) -> tuple[str, str] | None:
    try:
        if whole:
            return data.decode(encoding), name
        text = codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        return None
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text[: end + 1] if end >= 0 else text, name


def read_lines(path: Path) -> Text:
    """Read a whole text file; nothing of it is in memory twice.

    Raises
    ------
    TableError
        When it is missing, empty, no text, or a quoted cell runs over the end of its line.
    """
    size = require_file(path, kind=TableError)
    if size > _MOST_BYTES:
        raise TableError(f"has {size >> 20} MB; at most {_MOST_BYTES >> 20} are read", path=path)
    try:
        with path.open("rb") as file:
            sample = file.read(_SAMPLE)
        lines = next(filter(None, (_lines(path, *names) for names in _encodings(sample))), None)
    except OSError as error:
        raise TableError(f"cannot be read ({error.strerror or error})", path=path) from error
    if lines is None:
        raise TableError("is no text file", path=path)
    rows, numbers, form = lines
    if not rows:
        raise TableError("the file is empty; expected columns of numbers", path=path)
    odd = next((k for k, line in zip(numbers, rows, strict=True) if line.count('"') % 2), None)
    if odd is not None:
        raise TableError(
            f"line {odd} holds a quotation mark without its partner",
            path=path,
            hint="A cell may not run over the end of a line; take the mark out.",
        )
    return Text(rows, numbers, sniff(rows, **form))


def _lines(
    path: Path, codec: str, encoding: str
) -> tuple[list[str], list[int], dict[str, str]] | None:
    """Return lines that are not blank, their numbers and form; None in another encoding."""
    rows, numbers = [], []
    try:
        with path.open(encoding=codec) as file:  # lines end at LF, CRLF or CR only
            for number, line in enumerate(file, 1):
                plain = line.removesuffix("\n")
                if number == 1:
                    plain = plain.removeprefix("\ufeff")
                if plain.strip():
                    rows.append(plain)
                    numbers.append(number)
            ends = file.newlines
    except UnicodeDecodeError:
        return None
    kinds = {None: "LF", "\n": "LF", "\r\n": "CRLF", "\r": "CR"}
    line_end = "mixed" if isinstance(ends, tuple) else kinds[ends]
    return rows, numbers, {"encoding": encoding, "line_end": line_end}


def split_lines(text: str) -> list[str]:
    """Return the lines of a text, which end at LF, CRLF or CR only."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def sniff(lines: Sequence[str], *, encoding: str = "utf-8", line_end: str = "LF") -> TextFormat:
    """Return how lines of a table are written.

    Parameters
    ----------
    lines
        Lines that are not blank, the first of them the header if there is one.
    encoding, line_end
        What is known of the file already.

    Examples
    --------
    >>> found = sniff(["time;AU12", "0,04;1,5"])
    >>> found.separator, found.decimal, found.header
    (';', ',', True)
    """
    separator = _separator(lines[:_HEAD])
    decimal = _decimal(lines, separator)
    first = cells_of(lines[0], separator)
    header = any(number_of(cell, decimal) is None for cell in first)
    return TextFormat(encoding, line_end, separator, decimal, header)


def cells_of(line: str, separator: str) -> list[str]:
    """Split a line into cells without surrounding blanks and quotation marks."""
    if '"' in line:
        blank = separator == " "
        whole = line.strip() if blank else line
        row = next(csv.reader([whole], delimiter=separator, skipinitialspace=True))
        cells = [cell for cell in row if cell.strip()] if blank else row
    else:
        cells = line.split() if separator == " " else line.split(separator)
    return [cell.strip().strip("\"'").strip() for cell in cells]


def number_of(cell: str, decimal: str = ".") -> float | None:
    """Return the number in a cell, NaN for one of `MISSING`, None for anything else.

    U+2212, the minus sign of word processors, is a minus. Nothing else is bent into a number:
    no blanks or underscores between digits, no marks for thousands, no infinities.

    Examples
    --------
    >>> number_of("\N{MINUS SIGN}0,5", ","), number_of("1_0.5"), number_of("n/a")
    (-0.5, None, nan)
    """
    text = cell.strip()
    if text.lower() in MISSING:
        return float("nan")
    text = text.replace(_MINUS, "-")
    if decimal == ",":
        if "." in text:
            return None
        text = text.replace(",", ".")
    if not text.isascii() or _NUMBER.fullmatch(text) is None:
        return None
    value = float(text)
    return value if abs(value) != float("inf") else None


def _separator(lines: Sequence[str]) -> str:
    """Return the character that stands equally often in every line, else that of the first line."""
    plain = [re.sub(r'"[^"]*"', "", line) for line in lines]
    counts = {s: [line.count(s) for line in plain] for s in ("\t", ";", "|", ",")}
    even = [s for s, n in counts.items() if n[0] and len(set(n)) == 1]
    if even == [","] and all(_blank_separated(line) for line in plain[1:] or plain):
        return " "
    if even:
        return even[0]
    inside = {s: n[0] for s, n in counts.items() if n[0]}
    return max(inside, key=lambda s: inside[s]) if inside else " "


def _blank_separated(line: str) -> bool:
    """Tell whether a line is made of numbers with decimal commas between blanks."""
    words = line.split()
    return len(words) > 1 and all(re.fullmatch(rf"[+\-{_MINUS}]?\d+,\d+", w) for w in words)


def _decimal(lines: Sequence[str], separator: str) -> str:
    """Return a comma when numbers are written with commas and none with points."""
    if separator == ",":  # only inside quotation marks
        comma = re.compile(rf'"\s*[+\-{_MINUS}]?\d*,\d+([eE][+-]?\d+)?\s*"')
        point = re.compile(rf'(^|[,"])\s*[+\-{_MINUS}]?\d*\.\d+')
    else:
        edge = r"\s" if separator == " " else re.escape(separator)
        start, end = rf'(^|[{edge}"])\s*[+\-{_MINUS}]?', rf'([eE][+-]?\d+)?\s*($|[{edge}"])'
        comma, point = re.compile(rf"{start}\d*,\d+{end}"), re.compile(rf"{start}\d*\.\d+{end}")
    commas = sum(comma.search(line) is not None for line in lines[1 : _HEAD * 20])
    points = sum(point.search(line) is not None for line in lines[1 : _HEAD * 20])
    if not commas and not points:
        commas = any(comma.search(line) is not None for line in lines)
    return "," if commas > points else "."
