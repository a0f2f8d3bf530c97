"""Where the variance of contrasts comes from: people, clips, people by clips, trials."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mimicry.statistics.clips import AdditiveFit, ClipTable, additive_fit

__all__ = ["Components", "components"]


@dataclass(frozen=True, slots=True)
class Components:
    """Variances behind a contrast with one trial of one clip on each side.

    Parameters
    ----------
    person
        Of the people's true contrasts.
    clip
        Of clips, the same for everybody: adds to every contrast of the study alike.
    person_clip
        Of what a clip does to one person beyond that; NaN where no clip was repeated, it is in
        `trial` then.
    trial
        Of trials of one person and clip.
    clips, repeats
        Clips on a side and trials of a clip, as collected (harmonic means).
    """

    person: float
    clip: float
    person_clip: float
    trial: float
    clips: float
    repeats: float

    def error(self, clips: float, repeats: float) -> float:
        """Return the error variance of a person's contrast with so many clips and repeats.

        Without repeated clips nothing tells a trial from a clip: repeats do not help then.
        """
        if np.isnan(self.person_clip):
            return float(self.trial / clips)
        return float((self.person_clip + self.trial / repeats) / clips)

    def reliability(self, clips: float, repeats: float) -> float:
        """Return the coefficient of generalisability over clips; NaN without any variance."""
        total = self.person + self.error(clips, repeats)
        return float(self.person / total) if total > 0 else float("nan")

    def clips_needed(self, reliability: float, repeats: float) -> float:
        """Return the clips per side for a reliability; NaN: no number is enough.

        Examples
        --------
        >>> Components(1.0, 0.5, 2.0, 12.0, 8.0, 3.0).clips_needed(0.7, 3.0)
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
    are 0.
    """
    contrast, error = np.zeros((2, len(tables[0].total)))
    sums = np.zeros(3)  # clip, person by clip, trial
    repeated = all(_repeats(table) > 0 for table in tables)
    for table in tables:
        fit = additive_fit(table)
        sums += _side(table, fit, repeated=repeated)
        contrast += table.sign * (table.share * (table.mean - fit.effects)).sum(axis=1)
        error += (table.share**2).sum(axis=1) * fit.error
    clip, person_clip, trial = (float(v) for v in np.maximum(sums, 0.0))
    cells = np.concatenate([table.seen.sum(axis=1) for table in tables])
    trials = np.concatenate([table.trials[table.seen] for table in tables])
    return Components(
        person=max(float(contrast.var(ddof=1) - error.mean()), 0.0),
        clip=clip,
        person_clip=person_clip if repeated else float("nan"),
        trial=trial,
        clips=float(1 / np.mean(1 / cells)),
        repeats=float(1 / np.mean(1 / trials)),
    )


def _repeats(table: ClipTable) -> float:
    """Return the degrees of freedom of trials within person and clip."""
    return float((table.trials - table.seen).sum())


def _side(table: ClipTable, fit: AdditiveFit, *, repeated: bool) -> tuple[float, float, float]:
    """Return the variances of clip, person by clip and trial on one side."""
    clip = (fit.squares - fit.basis.shape[1] * fit.error) / fit.trace if fit.trace else 0.0
    if not repeated:
        return clip, 0.0, fit.error
    trial = float(table.squares.sum()) / _repeats(table)
    return clip, fit.error - trial * float((1 / table.trials[table.seen]).mean()), trial
