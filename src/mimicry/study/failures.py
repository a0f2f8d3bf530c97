"""The table of what failed, one row an input; and the one answer to "is this done, or failed?"."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from mimicry import files
from mimicry.errors import MimicryError, TableError
from mimicry.study.layout import FAILURES, RESULTS, Recording, key_of, recordings
from mimicry.study.tables import need_columns, read_cells

__all__ = ["Failure", "Failures", "read_failures", "unfinished", "write_failures"]


@dataclass(frozen=True, slots=True)
class Failure:
    """One input that could not be done.

    Parameters
    ----------
    input
        Name of the recording.
    error
        Kind of the error.
    message
        The sentence.
    """

    input: str
    error: str
    message: str

    @classmethod
    def of(cls, recording: Path, error: Exception) -> "Failure":
        """Make the row; the folder of the recording is left out of the sentence."""
        text = str(error).replace(str(recording), recording.name)
        text = text.removeprefix(f"{recording.name}: ")
        if isinstance(error, OSError) and error.strerror:
            text = f"the system refused to read or write ({error.strerror})"
        elif not isinstance(error, MimicryError):
            text = f"unexpected: {text.splitlines()[-1] if text else type(error).__name__}"
        name, text = (files.printable(t) for t in (recording.name, " ".join(text.split())))
        return cls(name, type(error).__name__, text)

    def to_json(self) -> dict[str, str]:
        """Return plain JSON types."""
        return asdict(self)


def write_failures(folder: Path, failures: list[Failure], *, name: str = FAILURES) -> Path | None:
    """Write the table; without failures, remove the one of an earlier run."""
    path = folder / name
    if not failures:
        path.unlink(missing_ok=True)
        return None
    import pandas as pd

    return files.write_tsv(path, pd.DataFrame([f.to_json() for f in failures]))


class Failures:
    """What failed in a study, by recording.

    Parameters
    ----------
    rows
        The rows of the table. Their `input` is a path below the study, or, where the table
        was made of single files, another path or a name.
    """

    def __init__(self, rows: tuple[Failure, ...] = ()) -> None:
        self.rows = rows
        self._of = {key_of(row.input): row for row in rows}

    def of(self, recording: Recording) -> Failure | None:
        """Return the failure of a recording, or None. Keys are compared, never parts of names."""
        whole = self._of.get(recording.key) or self._of.get(recording.prefix)
        if whole is not None:
            return whole
        ending = f"/{recording.key}"
        return next((row for key, row in self._of.items() if key.endswith(ending)), None)


def read_failures(results: Path) -> Failures:
    """Return what failed; nothing where there is no table.

    Raises
    ------
    TableError
        When the table is not one of failures.
    """
    path = results / FAILURES
    if not files.is_there(path, kind=TableError):
        return Failures()
    table = read_cells(path)
    need_columns(table, ("input",), path)
    for name in ("error", "message"):
        if name not in table.columns:
            table[name] = ""
    rows = table[["input", "error", "message"]].itertuples(index=False, name=None)
    return Failures(tuple(Failure(*row) for row in rows))


def unfinished(
    root: Path, *, done: Callable[[Recording], bool] = lambda recording: recording.scored
) -> list[Recording]:
    """Return the recordings of a study that are neither done nor failed, in order of their keys.

    Parameters
    ----------
    root
        The study's folder.
    done
        Tells whether a recording has what is asked for; by default its scores.

    Raises
    ------
    TableError
        When the table of failures is not one.
    """
    failures = read_failures(root / RESULTS)
    return [r for r in recordings(root) if not done(r) and failures.of(r) is None]
