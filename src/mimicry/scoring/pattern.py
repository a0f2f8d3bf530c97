"""Emotion-specific patterns: index, contrast, specificity, calibration.

All functions take plain arrays of deltas, so that a simulation can call them directly.
"""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.records import EmotionMap, ScoringSettings

__all__ = [
    "PARTS",
    "calibration",
    "contrast",
    "contrast_d",
    "contrast_se",
    "pattern_parts",
    "pattern_score",
    "reference_trials",
    "same_question",
    "shared_pair",
    "specificity",
    "specificity_score",
]

#: Rows of :func:`pattern_parts`.
PARTS = ("target", "opponent")

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def pattern_score(values: ArrayLike, names: Sequence[str], emotion: EmotionMap) -> Floats:
    """Mean over the targets minus mean over the opponents, for every trial.

    Parameters
    ----------
    values
        (K, A) deltas in any unit.
    names
        The A action units.
    emotion
        Whose pattern; trials of other conditions get a score as well.

    Returns
    -------
    numpy.ndarray
        (K,); NaN when any listed action unit is NaN or not there.

    Examples
    --------
    >>> happy = EmotionMap(("AU12",), ("AU04",))
    >>> pattern_score([[3.0, 1.0]], ("AU12", "AU04"), happy).tolist()
    [2.0]
    """
    parts = pattern_parts(values, names, emotion)
    return np.asarray(parts[0] - parts[1])


def pattern_parts(values: ArrayLike, names: Sequence[str], emotion: EmotionMap) -> Floats:
    """Return (2, K) means over the targets and over the opponents, as :func:`pattern_score`.

    Their difference is the pattern score. Where either is NaN both are, so that the parts of a
    contrast rest on the same trials as the whole.
    """
    data = np.asarray(values, dtype=np.float64)
    sides = (emotion.targets, emotion.opponents)
    parts = np.stack([_mean_over(data, names, side) for side in sides])
    return np.where(np.isfinite(parts).all(axis=0), parts, np.nan)


def _mean_over(values: Floats, names: Sequence[str], wanted: Sequence[str]) -> Floats:
    if any(name not in names for name in wanted):
        return np.full(len(values), np.nan)
    return np.asarray(values[:, [list(names).index(name) for name in wanted]].mean(axis=1))


def reference_trials(conditions: Sequence[str], emotion: str, settings: ScoringSettings) -> Flags:
    """(K,) True for the trials that an emotion is compared with.

    With ``reference: neutral`` the neutral control trials; with ``reference: valence`` all
    trials of emotions of the other valence.
    """
    labels = np.array(conditions)
    if settings.reference == "neutral":
        return np.asarray(labels == settings.neutral_condition)
    other = {"positive": "negative", "negative": "positive"}.get(settings.emotions[emotion].valence)
    names = [name for name, m in settings.emotions.items() if m.valence == other]
    return np.isin(labels, names)


def contrast(
    score: ArrayLike, emotion: ArrayLike, reference: ArrayLike, *, min_trials: int = 6
) -> float:
    """Mean pattern score of an emotion's trials minus that of its reference trials.

    0: no emotion-specific response. What it supports is for
    :func:`mimicry.scoring.claims.decide_claim` to say. NaN when either side has fewer than
    `min_trials` trials with a score.
    """
    first, second = _sides(score, emotion, reference)
    if min(len(first), len(second)) < max(min_trials, 1):
        return float("nan")
    return float(first.mean() - second.mean())


def contrast_d(
    score: ArrayLike, emotion: ArrayLike, reference: ArrayLike, *, min_trials: int = 6
) -> float:
    """Contrast in SDs of the single trials, for comparing emotions with one another."""
    first, second = _sides(score, emotion, reference)
    if min(len(first), len(second)) < max(min_trials, 2):
        return float("nan")
    spread = float(np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2))
    return float(first.mean() - second.mean()) / spread if spread > 1e-9 else float("nan")


def contrast_se(score: ArrayLike, emotion: ArrayLike, reference: ArrayLike) -> float:
    """Return the standard error of the contrast (Welch); NaN below two scores a side."""
    sides = _sides(score, emotion, reference)
    if min(map(len, sides)) < 2:
        return float("nan")
    return float(np.sqrt(sum(side.var(ddof=1) / len(side) for side in sides)))


def _sides(score: ArrayLike, emotion: ArrayLike, reference: ArrayLike) -> tuple[Floats, Floats]:
    values = np.asarray(score, dtype=np.float64)
    finite = np.isfinite(values)
    return (
        values[finite & np.asarray(emotion, dtype=bool)],
        values[finite & np.asarray(reference, dtype=bool)],
    )


def same_question(first: str, second: str, settings: ScoringSettings) -> bool:
    """Tell whether two emotions share one contrast, so that it may be claimed for neither.

    That is so with ``reference: valence`` when each is the only emotion of its valence and
    the targets of one are the opponents of the other.
    """
    if settings.reference != "valence" or first == second:
        return False
    a, b = settings.emotions[first], settings.emotions[second]
    counts = [m.valence for m in settings.emotions.values()]
    return (
        {a.valence, b.valence} == {"positive", "negative"}
        and counts.count(a.valence) == counts.count(b.valence) == 1
        and set(a.targets) == set(b.opponents)
        and set(a.opponents) == set(b.targets)
    )


def shared_pair(conditions: Sequence[str], settings: ScoringSettings) -> tuple[str, ...]:
    """Return the two of some conditions that share one contrast, the positive first, or none."""
    pairs = permutations((c for c in conditions if c in settings.emotions), 2)
    return next(
        (
            pair
            for pair in pairs
            if settings.emotions[pair[0]].valence == "positive" and same_question(*pair, settings)
        ),
        (),
    )


def specificity_score(
    values: ArrayLike, names: Sequence[str], emotion: EmotionMap, other: EmotionMap
) -> Floats | None:
    """Mean over the emotion's own targets minus mean over the other's own targets.

    Action units that both emotions target say nothing about which of them is matched and are
    left out. None when either emotion has no target of its own.
    """
    mine = [name for name in emotion.targets if name not in other.targets]
    theirs = [name for name in other.targets if name not in emotion.targets]
    if not mine or not theirs:
        return None
    data = np.asarray(values, dtype=np.float64)
    return _mean_over(data, names, mine) - _mean_over(data, names, theirs)


def specificity(
    values: ArrayLike,
    names: Sequence[str],
    conditions: Sequence[str],
    emotion: str,
    other: str,
    settings: ScoringSettings,
) -> tuple[float, str]:
    """Measure how much an emotion's trials move its own targets rather than another emotion's.

    Parameters
    ----------
    values
        (K, A) standardised deltas of valid trials.
    names, conditions
        The A action units and the K conditions.
    emotion, other
        Two emotions of the same valence.

    Returns
    -------
    value, reason
        NaN with ``no_distinguishing_au`` or ``too_few_trials``; otherwise an empty reason.
    """
    score = specificity_score(values, names, settings.emotions[emotion], settings.emotions[other])
    if score is None:
        return float("nan"), "no_distinguishing_au"
    labels = np.array(conditions)
    value = contrast(score, labels == emotion, labels == other, min_trials=settings.min_trials)
    return value, "" if np.isfinite(value) else "too_few_trials"


def calibration(
    imitated: ArrayLike, reference: ArrayLike, *, min_trials: int = 4
) -> tuple[float, str]:
    """Median delta of a person's own imitations of one action unit: the ruler of `delta_cal`.

    Parameters
    ----------
    imitated
        Deltas of valid imitate trials of emotions that target the action unit.
    reference
        Deltas of the same action unit and window over reference trials.
    min_trials
        NaN with fewer imitations.

    Returns
    -------
    value, reason
        NaN with ``too_few_imitations``, ``too_few_reference_trials`` or ``weak_imitation``
        (not above 3 SDs of the reference trials); otherwise an empty reason.

    Notes
    -----
    The median, since a high percentile grows with the noise of the trials and would make an
    imprecise imitator look less mimetic.
    """
    imitations = np.asarray(imitated, dtype=np.float64)
    imitations = imitations[np.isfinite(imitations)]
    references = np.asarray(reference, dtype=np.float64)
    references = references[np.isfinite(references)]
    if len(imitations) < max(min_trials, 1):
        return float("nan"), "too_few_imitations"
    if len(references) < 2:
        return float("nan"), "too_few_reference_trials"
    centre = float(np.median(imitations))
    if centre <= 3 * float(references.std(ddof=1)):
        return float("nan"), "weak_imitation"
    return centre, ""
