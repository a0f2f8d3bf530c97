"""How a landmark process and its parent talk: a JSON header and the arrays it announces."""

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

__all__ = ["read_message", "write_message"]

_LENGTH = struct.Struct("<I")


def write_message(
    stream: BinaryIO, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None = None
) -> None:
    """Write one message: a JSON `header`, then the bytes of `arrays`."""
    arrays = arrays or {}
    announced = {name: [a.dtype.str, list(a.shape)] for name, a in arrays.items()}
    text = json.dumps({**header, "arrays": announced}).encode()
    stream.write(_LENGTH.pack(len(text)))
    stream.write(text)
    stream.writelines(np.ascontiguousarray(array).data for array in arrays.values())
    stream.flush()


def read_message(stream: BinaryIO) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
    """Read one message; None when the other side is gone."""
    start = stream.read(_LENGTH.size)
    if len(start) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(start)
    text = stream.read(length)
    if len(text) < length:
        return None
    header = json.loads(text)
    arrays: dict[str, NDArray[Any]] = {}
    for name, (dtype, shape) in header.pop("arrays").items():
        array = np.empty(shape, dtype)
        if array.nbytes and stream.readinto(array.reshape(-1).view(np.uint8).data) < array.nbytes:  # type: ignore[attr-defined]  # buffered readers have it
            return None
        arrays[name] = array
    return header, arrays
