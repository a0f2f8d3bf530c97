"""Action-unit tables of Py-Feat: no times, one row for every face in a frame."""

import numpy as np

from mimicry.interchange.au_reader import UNIT, AuReader, Measured
from mimicry.interchange.table import Table
from mimicry.records.blendshapes import BLENDSHAPE_NAMES

__all__ = ["FEAT"]


def _read(table: Table) -> Measured:
    names = [n for n in table.names if UNIT.match(n)]
    whole = all(name in table for name in BLENDSHAPE_NAMES)
    intensity = table.block(names)
    success = np.isfinite(intensity).any(axis=1).astype(float)
    return Measured(
        intensity=intensity,
        units=dict.fromkeys(names, "Py-Feat probability 0..1"),
        quality={"success": success},
        pose_deg=table.block(["Pitch", "Yaw", "Roll"]),
        blendshapes=table.block(BLENDSHAPE_NAMES) if whole else None,
    )


FEAT = AuReader(
    kind="feat",
    name="a Py-Feat table",
    has=lambda columns: {"frame", "Pitch"} <= set(columns) and any(map(UNIT.match, columns)),
    read=_read,
    source="Py-Feat Fex CSV",
    confidence=("FaceScore",),
    several_faces=True,
)
