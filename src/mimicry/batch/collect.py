"""The tables of a whole study, joined from those of its recordings."""

from pathlib import Path

from mimicry import files
from mimicry.batch.discover import Plan

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

    written: dict[str, Path] = {}
    for ending, name in _JOINED.items():
        paths = [Path(task.out) / f"{task.prefix}{ending}" for task in plan.tasks if task.events]
        # read as text: what one recording's table says is not rounded or reinterpreted
        tables = [
            pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
            for path in paths
            if path.is_file()
        ]
        if tables:
            whole = pd.concat(tables, ignore_index=True)
            written[name.removesuffix(".tsv")] = files.write_tsv(plan.results / name, whole)
    if "summary" in written and plan.root is not None:
        written |= _refusals(plan.results, plan.root)
    return written


def _refusals(results: Path, root: Path) -> dict[str, Path]:
    from mimicry.study.group import read_summary, refusals_of, with_groups

    summary = with_groups(read_summary(results), root, None)
    name = "group_latency_refusals"
    return {name: files.write_tsv(results / f"{name}.tsv", refusals_of(summary, "group"))}
