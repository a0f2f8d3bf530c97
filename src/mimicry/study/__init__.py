"""A whole study on disk: where its files lie, what they hold, who took part."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mimicry.study.folder import Study, open_study, read_scores

__all__ = ["Study", "open_study", "read_scores"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("mimicry.study.folder"), name)
    raise AttributeError(f"module 'mimicry.study' has no attribute {name!r}")
