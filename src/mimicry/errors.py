"""Every error a user can meet.

::

    MimicryError
    ├── InputError (ValueError)          something handed in is wrong: .path .key .hint
    │   ├── ProtocolError
    │   ├── StimulusError
    │   ├── RecordingError
    │   ├── EventsError
    │   └── TableError
    ├── NoFaceError                      a recording in which no face was ever seen
    ├── AlignmentError                   two clocks cannot be brought together
    ├── IntegrityError                   a file is not the one its checksum promises
    ├── OutputExistsError                results are there already and differ
    ├── LibraryError                     a library is broken, or of a version never tested
    └── MissingExtraError (ImportError)  an optional part is not installed

    QualityWarning (UserWarning)

A message says what was found, what was expected, where (file and key) and what to do next.
Parameters stand in backticks, with a value where one helps (```face='left'```); the command line
shows the option that it has for each.
Array functions in ``kernels`` raise plain ``ValueError`` and ``TypeError``.
"""

from pathlib import Path

__all__ = [
    "AlignmentError",
    "EventsError",
    "InputError",
    "IntegrityError",
    "LibraryError",
    "MimicryError",
    "MissingExtraError",
    "NoFaceError",
    "OutputExistsError",
    "ProtocolError",
    "QualityWarning",
    "RecordingError",
    "StimulusError",
    "TableError",
]


class MimicryError(Exception):
    """Base of every error that this package raises on purpose.

    Parameters
    ----------
    message
        One sentence: what was found and what was expected.
    path
        The file concerned, if there is one.
    key
        The column or key concerned, or, in backticks, the parameter.
    hint
        What to do next.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | Path | None = None,
        key: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = None if path is None else str(path)
        self.key = key
        self.hint = hint

    def __str__(self) -> str:
        """Return the sentence with file, key and advice."""
        text = self.message
        if self.path is not None and self.path not in text:
            text = f"{self.path}: {text}"
        if self.key is not None and self.key not in text:
            text = f"{text} (key: {self.key})"
        if self.hint:
            text = f"{text}{'' if text.endswith(('.', '?', '!')) else '.'} {self.hint}"
        return text

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the fields when an error crosses a process border."""
        return (_rebuild, (type(self), self.message, self.path, self.key, self.hint))


def _rebuild(
    kind: type[MimicryError], message: str, path: str | None, key: str | None, hint: str | None
) -> MimicryError:
    return kind(message, path=path, key=key, hint=hint)


class InputError(MimicryError, ValueError):
    """Something that was handed in is wrong."""


class ProtocolError(InputError):
    """A protocol file is wrong."""


class StimulusError(InputError):
    """A stimulus is unknown or its description is wrong."""


class RecordingError(InputError):
    """A video or camera recording cannot be used."""


class EventsError(InputError):
    """An events table is wrong."""


class TableError(InputError):
    """Another table (action units, landmarks, EMG) is wrong."""


class NoFaceError(MimicryError):
    """No face was seen in any frame of a recording that should be scored."""


class AlignmentError(MimicryError):
    """Two clocks cannot be brought together."""


class IntegrityError(MimicryError):
    """A file is not the one that its checksum promises."""


class OutputExistsError(MimicryError):
    """Results are there already and were made from other inputs or settings."""


class LibraryError(MimicryError):
    """A library cannot be loaded or fails, mostly in a version that was never tested."""


class MissingExtraError(MimicryError, ImportError):
    """An optional part of the package is not installed."""


class QualityWarning(UserWarning):
    """Data can be used, but with a limitation that the user must know of."""
