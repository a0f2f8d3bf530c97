"""How many participants had no latency, for each group: a gate must not hide a difference."""

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["latency_refusals"]

_COLUMN = "latency_shift_s"


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
        One row for each group, phase and condition: ``n`` participants, ``with_latency``,
        ``refused`` and ``reasons`` (``code: number`` joined by ``;``). A group of which more
        are refused is not comparable by the latencies of those that are left.

    Raises
    ------
    ValueError
        When a column is missing.
    """
    import pandas as pd

    for name in (by, "condition", _COLUMN, "nan_reasons"):
        if name not in summary.columns:
            raise ValueError(f"the summary has no column {name!r}")
    emotions = summary[~summary["nan_reasons"].map(_reason).isin(["no_au_map", "given_by_emotion"])]
    keys = [by, *(["phase"] if "phase" in summary.columns else []), "condition"]
    rows = []
    for values, group in emotions.groupby(keys, sort=True, dropna=False):
        missing = group[group[_COLUMN].isna()]
        reasons = Counter(missing["nan_reasons"].map(_reason))
        rows.append(
            dict(zip(keys, values, strict=True))
            | {
                "n": len(group),
                "with_latency": len(group) - len(missing),
                "refused": len(missing),
                "reasons": "; ".join(f"{code}: {n}" for code, n in sorted(reasons.items())),
            }
        )
    return pd.DataFrame(rows, columns=[*keys, "n", "with_latency", "refused", "reasons"])


def _reason(text: object) -> str:
    """The code of the latency in one cell of ``nan_reasons``."""
    if not isinstance(text, str):
        return ""
    codes = dict(part.partition("=")[::2] for part in text.split(";"))
    return codes.get(_COLUMN, codes.get("*", ""))
