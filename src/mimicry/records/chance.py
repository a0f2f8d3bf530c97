"""What chance means in an analysis: the null, and how it is drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

__all__ = ["Chance", "Null", "nulls_by_name"]

Draw = TypeVar("Draw", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Chance:
    """A null, and how many surrogates stand for it from which seed.

    Parameters
    ----------
    null
        Name of a registered :class:`Null`; None: nothing is compared with chance.
    surrogates
        How many are drawn; 0: none.
    seed
        Where the draws start, with the words of the analysis.
    """

    null: str | None = None
    surrogates: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.surrogates < 0 or self.seed < 0:
            raise ValueError(f"found {self.surrogates} surrogates from seed {self.seed}; need >= 0")


@dataclass(frozen=True, slots=True)
class Null(Generic[Draw]):
    """One answer to "what could have come about by chance?".

    Parameters
    ----------
    name
        What settings, options and tables call it.
    surrogate
        What one draw deals anew, and what it keeps.
    question
        What a small p then answers.
    wrong_when
        Situations in which that answer is wrong.
    draw
        Makes surrogates; its signature is that of its registry.
    right_when
        The design or data that it is made for; "": see `wrong_when`.
    """

    name: str
    surrogate: str
    question: str
    wrong_when: str
    draw: Draw
    right_when: str = ""


def nulls_by_name(*nulls: Null[Draw]) -> dict[str, Null[Draw]]:
    """Return name -> null in the order given.

    Raises
    ------
    ValueError
        When two have one name.
    """
    registry = {null.name: null for null in nulls}
    if len(registry) < len(nulls):
        raise ValueError(f"two nulls have one name: {', '.join(n.name for n in nulls)}")
    return registry
