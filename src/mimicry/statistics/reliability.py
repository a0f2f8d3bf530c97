"""How well a sample's contrasts separate people: split halves, variance components, clips needed.

Reliability belongs to a sample, a score and a number of clips and trials, never to a person.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from itertools import combinations, product
from math import comb
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.statistics.clips import ClipTable, ContrastTrials, clip_tables
from mimicry.statistics.components import Components, components

__all__ = [
    "Reliability",
    "clip_splits",
    "contrast_reliability",
    "half_scores",
    "session_icc",
    "spearman_brown",
]

Floats = NDArray[np.float64]

FEW_PEOPLE = 20
FOR_PERSONS, FOR_CORRELATIONS = 0.70, 0.60
BOOTSTRAPS = 1000
_SPLITS_IN_BOOTSTRAP = 200
_NORMAL_975 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Reliability:
    """Reliability of one contrast in one sample. NaN: not to be had, see `warnings`."""

    n_participants: int
    n_left_out: int
    clips_per_side: float
    trials_per_clip: float
    splits: int
    r_mean: float
    r_low: float
    r_high: float
    split_half: float
    split_half_low: float
    split_half_high: float
    var_person: float
    var_clip: float
    var_person_clip: float
    var_trial: float
    icc_single: float
    generalisability: float
    sd_between: float
    sem: float
    clips_for_70: float
    clips_for_80: float
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as JSON types."""
        return asdict(self)


def contrast_reliability(
    people: Sequence[ContrastTrials], rng: np.random.Generator, *, splits: int = 5000
) -> Reliability:
    """Return the reliability of the participants' contrasts, for clips like these.

    Parameters
    ----------
    people
        One entry a participant; those with fewer than 4 trials on a side are left out and
        counted.
    rng
        For the splits and the bootstrap.
    splits
        Random halves, where there are not fewer distinct ones: these are all taken.

    Returns
    -------
    Reliability
        ``split_half`` is the Spearman-Brown value of the mean correlation over splits of the
        clips, the same for everybody, applied once, after averaging; NaN if that mean is negative.
        Its interval comes from the SD of Fisher's z of the mean correlation over bootstrap samples
        of people; ``r_low`` and ``r_high`` are the 2.5 and 97.5 % points over splits. The
        variances are those of :class:`~mimicry.statistics.components.Components`.

    Notes
    -----
    A split of the clips of one session says nothing about stability over days; for that see
    :func:`session_icc`.

    References
    ----------
    Brennan (2001), Generalizability theory, Springer.
    """
    used = [p for p in people if p.usable]
    if len(used) < 3:
        return _nothing(len(used), len(people) - len(used), splits)
    (tables,) = clip_tables([used])
    masks = _splits_within_sets(tables, rng, splits)
    first, second = half_scores(tables, masks)
    r = _correlation_rows(first, second)
    r_mean = float(np.nanmean(r)) if np.isfinite(r).any() else float("nan")
    r_range = np.nanquantile(r, [0.025, 0.975]) if np.isfinite(r).any() else (np.nan, np.nan)
    reliability = spearman_brown(r_mean)
    low, high = _interval(r_mean, first, second, rng)
    parts = components(tables)
    return Reliability(
        n_participants=len(used),
        n_left_out=len(people) - len(used),
        clips_per_side=parts.clips,
        trials_per_clip=parts.repeats,
        splits=len(r),
        r_mean=r_mean,
        r_low=float(r_range[0]),
        r_high=float(r_range[1]),
        split_half=reliability,
        split_half_low=low,
        split_half_high=high,
        var_person=parts.person,
        var_clip=parts.clip,
        var_person_clip=parts.person_clip,
        var_trial=parts.trial,
        icc_single=parts.reliability(1, 1),
        generalisability=parts.generalisability,
        sd_between=float(np.std([p.contrast for p in used], ddof=1)),
        sem=float(np.sqrt(parts.collected)),
        clips_for_70=parts.clips_needed(0.7, parts.repeats),
        clips_for_80=parts.clips_needed(0.8, parts.repeats),
        warnings=(*_warnings(len(used), r_mean, reliability), *_unknown(parts)),
    )


def clip_splits(
    clips: Sequence[int], rng: np.random.Generator, *, splits: int
) -> tuple[Floats, ...]:
    """Return which clips of every side are in the first half, (splits, clips) of 0 and 1 each.

    Parameters
    ----------
    clips
        Number of clips of each side, or of each set of clips of each side; each is halved by
        itself, and of an odd number either half gets one more.
    rng
        For random splits.
    splits
        How many; all distinct ones where there are no more than that.

    Examples
    --------
    >>> emotion, reference = clip_splits([4, 4], np.random.default_rng(0), splits=5000)
    >>> emotion.shape, bool(emotion[:, 0].all())
    ((18, 4), True)
    """
    sizes = [sorted({n // 2, n - n // 2}) for n in clips]
    distinct = 1
    for n, halves in zip(clips, sizes, strict=True):
        distinct *= sum(comb(n, k) for k in halves)
    if distinct // 2 > splits:
        return tuple(_random_halves(n, rng, splits) for n in clips)
    subsets = [
        [s for k in halves for s in combinations(range(n), k)]
        for n, halves in zip(clips, sizes, strict=True)
    ]
    subsets[0] = [s for s in subsets[0] if 0 in s]  # the halves of a split have no order
    chosen = zip(*product(*subsets), strict=True)
    return tuple(_indicator(side, n) for side, n in zip(chosen, clips, strict=True))


def _splits_within_sets(
    tables: Sequence[ClipTable], rng: np.random.Generator, splits: int
) -> list[Floats]:
    """Return splits of the clips of every side that halve each set of clips people saw."""
    sets = [table.sets() for table in tables]
    members = [[np.flatnonzero(labels == s) for s in np.unique(labels)] for labels in sets]
    halves = iter(clip_splits([len(m) for side in members for m in side], rng, splits=splits))
    masks = []
    for labels, side in zip(sets, members, strict=True):
        parts = [next(halves) for _ in side]
        mask = np.zeros((len(parts[0]), len(labels)))
        for columns, part in zip(side, parts, strict=True):
            mask[:, columns] = part
        masks.append(mask)
    return masks


def half_scores(tables: Sequence[ClipTable], masks: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return the contrasts of both halves of every split, each (splits, people).

    All trials of a clip are in one half. The mean of every clip over people is taken out first, so
    that it does not matter who saw which clip how often; NaN where a person has no trial of a half.
    """
    halves = np.zeros((2, len(masks[0]), len(tables[0].total)))
    for table, mask in zip(tables, masks, strict=True):
        viewers = table.seen.sum(axis=0)
        level = np.where(viewers > 1, table.mean.sum(axis=0) / np.maximum(viewers, 1), 0.0)
        total = table.total - table.trials * level
        for half, chosen in zip(halves, (mask, 1 - mask), strict=True):
            trials = chosen @ table.trials.T
            with np.errstate(invalid="ignore", divide="ignore"):
                half += table.sign * np.where(trials > 0, chosen @ total.T / trials, np.nan)
    return halves[0], halves[1]


def spearman_brown(r: float, *, times: float = 2.0) -> float:
    """Return the reliability of a test `times` as long; NaN for a negative correlation.

    Examples
    --------
    >>> round(spearman_brown(0.770208), 6)
    0.870189
    """
    return float(times * r / (1 + (times - 1) * r)) if r >= 0 else float("nan")


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


def _random_halves(n: int, rng: np.random.Generator, splits: int) -> Floats:
    order = rng.random((splits, n)).argsort(axis=1).argsort(axis=1)
    extra = rng.integers(0, 2, (splits, 1)) if n % 2 else 0
    return (order < n // 2 + extra).astype(np.float64)


def _indicator(subsets: Sequence[Sequence[int]], n: int) -> Floats:
    mask = np.zeros((len(subsets), n))
    for row, subset in zip(mask, subsets, strict=True):
        row[list(subset)] = 1.0
    return mask


def _correlation_rows(x: Floats, y: Floats) -> Floats:
    """(n,) correlations of the rows of two (n, people) arrays; NaN where a side is constant.

    People with a NaN in one of the two take no part.
    """
    both = np.isfinite(x) & np.isfinite(y)
    n = both.sum(axis=1, keepdims=True)
    x, y = (np.where(both, v, 0.0) for v in (x, y))
    x, y = (np.where(both, v - v.sum(axis=1, keepdims=True) / np.maximum(n, 1), 0) for v in (x, y))
    scale = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (x * y).sum(axis=1) / scale
    return np.asarray(np.where((scale > 0) & (n[:, 0] > 2), r, np.nan))


def _interval(
    r_mean: float, first: Floats, second: Floats, rng: np.random.Generator
) -> tuple[float, float]:
    """95 % interval of the Spearman-Brown value, from people drawn anew; NaN without a value.

    Moments of a resample are sums with counts as weights, so all resamples and splits are a few
    matrix products.
    """
    if not 0 <= r_mean < 1:
        return (r_mean, r_mean) if r_mean >= 1 else (float("nan"), float("nan"))
    chosen = rng.permutation(len(first))[:_SPLITS_IN_BOOTSTRAP]
    x, y = first[chosen].T, second[chosen].T
    both = (np.isfinite(x) & np.isfinite(y)).astype(np.float64)
    x, y = (np.where(both > 0, v - np.nanmean(v), 0.0) for v in (x, y))
    n = len(x)
    weight = rng.multinomial(n, np.full(n, 1 / n), BOOTSTRAPS).astype(np.float64)
    count = np.maximum(weight @ both, 1.0)
    mx, my = weight @ x / count, weight @ y / count
    power = (weight @ (x * x) / count - mx**2) * (weight @ (y * y) / count - my**2)
    cross = weight @ (x * y) / count - mx * my
    with np.errstate(invalid="ignore", divide="ignore"):
        r = cross / np.sqrt(np.where(power > 1e-24, power, np.nan))
    usable = np.isfinite(r).any(axis=1)
    z = np.arctanh(np.clip(np.nanmean(r[usable], axis=1), -1 + 1e-7, 1 - 1e-7))
    if len(z) < 2:
        return float("nan"), float("nan")
    half = _NORMAL_975 * float(z.std(ddof=1))
    ends = np.tanh(np.arctanh(r_mean) + np.array([-half, half]))
    low, high = (spearman_brown(max(float(end), 0.0)) for end in ends)  # no less than none at all
    return low, high


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


def _unknown(parts: Components) -> tuple[str, ...]:
    if np.isfinite(parts.collected):
        return ()
    return ("too few people saw the same clips: the error of a contrast cannot be told from clips",)


def _nothing(used: int, left_out: int, splits: int) -> Reliability:
    counts = ("n_participants", "n_left_out", "splits", "warnings")
    numbers = {f.name: float("nan") for f in fields(Reliability) if f.name not in counts}
    text = (
        f"{used} participants have 4 trials, of 2 clips or more, on both sides; "
        "at least 3 are needed"
    )
    return Reliability(
        n_participants=used, n_left_out=left_out, splits=splits, warnings=(text,), **numbers
    )
