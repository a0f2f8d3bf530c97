"""Who and what is missing, by condition and by group: tested before any result is read."""

from collections.abc import Iterator, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from mimicry.kernels.chance import generator
from mimicry.records import ScoringSettings
from mimicry.scoring.pattern import shared_pair
from mimicry.scoring.summary import VALENCE_CONGRUENT
from mimicry.statistics.groups import two_samples
from mimicry.statistics.nulls import sign_flip_p

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EXCLUSION_COLUMNS", "exclusion_rows", "exclusion_sentences"]

ALPHA = 0.05
_ROUNDING = 1e-12  # of shares
EXCLUSION_COLUMNS = {
    "what": "what is counted: trials, or people without a raw contrast",
    "compared": "what differs between the two sides: condition, or the column of the groups",
    "level": "the one side: a condition or group; the other side is all others",
    "lost": "trials not valid, or people without",
    "of": "out of how many",
    "share": "lost / of; for trials its mean over people",
    "others_share": "the same of all others",
    "p": "two-sided: trials by condition, signs of the people's differences flipped; trials by "
    "group, Welch's t of the people's shares (Fisher's exact test where nobody of a side differs "
    "from the others of it, but the sides do); people, Fisher's exact test",
    "reason": "why there is no p: too_few_participants (trials by condition: nobody has both "
    "sides; by group: a side of fewer than 2 people)",
    "differs": "1: p <= .05; what is lost differs, and the results may come from that",
}


def exclusion_rows(
    trials: "pd.DataFrame | None", people: "pd.DataFrame", by: str, settings: ScoringSettings
) -> Iterator[dict[str, Any]]:
    """Yield a row for each question of what was lost where.

    Parameters
    ----------
    trials
        Trial scores of the study with the column `by`; None: there is no table.
    people
        Condition tables of all participants with the column `by`.
    by
        Column that names the group.
    settings
        The protocol's.
    """
    if trials is not None:
        column = settings.phase_column if settings.phase_column in trials.columns else "block"
        for (session, phase), part in trials.groupby(["session", column], sort=False, dropna=False):
            where = {"session": session, "phase": phase}
            yield from _by_condition(part, where, settings)
            yield from _trials_by_group(part, where, by)
    emotions = [name for name in settings.emotions if (people["condition"] == name).any()]
    asked = {*settings.emotions, VALENCE_CONGRUENT} - {*(shared_pair(emotions, settings))}
    scored = people[people["condition"].isin(asked)]
    if "contrast_raw" in scored.columns:
        for key, part in scored.groupby(
            ["session", "phase", "condition"], sort=False, dropna=False
        ):
            names = ("session", "phase", "condition")
            yield from _people_by_group(part, dict(zip(names, key, strict=True)), by)


def _by_condition(
    part: "pd.DataFrame", where: dict[str, Any], settings: ScoringSettings
) -> Iterator[dict[str, Any]]:
    """Yield whether trials of a condition are lost more often than the same people's others."""
    conditions = list(dict.fromkeys(part["condition"].dropna()))
    lost = (part["valid"] != 1).astype(float)
    for condition in conditions if len(conditions) > 1 else ():
        level = part["condition"] == condition
        sides = [lost[rows].groupby(part["participant"]).mean() for rows in (level, ~level)]
        both = sides[0].index.intersection(sides[1].index)
        here, others = (side.loc[both].to_numpy(float) for side in sides)
        rng = generator(settings.seed, "exclusions", str(condition))
        p = sign_flip_p(here - others, rng) if len(both) else float("nan")
        asked = ("trials", "condition", condition)
        yield _row({**where, "condition": None}, asked, lost[level], _means(here, others), p)


def _trials_by_group(
    part: "pd.DataFrame", where: dict[str, Any], by: str
) -> Iterator[dict[str, Any]]:
    """Yield whether people of a group lose more trials of a condition than the other people."""
    for condition, rows in part.groupby("condition", sort=False):
        lost = (rows["valid"] != 1).astype(float)
        share = lost.groupby(rows["participant"]).mean()
        group = rows.groupby("participant")[by].first()
        for name in _sides(group):
            here, others = (share[is_own].to_numpy() for is_own in (group == name, group != name))
            p = _shares_p(here, others)
            asked = ("trials", by, name)
            yield _row(
                {**where, "condition": condition}, asked, lost[rows[by] == name],
                _means(here, others), p,
            )  # fmt: skip


def _shares_p(here: Any, others: Any) -> float:
    """Return p of two groups' shares; where each is constant, how rare such a sorting of people is.

    Two groups of which one lost everything and the other nothing have no variance for a t test.
    """
    from scipy.stats import fisher_exact

    test = two_samples(here, others)
    if test.reason != "no_variance":
        return test.p
    apart = abs(test.mean) > _ROUNDING
    table = [[len(here), 0], [0, len(others)]] if apart else [[len(here), 0], [len(others), 0]]
    return float(fisher_exact(table).pvalue)


def _people_by_group(
    part: "pd.DataFrame", where: dict[str, Any], by: str
) -> Iterator[dict[str, Any]]:
    """Yield whether a group has more people without a contrast than the others."""
    from scipy.stats import fisher_exact

    lost = part["contrast_raw"].isna()
    for name in _sides(part[by]):
        here, others = (lost[side].to_numpy() for side in (part[by] == name, part[by] != name))
        table = [[int(side.sum()), int((~side).sum())] for side in (here, others)]
        p = float(fisher_exact(table).pvalue)
        yield _row(where, ("people", by, name), here, _means(here, others), p)


def _sides(groups: "pd.Series[str]") -> list[str]:
    """Return the groups that are held against all others: of two, the first says it all."""
    names = sorted(set(groups))
    return names if len(names) > 2 else names[: len(names) - 1]


def _means(here: Any, others: Any) -> tuple[float, float]:
    first, second = (float(v.mean()) if len(v) else float("nan") for v in (here, others))
    return first, second


def _row(
    where: dict[str, Any], asked: tuple[str, str, Any], lost: Any, shares: tuple[float, float],
    p: float,
) -> dict[str, Any]:  # fmt: skip
    what, compared, level = asked
    return {
        **where,
        "what": what,
        "compared": compared,
        "level": str(level),
        "lost": int(lost.sum()),
        "of": len(lost),
        "share": shares[0],
        "others_share": shares[1],
        "p": p,
        "reason": "too_few_participants" if isnan(p) else "",
        "differs": int(p <= ALPHA),
    }


def exclusion_sentences(rows: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Return one sentence for each difference in what was lost."""
    return tuple(_sentence(row) for row in rows if row["differs"])


def _sentence(row: dict[str, Any]) -> str:
    kept = (row[k] for k in ("session", "phase", "condition"))
    place = ", ".join(part for part in kept if isinstance(part, str) and part)
    what = "trials lost" if row["what"] == "trials" else "people without a contrast"
    return (
        f"{what} differ by {row['compared']}{f' ({place})' if place else ''}: {row['level']} "
        f"{100 * row['share']:.0f} %, others {100 * row['others_share']:.0f} %"
    )
