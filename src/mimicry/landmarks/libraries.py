"""Python libraries: which versions are here, which were tested, and errors that come of others.

The tested ranges are those of pyproject.toml, read from the installed package.
"""

import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from itertools import dropwhile
from pathlib import Path
from traceback import extract_tb

from packaging.requirements import Requirement

from mimicry.errors import LibraryError, MimicryError, MissingExtraError
from mimicry.landmarks import native

__all__ = ["Library", "explained", "explained_output", "libraries"]

_PACKAGE = "facial-mimicry"
_REPORT = (
    f"Install again (python -m pip install --force-reinstall {_PACKAGE}); if that does not help, "
    "report it with the output of `mimicry doctor`."
)


@dataclass(frozen=True, slots=True)
class Library:
    """A library (or Python itself) that the package rests on.

    Parameters
    ----------
    name
        As pip calls it.
    installed
        The version here; None when it is not installed.
    tested
        The versions it was tested with.
    fits
        Whether the version here is one of them.
    """

    name: str
    installed: str | None
    tested: str
    fits: bool

    def __str__(self) -> str:
        """Return name, version and tested range."""
        return f"{self.name} {self.installed or 'is missing'} (tested: {self.tested})"

    @property
    def remedy(self) -> str:
        """Return what to do when it does not fit."""
        if self.name == "Python":
            return f"install it with Python {self.tested}"
        return f'python -m pip install "{self.name}{self.tested}"'


def libraries() -> list[Library]:
    """Return Python and every library that the package asks for.

    Libraries of optional parts are listed where they are installed. Without the installed
    package (a bare source tree) no range is known, and the list is empty.
    """
    try:
        lines = requires(_PACKAGE) or []
    except PackageNotFoundError:
        return []
    listed = [_library(Requirement(line)) for line in lines]
    return [_python(), *(library for library in listed if library is not None)]


def _python() -> Library:
    """Return this Python, with the versions that the package's classifiers name."""
    running = platform.python_version()
    labels = metadata(_PACKAGE).get_all("Classifier") or []
    tested = re.findall(r"Python :: (3\.\d+)$", "\n".join(labels), re.MULTILINE)
    fits = any(running.startswith(f"{minor}.") for minor in tested)
    return Library("Python", running, ", ".join(tested), fits)


def explained(error: BaseException) -> MimicryError | None:
    """Return what a user needs to know of an error that a library caused.

    That is a failed import, or any error at all while a library here was never tested. Other
    errors are slips in this package: None.
    """
    if isinstance(error, MimicryError):
        return error
    imported = isinstance(error, ImportError)
    if imported and str(getattr(error, "name", None) or "").split(".")[0] == "mimicry":
        return None
    if not imported and not any(True for _ in _unfit()):
        return None
    frames = extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    told = _sentence(f"{type(error).__name__}: {_one_line(str(error))}{place}", str(error))
    told.__cause__ = error
    return told


def explained_output(who: str, code: int, text: str) -> MimicryError:
    """Return the error of a process that ended with `code` after printing `text`."""
    lines = [line for line in text.splitlines() if line.strip()]
    problem = lines[-1] if lines else "it said nothing"
    _, traced, trace = text.rpartition("Traceback (most recent call last):\n")
    if traced:
        # what follows the indented frames is the error itself
        last = list(dropwhile(lambda line: line.startswith(" "), trace.splitlines()))
        problem = " ".join(last) or problem
        if places := re.findall(r'File "([^"]+)", line (\d+)', trace):
            problem = f"{_one_line(problem)} ({Path(places[-1][0]).name}, line {places[-1][1]})"
    error = _sentence(f"{who} ended with code {code}: {_one_line(problem)}", text)
    error.add_note(text[-4000:])
    return error


def _sentence(problem: str, text: str) -> MimicryError:
    shared = native.named_in(text)
    if shared is not None:
        return MissingExtraError(
            f"a shared library of the system is missing ({shared}).",
            hint=f"Install it; on Debian or Ubuntu: {native.install_command([shared])}",
        )
    unfit = list(_unfit())
    if not unfit:
        return LibraryError(problem, hint=_REPORT)
    return LibraryError(
        f"{problem}; never tested: {', '.join(map(str, unfit))}",
        hint=f"Install what was tested: {'; '.join(library.remedy for library in unfit)}",
    )


def _unfit() -> Iterator[Library]:
    return (library for library in libraries() if not library.fits)


def _library(requirement: Requirement) -> Library | None:
    """Return one library; None for one of an optional part that is not installed."""
    try:
        installed = version(requirement.name)
    except PackageNotFoundError:
        installed = None
    optional = requirement.marker is not None
    if optional and (installed is None or 'extra == "dev"' in str(requirement.marker)):
        return None
    fits = installed is not None and requirement.specifier.contains(installed, prereleases=True)
    # lower bound first
    tested = ",".join(sorted(map(str, requirement.specifier), reverse=True))
    return Library(requirement.name, installed, tested, fits)


def _one_line(text: str, limit: int = 300) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
