"""The primary test that a protocol declares, as the statistics take it."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mimicry.statistics.planned import PlannedTest

if TYPE_CHECKING:
    from mimicry.protocol import Protocol
    from mimicry.protocol.schema_scored import Effect
    from mimicry.simulation.effects import Change, Group

__all__ = ["primary_test"]


def primary_test(protocol: "Protocol", groups: Sequence["Group"] = ()) -> PlannedTest:
    """Return the primary test of a protocol.

    Parameters
    ----------
    protocol
        A checked protocol.
    groups
        Groups of people other than the protocol's own. Two of them are compared, the first
        predicted larger, unless the test names two of them itself or asks about a trait.
    """
    primary = protocol.file.analysis.primary
    names = [group.name for group in groups] or list(protocol.file.design.groups)
    between = None
    if primary.between is not None and {primary.between.more, primary.between.less} <= set(names):
        between = names.index(primary.between.more), names.index(primary.between.less)
    elif len(groups) == 2 and primary.trait is None:
        between = 0, 1
    changes: Iterable[Change | Effect] = [c for group in groups for c in group.changes]
    if not groups:
        changes = [e for e in protocol.file.prediction.effects if e.predicted]
    return PlannedTest(
        between=between,
        trait=primary.trait is not None,
        direction=_direction(protocol, changes),
        alpha=primary.alpha,
        two_sided=primary.two_sided,
    )


def _direction(protocol: "Protocol", changes: Iterable["Change | Effect"]) -> float:
    """-1 where a trait lowers the score, or raises that of the lesser level; else +1."""
    primary = protocol.file.analysis.primary
    for change in changes if primary.trait is not None else ():
        if change.trait == primary.trait:
            sign = -1.0 if change.gain < 1 else 1.0
            within = primary.within
            on_less = within is not None and change.where.get(within.factor) == within.less
            return -sign if on_less else sign
    return 1.0
