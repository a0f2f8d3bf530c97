"""Action-unit tables of this package, with the sidecar that describes them."""

from pathlib import Path
from typing import Any

from mimicry.errors import TableError
from mimicry.files import is_there, read_json_object
from mimicry.interchange.au_reader import QUALITY_COLUMNS, UNIT, AuReader, Measured
from mimicry.interchange.table import Table, is_index
from mimicry.records.blendshapes import BLENDSHAPE_NAMES
from mimicry.study.layout import AU_OPENFACE, au_sidecar

__all__ = ["MIMICRY", "read_note"]

_NOTE = {
    "columns?": {"*": {"unit?": (str, None)}},
    "provenance?": {"input?": (dict, None), "video?": dict, "action_units?": dict},
}


def read_note(path: Path) -> dict[str, Any]:
    """Return what the sidecar of our own table says; nothing when there is none.

    A table of OpenFace's own may lie beside the sidecar of our parquet; that is not its.

    Raises
    ------
    TableError
        When it is damaged.
    """
    sidecar = au_sidecar(path)
    if sidecar == path or not is_there(sidecar, kind=TableError):
        return {}
    note = read_json_object(sidecar, _NOTE, kind=TableError)
    exported = any(name.endswith("_r") for name in note.get("columns", {}))
    return {} if path.name.endswith(AU_OPENFACE) and not exported else note


def _read(table: Table) -> Measured:
    names = [name for name in table.names if UNIT.match(name)]
    shapes = [f"bs_{name}" for name in BLENDSHAPE_NAMES]
    known = {"frame", "timestamp", "face_id", *names, *shapes}
    others = [n for n in table.names if n not in known and not n.startswith("pose_")]
    extra = [n for n in others if not is_index(n)]
    note = read_note(table.path)
    described = note.get("columns", {})
    return Measured(
        intensity=table.block(names),
        units={n: described.get(n, {}).get("unit", "mimicry unit") for n in names},
        quality={n: table.numbers(n) for n in ("success", *QUALITY_COLUMNS, *extra) if n in table},
        pose_deg=table.block([f"pose_{axis}_deg" for axis in ("pitch", "yaw", "roll")]),
        blendshapes=table.block([s for s in shapes if s in table]),
        provenance=note.get("provenance", {"source": "mimicry table without sidecar"}),
    )


MIMICRY = AuReader(
    kind="mimicry",
    name="a table of mimicry extract",
    has=lambda columns: {"timestamp", "pose_pitch_deg"} <= set(columns),
    read=_read,
    source="mimicry",
    time_column="timestamp",
    noted=True,
)
