"""Removing one person from a study: recordings, derived files, rows of tables; with a log."""

import csv
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from mimicry.errors import InputError
from mimicry.files import write_text
from mimicry.runner.plan import check_label

__all__ = ["found_of", "withdraw"]

_NAMES = ("participant", "participant_id")


def found_of(study: Path, participant: str) -> tuple[list[Path], list[Path]]:
    """Return what is a participant's own, and the tables that hold rows of theirs.

    Their own are their folders, and the results over all participants that name them.

    Raises
    ------
    InputError
        When the study holds nothing of this participant, or the label is none.
    """
    label = check_label(participant.removeprefix("sub-"), key="--participant")
    folders = [p for p in (study, study / "sourcedata") if (p / f"sub-{label}").is_dir()]
    folders = [p / f"sub-{label}" for p in folders]
    folders += sorted(p for p in study.glob(f"derivatives/*/sub-{label}") if p.is_dir())
    folders += _joint_results(study, label)
    tables = [p for p in _tables(study) if p not in folders and _without(p, label) is not None]
    if not folders and not tables:
        raise InputError(
            f"the study holds nothing of participant {label!r}", path=study, key="--participant"
        )
    return folders, tables


def withdraw(study: Path, participant: str) -> tuple[list[Path], list[Path]]:
    """Delete a participant's folders and rows; what is done stands in withdrawals.tsv.

    Results over all participants that name the person go too; other means over all
    participants still hold the person's contribution: make them again.

    Returns
    -------
    tuple
        Folders and files that were deleted, and tables from which rows were taken.

    Raises
    ------
    InputError
        When the study holds nothing of this participant.
    """
    label = participant.removeprefix("sub-")
    folders, tables = found_of(study, label)
    files = sum(1 for top in folders for p in (top, *top.rglob("*")) if p.is_file())
    for table in tables:
        text = _without(table, label)
        if text is not None:
            write_text(table, text)
    for own in folders:
        if own.is_dir():
            shutil.rmtree(own)
        else:
            own.unlink()
    log = study / "withdrawals.tsv"
    before = log.read_text(encoding="utf-8") if log.exists() else "time\tparticipant\tfiles\n"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    write_text(log, f"{before}{now}\tsub-{label}\t{files}\n")
    return folders, tables


def _joint_results(study: Path, label: str) -> list[Path]:
    """Return results over all participants whose sidecar or page names this one."""
    named = re.compile(rf"sub-{label}(?![A-Za-z0-9])")
    texts = [p for e in ("json", "html", "md") for p in study.glob(f"derivatives/*/*.{e}")]
    stems = {p.with_suffix("") for p in texts if named.search(p.read_text(encoding="utf-8"))}
    return sorted(p for p in study.glob("derivatives/*/*.*") if p.with_suffix("") in stems)


def _tables(study: Path) -> list[Path]:
    return [*study.glob("participants.tsv"), *sorted(study.glob("derivatives/*/*.tsv"))]


def _without(table: Path, label: str) -> str | None:
    """Return a table's text without the person's rows; None when it has none."""
    text = table.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    rows = list(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    if len(rows) < 2:
        return None
    columns = [k for k, name in enumerate(rows[0]) if name in _NAMES]
    theirs = [
        any(k < len(row) and row[k] in {label, f"sub-{label}"} for k in columns) for row in rows
    ]
    if not any(theirs):
        return None
    return "".join(line for line, his in zip(lines, theirs, strict=True) if not his)
