"""The condition table: contrasts, claims, latency, calibration."""

import fnmatch
from dataclasses import replace

import made_session as session
import numpy as np
import pytest

from mimicry.records import EmotionMap, ScoringSettings, TrialTable
from mimicry.scoring import score, summarise
from mimicry.scoring.latency import latencies
from mimicry.scoring.nulls import SECONDARY_NULLS
from mimicry.scoring.pattern import specificity
from mimicry.scoring.time_locking import surrogate_test
from mimicry.timeline import align


def summary_of(trials, track, settings=session.SETTINGS, **choices):
    aligned = align(track, trials, session.TIMELINES, settings)
    scores = score(aligned, settings, participant="p1")
    return scores, summarise(aligned, scores, settings, **choices)


def test_a_person_who_only_smiles_at_happy_faces_does_not_mimic_anger():
    trials = session.trial_table(session.mixed_order(14))
    track = session.recording(trials, {"happy": {"AU12": 0.5}}, each_sd=0.05)
    _, summary = summary_of(trials, track)
    assert summary.of("happy")["p"] < 0.01
    assert summary.of("happy")["claim"] == "mimicry"
    assert summary.of("angry")["p"] > 0.05
    assert summary.of("angry")["claim"] == "none"
    assert summary.of("neutral")["claim"] == ""
    assert summary.of("neutral")["nan_reasons"] == "*=no_au_map"


def test_a_smile_at_happy_and_neutral_faces_is_no_mimicry_of_anger():
    trials = session.trial_table(session.mixed_order(14))
    gains = {c: {"AU12": 0.5} for c in ("happy", "neutral")}
    _, summary = summary_of(trials, session.recording(trials, gains, each_sd=0.05))
    angry = summary.of("angry")
    assert angry["contrast"] > 1
    assert angry["p"] < 0.01
    assert angry["claim"] == "opponent only"
    assert angry["contrast"] == pytest.approx(
        angry["contrast_target"] - angry["contrast_opponent"], abs=1e-12
    )


def test_a_claim_is_withheld_where_its_test_points_the_other_way():
    """Pairs compare within faces; faces shown with one condition only move the contrast alone."""
    rng = np.random.default_rng(3)
    both = [(c, f"m{k}", g) for k in range(8) for c, g in (("happy", 0.1), ("neutral", 0.4)) * 2]
    plan = both + [("happy", f"x{k}", 0.8) for k in range(8)] * 2
    plan += [("angry", f"m{k}", 0.0) for k in range(8)]
    plan = [plan[k] for k in rng.permutation(len(plan))]
    trials = session.trial_table([c for c, *_ in plan], identity=tuple(who for _, who, _ in plan))
    times = np.arange(0, trials.onset_s[-1] + 6, 1 / 30)
    values = rng.normal(0, 0.02, (len(times), 2))
    for onset, (condition, _, gain) in zip(trials.onset_s, plan, strict=True):
        shown = session.rise(times - onset - 0.9) * (times < onset + 4.4)
        values[:, 0] += (gain + rng.normal(0, 0.02)) * shown
        values[:, 1] += (condition == "angry") * rng.uniform(1, 3) * shown
    settings = replace(session.SETTINGS, swap="pairs")
    _, summary = summary_of(trials, session.track_of(times, values), settings)
    row = summary.of("happy")
    assert row["contrast"] > 0 > row["t"]
    assert row["p"] < 0.05
    assert (row["claim"], np.isnan(row["p_claim"])) == ("", True)
    assert "claim=test_disagrees" in row["nan_reasons"]


def test_frowning_less_at_happy_faces_is_no_smile():
    """The target never moves: it has no spread, and the claim is missing."""
    trials = session.trial_table(session.mixed_order(14))
    track = session.recording(trials, {"neutral": {"AU04": 0.5}}, each_sd=0.05)
    values = track.intensity * [0.0, 1.0]
    _, summary = summary_of(trials, session.track_of(track.times_s, values))
    happy = summary.of("happy")
    assert happy["contrast_raw"] == pytest.approx(0.5, abs=0.1)
    assert happy["contrast_target_raw"] == 0
    assert happy["claim"] == ""
    assert "claim=scores_missing" in happy["nan_reasons"]


def test_a_target_that_moves_in_other_conditions_only_leaves_no_claim():
    """AU12 moves at angry faces alone: it has a spread, but happy and neutral trials do not."""
    trials = session.trial_table(session.mixed_order(14))
    gains = {"neutral": {"AU04": 0.5}, "angry": {"AU12": 0.5}}
    track = session.recording(trials, gains, each_sd=0.05)
    onsets = trials.onset_s[np.array(trials.condition) == "angry"]
    shown = ((track.times_s[:, None] > onsets) & (track.times_s[:, None] < onsets + 5)).any(axis=1)
    values = track.intensity * np.stack([shown, np.ones(len(shown))], axis=1)
    _, summary = summary_of(trials, session.track_of(track.times_s, values))
    happy = summary.of("happy")
    assert happy["p"] < 0.01
    assert happy["contrast_target"] == pytest.approx(0, abs=1e-12)
    assert happy["claim"] == ""
    for name in ("p_target", "p_claim", "claim"):
        assert f"{name}=no_variance" in happy["nan_reasons"].split(";")


@pytest.mark.parametrize("two_sided", [True, False])
@pytest.mark.parametrize(("alpha", "claim"), [(0.075, "mimicry"), (0.06, "none")])
def test_a_claim_is_two_sided_and_at_the_level_of_the_planned_test(two_sided, alpha, claim):
    given = replace(
        session.SETTINGS, surrogates=99, min_trials=4, two_sided=two_sided, claim_alpha=alpha
    )
    trials = session.trial_table(session.mixed_order(10))
    track = session.recording(trials, {"happy": {"AU12": 0.13}}, each_sd=0.1, seed=3)
    _, summary = summary_of(trials, track, given)
    happy = summary.of("happy")
    assert happy["claim"] == claim
    assert (happy["p"], happy["p_target"]) == (0.07 if two_sided else 0.05, 0.01)
    assert happy["p_claim"] == 0.07


def test_the_same_smile_at_every_face_is_no_mimicry():
    """The mean index says +1 for happy and -1 for anger; the contrasts say nothing."""
    trials = session.trial_table(session.mixed_order(14))
    gains = {c: {"AU12": 0.5} for c in ("happy", "angry", "neutral")}
    _, summary = summary_of(trials, session.recording(trials, gains, each_sd=0.1))
    assert summary.of("happy")["index_mean"] > 1
    assert summary.of("angry")["index_mean"] < -1
    for emotion in ("happy", "angry"):
        assert abs(summary.of(emotion)["contrast_raw"]) < 0.1
        assert summary.of(emotion)["p"] > 0.05


def test_moving_the_wrong_way_is_counter_mimicry():
    trials = session.trial_table(session.mixed_order(14))
    track = session.recording(trials, {"happy": {"AU12": -0.5}}, each_sd=0.05)
    _, summary = summary_of(trials, track)
    assert summary.of("happy")["contrast"] < -0.5
    assert summary.of("happy")["claim"] == "counter-mimicry"


def test_two_emotions_that_share_a_contrast_get_one_row_for_it():
    settings = replace(session.SETTINGS, reference="valence")
    trials = session.trial_table(session.mixed_order(14, ("happy", "angry")))
    track = session.recording(trials, {"happy": {"AU12": 0.5}}, each_sd=0.05)
    _, summary = summary_of(trials, track, settings)
    shared = summary.of("valence-congruent response")
    assert shared["contrast"] > 0.5
    assert shared["claim"] == "valence-congruent"
    assert shared["comparison"] == "valence-congruent response"
    for emotion in ("happy", "angry"):
        assert np.isnan(summary.of(emotion)["contrast"])
        assert "contrast=shared_contrast" in summary.of(emotion)["nan_reasons"]
        assert "claim=shared_contrast" in summary.of(emotion)["nan_reasons"]


def test_with_several_emotions_of_a_valence_each_keeps_its_contrast():
    emotions = session.EMOTIONS | {"sad": EmotionMap(("AU04",), ("AU12",), "negative")}
    settings = ScoringSettings(emotions, reference="valence")
    trials = session.trial_table(session.mixed_order(10, ("happy", "angry")))
    _, summary = summary_of(trials, session.recording(trials, {}), settings)
    assert np.isfinite(summary.of("happy")["contrast"])
    assert summary.of("happy")["comparison"] == "valence-congruent response"


def test_a_response_is_specific_against_the_nearest_emotion_of_its_valence_that_was_shown():
    emotions = {
        "happy": EmotionMap(("AU12",), ("AU04",), "positive"),
        "angry": EmotionMap(("AU04",), ("AU12",), "positive"),
        "proud": EmotionMap(("AU04",), ("AU12",), "positive"),
        "never": EmotionMap(("AU04",), ("AU12",), "positive"),
        "sad": EmotionMap(("AU04",), ("AU12",), "negative"),
    }
    settings = ScoringSettings(emotions)
    order = session.mixed_order(18, ("happy", "angry", "neutral"))
    trials = session.trial_table(order)
    labels = np.array(order)
    for emotion in ("proud", "sad"):  # of the angry faces
        labels[np.flatnonzero(labels == "angry")[:6]] = emotion
    trials = replace(trials, condition=tuple(map(str, labels)))
    track = session.recording(trials, {"happy": {"AU12": 0.5}, "proud": {"AU12": 0.4}})
    scores, summary = summary_of(trials, track, settings)
    z = scores.delta_z[:, scores.windows.index(settings.primary_window)]
    row = summary.of("happy")
    values = {
        other: specificity(z, scores.names, trials.condition, "happy", other, settings)[0]
        for other in ("angry", "proud", "sad")
    }
    assert values["proud"] < values["angry"]
    assert (row["specificity"], row["specificity_against"]) == (values["proud"], "proud")
    only_happy = session.trial_table(session.mixed_order(10, ("happy", "neutral")))
    _, summary = summary_of(only_happy, session.recording(only_happy, {}), settings)
    assert "specificity=no_emotion_of_same_valence" in summary.of("happy")["nan_reasons"]
    assert summary.of("happy")["specificity_against"] == ""


def test_fewer_than_six_reference_trials_give_no_contrast():
    order = session.mixed_order(12, ("happy", "angry")) + ["neutral"] * 5
    trials = session.trial_table(order)
    _, summary = summary_of(trials, session.recording(trials, {}))
    row = summary.of("happy")
    assert np.isnan(row["contrast"])
    assert "contrast=too_few_reference_trials" in row["nan_reasons"]


def test_phases_are_summarised_apart_and_imitation_calibrates_the_others():
    """Watching gives a tenth of what the person can do on purpose."""
    watch, imitate = session.mixed_order(10), session.mixed_order(8, seed=1)
    trials = session.trial_table(
        watch + imitate, block=["watch"] * len(watch) + ["imitate"] * len(imitate)
    )
    gains = {"happy": {"AU12": 0.2}, "angry": {"AU04": 0.2}}
    early = session.recording(trials, gains, noise=0.01)
    full = session.recording(
        trials, {c: {u: 10 * g for u, g in m.items()} for c, m in gains.items()}, noise=0.01
    )
    later = early.times_s >= trials.onset_s[len(watch)] - 1
    values = np.where(later[:, None], full.intensity, early.intensity)
    scores, summary = summary_of(trials, session.track_of(early.times_s, values))
    assert summary.of("happy", "watch")["contrast_cal"] == pytest.approx(0.1, abs=0.02)
    assert summary.of("happy", "imitate")["contrast_cal"] == pytest.approx(1.0, abs=0.1)
    assert np.isfinite(scores.columns["mimicry_index_cal"][:5]).any()


def test_the_gate_refuses_a_latency_without_a_response():
    trials = session.trial_table(session.mixed_order(14))
    _, summary = summary_of(trials, session.recording(trials, {}))
    row = summary.of("happy")
    assert np.isnan(row["latency_shift_s"])
    assert "latency_shift_s=low_snr" in row["nan_reasons"]
    assert "latency_half_s=low_snr" in row["nan_reasons"]
    assert np.isfinite([row["latency_gate"], row["latency_half_gate"], row["latency_fit_r2"]]).all()


@pytest.mark.parametrize(
    ("said", "expected"),
    [(None, "false"), (["true"] * 42, "true"), (["true"] * 41 + ["false"], "false")],
)
def test_a_latency_says_whether_every_onset_was_calibrated(said, expected):
    conditions = [c for c in ("neutral", "angry", "happy") for _ in range(14)]
    more = {} if said is None else {"calibrated": said}
    trials = session.trial_table(conditions, **more)
    _, summary = summary_of(trials, session.recording(trials, {"happy": {"AU12": 0.5}}))
    assert summary.of("happy")["latency_calibrated"] == expected


def test_eleven_trials_are_too_few_for_a_latency():
    trials = session.trial_table(session.mixed_order(11))
    track = session.recording(trials, {"happy": {"AU12": 1.0}}, each_sd=0.02)
    _, summary = summary_of(trials, track)
    assert "latency_shift_s=too_few_trials" in summary.of("happy")["nan_reasons"]


@pytest.mark.parametrize("delay", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("fps", [25.0, 60.0])
def test_latency_does_not_depend_on_amplitude_or_frame_rate(delay, fps):
    trials = session.trial_table(session.mixed_order(12))
    found = []
    for gain in (0.2, 1.0):
        track = session.recording(
            trials, {"happy": {"AU12": gain}}, delay=delay, fps=fps, noise=0.01, each_sd=0.01
        )
        found.append(summary_of(trials, track)[1].of("happy")["latency_shift_s"])
    assert found == pytest.approx([delay, delay], abs=0.03)


TIMES = np.arange(-15, 75) / 30
REST = np.zeros((12, 90))


def test_times_seen_in_few_trials_are_left_out_of_the_average():
    """Eleven of twelve trials miss the first half second; what one of them shows there is lost."""
    y = np.tile(session.rise(TIMES - 0.8), (12, 1))
    y[1:, 15:30] = np.nan
    y[0, 15:30] = 50.0
    found = latencies(TIMES, y, REST, session.rise, session.SETTINGS)
    assert found.shift.value_s == pytest.approx(0.8, abs=0.002)
    assert found.half.value_s == pytest.approx(1.175, abs=0.002)
    y[1:, :50] = np.nan
    refused = latencies(TIMES, y, REST, session.rise, session.SETTINGS)
    assert refused.shift.reason == refused.half.reason == "too_few_trials"


def test_a_fold_without_a_latency_leaves_no_interval():
    """One huge trial makes the average; without it the rest runs against the envelope."""
    y = np.tile(-0.1 * session.rise(TIMES - 0.5), (12, 1))
    y[0] = 5 * session.rise(TIMES - 0.5)
    found = latencies(TIMES, y, REST, session.rise, replace(session.SETTINGS, latency_gate=0.5))
    for latency, truth in ((found.shift, 0.5), (found.half, 0.875)):
        assert latency.value_s == pytest.approx(truth, abs=0.01)
        assert np.isnan([latency.se_s, latency.low_s, latency.high_s]).all()
        assert latency.interval_reason == "fold_undefined"


def test_without_reference_trials_a_latency_is_flagged_and_a_hit_has_no_rival():
    trials = session.trial_table(["happy"] * 14)
    settings = replace(session.SETTINGS, min_trials_z=4)
    track = session.recording(trials, {"happy": {"AU12": 0.5}}, each_sd=0.05)
    row = summary_of(trials, track, settings)[1].of("happy")
    assert row["latency_flag"] == "no_reference"
    assert row["latency_shift_s"] == pytest.approx(0.4, abs=0.02)
    assert row["latency_half_s"] == pytest.approx(0.775, abs=0.02)
    assert row["hit_rate"] == 1
    assert "hit_rate_reference=no_reference_trials" in row["nan_reasons"]
    assert "hit_rate_difference=no_reference_trials" in row["nan_reasons"]


def test_a_face_without_noise_has_no_limit_to_exceed():
    trials = session.trial_table(session.mixed_order(12))
    track = session.recording(trials, {"happy": {"AU12": 0.5}}, noise=0.0)
    scores, summary = summary_of(trials, track)
    assert np.isnan(scores.columns["event_hit"]).all()
    row = summary.of("happy")
    for name in ("hit_rate", "hit_rate_reference", "hit_rate_difference", "event_onset_median_s"):
        assert f"{name}=flat_rest" in row["nan_reasons"]


def test_a_startle_at_every_stimulus_takes_no_part_in_latency_and_hits():
    """The same early jump everywhere; the happy faces are answered half a second later."""
    trials = session.trial_table(session.mixed_order(14))
    gains = {c: {"AU12": 0.5} for c in ("happy", "angry", "neutral")}
    jumps = session.recording(trials, gains, delay=0.1, each_sd=0.1)
    answer = session.recording(trials, {"happy": {"AU12": 0.4}}, delay=0.6, noise=1e-6)
    alone = summary_of(trials, jumps)[1].of("happy")
    for name in ("latency_shift_s", "latency_half_s"):
        assert f"{name}=low_snr" in alone["nan_reasons"]
    assert abs(alone["hit_rate_difference"]) < 0.15
    both = session.track_of(jumps.times_s, jumps.intensity + answer.intensity)
    row = summary_of(trials, both)[1].of("happy")
    assert row["latency_shift_s"] == pytest.approx(0.6, abs=0.05)
    assert row["latency_ci_low_s"] < 0.6 < row["latency_ci_high_s"]
    assert row["latency_half_ci_low_s"] < 0.975 < row["latency_half_ci_high_s"]


def test_specificity_leaves_out_the_units_that_both_emotions_target():
    """Anger {4, 7} against sadness {1, 4, 15}: z7 minus the mean of z1 and z15."""
    settings = ScoringSettings(
        {
            "anger": EmotionMap(("AU04", "AU07"), ("AU12",), "negative"),
            "sad": EmotionMap(("AU01", "AU04", "AU15"), ("AU12",), "negative"),
        },
        min_trials=1,
    )
    names = ("AU01", "AU04", "AU07", "AU12", "AU15")
    z = np.array([[1.0, 9, 3, 0, 2], [2, 9, 1, 0, 4]])
    value, reason = specificity(z, names, ["anger", "sad"], "anger", "sad", settings)
    assert (value, reason) == (pytest.approx((3 - 1.5) - (1 - 3)), "")


def test_an_emotion_without_a_unit_of_its_own_has_no_specificity():
    settings = ScoringSettings(
        {
            "anger": EmotionMap(("AU04",), ("AU12",), "negative"),
            "sad": EmotionMap(("AU04", "AU15"), ("AU12",), "negative"),
        }
    )
    found = specificity(np.zeros((2, 3)), ("AU04", "AU12", "AU15"), ["anger", "sad"], "anger",
                        "sad", settings)  # fmt: skip
    assert found[1] == "no_distinguishing_au"


@pytest.mark.parametrize(("swap", "notes"), [("free", 1), ("redraw", 1), ("clip", 0)])
def test_repeated_clips_are_pointed_out_unless_clips_are_swapped(swap, notes):
    trials = session.trial_table(session.mixed_order(10))
    settings = replace(session.SETTINGS, swap=swap)
    _, summary = summary_of(trials, session.recording(trials, {}), settings)
    assert len(summary.notes) == notes


def test_every_phase_has_the_swap_that_its_design_declares():
    """Clips repeat in both; the note is about the one whose swap takes them for exchangeable."""
    order = session.mixed_order(10)
    block = ["watch"] * len(order) + ["inhibit"] * len(order)
    trials = session.trial_table(order + order, block=block)
    settings = replace(session.SETTINGS, swap="free", swaps={"watch": "clip"})
    track = session.recording(trials, {"happy": {"AU12": 0.3}})
    _, summary = summary_of(trials, track, settings)
    _, by_clip = summary_of(trials, track, replace(settings, swap="clip", swaps={}))
    watch, inhibit = summary.of("happy", "watch"), summary.of("happy", "inhibit")
    assert (watch["swap"], inhibit["swap"]) == ("clip", "free")
    assert watch["p"] == by_clip.of("happy", "watch")["p"]
    assert watch["arrangements"] == 12_870  # 8 clips a side
    assert inhibit["arrangements"] == 184_756  # 10 trials a side
    (note,) = summary.notes
    assert "`swap: free` treats their trials as exchangeable" in note


def permuted(trials, order):
    return TrialTable(
        tuple(trials.trial_id[k] for k in order),
        tuple(trials.stimulus_id[k] for k in order),
        tuple(trials.condition[k] for k in order),
        trials.onset_s[order],
        trials.duration_s[order],
    )


def test_the_order_of_the_rows_changes_no_score():
    trials = session.trial_table(session.mixed_order(12))
    track = session.recording(trials, {"happy": {"AU12": 0.3}}, each_sd=0.05)
    _, plain = summary_of(trials, track)
    order = np.random.default_rng(2).permutation(len(trials))
    _, mixed = summary_of(permuted(trials, order), track)
    for name in ("contrast", "contrast_raw", "t", "p", "latency_shift_s", "hit_rate"):
        assert mixed.of("happy")[name] == pytest.approx(plain.of("happy")[name], abs=1e-9)


def test_shift_and_scale_of_all_intensities_keep_the_standardised_contrast():
    trials = session.trial_table(session.mixed_order(12))
    track = session.recording(trials, {"happy": {"AU12": 0.3}}, each_sd=0.05)
    moved = session.track_of(track.times_s, 3 * track.intensity + 7)
    plain, other = (summary_of(trials, t)[1].of("happy") for t in (track, moved))
    for name in ("contrast", "t", "p", "latency_shift_s", "r_peak_contrast"):
        assert other[name] == pytest.approx(plain[name], abs=1e-6)
    assert other["contrast_raw"] == pytest.approx(3 * plain["contrast_raw"], abs=1e-9)


@pytest.mark.parametrize("fps", [24.0, 50.0])
def test_the_frame_rate_changes_a_smooth_response_by_little(fps):
    trials = session.trial_table(session.mixed_order(12))
    gains = {"happy": {"AU12": 0.5}, "angry": {"AU04": 0.5}}
    plain, other = (
        summary_of(trials, session.recording(trials, gains, fps=rate, noise=1e-4))[1]
        for rate in (30.0, fps)
    )
    for name, tolerance in (("contrast_raw", 2e-3), ("latency_shift_s", 5e-3)):
        assert other.of("happy")[name] == pytest.approx(plain.of("happy")[name], abs=tolerance)


def test_time_locking_is_not_mimicry():
    """The same movement at every stimulus: shifts call it significant, the label swap does not."""
    gains = {c: {"AU12": 0.5} for c in ("happy", "angry", "neutral")}
    trials = session.trial_table(session.mixed_order(14))
    settings = replace(
        session.SETTINGS, secondary_nulls=("circular-shift",), secondary_surrogates=199
    )
    _, summary = summary_of(trials, session.recording(trials, gains, each_sd=0.1), settings)
    row = summary.of("happy")
    assert row["r_peak_circular_shift_p"] < 0.05
    assert row["r_peak_p"] > 0.05
    assert np.isnan(summary.of("neutral")["r_peak_circular_shift_p"])


@pytest.mark.parametrize("null", ["circular-shift", "phase-randomisation", "segment-shuffle"])
def test_secondary_nulls_find_a_response_and_nothing_in_noise(null):
    trials = session.trial_table(session.mixed_order(10))
    settings = replace(session.SETTINGS, secondary_surrogates=199)
    used = np.array(trials.condition) == "happy"
    ps = []
    for gain in (0.5, 0.0):
        track = session.recording(trials, {"happy": {"AU12": gain}})
        aligned = align(track, trials, session.TIMELINES, settings)
        rng = np.random.default_rng(3)
        ps.append(surrogate_test(aligned, settings, "happy", null, used=used, rng=rng).p)
    assert ps[0] == pytest.approx(1 / 200)
    assert ps[1] > 0.02


def test_identical_clips_cannot_be_permuted():
    trials = session.trial_table(session.mixed_order(10))
    aligned = align(session.recording(trials, {}), trials, session.TIMELINES, session.SETTINGS)
    used = np.array(trials.condition) == "happy"
    found = surrogate_test(aligned, session.SETTINGS, "happy", "stimulus-permutation", used=used,
                           rng=np.random.default_rng(1))  # fmt: skip
    assert found.reason == "identical_stimuli"


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": "valence"},
        {"swap": "pairs"},
        {"swap": "redraw"},
        {"min_trials": 1, "min_trials_z": 1, "min_trials_latency": 1},
        {"lags_s": (0.1, 0.3), "windows": {"main": (0.5, 2.5)}},
        {"secondary_nulls": tuple(SECONDARY_NULLS), "secondary_surrogates": 9},
    ],
)
@pytest.mark.parametrize("trouble", ["few trials", "a unit not measured", "mostly hidden", "still"])
def test_every_missing_number_has_a_reason_in_any_design(changes, trouble):
    """Whatever is asked of however bad a recording: no crash, no infinity, a reason each time."""
    settings = replace(session.SETTINGS, **changes)
    n = 2 if trouble == "few trials" else 7
    trials = session.trial_table(session.mixed_order(n))
    quality = {}
    if trouble == "mostly hidden":
        length = len(np.arange(0.0, trials.onset_s[-1] + 6.0, 1 / 30))
        rng = np.random.default_rng(1)
        quality["blink"] = np.convolve(rng.random(length) < 0.02, np.ones(20), "same") > 0
    noise = 0.0 if trouble == "still" else 0.02
    track = session.recording(trials, {}, noise=noise, **quality)
    values = track.intensity.copy()
    if trouble == "a unit not measured":
        values[:, 1] = np.nan
    made = session.track_of(track.times_s, values, **quality)
    scores, summary = summary_of(trials, made, settings)
    for frame in (scores.to_frame(), summary.to_frame()):
        numbers = frame.select_dtypes("number")
        assert not np.isinf(numbers.to_numpy(dtype=float)).any()
        for k, row in numbers.iterrows():
            patterns = [
                part.partition("=")[0] for part in str(frame.loc[k, "nan_reasons"]).split(";")
            ]
            for name in row.index[row.isna()]:
                assert any(fnmatch.fnmatchcase(name, p) for p in patterns), name


def test_a_reference_trial_with_one_unit_counts_and_one_without_any_does_not():
    trials = session.trial_table(session.mixed_order(8))
    track = session.recording(trials, {"happy": {"AU12": 0.5}})
    neutral = [k for k, c in enumerate(trials.condition) if c == "neutral"]
    values = track.intensity.copy()
    for k, units in ((neutral[0], [1]), (neutral[1], [0, 1])):
        since = track.times_s - trials.onset_s[k]
        rows = np.flatnonzero((since > -0.5) & (since < 5))
        values[np.ix_(rows, units)] = np.nan
    aligned = align(replace(track, intensity=values), trials, session.TIMELINES, session.SETTINGS)
    scores = score(aligned, session.SETTINGS)
    row = summarise(aligned, scores, session.SETTINGS).of("neutral")
    assert (row["n_total"], row["n"]) == (8, 7)
