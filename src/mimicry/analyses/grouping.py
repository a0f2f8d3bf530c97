"""Which group every row of a table belongs to."""

from typing import TYPE_CHECKING

from mimicry.errors import InputError
from mimicry.study.participants import People, column_or_near

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ALL", "UNKNOWN", "group_of", "with_groups"]

ALL, UNKNOWN = "all", "unknown"


def with_groups(summary: "pd.DataFrame", people: People | None, by: str | None) -> "pd.DataFrame":
    """Return the condition tables with the column `by` of ``participants.tsv``.

    None: the column ``group``; where there is no such column everybody is in the group ``all``.
    Who stands in no row of that file, or has no group there, is in the group ``unknown``.

    Raises
    ------
    InputError
        When a named column is missing, or a group is written in several ways.
    """
    labels = group_of(people, by)
    if labels is None:
        if by is not None:
            columns = [] if people is None else list(people.columns)
            raise InputError(
                f"no column {by!r} in participants.tsv; it has {', '.join(columns) or 'none'}",
                path=None if people is None else people.path,
                key="`by`",
            )
        return summary.assign(group=ALL)
    name = by or "group"
    if name in summary.columns:
        raise InputError(f"the condition tables have a column {name!r} of their own", key="`by`")
    return summary.assign(**{name: [labels.get(p, UNKNOWN) for p in summary["participant"]]})


def group_of(people: People | None, by: str | None) -> dict[str, str] | None:
    """Return label of a person -> group; None where the study has no such column.

    Raises
    ------
    InputError
        When a group is written in several ways, or called like people without one.
    """
    column = None if people is None else column_or_near(people, by or "group")
    if people is None or column is None:
        return None
    groups = people.groups(column)
    if UNKNOWN in groups.values():
        raise InputError(
            f"a group is called {UNKNOWN!r}, as people without a group are here",
            path=people.path,
            key=column,
            hint="Write n/a for them, or rename the group.",
        )
    return groups
