"""Means of groups, and tests of them, with people and clips random.

Everybody sees the same clips, so the effect of a clip does not average out over people. A test
over people alone speaks of these clips; the tests here speak of clips like these.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mimicry.statistics.clips import AdditiveFit, ClipTable, additive_fit
from mimicry.statistics.groups import ClipPart, GroupMeans, no_variance

__all__ = ["crossed"]

Floats = NDArray[np.float64]


def crossed(groups: Sequence[Sequence[ClipTable]]) -> GroupMeans:
    """Return the means of groups of people, with the variance that people and clips give them.

    Parameters
    ----------
    groups
        For each group the sides of the contrast, from
        :func:`~mimicry.statistics.clips.clip_tables`; the columns of a side are the same clips in
        every group. A person's contrast is the sum of the sides' signed means over trials; who
        has no trial of a side takes no part.

    Notes
    -----
    A two-way layout: people (within groups) by clips (within sides), all of them random, and so
    is group by clip. The variance over people is that of contrasts from which the clips' effects
    are taken out, so that who lost which trial adds nothing to it. The variance over clips is that
    of the clips' effects, less what the residual puts into it, and not below 0. With complete
    tables these are the classical mean squares of people, clips and residual; with missing cells
    the effects come from a least-squares fit. Where every person has clips of their own, clips are
    part of the variance over people, and the test is the plain t test.

    References
    ----------
    Clark (1973), The language-as-fixed-effect fallacy, J. Verb. Learn. Verb. Behav. 12, 335-359;
    Satterthwaite (1946), Biometrics Bulletin 2, 110-114; Henderson (1953), Biometrics 9, 226-252,
    method 3.

    Examples
    --------
    >>> from mimicry.statistics.clips import ContrastTrials, clip_tables
    >>> rng = np.random.default_rng(1)
    >>> clips = rng.normal(0, 0.5, 4)
    >>> people = [
    ...     ContrastTrials(str(k), 1 + clips + rng.normal(0, 0.1, 4), rng.normal(0, 0.1, 4))
    ...     for k in range(20)
    ... ]
    >>> found = crossed(clip_tables([people])).test([1.0])
    >>> found.df < 4
    True
    """
    kept = [np.all([t.trials.any(axis=1) for t in sides], axis=0) for sides in groups]
    groups = [[t.of(k) for t in sides] for sides, k in zip(groups, kept, strict=True)]
    n = np.array([len(sides[0].total) for sides in groups], dtype=np.int64)
    if not len(n) or n.min() < 2:
        missing = np.full(len(n), np.nan)
        return GroupMeans(n, missing, missing, reason="too_few_participants")
    contrast, away = ([np.zeros(size) for size in n] for _ in range(2))
    parts: list[ClipPart] = []
    few = False
    for tables in zip(*groups, strict=True):
        fits = [additive_fit(table) for table in tables]
        for g, (table, fit) in enumerate(zip(tables, fits, strict=True)):
            contrast[g] += table.sign * (table.share * table.mean).sum(axis=1)
            away[g] += table.sign * (table.share @ fit.effects)
        made = _clip_parts(tables, fits)
        few |= made is None
        parts += made or []
    mean = np.array([c.mean() for c in contrast])
    variance = np.array([(c - a).var(ddof=1) for c, a in zip(contrast, away, strict=True)])
    reason = "too_few_clips" if few else no_variance(contrast)
    return GroupMeans(n, mean, variance, tuple(parts), reason)


def _clip_parts(tables: Sequence[ClipTable], fits: Sequence[AdditiveFit]) -> list[ClipPart] | None:
    """Return what clips add; one part for groups that share them, else one for each group."""
    shared = _shared([fit.basis for fit in fits])
    everybody = list(range(len(tables)))
    several = [everybody] if shared.shape[1] else [[g] for g in everybody]
    parts = []
    for members in several:
        basis = shared if shared.shape[1] else fits[members[0]].basis
        weight = _weights([tables[g] for g in members], [fits[g] for g in members])
        if np.abs(weight).max() < 1e-9:
            continue  # clips of one's own: they are part of the variance over people
        df = basis.shape[1]
        if not df:
            return None
        effects = np.stack([basis.T @ fits[g].effects for g in members])
        noise = [fits[g].error * np.trace(basis.T @ fits[g].inverse @ basis) for g in members]
        size, vectors = np.linalg.eigh((effects @ effects.T - np.diag(noise)) / df)
        positive = (vectors * np.maximum(size, 0.0)) @ vectors.T
        covariance = np.zeros((len(tables), len(tables)))
        covariance[np.ix_(members, members)] = positive * weight
        parts.append(ClipPart(covariance, df))
    return parts


def _shared(bases: Sequence[Floats]) -> Floats:
    """(clips, rank) contrasts between clips that every group has."""
    if len(bases) == 1:
        return bases[0]
    clips = len(bases[0])
    size, vectors = np.linalg.eigh(sum(np.eye(clips) - b @ b.T for b in bases))
    return np.asarray(vectors[:, size < 1e-9])


def _weights(tables: Sequence[ClipTable], fits: Sequence[AdditiveFit]) -> Floats:
    """(G, G) factor of the clips' variance in the covariance of the means.

    1 / clips where everybody saw all; the part that differs between people, because sets of clips
    do, is in the variance over people already.
    """
    mean = np.stack([table.share.mean(axis=0) for table in tables])
    weight = mean @ mean.T
    for g, (table, fit) in enumerate(zip(tables, fits, strict=True)):
        left = table.share - table.share @ fit.basis @ fit.basis.T
        weight[g, g] -= float(left.var(axis=0, ddof=1).sum()) / len(left)
    return np.asarray(weight)
