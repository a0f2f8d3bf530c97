"""What every column of the score tables means, and what made the numbers."""

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from mimicry import __version__
from mimicry.records import ActionUnitTrack

if TYPE_CHECKING:
    import pandas as pd

    from mimicry.pipeline.plan import Plan

__all__ = ["describe_columns", "provenance_of", "scores_sidecar", "trial_quality"]

_UNIT = r"(?P<au>AU\d\d(?:_[LR])?)"
_WINDOW = r"(?P<window>\w+)"

# (pattern of the column name, meaning, unit); the first that matches counts
_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("participant", "participant label", ""),
    ("session", "session label", ""),
    ("block", "block of the session", ""),
    ("phase", "phase of the session; trials of different phases are never pooled", ""),
    ("trial_id", "trial, as in the events table", ""),
    ("condition", "condition, from trial_type in the events table", ""),
    ("stimulus", "stimulus id in the manifest", ""),
    ("valid", "1: scored; 0: not, for the reasons in `reason`", "0/1"),
    ("reason", "why the trial is not valid: every reason, sorted, joined by ;", ""),
    ("nan_reasons", "column=code for every missing number of the row; * is every score", ""),
    ("n_frames", "frames in the baseline and the primary response window", "frames"),
    ("tracked_fraction", "share of these frames with a face", "0..1"),
    ("max_gap_s", "longest time between two frames with a face", "s"),
    ("fps_effective", "decoded frames per second", "1/s"),
    ("pose_max_deg", "largest absolute head yaw or pitch", "deg"),
    ("blink_fraction", "share of frames masked as blink", "0..1"),
    (f"baseline_mean_{_UNIT}", "mean of {au} in the baseline", "AU units"),
    (f"baseline_sd_{_UNIT}", "SD of {au} in the baseline", "AU units"),
    (f"delta_z_{_UNIT}_{_WINDOW}", ("delta of {au} in window {window} divided by the person's SD of"
     " deltas over all trials of the phase; never centred"), "SD"),
    (f"delta_cal_{_UNIT}_{_WINDOW}", ("delta of {au} in window {window} as a share of the person's"
     " own imitation"), "share"),
    (f"delta_{_UNIT}_{_WINDOW}", "mean of {au} in window {window} minus its baseline", "AU units"),
    (f"noise_se_{_UNIT}", ("block-bootstrap standard error of delta of {au} within the trial;"
     " descriptive, never a weight"), "AU units"),
    ("mimicry_index", ("targets minus opponents of the trial's own emotion; a description, not"
     " evidence"), "SD"),
    ("mimicry_index_raw", "as mimicry_index, from delta", "AU units"),
    ("mimicry_index_cal", "as mimicry_index, from delta_cal", "share"),
    ("snr", "response of the target relative to its spread over reference trials", ""),
    ("r_zero_lag", "correlation of response and stimulus envelope at lag 0", "-1..1"),
    ("r_peak", "largest correlation over the lags; meaningless without its null", "-1..1"),
    ("lag_peak_s", "lag of r_peak; positive: the participant follows; missing at an edge", "s"),
    ("rank_mismatched", "rank of r_peak among reference trials as a share", "0..1"),
    ("event_hit", "1: the target rose above 3 SD of rest and stayed there", "0/1"),
    ("event_onset_s", "when it did, from the dynamic onset; missing: censored", "s"),
    ("event_apex_s", "when the response after that onset was largest", "s"),
    ("event_offset_s", "when it fell back; missing: censored", "s"),
    ("claim", "what the contrast can be evidence for", ""),
    ("targets|opponents", "action units of the emotion map", ""),
    ("window", "primary window", ""),
    ("n", "valid trials of the condition that have a number", "trials"),
    ("n_total", "trials of the condition", "trials"),
    ("n_reference", "valid reference trials that have a number", "trials"),
    (r"index_\w+", "mean, SD, SE or 95 % t interval of mimicry_index over trials", "SD"),
    (r"contrast(?P<unit>_raw|_cal)?(?P<late>_late)?", ("the emotion's trials minus its reference"
     " trials, targets minus opponents; 0: no emotion-specific response"), ("SD, AU units (_raw) or"
     " share of imitation (_cal)")),
    ("contrast_d", "contrast relative to the index's own noise SD", ""),
    ("contrast_se", "Welch standard error of contrast", "SD"),
    ("null|swap", "null model of p, and what it permutes", ""),
    (r"(?:r_peak_)?t", "Welch t of the contrast (r_peak_: of the Fisher z of r_peak)", ""),
    (r"(?:r_peak_)?p", "two-sided p under the label-swap null", "0..1"),
    (r"(?:r_peak_)?z_surrogate", "(t - mean of the null) / SD of the null", ""),
    (r"(?:r_peak_)?arrangements", "distinct arrangements of the null, or draws", ""),
    ("specificity", "against the other emotion of the same valence that is closest", "SD"),
    ("specificity_against", "that emotion", ""),
    ("r_peak_contrast", "mean Fisher z of r_peak, own minus reference trials", "z"),
    (r"latency_(?:shift|se|ci_low|ci_high)_s", ("shift of the stimulus envelope that fits the"
     " condition's average response best, with its jackknife interval; not an onset"), "s"),
    ("latency_gate", "mean over SE of the late response; below 4 no latency is given", ""),
    ("latency_calibrated", ("whether the delay of screen and camera was measured and taken out of"
     " every onset"), "true/false"),
    (r"hit_rate(?:_reference|_difference)?", "share of trials with an event", "0..1"),
    ("event_onset_median_s", "median event onset of the trials that have one", "s"),
    ("calibrated", "whether the screen and camera delay was measured and taken out", "true/false"),
)  # fmt: skip


def describe_columns(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return BIDS column descriptions; unknown columns come from the events table."""
    return {name: _describe(name) for name in names}


def _describe(name: str) -> dict[str, str]:
    for pattern, meaning, unit in _COLUMNS:
        found = re.fullmatch(pattern, name)
        if found:
            text = meaning.format(**found.groupdict())
            return {"Description": text} | ({"Units": unit} if unit else {})
    return {"Description": "design column of the events table"}


def provenance_of(plan: "Plan", track: ActionUnitTrack) -> dict[str, Any]:
    """Return inputs, settings, versions and what made the track. No paths, no times."""
    return {
        "inputs": plan.inputs,
        "stimuli": plan.stimuli.to_json(),
        "clock": plan.clock.to_json(),
        "digest": plan.digest,
        "seed": plan.settings.seed,
        "versions": {"mimicry": __version__} | _versions("numpy", "scipy", "pandas"),
        "track": dict(track.provenance),
        "units": dict(track.units),
    }


def _versions(*names: str) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


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
            "scores": describe_columns(list(table.columns)),
            "summary": describe_columns(list(conditions.columns)),
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
