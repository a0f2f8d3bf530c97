"""What becomes of tests and reliabilities of a sample whose people all see the same clips?

Simulates studies of single-trial scores (no frames) in which clips do something to everybody, to
one group or to one person, and shows

* how often a group test says p <= .05 without an effect, clips random and clips fixed, and how
  often the Fieller set holds the true percentage,
* which reliability is found where the true coefficient for clips like these is known, and how
  often the interval holds it,
* how often the test of exclusions notices trials that are lost because their response is large.

Run ``python -m benchmarks.shared_clips --page docs/calibration.md`` (about 20 minutes of CPU).
Every study has its own seed, so ``--only NAME`` gives the same row as the whole run.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.calibration import put_row
from mimicry.statistics.clips import ContrastTrials, clip_tables
from mimicry.statistics.crossed import crossed
from mimicry.statistics.groups import people_means, percent_reduction
from mimicry.statistics.nulls import sign_flip_p
from mimicry.statistics.reliability import contrast_reliability

ALPHA, SEED = 0.05, 20261127
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
    for n, mean in zip(study.n, study.mean, strict=False):
        clip = everybody + rng.normal(0, study.group_clip_sd, (2, study.clips))
        level, own = rng.normal(0, 1, n), rng.normal(mean, study.person_sd, n)
        cell = clip + rng.normal(0, study.person_clip_sd, (n, 2, study.clips))
        noise = rng.normal(0, 1, (n, 2, len(names)))
        score = level[:, None, None] + cell[:, :, of] + noise
        score[:, 0] += own[:, None]
        score[rng.random(score.shape) < study.lost] = np.nan
        large = (noise[:, 0] > 1) & (rng.random(noise[:, 0].shape) < study.hidden)
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
        for name, means in (("held", random), ("held_these_clips_only", plain)):
            row[name] = float(_holds(means, study.mean)) if study.mean[0] else float("nan")
    return row


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

Row = Mapping[str, np.ndarray]


def results(
    study: ClipStudy,
    name: str,
    studies: int,
    one: Callable[[ClipStudy, np.random.Generator], dict[str, float]],
) -> Row:
    """Return measure -> (studies,) values; every study of a situation has its own seed."""
    word = sum(ord(c) * 31**k for k, c in enumerate(name)) % 2**32
    rows = [
        one(study, np.random.default_rng(np.random.SeedSequence([SEED, word, k])))
        for k in range(studies)
    ]
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


def share(p: np.ndarray) -> float:
    """Return the share of p <= .05."""
    return float((p[np.isfinite(p)] <= ALPHA).mean())


def group_cells(row: Row) -> list[str]:
    """Return the rates of p <= .05 without an effect as cells."""
    pooled = row.get("pooled")
    plain = [share(row["p"]), share(row["p_these_clips_only"])]
    return [f"{v:.3f}" for v in plain] + [f"{share(pooled):.3f}" if pooled is not None else ""]


def fieller_cells(row: Row) -> list[str]:
    """Return the coverage of the percentage as cells."""
    return [f"{row[k].mean():.3f}" for k in ("held", "held_these_clips_only")]


def reliability_cells(row: Row) -> list[str]:
    """Return the mean reliability and the coverage of its interval as cells."""
    means = (np.nanmean(row[k]) for k in ("split_half", "generalisability"))
    return [*(f"{v:.3f}" for v in means), f"{row['held'].mean():.3f}"]


def exclusion_cells(row: Row) -> list[str]:
    """Return how often the loss is noticed, and the contrast is called different from 0."""
    return [f"{share(row[k]):.3f}" for k in ("lost", "p")]


TABLES = {
    "group-tests": (GROUPS, group_row, group_cells),
    "fieller": (FIELLER, group_row, fieller_cells),
    "clip-reliability": (RELIABILITIES, reliability_row, reliability_cells),
    "exclusions": (EXCLUSIONS, exclusion_row, exclusion_cells),
}


def rows(table: str, studies: int, only: list[str] | None = None) -> Iterator[str]:
    """Yield the rows of one table as Markdown."""
    situations, one, cells = TABLES[table]
    for name, study in situations.items():
        if only and name not in only:
            continue
        truth = [f"{study.reliability:.3f}"] if table == "clip-reliability" else []
        made = cells(results(study, name, studies, one))
        yield f"| {' | '.join([name, *truth, *made, str(studies)])} |"


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and write its tables into the documentation page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--table", choices=list(TABLES), action="append")
    parser.add_argument("--only", action="append", help="name of a situation")
    parser.add_argument("--page", type=Path, help="Markdown page whose rows are replaced")
    chosen = parser.parse_args(arguments)
    for table in chosen.table or TABLES:
        for row in rows(table, chosen.studies, chosen.only):
            print(row, flush=True)
            if chosen.page:
                put_row(chosen.page, table, row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
