"""Where the variance of contrasts comes from: people, clips, people by clips, trials."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mimicry.statistics.clips import ClipTable, additive_fit

__all__ = ["Components", "components"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Components:
    """Variances behind a contrast with one trial of one clip on each side.

    Parameters
    ----------
    person
        Of the people's true contrasts.
    clip
        Of clips, the same for everybody: adds to every contrast of the study alike. NaN where
        everybody saw clips of their own: it is in `person_clip`, or in `trial`, then.
    person_clip
        Of what a clip does to one person beyond that; NaN where no clip was repeated, it is in
        `trial` then.
    trial
        Of trials of one person and clip.
    clips, repeats
        Clips on a side and trials of a clip, as collected (harmonic means over both sides).
    collected
        Error variance of a person's contrast as collected: each side with its own clips, trials
        and noise; mean over people, from the mean squares before negative variances are set to 0.
    """

    person: float
    clip: float
    person_clip: float
    trial: float
    clips: float
    repeats: float
    collected: float

    @property
    def generalisability(self) -> float:
        """The coefficient over clips of the contrasts as collected; NaN without any variance."""
        return _share(self.person, self.collected)

    def error(self, clips: float, repeats: float) -> float:
        """Predict the error variance of a person's contrast with so many clips and repeats.

        On both sides the same number. Without repeated clips nothing tells a trial from a clip:
        repeats do not help then.
        """
        if np.isnan(self.person_clip):
            return float(self.trial / clips)
        return float((self.person_clip + self.trial / repeats) / clips)

    def reliability(self, clips: float, repeats: float) -> float:
        """Predict the coefficient of generalisability over clips; NaN without any variance."""
        return _share(self.person, self.error(clips, repeats))

    def clips_needed(self, reliability: float, repeats: float) -> float:
        """Return the clips per side for a reliability; NaN: no number is enough.

        Examples
        --------
        >>> Components(1.0, 0.5, 2.0, 12.0, 8.0, 3.0, 0.75).clips_needed(0.7, 3.0)
        14.0
        """
        if not self.person > 0:
            return float("nan")
        times = self.error(1, repeats) / self.person * reliability / (1 - reliability)
        return float(max(np.ceil(times - 1e-9), 1.0))


def components(tables: Sequence[ClipTable]) -> Components:
    """Return the variance components of a group's contrasts.

    Parameters
    ----------
    tables
        The sides of the contrast, from :func:`~mimicry.statistics.clips.clip_tables`.

    Notes
    -----
    Analysis of variance; sums over the sides. With missing cells the mean squares of clips come
    from a least-squares fit of people and clips (Henderson 1953, method 3). Negative estimates
    are 0. People who saw different sets of clips are compared within sets only. Where everybody saw
    clips of their own, clips are within people: their variance is part of the error. All are NaN
    where clips are shared but leave no residual.
    """
    contrast, error = np.zeros((2, len(tables[0].total)))
    sums = np.zeros(3)  # clip, person by clip, trial
    repeated = all(_repeats(table) > 0 for table in tables)
    for table in tables:
        side = _side(table, repeated=repeated)
        sums += side.variances
        contrast += table.sign * (table.share * (table.mean - side.effects)).sum(axis=1)
        error += (table.share**2 * side.cells).sum(axis=1)
    clip, person_clip, trial = (float(v) for v in np.maximum(sums, 0.0))
    cells = np.concatenate([table.seen.sum(axis=1) for table in tables])
    trials = np.concatenate([table.trials[table.seen] for table in tables])
    return Components(
        person=_between(contrast, error, _sets_of_people(tables)),
        clip=clip,
        person_clip=person_clip if repeated else float("nan"),
        trial=trial,
        clips=float(1 / np.mean(1 / cells)),
        repeats=float(1 / np.mean(1 / trials)),
        collected=max(float(error.mean()), 0.0),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """Variances of clip, person by clip and trial, clip effects, and error variance of cells."""

    variances: tuple[float, float, float]
    effects: Floats
    cells: Floats


def _side(table: ClipTable, *, repeated: bool) -> _Side:
    fit, shared = additive_fit(table), table.shared
    rank = fit.basis.shape[1]
    if shared.any():
        error = fit.error if fit.df else float("nan")
        clip = (fit.squares - rank * error) / fit.trace if fit.trace else 0.0
        effects = np.where(shared, fit.effects - fit.effects[shared].mean(), 0.0)
        unshared = np.where(shared, 0.0, max(clip, 0.0))  # of an own clip nothing can be taken out
    else:
        error, clip = fit.squares / rank if rank else float("nan"), float("nan")
        effects = unshared = np.zeros(len(shared))
    if not repeated:
        return _Side((clip, 0.0, error), effects, error + unshared + 0 * table.total)
    trial = float(table.squares.sum()) / _repeats(table)
    person_clip = error - trial * float((1 / table.trials[table.seen]).mean())
    cells = person_clip + unshared + trial / np.maximum(table.trials, 1)
    return _Side((clip, person_clip, trial), effects, cells)


def _sets_of_people(tables: Sequence[ClipTable]) -> Floats:
    """(people, sets) 1 where a person saw a set of clips, for every side; own clips are no set."""
    everybody = np.ones((len(tables[0].total), 1))
    sides = [table.sets()[table.seen.argmax(axis=1)] for table in tables if table.shared.any()]
    return np.hstack([everybody, *(side[:, None] == np.unique(side) for side in sides)])


def _between(contrast: Floats, error: Floats, sets: Floats) -> float:
    """Return the variance of true contrasts within sets of people; NaN where nobody shares one."""
    left = np.eye(len(contrast)) - sets @ np.linalg.pinv(sets)
    df = round(float(np.trace(left)))
    if not df:
        return float("nan")
    centred = contrast - contrast.mean()  # rounding of a large mean is no variance
    squares = float(centred @ left @ centred) - float(np.diag(left) @ error)
    return float(np.maximum(squares / df, 0.0))


def _share(part: float, noise: float) -> float:
    return float(part / (part + noise)) if part + noise > 0 else float("nan")


def _repeats(table: ClipTable) -> float:
    """Return the degrees of freedom of trials within person and clip."""
    return float((table.trials - table.seen).sum())
