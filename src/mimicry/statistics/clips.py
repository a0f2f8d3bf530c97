"""Group tests that hold for clips like these, not for these clips only."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mimicry.statistics.groups import TTest
from mimicry.statistics.reliability import ContrastTrials

__all__ = ["clip_means", "min_f"]

Floats = NDArray[np.float64]


def min_f(people: TTest, clips: TTest) -> TTest:
    """Combine a test over people with the same test over clips: both are random.

    Parameters
    ----------
    people, clips
        The same effect tested over people (clips averaged) and over clips (people averaged).

    Returns
    -------
    TTest
        ``t`` has the sign of the test over people; NaN with a reason where one of them has none.
        ``n``, ``mean`` and the interval are those of the test over people.

    References
    ----------
    Clark (1973), The language-as-fixed-effect fallacy, J. Verb. Learn. Verb. Behav. 12, 335-359,
    min F': ``F1 F2 / (F1 + F2)`` with ``(F1 + F2)^2 / (F1^2 / df2 + F2^2 / df1)`` degrees of
    freedom. A lower bound: with clip effects it keeps its level, without them it is cautious.

    Examples
    --------
    >>> from mimicry.statistics.groups import TTest
    >>> found = min_f(TTest(n=21, t=3.0, df=20.0), TTest(n=12, t=2.0, df=10.0))
    >>> round(found.t**2, 4), round(found.df, 3)
    (2.7692, 18.989)
    """
    if not np.isfinite([people.t, people.df, clips.t, clips.df]).all():
        return TTest(n=people.n, mean=people.mean, reason=people.reason or clips.reason)
    from scipy.special import stdtr

    first, second = people.t**2, clips.t**2
    both = first + second
    f = first * second / both if both > 0 else 0.0
    weighted = first**2 / clips.df + second**2 / people.df
    df = float(both**2 / weighted) if weighted > 0 else float(min(people.df, clips.df))
    t = float(np.copysign(np.sqrt(f), people.t))
    return TTest(
        n=people.n,
        mean=people.mean,
        low=people.low,
        high=people.high,
        t=t,
        df=df,
        p=float(2 * stdtr(df, -abs(t))),
    )


def clip_means(people: Sequence[ContrastTrials]) -> tuple[dict[str, float], dict[str, float]]:
    """Return the mean score of every clip of the emotion and of the reference, over people.

    A person's trials of a clip count once, and everyone's own level (the mean of the two sides)
    is taken out first, so that who misses a clip does not move it.
    """
    sides: tuple[dict[str, list[float]], dict[str, list[float]]] = ({}, {})
    for person in people:
        if not (len(person.emotion) and len(person.reference)):
            continue
        level = (person.emotion.mean() + person.reference.mean()) / 2
        for side, values, names in (
            (sides[0], person.emotion, person.emotion_clip),
            (sides[1], person.reference, person.reference_clip),
        ):
            labels = np.array(names)
            for name in dict.fromkeys(names):
                side.setdefault(name, []).append(float(values[labels == name].mean() - level))
    emotion, reference = (
        {name: float(np.mean(values)) for name, values in sorted(side.items())} for side in sides
    )
    return emotion, reference
