"""Compare numbers with a frozen table: it says that a number changed, and by how much.

A frozen number is no proof of being right; the tests of behaviour are. It notices what those
cannot: a landmark beside the right one, another weight, another limit. After a change that is
meant, write the tables anew and read what they say::

    MIMICRY_WRITE_GOLDEN=1 python -m pytest -p no:randomly tests/...
    git diff tests/golden
"""

import csv
import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path(__file__).parent / "golden"


def same_as_golden(
    name: str, cases: Mapping[str, Mapping[str, Any]], *, atol: float, rtol: float = 0.0
) -> None:
    """Fail unless every number and text of every case is the one in ``golden/<name>.tsv``."""
    path = FOLDER / f"{name}.tsv"
    now = {(c, k): _written(v) for c, each in cases.items() for k, v in each.items()}
    if os.environ.get("MIMICRY_WRITE_GOLDEN"):
        rows = ["case\tname\tvalue", *("\t".join([*key, value]) for key, value in now.items())]
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    kept = {(case, key): value for case, key, value in rows}
    assert list(now) == list(kept), f"other numbers than in {path.name}"
    differ = {k: (v, kept[k]) for k, v in now.items() if not _alike(v, kept[k], atol, rtol)}
    assert not differ, f"(now, frozen) of {path.name}: {differ}"


def numbers(value: Any) -> dict[str, Any]:
    """Give what tells one array from another: count, missing, mean, SD and two weighted sums."""
    if is_dataclass(value):
        parts = ((f.name, getattr(value, f.name)) for f in fields(value))
    elif isinstance(value, tuple):
        parts = ((str(k), each) for k, each in enumerate(value))
    elif isinstance(value, Mapping):
        parts = ((str(k), each) for k, each in value.items())
    else:
        parts = iter([("", value)])
    found: dict[str, Any] = {}
    for name, each in parts:
        if isinstance(each, str) or (isinstance(each, tuple) and any(map(_is_text, each))):
            found[name] = each if isinstance(each, str) else ";".join(map(str, each))
            continue
        flat = np.asarray(each, dtype=float).ravel()
        kept = np.where(np.isfinite(flat), flat, 0.0)
        if flat.size == 1:
            found[name] = float(flat[0])
            continue
        place = np.arange(flat.size)
        found |= {
            f"{name} size": flat.size,
            f"{name} missing": int(np.isnan(flat).sum()),
            f"{name} mean": kept.mean() if flat.size else 0.0,
            f"{name} sd": kept.std() if flat.size else 0.0,
            f"{name} cos": kept @ np.cos(place),
            f"{name} square": kept**2 @ np.sin(1 + place / 3),
        }
    return found


def rows_of(table: "pd.DataFrame", *keys: str) -> dict[str, dict[str, Any]]:
    """Return each row of a table as a case, named by its cells in the columns `keys`."""
    return {" ".join(str(row[k]) for k in keys): dict(row) for _, row in table.iterrows()}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _written(value: Any) -> str:
    if value is None:
        return "nan"
    return " ".join(value.split()) if isinstance(value, str) else f"{float(value):.8g}"


def _alike(now: str, kept: str, atol: float, rtol: float) -> bool:
    try:
        numbers = float(now), float(kept)
    except ValueError:
        return now == kept
    return bool(np.isclose(*numbers, atol=atol, rtol=rtol, equal_nan=True))
