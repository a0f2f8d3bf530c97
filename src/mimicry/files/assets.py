"""Where the files that ship with the package lie: protocols, stimuli, sample data."""

from pathlib import Path

__all__ = ["asset_folder"]


def asset_folder(name: str) -> Path:
    """Return the folder ``protocols``, ``stimuli`` or ``sample_data``.

    A built wheel carries them inside the package, a checkout at its top level.

    Raises
    ------
    FileNotFoundError
        When the installation lacks the folder.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_assets" / name, package.parents[1] / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f"this installation has no folder {name!r}; reinstall with: pip install facial-mimicry"
    )
