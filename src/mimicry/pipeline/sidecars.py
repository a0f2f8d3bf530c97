"""What made the numbers, and which trials they rest on: the content of sidecars."""

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from mimicry import __version__
from mimicry.records import ActionUnitTrack
from mimicry.records.columns import describe
from mimicry.scoring.columns import CONDITION_COLUMNS, TRIAL_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

    from mimicry.pipeline.plan import Plan

__all__ = ["provenance_of", "scores_sidecar", "trial_quality"]

_DESIGN = "design column of the events table"


def provenance_of(plan: "Plan", track: ActionUnitTrack) -> dict[str, Any]:
    """Return inputs, settings, versions and what made the track. No paths, no times."""
    return {
        "inputs": plan.inputs,
        **plan.sources,
        "digest": plan.digest,
        "seed": plan.settings.seed,
        "versions": {"mimicry": __version__} | _versions("numpy", "scipy", "pandas"),
        "track": dict(track.provenance),
        "units": dict(track.units),
    }


def _versions(*names: str) -> dict[str, str]:
    versions = {}
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def scores_sidecar(
    provenance: Mapping[str, Any],
    table: "pd.DataFrame",
    conditions: "pd.DataFrame",
    notes: Sequence[str],
) -> dict[str, Any]:
    """Return the content of ``_scores.json``."""
    return {
        **provenance,
        "columns": {
            "scores": describe(list(table.columns), TRIAL_COLUMNS, otherwise=_DESIGN),
            "summary": describe(list(conditions.columns), CONDITION_COLUMNS, otherwise=_DESIGN),
        },
        "warnings": list(notes),
    }


def trial_quality(table: "pd.DataFrame") -> dict[str, Any]:
    """Return counts of valid trials and reasons by condition, for ``_qc.json``."""
    counts: dict[str, Any] = {}
    for condition, group in table.groupby("condition", sort=True):
        reasons: dict[str, int] = {}
        for text in group["reason"].dropna():
            for code in str(text).split(";"):
                reasons[code] = reasons.get(code, 0) + 1
        valid = int(group["valid"].sum())
        counts[str(condition)] = {"trials": len(group), "valid": valid, "reasons": reasons}
    return counts
