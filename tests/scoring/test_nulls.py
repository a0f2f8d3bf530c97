"""The registries of nulls: each draws what it says, and pages and lists agree with them."""

import itertools
from pathlib import Path

import made_session as session
import numpy as np
import pytest
import slow

from mimicry.analyses.grid import NULLS as GRID_NULLS
from mimicry.kernels.arrangements import one_sample_t
from mimicry.protocol.json_schema import json_schema
from mimicry.records import ScoringSettings
from mimicry.scoring.arrange import Compared, SwapDesign
from mimicry.scoring.lag import lag_axis_s
from mimicry.scoring.nulls import SECONDARY_NULLS, SWAPS
from mimicry.scoring.swap import label_swap
from mimicry.scoring.time_locking import surrogate_test
from mimicry.statistics.nulls import PEOPLE_NULLS, sign_flip_p
from mimicry.timeline import align

EVERY = [*SWAPS.values(), *SECONDARY_NULLS.values(), *PEOPLE_NULLS.values()]
RATE_HZ = 30.0


def table(nulls, columns):
    """Return the Markdown table of a registry."""
    heads = {"surrogate": "one surrogate", "right_when": "right when", "wrong_when": "wrong when"}
    rows = [["null", *(heads.get(c, c) for c in columns)], ["---"] * (len(columns) + 1)]
    rows += [[f"`{null.name}`", *(getattr(null, c) for c in columns)] for null in nulls.values()]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], lines[1].replace(" ", ""), *lines[2:]])


@pytest.mark.parametrize("null", EVERY, ids=lambda null: null.name)
def test_every_null_says_what_it_asks_and_when_it_is_wrong(null):
    assert null.question.endswith("?")
    assert null.surrogate
    assert null.wrong_when


@pytest.mark.parametrize(
    ("nulls", "columns"),
    [
        (SWAPS, ("surrogate", "right_when", "wrong_when")),
        (SECONDARY_NULLS, ("surrogate", "question", "wrong_when")),
        (PEOPLE_NULLS, ("surrogate", "question", "wrong_when")),
    ],
)
def test_the_page_has_the_table_of_the_registry(nulls, columns):
    page = Path(__file__).parents[2] / "docs" / "nulls.md"
    assert table(nulls, columns) in page.read_text(encoding="utf-8")


def test_protocols_and_grids_know_the_nulls_of_the_registries():
    keys = json_schema()["$defs"]["Scoring"]["properties"]
    assert keys["swap"]["enum"] == list(SWAPS)
    assert keys["secondary_nulls"]["items"]["enum"] == list(SECONDARY_NULLS)
    assert set(GRID_NULLS) == {"swap", *SWAPS, *PEOPLE_NULLS}


def test_an_unknown_null_is_refused_and_the_known_are_named():
    own = np.array([True, False] * 4)
    design = SwapDesign(["h", "n"] * 4)
    with pytest.raises(ValueError, match=r"no swap 'dice'; there are redraw, free"):
        label_swap(np.arange(8.0), own, ~own, design, ScoringSettings({}, swap="dice"), None)


# Swaps: values small enough to work out by hand


def compared(conditions, **more):
    labels = np.array(conditions)
    own, reference = labels == "e", labels == "r"
    return Compared(own, reference, own | reference, SwapDesign(conditions, **more))


def arranged(name, trials, **changes):
    settings = ScoringSettings({}, **({"swap": name} | changes))
    return SWAPS[name].draw(trials, settings, np.random.default_rng(1))


def test_free_deals_every_choice_of_trials_once():
    made = arranged("free", compared(list("eerr")))
    dealt = {tuple(np.flatnonzero(row).tolist()) for row in made.table}
    assert dealt == {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}
    assert (made.count, made.complete, made.labels.tolist()) == (
        6,
        True,
        [True, True, False, False],
    )


def test_clip_deals_the_means_of_clips():
    """Clips a and b of e, c and d of r; a was shown twice."""
    made = arranged("clip", compared(list("ererxe"), clips=list("acbdqa")))
    values = np.array([1.0, 10.0, 5.0, 20.0, 99.0, 2.0])
    assert sorted(made.unit_values(values).tolist()) == [1.5, 5.0, 10.0, 20.0]
    assert made.unit_values(values)[made.labels].tolist() == [1.5, 5.0]
    assert made.count == 6


def test_a_clip_that_serves_both_conditions_counts_as_two():
    assert arranged("clip", compared(list("erer"), clips=list("aabb"))).count == 6


def test_pairs_flips_the_differences_within_identities():
    """a: 3 - 1; b: mean of 4 and 6, minus 2; c has no reference, "" is not known."""
    made = arranged("pairs", compared(list("ereerer"), identities=[*"aabbbc", ""]))
    values = np.array([3.0, 1.0, 4.0, 6.0, 2.0, 9.0, 9.0])
    assert made.unit_values(values).tolist() == [2.0, 3.0]
    assert sorted(map(tuple, made.table.tolist())) == [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    assert made.observed(values) == pytest.approx(2.5 / (np.sqrt(0.5) / np.sqrt(2)))


def test_block_deals_whole_runs():
    """Runs e e, r, e, r r: with two of four runs dealt, 6 ways, the sizes of sides differ."""
    made = arranged("block", compared(list("eererr")))
    runs = [(0, 1), (2,), (3,), (4, 5)]
    expected = {tuple(sorted(first + second)) for first, second in itertools.combinations(runs, 2)}
    assert {tuple(np.flatnonzero(row).tolist()) for row in made.table} == expected
    assert made.count == 6


def test_redraw_gives_the_kth_label_of_a_new_order_to_the_kth_trial():
    """Trials of x take no part, wherever the new order has them."""
    trials = compared(list("exrer"), redraw=lambda rng: list("rrxee"))
    made = arranged("redraw", trials, surrogates=3)
    assert made.table.tolist() == [[False, False, True, True]] * 3
    assert (made.count, made.complete) == (1, False)


@pytest.mark.parametrize("two_sided", [True, False])
def test_p_of_a_redraw_agrees_with_the_same_draws_one_by_one(two_sided):
    conditions = list("erreerre")

    def redraw(rng):
        return [str(c) for c in rng.permutation(conditions)]

    values = np.random.default_rng(3).normal(0, 1, 8) + np.array([c == "e" for c in conditions])
    own = np.array([c == "e" for c in conditions])
    settings = ScoringSettings({}, swap="redraw", surrogates=59, two_sided=two_sided)
    design = SwapDesign(conditions, redraw=redraw)
    found = label_swap(values, own, ~own, design, settings, np.random.default_rng(5))
    rng, drawn = np.random.default_rng(5), []
    for _ in range(59):
        order = redraw(rng)
        sides = [[v for v, c in zip(values, order, strict=True) if c == name] for name in "er"]
        drawn.append(slow.welch(*sides))
    t = slow.welch(values[own].tolist(), values[~own].tolist())
    reached = 59 * slow.share_reaching(t, drawn, two_sided=two_sided)
    assert found.t == pytest.approx(t)
    assert found.p == pytest.approx((1 + reached) / 60)
    assert found.z_surrogate == pytest.approx((t - slow.mean(drawn)) / slow.sd(drawn))


@pytest.mark.parametrize("swap", ["free", "clip", "pairs", "block"])
def test_one_sided_p_lies_in_the_upper_tail(swap):
    """The emotion is above its reference everywhere: turned round, p is near 1, not small."""
    conditions = list("erre" * 3)
    own = np.array([c == "e" for c in conditions])
    values = np.where(own, 5.0, 0.0) + np.random.default_rng(1).normal(0, 0.5, 12)
    design = SwapDesign(conditions, list("abcdefghijkl"), list("aabbccddeeff"))
    settings = ScoringSettings({}, swap=swap, min_arrangements=0, two_sided=False)
    up, down = (label_swap(sign * values, own, ~own, design, settings, None) for sign in (1, -1))
    assert up.p == pytest.approx(1 / up.arrangements)
    assert down.p == 1.0
    assert up.z_surrogate > 1.5
    assert down.z_surrogate < -1.5


def test_equal_values_tie_and_all_arrangements_that_tie_count():
    """0 0 1 1 of e, 1 1 2 2 of r: of 70, the 6 ways to take two of four 1s, on either side."""
    conditions = list("erererer")
    values = [0.0, 1, 0, 1, 1, 2, 1, 2]
    own = [k for k, c in enumerate(conditions) if c == "e"]
    flags = np.array([c == "e" for c in conditions])
    settings = ScoringSettings({}, swap="free")
    found = label_swap(values, flags, ~flags, SwapDesign(conditions), settings, None)
    t, number, p = slow.swapped_labels(values, own, two_sided=True)
    assert (found.t, found.arrangements) == (pytest.approx(t), number)
    assert found.p == pytest.approx(p) == pytest.approx(12 / 70)


def test_one_sample_t_is_undefined_without_spread_or_a_second_value():
    signs = np.array([[1.0, 1.0], [1.0, -1.0]])
    assert one_sample_t(np.array([1.0, 3.0]), signs).tolist() == pytest.approx([2.0, -0.5])
    assert np.isnan(one_sample_t(np.array([2.0, 2.0]), signs)).tolist() == [True, False]
    assert np.isnan(one_sample_t(np.array([2.0]), signs[:, :1])).all()


# People


def test_sign_flips_count_the_sums_of_either_side():
    """1 + 2 + 4 = 7 is reached by all plus and all minus; -1 + 2 + 4 = 5 by four of eight."""
    assert sign_flip_p(np.array([1.0, 2.0, 4.0, np.nan]), np.random.default_rng(0)) == 2 / 8
    assert sign_flip_p(np.array([-1.0, 2.0, 4.0]), np.random.default_rng(0)) == 4 / 8
    assert sign_flip_p(np.array([1.0, -1.0, 0.0]), np.random.default_rng(0)) == 1.0


def test_many_people_have_drawn_signs_and_the_observed_ones_count():
    assert sign_flip_p(np.full(40, 1.0), np.random.default_rng(0)) == 1 / 10_000


def test_the_t_null_is_the_t_test():
    from scipy.stats import ttest_1samp

    values = np.array([0.2, 0.5, -0.1, 0.9])
    expected = ttest_1samp(values, 0.0).pvalue
    assert PEOPLE_NULLS["t"].draw(values, np.random.default_rng(0), ()) == pytest.approx(expected)


# Secondary nulls


def drawn(name, n=6, m=90):
    rng = np.random.default_rng(2)
    stimuli, responses = rng.normal(0, 1, (n, 40)), rng.normal(0, 1, (n, m))
    return stimuli, responses, *SECONDARY_NULLS[name].draw(stimuli, responses, RATE_HZ, rng)


def test_stimulus_permutation_gives_the_same_clips_to_other_responses():
    stimuli, responses, shown, moved = drawn("stimulus-permutation")
    assert sorted(shown[:, 0]) == sorted(stimuli[:, 0])
    assert (shown != stimuli).any()
    assert (moved == responses).all()


def test_circular_shift_moves_every_response_round_by_an_amount_of_its_own():
    stimuli, responses, shown, moved = drawn("circular-shift")
    shifts = [
        next(k for k in range(90) if (np.roll(y, k) == z).all())
        for y, z in zip(responses, moved, strict=True)
    ]
    assert (shown == stimuli).all()
    assert min(shifts) >= 1
    assert len(set(shifts)) > 1


def test_phase_randomisation_keeps_the_spectrum_and_nothing_of_the_course():
    _, responses, _, moved = drawn("phase-randomisation")
    sizes = [np.abs(np.fft.rfft(y, axis=1)) for y in (responses, moved)]
    assert sizes[1] == pytest.approx(sizes[0], abs=1e-9)
    assert max(abs(np.corrcoef(y, z)[0, 1]) for y, z in zip(responses, moved, strict=True)) < 0.5


def test_segment_shuffle_keeps_half_seconds_and_leaves_none_in_place():
    _, responses, _, moved = drawn("segment-shuffle")
    for y, z in zip(responses.reshape(6, 6, 15), moved.reshape(6, 6, 15), strict=True):
        assert sorted(y[:, 0]) == sorted(z[:, 0])
        assert sorted(map(tuple, y)) == sorted(map(tuple, z))
        assert not (y == z).all(axis=1).any()


def lagged_z(stimuli, responses, lags):
    """Mean Fisher z of the largest correlation, one number at a time."""
    peaks = [
        slow.peak(slow.lagged(x, y, 0, len(x) - 1, range(len(lags))), lags)[0]
        for x, y in zip(stimuli.tolist(), responses.tolist(), strict=True)
    ]
    return slow.mean(np.arctanh(np.clip(peaks, -1 + 1e-7, 1 - 1e-7)).tolist())


@pytest.mark.parametrize("name", list(SECONDARY_NULLS))
def test_p_of_a_secondary_null_agrees_with_the_same_surrogates_one_by_one(name):
    settings = ScoringSettings(
        session.EMOTIONS, secondary_surrogates=19, min_trials=4, lags_s=(0.0, 0.3)
    )
    trials = session.trial_table(session.mixed_order(4))
    aligned = align(
        session.recording(trials, {"happy": {"AU12": 0.05}}), trials, session.TIMELINES, settings
    )
    # clips of one emotion have one course here: give each trial an onset of its own
    stimulus = np.array([np.roll(x, 3 * k, axis=0) for k, x in enumerate(aligned.stimulus)])
    object.__setattr__(aligned, "stimulus", stimulus)
    used = np.array(trials.condition) == "happy"
    rng = np.random.default_rng(4)
    found = surrogate_test(aligned, settings, "happy", name, used=used, rng=rng)
    lags = lag_axis_s(aligned, settings).tolist()
    t = aligned.times_s
    first = int(np.flatnonzero(t >= -1e-9)[0])
    length = int(((t >= -1e-9) & (t < 2.5 - 1e-9)).sum())
    stimuli = stimulus[used][:, first : first + length, 0]
    responses = aligned.response_fast[used][:, first : first + length + len(lags) - 1, 0]
    value, rng = lagged_z(stimuli, responses, lags), np.random.default_rng(4)
    draw = SECONDARY_NULLS[name].draw
    z = [lagged_z(*draw(stimuli, responses, RATE_HZ, rng), lags) for _ in range(19)]
    assert found.value == pytest.approx(value)
    assert found.p == pytest.approx((1 + sum(v >= value - 1e-9 for v in z)) / 20)
    assert found.z_surrogate == pytest.approx((value - slow.mean(z)) / slow.sd(z))


@pytest.mark.parametrize("name", ["circular-shift", "phase-randomisation", "segment-shuffle"])
def test_a_response_against_the_stimulus_lies_in_the_other_tail(name):
    """Who turns the movement round has small correlations: p is large, not small."""
    settings = ScoringSettings(session.EMOTIONS, secondary_surrogates=99)
    trials = session.trial_table(session.mixed_order(8))
    track = session.recording(trials, {"happy": {"AU12": -1.0}})
    aligned = align(track, trials, session.TIMELINES, settings)
    used = np.array(trials.condition) == "happy"
    rng = np.random.default_rng(1)
    assert surrogate_test(aligned, settings, "happy", name, used=used, rng=rng).p > 0.9
