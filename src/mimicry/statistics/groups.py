"""Group means: one sample, two samples, percent reduction. One value per participant."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
    data = _finite(values)
    n = len(data)
    if n < 2:
        return TTest(n=n, reason="too_few_participants")
    with np.errstate(over="ignore", invalid="ignore"):
        sd = float(data.std(ddof=1))
    if not np.isfinite(sd):
        return TTest(n=n, reason="too_large")
    if sd <= 1e-12 * max(1.0, float(np.abs(data).max())):
        return TTest(n=n, mean=float(data.mean()), reason="no_variance")
    mean = float(data.mean())
    return _finish(n, mean, sd / np.sqrt(n), n - 1.0, mean / sd, confidence)


def two_samples(first: ArrayLike, second: ArrayLike, *, confidence: float = 0.95) -> TTest:
    """Welch test of the difference between two groups' means, two-sided.

    `effect` is the difference in units of the root mean of the two variances.
    """
    a, b = _finite(first), _finite(second)
    n = len(a) + len(b)
    if min(len(a), len(b)) < 2:
        return TTest(n=n, reason="too_few_participants")
    with np.errstate(over="ignore", invalid="ignore"):
        parts = np.array([a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)])
        df_parts = (parts**2).sum()
    if not np.isfinite(df_parts):
        return TTest(n=n, reason="too_large")
    if parts.sum() <= 1e-24:
        return TTest(n=n, mean=float(a.mean() - b.mean()), reason="no_variance")
    df = float(parts.sum() ** 2 / (parts**2 / np.array([len(a) - 1, len(b) - 1])).sum())
    mean = float(a.mean() - b.mean())
    spread = float(np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2))
    return _finish(n, mean, float(np.sqrt(parts.sum())), df, mean / spread, confidence)


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
    data = [_finite(values) for values in groups]
    n = sum(map(len, data))
    if not data or min(map(len, data)) < 2:
        return TTest(n=n, reason="too_few_participants")
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(np.mean([values.mean() for values in data]))
        parts = np.array([values.var(ddof=1) / len(values) for values in data]) / len(data) ** 2
        df_parts = (parts**2).sum()
    if not np.isfinite(df_parts):
        return TTest(n=n, reason="too_large")
    if parts.sum() <= 1e-24:
        return TTest(n=n, mean=mean, reason="no_variance")
    df = float(parts.sum() ** 2 / (parts**2 / np.array([len(v) - 1 for v in data])).sum())
    return _finish(n, mean, float(np.sqrt(parts.sum())), df, float("nan"), confidence)


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


def _finite(values: ArrayLike) -> NDArray[np.float64]:
    data = np.asarray(values, dtype=np.float64).ravel()
    return data[np.isfinite(data)]


def _finish(n: int, mean: float, se: float, df: float, effect: float, confidence: float) -> TTest:
    from scipy.special import stdtr, stdtrit

    t = mean / se
    half = float(stdtrit(df, 0.5 + confidence / 2)) * se
    return TTest(
        n=n,
        mean=mean,
        se=float(se),
        t=float(t),
        df=df,
        p=float(2 * stdtr(df, -abs(t))),
        low=float(mean - half),
        high=float(mean + half),
        effect=float(effect),
    )
