"""The groups of a study: means, differences, and who has no latency."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mimicry.batch.collect import join_tables
from mimicry.cli import app
from mimicry.files import write_tsv
from mimicry.records import ScoringInputs
from mimicry.statistics.groups import one_sample, pooled
from mimicry.study.recordings import Plan, Task

CONTROL, LOW = [1.0, 1.2, 0.8, 1.1], [0.5, 0.7, 0.4, np.nan]


@pytest.fixture
def study(grouped):
    return grouped


def run(*words):
    return CliRunner().invoke(app, ["group", *map(str, words)])


def test_every_group_gets_its_mean_and_the_other_its_difference(study):
    answer = run(study, "--by", "arm", "--control", "control", "--json")
    assert answer.exit_code == 0, answer.stderr
    envelope = json.loads(answer.stdout)
    raw = [r for r in envelope["contrasts"] if r["measure"] == "contrast_raw"]
    assert [(r["arm"], r["n"], r["n_missing"]) for r in raw] == [("control", 4, 0), ("low", 3, 1)]
    assert raw[0]["mean"] == pytest.approx(1.025)
    assert raw[0]["p"] == pytest.approx(one_sample(CONTROL).p)
    (low,) = [r for r in envelope["differences"] if r["measure"] == "contrast_raw"]
    assert low["difference"] == pytest.approx(1.025 - np.nanmean(LOW))
    assert low["percent_less"] == pytest.approx(100 * (1 - np.nanmean(LOW) / 1.025))
    assert low["percent_less_low"] < low["percent_less"] < low["percent_less_high"]
    assert low["gate"] == "passed"
    # in a person's own SDs a reduction means nothing
    (own,) = [r for r in envelope["differences"] if r["measure"] == "contrast"]
    assert own["percent_less"] is None


def test_refused_latencies_stand_in_the_table_and_in_the_report(study):
    assert run(study, "--by", "arm").exit_code == 0
    results = study / "derivatives" / "mimicry"
    table = pd.read_csv(results / "group_latency_refusals.tsv", sep="\t", na_values=["n/a"])
    assert table["arm"].tolist() == ["control", "low"]
    assert table["n"].tolist() == [4, 4]
    assert table["refused"].tolist() == [0, 3]
    assert table["share_refused"].tolist() == [0.0, 0.75]
    assert table["commonest_reason"].tolist()[1] == "low_snr"
    assert table["latency_mean_s"].tolist() == pytest.approx([0.6, 0.7])
    page = (results / "report.html").read_text()
    assert "Latencies that were refused" in page
    assert "low_snr: 2; too_few_trials: 1" in page.replace("<wbr>", "")


def test_a_batch_leaves_the_table_of_refused_latencies_beside_its_scores(study):
    results = study / "derivatives" / "mimicry"
    own = results / "sub-00" / "sub-00_summary.tsv"
    own.parent.mkdir()
    (results / "summary.tsv").rename(own)
    people = pd.read_csv(study / "participants.tsv", sep="\t").rename(columns={"arm": "group"})
    write_tsv(study / "participants.tsv", people[people["participant_id"] != "sub-13"])
    task = Task(
        recording="x",
        out=str(own.parent),
        prefix="sub-00",
        label="x",
        inputs=ScoringInputs("x", "p"),
    )
    written = join_tables(Plan(results, (task,), study))
    table = pd.read_csv(written["group_latency_refusals"], sep="\t", na_values=["n/a"])
    # who stands in no row of participants.tsv is not lost
    assert dict(zip(table["group"], table["n"], strict=True)) == {
        "control": 4,
        "low": 3,
        "unknown": 1,
    }


def test_clips_are_random_too_where_there_are_trial_scores(make_study, summary_rows):
    study = make_study(people=8, repeats=1, sd_trial=0.1)
    table = study.results / "scores.tsv"
    scores = pd.read_csv(table, sep="\t", dtype={"participant": str})
    values = scores[scores["condition"] == "happy"].groupby("participant")["delta_AU12_main"].mean()
    rows_ = [row for label, v in values.items() for row in summary_rows(label, v, 0.6, None)]
    write_tsv(study.results / "summary.tsv", pd.DataFrame(rows_))
    envelope = json.loads(run(study.root, "--json").stdout)
    (raw,) = [r for r in envelope["contrasts"] if r["measure"] == "contrast_raw"]
    assert 0 < raw["p_clips_random"] < 0.05
    assert raw["p_clips_random"] != pytest.approx(raw["p"], rel=0.01)
    (own,) = [r for r in envelope["contrasts"] if r["measure"] == "contrast"]
    assert own["p_clips_random"] is None


def test_without_a_group_column_everybody_is_one_group(study):
    (study / "participants.tsv").unlink()
    envelope = json.loads(run(study, "--json").stdout)
    assert {r["group"] for r in envelope["contrasts"]} == {"all"}
    assert envelope["differences"] == []


@pytest.mark.parametrize(
    ("words", "part"),
    [(("--by", "sex"), "it has arm"), (("--by", "arm", "--control", "x"), "control, low")],
)
def test_an_unknown_column_or_group_is_one_sentence(study, words, part):
    answer = run(study, *words)
    assert answer.exit_code == 2
    assert part in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_study_without_scores_says_what_to_do(study):
    (study / "derivatives" / "mimicry" / "summary.tsv").unlink()
    answer = run(study)
    assert answer.exit_code == 2
    assert "mimicry batch" in answer.stderr


def test_the_gate_weighs_groups_equally_and_not_by_their_size():
    small, large = [0.0, 2.0, 4.0], [10.0, 10.5, 9.5, 10.0, 10.2, 9.8]
    found = pooled([small, large])
    assert found.mean == pytest.approx((2.0 + 10.0) / 2)
    parts = np.var(small, ddof=1) / 3, np.var(large, ddof=1) / 6
    assert found.se == pytest.approx(np.sqrt(sum(parts)) / 2)


@pytest.mark.parametrize(
    ("shift", "reason", "words"),
    [
        (-0.9, "control_not_above_0", "no percentage (the control group's interval holds 0)"),
        (-3.0, "control_below_0", "no percentage (the control group's mean is below 0)"),
    ],
)
def test_a_share_of_a_mean_that_may_be_0_is_no_percentage(study, shift, reason, words):
    path = study / "derivatives" / "mimicry" / "summary.tsv"
    table = pd.read_csv(path, sep="\t", na_values=["n/a"], dtype={"participant": str})
    table["contrast_raw"] += shift
    write_tsv(path, table)
    answer = run(study, "--by", "arm", "--control", "control", "--json")
    (low,) = [r for r in json.loads(answer.stdout)["differences"] if r["measure"] == "contrast_raw"]
    assert low["percent_reason"] == reason
    assert low["percent_less"] is low["percent_less_low"] is low["percent_less_high"] is None
    assert words in (path.parent / "report.html").read_text().replace("&#39;", "'")
    assert words in run(study, "--by", "arm", "--control", "control").stdout
