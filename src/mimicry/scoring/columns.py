"""What every column of the trial table and of the condition table means."""

from mimicry.records.columns import Column

__all__ = ["CONDITION_COLUMNS", "TRIAL_COLUMNS"]

_UNIT = r"(?P<au>AU\d\d(?:_[LR])?)"
_WINDOW = r"(?P<window>\w+)"

_LABELS = (
    Column("participant", "participant label"),
    Column("session", "session label"),
)
_PHASE = Column("phase", "phase of the session; trials of different phases are never pooled")

TRIAL_COLUMNS = (
    *_LABELS,
    Column("block", "block of the session"),
    _PHASE,
    Column("trial_id", "trial, as in the events table"),
    Column("condition", "condition, from trial_type in the events table"),
    Column("stimulus", "stimulus id in the manifest"),
    Column("valid", "1: scored; 0: not, for the reasons in `reason`", "0/1"),
    Column("reason", "why the trial is not valid: every reason, sorted, joined by ;",
           more="The codes are below"),
    Column("n_frames", "frames in the baseline and the primary response window", "frames",
           more="Decoded frames from the start of the one to the end of the other"),
    Column("tracked_fraction", "share of these frames with a face", "0..1"),
    Column("max_gap_s", "longest time between two frames with a face", "s",
           more="The ends count, too"),
    Column("fps_effective", "decoded frames per second", "1/s",
           more="Between the first and the last of these frames"),
    Column("pose_max_deg", "largest absolute head yaw or pitch", "deg"),
    Column("blink_fraction", "share of frames masked as blink", "0..1",
           more="Of the frames with a face"),
    Column("baseline_mean_AU12", "mean of {au} in the baseline", "AU units",
           more="`[-0.5, 0)`*; 1.0 is the declared reference movement",
           pattern=f"baseline_mean_{_UNIT}"),
    Column("baseline_sd_AU12", "SD of {au} in the baseline", "AU units",
           pattern=f"baseline_sd_{_UNIT}"),
    Column("delta_z_AU12_main", "delta of {au} in window {window} divided by the person's SD of"
           " deltas over all trials of the phase; never centred", "SD",
           more="**All** valid trials count, whatever the condition, and nothing is subtracted: 0"
           ' stays "no change". Centred scores would turn "smiles at happy faces only" into an'
           ' equally large "mimicry of anger"',
           pattern=f"delta_z_{_UNIT}_{_WINDOW}"),
    Column("delta_cal_AU12_main", "delta of {au} in window {window} as a share of the person's own"
           " imitation", "share", more="The median delta of the imitation trials is 1",
           pattern=f"delta_cal_{_UNIT}_{_WINDOW}"),
    Column("delta_AU12_main", "mean of {au} in window {window} minus its baseline", "AU units",
           pattern=f"delta_{_UNIT}_{_WINDOW}"),
    Column("noise_se_AU12", "block-bootstrap standard error of delta of {au} within the trial;"
           " descriptive, never a weight", "AU units",
           more="From the samples inside the trial (blocks of 0.3 s*, in closed form): 20-54 % of"
           " the true uncertainty of a trial",
           pattern=f"noise_se_{_UNIT}"),
    Column("mimicry_index", "targets minus opponents of the trial's own emotion; a description,"
           " not evidence", "SD", more="Means over the action units, from delta_z"),
    Column("mimicry_index_raw", "as mimicry_index, from delta", "AU units"),
    Column("mimicry_index_cal", "as mimicry_index, from delta_cal", "share"),
    Column("snr", "response of the target relative to its spread over reference trials",
           more="delta of the first target / SD of that delta"),
    Column("r_zero_lag", "correlation of response and stimulus envelope at lag 0", "-1..1"),
    Column("r_peak", "largest correlation over the lags; meaningless without its null", "-1..1",
           more="Lags 0 to 1.5 s*"),
    Column("lag_peak_s", "lag of r_peak; positive: the participant follows; missing at an edge",
           "s"),
    Column("rank_mismatched", "rank of r_peak among reference trials as a share", "0..1",
           more="(1 + reference trials whose response fits the emotion's envelope at least as"
           " well) / (reference trials + 1). All trials share the reference set, so ranks are"
           " never combined"),
    Column("event_hit", "1: the target rose above 3 SD of rest and stayed there", "0/1",
           more="3* robust SDs of the reference trials in `[0.2, 2.0)`*, above the trial's own"
           " baseline, for 0.1 s*, beginning in that interval. Slow drift is in none of these"),
    Column("event_onset_s", "when it did, from the dynamic onset; missing: censored", "s"),
    Column("event_apex_s", "when the response after that onset was largest", "s",
           more="Up to the end of the primary window"),
    Column("event_offset_s", "when it fell back; missing: censored", "s",
           more="The first sample after the apex that is back at the limit"),
    Column("nan_reasons", "column=code for every missing number of the row; * is every score",
           more="Joined by `;`; `delta_cal_*` stands for all columns that begin so"),
    Column("calibrated", "whether the screen and camera delay was measured and taken out",
           "true/false", more="This and further columns come from the events table"),
)  # fmt: skip

_DELAY = "whether the delay of screen and camera was measured and taken out of every onset"

CONDITION_COLUMNS = (
    *_LABELS,
    _PHASE,
    Column("condition", "condition, from trial_type in the events table"),
    Column("claim", "what the contrast supports about this person",
           more="**Read this first.** `mimicry`: contrast and contrast_target are above 0 and"
           " `p_claim` is at most the level of the planned test; `counter-mimicry`: both are below"
           " 0 likewise; `opponent only`: only `p` is small enough; `none`: it is not. With"
           " `reference: valence`: `valence-congruent`, `valence-incongruent`"),
    Column("comparison", "which comparison the contrast makes",
           more="`response against neutral faces` or `valence-congruent response`"),
    Column("targets, opponents", "action units of the emotion map"),
    Column("window", "primary window"),
    Column("n", "valid trials of the condition that have a number", "trials"),
    Column("n_total", "trials of the condition", "trials"),
    Column("n_reference", "valid reference trials that have a number", "trials"),
    Column("index_mean, index_sd, index_se, index_ci_low, index_ci_high", "mean, SD, SE or 95 % t"
           " interval of mimicry_index over trials", "SD", more="A description"),
    Column("contrast, contrast_raw, contrast_cal", "the emotion's trials minus its reference"
           " trials, targets minus opponents; 0: no emotion-specific response",
           "SD, AU units (_raw) or share of imitation (_cal)",
           more="The pattern score is targets minus opponents of *this* emotion in every trial."
           " Above 0 alone is no mimicry: see `claim`. Claims that a *group* moves less use `_raw`"
           " and `_cal`: in z a person who moves less in everything loses nothing. With `_late`: in"
           " the late window",
           pattern=r"contrast(?P<unit>_raw|_cal)?(?P<late>_late)?"),
    Column("contrast_target, contrast_opponent", "the same difference for the mean over"
           " the targets, or over the opponents, alone",
           "SD, AU units (_raw) or share of imitation (_cal)",
           more="contrast = contrast_target - contrast_opponent; also with `_raw` and `_cal`",
           pattern=r"contrast_(target|opponent)(_raw|_cal)?"),
    Column("contrast_d", "contrast relative to the index's own noise SD",
           more="Root mean of the two variances; for comparing emotions"),
    Column("contrast_se", "Welch standard error of contrast", "SD"),
    Column("null, swap", "null model of p, and what it permutes", more="See [nulls](nulls.md)"),
    Column("t, r_peak_t", "Welch t of the contrast (r_peak_: of the Fisher z of r_peak)",
           more="For `r_peak_` every trial is correlated with the *emotion's* mean envelope"),
    Column("p, r_peak_p", "p under the label-swap null: two-sided, but one-sided where the"
           " protocol says so", "0..1"),
    Column("t_target, t_opponent", "Welch t of the contrast of that part"),
    Column("p_target, p_opponent", "two-sided p of that part under the label-swap null",
           "0..1", more="From the same arrangements and draws as `p`"),
    Column("p_claim", "larger of p (two-sided) and p_target; 1 where contrast and contrast_target"
           " lie on different sides of 0", "0..1", more="Two-sided whatever the protocol says"),
    Column("z_surrogate, r_peak_z_surrogate", "(t - mean of the null) / SD of the null"),
    Column("arrangements, r_peak_arrangements", "distinct arrangements of the null, or draws",
           more="Up to 1e15"),
    Column("r_peak_segment_shuffle_p", "one-sided p of the mean Fisher z of r_peak under the"
           " {null} null", "0..1", more="One for each of the protocol's secondary nulls",
           pattern=r"r_peak_(?P<null>\w+)_p"),
    Column("r_peak_segment_shuffle_z", "(observed mean - mean of the {null} null) / SD of the null",
           pattern=r"r_peak_(?P<null>\w+)_z"),
    Column("specificity", "against the other emotion of the same valence that is closest", "SD",
           more="Own targets against those of the other (units that both target are left out), own"
           " trials minus the other's; the smallest when there are several"),
    Column("specificity_against", "that emotion"),
    Column("r_peak_contrast", "mean Fisher z of r_peak, own minus reference trials", "z"),
    Column("latency_shift_s, latency_se_s, latency_ci_low_s, latency_ci_high_s",
           "shift of the stimulus envelope that fits the response best, with its jackknife"
           " interval; not an onset", "s",
           more="The response: average of the emotion's trials minus that of its reference trials,"
           " over the baseline and `[0, 2.5)`*. 95 %, over the trials of both sides"),
    Column("latency_gate", "gain of that fit over its standard error; below 4 no shift is given",
           more="A setting of the protocol"),
    Column("latency_fit_r2", "share of the response's variance that the shifted envelope explains;"
           " below .5 no shift is given", "0..1", more="A setting of the protocol"),
    Column("latency_half_s, latency_half_se_s, latency_half_ci_low_s, latency_half_ci_high_s",
           "when the same response first reaches half of its largest value from 0 on, and stays"
           " above for 0.1 s, with its jackknife interval; free of any template", "s",
           more="A response of the stimulus's shape has it at the shift plus the stimulus's own"
           " half rise"),
    Column("latency_half_gate", "largest Welch z of the response over windows of 0.5 s from 0 on;"
           " below 4 no half-rise is given", more="The same setting of the protocol"),
    Column("latency_flag", "what to know of these latencies",
           more="`no_reference`: there are no reference trials, so nothing common to all stimuli is"
           " taken off; `other_shape`: both latencies disagree by more than 2 SE, so the response"
           " has another shape than the stimulus. Joined by `;`"),
    Column("latency_calibrated", _DELAY, "true/false",
           more="`false`: it is in the latency; differences between conditions are safe"),
    Column("hit_rate, hit_rate_reference, hit_rate_difference", "share of trials with an event",
           "0..1", more="Of the emotion's first target"),
    Column("event_onset_median_s", "median event onset of the trials that have one", "s"),
    Column("snr", "mean over SE of delta of the first target"),
    Column("nan_reasons", "column=code for every missing number of the row; * is every score"),
)  # fmt: skip
