"""Every method with every null: it works, or a sentence names the nulls that suit."""

import numpy as np
import pytest

from mimicry.errors import InputError
from mimicry.synchrony.methods import METHODS, NULLS, People, choose_settings, measure
from mimicry.synchrony.methods.chance import against_chance, stand_ins

RATE = 5.0
SHORT = {  # seconds that fit a minute
    "rmea": {"window_s": 8.0, "step_s": 4.0, "max_lag_s": 1.0},
    "boker": {"step_s": 0.4, "max_lag_s": 1.0},
    "susy": {"window_s": 8.0, "max_lag_s": 1.0},
    "altmann": {"step_s": 0.4, "max_lag_s": 1.0, "window_s": 4.0},
    "coherence": {"window_s": 8.0, "options": {"lowest_hz": 0.2}},
}
TWO = [name for name, method in METHODS.items() if method.statistics]


def courses(kind, n=300):
    """Smooth courses; with gaps; with still stretches; rest and bursts."""
    rng = np.random.default_rng(5)
    first, second, other = (
        np.convolve(rng.standard_normal(n + 4), np.ones(5) / 5, "valid") for _ in range(3)
    )
    if kind == "gaps":
        second[100:104] = np.nan
        first[[40, 41, 250]] = np.nan
    if kind == "bursts":
        second = np.where((np.arange(n) // 30) % 3 == 1, 1.0 + 0.01 * second, 0.0)
    return np.stack([first, second]), other


@pytest.mark.parametrize("kind", ["smooth", "gaps", "bursts"])
@pytest.mark.parametrize("null", NULLS)
@pytest.mark.parametrize("name", TWO)
def test_every_method_of_two_people_works_with_every_null(name, null, kind):
    values, other = courses(kind)
    partners = [other, other[:120]] if null == "pseudo-pairs" else []
    settings = choose_settings(name, null=null, surrogates=3, **SHORT.get(name, {}))
    result = measure(People(values, RATE, partners=partners), settings)
    assert result.surrogate["null"] == null
    assert result.surrogate["n"] == len(partners or range(3))
    few = null == "pseudo-pairs"
    assert np.isnan(result.surrogate["p"]) if few else 0 < result.surrogate["p"] <= 1
    assert result.surrogate.get("reason") == ("too_few_arrangements" if few else None)


@pytest.mark.parametrize("name", ["prewhitened", "recurrence"])
def test_lag_nought_alone_has_surrogates_too(name):
    """Four times no lag was a segment of no sample: a traceback."""
    settings = choose_settings(name, null="segment-shuffle", surrogates=3, max_lag_s=0.0)
    result = measure(People(courses("smooth")[0], RATE), settings)
    assert result.surrogate["n"] == 3
    assert 0 < result.surrogate["p"] <= 1


@pytest.mark.parametrize("null", [*NULLS, "magic"])
@pytest.mark.parametrize("name", METHODS)
def test_a_null_that_does_not_suit_is_refused_with_those_that_do(name, null):
    method = METHODS[name]
    if null in method.nulls:
        assert choose_settings(name, null=null).null == null
        return
    with pytest.raises(InputError) as caught:
        choose_settings(name, null=null)
    assert caught.value.key == "`null`"
    assert repr(name) in str(caught.value) or repr(null) in str(caught.value)
    assert all(known in str(caught.value) for known in method.nulls)
    assert method.nulls or "means nothing" in str(caught.value)


def test_the_default_null_of_every_method_suits_it():
    for method in METHODS.values():
        assert method.settings.null in (method.nulls or (None,))


def test_partners_are_for_pseudo_pairs_alone():
    values, other = courses("smooth")
    with pytest.raises(InputError, match="partners are for the null pseudo-pairs"):
        measure(People(values, RATE, partners=[other]), choose_settings("face"))
    with pytest.raises(InputError, match="null of its own"):
        choose_settings("events", null="pseudo-pairs")


def drawn(name, null, n=600, rate=1.0, **more):
    """Surrogates of a second person whose value is the number of the sample."""
    values = np.stack([np.zeros(n), np.arange(n, dtype=float)])
    people = People(values, rate, **more)
    settings = choose_settings(name, null=null, surrogates=200)
    return list(stand_ins(people, settings, METHODS[name]))


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        ("rmea", 65), ("face", 10), ("susy", 30), ("altmann", 10), ("prewhitened", 20),
        ("recurrence", 20), ("coherence", 20), ("dtw", 9), ("boker", 4),
    ],
)  # fmt: skip
def test_segments_are_as_long_as_window_and_lag_or_four_lags(name, segment):
    """One sample a second, so that seconds are samples: 60 + 5, 8 + 2, 30, 5 + 5, 4 * 5, ..."""
    for series in drawn(name, "segment-shuffle")[:5]:
        assert sorted(series) == list(range(600))
        pieces = series[: 600 // segment * segment].reshape(-1, segment)
        assert (np.diff(pieces, axis=1) == 1).all()
        assert set(pieces[:, 0] % segment) == {0}
        assert (pieces[:, 0] != np.arange(len(pieces)) * segment).all()


def test_segments_are_never_longer_than_a_sixth_of_the_recording():
    for name in ("rmea", "recurrence"):
        series = drawn(name, "segment-shuffle", n=100)[0]
        seams = np.flatnonzero(np.diff(series) != 1) + 1
        assert (seams % 16 == 0).all()


@pytest.mark.parametrize(("name", "lag"), [("rmea", 5), ("face", 2), ("susy", 3), ("coherence", 0)])
def test_shifts_are_longer_than_all_lags_either_way(name, lag):
    shifts = {int(series[0]) for series in drawn(name, "circular-shift", n=60)}
    assert min(shifts) == 2 * lag + 1
    assert max(shifts) == 60 - (2 * lag + 1)


def test_a_partner_stands_in_once_cut_or_filled_at_the_end():
    partners = [np.ones(700), np.ones(599)]
    longer, shorter = drawn("rmea", "pseudo-pairs", partners=partners)
    assert (longer == 1).all()
    assert len(longer) == 600
    assert (shorter[:599] == 1).all()
    assert np.isnan(shorter[599])


def test_the_same_settings_give_the_same_draws():
    again, same = (drawn("face", "segment-shuffle") for _ in "ab")
    np.testing.assert_array_equal(again, same)
    assert not np.array_equal(again[0], again[1])


SIDES = {
    "rmea": ("two", "two", "greater"), "face": ("two", "two", "greater"),
    "boker": ("two", "two", "greater", "two"), "susy": ("two", "two", "greater"),
    "altmann": ("greater", "two", "greater", "greater"), "prewhitened": ("two", "two", "greater"),
    "recurrence": ("greater", "two", "greater"), "coherence": ("greater",), "dtw": ("two",),
}  # fmt: skip


@pytest.mark.parametrize("name", TWO)
def test_the_side_of_every_statistic(name):
    values, _ = courses("smooth")
    settings = choose_settings(name, surrogates=1, **SHORT.get(name, {}))
    surrogate = against_chance(People(values, RATE), settings, METHODS[name])
    names = ("grand_average", "lead_asymmetry", "profile_maximum", "peak_mean")
    tests = {k: v for k, v in surrogate.items() if isinstance(v, dict)}
    if settings.method:
        assert tuple(tests) == names[: len(SIDES[name])]
        assert tuple(test["sided"] for test in tests.values()) == SIDES[name]
        assert surrogate["observed"] == tests["grand_average"]["observed"]
    else:
        assert not tests
    assert surrogate["sided"] == SIDES[name][0]
    assert surrogate["statistic"] == {"coherence": "mean_coherence", "dtw": "mean_distance"}.get(
        name, "grand_average"
    )


def test_absolute_values_can_only_be_more_than_chance():
    settings = choose_settings("face", surrogates=1, absolute=True)
    surrogate = against_chance(People(courses("smooth")[0], RATE), settings, METHODS["face"])
    assert surrogate["grand_average"]["sided"] == "greater"
    assert surrogate["lead_asymmetry"]["sided"] == "two"


@pytest.mark.parametrize(
    ("name", "side"), [("coherence", 1), ("dtw", -1), ("face", 1), ("recurrence", 1)]
)
def test_people_who_move_together_lie_on_the_right_side_of_chance(name, side):
    """More coherence and more recurrence, but less distance; p is the smallest there can be."""
    values, _ = courses("smooth", n=600)
    values[1] = np.roll(values[0], 2) + 0.2 * values[1]
    settings = choose_settings(name, surrogates=19, null="phase", **SHORT.get(name, {}))
    result = measure(People(values, RATE), settings)
    test = result.surrogate
    test = test.get("profile_maximum", test)
    assert side * test["z_surrogate"] > 2
    assert side * (test["observed"] - test["mean"]) > 0
    assert test["p"] == pytest.approx((2 if test["sided"] == "two" else 1) / 20)
