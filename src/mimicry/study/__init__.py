"""A whole study: reading its folder, and the analyses that need all of its participants.

Like ``pipeline`` this joins stages that do not know one another.
"""

from mimicry.study.folder import Study, open_study, read_scores
from mimicry.study.group import GroupTables, group_tables
from mimicry.study.reliability import StudyReliability, study_reliability

__all__ = [
    "GroupTables",
    "Study",
    "StudyReliability",
    "group_tables",
    "open_study",
    "read_scores",
    "study_reliability",
]
