"""The people of a study: ``participants.tsv``, its one writer, and everybody's group."""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimicry.errors import InputError, QualityWarning, TableError
from mimicry.files import is_there, read_text, write_json, write_text, write_tsv
from mimicry.study.layout import PARTICIPANTS, PARTICIPANTS_SIDECAR, PERSON
from mimicry.study.tables import MISSING, read_cells

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "People",
    "enter_participant",
    "one_spelling",
    "person_label",
    "read_people",
    "write_people",
]

_ID = "participant_id"
# what people and programs write for "missing"; BIDS knows n/a alone
_ALMOST_MISSING = frozenset({"n/a", "na", "n.a.", "nan", "none", "null", "#n/a", "<na>"})


@dataclass(frozen=True, slots=True)
class People:
    """The rows of ``participants.tsv``.

    Parameters
    ----------
    path
        The file.
    labels
        Label of each person without ``sub-``, as text.
    columns
        The other columns: name -> one text a person, ``""`` where it is missing.
    """

    path: Path
    labels: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]

    def groups(self, by: str) -> dict[str, str]:
        """Return label -> group of everybody who has one.

        Raises
        ------
        TableError
            When a group is written in several ways.
        """
        cells = self.columns[by]
        for label, cell in zip(self.labels, cells, strict=True):
            if _folded(cell) in _ALMOST_MISSING:
                raise TableError(
                    f"participant {label} has {cell!r} in column {by!r}: a group, or missing?",
                    path=self.path,
                    key=by,
                    hint="A missing value is written n/a.",
                )
        one_spelling([c for c in cells if c], f"the same group in column {by!r}", self.path, by)
        pairs = zip(self.labels, cells, strict=True)
        return {label: " ".join(cell.split()) for label, cell in pairs if cell}


def read_people(root: Path) -> People | None:
    """Return the people of a study, or None where it has no ``participants.tsv``.

    Raises
    ------
    TableError
        When a person stands there twice (``01`` and ``sub-01`` are one person), a row names
        nobody, or there is no column ``participant_id``.
    """
    path = root / PARTICIPANTS
    if not is_there(path, kind=TableError):
        return None
    table = read_cells(path)
    if _ID not in table.columns:
        raise TableError(
            f"no column {_ID!r}; it has {', '.join(table.columns)}",
            path=path,
            key=_ID,
            hint="BIDS names the people of a study in it: sub-01, sub-02, ...",
        )
    labels = [person_label(cell) for cell in table[_ID]]
    for number, label in enumerate(labels, 1):
        if not label:
            raise TableError(f"row {number} names no participant", path=path, key=_ID)
    seen: dict[str, str] = {}
    for label, cell in zip(labels, table[_ID], strict=True):
        other = seen.setdefault(label.casefold(), cell)
        if other is not cell:
            both = f"{cell!r}" if cell == other else f"{other!r} and {cell!r}"
            raise TableError(
                f"a participant is there twice: {both}",
                path=path,
                key=_ID,
                hint="One row a person; what differs between visits belongs to sessions.tsv.",
            )
    others = [c for c in table.columns if c != _ID]
    return People(path, tuple(labels), {c: tuple(table[c]) for c in others})


def enter_participant(study: Path, participant: str) -> None:
    """Add a person to ``participants.tsv``, once; what stands there stays as it is.

    A list that cannot be read is left alone, with a warning: a session is never lost for it.
    """
    path = study / PARTICIPANTS
    try:
        people = read_people(study)
        if people is None:
            write_text(path, f"{_ID}\n{PERSON}{participant}\n")
        elif participant not in people.labels:
            _append(path, participant)
    except TableError as error:
        text = f"participant {participant} was not entered in the list: {error}"
        warnings.warn(QualityWarning(text), stacklevel=2)
    sidecar = study / PARTICIPANTS_SIDECAR
    if not sidecar.exists():
        write_json(sidecar, {_ID: {"Description": "label of the participant"}})


def _append(path: Path, label: str) -> None:
    text = read_text(path, kind=TableError)
    end = "\r\n" if "\r\n" in text else "\n"
    names = text.replace("\r", "\n").split("\n", 1)[0].split("\t")
    cells = [f"{PERSON}{label}" if n.strip() == _ID else MISSING[0] for n in names]
    row = "\t".join(cells)
    before = text.rstrip("\r\n")  # an empty last cell ends with its tab
    write_text(path, f"{before}{end}{row}{end}")


def write_people(
    study: Path, table: "pd.DataFrame", descriptions: Mapping[str, Mapping[str, Any]]
) -> None:
    """Write ``participants.tsv`` with the sidecar that says what its columns mean.

    Parameters
    ----------
    study
        The study's folder.
    table
        One row a person, named ``sub-...`` in ``participant_id``.
    descriptions
        Column -> its entry in the sidecar, as BIDS has them.
    """
    write_tsv(study / PARTICIPANTS, table)
    write_json(study / PARTICIPANTS_SIDECAR, descriptions)


def person_label(text: str) -> str:
    """Return a person's label as the results have it.

    Examples
    --------
    >>> person_label(" sub-01")
    '01'
    """
    return text.strip().removeprefix(PERSON)


def one_spelling(labels: Iterable[str], what: str, path: Path | None, key: str) -> None:
    """Refuse labels that differ by case, blanks or leading zeros alone.

    Raises
    ------
    TableError
        With the spellings.
    """
    seen: dict[str, str] = {}
    for label in dict.fromkeys(labels):
        other = seen.setdefault(_folded(label), label)
        if other is not label:
            raise TableError(
                f"{what} is written {other!r} and {label!r}",
                path=path,
                key=key,
                hint="Write it in one way.",
            )


def column_or_near(people: People, name: str) -> str | None:
    """Return the column of this name; None where there is none that is even like it.

    Raises
    ------
    InputError
        When only a column is there whose name differs by case or blanks.
    """
    if name in people.columns:
        return name
    near = [c for c in people.columns if _folded(c) == _folded(name)]
    if near:
        raise InputError(
            f"no column {name!r}, but {near[0]!r}",
            path=people.path,
            key="`by`",
            hint=f"Name it with `by={near[0]!r}`, or rename the column.",
        )
    return None


def _folded(label: str) -> str:
    folded = " ".join(label.casefold().split())
    try:
        return repr(float(folded)) if folded and set(folded) <= set("0123456789.") else folded
    except ValueError:
        return folded
