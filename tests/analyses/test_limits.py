"""Limits of grids, plans, gates and powers: each worked out by hand, on both sides."""

import inspect
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import stdtrit

from mimicry.analyses import agreement, comparisons, group, power, reliability, verify
from mimicry.analyses import grid as grids
from mimicry.analyses.claims import CLAIM_COLUMNS
from mimicry.analyses.columns import GROUP_COLUMNS
from mimicry.analyses.differences import ABSENT, Difference, compare
from mimicry.analyses.exclusions import EXCLUSION_COLUMNS
from mimicry.analyses.grouping import group_of, with_groups
from mimicry.analyses.prereg import _line, freeze
from mimicry.analyses.verify_analyses import _expected, _value
from mimicry.analyses.verify_prereg import Order, order_of, plan_differences
from mimicry.errors import InputError, QualityWarning
from mimicry.files import digest
from mimicry.protocol import load_protocol
from mimicry.records import ActionUnitTrack, EmotionMap, ReadingOptions, ScoringSettings
from mimicry.statistics.clips import ContrastTrials
from mimicry.statistics.groups import GroupMeans, TTest
from mimicry.statistics.planned import Decision, PlannedTest
from mimicry.statistics.refusals import REFUSAL_COLUMNS
from mimicry.study.folder import read_scores
from mimicry.study.participants import People

SETTINGS = ScoringSettings({"happy": EmotionMap(("AU12",), ("AU04",))})
QUANTILES = 1.959964 + 0.841621


def read(tmp_path: Path, text: str, **more) -> grids.Grid:
    path = tmp_path / "grid.yaml"
    path.write_text(text)
    choices = {"condition": "happy", "block": "watch", "unit": "z", **more}
    return grids.read_grid(path, SETTINGS, **choices)


def test_a_grid_holds_what_is_named_and_else_what_is_declared(tmp_path: Path) -> None:
    text = "grid: {baseline: [[-60, 60]], window: [main, [0, 1], [1, 2.5]], smoothing: [0, 9.9]}"
    grid = read(tmp_path, text, blocks=("watch",))
    windows = {"main": (0.5, 2.5), "emg": (0.0, 1.0), "own 1-2.5": (1.0, 2.5)}
    assert grid.baseline == ((-60.0, 60.0),)
    assert dict(grid.window) == windows
    assert (grid.smoothing, grid.standardisation, grid.null) == ((0.0, 9.9), ("z",), ("t-clips",))
    assert (grid.condition, grid.block, len(grid)) == ("happy", "watch", 6)
    declared = grids.Specification((-0.5, 0.0), "main", (0.5, 2.5), "z", 0.1, "t-clips")
    assert grid.declared == declared
    assert declared.labels() == {
        "baseline": "-0.5 to 0 s", "window": "main (0.5 to 2.5 s)", "standardisation": "z",
        "smoothing": "0.1 s", "null": "t-clips",
    }  # fmt: skip
    own = next(s for s in grid.specifications() if s.window == "own 1-2.5")
    assert own.labels()["window"] == "1 to 2.5 s"
    assert grids.NULLS[:4] == ("t-clips", "t", "sign-flip", "swap")
    assert grids.UNITS == ("raw", "z", "cal")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("grid: {}", "grid"), ("grid: [t]", "grid"), ("grid: {null: t}", "grid.null"),
        ("grid: {null: []}", "grid.null"), ("grid: {null: [none]}", "grid.null"),
        ("grid: {baseline: [[-60.1, 0]]}", "grid.baseline"),
        ("grid: {baseline: [[0, 60.1]]}", "grid.baseline"),
        ("grid: {baseline: [[1, 1]]}", "grid.baseline"),
        ("grid: {baseline: [[1]]}", "grid.baseline"),
        ("grid: {baseline: [[true, 2]]}", "grid.baseline"),
        ("grid: {smoothing: [10]}", "grid.smoothing"),
        ("grid: {smoothing: [-0.1]}", "grid.smoothing"),
        ("grid: {smoothing: [true]}", "grid.smoothing"),
        ("grid: {window: [no]}", "grid.window"),
        ("grid: {window: [emg, [0, 1]]}", "grid.window"),
        ("grid: {null: [t, t]}", "grid.null"),
        ("block: rest\ngrid: {null: [t]}", "block"),
        ("condition: sad\ngrid: {null: [t]}", "condition"),
        ("grib: 1\ngrid: {null: [t]}", "grib"), ("grid: {nul: [t]}", "grid.nul"),
    ],
)  # fmt: skip
def test_a_choice_that_cannot_be_meant_is_named(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(InputError) as problem:
        read(tmp_path, text, blocks=("watch",))
    assert problem.value.key == key


def test_a_grid_has_at_most_ten_thousand_specifications(tmp_path: Path) -> None:
    def of(first: int, second: int) -> grids.Grid:
        smoothing = ", ".join(f"{k / 1000:g}" for k in range(first))
        baselines = ", ".join(f"[{k - 60}, 60]" for k in range(second))
        return read(tmp_path, f"grid: {{smoothing: [{smoothing}], baseline: [{baselines}]}}")

    assert len(of(200, 50)) == 10_000
    with pytest.raises(InputError, match="10001 specifications, expected 10000 at most"):
        of(137, 73)


def test_how_many_people_are_needed_by_hand(monkeypatch) -> None:
    primary = SimpleNamespace(trait=None, between=None)
    protocol = SimpleNamespace(file=SimpleNamespace(analysis=SimpleNamespace(primary=primary)))
    nan, rng = np.nan, np.random.default_rng(1)
    people = {
        "a": np.array([[1.0, 0], [2, 0], [3, 0], [nan, 0]]),
        "b": np.array([[2.0, 0], [7, 0]]),
    }
    asked = {}

    def planned(_protocol, n, **more):
        asked.update(n=n, **more)
        return people

    monkeypatch.setattr(power, "planned_people", planned)
    needed, effect = power.people_needed(protocol)
    assert asked == {"n": 400, "seed": 0}
    assert effect == pytest.approx(3.0 / np.std([1, 2, 3, 2, 7], ddof=1))
    assert needed == int(np.ceil((QUANTILES / effect) ** 2 + 2))
    primary.between = SimpleNamespace(more="b", less="a")
    needed, effect = power.people_needed(protocol)
    assert effect == pytest.approx((4.5 - 2) / np.sqrt((12.5 + 1) / 2))
    assert needed == 2 * int(np.ceil(2 * (QUANTILES / effect) ** 2 + 1)) == 36
    primary.trait = "trait"
    people = {"all": rng.normal(size=(30, 2)) @ np.array([[1, 0.5], [0, 1]])}
    needed, effect = power.people_needed(protocol)
    assert effect == pytest.approx(np.corrcoef(people["all"].T)[0, 1])
    assert needed == int(np.ceil((QUANTILES / np.arctanh(effect)) ** 2 + 3))
    defaults = {k: p.default for k, p in inspect.signature(power.planned_power).parameters.items()}
    assert (defaults["studies"], defaults["without_effect"], defaults["seed"]) == (200, False, 0)


def test_rates_count_studies_by_hand(monkeypatch) -> None:
    of = iter([(1.0, True, True), (3.0, True, False), (np.nan, True, False), (2.0, False, True)])

    def decide(_planned, scores, traits, clips):
        assert clips == ()
        assert [len(s) for s in (*scores, *traits)] == [3, 3, 3, 3]
        mean, significant, right = next(of)
        return Decision(TTest(n=6, mean=mean), 0.5, 0.5, significant, right)

    monkeypatch.setattr(power, "decide", decide)
    found = power._rates(PlannedTest(), np.zeros((2, 4, 3, 2)), 12)
    assert (found.participants, found.trials, found.studies) == (3, 12, 4)
    assert (found.power, found.right_sign, found.wrong_way) == (0.25, 0.5, 0.5)
    assert found.power_se == pytest.approx(np.sqrt(0.25 * 0.75 / 4))
    assert (found.estimate, found.estimate_sd) == (2.0, 1.0)


@pytest.mark.parametrize(
    ("p", "mean", "gate"),
    [(0.05, 1.0, "passed"), (0.0501, 1.0, "not passed"), (0.01, 0.0, "not passed"),
     (0.01, -1.0, "not passed"), (np.nan, 1.0, "")],
)  # fmt: skip
def test_the_gate_opens_at_5_percent_above_0(p, mean, gate) -> None:
    assert comparisons._gate(TTest(n=5, mean=mean, p=p)) == gate


def test_a_reduction_needs_units_and_a_control_above_0() -> None:
    def reduction(measure: str = "contrast_cal_late", mean: float = 2.0):
        both = GroupMeans(np.array([9, 9]), np.array([mean, 1.0]), np.array([0.09, 0.09]))
        return list(comparisons._reduction(measure, both).values())

    percent, low, high, why = reduction()
    assert (percent, why) == (50.0, None)
    df = 1.25**2 / (1 / 8 + 0.0625 / 8)  # of group - control / 2: variances .01 and .0025
    q = stdtrit(df, 0.975)
    g = (q * 0.1 / 2) ** 2
    half = q / (2 * (1 - g)) * np.sqrt(0.01 * (1 - g) + 0.25 * 0.01)
    assert [low, high] == pytest.approx([100 * (1 - 0.5 / (1 - g) + s * half) for s in (-1, 1)])
    assert reduction("contrast") == [None] * 4
    edge = 0.1 * stdtrit(8, 0.975)  # half the width of the control group's interval
    assert reduction(mean=edge * 0.999) == [None, None, None, "control_includes_0"]
    assert reduction(mean=-edge * 0.999) == [None, None, None, "control_includes_0"]
    assert reduction(mean=-edge * 1.001) == [None, None, None, "control_below_0"]
    kinds = ("contrast_raw", "contrast_cal", "contrast_raw_late", "contrast_cal_late")
    assert kinds == comparisons.RATIO_MEASURES
    columns = {
        *comparisons.TESTED,
        *comparisons.COMPARED,
        *CLAIM_COLUMNS,
        *EXCLUSION_COLUMNS,
        *REFUSAL_COLUMNS,
    }
    assert columns <= set(GROUP_COLUMNS)
    assert "measured" not in GROUP_COLUMNS["n"]


def people(groups: list[str]) -> People:
    labels = tuple(str(k) for k in range(len(groups)))
    return People(Path("p.tsv"), labels, {"arm": tuple(groups)})


def test_people_without_a_group_are_unknown_and_no_group_is_called_so() -> None:
    table = pd.DataFrame({"participant": ["0", "9"]})
    assert with_groups(table, None, None)["group"].tolist() == ["all", "all"]
    assert with_groups(table, people(["a"]), None)["group"].tolist() == ["all", "all"]
    assert with_groups(table, people(["a"]), "arm")["arm"].tolist() == ["a", "unknown"]
    with pytest.raises(InputError, match=r"no column 'x' in participants.tsv; it has arm"):
        with_groups(table, people(["a"]), "x")
    with pytest.raises(InputError, match="it has none"):
        with_groups(table, None, "x")
    with pytest.raises(InputError, match="a column 'arm' of their own"):
        with_groups(table.assign(arm=1), people(["a"]), "arm")
    with pytest.raises(InputError, match="a group is called 'unknown'"):
        group_of(people(["a", "unknown"]), "arm")
    assert group_of(people(["a", "b"]), "arm") == {"0": "a", "1": "b"}
    assert group_of(None, "arm") is None


def test_cells_rows_and_trials_are_compared_by_what_they_mean() -> None:
    assert [verify._same(a, b) for a, b in (("1", "1.0"), ("a", "a"), ("1", "2"), ("a", "1"))] == [
        True, True, False, False
    ]  # fmt: skip
    assert verify._same("1", None) is False
    assert [verify._rows(n) for n in range(3)] == [ABSENT, "a row", "2 rows"]
    assert verify._trial(("1", "", "t")) == "trial 1/t"
    used = {"grid": {"block": "a"}, "x": 1}
    assert [_value(used, k) for k in ("grid.block", "grid.y", "x.y", "x")] == [
        "a", ABSENT, ABSENT, 1
    ]  # fmt: skip
    assert _line({"a": [1, "b\n c"], "d": {"e": 2}}) == "a 1, b c, d e 2"
    assert [str(d) for d in compare("w", {"a": 1, "b": {"c": 2}}, {"b": {"c": 3}})] == [
        f"w: a was 1, is {ABSENT}",
        "w: b.c was 2, is 3",
    ]
    long = Difference("w", "k", "x" * 80, "x" * 81)
    assert str(long) == f"w: k was {'x' * 80}, is {'x' * 77}..."
    assert list(compare("w", (1, 2), [1, 2], "k")) == []


def test_what_the_plan_expects_of_each_analysis() -> None:
    frozen = {
        "protocol": {"digest": "d"},
        "primary": {"condition": "happy", "block": "watch"},
        "settings": {"primary_window": "main", "seed": 3},
    }
    assert _expected("group", frozen, None) == {"protocol": "d", "by": "group", "control": None}
    between = {**frozen, "primary": {"between": {"factor": "arm", "more": "control"}}}
    expected = {"protocol": "d", "by": "arm", "control": "control"}
    assert _expected("group", between, None) == expected
    expected = {"protocol": "d", "window": "main", "seed": 3}
    assert _expected("group_reliability", frozen, None) == expected
    grid = {"protocol": "d", "grid.condition": "happy", "grid.block": "watch", "exclusions": None}
    assert _expected("group_multiverse", frozen, None) == grid
    lock = SimpleNamespace(lock={"exclusions": "e"})
    frozen["stimuli"] = {"manifest": "m"}
    expected = {**grid, "exclusions": "e", "stimuli": "m"}
    assert _expected("group_multiverse", frozen, lock) == expected
    assert _expected("group_multiverse", frozen, SimpleNamespace(lock=None))["exclusions"] is None


def exclusions(decided, *rows: tuple[str, str], trials: set[str] | None = None) -> list[tuple]:
    blind = SimpleNamespace(
        exclusions_for=lambda *_: [SimpleNamespace(trial_id=t, reason=r) for t, r in rows]
    )
    found = verify._exclusions("n", {"exclusions": decided}, blind, trials)
    return [(d.key, d.frozen, d.current) for d in found]


def test_exclusions_are_compared_both_ways() -> None:
    assert exclusions(None) == []
    assert exclusions({"1": "r"}) == [("exclusions", "none", {"1": "r"})]
    assert exclusions({"1": "r"}, ("1", "r")) == []
    assert exclusions({"1": "s"}, ("1", "r")) == [("exclusion of trial 1", "r", ABSENT)]
    assert exclusions({}, ("", "r")) == [("exclusion", "r", ABSENT)]
    assert exclusions({"1": "r", "2": "r"}, ("", "r")) == []
    one_more = [("exclusion of trial 2", ABSENT, "s")]
    assert exclusions({"1": "r", "2": "s"}, ("1", "r")) == one_more
    assert exclusions({}, ("9", "r"), trials={"1"}) == []
    assert exclusions({}, ("9", "r"), trials={"9"}) == [("exclusion of trial 9", "r", ABSENT)]


@pytest.mark.parametrize(
    ("frozen", "logged", "known"),
    [("2026-01-02", "2026-01-03", "before"), ("2026-01-02", "2026-01-01", "after"),
     ("2026-01-02", "2026-01-02", "before"), (None, "2026-01-03", "unknown"),
     ("2026-01-02", None, "unknown")],
)  # fmt: skip
def test_a_plan_is_older_than_the_first_scores(tmp_path: Path, frozen, logged, known) -> None:
    sidecar = tmp_path / "a_scores.json"
    if logged:
        (tmp_path / "a_scores.log").write_text(f"time\n{logged}\n")
    plan = {"frozen_at": frozen} if frozen else {}
    order = order_of(plan, [sidecar])
    assert order.known == known
    assert bool(list(order.differences("p"))) == (known == "after")
    assert order_of(plan, []).known == "nothing scored"
    if logged and frozen:
        missing = order_of(plan, [sidecar, tmp_path / "b_scores.json"])
        assert missing.known == ("after" if known == "after" else "unknown")
    assert isinstance(order, Order)
    if frozen:
        assert order.frozen_at == datetime(2026, 1, 2, tzinfo=UTC)


def test_trials_of_a_contrast_are_the_valid_ones_of_their_side() -> None:
    rows = [("1", "happy", "a", 1, 3.0), ("1", "neutral", "n", 1, 1.0), ("1", "happy", "b", 0, 9.0),
            ("0", "neutral", "m", 1, 5.0)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["participant", "condition", "stimulus", "valid", "x"])
    table = table.assign(delta_AU12_main=table["x"], delta_AU04_main=1.0)
    first, second = reliability.contrast_trials(table, SETTINGS, "happy", "raw", "main")
    assert (first.participant, second.participant) == ("0", "1")
    assert (len(first.emotion), first.reference.tolist()) == (0, [4.0])
    assert (second.emotion.tolist(), second.reference.tolist()) == ([2.0], [0.0])
    assert reliability.UNITS == {"raw": "delta", "z": "delta_z", "cal": "delta_cal"}
    with pytest.raises(InputError, match="no column 'delta_z_AU12_main'"):
        reliability.contrast_trials(table, SETTINGS, "happy", "z", "main")
    assert isinstance(first, ContrastTrials)
    empty = reliability.StudyReliability((), (), {}).to_frame()
    assert list(empty)[-1] == "warnings"
    assert len(empty) == 0


def track(times, **provenance) -> ActionUnitTrack:
    n = len(times)
    return ActionUnitTrack(
        np.asarray(times, float), np.zeros((n, 1)), ("AU12",), np.zeros((n, 3)), {},
        np.zeros((n, 0)), {}, provenance,
    )  # fmt: skip


def test_times_that_rise_by_one_are_doubted_beside_true_ones(recwarn) -> None:
    a, b = Path("a.csv"), Path("b.csv")
    true, counted = track(np.arange(5) / 25), track(range(5), time_column="t")
    with pytest.warns(QualityWarning, match=r"a\.csv: the times rise by exactly 1"):
        agreement._say_what_counts(counted, true, a, b)
    with pytest.warns(QualityWarning, match=r"b\.csv: the times rise by exactly 1"):
        agreement._say_what_counts(true, counted, a, b)
    agreement._say_what_counts(track([0, 1, 2.5], time_column="t"), true, a, b)
    agreement._say_what_counts(track(range(5)), true, a, b)
    agreement._say_what_counts(counted, track(np.arange(5) / 2), a, b)
    agreement._say_what_counts(track([0, 1], time_column="t"), true, a, b)
    assert len(recwarn) == 0


def test_pairs_of_columns_are_asked_for_by_name(tmp_path: Path) -> None:
    ours, theirs, a, b = track([0, 1]), track([0, 1]), Path("a"), Path("b")
    assert agreement._asked([]) is None
    asked = agreement._asked(["AU12", "AU12=smile"])
    assert asked == {"AU12": "smile"}
    assert agreement._known({"AU12": "AU12"}, ours, theirs, a, b) == {"AU12": "AU12"}
    assert agreement._known(None, ours, theirs, a, b) is None
    with pytest.raises(InputError, match=r"b: .*no column 'smile'; found AU12"):
        agreement._known(asked, ours, theirs, a, b)
    plain, tool = tmp_path / "p.csv", tmp_path / "o.csv"
    plain.write_text("time,x\n0,1\n0.1,2\n")
    tool.write_text("frame,timestamp,AU12_r\n1,0,1\n2,0.1,2\n")
    reading = ReadingOptions(fps=10)
    for paths, column, used in (
        ((plain, plain), None, False),
        ((plain, tool), None, True),
        ((plain, plain), "frame", True),
        ((plain, tool), "time", False),
    ):
        if used:
            agreement._check_used(reading, *paths, column)
        else:
            with pytest.raises(InputError, match="means nothing"):
                agreement._check_used(reading, *paths, column)
    agreement._check_used(ReadingOptions(), plain, plain, None)


def test_a_readable_text_is_compared_where_this_version_wrote_it(tmp_path: Path) -> None:
    frozen, path = freeze(load_protocol("dynamic-happy-angry")), tmp_path / "prereg.json"

    def found(**changes) -> list[str]:
        return [d.key for d in plan_differences(path, {**frozen, **changes})]

    assert found() == []
    path.with_suffix(".md").write_text("something else")
    assert found() == ["text"]
    assert found(mimicry="0") == found(format=1) == []


def test_what_a_reliability_was_made_of_stands_beside_it(make_study) -> None:
    study = make_study(people=3, repeats=1)
    done: list[tuple[int, int | None]] = []
    made = reliability.study_reliability(study, splits=2, progress=lambda k, n: done.append((k, n)))
    assert made.settings == {
        "protocol": study.protocol.digest,
        "window": "main",
        "splits": 2,
        "seed": study.protocol.scoring_settings().seed,
        "scores": digest(read_scores(study).to_csv(index=False)),
    }
    assert done == [(k + 1, 6) for k in range(6)]  # two emotions in three units
    assert [r["unit"] for r in made.rows] == ["raw", "z", "cal"] * 2
    assert made.sessions == ()
    assert isinstance(made.to_frame()["warnings"][0], str)
    for changes, key in (({"splits": 1}, "`splits`"), ({"window": "x"}, "`window`")):
        with pytest.raises(InputError) as problem:
            reliability.study_reliability(study, **changes)
        assert problem.value.key == key
    path = study.results / "scores.tsv"
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    table.loc[0, "valid"] = "0"
    table.to_csv(path, sep="\t", index=False)
    summary = pd.DataFrame({"participant": ["0", "0", "1"], "arm": ["a", "a", "b"]})
    about = group._analysed(study, summary, "arm", read_scores(study))
    assert (about["people"], about["groups"]) == (2, {"a": 1, "b": 1})
    assert about["trials"] == {"total": len(table), "valid": len(table) - 1}


def test_choices_that_a_table_cannot_have_do_not_hinder_the_other_one(tmp_path: Path) -> None:
    tool, plain, ours = (tmp_path / name for name in ("o.csv", "p.csv", "m.csv"))
    tool.write_text(
        "frame,timestamp,confidence,success,face_id,AU12_r\n1,0,1,1,0,1\n2,0.1,1,1,0,2\n"
    )
    plain.write_text("time,frame,x\n0,1,1\n0.1,2,2\n")
    ours.write_text("frame,timestamp,pose_pitch_deg,pose_yaw_deg,pose_roll_deg,success,AU12\n"
                    "0,0,1,1,1,1,1\n1,0.1,1,1,1,1,2\n")  # fmt: skip
    choice = ReadingOptions(face="7", min_confidence=0.5)
    for path in (tool, ours, plain):
        times = agreement._read(path, None, choice, None).times_s
        np.testing.assert_allclose(times, [0, 0.1])
    by_frame = agreement._read(plain, "frame", ReadingOptions(fps=20), ["x"])
    np.testing.assert_allclose(np.diff(by_frame.times_s), [0.05])
    by_time = agreement._read(plain, "time", ReadingOptions(fps=20), ["x"])
    np.testing.assert_allclose(by_time.times_s, [0, 0.1])
