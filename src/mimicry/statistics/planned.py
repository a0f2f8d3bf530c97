"""The declared test of a study: one score a person in, estimate, p and decision out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mimicry.statistics.clips import ClipTable, stacked
from mimicry.statistics.crossed import crossed
from mimicry.statistics.groups import TTest, one_sample, two_samples

__all__ = ["Decision", "PlannedTest", "decide"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlannedTest:
    """What is asked of the people's scores, and what counts as an answer.

    Parameters
    ----------
    between
        Positions of the two groups that are compared, the predicted larger one first; None:
        all people together.
    trait
        The score's correlation with a trait instead of its mean.
    direction
        +1 where a positive estimate is predicted, -1 where a negative one is.
    alpha, two_sided
        Level, and whether the other direction counts too.
    """

    between: tuple[int, int] | None = None
    trait: bool = False
    direction: float = 1.0
    alpha: float = 0.05
    two_sided: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """What the test says of one study.

    Parameters
    ----------
    test
        Estimate (``mean``), interval, t and n; `effect` is d_z, d or r. Its p is two-sided.
    p
        One-sided where the test is; NaN where `test` has a reason. With clips random where people
        share clips.
    p_these_clips_only
        The same of the plain t test over people: it speaks of these clips, not of others.
    significant
        p reaches the level; never without a p.
    right_way
        The estimate has the predicted sign.
    """

    test: TTest
    p: float
    p_these_clips_only: float
    significant: bool
    right_way: bool


def decide(
    planned: PlannedTest,
    scores: Sequence[Floats],
    traits: Sequence[Floats] = (),
    clips: Sequence[Sequence[ClipTable]] = (),
) -> Decision:
    """Run a planned test.

    Parameters
    ----------
    planned
        Which test.
    scores
        One array (n_g,) a group: the score of each person, or its difference within the person;
        NaN takes no part.
    traits
        The same people's trait, for a test of it; a person without one takes no part.
    clips
        For each group the same people's scores by clip, as
        :func:`mimicry.statistics.crossed.crossed` takes them; empty: people share no clips, or the
        score has no trials. A correlation with a trait needs none: what a clip does to everybody
        does not change it.

    Examples
    --------
    >>> found = decide(PlannedTest(two_sided=False), [np.array([1.0, 2.0, 3.0])])
    >>> found.test.mean, round(found.p, 4), found.significant
    (2.0, 0.0371, True)
    """
    plain = _plain(planned, scores, traits)
    test = plain if planned.trait or not clips else _with_clips(planned, scores, clips)
    right_way = bool(test.mean * planned.direction > 0)
    p, p_plain = (_sided(planned, t) for t in (test, plain))
    return Decision(test, p, p_plain, bool(p <= planned.alpha), right_way)


def _plain(planned: PlannedTest, scores: Sequence[Floats], traits: Sequence[Floats]) -> TTest:
    """Test the scores with nothing but people random."""
    if planned.trait:
        return _correlation(np.concatenate(list(scores)), np.concatenate(list(traits)))
    if planned.between is not None:
        return two_samples(*(scores[g] for g in planned.between))
    return one_sample(np.concatenate(list(scores)))


def _with_clips(
    planned: PlannedTest, scores: Sequence[Floats], clips: Sequence[Sequence[ClipTable]]
) -> TTest:
    """Test the scores with clips random as well."""
    kept = [np.isfinite(of_group) for of_group in scores]
    clips = [[table.of(k) for table in sides] for sides, k in zip(clips, kept, strict=True)]
    if planned.between is not None:
        return crossed([clips[g] for g in planned.between]).test([1.0, -1.0])
    return crossed([[stacked(tables) for tables in zip(*clips, strict=True)]]).test([1.0])


def _sided(planned: PlannedTest, test: TTest) -> float:
    """Return the p of a test, one-sided where the plan is."""
    if planned.two_sided:
        return test.p
    return test.p / 2 if test.mean * planned.direction > 0 else 1 - test.p / 2


def _correlation(first: Floats, second: Floats) -> TTest:
    """Test Pearson's r against 0, with the interval of Fisher's z from four people on."""
    from scipy.special import stdtr

    finite = np.isfinite(first) & np.isfinite(second)
    n = int(finite.sum())
    if n < 3:
        return TTest(n=n, reason="too_few_participants")
    x, y = first[finite] - first[finite].mean(), second[finite] - second[finite].mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    if size <= 1e-24:
        return TTest(n=n, reason="no_variance")
    r = float(np.clip((x @ y) / size, -1.0, 1.0))
    left = 1 - r**2
    t = float(np.copysign(np.inf, r)) if left <= 0 else r * float(np.sqrt((n - 2) / left))
    z = float(np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15)))
    half = 1.959964 / float(np.sqrt(n - 3)) if n > 3 else float("nan")
    return TTest(
        n=n,
        mean=r,
        se=float(np.sqrt(max(left, 0.0) / (n - 2))),
        t=t,
        df=n - 2.0,
        p=float(2 * stdtr(n - 2.0, -abs(t))),
        low=float(np.tanh(z - half)),
        high=float(np.tanh(z + half)),
        effect=r,
    )
