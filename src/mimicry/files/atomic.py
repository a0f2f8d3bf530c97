"""Writing whole files: temporary name, fsync, rename; stable bytes; digests."""

import contextlib
import hashlib
import json
import math
import os
import platform
import re
import shutil
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimicry.errors import InputError
from mimicry.files.access import Access, make_folders, settle
from mimicry.files.processes import alive

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "atomic_path",
    "clear_leftovers",
    "digest",
    "make_folder",
    "output_stem",
    "printable",
    "scratch",
    "sha256_of",
    "take_away",
    "to_json_text",
    "write_csv",
    "write_json",
    "write_parquet",
    "write_text",
    "write_tsv",
    "writing",
]


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; on success it is fsynced and renamed to `path`.

    On an exception nothing is left behind and an earlier `path` stays as it was; one that is
    replaced hands on who may read and write it. The temporary name keeps the file's ending, so
    writers that look at it work, and says whose it is: what a killed process left is taken away
    by the next one.
    """
    clear_leftovers(path.parent, stem=path.stem)
    mark = f"{_host_mark()}-{os.getpid()}"
    temporary = path.with_name(f".{path.stem}.{mark}.part{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        settle(temporary, Access.of(path) or _taken_away.get(path))
        temporary.replace(path)
        _taken_away.pop(path, None)
    finally:
        temporary.unlink(missing_ok=True)


_taken_away: dict[Path, Access] = {}


def take_away(path: Path) -> None:
    """Delete a result, if it is there, that will be made anew; the new one gets its access."""
    if earlier := Access.of(path):
        _taken_away[path] = earlier
    path.unlink(missing_ok=True)


_PART = re.compile(r"\.(?P<stem>.+)\.(?P<host>[0-9a-f]{8})-(?P<pid>\d{1,9})\.part(\.[^.]*)?")
_OLD_S = 86_400.0


def clear_leftovers(folder: Path, *, stem: str | None = None) -> None:
    """Take away half-written files of processes that are gone (`stem`: of one target).

    Those of other machines that share the folder are taken away after a day.
    """
    try:
        names = [p.name for p in folder.iterdir() if ".part" in p.name]
    except OSError:
        return
    for name in names:
        part = _PART.fullmatch(name)
        if part is None or (stem is not None and part["stem"] != stem):
            continue
        path = folder / name
        with contextlib.suppress(OSError):
            if part["host"] == _host_mark():
                gone = not alive(int(part["pid"]))
            else:
                gone = time.time() - path.stat().st_mtime > _OLD_S
            if gone:
                path.unlink(missing_ok=True)


def _host_mark() -> str:
    return f"{zlib.crc32(platform.node().encode('utf-8', 'replace')):08x}"


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder for temporary files; those of killed processes are taken away.

    Only those of this machine: others may share the place, and their processes are not seen.
    """
    start = f"mimicry-{_host_mark()}-"
    for old in Path(tempfile.gettempdir()).glob(f"{start}*-*"):
        number = old.name.removeprefix(start).split("-")[0]
        if number.isdecimal() and len(number) < 10 and not alive(int(number)):
            shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{start}{os.getpid()}-") as name:
        yield Path(name)


def make_folder(path: Path, *, shared: bool = False) -> Path:
    """Make a folder (and its parents) for outputs; see :func:`mimicry.files.access.make_folders`.

    Raises
    ------
    InputError
        When it cannot be made, for instance below a file or without permission.
    """
    with _refusals(path, "make the output folder", "Name a folder that can be written."):
        make_folders(path, shared=shared)
    clear_leftovers(path)
    return path


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn a full disk or a missing permission into a sentence.

    Raises
    ------
    InputError
        When the operating system refuses to write.
    """
    hint = "Make room or name another folder; finished files are kept."
    with _refusals(folder, "write results", hint):
        yield


@contextlib.contextmanager
def _refusals(path: Path, what: str, hint: str) -> Iterator[None]:
    """Say in a sentence what the operating system refuses."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        text = f"cannot {what} ({error.strerror})"
        raise InputError(text, path=path, key="`out`", hint=hint) from error


def write_text(path: Path, text: str) -> Path:
    """Write UTF-8 text with newline line ends on every system, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(printable(text).encode("utf-8"))
    return path


def printable(text: str) -> str:
    r"""Return a text that every file can hold: bytes of a name that are no UTF-8 become ``\xff``.

    Examples
    --------
    >>> print(printable(b"J\xfcrgen.mp4".decode("utf-8", "surrogateescape")))
    J\xfcrgen.mp4
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        try:
            raw = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # half a character of another kind
            raw = text.encode("utf-8", "backslashreplace")
        return raw.decode("utf-8", "backslashreplace")
    return text


def output_stem(name: str) -> str:
    """Return the start of the output names of an input: its own, where that is UTF-8 text.

    Where file names of this system are narrower than UTF-8 (``LANG=C``), it is made to fit.
    """
    shown = printable(name)
    narrow = sys.getfilesystemencoding()
    fitting = shown.encode(narrow, "backslashreplace").decode(narrow)
    return name if fitting == name else fitting.replace("\\", "_")


def to_json_text(value: Any) -> str:
    """Return JSON with sorted keys; NaN and infinities become null, tuples become lists."""
    text = json.dumps(_plain(value), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text + "\n"


def write_json(path: Path, value: Any) -> Path:
    """Write :func:`to_json_text` atomically."""
    return write_text(path, to_json_text(value))


def write_tsv(path: Path, table: "pd.DataFrame") -> Path:
    """Write a tab-separated table, missing values as ``n/a``, floats in shortest exact form."""
    text = table.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n")
    return write_text(path, text)


def write_csv(path: Path, table: "pd.DataFrame") -> Path:
    """Write a comma-separated table, missing values empty."""
    return write_text(path, table.to_csv(index=False, lineterminator="\n"))


def write_parquet(path: Path, table: "pd.DataFrame", metadata: Mapping[str, str]) -> Path:
    """Write a parquet table; `metadata` goes into the file's own key-value store."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrow = pa.Table.from_pandas(table, preserve_index=False, nthreads=1)
    arrow = arrow.replace_schema_metadata({k: printable(metadata[k]) for k in sorted(metadata)})
    with atomic_path(path) as temporary:
        pq.write_table(arrow, temporary, compression="zstd")
    return path


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def digest(value: Any) -> str:
    """Return a SHA-256 over the JSON text of `value`: equal settings, equal digest."""
    return hashlib.sha256(to_json_text(value).encode("utf-8")).hexdigest()


def _plain(value: Any) -> Any:
    """Turn mappings, sequences and NumPy scalars into JSON types; NaN into None."""
    if isinstance(value, Mapping):
        return {printable(str(k)): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [_plain(v) for v in items]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, Path):
        return printable(value.as_posix())
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
