"""What must not change a score, over drawn cases."""

from dataclasses import replace

import made_session as session
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mimicry.kernels.baseline import pooled_sd
from mimicry.records import EmotionMap, ScoringSettings
from mimicry.scoring import score, summarise
from mimicry.scoring.arrange import SwapDesign
from mimicry.scoring.pattern import contrast, pattern_score
from mimicry.scoring.swap import label_swap
from mimicry.timeline import align

NAMES = ("AU12", "AU04")
HAPPY = EmotionMap(("AU12",), ("AU04",), "positive")
SETTINGS = ScoringSettings({"happy": HAPPY})
SEEDS = st.integers(0, 2**32 - 1)


def judged(delta, labels):
    """Contrast, raw and in z, with t and p of the enumerated label swap."""
    own = labels == "happy"
    z = pattern_score(delta / pooled_sd(delta), NAMES, HAPPY)
    raw = pattern_score(delta, NAMES, HAPPY)
    found = label_swap(z, own, ~own, SwapDesign(list(labels)), SETTINGS, None)
    assert found.arrangements == 924  # all of them: p has no chance in it
    values = [contrast(s, own, ~own, min_trials=0) for s in (raw, z)]
    return [*values, found.t, found.p]


def drawn(seed):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(["happy"] * 6 + ["neutral"] * 6)
    return rng, rng.normal(0.2, 1.0, (12, 2)), labels


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_the_order_of_trials_changes_no_contrast_and_no_p(seed):
    """Under free swaps; the labels stay alternating enough to be identified."""
    rng, delta, labels = drawn(seed)
    for _ in range(20):
        order = rng.permutation(12)
        changes = (labels[order][1:] != labels[order][:-1]).sum()
        if changes > 1 and (labels[1:] != labels[:-1]).sum() > 1:
            assert judged(delta[order], labels[order]) == pytest.approx(
                judged(delta, labels), abs=1e-9
            )
            return


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.floats(-50, 50), st.floats(0.01, 100))
def test_shift_and_scale_of_all_deltas_leave_z_t_and_p(seed, shift, scale):
    _, delta, labels = drawn(seed)
    if (labels[1:] != labels[:-1]).sum() < 2:
        return
    raw, z, t, p = judged(delta, labels)
    moved = judged(delta * scale + shift, labels)
    assert moved == pytest.approx([raw * scale, z, t, p], rel=1e-6, abs=1e-8)


@settings(max_examples=8, deadline=None)
@given(st.floats(22, 120), SEEDS)
@example(69.265625, 1048577)
def test_the_frame_rate_changes_a_smooth_response_by_little(fps, seed):
    """Among 36 baselines of mere noise one may be an outlier: a trial less must not matter."""
    chosen = replace(session.SETTINGS, min_trials_latency=8)
    trials = session.trial_table(session.mixed_order(12, seed=seed % 1000))
    gains = {"happy": {"AU12": 0.5}, "angry": {"AU04": 0.3}}

    def happy(rate):
        track = session.recording(trials, gains, fps=rate, noise=1e-4, seed=seed)
        aligned = align(track, trials, session.TIMELINES, chosen)
        return summarise(aligned, score(aligned, chosen), chosen).of("happy")

    plain, other = happy(30.0), happy(fps)
    assert other["contrast_raw"] == pytest.approx(plain["contrast_raw"], abs=3e-3)
    assert other["latency_shift_s"] == pytest.approx(plain["latency_shift_s"], abs=8e-3)
