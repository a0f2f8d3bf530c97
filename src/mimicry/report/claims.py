"""What the claim of a condition is called where people read it: on pages and the console."""

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["claim_lines", "claim_sentence", "claim_title", "group_claim", "reasons_of"]

_TITLES = {"none": "no emotion-specific response shown", "": "no claim"}
_SENTENCES = {
    "mimicry": "{targets} moved more than in the reference trials, alone and against {opponents}.",
    "counter-mimicry": "{targets} moved less than in the reference trials, or the other way, alone "
    "and against {opponents}.",
    "valence-congruent": "{targets} moved more than in trials of the other valence, alone and "
    "against {opponents}: evidence for no single emotion.",
    "valence-incongruent": "{targets} moved less than in trials of the other valence, or the other "
    "way, alone and against {opponents}: evidence for no single emotion.",
    "opponent only": "The faces made a difference, but not in {targets} alone: no mimicry.",
    "none": "{targets} against {opponents} did not clearly differ from the reference trials; that "
    "is not the same as no response.",
    "": "Nothing can be said{why}.",
}


def claim_title(row: Mapping[Any, Any]) -> str:
    """Return the claim of a row of a condition table in a few words."""
    claim = _claim(row)
    return _TITLES.get(claim, claim)


def claim_sentence(row: Mapping[Any, Any]) -> str:
    """Return what the claim of a row of a condition table says, or why there is none."""
    units = {k: ", ".join(str(row.get(k, "")).split()) for k in ("targets", "opponents")}
    codes = reasons_of(row.get("nan_reasons"))
    code = codes.get("claim", codes.get("*", ""))
    why = f" ({code.replace('_', ' ')})" if code else ""
    return _SENTENCES[_claim(row)].format(**units, why=why)


def claim_lines(rows: Iterable[Mapping[Any, Any]]) -> list[str]:
    """Return a line for every row that a claim could be made about.

    Rows of conditions without targets, and of emotions whose contrast stands in another row,
    have none.
    """
    asked = (row for row in rows if isinstance(row.get("targets"), str) and row["targets"])
    return [
        f"{_where(row)}: {claim_title(row)}. {claim_sentence(row)}"
        for row in asked
        if reasons_of(row.get("nan_reasons")).get("claim") != "shared_contrast"
    ]


def group_claim(row: Mapping[Any, Any]) -> str:
    """Return the claim of a row of the claims of groups, and how many people it is made of."""
    reason = row.get("reason")
    codes = f"claim={reason}" if isinstance(reason, str) and reason else ""
    words = (("people_towards", "towards the faces"), ("people_against", "against them"),
             ("people_opponent_only", "opponent only"), ("people_none", "none shown"),
             ("people_without", "no claim"))  # fmt: skip
    counts = ", ".join(f"{int(row[name])} {text}" for name, text in words if row[name])
    sentence = claim_sentence({**row, "nan_reasons": codes})
    return f"{claim_title(row)}. {sentence} Person by person: {counts}."


def reasons_of(text: object) -> dict[str, str]:
    """Return column -> code of the cell `nan_reasons`."""
    pairs = text.split(";") if isinstance(text, str) else []
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _claim(row: Mapping[Any, Any]) -> str:
    claim = row.get("claim")
    return claim if isinstance(claim, str) else ""


def _where(row: Mapping[Any, Any]) -> str:
    phase = row.get("phase")
    return f"{row['condition']}, {phase}" if isinstance(phase, str) and phase else row["condition"]
