"""The tables of a whole study, joined from those of its recordings."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mimicry import files
from mimicry.errors import InputError, QualityWarning
from mimicry.study.layout import JOINT_SCORES, JOINT_SUMMARY, REFUSALS, SCORES, SUMMARY
from mimicry.study.recordings import Plan

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["join_tables"]

_JOINED = {SCORES: JOINT_SCORES, SUMMARY: JOINT_SUMMARY}


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
        paths = [Path(task.out) / f"{task.prefix}{ending}" for task in plan.tasks if task.inputs]
        # read as text: what one recording's table says is not rounded or reinterpreted
        tables = {p: read_cells(p).replace("", "n/a") for p in paths if p.is_file()}
        if tables:
            whole = pd.concat(tables.values(), ignore_index=True)
            written[name.removesuffix(".tsv")] = files.write_tsv(plan.results / name, whole)
        if ending == SUMMARY:
            _warn_of_runs(tables)
    if "summary" in written and plan.root is not None:
        written |= _refusals(plan.results, plan.root)
    return written


def _warn_of_runs(tables: Mapping[Path, "pd.DataFrame"]) -> None:
    """Say which people have two recordings of one session: both are joined, none can be grouped."""
    from mimicry.study.folder import SUMMARY as JOINT

    runs: dict[tuple[str, ...], list[str]] = {}
    for path, table in tables.items():
        keys = [table[k] for k in JOINT.keys if k in table.columns]
        for key in set(zip(*keys, strict=True)):
            runs.setdefault(key, []).append(path.name.removesuffix(SUMMARY))
    for names in dict.fromkeys(tuple(r) for r in runs.values() if len(r) > 1):
        text = (
            f"{' and '.join(names)} are recordings of one person and session, which mimicry group "
            "cannot take together: give each a ses- label of its own, or score one file that holds "
            "both"
        )
        warnings.warn(QualityWarning(text), stacklevel=3)


def _refusals(results: Path, root: Path) -> dict[str, Path]:
    """Write who has no latency. People that are wrong do not spoil the scores: they are named."""
    from mimicry.analyses.group import read_summary, refusals_of
    from mimicry.analyses.grouping import with_groups
    from mimicry.study.participants import read_people

    path = results / REFUSALS
    try:
        summary = with_groups(read_summary(results), read_people(root), None)
    except InputError as error:
        path.unlink(missing_ok=True)
        warnings.warn(QualityWarning(f"{path.name} was not written: {error}"), stacklevel=2)
        return {}
    return {path.stem: files.write_tsv(path, refusals_of(summary, "group"))}
