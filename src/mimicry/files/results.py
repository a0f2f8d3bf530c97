"""The results of one analysis in a folder: kept, refused, or written with the sidecar last."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mimicry import __version__
from mimicry.errors import InputError, OutputExistsError
from mimicry.files.atomic import make_folder, take_away, write_json, write_text, write_tsv, writing
from mimicry.files.loading import read_json_object

__all__ = ["Results"]


@dataclass(frozen=True, slots=True)
class Results:
    """Files that belong together; they are complete when the sidecar is there.

    Parameters
    ----------
    folder
        Where they lie; made when it is missing.
    sidecar
        Name of the JSON file that says what they were made from.
    digest
        :func:`mimicry.files.digest` of everything that decides them.
    overwrite
        Replace results that were made from something else.

    Raises
    ------
    InputError
        When the folder cannot be made.
    """

    folder: Path
    sidecar: str
    digest: str
    overwrite: bool = False

    def __post_init__(self) -> None:
        make_folder(self.folder)

    def kept(self, paths: Iterable[Path] = ()) -> bool:
        """Tell whether these very results are there already, with all their files.

        Raises
        ------
        OutputExistsError
            When results of other inputs or settings lie there and are not to be replaced.
        InputError
            When the sidecar there is no JSON.
        """
        sidecar = self.folder / self.sidecar
        if self.overwrite or not sidecar.exists():
            return False
        try:
            earlier = read_json_object(sidecar).get("digest")
        except InputError as error:
            raise InputError(error.message, path=sidecar, hint=_REPLACE) from error
        if earlier != self.digest:
            raise OutputExistsError(
                "results made from other inputs or settings are there already",
                path=sidecar,
                hint=_REPLACE,
            )
        return all(path.exists() for path in paths)

    @contextlib.contextmanager
    def replacing(self) -> Iterator[None]:
        """Take the sign of completeness away, and turn a full disk into a sentence.

        Raises
        ------
        InputError
            When the operating system refuses to write.
        """
        with writing(self.folder):
            take_away(self.folder / self.sidecar)
            yield

    def write(
        self, outputs: Mapping[str, Callable[[Path], Any]], about: Mapping[str, Any]
    ) -> list[Path]:
        """Write all files unless they are kept; return their paths, the sidecar's last.

        Parameters
        ----------
        outputs
            Name of each file and a function of its path. What the function returns is written:
            a table as TSV, a text as it is; one that returns something else has written itself.
        about
            What the sidecar says beside digest and version.

        Raises
        ------
        OutputExistsError
            When results of other inputs or settings lie there and are not to be replaced.
        InputError
            When the operating system refuses to write.
        """
        paths = [self.folder / name for name in outputs]
        sidecar = self.folder / self.sidecar
        if not self.kept(paths):
            with self.replacing():
                for path, made_at in zip(paths, outputs.values(), strict=True):
                    content = made_at(path)
                    if isinstance(content, str):
                        write_text(path, content)
                    elif hasattr(content, "to_csv"):
                        write_tsv(path, content)
                write_json(sidecar, {"digest": self.digest, "version": __version__, **about})
        return [*paths, sidecar]


_REPLACE = "Choose another `out` folder, or replace the results there with `overwrite=True`."
