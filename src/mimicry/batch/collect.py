"""The tables of a whole study, joined from those of its recordings."""

import warnings
from pathlib import Path

from mimicry import files
from mimicry.batch.discover import Plan
from mimicry.errors import InputError, QualityWarning

__all__ = ["join_tables"]

_JOINED = {"_scores.tsv": "scores.tsv", "_summary.tsv": "summary.tsv"}


def join_tables(plan: Plan) -> dict[str, Path]:
    """Write ``scores.tsv`` and ``summary.tsv`` of all recordings that have theirs.

    With a study also ``group_latency_refusals.tsv``: who has no latency, by group.

    Returns
    -------
    dict
        Kind -> path of what was written.
    """
    import pandas as pd

    from mimicry.study.tables import read_cells

    written: dict[str, Path] = {}
    for ending, name in _JOINED.items():
        paths = [Path(task.out) / f"{task.prefix}{ending}" for task in plan.tasks if task.events]
        # read as text: what one recording's table says is not rounded or reinterpreted
        tables = [read_cells(path).replace("", "n/a") for path in paths if path.is_file()]
        if tables:
            whole = pd.concat(tables, ignore_index=True)
            written[name.removesuffix(".tsv")] = files.write_tsv(plan.results / name, whole)
    if "summary" in written and plan.root is not None:
        written |= _refusals(plan.results, plan.root)
    return written


def _refusals(results: Path, root: Path) -> dict[str, Path]:
    """Write who has no latency. People that are wrong do not spoil the scores: they are named."""
    from mimicry.study.group import read_summary, refusals_of
    from mimicry.study.grouping import with_groups
    from mimicry.study.participants import read_people

    name = "group_latency_refusals"
    path = results / f"{name}.tsv"
    try:
        summary = with_groups(read_summary(results), read_people(root), None)
    except InputError as error:
        path.unlink(missing_ok=True)
        warnings.warn(QualityWarning(f"{path.name} was not written: {error}"), stacklevel=2)
        return {}
    return {name: files.write_tsv(path, refusals_of(summary, "group"))}
