"""Who is read from where, and every length and limit of the methods, by hand on both sides."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mimicry.errors import AlignmentError, EventsError, InputError, QualityWarning, TableError
from mimicry.files import digest, sha256_of
from mimicry.records import ActionUnitTrack, ReadingOptions
from mimicry.synchrony import common_grid, tracks
from mimicry.synchrony import measure as measuring
from mimicry.synchrony.common_grid import Sampling, Shared, read_partner, read_shared
from mimicry.synchrony.methods import (
    METHODS,
    People,
    answers,
    by_lag,
    chance,
    choose_settings,
    coherence,
    lag_values,
    registry,
    warping,
)
from mimicry.synchrony.methods.by_lag import Grid
from mimicry.synchrony.tracks import Person

SHUFFLE, SHIFT = "segment-shuffle", "circular-shift"
#: window, step, largest lag and region of peaks in s; least valid share; null and surrogates
NUMBERS = {
    "rmea": (60.0, 30.0, 5.0, 0.0, 0.5, SHUFFLE, 0),
    "face": (8.0, 1.0, 2.0, 0.0, 0.8, SHUFFLE, 0),
    "boker": (2.0, 0.04, 2.0, 0.32, 0.5, SHUFFLE, 0),
    "susy": (30.0, 30.0, 3.0, 0.0, 0.5, SHUFFLE, 0),
    "altmann": (5.0, 0.04, 5.0, 0.2, 1.0, SHUFFLE, 0),
    "prewhitened": (0.0, 0.0, 5.0, 0.0, 0.5, SHIFT, 0),
    "recurrence": (0.0, 0.0, 5.0, 0.0, 0.5, SHIFT, 0),
    "coherence": (20.0, None, None, 0.0, 0.5, SHUFFLE, 0),
    "dtw": (8.0, 8.0, 1.0, 0.0, 0.5, SHUFFLE, 0),
    "events": (None, None, None, 0.0, 0.5, SHIFT, 999),
    "fir": (2.0, 0.1, None, 0.0, 0.5, None, 0),
    "isc": (None, None, None, 0.0, 0.5, SHIFT, 999),
}
OPTIONS = {
    "coherence": {"lowest_hz": 0.05, "highest_hz": 2.0, "bridge_s": 0.5},
    "dtw": {"min_sd": None, "bridge_s": 0.5},
    "events": {"answer_from_s": 0.2, "answer_to_s": 2.0, "sigma": 3.0, "hold_s": 0.1},
    "fir": {"ridge": 0.0, "max_ar_s": 0.4},
    "isc": {"min_shift_s": 20.0},
}


def test_the_numbers_of_every_preset_are_those_of_the_page() -> None:
    fields = ("window_s", "step_s", "max_lag_s", "peak_region_s", "min_valid", "null", "surrogates")
    assert list(METHODS) == list(NUMBERS)
    for name, method in METHODS.items():
        numbers = tuple(getattr(method.settings, f) for f in fields)
        assert numbers == NUMBERS[name], name
        assert dict(method.settings.options) == OPTIONS.get(name, {}), name
    series = {name: m.settings.series for name, m in METHODS.items() if m.settings.series != "2"}
    assert series == {"fir": "1", "isc": "3 or more"}
    assert {n for n, m in METHODS.items() if m.only_more} == {"altmann", "recurrence", "coherence"}
    assert choose_settings().preset == "rmea"
    assert [registry._some_windows(10, 5, n) for n in (60, 90, 96, 5)] == [10, 15, 15, 1]
    assert [registry._some_lags(9, 5, n) for n in (60, 120, 126, 5)] == [10, 20, 20, 1]
    assert [registry._some_lags(9, 0, 60), registry._own_segments(9, 5, 60)] == [10, 9]


@pytest.mark.parametrize(
    ("name", "changes", "key"),
    [
        ("face", {"surrogates": -1}, "`surrogates`"), ("face", {"max_lag_s": -0.1}, "`surrogates`"),
        ("face", {"window_s": 0}, "`window_s`"), ("face", {"step_s": -1}, "`step_s`"),
        ("susy", {"step_s": 1.0}, "`step_s`"), ("prewhitened", {"window_s": 1.0}, "`window_s`"),
        ("events", {"max_lag_s": 1.0}, "`max_lag_s`"),
        ("altmann", {"absolute": True}, "`absolute`"), ("dtw", {"absolute": True}, "`absolute`"),
        ("fir", {"surrogates": 9}, "`surrogates`"),
        ("fir", {"null": SHIFT}, "`null`"), ("face", {"options": {"x": 1}}, "`options`"),
        ("dtw", {"options": {"x": 1}}, "`options`"), ("events", {"null": "phase"}, "`null`"),
    ],
)  # fmt: skip
def test_a_number_that_a_method_lacks_is_named(name, changes, key) -> None:
    with pytest.raises(InputError) as problem:
        choose_settings(name, **changes)
    assert problem.value.key == key


def test_numbers_at_their_limits_are_taken() -> None:
    made = choose_settings("face", surrogates=0, max_lag_s=0.0, absolute=True, window_s=0.1)
    assert (made.surrogates, made.max_lag_s, made.absolute, made.window_s) == (0, 0.0, True, 0.1)
    assert choose_settings("fir", surrogates=0).surrogates == 0
    assert choose_settings("susy", window_s=7.0).step_s == 7.0
    changed = choose_settings("dtw", options={"min_sd": 0.5}).options
    assert changed == {"min_sd": 0.5, "bridge_s": 0.5}


def test_a_window_has_three_samples_and_fits_with_its_lag() -> None:
    def grid(name: str, n: int, **changes) -> Grid:
        return by_lag._grid_of(choose_settings(name, **changes), 10.0, n)

    assert grid("face", 100) == Grid(10.0, 80, 10, 20)
    assert grid("susy", 600) == Grid(10.0, 300, 300, 30)
    assert grid("prewhitened", 53) == Grid(10.0, 3, 1, 50)
    assert grid("face", 5, window_s=0.3, step_s=0.1, max_lag_s=0.2) == Grid(10.0, 3, 1, 2)
    assert grid("face", 5, max_lag_s=0.0, window_s=0.5).lags_s.tolist() == [0.0]
    np.testing.assert_allclose(Grid(10.0, 3, 1, 2).lags_s, [-0.2, -0.1, 0, 0.1, 0.2])
    for name, n, changes, text in (
        ("face", 99, {}, r"share 9\.9 s; this analysis needs at least 10\.0 s"),
        ("susy", 599, {}, r"needs at least 60\.0 s"),
        ("face", 100, {"window_s": 0.2}, "`window_s` is 2 samples .* at least 3"),
        ("face", 100, {"step_s": 0.04}, "`step_s` is 0 samples .* at least 1"),
        ("prewhitened", 52, {}, "`window_s` is 2 samples"),
    ):
        with pytest.raises(InputError, match=text):
            grid(name, n, **changes)


def test_what_is_held_against_chance_by_lag_is_taken_from_the_profile() -> None:
    def values(*_: object) -> lag_values.LagValues:
        table = np.array([[0.1, 0.5, 0.2, 0.0, 0.3], [0.3, 0.7, 0.4, 0.2, 0.5]])
        return lag_values.LagValues(np.array([0, 5]), table, {})

    settings = replace(choose_settings("face", window_s=0.3, max_lag_s=0.2), peak_region_s=0.02)
    people = People(np.arange(40.0).reshape(2, 20), 10.0)
    found = by_lag._statistics(values, people, settings)
    assert list(found) == ["grand_average", "lead_asymmetry", "profile_maximum", "peak_mean"]
    assert found["profile_maximum"] == pytest.approx(0.6)
    assert found["peak_mean"] == pytest.approx(0.6)
    plain = by_lag._statistics(values, people, replace(settings, peak_region_s=0.0))
    assert "peak_mean" not in plain
    assert np.isnan(
        by_lag._synchrony(values, people, replace(settings, peak_region_s=0.0)).peak_value
    ).all()


def test_surrogates_are_compared_by_hand() -> None:
    found = chance.compare(3.0, [1.0, 2.0, 3.0, np.nan], greater_only=True)
    assert (found["mean"], found["sd"], found["sided"]) == (2.0, 1.0, "greater")
    assert found["p"] == pytest.approx(3 / 5)  # 3 and the lost one reach it
    assert chance.compare(3.0, [1.0, 2.0], greater_only=False)["p"] == pytest.approx(2 / 3)
    lone = chance.compare(3.0, [1.0], greater_only=True)
    assert np.isnan(lone["sd"])
    assert lone["p"] == 0.5
    assert np.isnan(chance.compare(np.nan, [1.0, 2.0], greater_only=True)["p"])
    assert np.isnan(chance.compare(1.0, [np.nan], greater_only=True)["mean"])
    people = People(np.zeros((2, 4)), 2.0, partners=[np.ones(3), np.ones(6)])
    settings = choose_settings("face", null="pseudo-pairs")
    drawn = list(chance.stand_ins(people, settings, METHODS["face"]))
    np.testing.assert_array_equal(drawn, [[1, 1, 1, np.nan], [1, 1, 1, 1]])
    with pytest.raises(InputError, match="pseudo-pairs need recordings"):
        list(chance.stand_ins(replace(people, partners=()), settings, METHODS["face"]))
    nothing = chance.against_chance(replace(people, partners=()), settings, METHODS["face"])
    assert nothing == {}


def test_warping_needs_three_samples_that_move() -> None:
    rng = np.random.default_rng(1)
    people = People(rng.normal(size=(2, 12)), 2.0)
    settings = choose_settings("dtw", window_s=3.0, step_s=1.5, max_lag_s=1.0)
    values, why, starts, window = warping._distances(people, settings)
    assert (starts.tolist(), window, why) == ([0, 3, 6], 6, ["", "", ""])
    result = warping.measure_warping(people, settings)
    assert result.table["window_end_s"].tolist() == [3.0, 4.5, 6.0]
    assert result.table["reason"] == [None, None, None]
    assert result.summary["mean_distance"] == pytest.approx(values.mean())
    assert result.summary["sd_distance"] == pytest.approx(values.std(ddof=1))
    for window_s in (1.5, 6.0):
        warping._distances(people, replace(settings, window_s=window_s))
    for changes in ({"window_s": 1.0}, {"window_s": 6.5}, {"step_s": 0.2}):
        with pytest.raises(InputError, match="do not fit into 12"):
            warping._distances(people, replace(settings, **changes))
    moving, still = np.array([-1.0, 0.0, 1.0]), np.array([-0.5, 0.0, 0.5])
    pairs = {
        "": (moving, 2 * moving), "first_still": (still, moving), "second_still": (moving, still),
        "both_still": (still, still), "missing": (moving, np.array([0, np.nan, 1])),
    }  # fmt: skip
    for text, pair in pairs.items():  # an SD of exactly 1 moves
        assert warping._distance(np.array(pair), np.ones(2), 1)[1] == text
    least = warping._least_sd(replace(people, in_au_units=True), settings)
    assert least.tolist() == [0.03, 0.03]
    own = replace(people, values=np.array([[0.0, 2, np.nan], [np.nan] * 3]))
    np.testing.assert_allclose(warping._least_sd(own, settings), [0.1, 0.0])
    given = choose_settings("dtw", options={"min_sd": 0.5})
    assert warping._least_sd(people, given).tolist() == [0.5, 0.5]


def test_answers_begin_at_0_or_later_and_before_their_end(monkeypatch) -> None:
    onsets = {0.0: np.array([10.0]), 1.0: np.array([11.0])}
    monkeypatch.setattr(answers, "find_onsets", lambda row, **_: onsets[row[0]])
    people = People(np.array([[0.0] * 400, [1.0] * 400]), 10.0, ("a", "b"))
    made = answers.measure_answers(people, choose_settings("events", surrogates=0))
    assert (made.summary["second_answers"]["hits"], made.summary["first_answers"]["hits"]) == (1, 0)
    assert made.summary["second_answers"]["median_delay_s"] == pytest.approx(1.0)
    assert np.isnan(made.summary["second_answers"]["p"])
    assert made.table["of"] == ["a", "b"]
    assert made.table["answered"] == [1, 0]
    np.testing.assert_allclose(made.table["event_s"], [10.0, 11.0])
    for first, last, good in ((0.0, 2.0, True), (-0.1, 2.0, False), (2.0, 2.0, False)):
        options = {"answer_from_s": first, "answer_to_s": last}
        settings = choose_settings("events", surrogates=0, options=options)
        if good:
            answers.measure_answers(people, settings)
        else:
            with pytest.raises(InputError, match="answer_from_s must lie below"):
                answers.measure_answers(people, settings)


def test_a_coherence_at_the_bound_is_not_above_it(monkeypatch) -> None:
    spectrum = SimpleNamespace(
        coherence=np.array([0.5, 0.75, 0.25, 0.6]), bound_95=0.5, n_windows=3,
        frequency_hz=np.arange(4.0), lag_s=np.arange(4.0) / 10,
    )  # fmt: skip
    asked = {}
    monkeypatch.setattr(coherence, "coherence", lambda *_, **more: asked.update(more) or spectrum)
    people, settings = People(np.zeros((2, 9)), 2.0), choose_settings("coherence")
    summary = coherence.measure_coherence(people, settings).summary
    assert asked == {"rate_hz": 2.0, "window_s": 20.0, "band_hz": (0.05, 2.0)}
    assert (summary["share_above_bound"], summary["mean_coherence"]) == (0.5, 0.525)
    assert (summary["peak_hz"], summary["peak_coherence"], summary["peak_lag_s"]) == (1, 0.75, 0.1)
    spectrum.coherence = np.full(4, np.nan)
    with pytest.raises(InputError, match=r"no frequency between 0\.05 and 2 Hz has power"):
        coherence.measure_coherence(people, settings)
    assert np.isnan(coherence.statistics_of_coherence(people, settings)["mean_coherence"])


def track(times, values=None, name="AU12", **provenance) -> ActionUnitTrack:
    times = np.asarray(times, float)
    column = (times if values is None else np.asarray(values, float))[:, None]
    return ActionUnitTrack(
        times, column, (name,), np.zeros((len(times), 3)), {}, np.zeros((len(times), 0)), {},
        provenance,
    )  # fmt: skip


def sampling(**changes) -> Sampling:
    return Sampling(**({"smooth_s": 0.0} | changes))


def test_two_recordings_share_the_time_that_both_have() -> None:
    first, second = track(np.arange(0, 51) / 10), track(np.arange(0, 41) / 10)
    shared = read_shared([first, second], sampling(offset_s=2.0), people=2)
    assert (shared.start_s, shared.rate_hz, shared.timed) == (2.0, 10.0, True)
    np.testing.assert_allclose(shared.values, [np.arange(20, 51) / 10, np.arange(0, 31) / 10])
    assert shared.names == ("first", "second")
    assert shared.provenance["columns_used"] == ["AU12", "AU12"]
    assert shared.provenance["missing_fraction"] == [0.0, 0.0]
    halved = read_shared([first, second], sampling(rate_hz=5.0), people=2)
    assert halved.values.shape == (2, 21)
    for offset in (5.0, 6.0):  # one moment in common is no time
        with pytest.raises(AlignmentError, match="nothing in common"):
            read_shared([first, second], sampling(offset_s=offset), people=2)
    three = read_shared([first, second, track(np.arange(10, 31) / 10)], sampling(), people=None)
    assert (three.start_s, three.values.shape) == (1.0, (3, 21))
    assert three.names == ("first", "second", "person 3")
    for given, people, text in (
        ([first], 2, "a recording holds one person; two are needed"),
        ([first, second], None, "three or more are needed"),
        ([first, second, first], 2, "3 recordings; expected 2"),
        ([first, second], 1, "2 recordings; expected one"),
        ([first, np.arange(9.0)], 2, "one has times and the other has none"),
    ):
        with pytest.raises(InputError, match=text):
            read_shared(given, sampling(rate_hz=10.0), people=people)
    with pytest.raises(InputError, match="an offset is for two"):
        read_shared([first, second, first], sampling(offset_s=1.0), people=None)


@pytest.mark.parametrize(("rate", "grid"), [(24.75, 24.75), (24.8, 25.0), (60.0, 25.0), (5.0, 5.0)])
def test_a_camera_of_nearly_25_frames_is_one_of_25(rate, grid) -> None:
    one = track(np.arange(200) / rate)
    assert read_shared([one, one], sampling(), people=2).rate_hz == grid


def test_of_two_cameras_the_slower_one_sets_the_grid() -> None:
    slow, quick = (track(np.arange(20 * rate) / rate) for rate in (12.0, 20.0))
    for both in ([slow, quick], [quick, slow]):
        assert read_shared(both, sampling(), people=2).rate_hz == pytest.approx(12.0)


def test_somebody_must_be_seen_and_both_at_one_moment() -> None:
    nan = np.nan
    common_grid._refuse_nothing(np.array([[1, nan, 2], [nan, nan, 3]]), ("a", "b"))
    with pytest.raises(InputError, match="b has no usable sample in the shared 2 samples"):
        common_grid._refuse_nothing(np.array([[1, 2], [nan, nan]]), ("a", "b"))
    with pytest.raises(InputError, match=r"no moment .* \(usable: a 33%, b 67%\)"):
        common_grid._refuse_nothing(np.array([[1, nan, nan], [nan, 2, 3]]), ("a", "b"))


def test_columns_of_numbers_begin_and_end_together(tmp_path: Path) -> None:
    path = tmp_path / "pair.txt"
    path.write_text("a b c\n1 2 3\n4 5 6\n7 8 9\n")
    three = read_shared([path], sampling(rate_hz=2.0), people=None)
    assert (three.names, three.timed, three.start_s) == (("a", "b", "c"), False, 0.0)
    two = read_shared([path], sampling(rate_hz=2.0, columns=(3, 1)), people=2)
    assert (two.values.tolist(), two.names) == ([[3, 6, 9], [1, 4, 7]], ("c", "a"))
    assert two.provenance["inputs"] == [{"file": "pair.txt", "sha256": sha256_of(path)}]
    assert (two.provenance["columns"], two.provenance["smooth_s"]) == ([3, 1], 0.0)
    arrays = read_shared([np.arange(3.0), [4, 5, 6]], sampling(rate_hz=2.0), people=2)
    assert arrays.names == ("first", "second")
    assert arrays.provenance["inputs"][0] == {"array": digest([0.0, 1.0, 2.0])}
    own = read_shared([path, path], sampling(rate_hz=2.0, columns=(2,)), people=2)
    assert own.names == ("pair", "pair")
    n = np.arange
    for given, changes, people, text in (
        ([path], {"columns": (1,)}, 2, "expected two columns, found 1"),
        ([path], {}, 1, "expected one column, found 3"),
        ([path], {"columns": (1, 2)}, None, "expected three columns or more, found 2"),
        ([path, path], {}, 2, "expected one column for one person, found 3"),
        ([n(3.0), n(4.0)], {}, 2, "the first has 3 samples and the second 4"),
        ([n(3.0), n(3.0), n(4.0)], {}, None, "and number 3 4;"),
        ([n(3.0), n(3.0)], {"rate_hz": 0.0}, 2, "the number of samples per second"),
        ([n(3.0), n(3.0)], {"rate_hz": None}, 2, "the number of samples per second"),
        ([n(8.0).reshape(2, 2, 2)], {}, 2, r"shape \(2, 2, 2\)"),
    ):
        with pytest.raises(InputError, match=text):
            read_shared(given, sampling(**({"rate_hz": 2.0} | changes)), people=people)


def test_a_partner_is_read_from_their_own_start() -> None:
    pair = Shared(np.zeros((2, 5)), 10.0, ("a", "b"), True, 3.0, {})
    course = read_partner(track(5 + np.arange(21) / 20), pair, sampling())
    np.testing.assert_allclose(course, 5 + np.arange(11) / 10)
    named = track(np.arange(11) / 10, name="smile", time_column="t")
    assert len(read_partner(named, pair, sampling())) == 11
    with pytest.raises(InputError, match="a partner without times"):
        read_partner(np.arange(5.0), pair, sampling())
    plain = replace(pair, timed=False)
    two = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert read_partner(two, plain, sampling()).tolist() == [2.0, 4.0]
    assert read_partner(two[:, 0], plain, sampling()).tolist() == [1.0, 3.0]
    with pytest.raises(InputError, match="expected one column or two, found 3"):
        read_partner(np.zeros((4, 3)), plain, sampling())
    one = track([0, 1])
    origin = {"track": digest([one.times_s, one.intensity, one.names])}
    assert common_grid.origin_of(one) == origin


def test_the_only_column_of_a_plain_table_stands_for_the_unit() -> None:
    plain = track([0, 1], name="smile", time_column="t")
    assert tracks.with_column(Person(plain, plain), "AU12").column == "smile"
    for known in (track([0, 1], name="smile"), track([0, 1], time_column="t")):
        person = Person(known, known)
        assert tracks.with_column(person, "AU12") is person
    nobody = Person(np.zeros(3), None)
    assert tracks.with_column(nobody, "AU12") is nobody
    lost = track([0, 1], name="x", time_column="t", left_out=["AU12"])
    with pytest.raises(TableError, match="'AU12' holds no numbers"):
        tracks.with_column(Person(lost, lost), "AU12")
    with pytest.raises(InputError, match="holds 1 row with a time"):
        tracks.frame_rate(track([0]))
    assert tracks.frame_rate(track([0, 0.1, 0.2, 0.7])) == 10.0


def test_several_columns_beside_their_times_are_several_people(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"

    def people(columns: str, count: int | None) -> list[str | None]:
        cells = ",".join("1" for _ in columns.split(","))
        path.write_text(f"time,{columns}\n0,{cells}\n0.1,{cells}\n")
        return [p.column for p in tracks.read_tracks([path], sampling(), people=count)]

    assert people("a,b", 2) == ["a", "b"]
    assert people("a,b,c", None) == ["a", "b", "c"]
    assert people("a", 1) == ["a"]
    with pytest.raises(TableError, match="no column 'AU12'; it has a, b"):
        people("a,b", None)
    with pytest.raises(TableError, match="no column 'AU12'"):
        people("a,b,c", 2)
    with pytest.raises(InputError, match="this choice is for tables of action units") as problem:
        tracks.read_tracks([path], sampling(reading=ReadingOptions(fps=5)), people=1)
    assert problem.value.key == "`fps`"
    with pytest.raises(InputError, match="2 faces for 2 files"):
        tracks.read_tracks([path, path], sampling(faces=("0", "1")), people=2)


def test_events_count_from_the_first_sample_to_before_the_end(tmp_path: Path) -> None:
    shared = Shared(np.zeros((1, 20)), 10.0, ("a",), True, 1.0, {})
    path = tmp_path / "e.tsv"
    path.write_text("onset\ttrial_type\n1\ta\n1.5\tb\n2.9\ta\n")
    assert measuring._onsets(path, shared)["b"] == [0.5]
    np.testing.assert_allclose(measuring._onsets(path, shared)["a"], [0.0, 1.9])
    path.write_text("onset\ttrial_type\n0.9\tc\n1\ta\n3\ta\n")
    with pytest.warns(QualityWarning, match=r"2 of 3 events .* \(1\.000 to 3\.000 s\)"):
        assert measuring._onsets(path, shared) == {"a": [0.0]}
    path.write_text("onset\ttrial_type\n0.9\tc\n3\ta\n")
    with pytest.raises(EventsError, match=r"recording of 2\.0 s from 1\.000 s"):
        measuring._onsets(path, shared)
    series = np.random.default_rng(1).normal(size=50)
    with pytest.raises(InputError, match="`events` means nothing for preset 'face'"):
        measuring.measure_synchrony(series, series, preset="face", rate_hz=5, events=path)
    with pytest.raises(InputError, match="3 files; preset 'face' takes one or two"):
        measuring.measure_synchrony(series, series, series, preset="face", rate_hz=5)


def test_segments_are_matched_with_themselves_alone() -> None:
    z = np.array([[0.9, 0.1, 0.2], [0.3, 0.8, np.nan], [0.1, 0.5, 0.7]])[:, :, None]
    z = np.concatenate([z, 2 * z], axis=2)
    found = lag_values.effect_sizes(z)
    assert (found["n_segments"], found["n_mismatched"]) == (3, 6)
    others = np.mean([0.1, 0.2, 0.3, 0.1, 0.5])
    assert found["signed"]["mean_z"] == pytest.approx(1.5 * 0.8)
    assert found["signed"]["mean_z_mismatched"] == pytest.approx(1.5 * others)
    assert found["signed"]["es"] == pytest.approx(1.5 * (0.8 - others) / (others / 2**0.5))
    assert found["absolute"] == found["signed"]
    flat = lag_values.effect_sizes(np.ones((2, 2, 3)))
    assert flat["signed"]["es"] is None
    assert flat["signed"]["sd_mismatched"] == 0.0
    people = People(np.array([[1.0, 2.0], [3.0, 4.0]]), 2.0)
    assert people.with_second(np.array([5.0, 6.0])).values.tolist() == [[1, 2], [5, 6]]
    assert people.in_au_units is False
