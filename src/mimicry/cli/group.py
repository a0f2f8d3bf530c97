"""``mimicry group``: what a scored study says about its groups."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mimicry.cli._options import INCOMPLETE
from mimicry.cli._run import Outcome, command

if TYPE_CHECKING:
    import pandas as pd

    from mimicry.analyses.group import GroupTables

__all__ = ["group"]


@command
def group(
    study: Path = typer.Argument(help="A study folder that has been scored."),
    protocol: str | None = typer.Option(None, help="Protocol; default: the study's own."),
    by: str | None = typer.Option(
        None, "--by", help="Column of participants.tsv that names the groups; default: group."
    ),
    control: str | None = typer.Option(
        None, "--control", help="Group to compare the others with; default: as the protocol says."
    ),
    incomplete: bool = INCOMPLETE,
    out: Path | None = typer.Option(None, help="Folder; default: STUDY/derivatives/mimicry."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace other results."),
) -> Outcome:
    """Show what was excluded, what each group's contrast supports, differences and latencies."""
    from mimicry.analyses.group import group_tables
    from mimicry.study import open_study

    opened = open_study(study, protocol)
    tables = group_tables(opened, by=by, control=control, incomplete=incomplete)
    paths = tables.write(out or opened.results, overwrite=overwrite)
    extra = {
        "by": tables.by,
        "control": tables.control,
        "exclusions": tables.exclusions.to_dict("records"),
        "claims": tables.claims.to_dict("records"),
        "contrasts": tables.contrasts.to_dict("records"),
        "differences": tables.differences.to_dict("records"),
        "latency_refusals": tables.refusals.to_dict("records"),
    }
    return Outcome(outputs=paths, extra=extra, text=_text(tables))


def _text(tables: "GroupTables") -> str:
    rows = tables.contrasts[tables.contrasts["measure"] == "contrast_raw"]
    lost = [f"  {sentence}" for sentence in tables.lost]
    none = "no difference by condition or group reaches p <= .05"
    if not tables.exclusions.filter(["p"]).notna().any(axis=None):
        none = "nothing to compare: one condition and one group, or no table of trials"
    parts = ["Exclusions", *(lost or [f"  {none}"])]
    parts += ["What the groups show", *map(_claim, _records(tables.claims, tables.by))]
    parts += ["Raw contrast against 0", *map(_mean, _records(rows, tables.by))]
    rows = tables.differences[tables.differences["measure"] == "contrast_raw"]
    if len(rows):
        parts += [f"Less than {tables.control}", *map(_difference, _records(rows, tables.by))]
    parts += ["Without a latency", *map(_refusal, _records(tables.refusals, tables.by))]
    return "\n".join(parts)


def _records(rows: "pd.DataFrame", by: str) -> list[tuple[str, dict[Any, Any]]]:
    records = rows.to_dict("records")
    names = [
        " ".join(str(r[k]) for k in ("session", "phase", "condition", by) if r[k]) for r in records
    ]
    return list(zip(names, records, strict=True))


def _claim(item: tuple[str, dict[Any, Any]]) -> str:
    from mimicry.report.claims import group_claim

    name, row = item
    return f"  {name}: {group_claim(row)}"


def _mean(item: tuple[str, dict[Any, Any]]) -> str:
    from mimicry.report.numbers import counted

    name, row = item
    return f"{_line(name, row['mean'], row)}, {counted(row['n'], 'person', 'people')}"


def _difference(item: tuple[str, dict[Any, Any]]) -> str:
    from mimicry.report.group import percent_words

    name, row = item
    less = percent_words(row)
    tail = f"gate {row['gate'] or 'n/a'}, {'' if less.startswith('no') else 'less by '}{less}"
    return f"{_line(name, row['difference'], row)}, {tail}"


def _line(name: str, middle: Any, row: dict[Any, Any]) -> str:
    from mimicry.report.numbers import interval, p_equals

    if row["reason"]:
        return f"  {name:36} n/a ({row['reason']})"
    text = f"  {name:36} {interval(middle, row['low'], row['high']):24}"
    if row["clips"] == "fixed":
        return f"{text} {p_equals(row['p_these_clips_only'])} (these clips only)"
    return f"{text} {p_equals(row['p'])}"


def _refusal(item: tuple[str, dict[Any, Any]]) -> str:
    name, row = item
    why = f" ({row['reasons']})" if row["refused"] else ""
    return f"  {name:36} {row['measure']:15} {row['refused']} of {row['n']}{why}"
