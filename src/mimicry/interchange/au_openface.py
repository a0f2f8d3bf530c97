"""Action-unit tables of OpenFace 2, and ours in its format."""

import re

import numpy as np

from mimicry.interchange.au_reader import AuReader, Measured
from mimicry.interchange.table import Table

__all__ = ["OPENFACE"]

_UNIT = re.compile(r"AU\d\d_r$")
_UNUSED = re.compile(r"(eye_lmk_[xyXYZ]|[yXYZ])_\d+|p_(\d+|scale|[rt][xyz])|AU\d\d_c")


def _read(table: Table) -> Measured:
    columns = [n for n in table.names if _UNIT.match(n)]
    intensity = table.block(columns)
    success = np.ones(len(table)) if "success" not in table else table.numbers("success")
    intensity[success != 1] = np.nan
    angles = [f"pose_R{axis}" for axis in "xyz"]
    pose = None
    if set(angles) <= set(table.names):
        pose = np.rad2deg(table.block(angles))
        pose[success != 1] = np.nan
    names = [n.removesuffix("_r") for n in columns]
    units = dict.fromkeys(names, "OpenFace intensity 0..5")
    return Measured(intensity, units, {"success": success}, pose)


OPENFACE = AuReader(
    kind="openface",
    name="an OpenFace table",
    has=lambda columns: any(_UNIT.match(name) for name in columns),
    read=_read,
    source="OpenFace 2 CSV",
    time_column="timestamp",
    first_frame=1,
    confidence=("confidence",),
    several_faces=True,
    noted=True,
    unused=_UNUSED,  # hundreds of columns
)
