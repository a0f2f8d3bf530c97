"""Who scored what on which clip: the tables behind every test over people and clips."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["AdditiveFit", "ClipTable", "ContrastTrials", "additive_fit", "clip_tables", "stacked"]

Floats = NDArray[np.float64]

MIN_TRIALS = 4  # trials per side that a participant needs for halves


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
        Which clip was shown; without names every trial is a clip of its own, the first one of
        everybody the same, and so on.
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


@dataclass(frozen=True, slots=True, eq=False)
class ClipTable:
    """Scores of people on the clips of one side of a contrast.

    Parameters
    ----------
    total, trials
        (people, clips) sum and number of a person's trials of a clip.
    squares
        (people, clips) their sum of squares about the mean of person and clip.
    sign
        +1 where the side is added to the contrast, -1 where it is subtracted.
    """

    total: Floats
    trials: Floats
    squares: Floats
    sign: float = 1.0

    def of(self, people: Any) -> "ClipTable":
        """Return the rows of some people: an index, a slice or flags."""
        total, trials, squares = (v[people] for v in (self.total, self.trials, self.squares))
        return ClipTable(total, trials, squares, self.sign)

    def minus(self, other: "ClipTable") -> "ClipTable":
        """Return what people score more here than in `other`, on each clip of both."""
        both = (self.seen & other.seen).astype(np.float64)
        return ClipTable(both * (self.mean - other.mean), both, 0 * both, self.sign)

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(people, clips) true where a person has a trial of a clip."""
        return self.trials > 0

    @property
    def shared(self) -> NDArray[np.bool_]:
        """(clips,) true where two people or more saw a clip; other clips are within people."""
        return self.seen.sum(axis=0) > 1

    def sets(self) -> NDArray[np.int64]:
        """(clips,) number of the set that each clip is in: people who share a clip share its set.

        Sets that different people saw have no clip in common, so they cannot be told from people.
        """
        from scipy.sparse.csgraph import connected_components

        seen = self.seen.astype(np.float64)
        return np.asarray(connected_components(seen.T @ seen > 0)[1], np.int64)

    @property
    def mean(self) -> Floats:
        """(people, clips) mean score; 0 where there is no trial."""
        return np.asarray(self.total / np.maximum(self.trials, 1))

    @property
    def share(self) -> Floats:
        """(people, clips) weight of a clip in the person's mean: its share of the trials."""
        return np.asarray(self.trials / self.trials.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True, eq=False)
class AdditiveFit:
    """Least-squares fit ``score = person + clip + residual`` of the cells of one table.

    Parameters
    ----------
    effects
        (clips,) clip effects, of mean 0 in every set of clips. Of a clip that one person saw, the
        effect holds the residual too; where nobody shares a clip, only person means are left.
    inverse
        (clips, clips) their covariance in units of the residual variance.
    basis
        (clips, rank) orthonormal contrasts between clips that can be told from people.
    squares, trace
        Sum of squares of clips beyond people, and its expectation for a clip variance of 1.
    error, df
        Mean square of the residual and its degrees of freedom; 0 where there are none.
    """

    effects: Floats
    inverse: Floats
    basis: Floats
    squares: float
    trace: float
    error: float
    df: int


def additive_fit(table: ClipTable) -> AdditiveFit:
    """Fit people and clips to a table with or without missing cells.

    Each cell (the mean of a person's trials of a clip) counts once.
    """
    seen = table.seen.astype(np.float64)
    row = seen.sum(axis=1, keepdims=True)
    centred = seen * (table.mean - table.mean.sum(axis=1, keepdims=True) / row)
    gram = np.diag(seen.sum(axis=0)) - seen.T @ (seen / row)
    size, vectors = np.linalg.eigh(gram)
    kept = size > 1e-9 * max(float(size[-1]), 1.0)
    basis = vectors[:, kept]
    inverse = (basis / size[kept]) @ basis.T
    right = centred.sum(axis=0)
    effects = inverse @ right
    squares = float(right @ effects)
    df = int(seen.sum()) - len(seen) - basis.shape[1]
    left = max(float((centred**2).sum()) - squares, 0.0)
    trace = float(size[kept].sum())
    return AdditiveFit(
        effects, inverse, basis, squares, trace, left / df if df > 0 else 0.0, max(df, 0)
    )


def clip_tables(
    groups: Sequence[Sequence[ContrastTrials]],
) -> list[tuple[ClipTable, ClipTable]]:
    """Return emotion and reference side of every group, with the same clips in all of them.

    Parameters
    ----------
    groups
        People, each with a trial on both sides.
    """
    sides = []
    for side, sign in (("emotion", 1.0), ("reference", -1.0)):
        clips = [[getattr(p, f"{side}_clip") for p in people] for people in groups]
        names = sorted({name for people in clips for person in people for name in person})
        column = {name: k for k, name in enumerate(names)}
        sides.append(
            [
                _table([getattr(p, side) for p in people], shown, column, sign)
                for people, shown in zip(groups, clips, strict=True)
            ]
        )
    return list(zip(*sides, strict=True))


def stacked(tables: Sequence[ClipTable]) -> ClipTable:
    """Return the people of several tables of the same clips, one below the other."""
    total, trials, squares = (
        np.concatenate([getattr(t, name) for t in tables])
        for name in ("total", "trials", "squares")
    )
    return ClipTable(total, trials, squares, tables[0].sign)


def _table(
    scores: Sequence[Floats],
    clips: Sequence[Sequence[str]],
    column: dict[str, int],
    sign: float,
) -> ClipTable:
    shape = len(scores), len(column)
    person = np.repeat(np.arange(len(scores)), [len(s) for s in scores])
    cell = person * len(column) + np.array([column[c] for names in clips for c in names], int)
    values = np.concatenate([np.empty(0), *scores])
    size = shape[0] * shape[1]
    trials = np.bincount(cell, minlength=size).astype(np.float64)
    total = np.bincount(cell, values, minlength=size)
    away = values - (total / np.maximum(trials, 1))[cell]
    squares = np.bincount(cell, away**2, minlength=size)
    return ClipTable(total.reshape(shape), trials.reshape(shape), squares.reshape(shape), sign)
