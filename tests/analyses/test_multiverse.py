"""One study under many analyses."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from scipy import stats
from typer.testing import CliRunner

from mimicry.analyses.columns import MULTIVERSE_COLUMNS
from mimicry.analyses.grid import read_grid
from mimicry.analyses.multiverse import multiverse
from mimicry.cli import app
from mimicry.errors import InputError
from mimicry.interchange.tables import read_au_table
from mimicry.protocol import load_protocol
from mimicry.report.multiverse import draw_multiverse
from mimicry.scoring import score, summarise
from mimicry.simulation.effects import parse_group
from mimicry.simulation.study import Scenario, simulate_study
from mimicry.study import open_study
from mimicry.timeline import align, read_events, read_manifest

GRID = """
condition: happy
block: watch
grid:
  window: [main, [0.5, 1.0]]
  standardisation: [raw, z]
  null: [t-clips, t, sign-flip, swap, clip]
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    root = tmp_path_factory.mktemp("multiverse") / "study"
    group = parse_group("mimics:gain=8")
    simulate_study(
        load_protocol("dynamic-happy-angry"), root, Scenario(groups=[group]), participants=4
    )
    return open_study(root)


@pytest.fixture(scope="module")
def grid(study):
    path = study.root / "grid.yaml"
    path.write_text(GRID)
    return path


@pytest.fixture(scope="module")
def found(study, grid):
    return multiverse(study, grid)


def test_the_declared_analysis_gives_the_contrast_of_the_scores(study, found):
    """The same people through score and summarise, one by one."""
    settings = study.protocol.scoring_settings()
    timelines = read_manifest(study.root / "stimuli.json")
    values = []
    for table in sorted(study.results.glob("sub-*/*_au.parquet")):
        events = next(study.root.glob(f"sub-*/beh/{table.stem.removesuffix('_au')}_events.tsv"))
        aligned = align(read_au_table(table), read_events(events), timelines, settings)
        scores = score(aligned, settings)
        rows = summarise(aligned, scores, settings).rows
        values += [r for r in rows if (r["phase"], r["condition"]) == ("watch", "happy")]
    table = found.to_frame()
    for unit, name in (("raw", "contrast_raw"), ("z", "contrast")):
        own = table[table["window"].str.startswith("main") & (table["standardisation"] == unit)]
        expected = np.mean([row[name] for row in values])
        np.testing.assert_allclose(own["mean"], expected, rtol=1e-12)


def test_every_combination_is_there_once_and_the_declared_one_is_marked(found):
    table = found.to_frame()
    assert len(table) == 2 * 2 * 5
    assert not table[["window", "standardisation", "null"]].duplicated().any()
    assert table["declared"].sum() == 1
    declared = table[table["declared"] == 1].iloc[0]
    assert (declared["standardisation"], declared["null"]) == ("raw", "t-clips")


def test_a_strong_response_is_found_whatever_the_choice(found):
    table = found.to_frame()
    assert (table["mean"] > 0).all()
    assert (table[table["null"].isin(["swap", "clip"])]["p"] < 0.01).all()
    assert found.summary()["share_same_sign"] == 1.0


def test_the_command_writes_table_and_curve_and_runs_again_from_the_same_tables(study, grid):
    words = ["multiverse", str(study.root), "--grid", str(grid), "--json"]
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 0, answer.stderr
    envelope = json.loads(answer.stdout)
    assert envelope["summary"]["specifications"] == 20
    names = {p.name for p in study.results.glob("group_multiverse.*")}
    assert names == {f"group_multiverse.{e}" for e in ("tsv", "json", "png", "html")}
    page = (study.results / "group_multiverse.html").read_text()
    assert "20 analyses" in page
    assert "http" not in page.replace("http-equiv", "")
    grid.write_text(GRID.replace("[t-clips, t, sign-flip, swap, clip]", "[t]"))
    again = CliRunner().invoke(app, words)
    grid.write_text(GRID)
    assert again.exit_code == 2
    assert "--overwrite" in again.stderr


@pytest.fixture(scope="module")
def settings():
    return load_protocol("dynamic-happy-angry").scoring_settings()


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ({"grid": {"windw": ["main"]}}, "Did you mean 'window'"),
        ({"grid": {"window": ["whole"]}}, "the protocol has main"),
        ({"grid": {"window": [[2.0, 1.0]]}}, "no pair"),
        ({"grid": {"baseline": "all"}}, "expected a list"),
        ({"grid": {"smoothing": [-1]}}, "no number of seconds"),
        ({"grid": {"standardisation": ["centred"]}}, "none of raw, z, cal"),
        ({"grid": {"null": ["magic"]}}, "none of t"),
        ({"grid": {}}, "lists of choices"),
        ({"condition": "neutral", "grid": {"smoothing": [0]}}, "happy, angry"),
        ({"conditions": "happy"}, "Did you mean 'condition'"),
    ],
)
def test_a_wrong_grid_is_refused_with_its_key(tmp_path, settings, content, part):
    path = tmp_path / "grid.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match=part):
        read_grid(path, settings, condition="happy", block="watch", unit="raw")


def test_what_the_grid_leaves_out_stays_as_declared(tmp_path, settings):
    path = tmp_path / "grid.yaml"
    path.write_text("grid:\n  smoothing: [0.1]\n")
    grid = read_grid(path, settings, condition="happy", block="watch", unit="raw")
    assert list(grid.specifications()) == [grid.declared]


@pytest.mark.parametrize("dz", [(0.2, np.nan), (np.nan, np.nan)])
def test_a_choice_without_any_result_is_counted_and_not_drawn(dz, tmp_path):
    rows = [
        {
            "baseline": "-0.5 to 0 s", "window": "main", "smoothing": "0 s", "null": "t",
            "standardisation": unit, "declared": int(k == 0),
            "dz": value, "dz_low": value - 1, "dz_high": value + 1, "p": value,
        }
        for k, (unit, value) in enumerate(zip(("raw", "cal"), dz, strict=True))
    ]  # fmt: skip
    path = draw_multiverse(rows, "happy", tmp_path / "curve.png")
    assert path.stat().st_size > 5_000


def test_a_recording_that_was_not_extracted_is_missed_or_counted(study, tmp_path):
    root = tmp_path / "study"
    shutil.copytree(study.root, root)
    (root / "grid.yaml").write_text("grid: {null: [t]}\n")
    words = ["multiverse", str(root), "--grid", str(root / "grid.yaml"), "--overwrite"]
    table = next((root / "derivatives/mimicry").glob("sub-03/*_au.parquet"))
    table.with_suffix(".csv").write_text("frame\n")
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 2
    assert "two tables of action units for one recording" in answer.stderr
    table.with_suffix(".csv").unlink()
    table.unlink()
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 2
    assert "1 recording has no results (sub-03/sub-03_task" in answer.stderr
    assert "1 person in participants.tsv has no results (sub-03)" in answer.stderr
    answer = CliRunner().invoke(app, [*words, "--incomplete", "--overwrite", "--json"])
    assert answer.exit_code == 0, answer.stderr
    assert {row["n"] for row in json.loads(answer.stdout)["rows"]} == {3}
    sidecar = json.loads((root / "derivatives/mimicry/group_multiverse.json").read_text())
    assert sidecar["settings"]["incomplete"]["without_results"] == ["sub-03"]
    assert "no results (sub-03)" in (root / "derivatives/mimicry/group_multiverse.html").read_text()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("grid: {window: [[0, .inf]]}", "between -60 and 60"),
        ("grid: {baseline: [[-100000, 0]]}", "between -60 and 60"),
        ("grid: {window: [main, main]}", "a choice is there twice"),
        ("grid: {window: [[0.5, 2.5], main]}", "a choice is there twice"),
        ("grid: {smoothing: [1, 1.0]}", "a choice is there twice"),
        ("grid: {null: [t]}\ngrid: {null: [swap]}", "grid stands twice"),
        ("block: nowhere\ngrid: {null: [t]}", "no block 'nowhere'; the protocol has watch"),
        ("grid: &a [*a]", "anchors"),
        ("[" * 3000, "levels deep"),
        ("a\x00", "NUL"),
        (f"grid: {{smoothing: {[k / 1e4 for k in range(10001)]}}}", "10000 at most"),
    ],
)
def test_a_grid_that_cannot_be_meant_is_one_sentence(study, tmp_path, text, part):
    path = tmp_path / "grid.yaml"
    path.write_text(text)
    answer = CliRunner().invoke(app, ["multiverse", str(study.root), "--grid", str(path)])
    assert answer.exit_code == 2
    assert isinstance(answer.exception, SystemExit)
    assert part in answer.stderr


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        (("too_few", "no_variance", "no_variance"),
         ["no analysis gave a result; reason: no_variance (people with a contrast: 3)"]),
        (("too_few", "", "no_variance"), []),
    ],
)  # fmt: skip
def test_the_command_warns_when_no_analysis_gave_a_result(study, monkeypatch, reasons, said):
    rows = [{"reason": reason, "n": k + 1} for k, reason in enumerate(reasons)]
    summary = {"specifications": 3, "without_result": sum(map(bool, reasons))}
    made = SimpleNamespace(rows=rows, summary=lambda: summary, write=lambda *_, **__: [])
    monkeypatch.setattr("mimicry.analyses.multiverse.multiverse", lambda *_, **__: made)
    answer = CliRunner().invoke(app, ["multiverse", str(study.root), "--grid", "x", "--json"])
    assert answer.exit_code == 0
    assert json.loads(answer.stdout)["warnings"] == said


def test_labels_are_swapped_999_times_in_every_person(found):
    assert found.analysed["draws"] == 999


def test_the_summary_counts_specifications_and_gives_the_ends_of_the_curve(found):
    rows = [
        {"dz": 0.5, "p": 0.03, "declared": 0},
        {"dz": -0.2, "p": 0.6, "declared": 0},
        {"dz": 0.9, "p": 0.05, "declared": 1},
        {"dz": float("nan"), "p": float("nan"), "declared": 0},
    ]
    assert replace(found, rows=tuple(rows)).summary() == pytest.approx(
        {
            "specifications": 4,
            "without_result": 1,
            "dz_median": 0.5,
            "dz_lowest": -0.2,
            "dz_highest": 0.9,
            "share_same_sign": 2 / 3,
            "share_significant": 2 / 3,
            "declared_dz": 0.9,
            "declared_p": 0.05,
        }
    )


def test_every_number_of_a_specification_follows_from_mean_and_standard_error(found):
    table = found.to_frame()
    assert list(table.columns) == list(MULTIVERSE_COLUMNS)
    assert (table["n"] == 4).all()
    q, sd = stats.t.ppf(0.975, 3), table["se"] * 2
    np.testing.assert_allclose(table["low"], table["mean"] - q * table["se"])
    np.testing.assert_allclose(table["high"], table["mean"] + q * table["se"])
    np.testing.assert_allclose(table["dz"], table["mean"] / sd)
    np.testing.assert_allclose(table["dz_low"], table["low"] / sd)
    np.testing.assert_allclose(table["dz_high"], table["high"] / sd)
    of_t = table[table["null"] == "t"]
    np.testing.assert_allclose(of_t["p"], 2 * stats.t.sf(abs(of_t["mean"] / of_t["se"]), 3))
    of_clips = table[table["null"] == "t-clips"]
    np.testing.assert_allclose(of_clips["dz"], of_t["dz"])
    assert (np.abs(of_clips["p"].to_numpy() - of_t["p"].to_numpy()) > 1e-9).any()
    flips = table[table["null"] == "sign-flip"]
    assert set(flips["p"]) == {2 / 16}  # all four respond: one arrangement of 16, and its mirror
