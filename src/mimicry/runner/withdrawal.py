"""Removing one person from a study: recordings, derived files, rows of tables; with a log.

It must work on any study, also a damaged one: names and bytes are looked at, nothing is parsed.
"""

import os
import re
import shutil
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from mimicry.errors import InputError, QualityWarning
from mimicry.files import atomic_path, check_shape, read_json_object, write_json
from mimicry.runner.plan import check_label

__all__ = ["found_of", "withdraw"]

_NAMES = (b"participant", b"participant_id")
_LOG = "withdrawals.tsv"
_HEAD = b"time\tparticipant\tfiles\n"


def found_of(study: Path, participant: str) -> tuple[list[Path], list[Path]]:
    """Return what is a participant's own, and the tables that hold rows of theirs.

    Their own are folders and files of their name wherever they lie in the study, and the results
    over all participants that name them.

    Raises
    ------
    InputError
        When the study holds nothing of this participant, or the label is none.
    """
    label = check_label(participant.removeprefix("sub-"), key="--participant")
    own: list[Path] = []
    others = [p for p in _below(study, label, own) if p.suffix == ".tsv" and p.name != _LOG]
    tables = [path for path in others if _without(path, label) is not None]
    own += [p for p in _joint_results(study, label) if p not in own]
    tables = [p for p in tables if p not in own]
    if not own and not tables:
        raise InputError(
            f"the study holds nothing of participant {label!r}", path=study, key="--participant"
        )
    return own, tables


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
        When the study holds nothing of this participant, or when something could not be
        deleted: everything else is, and the rest is named.
    """
    label = participant.removeprefix("sub-")
    own, tables = found_of(study, label)
    files = sum(1 for top in own for p in (top, *top.rglob("*")) if p.is_file())
    kept: list[str] = []
    for path in own:  # first: on a full disk this makes the room for the rest
        kept += _delete(path)
    for table in tables:
        content = _without(table, label)
        try:
            if content is not None:
                with atomic_path(table) as temporary:
                    temporary.write_bytes(content)
        except OSError as error:
            kept.append(f"rows of {table} ({error.strerror})")
    kept += _unlock(study, label)
    _write_log(study / _LOG, f"sub-{label}", files, kept)
    if kept:
        raise InputError(
            f"could not delete everything of participant {label!r}; left are {'; '.join(kept)}",
            path=study,
            hint="Make these files writable and run the command again.",
        )
    return own, tables


def _below(study: Path, label: str, own: list[Path]) -> Iterator[Path]:
    """Go through a study's files; what is named after the person is put into `own` instead."""
    named = re.compile(rf"\.?(?:.*[^A-Za-z0-9])?sub-{label}(?![A-Za-z0-9])")
    for place, folders, names in os.walk(study):
        mine = [name for name in sorted(folders) if named.match(name)]
        own += [Path(place, name) for name in mine]
        folders[:] = sorted(set(folders) - set(mine))
        for name in sorted(names):
            path = Path(place, name)
            if named.match(name):
                own.append(path)
            else:
                yield path


def _joint_results(study: Path, label: str) -> list[Path]:
    """Return results over all participants whose sidecar or page names this one."""
    named = re.compile(rf"sub-{label}(?![A-Za-z0-9])".encode())
    texts = [p for e in ("json", "html", "md", "log") for p in study.glob(f"derivatives/*/*.{e}")]
    stems = {p.with_suffix("") for p in texts if p.is_file() and named.search(p.read_bytes())}
    return sorted(p for p in study.glob("derivatives/*/*.*") if p.with_suffix("") in stems)


def _without(table: Path, label: str) -> bytes | None:
    """Return a table's bytes without the person's rows; None when it has none."""
    try:
        lines = table.read_bytes().splitlines(keepends=True)
    except OSError as error:
        text = f"{table} cannot be read ({error.strerror}): look for the person there yourself"
        warnings.warn(QualityWarning(text), stacklevel=2)
        return None
    rows = [[c.strip(b' "\r\n') for c in line.split(b"\t")] for line in lines]
    if len(rows) < 2:
        return None
    names = [name.removeprefix(b"\xef\xbb\xbf").strip(b'"') for name in rows[0]]
    columns = [k for k, name in enumerate(names) if name in _NAMES]
    own = {label.encode(), f"sub-{label}".encode()}
    named = re.compile(rf"(?:.*[^A-Za-z0-9])?sub-{label}(?![A-Za-z0-9])".encode())
    mine = [
        any(k < len(row) and row[k] in own for k in columns) or any(map(named.match, row))
        for row in rows
    ]
    if not any(mine):
        return None
    return b"".join(line for line, gone in zip(lines, mine, strict=True) if not gone)


def _delete(path: Path) -> list[str]:
    """Delete a file, a link or a folder with all in it; return what could not be deleted."""
    kept: list[str] = []
    for _ in range(2):  # a process at work on this person may write while files are deleted
        kept.clear()
        try:
            if path.is_symlink():
                text = f"{path} was a link: what it pointed to, {path.resolve()}, is left"
                warnings.warn(QualityWarning(text), stacklevel=2)
                path.unlink()
            elif path.is_dir():
                shutil.rmtree(path, onerror=lambda _f, p, e: kept.append(f"{p} ({e[1]})"))
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            kept.append(f"{path} ({error.strerror})")
        if not kept:
            break
    return kept[:1] if path.exists() else []


def _unlock(study: Path, label: str) -> list[str]:
    """Take the person's tables out of the lock of a blind study."""
    mark = study / "blind.json"
    if not mark.is_file():
        return []
    named = re.compile(rf"sub-{label}(?![A-Za-z0-9])")
    try:
        content = read_json_object(mark)
        lock = content.get("locked", content)  # an older mark is the lock itself
        check_shape(lock, (None, {"tables?": dict}), path=mark, key="locked")
        tables = (lock or {}).get("tables", {})
        if any(map(named.search, tables)):
            left = {k: v for k, v in tables.items() if not named.search(k)}
            cleared = {**lock, "tables": left}
            write_json(mark, {**content, "locked": cleared} if "locked" in content else cleared)
    except (InputError, OSError) as error:
        if named.search(mark.read_bytes().decode("utf-8", "replace")):
            return [f"names in {mark} ({error})"]
    return []


def _write_log(path: Path, label: str, files: int, kept: list[str]) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    before = path.read_bytes() if path.exists() else _HEAD
    line = f"{now}\t{label}\t{files}\n" if not kept else f"{now}\t{label}\tunfinished\n"
    with atomic_path(path) as temporary:
        temporary.write_bytes(before + b"\n" * (not before.endswith(b"\n")) + line.encode())
