"""Page of a study's groups."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from mimicry.report.claims import group_claim
from mimicry.report.figures import colours_of, group_means
from mimicry.report.numbers import MISSING, interval, number, percent
from mimicry.report.page import fill_page
from mimicry.report.tables import Table, page_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["percent_words", "render_groups"]

_HEADLINE = "contrast_raw"
_LABELS = {
    "contrast_raw": "raw (AU units)",
    "contrast_cal": "calibrated (share of own imitation)",
    "contrast": "standardised (own SDs)",
    "contrast_target_raw": "raw, targets alone",
    "contrast_opponent_raw": "raw, opponents alone",
    "contrast_target_cal": "calibrated, targets alone",
    "contrast_opponent_cal": "calibrated, opponents alone",
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
    def exclusions(self) -> "pd.DataFrame": ...
    @property
    def lost(self) -> Sequence[str]: ...
    @property
    def claims(self) -> "pd.DataFrame": ...
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
    @property
    def analysed(self) -> Mapping[str, Any]: ...


def render_groups(tables: Tables) -> str:
    """Return a self-contained HTML page. The same tables give the same bytes."""
    from markupsafe import Markup

    by = tables.by
    headline = tables.contrasts[tables.contrasts["measure"] == _HEADLINE]
    groups = sorted(tables.refusals[by].astype(str).unique())
    return fill_page(
        "group.html.jinja",
        by=by,
        control=tables.control,
        gaps=tables.gaps,
        lost=tables.lost,
        exclusions=_exclusions(tables.exclusions),
        tested=bool(tables.exclusions.filter(["p"]).notna().any(axis=None)),
        groups=groups,
        facts=_facts(tables.analysed),
        colours=list(colours_of(list(dict.fromkeys(headline[by].astype(str)))).items()),
        figure=Markup(_figure(headline, by)) if len(headline) else "",
        claims=[
            (f"{_where(row)}, {row[by]}", group_claim(row))
            for row in tables.claims.to_dict("records")
        ],
        contrasts=_contrasts(tables.contrasts, by),
        differences=_differences(tables.differences, by, tables.control),
        refusals=_refusals(tables.refusals, by),
    )


def _facts(analysed: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was analysed, as names and words."""
    trials = analysed["trials"]
    return [
        ("Study", f"{analysed['study']} (folder {analysed['folder']})"),
        ("Protocol", f"{analysed['protocol']} (digest {analysed['digest'][:12]})"),
        (
            "People",
            f"{analysed['people']}: "
            + ", ".join(f"{n} in \u2068{name}\u2069" for name, n in analysed["groups"].items()),
        ),
        ("Trials", f"{trials['valid']} of {trials['total']} are valid" if trials else "no table"),
    ]


def _figure(rows: "pd.DataFrame", by: str) -> str:
    cells = [_where(row) for row in rows.to_dict("records")]
    numbers = (rows[k].to_numpy(float) for k in ("mean", "low", "high"))
    return group_means(cells, list(rows[by].astype(str)), *numbers)


# name of a column in the page: its heading
_CONTRASTS = {
    "label": "measure", "group": "", "n": "people", "n_missing": "without",
    "mean_interval": "mean [95 %]", "t": "t", "p": "p", "p_these_clips_only": "p, these clips only",
    "dz": "dz",
}  # fmt: skip
_COMPARED = {
    "label": "measure", "mean_interval": "difference [95 %]", "p": "p",
    "p_these_clips_only": "p, these clips only", "d": "d", "gate": "gate",
    "percent": "less by (Fieller interval)",
}  # fmt: skip
_LOST = {
    "where": "where", "what": "what", "compared": "by", "level": "this one", "lost": "lost here",
    "of_all": "of", "share": "share", "others_share": "others", "p": "p",
}  # fmt: skip
_REFUSALS = {
    "where": "condition", "group": "", "measure": "latency", "n": "people", "refused": "refused",
    "share_refused": "share", "commonest": "commonest reason", "all_reasons": "all reasons",
    "latency_mean_s": "mean latency (s)",
}  # fmt: skip


def _exclusions(table: "pd.DataFrame") -> Table:
    """Return what was lost where, and whether it differs."""
    rows = [
        {
            **{str(k): v for k, v in row.items()},
            "where": _where(row) or "all",
            "of_all": row["of"],
            **{k: percent(row[k]) for k in ("share", "others_share")},
        }
        for row in table.to_dict("records")
    ]
    body = [[row[c] for c in _LOST] for row in rows]
    return page_table("What was lost", list(_LOST), body, labels=_LOST, keys=4)


def _contrasts(table: "pd.DataFrame", by: str) -> list[Table]:
    """Return a table for every condition: a row for each measure and group."""
    rows = [_row(row, by, row.get("mean")) for row in table.to_dict("records")]
    return [
        _table(where, [row for row in rows if row["where"] == where], _CONTRASTS, by, keys=2)
        for where in dict.fromkeys(row["where"] for row in rows)
    ]


def _differences(table: "pd.DataFrame", by: str, control: str | None) -> list[Table]:
    """Return a table for every condition and group that is compared with the control group."""
    rows = [_row(row, by, row.get("difference")) for row in table.to_dict("records")]
    return [
        _table(
            f"{where}: {group} against {control}",
            [row for row in rows if (row["where"], row["group"]) == (where, group)],
            _COMPARED,
            by,
        )
        for where, group in dict.fromkeys((row["where"], row["group"]) for row in rows)
    ]


def _refusals(table: "pd.DataFrame", by: str) -> Table:
    rows = [_row(row, by, None) for row in table.to_dict("records")]
    return _table("People without a latency", rows, _REFUSALS, by, keys=3)


def _table(
    caption: str,
    rows: Sequence[Mapping[str, Any]],
    wanted: Mapping[str, str],
    by: str,
    *,
    keys: int = 1,
) -> Table:
    body = [[row[c] for c in wanted] for row in rows]
    return page_table(caption, list(wanted), body, labels={**wanted, "group": by}, keys=keys)


def _row(row: dict[Any, Any], by: str, middle: Any) -> dict[str, Any]:
    reason, refused = row.get("reason"), row.get("refused")
    text = interval(middle, row.get("low"), row.get("high"))
    if isinstance(reason, str) and reason:
        text = f"{text} ({reason.replace('_', ' ')})"
    elif row.get("clips") == "fixed":
        text = f"{text} (these clips only)"
    return {
        **{str(k): v for k, v in row.items()},
        "where": _where(row),
        "group": str(row[by]),
        "label": _LABELS.get(row.get("measure", ""), row.get("measure", "")),
        "mean_interval": text,
        "percent": percent_words(row),
        "gate": row.get("gate") or MISSING,
        "commonest": row.get("commonest_reason") if refused else "",
        "all_reasons": row.get("reasons") if refused else "",
        "share_refused": percent(row.get("share_refused")),
    }


def _where(row: Any) -> str:
    parts = (row["session"], row["phase"], row["condition"])
    return ", ".join(part for part in parts if isinstance(part, str) and part)


def percent_words(row: Mapping[Any, Any]) -> str:
    """Return the reduction with its interval, or why no percentage may be given."""
    if isinstance(row.get("percent_reason"), str) and row["percent_reason"]:
        code = row["percent_reason"]
        return f"no percentage ({_NO_PERCENT.get(code, code.replace('_', ' '))})"
    less, low, high = (number(row.get(f"percent_less{end}"), 0) for end in ("", "_low", "_high"))
    return f"{less} % ({low} to {high} %)" if less != MISSING else "not in this unit"


_NO_PERCENT = {
    "control_includes_0": "the control group's interval holds 0",
    "control_below_0": "the control group's mean is below 0",
    "no_interval": "its interval has no end",
}
