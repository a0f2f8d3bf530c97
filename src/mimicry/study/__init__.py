"""A whole study: its folder on disk, and the analyses that need all of its participants.

Like ``pipeline`` this joins stages that do not know one another. Names are resolved when they
are first used: who only asks where a file lies loads no analysis.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mimicry.study.folder import Study, open_study, read_scores
    from mimicry.study.group import GroupTables, group_tables
    from mimicry.study.reliability import StudyReliability, study_reliability

_HOME = {
    "GroupTables": "mimicry.study.group",
    "Study": "mimicry.study.folder",
    "StudyReliability": "mimicry.study.reliability",
    "group_tables": "mimicry.study.group",
    "open_study": "mimicry.study.folder",
    "read_scores": "mimicry.study.folder",
    "study_reliability": "mimicry.study.reliability",
}

__all__ = [
    "GroupTables",
    "Study",
    "StudyReliability",
    "group_tables",
    "open_study",
    "read_scores",
    "study_reliability",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'mimicry.study' has no attribute {name!r}")
