"""What the contrast of a group supports, and how many of its people each claim is made of."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mimicry.analyses.comparisons import CELL
from mimicry.records import ScoringSettings
from mimicry.scoring.claims import NONE, OPPONENT_ONLY, claim_words, decide_claim

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CLAIM_COLUMNS", "claim_rows"]

_WHOLE, _TARGET = "contrast_raw", "contrast_target_raw"
_MAPS = ("targets", "opponents")
_PEOPLE = {
    "people_towards": "people whose own claim is mimicry (reference: valence: valence-congruent)",
    "people_against": "people whose own claim is counter-mimicry (valence-incongruent)",
    "people_opponent_only": "people whose own claim is opponent only",
    "people_none": "people of whom no response was shown",
}
#: Column of ``group_claims.tsv`` -> what it means.
CLAIM_COLUMNS = {
    "targets": "action units that the emotion should move",
    "opponents": "action units that it should not move",
    "p_claim": "larger of the p of contrast_raw and of contrast_target_raw; 1 where their means "
    "lie on different sides of 0",
    "claim": "what the group's raw contrast supports, by the rule for a person: mimicry only where "
    "contrast and target part are both above 0 and p_claim is at most the level of the planned "
    "test; clips_fixed: there is no p; no_target_part: the tables have no contrast_target_raw",
    "reason": "why there is no claim",
    "people": "people of the group in this condition",
    **_PEOPLE,
    "people_without": "people without a claim of their own",
}


def claim_rows(
    table: "pd.DataFrame",
    means: Iterable[Mapping[str, Any]],
    by: str,
    settings: ScoringSettings,
) -> Iterator[dict[str, Any]]:
    """Yield a row for each cell and group that has a raw contrast.

    The claim of a group follows the same rule as that of a person, from the group's mean raw
    contrast, the mean of its target part, and their p with clips random.

    Parameters
    ----------
    table
        Condition tables of all participants, with the column `by`.
    means
        From :func:`mimicry.analyses.comparisons.mean_rows`.
    by
        Column that names the group.
    settings
        The protocol's: level and reference.
    """
    where = (*CELL, by)
    rows = {(*(str(row[k]) for k in where), row["measure"]): row for row in means}
    for values, people in table.groupby(list(where), sort=False, dropna=False):
        key = tuple(map(str, values))
        whole, target = (rows.get((*key, name)) for name in (_WHOLE, _TARGET))
        if whole is not None:
            yield {
                **dict(zip(where, values, strict=True)),
                **{name: people[name].iloc[0] for name in _MAPS if name in people},
                **_group_claim(whole, target or {}, settings),
                **_counts(people, settings),
            }


def _group_claim(
    whole: Mapping[str, Any], target: Mapping[str, Any], settings: ScoringSettings
) -> dict[str, Any]:
    numbers = [row.get(name, np.nan) for name in ("mean", "p") for row in (whole, target)]
    p_claim, claim = decide_claim(
        *numbers, alpha=settings.claim_alpha, reference=settings.reference
    )
    why = "" if claim else whole["reason"] or target.get("reason", "no_target_part")
    return {
        "p_claim": float(p_claim),
        "claim": str(claim),
        "reason": why or ("" if claim else "clips_fixed"),
    }


def _counts(people: "pd.DataFrame", settings: ScoringSettings) -> dict[str, int]:
    """Count the people of each claim."""
    claims = list(people["claim"]) if "claim" in people else [""] * len(people)
    words = (*claim_words(settings.reference), OPPONENT_ONLY, NONE)
    counts = {name: claims.count(word) for name, word in zip(_PEOPLE, words, strict=True)}
    return {"people": len(claims), **counts, "people_without": len(claims) - sum(counts.values())}
