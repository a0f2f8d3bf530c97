"""Synchrony of two people: against rMEA, against simulated truth, against chance."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimicry.errors import InputError, OutputExistsError
from mimicry.synchrony.measure import measure_synchrony
from mimicry.synchrony.methods import METHODS, People, choose_settings, measure
from mimicry.synchrony.methods.chance import compare
from mimicry.synchrony.methods.lag_values import effect_sizes
from mimicry.synchrony.write import write_synchrony

RATE = 25.0
BY_LAG = sorted(name for name, method in METHODS.items() if method.settings.method)


def synchronise(first, second, settings):
    return measure(People(np.stack([first, second]), RATE), settings)


def smooth_noise(rng, n, width=10):
    return np.convolve(rng.standard_normal(n + width - 1), np.ones(width) / width, "valid")


def dyad(rng, n=3000, lag=0, weight=0.0):
    """Two smooth series; the second holds `weight` of the first, `lag` samples later."""
    first = smooth_noise(rng, n + 200)
    second = weight * np.roll(first, lag) + np.sqrt(1 - weight**2) * smooth_noise(rng, n + 200)
    return first[100:-100], second[100:-100]


@pytest.fixture(scope="module")
def reference(test_data):
    with (test_data / "rmea" / "reference.csv").open() as handle:
        return list(csv.DictReader(handle))


def test_gives_the_numbers_of_rmea(reference, test_data):
    """Two psychotherapy dyads, two settings, signed and absolute, to 1e-6 (here 1e-12)."""
    assert len(reference) == 8
    for row in reference:
        dyad_id = row["file"].split("_")[1]
        found = measure_synchrony(
            test_data / "rmea" / f"{dyad_id}_01.txt",
            preset="rmea",
            window_s=float(row["win"]),
            step_s=float(row["inc"]),
            max_lag_s=float(row["lag"]),
            absolute=row["abs"] == "TRUE",
            rate_hz=RATE,
        )
        expected = [float(row[k]) for k in ("grand", "s1_lead", "s2_lead", "lag0")]
        ours = [found.grand_average, found.first_leads, found.second_leads, found.lag_zero]
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12)
        assert len(found) == int(row["n_win"])
        best = [float(row["bestlag_w1"]), float(row["bestlag_w5"])]
        np.testing.assert_allclose(found.best_lag_s[[0, 4]], best, atol=1e-9)


@pytest.mark.parametrize("name", BY_LAG)
def test_every_preset_finds_who_leads(name):
    rng = np.random.default_rng(11)
    first, second = dyad(rng, lag=15, weight=0.9)
    settings = choose_settings(name, step_s=2.0 if name == "altmann" else None)
    found = synchronise(first, second, settings)
    peak = found.lags_s[np.nanargmax(found.lag_profile)]
    assert peak == pytest.approx(0.6, abs=0.081)
    assert found.first_leads > found.second_leads
    back = synchronise(second, first, settings)
    assert back.lags_s[np.nanargmax(back.lag_profile)] == pytest.approx(-0.6, abs=0.081)
    assert settings.source


def test_swapping_the_two_mirrors_the_profile():
    first, second = dyad(np.random.default_rng(12), lag=10, weight=0.5)
    for name in ("rmea", "susy", "altmann"):
        settings = choose_settings(name, step_s=None if name == "susy" else 2.0)
        forth = synchronise(first, second, settings)
        back = synchronise(second, first, settings)
        np.testing.assert_allclose(forth.lag_profile, back.lag_profile[::-1], atol=1e-10)
        assert forth.first_leads == pytest.approx(back.second_leads, abs=1e-12)


@pytest.mark.parametrize("null", ["segment-shuffle", "circular-shift", "phase"])
def test_coupling_stands_out_from_surrogates_and_its_absence_does_not(null):
    settings = choose_settings(
        "face", max_lag_s=1.0, surrogates=39, null=null, min_valid=0.5, step_s=4.0
    )
    rng = np.random.default_rng(13)
    coupled = synchronise(*dyad(rng, lag=5, weight=0.7), settings)
    assert coupled.surrogate["profile_maximum"]["p"] == pytest.approx(1 / 40)
    assert coupled.surrogate["z_surrogate"] > 3
    ps = [synchronise(*dyad(rng), settings).surrogate["profile_maximum"]["p"] for _ in range(12)]
    assert np.mean(np.array(ps) <= 0.05) <= 0.25
    assert 0.2 < np.mean(ps) < 0.85


def test_pseudo_pairs_use_other_people(tmp_path):
    rng = np.random.default_rng(14)
    first, second = dyad(rng, lag=5, weight=0.7)
    others = [smooth_noise(rng, 3000) for _ in range(39)]
    found = measure_synchrony(
        first, second, preset="face", step_s=4.0, rate_hz=RATE, partners=others
    )
    assert found.surrogate["n"] == 39
    assert found.surrogate["profile_maximum"]["p"] == pytest.approx(1 / 40)
    assert "notes" not in found.provenance
    few = measure_synchrony(
        first, second, preset="face", step_s=4.0, rate_hz=RATE, partners=others[1:]
    )
    test = few.surrogate["profile_maximum"]
    assert np.isnan(test["p"])
    assert np.isnan(few.surrogate["p"])
    assert test["z_surrogate"] > 3
    assert few.surrogate["reason"] == "too_few_arrangements"
    (note,) = few.provenance["notes"]
    assert note == "38 partners are too few for p: at least 39 are needed, 40 with the own one"
    with pytest.raises(InputError, match="pseudo-pairs need recordings"):
        measure_synchrony(
            first,
            second,
            preset="face",
            null="pseudo-pairs",
            surrogates=9,
            rate_hz=RATE,
        )


def test_the_same_seed_gives_the_same_surrogates():
    first, second = dyad(np.random.default_rng(15))
    settings = choose_settings("face", surrogates=9, step_s=8.0)
    one = synchronise(first, second, settings)
    two = synchronise(first, second, settings)
    assert dict(one.surrogate) == dict(two.surrogate)
    other = choose_settings("face", surrogates=9, step_s=8.0, seed=1)
    assert dict(synchronise(first, second, other).surrogate) != dict(one.surrogate)


def test_p_counts_the_observed_arrangement_and_lost_surrogates():
    test = compare(3.0, [1.0, 2.0, 3.0, float("nan")], greater_only=True)
    assert test["p"] == (1 + 1 + 1) / 5
    assert test["z_surrogate"] == pytest.approx(1.0)
    assert compare(-9.0, [1.0, 2.0, 4.0], greater_only=False)["p"] == pytest.approx(0.5)


def test_without_a_value_there_is_no_p():
    for observed, surrogates in ((float("nan"), [1.0, 2.0]), (1.0, [float("nan")] * 2)):
        test = compare(observed, surrogates, greater_only=True)
        assert np.isnan(test["p"])
        assert np.isnan(test["z_surrogate"])
    alone = compare(1.0, [2.0], greater_only=False)
    assert (alone["mean"], alone["p"], alone["sided"]) == (2.0, 1.0, "two")
    assert np.isnan(alone["sd"])


def test_a_partner_of_two_columns_is_the_second_of_them():
    rng = np.random.default_rng(14)
    first, second, other = (smooth_noise(rng, 900) for _ in range(3))
    results = [
        measure_synchrony(first, second, preset="face", rate_hz=RATE, partners=[partner]).surrogate[
            "mean"
        ]
        for partner in (other, np.column_stack([first, other]))
    ]
    assert results[0] == results[1]


def test_opposite_movement_is_synchrony_only_in_absolute_values():
    first, second = dyad(np.random.default_rng(16), lag=5, weight=0.9)
    signed = synchronise(first, -second, choose_settings("face"))
    absolute = synchronise(first, -second, choose_settings("face", absolute=True))
    at = int(np.argmin(np.abs(signed.lags_s - 0.2)))
    assert signed.lag_profile[at] < -0.5
    assert absolute.lag_profile[at] > 0.5


def test_a_maximum_at_the_last_lag_is_marked():
    first, second = dyad(np.random.default_rng(17), lag=54, weight=0.95)
    found = synchronise(first, second, choose_settings("face", max_lag_s=2.0))
    frame = found.to_frame()
    assert frame["best_at_edge"].mean() > 0.2
    assert found.summary["n_windows_best_lag_at_edge"] == frame["best_at_edge"].sum()


def test_the_tables_have_the_documented_shape():
    first, second = dyad(np.random.default_rng(18))
    second[500:900] = np.nan
    found = synchronise(first, second, choose_settings("rmea", window_s=20, step_s=10))
    assert len(found.to_frame()) == len(found)
    assert found.matrix_frame().shape == (len(found), 2 + 2 * 125)
    assert list(found.profile_frame()) == ["lag_s", "mean", "n_windows"]
    assert found.to_frame()["missing_fraction"].max() > 0


def test_written_results_are_the_same_bytes_and_never_replaced_silently(tmp_path):
    first, second = dyad(np.random.default_rng(19))
    found = measure_synchrony(first, second, preset="face", step_s=8.0, rate_hz=RATE)
    one = write_synchrony(found, tmp_path / "a", "d")
    two = write_synchrony(found, tmp_path / "b", "d")
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]
    assert json.loads((tmp_path / "a/d_synchrony.json").read_text())["summary"]["n_windows"]
    other = measure_synchrony(first, second, preset="face", step_s=4.0, rate_hz=RATE)
    with pytest.raises(OutputExistsError):
        write_synchrony(other, tmp_path / "a", "d")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"window_s": 500.0}, "`window_s`"),
        ({"step_s": 0.001}, "`step_s`"),
        ({"null": "magic", "surrogates": 3}, "`null`"),
    ],
)
def test_impossible_settings_are_refused(changes, key):
    first, second = dyad(np.random.default_rng(20))
    with pytest.raises(InputError) as caught:
        synchronise(first, second, choose_settings("rmea", **changes))
    assert caught.value.key == key


def test_unknown_preset_and_missing_rate_are_named():
    with pytest.raises(InputError, match="rmea"):
        choose_settings("rnea")
    with pytest.raises(InputError, match="samples per second"):
        measure_synchrony(np.zeros(10), np.zeros(10))
    with pytest.raises(InputError, match="10 samples and the second 9"):
        measure_synchrony(np.zeros(10), np.zeros(9), rate_hz=RATE)


def test_every_preset_names_a_source_or_says_that_it_is_ours():
    for method in METHODS.values():
        source = method.settings.source
        assert any(word in source for word in ("doi", "R package", "this package"))


SUSY = {  # columns of the R package's table, by our names
    "mean_z": ("Z", "Z(noAbs)"), "mean_z_mismatched": ("Z-Pseudo", "Z(Pseudo-noAbs)"),
    "es": ("ES", "ES(noAbs)"), "sd_z": ("SD(Z)",), "sd_mismatched": ("SD(Z-Pseudo)",),
    "first_leads": ("Z(lead1)",), "second_leads": ("Z(lead2)",),
    "es_first_leads": ("ES(lead1)",), "es_second_leads": ("ES(lead2)",),
}  # fmt: skip


def test_gives_the_numbers_of_susy(test_data):
    """Two psychotherapy dyads, four settings: the row of SUSY 0.1.0, to 1e-6 (here 1e-10)."""
    with (test_data / "susy" / "reference.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 8
    for row in rows:
        found = measure_synchrony(
            test_data / "rmea" / row["name"],
            preset="susy",
            window_s=float(row["segment"]),
            max_lag_s=float(row["maxlag"]),
            rate_hz=RATE,
        )
        effect = found.provenance["effect_size"]
        for name, columns in SUSY.items():
            for kind, column in zip(("absolute", "signed"), columns, strict=False):
                assert effect[kind][name] == pytest.approx(float(row[column]), abs=1e-10)
        for kind, column in (("absolute", "%>Pseudo"), ("signed", "%>Pseudo(noAbs)")):
            share = 100 * effect[kind]["share_above_mismatched"]
            assert share == pytest.approx(float(row[column]))
        assert effect["n_segments"] == len(found) == int(row["n(Segmente)"])
        profile = found.lag_profile
        assert len(profile) == int(row["n(lags)"])
        for side, phase in ((profile >= 0, "in"), (profile < 0, "anti")):
            assert side.sum() == int(row[f"Anzahl({phase}-phase)"])
            assert profile[side].mean() == pytest.approx(float(row[f"meanZ({phase}-phase)"]))
        assert found.grand_average == pytest.approx(float(row["Z(noAbs)"]), abs=1e-10)
        assert found.summary["es_absolute"] == effect["absolute"]["es"]


def test_the_effect_size_of_segments_worked_by_hand():
    """Matched z .4 .6 and .2 .8, mismatched .1 .3 and .3 .3, at lags -1 and 0; lag 1 is missing."""
    z = np.full((2, 2, 3), np.nan)
    z[0, 0, :2], z[1, 1, :2] = (0.4, 0.2), (0.6, 0.8)
    z[0, 1, :2], z[1, 0, :2] = (0.1, -0.3), (0.3, 0.3)
    found = effect_sizes(z)
    signed = found["signed"]
    assert (found["n_segments"], found["n_mismatched"]) == (2, 2)
    assert (signed["mean_z"], signed["mean_z_mismatched"]) == pytest.approx((0.5, 0.1))
    assert signed["sd_mismatched"] == pytest.approx(0.02**0.5)  # of .2 and 0
    assert signed["es"] == pytest.approx(0.4 / 0.02**0.5)
    assert signed["share_above_mismatched"] == 1.0
    absolute = found["absolute"]
    assert absolute["mean_z_mismatched"] == pytest.approx(0.25)  # .2 and .3
    assert absolute["es"] == pytest.approx(0.25 / 0.005**0.5)
    assert signed["first_leads"] is None  # lag 1 alone
    assert signed["es_second_leads"] is None


def slow_profiles(first, second, size, lag):
    """Z of segment i with segment j at a lag: means and SDs of whole segments, divisor the size."""
    n = round(len(first) / size - 0.499999)
    z = np.empty((n, n, 2 * lag + 1))
    for i in range(n):
        for j in range(n):
            x, y = (s[k * size :][:size] for s, k in ((first, i), (second, j)))
            x, y = x - sum(x) / size, y - sum(y) / size
            divisor = (sum(x * x) * sum(y * y)) ** 0.5
            for k in range(-lag, lag + 1):
                products = [x[t] * y[t + k] for t in range(size) if 0 <= t + k < size]
                z[i, j, k + lag] = np.arctanh(sum(products) / divisor)
    return z


@pytest.mark.parametrize("kind", ["signed", "absolute"])
def test_the_effect_size_of_susy_agrees_with_a_slow_loop(kind):
    first, second = dyad(np.random.default_rng(4), n=330, lag=3, weight=0.6)
    found = measure_synchrony(
        first, second, preset="susy", window_s=4.0, max_lag_s=0.4, rate_hz=RATE
    )
    z = slow_profiles(first, second, 100, 10)
    np.testing.assert_allclose(found.values, [z[i, i] for i in range(3)], atol=1e-12)
    z = np.abs(z) if kind == "absolute" else z
    real = sum(z[i, i] for i in range(3)) / 3
    pseudo = sum(z[i, j] for i in range(3) for j in range(3) if i != j) / 6
    effect = found.provenance["effect_size"][kind]
    for names, lags in (
        (("mean_z", "es"), slice(None)),
        (("first_leads", "es_first_leads"), slice(11, None)),
        (("second_leads", "es_second_leads"), slice(0, 10)),
    ):
        r, p = real[lags], pseudo[lags]
        es = (r.mean() - p.mean()) / p.std(ddof=1)
        assert [effect[name] for name in names] == pytest.approx([r.mean(), es], abs=1e-10)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["rmea", "face", "boker", "susy", "recurrence"]))
def test_swapping_or_reversing_mirrors_the_profile_of_every_symmetric_preset(seed, name):
    rng = np.random.default_rng(seed)
    first, second = (smooth_noise(rng, 1000) for _ in "ab")
    changes = {"rmea": {"window_s": 8.0, "step_s": 8.0}, "susy": {"window_s": 8.0}}.get(name, {})
    chosen = choose_settings(name, max_lag_s=1.0, **changes)

    def profile(a, b):
        return synchronise(a, b, chosen)

    plain, swapped = profile(first, second), profile(second, first)
    np.testing.assert_allclose(swapped.lag_profile, plain.lag_profile[::-1], atol=1e-10)
    assert swapped.first_leads == pytest.approx(plain.second_leads, abs=1e-10)
    # windows of a reversed recording begin elsewhere, unless there is one, or they fill it
    if name in ("susy", "recurrence"):
        turned = profile(first[::-1], second[::-1])
        np.testing.assert_allclose(turned.lag_profile, plain.lag_profile[::-1], atol=1e-10)


def test_a_partner_who_never_moves_counts_as_reaching():
    rng = np.random.default_rng(3)
    first, second = dyad(rng, lag=5, weight=0.9)
    others = [smooth_noise(rng, 3000) for _ in range(38)] + [np.zeros(3000)]
    tests = measure_synchrony(
        first, second, preset="face", step_s=4.0, rate_hz=RATE, partners=others
    ).surrogate
    assert tests["profile_maximum"]["p"] == pytest.approx(2 / 40)
    assert tests["grand_average"]["p"] >= 2 * 2 / 40


def test_without_recordings_there_is_a_sentence():
    with pytest.raises(InputError, match="no recordings are given"):
        measure_synchrony(preset="isc", rate_hz=RATE)


def test_every_choice_of_a_method_decides_its_digest():
    settings = choose_settings("face")
    assert "options" not in settings.to_json()
    assert replace(settings, options={"radius": 0.1}).to_json()["options"] == {"radius": 0.1}
