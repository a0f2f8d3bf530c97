"""How well a sample's contrasts separate people: split halves, ICC, SEM, trials needed.

Reliability belongs to a sample, a score and a number of trials, never to a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "ContrastTrials",
    "Reliability",
    "contrast_reliability",
    "half_scores",
    "session_icc",
    "spearman_brown",
    "trials_needed",
]

Floats = NDArray[np.float64]

MIN_TRIALS = 4  # trials per side that a participant needs
FEW_PEOPLE = 20
FOR_PERSONS, FOR_CORRELATIONS = 0.70, 0.60
BOOTSTRAPS = 1000
_SPLITS_IN_BOOTSTRAP = 200


@dataclass(frozen=True, slots=True, eq=False)
class ContrastTrials:
    """One participant's trials of an emotion and of its reference, in order of presentation.

    Parameters
    ----------
    participant
        A name.
    emotion, reference
        (n,) and (m,) scores of single trials; NaN trials are dropped.
    emotion_clip, reference_clip
        Which clip was shown; where a clip was repeated, its trials stay in one half.
    """

    participant: str
    emotion: Floats
    reference: Floats
    emotion_clip: tuple[str, ...] = ()
    reference_clip: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for side in ("emotion", "reference"):
            values = np.asarray(getattr(self, side), np.float64)
            clips = getattr(self, f"{side}_clip") or tuple(map(str, range(len(values))))
            if values.ndim != 1 or len(clips) != len(values):
                raise ValueError(f"{side} holds {values.shape} scores and {len(clips)} clips")
            finite = np.isfinite(values)
            object.__setattr__(self, side, values[finite])
            kept = tuple(c for c, keep in zip(clips, finite, strict=True) if keep)
            object.__setattr__(self, f"{side}_clip", kept)

    @property
    def usable(self) -> bool:
        """True with enough trials on both sides, and at least two clips on each."""
        sides = ((self.emotion, self.emotion_clip), (self.reference, self.reference_clip))
        return all(len(values) >= MIN_TRIALS and len(set(clips)) > 1 for values, clips in sides)

    @property
    def contrast(self) -> float:
        """Mean of the emotion's trials minus mean of the reference trials."""
        return float(self.emotion.mean() - self.reference.mean())


@dataclass(frozen=True, slots=True)
class Reliability:
    """Reliability of one contrast in one sample. NaN: not to be had, see `warnings`."""

    n_participants: int
    n_left_out: int
    trials_per_side: float
    splits: int
    r_mean: float
    r_low: float
    r_high: float
    split_half: float
    split_half_low: float
    split_half_high: float
    odd_even_r: float
    odd_even: float
    icc_single: float
    icc_average: float
    sd_between: float
    sem: float
    trials_for_70: float
    trials_for_80: float
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as JSON types."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def contrast_reliability(
    people: Sequence[ContrastTrials], rng: np.random.Generator, *, splits: int = 5000
) -> Reliability:
    """Return the reliability of the participants' contrasts.

    Parameters
    ----------
    people
        One entry a participant; those with fewer than 4 trials on a side are left out and
        counted.
    rng
        For the splits and the bootstrap.
    splits
        Random halves.

    Returns
    -------
    Reliability
        ``split_half`` is the Spearman-Brown value of the mean correlation over splits,
        applied once, after averaging; NaN if that mean is negative. Its interval is a
        bootstrap over participants; ``r_low`` and ``r_high`` are the 2.5 and 97.5 % points
        over splits. ``icc_single`` comes from the variance between people and the variance
        of the trials within them: the reliability of one trial on each side; from it follow
        the trials per side needed for .70 and .80.

    Notes
    -----
    A split of the trials of one session says nothing about stability over days; for that see
    :func:`session_icc`.
    """
    used = [p for p in people if p.usable]
    if len(used) < 3:
        return _nothing(len(used), len(people) - len(used), splits)
    first, second = half_scores(used, rng, splits=splits)
    r = _correlation_rows(first, second)
    r_mean = float(np.nanmean(r)) if np.isfinite(r).any() else float("nan")
    contrasts = np.array([p.contrast for p in used])
    reliability = spearman_brown(r_mean)
    odd_even_r = _odd_even(used)
    icc_single, icc_average = _variance_ratios(used, contrasts)
    sd = float(contrasts.std(ddof=1))
    low, high = _bootstrap(first, second, rng)
    if np.isnan(reliability):  # no interval around a value that is withheld
        low = high = float("nan")
    sides = [1 / len(side) for p in used for side in (p.emotion, p.reference)]
    r_range = np.nanquantile(r, [0.025, 0.975]) if np.isfinite(r).any() else (np.nan, np.nan)
    return Reliability(
        n_participants=len(used),
        n_left_out=len(people) - len(used),
        trials_per_side=float(1 / np.mean(sides)),
        splits=splits,
        r_mean=r_mean,
        r_low=float(r_range[0]),
        r_high=float(r_range[1]),
        split_half=reliability,
        split_half_low=low,
        split_half_high=high,
        odd_even_r=odd_even_r,
        odd_even=spearman_brown(odd_even_r),
        icc_single=icc_single,
        icc_average=icc_average,
        sd_between=sd,
        sem=float(sd * np.sqrt(1 - reliability)),
        trials_for_70=trials_needed(icc_single, 0.7),
        trials_for_80=trials_needed(icc_single, 0.8),
        warnings=_warnings(len(used), r_mean, reliability),
    )


def half_scores(
    people: Sequence[ContrastTrials], rng: np.random.Generator, *, splits: int
) -> tuple[Floats, Floats]:
    """Return the contrasts of two random halves, each (splits, participants).

    Each side of the contrast is halved by itself; of an odd number, a coin decides which
    half gets the odd one. Trials of a repeated clip stay together.
    """
    halves = np.empty((2, splits, len(people)))
    for k, person in enumerate(people):
        emotion = _halved_means(person.emotion, person.emotion_clip, rng, splits)
        reference = _halved_means(person.reference, person.reference_clip, rng, splits)
        halves[:, :, k] = emotion - reference
    return halves[0], halves[1]


def spearman_brown(r: float, *, times: float = 2.0) -> float:
    """Return the reliability of a test `times` as long; NaN for a negative correlation.

    Examples
    --------
    >>> round(spearman_brown(0.770208), 6)
    0.870189
    """
    return float(times * r / (1 + (times - 1) * r)) if r >= 0 else float("nan")


def trials_needed(icc_single: float, reliability: float) -> float:
    """Return the trials per side for a reliability, from that of a single one.

    NaN when the single-trial reliability is 0 or less: no number of trials is enough.

    Examples
    --------
    >>> trials_needed(0.05, 0.7)
    45.0
    """
    if not 0 < icc_single < 1:
        return float("nan")
    return float(np.ceil(reliability * (1 - icc_single) / (icc_single * (1 - reliability)) - 1e-9))


def session_icc(scores: ArrayLike) -> dict[str, float]:
    """Return ICCs over sessions, with everybody's contrast in every session.

    Parameters
    ----------
    scores
        (participants, sessions); people with a NaN are left out.

    Returns
    -------
    dict
        ``n``; ``icc_2_1`` and ``icc_2_k`` (absolute agreement of one session and of the mean of
        all), ``icc_3_1`` (consistency: a shift shared by all does not count against it).

    Notes
    -----
    Two-way analysis of variance; Shrout and Fleiss (1979), cases 2 and 3.
    """
    table = np.asarray(scores, np.float64)
    table = table[np.isfinite(table).all(axis=1)]
    n, k = table.shape
    if n < 3 or k < 2:
        return dict.fromkeys(("n", "icc_2_1", "icc_2_k", "icc_3_1"), float("nan")) | {"n": float(n)}
    grand = table.mean()
    people, days = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    between = k * ((people - grand) ** 2).sum() / (n - 1)
    over_days = n * ((days - grand) ** 2).sum() / (k - 1)
    error = ((table - people - days + grand) ** 2).sum() / ((n - 1) * (k - 1))
    shift = k * (over_days - error) / n
    return {
        "n": float(n),
        "icc_2_1": _ratio(between - error, between + (k - 1) * error + shift),
        "icc_2_k": _ratio(between - error, between + (over_days - error) / n),
        "icc_3_1": _ratio(between - error, between + (k - 1) * error),
    }


def _halved_means(
    values: Floats, clips: Sequence[str], rng: np.random.Generator, splits: int
) -> Floats:
    """(2, splits) means of both halves of one side."""
    names = {clip: k for k, clip in enumerate(dict.fromkeys(clips))}
    unit = np.array([names[clip] for clip in clips])
    n = len(names)
    total = np.bincount(unit, weights=values, minlength=n)
    count = np.bincount(unit, minlength=n).astype(float)
    order = rng.random((splits, n)).argsort(axis=1).argsort(axis=1)
    extra = rng.integers(0, 2, (splits, 1)) if n % 2 else 0
    first = (order < n // 2 + extra).astype(float)
    sums, counts = first @ total, first @ count
    return np.stack([sums / counts, (total.sum() - sums) / (count.sum() - counts)])


def _correlation_rows(x: Floats, y: Floats) -> Floats:
    """(n,) correlations of the rows of two (n, people) arrays; NaN where a side is constant."""
    x = x - x.mean(axis=1, keepdims=True)
    y = y - y.mean(axis=1, keepdims=True)
    scale = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (x * y).sum(axis=1) / scale
    return np.asarray(np.where(scale > 0, r, np.nan))


def _odd_even(people: Sequence[ContrastTrials]) -> float:
    halves = np.array(
        [
            [_side_mean(p.emotion, p.emotion_clip, k) - _side_mean(p.reference, p.reference_clip, k)
             for p in people]
            for k in (0, 1)
        ]
    )  # fmt: skip
    return float(_correlation_rows(halves[:1], halves[1:])[0])


def _side_mean(values: Floats, clips: Sequence[str], which: int) -> float:
    """Mean of every second trial; of every second clip where clips are repeated."""
    first = {clip: k for k, clip in enumerate(dict.fromkeys(clips))}
    chosen = np.array([first[clip] % 2 == which for clip in clips])
    return float(values[chosen].mean())


def _variance_ratios(people: Sequence[ContrastTrials], contrasts: Floats) -> tuple[float, float]:
    """Share of variance between people: for one trial per side, and for those collected."""
    trial = np.array([p.emotion.var(ddof=1) + p.reference.var(ddof=1) for p in people])
    error = np.array(
        [
            p.emotion.var(ddof=1) / len(p.emotion) + p.reference.var(ddof=1) / len(p.reference)
            for p in people
        ]
    )
    between = max(float(contrasts.var(ddof=1) - error.mean()), 0.0)
    return (
        _ratio(between, between + float(trial.mean())),
        _ratio(between, between + float(error.mean())),
    )


def _bootstrap(first: Floats, second: Floats, rng: np.random.Generator) -> tuple[float, float]:
    """95 % interval of the Spearman-Brown value over people drawn anew.

    Moments of a resample are sums with counts as weights, so all resamples and splits are a
    few matrix products.
    """
    x, y = first[:_SPLITS_IN_BOOTSTRAP].T, second[:_SPLITS_IN_BOOTSTRAP].T
    x, y = x - x.mean(), y - y.mean()
    n = len(x)
    weight = rng.multinomial(n, np.full(n, 1 / n), BOOTSTRAPS) / n
    mx, my = weight @ x, weight @ y
    power = (weight @ (x * x) - mx**2) * (weight @ (y * y) - my**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (weight @ (x * y) - mx * my) / np.sqrt(np.where(power > 0, power, np.nan))
    count = np.isfinite(r).sum(axis=1)
    mean = np.where(count > 0, np.nansum(r, axis=1) / np.maximum(count, 1), np.nan)
    mean = np.maximum(mean[np.isfinite(mean)], 0.0)  # a negative mean is no reliability at all
    if not len(mean):
        return float("nan"), float("nan")
    low, high = np.quantile(2 * mean / (1 + mean), [0.025, 0.975])
    return float(low), float(high)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _warnings(n: int, r_mean: float, reliability: float) -> tuple[str, ...]:
    texts = []
    if n < FEW_PEOPLE:
        texts.append(f"only {n} participants: the reliability itself is uncertain")
    if not r_mean >= 0:
        texts.append("the halves do not agree at all: this contrast does not separate people")
    elif reliability < FOR_CORRELATIONS:
        texts.append(
            f"reliability {reliability:.2f} is below .60: correlations with other measures of "
            "the person would be mostly noise"
        )
    if r_mean >= 0 and reliability < FOR_PERSONS:
        texts.append(
            f"reliability {reliability:.2f} is below .70: single persons' values must not be "
            "interpreted"
        )
    return tuple(texts)


def _nothing(used: int, left_out: int, splits: int) -> Reliability:
    numbers = {
        name: float("nan")
        for name in Reliability.__dataclass_fields__
        if name not in ("n_participants", "n_left_out", "splits", "warnings")
    }
    text = (
        f"{used} participants have 4 trials, of 2 clips or more, on both sides; "
        "at least 3 are needed"
    )
    return Reliability(
        n_participants=used, n_left_out=left_out, splits=splits, warnings=(text,), **numbers
    )
