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
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "golden"


def same_as_golden(
    name: str, cases: Mapping[str, Mapping[str, float]], *, atol: float, rtol: float = 0.0
) -> None:
    """Fail unless every number of every case is the one in ``golden/<name>.tsv``."""
    path = FOLDER / f"{name}.tsv"
    if os.environ.get("MIMICRY_WRITE_GOLDEN"):
        rows = [[c, k, f"{v:.8g}"] for c, each in cases.items() for k, v in each.items()]
        text = "\n".join("\t".join(row) for row in [["case", "name", "value"], *rows])
        path.write_text(text + "\n", encoding="utf-8")
    with path.open(encoding="utf-8", newline="") as file:
        kept = {
            (row["case"], row["name"]): float(row["value"])
            for row in csv.DictReader(file, delimiter="\t")
        }
    now = {(c, k): float(v) for c, each in cases.items() for k, v in each.items()}
    assert list(now) == list(kept), f"other numbers than in {path.name}"
    differ = {
        key: (value, kept[key])
        for key, value in now.items()
        if not np.isclose(value, kept[key], atol=atol, rtol=rtol, equal_nan=True)
    }
    assert not differ, f"(now, frozen) of {path.name}: {differ}"
