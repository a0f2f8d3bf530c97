"""What the columns of the tables over all people mean; it stands in their sidecars."""

from mimicry.analyses.claims import CLAIM_COLUMNS
from mimicry.analyses.exclusions import EXCLUSION_COLUMNS
from mimicry.statistics.refusals import REFUSAL_COLUMNS

__all__ = ["GROUP_COLUMNS", "MULTIVERSE_COLUMNS"]

GROUP_COLUMNS = {
    "session": "visit",
    "phase": "phase of the session; trials of different phases are never pooled",
    "condition": "emotion",
    "measure": "column of the condition table; _raw in AU units, _cal in shares of the person's "
    "own imitation, without ending in the person's own SDs; _late: in the late window",
    "n": "participants with a value (group_latency_refusals: condition tables)",
    "n_missing": "participants without",
    "mean": "mean over participants",
    "se": "its standard error",
    "low": "lower end of the 95 % t interval of the mean or difference",
    "high": "upper end",
    "t": "t of the mean against 0, or of the difference",
    "df": "degrees of freedom (Satterthwaite)",
    "p": "two-sided p of that t, people and clips random: does it hold for other people and other "
    "clips of this kind? n/a where the trials by clip are not known (clips: fixed); "
    "group_exclusions: " + EXCLUSION_COLUMNS["p"],
    "dz": "mean / SD of the contrast of a new person on new clips",
    "p_these_clips_only": "p of the plain t test over people, or Welch's: it speaks of these clips "
    "alone, and with few clips it says too much",
    "clips": "random: interval, t, df, p, dz, d and percentage hold for clips like these; fixed: "
    "for these only",
    "reason": "why there is no test: too_few_participants (a group of fewer than 2), too_few_clips "
    "(everybody saw the same single clip), no_variance (all values are the same), too_large "
    "(values whose variance is no number), z_between (values in people's own SDs are not compared "
    "between groups); group_exclusions: " + EXCLUSION_COLUMNS["reason"],
    "control": "group that is compared with",
    "difference": "mean of the control group minus mean of the group",
    "d": "difference / SD of the contrast of a new person on new clips, groups averaged",
    "percent_less": "100 (1 - group / control), only where the control mean is clearly above 0",
    "percent_less_low": "lower end of its Fieller interval",
    "percent_less_high": "upper end of its Fieller interval",
    "percent_reason": "why no percentage is given: control_includes_0 (the 95 % interval of the "
    "control mean holds 0), control_below_0, no_interval (the Fieller set has no ends), "
    "or the `reason` of the control mean",
    "pooled_mean": "mean of the two group means, each with equal weight",
    "pooled_p": "two-sided p of that mean against 0, people and clips random; n/a where clips: "
    "fixed",
    "gate": "passed: the two groups together respond (pooled_mean above 0, for opponents alone "
    "below 0; pooled_p <= .05); the difference may be read only then; n/a where pooled_p is",
    **{k: v for k, v in CLAIM_COLUMNS.items() if k != "reason"},
    **{k: v for k, v in EXCLUSION_COLUMNS.items() if k not in ("p", "reason")},
    **{k: v for k, v in REFUSAL_COLUMNS.items() if k not in ("measure", "n")},
}

MULTIVERSE_COLUMNS = {
    "baseline": "baseline window, from the dynamic onset",
    "window": "response window",
    "standardisation": "raw: AU units; z: the person's own SDs; cal: shares of own imitation",
    "smoothing": "SD of the zero-phase Gaussian",
    "null": "t-clips: t test with people and clips random; t: over people; sign-flip: signs of the "
    "people's contrasts; others: labels swapped within people, standardised effects summed over "
    "people (swap: as the protocol says)",
    "declared": "1: the protocol's own analysis",
    "n": "people with a contrast",
    "mean": "mean contrast, in the unit of the standardisation",
    "se": "its standard error over people",
    "low": "95 % t interval, lower end",
    "high": "upper end",
    "dz": "mean / SD over people: the scale on which specifications can be compared",
    "dz_low": "interval of the mean divided by the SD over people, lower end",
    "dz_high": "upper end",
    "p": "two-sided p under the null",
    "reason": "why a number is missing",
}
