"""The folder of a study: where its protocol, recordings and scores lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mimicry.errors import InputError, TableError
from mimicry.protocol import Protocol, load_protocol

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Study", "open_study", "read_scores", "read_table"]

_TEXT = ("participant", "session", "block", "trial_id", "condition", "stimulus", "reason", "phase")


@dataclass(frozen=True, slots=True)
class Study:
    """A study folder and its protocol."""

    root: Path
    protocol: Protocol

    @property
    def results(self) -> Path:
        """Where results lie: ``derivatives/mimicry``."""
        return self.root / "derivatives" / "mimicry"


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
    own = folder / "protocol.yaml"
    if protocol is None and not own.is_file():
        raise InputError(
            "the study has no protocol.yaml",
            path=folder,
            key="--protocol",
            hint="Put the protocol file there, or name it with --protocol.",
        )
    return Study(folder, load_protocol(own if protocol is None else protocol))


def read_scores(study: Study) -> "pd.DataFrame":
    """Return the trial scores of all participants.

    Read from ``derivatives/mimicry/scores.tsv``, or, where that is missing, from every
    participant's own ``*_scores.tsv`` below that folder.

    Raises
    ------
    TableError
        When there are no scores, or a column is missing.
    """
    needed = ("participant", "condition", "stimulus", "valid")
    return read_joint(study.results, "scores", needed=needed, optional=("session", "block"))


def read_joint(
    results: Path, kind: str, *, needed: Sequence[str], optional: Sequence[str]
) -> "pd.DataFrame":
    """Return a table of all participants: ``<kind>.tsv``, or each one's own, one below the other.

    Raises
    ------
    TableError
        When there is none, or a needed column is missing. Optional ones become empty texts.
    """
    import pandas as pd

    whole = results / f"{kind}.tsv"
    paths = [whole] if whole.is_file() else sorted(results.glob(f"sub-*/**/*_{kind}.tsv"))
    if not paths:
        raise TableError(
            f"no tables of {kind} found",
            path=results,
            hint="Score the study first: mimicry batch STUDY.",
        )
    table = pd.concat([read_table(path) for path in paths], ignore_index=True)
    for name in needed:
        if name not in table.columns:
            raise TableError(f"the table has no column {name!r}", path=paths[0], key=name)
    for name in optional:
        if name not in table.columns:
            table[name] = ""
    return table


def read_table(path: Path) -> "pd.DataFrame":
    """Return a tab-separated table; text columns stay text, ``n/a`` is missing.

    Raises
    ------
    TableError
        When it cannot be read.
    """
    import pandas as pd

    try:
        table = pd.read_csv(
            path,
            sep="\t",
            keep_default_na=False,
            na_values=["n/a", ""],
            dtype=dict.fromkeys(_TEXT, str),
        )
    except (OSError, ValueError) as error:
        raise TableError(f"not a readable table ({error})", path=path) from error
    for name in _TEXT:
        if name in table.columns:
            table[name] = table[name].fillna("")
    return table
