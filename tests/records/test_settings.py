"""The defaults of scoring, and what settings derive from them."""

import json

import pytest

from mimicry.records import EmotionMap, ScoringSettings

MAPS = {
    "happy": EmotionMap(("AU12", "AU06"), ("AU04",), "positive"),
    "angry": EmotionMap(("AU04",), ("AU12", "AU15"), "negative"),
}
#: What a study that chooses nothing is scored with.
DEFAULTS = {
    "reference": "neutral", "neutral_condition": "neutral", "swap": "free", "swaps": {},
    "identity_column": "identity", "block_column": "block", "run_column": "run",
    "phase_column": "block", "imitate_phase": "imitate",
    "rate_hz": 30.0, "max_gap_s": 0.1, "baseline_s": [-0.5, 0.0],
    "windows": {"main": [0.5, 2.5], "early": [0.5, 1.5], "emg": [0.0, 1.0], "late": [1.5, 2.5]},
    "primary_window": "main", "smooth_amplitude_s": 0.1, "smooth_latency_s": 0.05,
    "lags_s": [0.0, 1.5], "correlation_s": None, "min_overlap": 0.8, "pose_limit_deg": 20.0,
    "bin_s": 0.1, "baseline_outlier_sd": 3.5, "bad_bins_fraction": 0.5, "min_fps": 20.0,
    "min_trials": 6, "min_trials_z": 8, "min_trials_latency": 12, "min_trials_calibration": 4,
    "latency_gate": 4.0, "latency_max_s": 1.5, "latency_step_s": 0.01,
    "latency_fit_s": [0.0, 2.5], "latency_min_r2": 0.5, "event_sigma": 3.0, "event_hold_s": 0.1,
    "event_search_s": [0.2, 2.0], "event_max_missing": 0.2, "noise_block_s": 0.3,
    "surrogates": 9999, "secondary_nulls": [], "secondary_surrogates": 999,
    "enumerate_up_to": 10_000, "min_arrangements": 40, "two_sided": True, "claim_alpha": 0.05,
    "seed": 0,
}  # fmt: skip


def test_every_default_of_scoring_is_what_it_was():
    settings = ScoringSettings(MAPS).to_json()
    emotions = settings.pop("emotions")
    assert settings == DEFAULTS
    assert emotions == {
        "happy": {"targets": ["AU12", "AU06"], "opponents": ["AU04"], "valence": "positive"},
        "angry": {"targets": ["AU04"], "opponents": ["AU12", "AU15"], "valence": "negative"},
    }
    assert json.loads(json.dumps(settings)) == settings


def test_scored_units_are_targets_then_opponents_each_once():
    assert ScoringSettings(MAPS).scored == ("AU12", "AU06", "AU04", "AU15")


def test_the_stimulus_window_ends_with_the_primary_window_unless_it_is_given():
    assert ScoringSettings(MAPS).stimulus_window_s == (0.0, 2.5)
    assert ScoringSettings(MAPS, primary_window="early").stimulus_window_s == (0.0, 1.5)
    assert ScoringSettings(MAPS, correlation_s=(0.2, 0.9)).stimulus_window_s == (0.2, 0.9)


def test_an_emotion_has_targets_and_opponents_and_none_is_both():
    assert EmotionMap(("AU12",), ("AU04",)).valence == "none"
    for targets, opponents in [((), ("AU04",)), (("AU12",), ())]:
        with pytest.raises(ValueError, match="at least one target and one opponent"):
            EmotionMap(targets, opponents)
    with pytest.raises(ValueError, match=r"^AU04, AU12 stand as target and as opponent"):
        EmotionMap(("AU12", "AU04", "AU06"), ("AU04", "AU12", "AU15"))
