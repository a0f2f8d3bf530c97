"""Reading our own files back: whatever lies there is hostile input until it was checked.

Sidecars, manifests, journals and tables are written by this program, but disks fill up, people
edit, and programs of others write under the same names. Each shape of content has one loader
here; versions are the reader's own. What is not what it should be is one sentence that names it.
"""

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimicry.errors import InputError, TableError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Shape",
    "check_shape",
    "is_there",
    "json_value",
    "open_parquet",
    "parquet_note",
    "read_bytes",
    "read_json",
    "read_json_lines",
    "read_json_object",
    "read_parquet",
    "read_text",
    "require_file",
]

# What a JSON value should be: a type (float: any finite number), several in a tuple (None: null),
# [shape]: a list of such, {"key": shape}: an object with at least these; "key?" may be missing,
# "*" stands for every key.
Shape = Any


def read_text(path: Path, *, kind: type[InputError] = InputError) -> str:
    """Return the text of one of our own files: UTF-8; a byte-order mark is left out.

    Raises
    ------
    InputError
        (or `kind`) When it is missing, a folder, not UTF-8, holds NUL bytes, or is too large
        to be one.
    """
    return _decoded(read_bytes(path, kind=kind), path, kind)


def read_json(path: Path, *, kind: type[InputError] = InputError) -> Any:
    """Read a JSON file. Use :func:`read_json_object` for what should hold known keys.

    Raises
    ------
    InputError
        (or `kind`) When it is missing or no JSON.
    """
    return json_value(read_text(path, kind=kind), path=path, kind=kind)


def read_json_object(
    path: Path, shape: Shape = dict, *, kind: type[InputError] = InputError
) -> dict[str, Any]:
    """Read a JSON file that holds an object, and check its keys with :func:`check_shape`.

    Raises
    ------
    InputError
        (or `kind`) When it is missing, no JSON, no object, or a key lacks or is of a wrong type.
    """
    content: dict[str, Any] = read_json(path, kind=kind)
    check_shape(content, dict, path=path, kind=kind)
    check_shape(content, shape, path=path, kind=kind)
    return content


def read_json_lines(
    path: Path, shape: Shape = dict, *, kind: type[InputError] = InputError
) -> tuple[list[dict[str, Any]], list[int]]:
    """Read a journal of JSON objects, one a line; give the numbers of damaged lines too.

    Raises
    ------
    InputError
        (or `kind`) When the file itself cannot be read.
    """
    good: list[dict[str, Any]] = []
    damaged: list[int] = []
    for number, line in enumerate(read_bytes(path, kind=kind).split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            value = json_value(_decoded(line, path, kind), path=path, kind=kind)
            check_shape(value, dict, path=path, kind=kind)
            check_shape(value, shape, path=path, kind=kind)
        except kind:
            damaged.append(number)
        else:
            good.append(value)
    return good, damaged


def json_value(text: str | bytes, *, path: Path, kind: type[InputError] = InputError) -> Any:
    """Return what a JSON text says; numbers must be finite and fit into 64 bits.

    Raises
    ------
    InputError
        (or `kind`) When it is no JSON, is nested too deeply, or holds text that no file can hold.
    """
    if isinstance(text, bytes):
        text = _decoded(text, path, kind)
    try:
        value = json.loads(
            text, parse_constant=_no_number, parse_float=_float_of, parse_int=_int_of
        )
        if "\\u" in text:  # half a character, or NUL, which neither files nor screens take
            plain = json.dumps(value, ensure_ascii=False).encode()
            if b"\\u0000" in plain:
                raise ValueError("a text holds a NUL character")
    except RecursionError as error:
        raise kind("is no readable JSON: it is nested too deeply", path=path) from error
    except ValueError as error:
        raise kind(f"is no readable JSON ({error})", path=path) from error
    return value


_TYPES: dict[Any, tuple[str, tuple[type, ...]]] = {
    str: ("a text", (str,)),
    int: ("a whole number", (int,)),
    float: ("a number", (int, float)),
    bool: ("true or false", (bool,)),
    dict: ("an object", (dict,)),
    list: ("a list", (list,)),
    None: ("null", (type(None),)),
}


def check_shape(
    value: Any, shape: Shape, *, path: Path, key: str = "", kind: type[InputError] = InputError
) -> None:
    """Check a value that was read against the shape it should have.

    Raises
    ------
    InputError
        (or `kind`) That names the file, the key, what was found and what was expected.
    """
    if isinstance(shape, dict):
        check_shape(value, dict, path=path, key=key, kind=kind)
        every = [(f"{name}?", shape["*"]) for name in value] if "*" in shape else []
        for name, inner in [*((n, s) for n, s in shape.items() if n != "*"), *every]:
            bare = name.removesuffix("?")
            where = f"{key}.{bare}" if key else bare
            if bare in value:
                check_shape(value[bare], inner, path=path, key=where, kind=kind)
            elif bare == name:
                raise kind(f"has no {where!r}", path=path, key=where)
    elif isinstance(shape, list):
        check_shape(value, list, path=path, key=key, kind=kind)
        for k, inner in enumerate(value):
            check_shape(inner, shape[0], path=path, key=f"{key}[{k}]", kind=kind)
    elif isinstance(shape, tuple):
        simple = next((s for s in shape if _is(value, s)), shape[0])
        check_shape(value, simple, path=path, key=key, kind=kind)
    elif not _is(value, shape):
        shown = " ".join(json.dumps(value).split())
        shown = shown if len(shown) <= 40 else f"{shown[:37]}..."
        what = f"{key!r} is" if key else "holds"
        raise kind(f"{what} {shown}, expected {_TYPES[shape][0]}", path=path, key=key or None)


def _is(value: Any, shape: Shape) -> bool:
    """Tell whether a value is of a shape's outermost type."""
    if isinstance(shape, dict | list):
        return isinstance(value, type(shape))
    types = _TYPES[shape][1]
    return isinstance(value, types) and (shape is bool or not isinstance(value, bool))


def open_parquet(path: Path, *, kind: type[InputError] = TableError) -> Any:
    """Return an open ``pyarrow.parquet.ParquetFile``.

    Raises
    ------
    TableError
        (or `kind`) When it is missing, a folder, damaged, or too large for a recording.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    require_file(path, kind=kind)
    try:
        file = pq.ParquetFile(path)
        groups = [file.metadata.row_group(k).num_rows for k in range(file.metadata.num_row_groups)]
        rows = file.metadata.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise kind("is not a readable parquet file", path=path, hint=_AGAIN) from error
    if not 0 <= rows <= _MOST_ROWS or max(groups, default=0) > _MOST_ROWS:
        raise kind(f"holds {rows} rows, expected at most {_MOST_ROWS}", path=path)
    return file


def parquet_note(
    file: Any, name: str, path: Path, *, shape: Shape = dict, kind: type[InputError] = TableError
) -> dict[str, Any]:
    """Return the JSON object that a parquet file keeps under `name` (empty when there is none).

    Raises
    ------
    TableError
        (or `kind`) When it is there and damaged.
    """
    text = (file.metadata.metadata or {}).get(name.encode())
    if text is None:
        return {}
    note: dict[str, Any] = json_value(text, path=path, kind=kind)
    check_shape(note, dict, path=path, key=name, kind=kind)
    check_shape(note, shape, path=path, kind=kind)
    return note


def read_parquet(path: Path, *, kind: type[InputError] = TableError) -> "pd.DataFrame":
    """Return a whole parquet table.

    Raises
    ------
    TableError
        (or `kind`) When it is missing or damaged.
    """
    import pyarrow as pa

    file = open_parquet(path, kind=kind)
    try:
        # what another program noted about index and types is not needed and may be damaged
        table: pd.DataFrame = file.read().replace_schema_metadata(None).to_pandas()
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise kind("is a damaged parquet file", path=path, hint=_AGAIN) from error
    return table


_AGAIN = "Make the file again."
_MOST_BYTES = 64 << 20  # sidecars, journals, protocols
_MOST_ROWS = 20_000_000  # four days at 60 frames a second


def is_there(path: Path, *, kind: type[InputError] = InputError) -> bool:
    """Tell whether a file of our own is there; something else of its name is not passed over.

    Raises
    ------
    InputError
        (or `kind`) When a folder, a pipe, a device or a link to nowhere has the name.
    """
    if not os.path.lexists(path):
        return False
    require_file(path, kind=kind)
    return True


def require_file(path: Path, *, kind: type[InputError] = InputError) -> int:
    """Check that a path is a plain file, so that reading it comes to an end; return its size.

    Raises
    ------
    InputError
        (or `kind`) When it is missing, a folder, a pipe or a device.
    """
    try:
        info = path.stat()
    except FileNotFoundError as error:
        raise kind("file not found", path=path) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise kind(f"cannot be read ({_reason(error)})", path=path) from error
    if stat.S_ISDIR(info.st_mode):
        raise kind("is a folder, expected a file", path=path)
    if not stat.S_ISREG(info.st_mode):
        raise kind("is no plain file (a pipe or a device), expected one", path=path)
    return info.st_size


def read_bytes(
    path: Path, *, kind: type[InputError] = InputError, most: int | None = None
) -> bytes:
    """Return the bytes of a file that is read as a whole, of up to `most` bytes.

    Raises
    ------
    InputError
        (or `kind`) When it is no plain file, may not be read, or is far too large.
    """
    size = require_file(path, kind=kind)
    if size > (most or _MOST_BYTES):
        raise kind(f"has {size >> 20} MB, far more than such a file can have", path=path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise kind(f"cannot be read ({_reason(error)})", path=path) from error


def _decoded(raw: bytes, path: Path, kind: type[InputError]) -> str:
    if b"\0" in raw:
        raise kind("holds NUL bytes, expected UTF-8 text", path=path, hint=_AGAIN)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise kind(f"is not UTF-8 text (byte {error.start})", path=path) from error


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _float_of(text: str) -> float:
    value = float(text)
    return value if abs(value) < 1e300 else _no_number(text[:20])


def _int_of(text: str) -> int:
    if len(text) > 18 and not -(2**63) <= int(text[:40]) < 2**63:
        raise ValueError(f"{text[:20]}... is too large a number")
    return int(text)
