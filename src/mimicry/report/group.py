"""Page of a study's groups."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mimicry.report.figures import group_means
from mimicry.report.page import fill_page

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["render_groups"]

_HEADLINE = "contrast_raw"
_LABELS = {
    "contrast_raw": "raw (AU units)",
    "contrast_cal": "calibrated (share of own imitation)",
    "contrast": "standardised (own SDs)",
    "contrast_raw_late": "raw, late window",
    "contrast_cal_late": "calibrated, late window",
    "contrast_late": "standardised, late window",
    "specificity": "specificity",
    "r_peak_contrast": "peak correlation (Fisher z)",
    "hit_rate_difference": "hit rate",
}


class Tables(Protocol):
    """What the page shows: see :class:`mimicry.study.GroupTables`."""

    @property
    def contrasts(self) -> "pd.DataFrame": ...
    @property
    def differences(self) -> "pd.DataFrame": ...
    @property
    def refusals(self) -> "pd.DataFrame": ...
    @property
    def by(self) -> str: ...
    @property
    def control(self) -> str | None: ...
    @property
    def gaps(self) -> Sequence[str]: ...


def render_groups(found: Tables) -> str:
    """Return a self-contained HTML page. The same tables give the same bytes."""
    from markupsafe import Markup

    headline = found.contrasts[found.contrasts["measure"] == _HEADLINE]
    return fill_page(
        "group.html.jinja",
        by=found.by,
        control=found.control,
        gaps=found.gaps,
        groups=sorted(found.refusals[found.by].unique()),
        figure=Markup(_figure(headline, found.by)) if len(headline) else "",
        contrasts=_rows(found.contrasts, found.by),
        differences=_rows(found.differences, found.by),
        refusals=_rows(found.refusals, found.by),
    )


def _figure(rows: "pd.DataFrame", by: str) -> str:
    cells = [_where(row) for row in rows.to_dict("records")]
    numbers = (rows[k].to_numpy(float) for k in ("mean", "low", "high"))
    return group_means(cells, list(rows[by].astype(str)), *numbers)


def _rows(table: "pd.DataFrame", by: str) -> list[dict[str, Any]]:
    return [
        {
            **{str(k): _cell(v) for k, v in row.items()},
            "where": _where(row),
            "group": str(row[by]),
            "label": _LABELS.get(row.get("measure", ""), ""),
            "percent": _percent(row),
        }
        for row in table.to_dict("records")
    ]


def _where(row: Any) -> str:
    parts = (row["session"], row["phase"], row["condition"])
    return ", ".join(part for part in parts if isinstance(part, str) and part)


def _percent(row: Any) -> str:
    """The reduction with its Fieller set, in words where it is not an interval."""
    if not isinstance(row.get("percent_set"), str):
        return ""
    head = f"{row['percent_less']:.0f} %"
    if row["percent_set"] == "everything":
        return f"{head} (no value excluded)"
    ends = f"{row['percent_less_low']:.0f} to {row['percent_less_high']:.0f} %"
    return f"{head} ({ends})" if row["percent_set"] == "interval" else f"{head} (not {ends})"


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return "n/a"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
