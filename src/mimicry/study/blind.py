"""Blind studies: quality control before anyone, or any program, links scores to conditions.

A study is blind from ``mimicry blind start`` until ``mimicry blind lock``. Until then scoring
gives only a quality table with masked condition labels. The lock holds the checksums of these
tables and of the exclusions, so that neither can change afterwards unnoticed.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimicry.errors import InputError, OutputExistsError
from mimicry.files import (
    check_shape,
    digest,
    is_there,
    read_json_object,
    sha256_of,
    write_json,
)
from mimicry.records import TrialTable
from mimicry.scoring.validity import EXCLUDED
from mimicry.study.failures import unfinished
from mimicry.study.layout import (
    BLIND_TABLE,
    EXCLUSIONS,
    JOINT_SCORES,
    LOCK,
    RESULTS,
    VISIT,
)
from mimicry.study.participants import person_label
from mimicry.study.tables import need_columns, read_cells

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Blind",
    "Exclusion",
    "blind_study_of",
    "exclusion_digest",
    "lock_problems",
    "lock_study",
    "masked_labels",
    "masked_table",
    "read_exclusions",
    "require_unmasked",
    "start_blind",
    "with_exclusions",
]

_SHOWN = ("participant", "session", "block", "trial_id", "condition", "valid", "reason", "n_frames",
          "tracked_fraction", "max_gap_s", "fps_effective", "pose_max_deg",
          "blink_fraction")  # fmt: skip
_LOCK_SHAPE = {"tables": {"*": str}, "exclusions": str}


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A decision of quality control: a trial, or with an empty `trial_id` a whole recording."""

    participant: str
    session: str
    trial_id: str
    reason: str

    def concerns(self, participant: str, session: str, trial_id: str | None = None) -> bool:
        """Tell whether a recording, or a trial of it, is meant; None: any of its trials."""
        return (
            self.participant == participant
            and self.session in ("", session)
            and (trial_id is None or self.trial_id in ("", trial_id))
        )


@dataclass(frozen=True, slots=True)
class Blind:
    """A blind study: its folder, and what its lock holds (None: not locked yet)."""

    root: Path
    lock: Mapping[str, Any] | None

    @property
    def locked(self) -> bool:
        """True when quality control is finished and conditions may be seen."""
        return self.lock is not None

    @property
    def results(self) -> Path:
        """Folder of the tables."""
        return self.root / RESULTS

    def exclusions_for(self, participant: str, session: str) -> tuple[Exclusion, ...]:
        """Return the locked exclusions of one recording."""
        if not self.locked:
            return ()
        rows = read_exclusions(self.root)
        return tuple(row for row in rows if row.concerns(participant, session))


def start_blind(root: str | Path) -> Path:
    """Make a study blind.

    Raises
    ------
    InputError
        When there is no such folder.
    OutputExistsError
        When the study is blind or locked already, or scores with conditions are there: what
        was seen cannot be unseen.
    """
    folder = Path(root)
    if not folder.is_dir():
        raise InputError("no such study folder", path=folder)
    if (folder / LOCK).exists():
        raise OutputExistsError("the study is blind already", path=folder / LOCK)
    seen = sorted((folder / RESULTS).glob(f"**/*{JOINT_SCORES}"))
    if seen:
        raise OutputExistsError(
            "scores with condition labels are there already, so the study cannot be made blind",
            path=seen[0],
            hint="Delete derivatives/mimicry if nobody has looked at it.",
        )
    return write_json(folder / LOCK, {"blind": True, "locked": None})


def blind_study_of(folder: str | Path) -> Blind | None:
    """Return the blind study that a folder belongs to, or None.

    Looked for in the folder and above it.
    """
    start = Path(folder).resolve()
    for place in (start, *start.parents):
        if is_there(place / LOCK):
            content = read_json_object(place / LOCK)
            lock = content.get("locked", content)
            try:
                check_shape(lock, (None, _LOCK_SHAPE), path=place / LOCK)
            except InputError as error:
                raise InputError(
                    "not the mark of a blind study",
                    path=place / LOCK,
                    key="locked",
                    hint="It is written by mimicry blind start and mimicry blind lock alone.",
                ) from error
            return Blind(place, lock)
    return None


def masked_labels(conditions: Sequence[str], key: str) -> dict[str, str]:
    """Return condition -> ``A``, ``B``, ...: the same in the whole study, in no telling order.

    Parameters
    ----------
    conditions
        All conditions of the protocol.
    key
        Digest of the protocol. The order follows from it, so no list of labels lies about.
    """

    def place(name: str) -> str:
        return hashlib.sha256(f"{key}/{name}".encode()).hexdigest()

    ordered = sorted(dict.fromkeys(conditions), key=place)
    return {name: chr(ord("A") + k) if k < 26 else f"A{k}" for k, name in enumerate(ordered)}


def masked_table(scores: "pd.DataFrame", conditions: Sequence[str], key: str) -> "pd.DataFrame":
    """Return what quality control may see of a trial table: no movement, no stimulus, no label."""
    table = scores[[name for name in _SHOWN if name in scores.columns]].copy()
    labels = masked_labels([*conditions, *sorted(set(scores["condition"]))], key)
    table["condition"] = [labels[name] for name in scores["condition"]]
    return table


def read_exclusions(root: Path) -> tuple[Exclusion, ...]:
    """Return the rows of ``exclusions.tsv``; none when the file is missing.

    Columns ``participant`` and ``reason``, and where needed ``session`` and ``trial_id``
    (missing: every trial of the recording).

    Raises
    ------
    InputError
        When a column or a reason is missing.
    """
    path = root / EXCLUSIONS
    if not is_there(path):
        return ()
    table = read_cells(path)
    need_columns(table, ("participant", "reason"), path)
    rows = [
        Exclusion(
            person_label(_cell(row, "participant")),
            _cell(row, "session").removeprefix(VISIT),
            _cell(row, "trial_id"),
            _cell(row, "reason"),
        )
        for row in table.to_dict("records")
    ]
    for number, row in enumerate(rows, 2):
        if not row.participant or not row.reason:
            raise InputError(
                f"line {number} lacks a participant or a reason", path=path, key="reason"
            )
    return tuple(rows)


def with_exclusions(trials: TrialTable, blind: Blind, participant: str, session: str) -> TrialTable:
    """Return the trials with the locked exclusions of this recording marked."""
    rows = blind.exclusions_for(participant, session)
    marks = tuple(
        ";".join(sorted({r.reason for r in rows if r.concerns(participant, session, name)}))
        for name in trials.trial_id
    )
    return replace(trials, columns={**trials.columns, EXCLUDED: marks})


def require_unmasked(folder: str | Path) -> Blind | None:
    """Return the study's lock (None: never blind).

    Raises
    ------
    InputError
        When the study is blind and not locked.
    """
    blind = blind_study_of(folder)
    if blind is not None and not blind.locked:
        raise InputError(
            "the study is blind: conditions may not be seen before quality control is locked",
            path=blind.root,
            hint="Finish quality control with: mimicry blind lock STUDY",
        )
    return blind


def lock_study(root: str | Path) -> dict[str, Any]:
    """End quality control: record the checksums of the quality tables and of the exclusions.

    Returns
    -------
    dict
        What the lock holds: tables, exclusions, counts by masked condition.

    Raises
    ------
    InputError
        When the study is not blind, a recording has no quality table, or an exclusion names a
        trial that is not there.
    OutputExistsError
        When it is locked already.
    """
    folder = Path(root)
    blind = blind_study_of(folder)
    if blind is None or blind.root != folder.resolve():
        raise InputError(
            "the study is not blind", path=folder, hint="Begin with: mimicry blind start STUDY"
        )
    if blind.locked:
        raise OutputExistsError("quality control is locked already", path=folder / LOCK)
    tables = sorted(blind.results.glob(f"**/*{BLIND_TABLE}"))
    missing = unfinished(blind.root, done=lambda r: r.file(BLIND_TABLE).is_file())
    if missing or not tables:
        what = missing[0].prefix if missing else "any recording"
        raise InputError(
            f"no quality table for {what}",
            path=folder,
            hint="Run mimicry batch STUDY first; failed recordings must stand in failures.tsv.",
        )
    trials = {path: _trials(path) for path in tables}
    known = {key for keys in trials.values() for key in keys}
    for row in read_exclusions(folder):
        if not any(row.concerns(*key) for key in known):
            raise InputError(
                f"exclusion of participant {row.participant}, trial {row.trial_id or 'all'}: "
                "there is no such trial",
                path=folder / EXCLUSIONS,
                key="trial_id" if row.trial_id else "participant",
            )
    lock = {
        "tables": {p.relative_to(blind.results.resolve()).as_posix(): sha256_of(p) for p in tables},
        "exclusions": exclusion_digest(folder),
    }
    write_json(folder / LOCK, {"blind": True, "locked": lock})
    return lock


def lock_problems(blind: Blind) -> list[tuple[str, str, str]]:
    """Return what differs from the lock: (where, what was locked, what is found)."""
    if blind.lock is None:
        return [(LOCK, "quality control locked before scoring", "not locked")]
    tables = [(name, sha, blind.results / name) for name, sha in blind.lock["tables"].items()]
    now = [(name, sha, sha256_of(p) if p.is_file() else "not there") for name, sha, p in tables]
    now.append((EXCLUSIONS, blind.lock["exclusions"], exclusion_digest(blind.root)))
    return [row for row in now if row[1] != row[2]]


def exclusion_digest(root: Path) -> str:
    """Return a checksum of what the exclusions say, in whatever order."""
    rows = read_exclusions(root)
    return digest(sorted((r.participant, r.session, r.trial_id, r.reason) for r in rows))


def _trials(path: Path) -> set[tuple[str, str, str]]:
    return {
        (_cell(row, "participant"), _cell(row, "session"), _cell(row, "trial_id"))
        for row in read_cells(path).to_dict("records")
    }


def _cell(row: Mapping[Any, str], name: str) -> str:
    return row.get(name, "").strip()
