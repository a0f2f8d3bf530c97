"""Group means: one sample, two samples, percent reduction. One value per participant."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "ClipPart",
    "GroupMeans",
    "Reduction",
    "TTest",
    "no_variance",
    "one_sample",
    "people_means",
    "percent_reduction",
    "pooled",
    "two_samples",
]

Floats = NDArray[np.float64]
_ROUNDING = 1e-12  # SD, in units of the values, that rounding alone makes


@dataclass(frozen=True, slots=True)
class TTest:
    """A mean (or difference) with its t test.

    `effect` is dz (mean / SD) for one sample and d (difference / pooled SD) for two. `reason`
    says why the numbers are NaN: ``too_few_participants``, ``no_variance`` or ``too_large``
    (values whose variance no floating-point number holds).
    """

    n: int
    mean: float = float("nan")
    se: float = float("nan")
    t: float = float("nan")
    df: float = float("nan")
    p: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    effect: float = float("nan")
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ClipPart:
    """What the clips of one side add to the covariance of the groups' means, (G, G)."""

    covariance: Floats
    df: int


@dataclass(frozen=True, slots=True, eq=False)
class GroupMeans:
    """Means of G groups, and where their uncertainty comes from.

    Parameters
    ----------
    n, mean
        (G,) people, and mean over them.
    variance
        (G,) variance over people, who saw the same clips where they share clips.
    clips
        What clips add where they are random too, from :func:`mimicry.statistics.crossed.crossed`.
    reason
        Why there is no test: ``too_few_participants``, ``too_few_clips``, ``no_variance`` or
        ``too_large``.
    """

    n: NDArray[np.int64]
    mean: Floats
    variance: Floats
    clips: tuple[ClipPart, ...] = ()
    reason: str = ""

    @property
    def covariance(self) -> Floats:
        """(G, G) covariance of the means, from people and clips."""
        return np.asarray(np.diag(self.variance / self.n) + sum(c.covariance for c in self.clips))

    def test(self, weights: ArrayLike, *, confidence: float = 0.95) -> TTest:
        """Test a weighted sum of the means against 0, two-sided.

        Parameters
        ----------
        weights
            (G,) 1 for one group, 1 and -1 for a difference; a group with weight 0 takes no part.

        Returns
        -------
        TTest
            `effect` is the sum in SDs of the value of a new person (on new clips). Degrees of
            freedom: Welch and Satterthwaite, from the variances of people (n - 1) and of clips
            (clips - 1).
        """
        weight = np.asarray(weights, np.float64)
        used = weight != 0
        n, mean = int(self.n[used].sum()), float(weight[used] @ self.mean[used])
        if self.reason:
            return TTest(n=n, mean=mean, reason=self.reason)
        parts = [*(weight**2 * self.variance / self.n)[used]]
        dfs = [*(self.n[used] - 1)]
        for clips in self.clips:
            size = weight @ clips.covariance @ weight
            if size > 0:
                parts.append(size)
                dfs.append(clips.df)
        scale = max(1.0, float(np.abs(self.mean[used]).max()))
        if not sum(parts) * n > (_ROUNDING * scale) ** 2:
            return TTest(n=n, mean=mean, reason="no_variance")
        share = np.array(parts) / sum(parts)
        df = float(dfs[0]) if len(dfs) == 1 else float(1 / (share**2 / np.array(dfs)).sum())
        single = self.variance + sum(np.diag(clips.covariance) for clips in self.clips)
        effect = mean / float(np.sqrt(np.mean(single[used])))
        return _t_test(n, mean, float(np.sqrt(sum(parts))), df, effect, confidence)

    def pooled(self, *, confidence: float = 0.95) -> TTest:
        """Test the mean of the means against 0; see :func:`pooled`."""
        weights = np.full(len(self.n), 1 / max(len(self.n), 1))
        return replace(self.test(weights, confidence=confidence), effect=float("nan"))


@dataclass(frozen=True, slots=True)
class Reduction:
    """Percent reduction of a group against a control group, with its Fieller set.

    With kind ``interval`` the set runs from `low` to `high`; with ``outside`` it is everything
    except what lies between them (the control mean is not clearly different from 0); with
    ``everything`` no value is excluded and both are NaN.
    """

    percent: float
    low: float
    high: float
    kind: Literal["interval", "outside", "everything"]

    @property
    def reason(self) -> str:
        """Why the percentage must not be given: ``no_interval``, or nothing."""
        return "" if self.kind == "interval" else "no_interval"


def one_sample(values: ArrayLike, *, confidence: float = 0.95) -> TTest:
    """Test a mean against 0, two-sided. NaN values take no part.

    Examples
    --------
    >>> result = one_sample([1.0, 2.0, 3.0])
    >>> round(result.t, 4), result.df, result.effect
    (3.4641, 2.0, 2.0)
    """
    return people_means([values]).test([1.0], confidence=confidence)


def two_samples(first: ArrayLike, second: ArrayLike, *, confidence: float = 0.95) -> TTest:
    """Welch test of the difference between two groups' means, two-sided.

    `effect` is the difference in units of the root mean of the two variances.
    """
    return people_means([first, second]).test([1.0, -1.0], confidence=confidence)


def pooled(groups: Sequence[ArrayLike], *, confidence: float = 0.95) -> TTest:
    """Test the mean of the group means against 0, groups weighted equally, two-sided.

    This is the gate of a group comparison: do all of them together respond? Gating on the
    control group alone would inflate the difference. `effect` is NaN.

    Examples
    --------
    >>> result = pooled([[1.0, 2.0, 3.0], [0.0, 1.0, 2.0]])
    >>> result.mean, round(result.t, 4), result.df
    (1.5, 3.6742, 4.0)
    """
    return people_means(groups).pooled(confidence=confidence)


def people_means(groups: Sequence[ArrayLike]) -> GroupMeans:
    """Return the means of groups of people, each with one value; NaN takes no part."""
    finite = [data[np.isfinite(data)] for data in (np.asarray(v, np.float64) for v in groups)]
    size = np.array([len(data) for data in finite], dtype=np.int64)
    missing = np.full(len(size), np.nan)
    if not len(size) or size.min() < 2:
        return GroupMeans(size, missing, missing, reason="too_few_participants")
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.array([data.mean() for data in finite])
        variance = np.array([data.var(ddof=1) for data in finite])
    if not np.isfinite(variance).all():
        return GroupMeans(size, missing, missing, reason="too_large")
    return GroupMeans(size, mean, variance, reason=no_variance(finite))


def no_variance(groups: Sequence[Floats]) -> str:
    """Return ``no_variance`` where no group has more spread than rounding makes, else nothing."""
    largest = [max(1.0, float(np.abs(data).max())) for data in groups]
    spread = any(d.std(ddof=1) > _ROUNDING * m for d, m in zip(groups, largest, strict=True))
    return "" if spread else "no_variance"


def percent_reduction(
    control: float,
    control_se: float,
    group: float,
    group_se: float,
    t_quantile: float,
    *,
    covariance: float = 0.0,
) -> Reduction:
    """``100 (1 - group / control)`` with its Fieller set.

    Parameters
    ----------
    control, group
        Means in raw or calibrated units (standardised scores hide an overall reduction).
    control_se, group_se
        Their standard errors.
    t_quantile
        Quantile of t for the wanted confidence.
    covariance
        Of the two means: what clips that both groups saw have in common; 0: independent means.

    References
    ----------
    Fieller (1954), Some problems in interval estimation, JRSS B 16, 175-185.

    Examples
    --------
    >>> found = percent_reduction(1.0, 0.2, 0.6, 0.2, 1.99)
    >>> round(found.percent, 1), round(found.low, 1), round(found.high, 1)
    (40.0, -23.1, 80.5)
    """
    square = t_quantile**2
    a = control**2 - square * control_se**2
    b = group * control - square * covariance
    c = group**2 - square * group_se**2
    percent = 100 * (1 - group / control) if control else float("nan")
    root = b**2 - a * c
    if root < 0 or a == 0:
        return Reduction(percent, float("nan"), float("nan"), "everything")
    ratios = sorted(((b - np.sqrt(root)) / a, (b + np.sqrt(root)) / a))
    low, high = 100 * (1 - ratios[1]), 100 * (1 - ratios[0])
    return Reduction(percent, float(low), float(high), "interval" if a > 0 else "outside")


def _t_test(n: int, mean: float, se: float, df: float, effect: float, confidence: float) -> TTest:
    from scipy.special import stdtr, stdtrit

    t, half = mean / se, float(stdtrit(df, 0.5 + confidence / 2)) * se
    p = float(2 * stdtr(df, -abs(t)))
    return TTest(n, mean, se, t, df, p, mean - half, mean + half, effect)
