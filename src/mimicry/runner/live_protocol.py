"""How pictures with findings travel: length, JSON head, length, JPEG."""

import json
import struct
from collections.abc import Mapping
from typing import IO, Any, BinaryIO

__all__ = ["pack_picture", "read_picture", "write_picture"]

_LENGTH = struct.Struct("<I")


def pack_picture(head: Mapping[str, Any], jpeg: bytes) -> bytes:
    """Return one message."""
    text = json.dumps(head).encode()
    return _LENGTH.pack(len(text)) + text + _LENGTH.pack(len(jpeg)) + jpeg


def write_picture(stream: BinaryIO, head: Mapping[str, Any], jpeg: bytes) -> None:
    """Write one message."""
    stream.write(pack_picture(head, jpeg))
    stream.flush()


def read_picture(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """Read one message; None at the end."""
    parts = []
    for _ in range(2):
        size = stream.read(_LENGTH.size)
        if len(size) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack(size)
        body = stream.read(length)
        if len(body) < length:
            return None
        parts.append(body)
    head: dict[str, Any] = json.loads(parts[0])
    return head, parts[1]
