"""The columns of a landmark file, and the note that it carries."""

from typing import Any

from mimicry.records.blendshapes import BLENDSHAPE_NAMES

__all__ = ["AXES", "NOTE", "POSE", "encodings", "schema_of"]

POSE = tuple((row, column) for row in range(3) for column in range(4))
AXES = "xyz"
NOTE = {
    "landmarks": int,
    "image_size_px": [int],
    "provenance": {
        "input?": {"name": str, "sha256": str},
        "video?": {"frames?": int},
        "digest?": str,
        "action_units?": dict,
    },
}


def schema_of(landmarks: int) -> Any:
    """Return the schema of a file of faces with that many landmarks."""
    import pyarrow as pa

    def column(name: str, kind: Any, *, of_face: bool = True) -> Any:
        return pa.field(name, kind, nullable=of_face)

    return pa.schema(
        [
            column("timestamp", pa.float64(), of_face=False),
            column("success", pa.int8(), of_face=False),
            column("luminance", pa.float32(), of_face=False),
            column("sharpness", pa.float32(), of_face=False),
            column("step_exponent", pa.int8()),
            *(column(f"anchor_{axis}", pa.int32()) for axis in AXES),
            *(column(f"{axis}_{k}", pa.int16()) for axis in AXES for k in range(landmarks)),
            *(column(f"bs_{name}", pa.uint16()) for name in BLENDSHAPE_NAMES),
            *(column(f"pose_{r}{c}", pa.float32()) for r, c in POSE),
        ]
    )


def encodings(schema: Any) -> dict[str, str]:
    """Return the encodings: whole numbers change little, floats compress best byte by byte."""
    import pyarrow as pa

    return {
        field.name: "BYTE_STREAM_SPLIT"
        if pa.types.is_floating(field.type)
        else "DELTA_BINARY_PACKED"
        for field in schema
    }
