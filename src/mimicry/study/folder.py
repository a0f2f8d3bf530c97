"""A study as the analyses need it: its protocol, and the tables over all of its people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mimicry.errors import InputError, TableError
from mimicry.files import is_there, read_json_object
from mimicry.protocol import Protocol, load_protocol
from mimicry.study.layout import DESCRIPTION, PERSON, PROTOCOL, RESULTS
from mimicry.study.participants import one_spelling
from mimicry.study.tables import need_columns, numbers, read_cells, refuse_repeated_rows, typed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Joint", "Study", "open_study", "read_scores", "read_table"]

_TEXT = ("participant", "session", "block", "trial_id", "condition", "stimulus", "reason", "phase",
         "comparison", "claim", "nan_reasons", "run", "participant_id")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Study:
    """A study folder and its protocol."""

    root: Path
    protocol: Protocol

    @property
    def results(self) -> Path:
        """Folder of the results: ``derivatives/mimicry``."""
        return self.root / RESULTS

    @property
    def name(self) -> str:
        """Name of the study: ``Name`` of ``dataset_description.json``, or the folder's name."""
        path = self.root / DESCRIPTION
        name = read_json_object(path, {}).get("Name") if path.is_file() else None
        return name if isinstance(name, str) and name.strip() else self.root.resolve().name


@dataclass(frozen=True, slots=True)
class Joint:
    """Which rows make one row of a kind of table, and which columns it must have."""

    kind: str
    needed: tuple[str, ...]
    optional: tuple[str, ...]
    keys: tuple[str, ...]
    twice: str
    numbers: tuple[str, ...] = ()


_PASTED = "Rows that were pasted twice must go (mimicry batch STUDY writes the table anew)."
SCORES = Joint(
    "scores",
    ("participant", "condition", "stimulus", "valid"),
    ("session", "block"),
    ("participant", "session", "block", "phase", "run", "trial_id"),
    "Recordings of one person and session need a ses- label or trial ids of their own. " + _PASTED,
    ("valid",),
)
SUMMARY = Joint(
    "summary",
    ("participant", "condition", "latency_shift_s", "latency_half_s", "nan_reasons"),
    ("session", "phase"),
    ("participant", "session", "phase", "condition"),
    "Recordings of one person and session (run-1, run-2) have a row of each condition, and a "
    "person may count once: give each a ses- label of its own, or score one file that holds both. "
    + _PASTED,
    ("latency_shift_s", "latency_half_s"),
)


def open_study(root: str | Path, protocol: str | Path | None = None) -> Study:
    """Return a study folder with its protocol.

    Parameters
    ----------
    root
        The study's folder.
    protocol
        A protocol file or name; None: the study's own ``protocol.yaml``.

    Raises
    ------
    InputError
        When the folder or its protocol is missing.
    """
    folder = Path(root)
    if not folder.is_dir():
        raise InputError("no such study folder", path=folder)
    copy = folder / PROTOCOL
    if protocol is None and not copy.is_file():
        raise InputError(
            "the study has no protocol.yaml",
            path=folder,
            key="`protocol`",
            hint="Put the protocol file there, or name it with `protocol`.",
        )
    return Study(folder, load_protocol(copy if protocol is None else protocol))


def read_scores(study: Study) -> "pd.DataFrame":
    """Return the trial scores of all participants.

    Read from ``derivatives/mimicry/scores.tsv``, or, where that is missing, from every
    participant's own ``*_scores.tsv`` below that folder.

    Raises
    ------
    TableError
        When there are no scores, a column is missing or there twice, a trial is there twice,
        or a label of a person is written in two ways.
    """
    return read_joint(study.results, SCORES)


def read_joint(results: Path, joint: Joint) -> "pd.DataFrame":
    """Return a table of all participants: ``<kind>.tsv``, or each one's own, one below the other.

    Raises
    ------
    TableError
        When there is none, a needed column is missing, a row is there twice, or a number is
        none. Optional columns become empty texts.
    """
    import pandas as pd

    paths = joint_paths(results, joint.kind)
    if not paths:
        raise TableError(
            f"no tables of {joint.kind} found",
            path=results,
            hint="Score the study first: mimicry batch STUDY.",
        )
    tables = []
    for path in paths:
        one = read_table(path)
        need_columns(one, joint.needed, path)
        if not len(one):
            raise TableError("the table has no rows", path=path)
        tables.append(one)
    where = paths[0] if len(paths) == 1 else results
    table = pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]
    for name in joint.optional:
        if name not in table.columns:
            table[name] = ""
    for name in _TEXT:
        if name in table.columns:
            table[name] = table[name].fillna("")
    numbers(table, joint.numbers, where)
    table["participant"] = table["participant"].str.removeprefix(PERSON)
    for key in ("participant", "session", "condition"):
        one_spelling(table[key], f"the same {key}", where, key)
    if not table["participant"].str.strip().all():
        raise TableError("a row names no participant", path=where, key="participant")
    refuse_repeated_rows(table, joint.keys, where, joint.twice)
    return table


def joint_paths(results: Path, kind: str) -> list[Path]:
    """Return the study's own table of a kind, or the tables of its recordings."""
    whole = results / f"{kind}.tsv"
    return [whole] if is_there(whole, kind=TableError) else own_paths(results, kind)


def own_paths(results: Path, kind: str) -> list[Path]:
    """Return the tables of a kind of single recordings."""
    return sorted(results.glob(f"{PERSON}*/**/*_{kind}.tsv"))


def not_joined(results: Path, joint: Joint, table: "pd.DataFrame") -> Iterator[str]:
    """Yield the recordings whose people and sessions are not in the study's table."""
    if not (results / f"{joint.kind}.tsv").is_file():
        return
    joined = set(zip(table["participant"], table["session"], strict=True))
    for path in own_paths(results, joint.kind):
        cells = read_cells(path)
        if "participant" not in cells.columns:
            continue
        sessions = cells["session"] if "session" in cells.columns else [""] * len(cells)
        if not set(zip(cells["participant"], sessions, strict=True)) <= joined:
            name = path.name.removesuffix(f"_{joint.kind}.tsv")
            yield (path.parent / name).relative_to(results).as_posix()


def read_table(path: Path, *, text: Sequence[str] = _TEXT) -> "pd.DataFrame":
    """Return a tab-separated table; columns of numbers are numbers, ``n/a`` is missing.

    Raises
    ------
    TableError
        When it cannot be read.
    """
    return typed(read_cells(path), text=text)
