"""Starting a new protocol file."""

import re
from pathlib import Path

from mimicry.errors import OutputExistsError, ProtocolError
from mimicry.files import write_text
from mimicry.protocol.load import find_protocol, protocol_from_text
from mimicry.protocol.template import template_text

__all__ = ["start_protocol"]


def start_protocol(path: Path, *, extends: str | None = None, overwrite: bool = False) -> Path:
    """Write a commented template to `path` and return the path.

    Parameters
    ----------
    path
        File to write; ``.yaml`` is added when there is no ending.
    extends
        Protocol to change; None: a whole protocol.
    overwrite
        Replace an existing file.

    Raises
    ------
    ProtocolError
        When the file's stem is no slug, or the parent does not exist.
    OutputExistsError
        When the file exists.
    """
    path = path if path.suffix else path.with_suffix(".yaml")
    if not re.fullmatch(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", path.stem):
        raise ProtocolError(
            f"{path.stem!r} cannot name a protocol",
            path=path,
            hint="Use small letters, digits and hyphens, for instance my-study.yaml.",
        )
    if path.exists() and not overwrite:
        raise OutputExistsError(
            "the file exists already",
            path=path,
            hint="Choose another name or give `overwrite=True`.",
        )
    if not path.parent.is_dir():
        raise ProtocolError(
            "the folder does not exist", path=path.parent, hint="Make it first, or name another."
        )
    if extends is not None:
        find_protocol(extends, beside=path.parent)
    text = template_text(path.stem, parent=extends)
    protocol_from_text(text, path=path)
    return write_text(path, text)
