"""Every column of the score tables, of a participant with every kind of trouble."""

import re
from dataclasses import replace

import made_session as session
import numpy as np
import pytest

from golden_values import rows_of, same_as_golden
from mimicry.scoring import score, summarise
from mimicry.timeline import align

GAINS = {"happy": {"AU12": 0.5, "AU04": -0.05}, "angry": {"AU04": 0.3, "AU12": 0.1}}
SETTINGS = replace(
    session.SETTINGS,
    surrogates=199,
    enumerate_up_to=100,
    secondary_nulls=("circular-shift", "phase-randomisation", "segment-shuffle"),
    secondary_surrogates=39,
    min_trials_latency=6,
    seed=3,
)


def troubled(*, rate: float = 30.0):
    """Watching and imitating, with blinks, a lost face, a turned head, speech and an exclusion."""
    order = session.mixed_order(9, seed=5) + session.mixed_order(5, seed=6)
    blocks = ["watch"] * 27 + ["imitate"] * 15
    excluded = ["" if k != 11 else "coughed" for k in range(len(order))]
    runs = [str(1 + k // 14) for k in range(len(order))]
    trials = session.trial_table(
        order, block=tuple(blocks), excluded=tuple(excluded), run=tuple(runs)
    )
    times = np.arange(0.0, trials.onset_s[-1] + 6.0, 1 / rate)

    def during(k: int, start: float, stop: float):
        since = times - trials.onset_s[k] - 0.5
        return (since > start) & (since < stop)

    blink = (during(1, 0.2, 2.2) | during(4, 2.0, 2.3) | during(30, -0.4, -0.2)).astype(float)
    pose = np.column_stack([np.zeros_like(times), 5 * np.sin(times), np.zeros_like(times)])
    pose[during(7, 0.4, 1.1), 1] = 30.0
    seen = ~(during(9, 1.0, 1.4) | during(13, -0.6, 0.1))
    track = session.recording(
        trials, GAINS, fps=rate, each_sd=0.08, seed=8, blink=blink, pose_deg=pose,
        success=seen.astype(float), speech=during(15, -0.5, -0.1).astype(float),
        plausible=(~during(18, 0.5, 0.8)).astype(float),
    )  # fmt: skip
    values = track.intensity.copy()
    values[~seen] = np.nan
    values[during(20, -0.3, -0.1)] += 3.0
    return replace(track, intensity=values), trials


@pytest.fixture(scope="module")
def tables():
    track, trials = troubled()
    aligned = align(track, trials, session.TIMELINES, SETTINGS)
    scores = score(aligned, SETTINGS, participant="p1", session="2")
    return scores.to_frame(), summarise(aligned, scores, SETTINGS).to_frame()


def test_every_column_of_the_trial_table(tables):
    same_as_golden("scores", rows_of(tables[0], "trial_id"), atol=1e-7, rtol=1e-6)


def test_every_column_of_the_summary(tables):
    table = tables[1]
    keys = [n for n in ("phase", "block", "condition") if n in table]
    same_as_golden("summary", rows_of(table, *keys), atol=1e-7, rtol=1e-6)


def named(settings):
    """Give the first setting as a word for a file's name."""
    return re.sub(r"\W+", "_", "_".join(str(x) for x in next(iter(settings.items())))).strip("_")


@pytest.mark.parametrize(
    "settings",
    [
        {"reference": "valence"},
        {"swap": "block", "block_column": "run"},
        {"swap": "clip"},
        {"swap": "pairs"},
        {"two_sided": False, "windows": {"main": (0.3, 1.3)}, "baseline_s": (-0.4, -0.1)},
        {"rate_hz": 50.0, "lags_s": (-0.5, 1.0), "correlation_s": (0.2, 1.8), "min_overlap": 0.5},
        {"bin_s": 0.2, "baseline_outlier_sd": 2.0, "bad_bins_fraction": 0.3, "pose_limit_deg": 4.0},
        {"event_sigma": 2.0, "event_hold_s": 0.2, "event_search_s": (0.1, 1.5)},
        {"smooth_amplitude_s": 0.2, "smooth_latency_s": 0.15, "max_gap_s": 0.5},
        {"latency_fit_s": (0.2, 2.0), "latency_max_s": 0.8, "latency_step_s": 0.02},
    ],
    ids=named,
)
def test_every_setting_does_what_it_did(settings):
    track, trials = troubled()
    few = replace(SETTINGS, **settings, secondary_nulls=(), surrogates=99)
    aligned = align(track, trials, session.TIMELINES, few)
    scores = score(aligned, few)
    summary = summarise(aligned, scores, few).to_frame()
    cases = rows_of(summary, *(n for n in ("phase", "block", "condition") if n in summary))
    table = scores.to_frame().select_dtypes("number")
    cases["trials"] = {n: table[n].mean() for n in table}
    same_as_golden(f"summary_{named(settings)}", cases, atol=1e-7, rtol=1e-6)
