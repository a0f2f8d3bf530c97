"""The tables of a whole study, joined from those of its recordings."""

from collections.abc import Sequence
from pathlib import Path

from mimicry import files
from mimicry.batch.discover import Task

__all__ = ["join_tables"]

_JOINED = {"_scores.tsv": "scores.tsv", "_summary.tsv": "summary.tsv"}


def join_tables(results: Path, tasks: Sequence[Task]) -> dict[str, Path]:
    """Write ``scores.tsv`` and ``summary.tsv`` of all recordings that have theirs.

    Returns
    -------
    dict
        Kind -> path of what was written.
    """
    import pandas as pd

    written: dict[str, Path] = {}
    for ending, name in _JOINED.items():
        paths = [Path(task.out) / f"{task.prefix}{ending}" for task in tasks if task.events]
        # read as text: what one recording's table says is not rounded or reinterpreted
        tables = [
            pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
            for path in paths
            if path.is_file()
        ]
        if tables:
            whole = pd.concat(tables, ignore_index=True)
            written[name.removesuffix(".tsv")] = files.write_tsv(results / name, whole)
    return written
