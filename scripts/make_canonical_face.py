"""Read the canonical face mesh out of the Face Landmarker bundle.

    python scripts/make_canonical_face.py

The bundle's geometry metadata is a protocol-buffer message: field 1 is the mesh, whose field 3
holds five floats a vertex (x, y, z, u, v). Only the positions are kept, in centimetres.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).resolve().parents[1] / "src" / "mimicry"
BUNDLE = SOURCE / "landmarks" / "model" / "face_landmarker.task"
OUT = SOURCE / "action_units" / "data" / "canonical_face.npz"


def fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (field number, raw value) of a protocol-buffer message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            start = at
            _, at = _varint(message, at)
            yield number, message[start:at]
        elif wire == 2:
            size, at = _varint(message, at)
            yield number, message[at : at + size]
            at += size
        elif wire == 5:
            yield number, message[at : at + 4]
            at += 4
        else:
            raise ValueError(f"unexpected wire type {wire} at byte {at}")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def main() -> None:
    """Write the mesh."""
    with zipfile.ZipFile(BUNDLE) as bundle:
        metadata = bundle.read("geometry_pipeline_metadata_landmarks.binarypb")
    mesh = next(value for number, value in fields(metadata) if number == 1)
    vertices = b"".join(value for number, value in fields(mesh) if number == 3)
    points = np.frombuffer(vertices, dtype="<f4").reshape(-1, 5)[:, :3]
    with OUT.open("wb") as file:
        np.savez_compressed(file, points=points)
    print(f"{OUT}: {points.shape[0]} vertices")


if __name__ == "__main__":
    main()
