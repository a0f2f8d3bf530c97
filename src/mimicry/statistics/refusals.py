"""How many participants had no latency, for each group: a gate must not hide a difference."""

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["REFUSAL_COLUMNS", "latency_refusals"]

_MEASURES = ("latency_shift_s", "latency_half_s")
_NO_EMOTION = ("no_au_map", "given_by_emotion")
REFUSAL_COLUMNS = {
    "measure": "latency_shift_s or latency_half_s",
    "n": "condition tables: one for each participant (and session)",
    "with_latency": "those with a latency",
    "refused": "those without",
    "share_refused": "refused / n",
    "commonest_reason": "why most of them have none; of equally common reasons the first",
    "reasons": "code: number, joined by ;",
    "latency_mean_s": "mean latency of those that have one",
}


def latency_refusals(summary: "pd.DataFrame", *, by: str) -> "pd.DataFrame":
    """Count participants with and without a latency, and why.

    Parameters
    ----------
    summary
        Condition tables of all participants, one below the other, with a column `by`.
    by
        Column that names the group.

    Returns
    -------
    pandas.DataFrame
        One row for each measure, session, phase (where there are such columns), condition and
        group, with the columns of :data:`REFUSAL_COLUMNS`. A group of which more are refused is not
        comparable by the latencies of those that are left.

    Raises
    ------
    ValueError
        When a column is missing.
    """
    import pandas as pd

    for name in (by, "condition", *_MEASURES, "nan_reasons"):
        if name not in summary.columns:
            raise ValueError(f"the summary has no column {name!r}")
    keys = [*(k for k in ("session", "phase") if k in summary.columns), "condition", by]
    rows = []
    for measure in _MEASURES:
        why = summary["nan_reasons"].map(partial(_reason, measure))
        emotions = summary.assign(why=why)[~why.isin(_NO_EMOTION)]
        rows += [
            dict(zip(keys, values, strict=True)) | _counts(group, measure)
            for values, group in emotions.groupby(keys, sort=False, dropna=False)
        ]
    return pd.DataFrame(rows, columns=[*keys, *REFUSAL_COLUMNS])


def _counts(group: "pd.DataFrame", measure: str) -> dict[str, object]:
    missing = group[group[measure].isna()]
    reasons = Counter(missing["why"])
    ordered = sorted(reasons.items())
    return {
        "measure": measure,
        "n": len(group),
        "with_latency": len(group) - len(missing),
        "refused": len(missing),
        "share_refused": len(missing) / len(group),
        "commonest_reason": max(ordered, key=lambda item: item[1])[0] if ordered else None,
        "reasons": "; ".join(f"{code}: {n}" for code, n in ordered) or None,
        "latency_mean_s": group[measure].mean(),
    }


def _reason(measure: str, text: object) -> str:
    """Return the code of a latency in one cell of ``nan_reasons``."""
    if not isinstance(text, str):
        return ""
    codes = dict(part.partition("=")[::2] for part in text.split(";"))
    return codes.get(measure, codes.get("*", ""))
