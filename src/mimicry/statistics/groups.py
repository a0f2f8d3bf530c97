"""Group means: one sample, two samples, percent reduction. One value per participant."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Reduction", "TTest", "one_sample", "percent_reduction", "pooled", "two_samples"]


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
    return _weighted([values], [1.0], confidence)


def two_samples(first: ArrayLike, second: ArrayLike, *, confidence: float = 0.95) -> TTest:
    """Welch test of the difference between two groups' means, two-sided.

    `effect` is the difference in units of the root mean of the two variances.
    """
    return _weighted([first, second], [1.0, -1.0], confidence)


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
    weights = np.full(len(groups), 1 / max(len(groups), 1))
    return replace(_weighted(groups, weights, confidence), effect=float("nan"))


def percent_reduction(
    control: float, control_se: float, group: float, group_se: float, t_quantile: float
) -> Reduction:
    """``100 (1 - group / control)`` with the Fieller set of independent means.

    Parameters
    ----------
    control, group
        Means in raw or calibrated units (standardised scores hide an overall reduction).
    control_se, group_se
        Their standard errors.
    t_quantile
        Quantile of t for the wanted confidence.

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
    b = group * control
    c = group**2 - square * group_se**2
    percent = 100 * (1 - group / control) if control else float("nan")
    root = b**2 - a * c
    if root < 0 or a == 0:
        return Reduction(percent, float("nan"), float("nan"), "everything")
    ratios = sorted(((b - np.sqrt(root)) / a, (b + np.sqrt(root)) / a))
    low, high = 100 * (1 - ratios[1]), 100 * (1 - ratios[0])
    return Reduction(percent, float(low), float(high), "interval" if a > 0 else "outside")


def _weighted(groups: Sequence[ArrayLike], weights: ArrayLike, confidence: float) -> TTest:
    """Test a weighted sum of group means against 0, with Welch's degrees of freedom.

    `effect` is the sum in units of the root of the groups' mean variance.
    """
    from scipy.special import stdtr, stdtrit

    finite = [data[np.isfinite(data)] for data in (np.asarray(v, np.float64) for v in groups)]
    size, weight = np.array([len(data) for data in finite]), np.array(weights)
    n = int(size.sum())
    if not len(size) or size.min() < 2:
        return TTest(n=n, reason="too_few_participants")
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(weight @ [data.mean() for data in finite])
        variance = np.array([data.var(ddof=1) for data in finite])
    if not np.isfinite(variance).all():
        return TTest(n=n, reason="too_large")
    least = [1e-12 * max(1.0, float(np.abs(data).max())) for data in finite]
    if (np.sqrt(variance) <= least).all():
        return TTest(n=n, mean=mean, reason="no_variance")
    parts = weight**2 * variance / size
    share = parts / parts.sum()
    df = float(size[0] - 1 if len(size) == 1 else 1 / (share**2 / (size - 1)).sum())
    se = float(np.sqrt(parts.sum()))
    t, half = mean / se, float(stdtrit(df, 0.5 + confidence / 2)) * se
    effect = mean / float(np.sqrt(variance.mean()))
    p = float(2 * stdtr(df, -abs(t)))
    return TTest(n, mean, se, t, df, p, mean - half, mean + half, effect)
