"""Removing one person from a study: recordings, derived files, rows of tables; with a log.

It must work on any study, also a damaged one: names and bytes are looked at, nothing is parsed.
"""

import os
import re
import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from mimicry.errors import InputError, QualityWarning
from mimicry.files import atomic_path, check_shape, read_json_object, write_json
from mimicry.study.layout import DERIVATIVES, FAILURES, LOCK, PERSON, WITHDRAWALS, check_label

__all__ = ["found_of", "withdraw"]

_NAMES = (b"participant", b"participant_id")
_TRACKS = (b"viewer", b"of")  # people by the names of their files, first in tables of synchrony
_INPUTS = (b"input", b"recording")  # of tables of failures
_PERSON = rf"(?<![A-Za-z0-9]){PERSON}([A-Za-z0-9]+)".encode()
_HEAD = b"time\tparticipant\tfiles\n"


def found_of(study: Path, participant: str) -> tuple[list[Path], list[Path]]:
    """Return what is a participant's own, and the tables that hold rows of theirs.

    Their own are folders and files of their name wherever they lie in the study, and the results
    over all participants that name them. A row is theirs when its column of people names them;
    tables of other people, and other columns, stay.

    Raises
    ------
    InputError
        When the study holds nothing of this participant, or the label is none.

    Warns
    -----
    QualityWarning
        Of what goes and holds other people, too; of lines that name the person and stay.
    """
    label = check_label(participant.removeprefix(PERSON), key="`participant`")
    named_paths: list[Path] = []
    below = _below(study, label, named_paths)
    others = [p for p in below if p.suffix == ".tsv" and p.name != WITHDRAWALS]
    named_paths += [p for p in _joint_results(study, label) if p not in named_paths]
    tables = []
    for path in others:
        if path in named_paths:
            continue
        owned = any(p.startswith(PERSON) for p in path.relative_to(study).parts[:-1])
        content, mentions = _without(path, label, owned=owned)
        if content is not None:
            tables.append(path)
        if mentions:
            where = f"elsewhere in {mentions} line{'s' * (mentions > 1)} of {path}"
            _warn(f"{PERSON}{label} is named {where}, which stay: look at them yourself")
    for path in named_paths:
        if shared := _others_in(path, study, label):
            _warn(f"{path} is of {' and '.join(shared)}, too, and goes with {PERSON}{label}")
    if not named_paths and not tables:
        raise InputError(
            f"the study holds nothing of participant {label!r}", path=study, key="`participant`"
        )
    return named_paths, tables


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
    label = participant.removeprefix(PERSON)
    named_paths, tables = found_of(study, label)
    files = sum(1 for top in named_paths for p in (top, *top.rglob("*")) if p.is_file())
    kept: list[str] = []
    for path in named_paths:  # first: on a full disk this makes the room for the rest
        kept += _delete(path)
    for table in tables:
        content, _ = _without(table, label)
        try:
            if content is not None:
                with atomic_path(table) as temporary:
                    temporary.write_bytes(content)
        except OSError as error:
            kept.append(f"rows of {table} ({error.strerror})")
    kept += _unlock(study, label)
    _write_log(study / WITHDRAWALS, f"{PERSON}{label}", files, kept)
    if kept:
        raise InputError(
            f"could not delete everything of participant {label!r}; left are {'; '.join(kept)}",
            path=study,
            hint="Make these files writable and run the command again.",
        )
    return named_paths, tables


def _below(study: Path, label: str, named_paths: list[Path]) -> Iterator[Path]:
    """Go through a study's files; what is named after the person is put into `named_paths`."""
    named = re.compile(rf"\.?(?:.*[^A-Za-z0-9])?{PERSON}{label}(?![A-Za-z0-9])")
    for place, folders, names in os.walk(study):
        mine = [name for name in sorted(folders) if named.match(name)]
        named_paths += [Path(place, name) for name in mine]
        folders[:] = sorted(set(folders) - set(mine))
        for name in sorted(names):
            path = Path(place, name)
            if named.match(name):
                named_paths.append(path)
            else:
                yield path


def _joint_results(study: Path, label: str) -> list[Path]:
    """Return results over all participants whose sidecar or page names this one."""
    named = re.compile(rf"{PERSON}{label}(?![A-Za-z0-9])".encode())
    texts = [p for e in ("json", "html", "md", "log") for p in study.glob(f"{DERIVATIVES}/*/*.{e}")]
    stems = {p.with_suffix("") for p in texts if p.is_file() and named.search(p.read_bytes())}
    return sorted(p for p in study.glob(f"{DERIVATIVES}/*/*.*") if p.with_suffix("") in stems)


def _without(table: Path, label: str, *, owned: bool = False) -> tuple[bytes | None, int]:
    """Return a table's bytes without the person's rows, and how many other lines name the person.

    The bytes are None when it has none; a table `owned` by another person never has one.
    """
    try:
        lines = table.read_bytes().splitlines(keepends=True)
    except OSError as error:
        _warn(f"{table} cannot be read ({error.strerror}): look for the person there yourself")
        return None, 0
    rows = [[c.strip(b' "\r\n') for c in line.split(b"\t")] for line in lines]
    names = [n.removeprefix(b"\xef\xbb\xbf").strip(b' "') for n in rows[0]] if rows else []
    columns = [] if owned else list(_columns(table, names))
    mine = [
        k > 0 and any(c < len(row) and tells(row[c], label.encode()) for c, tells in columns)
        for k, row in enumerate(rows)
    ]
    named = re.compile(rf"(?<![A-Za-z0-9]){PERSON}{label}(?![A-Za-z0-9])".encode())
    pairs = list(zip(lines, mine, strict=True))
    mentions = sum(not gone and named.search(line) is not None for line, gone in pairs)
    return b"".join(line for line, gone in pairs if not gone) if any(mine) else None, mentions


def _columns(
    table: Path, names: Sequence[bytes]
) -> Iterator[tuple[int, Callable[[bytes, bytes], bool]]]:
    """Yield the columns that say whose row it is, and what compares a cell with a label."""
    for k, name in enumerate(names):
        if name in _NAMES:
            yield k, _is_label
        elif (k == 0 and name in _TRACKS) or (
            name in _INPUTS and table.name.startswith(Path(FAILURES).stem)
        ):
            yield k, _is_recording_of


def _is_label(cell: bytes, label: bytes) -> bool:
    begins = re.match(_PERSON, cell)
    return cell == label or (begins is not None and begins[1] == label)


def _is_recording_of(cell: bytes, label: bytes) -> bool:
    """Tell whether a path is of the person: its file, or else its nearest folder, says whose."""
    parts = re.split(rb"[/\\]", cell)[::-1]
    begins = next((m for part in parts if (m := re.match(_PERSON, part))), None)
    if begins is not None:
        return begins[1] == label
    return label in re.findall(_PERSON, parts[0])


def _others_in(path: Path, study: Path, label: str) -> list[str]:
    """Return the other people whom a path below the study names."""
    inside = path.relative_to(study).as_posix().encode("utf-8", "surrogateescape")
    people = dict.fromkeys(name.decode() for name in re.findall(_PERSON, inside))
    return [f"{PERSON}{name}" for name in people if name != label]


def _warn(text: str) -> None:
    warnings.warn(QualityWarning(text), stacklevel=3)


def _delete(path: Path) -> list[str]:
    """Delete a file, a link or a folder with all in it; return what could not be deleted."""
    kept: list[str] = []
    for _ in range(2):  # a process at work on this person may write while files are deleted
        kept.clear()
        try:
            if path.is_symlink():
                _warn(f"{path} was a link: what it pointed to, {path.resolve()}, is left")
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
    mark = study / LOCK
    if not mark.is_file():
        return []
    named = re.compile(rf"{PERSON}{label}(?![A-Za-z0-9])")
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
