"""The table of what failed: one row an input, with the reason."""

from dataclasses import asdict, dataclass
from pathlib import Path

from mimicry import files
from mimicry.errors import MimicryError

__all__ = ["Failure", "write_failures"]


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
        return cls(recording.name, type(error).__name__, text)

    def to_json(self) -> dict[str, str]:
        """Return plain JSON types."""
        return asdict(self)


def write_failures(
    folder: Path, failures: list[Failure], *, name: str = "failures.tsv"
) -> Path | None:
    """Write the table; without failures, remove the one of an earlier run."""
    path = folder / name
    if not failures:
        path.unlink(missing_ok=True)
        return None
    import pandas as pd

    return files.write_tsv(path, pd.DataFrame([f.to_json() for f in failures]))
