"""The label-swap null: what is permuted follows the design."""

from dataclasses import replace

import numpy as np
import pytest
import slow
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mimicry.kernels.chance import generator
from mimicry.records import ScoringSettings
from mimicry.scoring.arrange import SwapDesign
from mimicry.scoring.swap import label_swap, label_swaps


def settings(swap="free", **changes) -> ScoringSettings:
    return ScoringSettings({}, swap=swap, **({"min_arrangements": 0} | changes))


def run(values, labels, *, design=None, rng=None, **changes):
    own = np.array([c == "e" for c in labels])
    rest = np.array([c == "r" for c in labels])
    made = design or SwapDesign(labels)
    return label_swap(values, own, rest, made, settings(**changes), rng)


def test_free_swaps_agree_with_the_slow_loop_for_unequal_counts():
    rng = np.random.default_rng(3)
    labels = list("reerrerer")
    values = rng.normal(0, 1, 9)
    own = [k for k, c in enumerate(labels) if c == "e"]
    for two_sided in (True, False):
        found = run(values, labels, two_sided=two_sided)
        t, number, p = slow.swapped_labels(list(values), own, two_sided=two_sided)
        assert (found.t, found.p) == pytest.approx((t, p), abs=1e-12)
        assert found.arrangements == number


def test_drawn_arrangements_come_near_the_enumerated_p():
    rng = np.random.default_rng(4)
    labels = [str(c) for c in rng.permutation(list("e" * 7 + "r" * 7))]
    values = rng.normal(0, 1, 14) + np.array([c == "e" for c in labels])
    exact = run(values, labels)
    drawn = run(values, labels, rng=np.random.default_rng(5), enumerate_up_to=10)
    assert exact.arrangements == drawn.arrangements == 3432
    assert drawn.p == pytest.approx(exact.p, abs=0.02)
    assert drawn.z_surrogate == pytest.approx(exact.z_surrogate, abs=0.1)


def test_the_smallest_drawn_p_counts_the_observed_arrangement():
    values = np.array([10.0, 0.1] * 12) + np.random.default_rng(1).normal(0, 0.01, 24)
    found = run(values, list("er" * 12), rng=np.random.default_rng(2), surrogates=99)
    assert found.p == pytest.approx(1 / 100)


def test_other_conditions_and_missing_values_take_no_part():
    labels = list("erxerxerxerx")
    rng = np.random.default_rng(6)
    values = rng.normal(0, 1, 12)
    values[1] = np.nan
    kept = [k for k, c in enumerate(labels) if c != "x" and k != 1]
    expected = run(values[kept], [labels[k] for k in kept])
    found = run(values, labels)
    assert (found.t, found.p) == (expected.t, expected.p)


def test_clips_are_swapped_as_wholes():
    """Three showings of four clips: the statistic sees four means, not twelve trials."""
    labels = list("er" * 6)
    clips = ["e1", "r1", "e2", "r2", "e1", "r1", "e2", "r2", "e3", "r3", "e3", "r3"]
    values = np.random.default_rng(7).normal(0, 1, 12)
    found = run(values, labels, design=SwapDesign(labels, clips=clips), swap="clip")
    names = sorted(set(clips))
    means = [slow.mean([v for v, c in zip(values, clips, strict=True) if c == n]) for n in names]
    t, number, p = slow.swapped_labels(means, [0, 1, 2], two_sided=True)
    assert (found.t, found.p) == pytest.approx((t, p), abs=1e-12)
    assert found.arrangements == number == 20


def test_blocks_are_swapped_as_whole_runs_and_others_break_them():
    """E e x e e r r r r: three runs, although the first two are both of e."""
    labels = list("eexeerrrr")
    values = np.random.default_rng(8).normal(0, 1, 9)
    found = run(values, labels, swap="block")
    assert found.arrangements == 3
    runs = [[0, 1], [3, 4], [5, 6, 7, 8]]
    drawn = []
    for left_out in range(3):
        own = [k for r, run_ in enumerate(runs) if r != left_out for k in run_]
        drawn.append(slow.welch([values[k] for k in own], [values[k] for k in runs[left_out]]))
    assert found.t == pytest.approx(drawn[2], abs=1e-12)
    assert found.p == pytest.approx(slow.share_reaching(found.t, drawn, two_sided=True))


def test_redraws_come_from_the_given_randomiser():
    """A randomiser that knows two orders only: half of the draws are the observed one."""
    labels = list("erexerr")
    orders = [list("erexerr"), list("eexrrre")]

    def redraw(rng):
        return orders[rng.integers(2)]

    values = np.array([3.0, 1, 4, 9, 5, 2, 1.5])
    design = SwapDesign(labels, redraw=redraw)
    found = run(
        values, labels, design=design, swap="redraw", rng=np.random.default_rng(1), surrogates=999
    )
    assert found.arrangements == 2
    assert 0.4 < found.p < 0.6


def test_a_redraw_keeps_invalid_trials_in_their_places():
    """The second trial is not valid: its label still uses up a place of every new order."""
    labels = list("erer")
    design = SwapDesign(labels, redraw=lambda rng: list("rree"))
    values = np.array([1.0, np.nan, 3.0, 4.0])
    found = run(
        values, labels, design=design, swap="redraw", rng=np.random.default_rng(1), surrogates=9
    )
    # New labels of the valid trials: r, e, e; one against two has no variance on one side.
    assert found.p == 1 or found.reason == "no_variance"


@pytest.mark.parametrize(
    ("redraw", "reason"),
    [(None, "no_randomiser"), (lambda rng: list("erer"), "randomiser_mismatch")],
)
def test_a_redraw_that_cannot_be_done_says_why(redraw, reason):
    labels = list("ererer")
    design = SwapDesign(labels, redraw=redraw)
    found = run(np.arange(6.0), labels, design=design, swap="redraw", rng=np.random.default_rng(1))
    assert found.reason == reason
    assert np.isnan(found.p)
    assert np.isfinite(found.t)


def test_two_long_blocks_identify_nothing():
    """All of one condition, then all of the other: time explains any difference."""
    values = np.random.default_rng(1).normal(0, 1, 16)
    assert run(values, list("e" * 8 + "r" * 8)).reason == "not_identified"
    mixed = run(values, list("e" * 8 + "r" * 7 + "e"), rng=np.random.default_rng(1))
    assert mixed.reason == ""


@pytest.mark.parametrize(
    ("first", "second", "identified"), [(6, 6, False), (6, 5, True), (5, 6, True)]
)
def test_a_block_is_long_from_six_trials_on(first, second, identified):
    values = np.random.default_rng(1).normal(0, 1, first + second)
    for one, other in ("er", "re"):
        found = run(values, list(one * first + other * second))
        assert found.reason == ("" if identified else "not_identified")


@pytest.mark.parametrize("swap", ["free", "clip", "pairs", "block", "redraw"])
@pytest.mark.parametrize("listed", [0, 10_000])
def test_several_values_share_the_arrangements_that_one_alone_would_have(swap, listed):
    labels = list("ererxererrxeeerr")
    identities = [str(k // 2) for k in range(len(labels))]
    design = SwapDesign(
        labels,
        clips=[f"{c}{k % 3}" for k, c in enumerate(labels)],
        identities=identities,
        redraw=lambda rng: [str(c) for c in rng.permutation(labels)],
    )
    given = settings(swap, enumerate_up_to=listed, surrogates=99, two_sided=False)
    own, rest = (np.array([c == side for c in labels]) for side in "er")
    values = np.random.default_rng(3).normal(0, 1, (3, len(labels)))
    values[:, 4] = np.nan  # a trial that takes no part
    together = label_swaps(values, own, rest, design, given, np.random.default_rng(5))
    for each, test in zip(values, together, strict=True):
        assert test == label_swap(each, own, rest, design, given, np.random.default_rng(5))
        both_sides = replace(given, two_sided=True)
        alone = label_swap(each, own, rest, design, both_sides, np.random.default_rng(5))
        assert test.p_two_sided == alone.p == alone.p_two_sided != test.p


def test_a_trial_without_one_of_the_values_takes_no_part_in_any():
    labels = list("ererererer")
    own = np.array([c == "e" for c in labels])
    values = np.random.default_rng(3).normal(0, 1, (2, 10))
    values[1, 2] = np.nan
    kept = np.arange(10) != 2
    design = SwapDesign([c for c, k in zip(labels, kept, strict=True) if k])
    both = label_swaps(values, own, ~own, SwapDesign(labels), settings(), None)
    fewer = label_swaps(values[:, kept], own[kept], ~own[kept], design, settings(), None)
    assert both == fewer
    assert both[0].arrangements == 126


def test_no_variance_gives_no_t():
    found = run([1.0, 1, 1, 0, 0, 0], list("ererer"))
    assert not np.isnan(found.t)
    found = run([1.0, 0, 1, 0, 1, 0], list("ererer"))
    assert np.isnan(found.t)
    assert found.reason == "no_variance"


def test_pairs_without_both_sides_drop_out():
    labels = list("ererer")
    design = SwapDesign(labels, identities=["a", "a", "b", "b", "c", "d"])
    found = run([1.0, 0, 2, 0, 9, 9], labels, design=design, swap="pairs")
    assert found.arrangements == 4


def test_the_same_names_give_the_same_draws_and_others_do_not():
    first, second = (generator(1, "p1", "happy", "free").random(4) for _ in range(2))
    assert first.tolist() == second.tolist()
    assert first.tolist() != generator(1, "p2", "happy", "free").random(4).tolist()


@hypothesis_settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(-5, 5), min_size=8, max_size=8),
    st.floats(-100, 100),
    st.floats(0.1, 10),
    st.permutations(range(8)),
)
def test_shift_scale_and_order_of_trials_change_no_p(values, shift, scale, order):
    labels = list("errererr")[:8]
    y = np.round(np.array(values), 3)
    plain = run(y, labels)
    moved = run(scale * y + shift, labels)
    mixed = run(y[list(order)], [labels[k] for k in order])
    if plain.reason or moved.reason:
        assert plain.reason == moved.reason
        return
    assert moved.t == pytest.approx(plain.t, rel=1e-6, abs=1e-9)
    assert moved.p == pytest.approx(plain.p)
    assert mixed.p == pytest.approx(plain.p)
