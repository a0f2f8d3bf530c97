"""What becomes of tests and reliabilities of a sample whose people all see the same clips?

Simulates studies of single-trial scores (no frames) in which clips do something to everybody, to
one group or to one person, and shows

* how often a group test says p <= .05 without an effect, clips random and clips fixed, and in
  people's own SDs, and how often the Fieller set holds the true percentage,
* which reliability is found where the true coefficient for clips like these is known, and how
  often the interval holds it,
* how often the test of exclusions notices trials that are lost because their response is large.

Run ``python -m benchmarks shared_clips --page docs/calibration.md`` (about 10 minutes of CPU).
Every study has its own seed, so ``--only NAME`` gives the same row as the whole run.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from benchmarks import tables
from benchmarks.tables import Table, short, significant
from mimicry.statistics.clips import ContrastTrials, clip_tables
from mimicry.statistics.crossed import crossed
from mimicry.statistics.groups import people_means, percent_reduction
from mimicry.statistics.nulls import sign_flip_p
from mimicry.statistics.reliability import contrast_reliability

SEED = 20261127
SPLITS = 400  # enough for the mean of a simulation; a study takes up to 5000


@dataclass(frozen=True)
class ClipStudy:
    """A study without frames: every score is person + clip + person x clip + trial.

    Parameters
    ----------
    n
        People in each group.
    clips, trials
        Clips and trials on each side; each clip is shown trials / clips times.
    mean
        True contrast of each group.
    clip_sd, group_clip_sd, person_clip_sd
        SD of what a clip does to everybody, to a group, to a person, in SDs of single trials.
    person_sd
        SD of the people's true contrasts.
    trial_sd
        SD of single trials in each group.
    lost
        Share of trials lost, whatever happens in them.
    hidden
        Share lost of those trials of the emotion whose response is an SD above expectation.
    """

    n: tuple[int, ...] = (40,)
    clips: int = 8
    trials: int = 24
    mean: tuple[float, ...] = (0.0, 0.0)
    clip_sd: float = 0.0
    group_clip_sd: float = 0.0
    person_clip_sd: float = 0.0
    person_sd: float = 0.5
    trial_sd: tuple[float, ...] = (1.0, 1.0)
    lost: float = 0.0
    hidden: float = 0.0

    @property
    def reliability(self) -> float:
        """The true coefficient for clips like these: people over people, clips and trials."""
        error = 2 * (self.person_clip_sd**2 / self.clips + 1 / self.trials)
        return float(self.person_sd**2 / (self.person_sd**2 + error))


def draw_people(study: ClipStudy, rng: np.random.Generator) -> list[list[ContrastTrials]]:
    """Return the people of every group, with the trials they have left."""
    names = tuple(f"c{k}" for k in range(study.clips)) * (study.trials // study.clips)
    of = np.arange(len(names)) % study.clips
    everybody = rng.normal(0, study.clip_sd, (2, study.clips))
    groups = []
    for n, mean, trial_sd in zip(study.n, study.mean, study.trial_sd, strict=False):
        clip = everybody + rng.normal(0, study.group_clip_sd, (2, study.clips))
        level, own = rng.normal(0, 1, n), rng.normal(mean, study.person_sd, n)
        cell = clip + rng.normal(0, study.person_clip_sd, (n, 2, study.clips))
        noise = rng.normal(0, trial_sd, (n, 2, len(names)))
        score = level[:, None, None] + cell[:, :, of] + noise
        score[:, 0] += own[:, None]
        score[rng.random(score.shape) < study.lost] = np.nan
        large = (noise[:, 0] > trial_sd) & (rng.random(noise[:, 0].shape) < study.hidden)
        score[:, 0][large] = np.nan
        groups.append([ContrastTrials(str(k), *s, names, names) for k, s in enumerate(score)])
    return groups


def group_row(study: ClipStudy, rng: np.random.Generator) -> dict[str, float]:
    """Test one study: p of each way, and whether the Fieller set holds the true percentage."""
    groups = draw_people(study, rng)
    random = crossed(clip_tables(groups))
    plain = people_means([[p.contrast for p in people] for people in groups])
    weights = [1.0] if len(groups) == 1 else [1.0, -1.0]
    row = {"p": random.test(weights).p, "p_these_clips_only": plain.test(weights).p}
    if len(groups) == 2:
        row["pooled"] = random.pooled().p
        own = [[_in_own_sds(p) for p in people] for people in groups]
        row["p_own_sds"] = people_means(own).test(weights).p
        for name, means in (("held", random), ("held_these_clips_only", plain)):
            row[name] = float(_holds(means, study.mean)) if study.mean[0] else float("nan")
    return row


def _in_own_sds(person: ContrastTrials) -> float:
    """Return a contrast in SDs of all trials of the person."""
    return person.contrast / float(np.concatenate([person.emotion, person.reference]).std(ddof=1))


def _holds(means, truth: tuple[float, ...]) -> bool:
    """Tell whether the Fieller set of the second group against the first holds the truth."""
    from scipy.special import stdtrit

    (first, second), covariance = means.mean, means.covariance
    quantile = stdtrit(means.test([second / first, -1.0]).df, 0.975)
    errors = np.sqrt(np.diag(covariance))
    found = percent_reduction(
        first, errors[0], second, errors[1], quantile, covariance=covariance[0, 1]
    )
    percent = 100 * (1 - truth[1] / truth[0])
    inside = found.low <= percent <= found.high
    return {"interval": inside, "outside": not inside, "everything": True}[found.kind]


def reliability_row(study: ClipStudy, rng: np.random.Generator) -> dict[str, float]:
    """Return the reliability of one study, and whether its interval holds the true one."""
    (people,) = draw_people(study, rng)
    found = contrast_reliability(people, rng, splits=SPLITS)
    held = found.split_half_low <= study.reliability <= found.split_half_high
    return {
        "split_half": found.split_half,
        "generalisability": found.generalisability,
        "held": float(held),
    }


def exclusion_row(study: ClipStudy, rng: np.random.Generator) -> dict[str, float]:
    """Return p of the contrast, and of the test whether one side loses more trials."""
    (people,) = draw_people(study, rng)
    lost = [len(p.reference) - len(p.emotion) for p in people]
    return {
        "p": crossed(clip_tables([people])).test([1.0]).p,
        "lost": sign_flip_p(np.array(lost, dtype=float), rng),
    }


_TWO = ClipStudy(n=(40, 40), mean=(1.0, 0.6))
GROUPS = {
    f"{clips} clips, SD {sd:g}": ClipStudy(clips=clips, clip_sd=sd)
    for clips in (4, 8)
    for sd in (0.0, 0.15, 0.5, 1.0)
} | {
    "8 clips, SD .5, a fifth of the trials lost": ClipStudy(clip_sd=0.5, lost=0.2),
    **{
        f"two groups, {clips} clips, SD .5, group x clip {sd:g}": replace(
            _TWO, clips=clips, clip_sd=0.5, group_clip_sd=sd, mean=(0.0, 0.0)
        )
        for clips in (4, 8)
        for sd in (0.0, 0.15, 0.5)
    },
    "two groups, 20 against 40 people": ClipStudy(n=(20, 40), clip_sd=0.5, group_clip_sd=0.15),
    "two groups that mimic, one of them restless": replace(
        _TWO, mean=(1.0, 1.0), trial_sd=(1.0, 2.0)
    ),
}
FIELLER = {
    f"40 % less, {clips} clips, SD {sd:g}": replace(
        _TWO, clips=clips, clip_sd=sd, group_clip_sd=sd / 2
    )
    for clips in (4, 8)
    for sd in (0.0, 0.15, 0.3)
}
RELIABILITIES = {
    f"{n} people, {clips} clips, SD {sd:g}": ClipStudy(n=(n,), clips=clips, clip_sd=sd)
    for n in (40, 60)
    for clips in (4, 8, 24)
    for sd in (0.0, 0.5, 1.0)
} | {
    f"{n} people, 8 clips, SD {sd:g}, person x clip": ClipStudy(
        n=(n,), clip_sd=sd, person_clip_sd=0.5
    )
    for n in (40, 60)
    for sd in (0.0, 0.5)
}
EXCLUSIONS = {
    "trials lost at random": ClipStudy(lost=0.15),
    "half of the large responses of one condition lost": ClipStudy(hidden=0.5),
}

Found = Sequence[Mapping[str, float]]


def values(found: Found, key: str) -> np.ndarray:
    """Return one measure of every study; NaN where a study has none."""
    return np.array([row.get(key, np.nan) for row in found])


def group_cells(name: str, found: Found) -> list[str]:
    """Return the rates of p <= .05 without an effect."""
    tests = ("p", "p_these_clips_only", "p_own_sds", "pooled")
    # whether both groups together respond is a question only where they do not
    last = 3 if any(GROUPS[name].mean) else 4
    cells = [short(significant(values(found, key))) for key in tests[:last]]
    return [name, *cells, *[""] * (4 - last), str(len(found))]


def fieller_cells(name: str, found: Found) -> list[str]:
    """Return the coverage of the percentage."""
    held = (short(values(found, key).mean()) for key in ("held", "held_these_clips_only"))
    return [name, *held, str(len(found))]


def reliability_cells(name: str, found: Found) -> list[str]:
    """Return the mean reliability and the coverage of its interval beside the truth."""
    means = (short(np.nanmean(values(found, k))) for k in ("split_half", "generalisability"))
    true = short(RELIABILITIES[name].reliability)
    return [name, true, *means, short(values(found, "held").mean()), str(len(found))]


def exclusion_cells(name: str, found: Found) -> list[str]:
    """Return how often the loss is noticed, and the contrast is called different from 0."""
    return [name, *(short(significant(values(found, k))) for k in ("lost", "p")), str(len(found))]


def _table(
    studies: Mapping[str, ClipStudy],
    one: Callable[[ClipStudy, np.random.Generator], dict[str, float]],
    cells: Callable[[str, Found], list[str]],
    sessions: int,
) -> Table:
    return Table(studies, partial(one_study, studies, one), cells, sessions)


def one_study(
    studies: Mapping[str, ClipStudy],
    one: Callable[[ClipStudy, np.random.Generator], dict[str, float]],
    name: str,
    k: int,
) -> dict[str, float]:
    """Return what is found in study `k` of a row."""
    word = sum(ord(c) * 31**i for i, c in enumerate(name)) % 2**32
    return one(studies[name], np.random.default_rng(np.random.SeedSequence([SEED, word, k])))


TABLES = {
    "group-tests": _table(GROUPS, group_row, group_cells, 2000),
    "fieller": _table(FIELLER, group_row, fieller_cells, 2000),
    "clip-reliability": _table(RELIABILITIES, reliability_row, reliability_cells, 1000),
    "exclusions": _table(EXCLUSIONS, exclusion_row, exclusion_cells, 2000),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and write its tables into the documentation page."""
    return tables.command(TABLES, arguments, __doc__)


if __name__ == "__main__":
    sys.exit(main())
