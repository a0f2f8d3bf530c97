"""What chance means in an analysis: nulls and their registries."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

__all__ = ["Null", "nulls_by_name"]

Draw = TypeVar("Draw", bound=Callable[..., Any])


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
