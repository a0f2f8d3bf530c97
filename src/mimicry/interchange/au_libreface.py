"""Action-unit tables of LibreFace."""

import re

import numpy as np

from mimicry.interchange.au_reader import AuReader, Measured
from mimicry.interchange.table import Table

__all__ = ["LIBREFACE"]

_UNIT = re.compile(r"(?i)au_(\d+)_intensity$")


def _read(table: Table) -> Measured:
    matches = {name: match for name in table.names if (match := _UNIT.match(name))}
    intensity = table.block(list(matches))
    success = np.isfinite(intensity).any(axis=1).astype(float)
    angles = ["pitch", "yaw", "roll"]
    return Measured(
        intensity=intensity,
        units={f"AU{int(m[1]):02d}": "LibreFace intensity 0..5" for m in matches.values()},
        quality={"success": success},
        pose_deg=table.block(angles) if set(angles) <= set(table.names) else None,
    )


LIBREFACE = AuReader(
    kind="libreface",
    name="a LibreFace table",
    has=lambda columns: any(map(_UNIT.match, columns)),
    read=_read,
    source="LibreFace CSV",
    time_column="frame_time_in_ms",
    seconds=1e-3,
    frame_column="frame_idx",
    confidence=("confidence", "face_detection_score"),
)
