"""What a contrast supports: mimicry only where the target movement does it by itself."""

import itertools
import math

import numpy as np
import pytest
import slow
from hypothesis import given
from hypothesis import strategies as st

from mimicry.kernels.baseline import pooled_sd
from mimicry.kernels.chance import generator
from mimicry.records import EmotionMap, ScoringSettings
from mimicry.scoring.arrange import SwapDesign
from mimicry.scoring.claims import claim_words, decide_claim
from mimicry.scoring.pattern import contrast, pattern_parts
from mimicry.scoring.swap import label_swaps

NAN = math.nan


@pytest.mark.parametrize(
    ("numbers", "p_claim", "claim"),
    [
        ((1.5, 0.9, 0.01, 0.02), 0.02, "mimicry"),
        ((1.5, 0.9, 0.02, 0.01), 0.02, "mimicry"),
        ((1.5, 0.9, 0.05, 0.05), 0.05, "mimicry"),
        ((1.5, 0.9, 0.01, 0.051), 0.051, "opponent only"),
        ((1.5, 0.9, 0.06, 0.01), 0.06, "none"),
        ((-1.5, -0.9, 0.01, 0.02), 0.02, "counter-mimicry"),
        ((-1.5, -0.9, 0.01, 0.2), 0.2, "opponent only"),
        ((1.5, -0.9, 0.01, 0.02), 1.0, "opponent only"),
        ((-1.5, 0.9, 0.01, 0.02), 1.0, "opponent only"),
        ((1.5, -0.9, 0.2, 0.02), 1.0, "none"),
        ((1.5, 0.0, 0.01, 0.02), 1.0, "opponent only"),
        ((0.0, 0.0, 1.0, 1.0), 1.0, "none"),
        ((NAN, 0.9, 0.01, 0.02), NAN, ""),
        ((1.5, NAN, 0.01, 0.02), NAN, ""),
        ((1.5, 0.9, NAN, 0.02), NAN, ""),
        ((1.5, 0.9, 0.01, NAN), NAN, ""),
        ((1.5, -0.9, 0.01, NAN), NAN, ""),
    ],
)
def test_a_claim_follows_from_both_contrasts_and_both_p(numbers, p_claim, claim):
    assert slow.claim(*numbers) == (pytest.approx(p_claim, nan_ok=True), claim)
    given_p, given_claim = decide_claim(*numbers)
    assert (given_p, given_claim) == (pytest.approx(p_claim, nan_ok=True), claim)


def test_against_the_other_valence_no_emotion_is_named():
    assert decide_claim([2, -2, 2], [1, -1, -1], 0.01, 0.02, reference="valence")[1].tolist() == [
        "valence-congruent",
        "valence-incongruent",
        "opponent only",
    ]
    assert claim_words("valence") == ("valence-congruent", "valence-incongruent")


def test_the_level_is_that_of_the_planned_test():
    assert decide_claim(1, 1, 0.02, 0.03, alpha=0.03)[1] == "mimicry"
    assert decide_claim(1, 1, 0.02, 0.03, alpha=0.02)[1] == "opponent only"
    assert decide_claim(1, 1, 0.02, 0.03, alpha=0.01)[1] == "none"


@given(st.lists(st.sampled_from([-1.5, -0.1, 0.0, 0.1, 1.5, NAN]), min_size=2, max_size=2),
       st.lists(st.sampled_from([0.001, 0.05, 0.06, 1.0, NAN]), min_size=2, max_size=2),
       st.booleans())  # fmt: skip
def test_arrays_agree_with_the_slow_cases(contrasts, ps, valence):
    cases = list(itertools.product([contrasts[0]], [contrasts[1]], ps, ps))
    p_claim, claim = decide_claim(*np.array(cases).T, reference="valence" if valence else "neutral")
    by_hand = [slow.claim(*case, valence=valence) for case in cases]
    assert p_claim == pytest.approx([p for p, _ in by_hand], nan_ok=True)
    assert claim.tolist() == [word for _, word in by_hand]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("smile", "frown", "least", "most"),
    [
        ({"happy": 2.5, "neutral": 2.5}, 0.0, 0.0, 0.065),
        ({"happy": 2.5}, 0.0, 0.0, 0.065),
        ({}, 0.0, 0.0, 0.065),
        ({}, 2.5, 0.9, 1.0),
    ],
    ids=["smiles at happy and neutral", "smiles at happy", "nothing", "frowns at angry"],
)
def test_mimicry_of_anger_is_claimed_where_there_is_a_frown(smile, frown, least, most):
    """Sessions of deltas: 20 trials a condition, responses in SDs of single trials."""
    happy = EmotionMap(("AU12",), ("AU04",), "positive")
    angry = EmotionMap(("AU04",), ("AU12",), "negative")
    settings = ScoringSettings({"happy": happy, "angry": angry}, surrogates=399)
    claims, significant = [], []
    for session in range(400):
        rng = generator(18, session, str(smile))
        order = rng.permutation(np.repeat(["happy", "angry", "neutral"], 20))
        deltas = rng.normal(0, 1, (60, 2))
        deltas[:, 0] += [smile.get(c, 0.0) for c in order]
        deltas[:, 1] += frown * (order == "angry")
        parts = pattern_parts(deltas / pooled_sd(deltas), ("AU12", "AU04"), angry)
        values, emotion = np.array([parts[0] - parts[1], *parts]), order == "angry"
        reference = order == "neutral"
        design = SwapDesign([str(c) for c in order])
        whole, target, _ = label_swaps(values, emotion, reference, design, settings, rng)
        sizes = (contrast(v, emotion, reference) for v in values[:2])
        claims.append(decide_claim(*sizes, whole.p, target.p)[1] == "mimicry")
        significant.append(whole.p <= 0.05)
    assert least <= np.mean(claims) <= most
    if smile.get("neutral"):
        assert np.mean(significant) > 0.95  # the contrast alone would say it nearly always
