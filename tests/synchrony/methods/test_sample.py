"""A sample of dyads: the mean over the real pairs against everybody re-paired at once."""

from itertools import permutations

import numpy as np
import pytest

from mimicry.errors import InputError
from mimicry.synchrony.methods import METHODS, People, choose_settings, measure, measure_sample

RATE = 5.0
N = 300


def smooth(rng, n=N):
    return np.convolve(rng.standard_normal(n + 4), np.ones(5) / 5, "valid")


def sample(seed, n, tie=0.0, lag=2):
    """Make n dyads of whom the second follows the first, the more the larger `tie` is."""
    rng = np.random.default_rng(seed)
    dyads = {}
    for k in range(n):
        first = smooth(rng)
        second = tie * np.roll(first, lag) + smooth(rng)
        dyads[f"d{k}"] = People(np.stack([first, second]), RATE, (f"a{k}", f"b{k}"))
    return dyads


def face(**more):
    return choose_settings("face", max_lag_s=1.0, **more)


def test_p_is_that_of_a_slow_loop_over_all_re_pairings():
    """Every cell from the method itself, every permutation of 5 by hand."""
    dyads = list(sample(1, 5, tie=0.3).values())
    found = measure_sample(dict(zip("abcde", dyads, strict=True)), face())
    cell = np.empty((5, 5))
    for i, one in enumerate(dyads):
        for j, other in enumerate(dyads):
            pair = People(np.stack([one.values[0], other.values[1]]), RATE)
            cell[i, j] = measure(pair, face()).grand_average
    means = [sum(cell[i, j] for i, j in enumerate(order)) / 5 for order in permutations(range(5))]
    observed = np.trace(cell) / 5
    above = sum(m >= observed - 1e-9 for m in means) / 120
    below = sum(m <= observed + 1e-9 for m in means) / 120
    assert found.summary["grand_average"] == pytest.approx(observed)
    assert found.summary["p"] == pytest.approx(min(1, 2 * min(above, below)))
    assert found.surrogate["n"] == 119  # and the observed one
    assert found.surrogate["mean"] == pytest.approx(np.mean(means[1:]))
    assert found.summary["z_surrogate"] == pytest.approx(
        (observed - np.mean(means[1:])) / np.std(means[1:], ddof=1)
    )
    frame = found.to_frame()
    assert list(frame["first"]) == ["a0", "a1", "a2", "a3", "a4"]
    np.testing.assert_allclose(frame["grand_average"], np.diag(cell))
    others = [np.mean([*np.delete(cell[k], k), *np.delete(cell[:, k], k)]) for k in range(5)]
    np.testing.assert_allclose(frame["re_paired_mean"], others)


def test_many_dyads_are_re_paired_at_random_with_their_seed():
    dyads = sample(2, 9, tie=0.5)
    found = measure_sample(dyads, face(surrogates=999))
    assert found.surrogate["n"] == 999
    assert found.surrogate["profile_maximum"]["p"] == pytest.approx(1 / 1000)
    assert dict(measure_sample(dyads, face(surrogates=999)).surrogate) == dict(found.surrogate)
    other = measure_sample(dyads, face(surrogates=999, seed=1)).surrogate
    assert other["mean"] != found.surrogate["mean"]
    assert measure_sample(dyads, face()).surrogate["n"] == 9_999


@pytest.mark.parametrize("n", [2, 4, 5])
def test_four_dyads_are_too_few_for_p_and_five_are_not(n):
    found = measure_sample(sample(3, n), face())
    if n == 5:
        assert found.provenance["notes"] == []
        assert 0 < found.summary["p"] <= 1
        return
    assert np.isnan(found.summary["p"])
    assert found.surrogate["reason"] == "too_few_arrangements"
    assert "at least 5 dyads are needed" in found.provenance["notes"][0]
    assert n == 2 or np.isfinite(found.summary["z_surrogate"])


def test_unrelated_dyads_are_rejected_as_often_as_they_should():
    """200 samples of 6: with derangements alone it would be 23 of 200, here some 10."""
    rng = np.random.default_rng(1)
    settings = choose_settings("face", max_lag_s=0.0)  # one window of 8 s
    ps = []
    for _ in range(200):
        dyads = {str(k): People(rng.standard_normal((2, 40)), RATE) for k in range(6)}
        ps.append(measure_sample(dyads, settings).summary["p"])
    assert 0.01 <= np.mean(np.array(ps) <= 0.05) <= 0.09
    assert 0.4 <= np.mean(ps) <= 0.6


def test_sessions_of_other_lengths_are_cut_or_filled():
    dyads = sample(4, 5, tie=0.3)
    dyads["d1"] = People(dyads["d1"].values[:, :200], RATE)
    found = measure_sample(dyads, face())
    own = measure(dyads["d1"], face()).grand_average
    assert found.table["grand_average"][1] == pytest.approx(own)
    assert np.isfinite(found.table["re_paired_mean"]).all()


def test_a_dyad_without_a_value_is_left_out_and_named():
    dyads = sample(5, 6)
    lost = dyads["d2"].values.copy()
    lost[1] = np.nan
    dyads["d2"] = People(lost, RATE)
    found = measure_sample(dyads, face())
    assert found.summary["n_dyads"] == 5
    assert list(found.table["dyad"]) == ["d0", "d1", "d3", "d4", "d5"]
    assert found.provenance["notes"] == ["without a value and left out: d2"]
    alone = {name: dyads[name] for name in ("d1", "d2")}
    with pytest.raises(InputError, match="1 of 2 dyads have a value"):
        measure_sample(alone, face())


@pytest.mark.parametrize("name", METHODS)
def test_every_method_of_two_people_takes_a_sample(name):
    short = {"rmea": {"window_s": 8.0}, "susy": {"window_s": 8.0, "max_lag_s": 1.0}}
    short |= {"boker": {"step_s": 0.4}, "altmann": {"step_s": 0.4, "window_s": 4.0}}
    settings = choose_settings(name, **short.get(name, {}))
    if METHODS[name].statistics is None:
        with pytest.raises(InputError, match="is not for a sample of dyads; known are rmea, face"):
            measure_sample(sample(6, 5), settings)
        return
    found = measure_sample(sample(6, 5), settings)
    assert 0 < found.summary["p"] <= 1
    assert found.settings.null == "re-pairing"
    assert found.names == ("5 dyads",)


def test_a_gap_as_short_as_a_blink_is_bridged_here_too():
    dyads = sample(7, 5)
    gap = dyads["d0"].values.copy()
    gap[1, 100] = np.nan
    dyads["d0"] = People(gap, RATE)
    settings = choose_settings("dtw")
    found = measure_sample(dyads, settings)
    own = measure(dyads["d0"], settings).summary["mean_distance"]
    assert found.table["mean_distance"][0] == pytest.approx(own)


def test_what_cannot_be_compared_is_a_sentence():
    dyads = sample(8, 5)
    with pytest.raises(InputError, match="1 dyad; a sample has at least two"):
        measure_sample({"d0": dyads["d0"]}, face())
    slower = People(dyads["d1"].values, 4.0)
    with pytest.raises(InputError, match="dyads have 4 to 5 samples per second"):
        measure_sample({**dyads, "d1": slower}, face())
    short = People(dyads["d1"].values[:, :30], RATE)
    with pytest.raises(InputError, match=r"the first of 'd1' with the second of 'd0': the record"):
        measure_sample({**dyads, "d1": short}, face())
