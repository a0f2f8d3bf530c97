"""The groups of a study: means, differences, and who has no latency."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from typer.testing import CliRunner

from mimicry.analyses.columns import GROUP_COLUMNS
from mimicry.analyses.group import group_tables
from mimicry.batch.collect import join_tables
from mimicry.cli import app
from mimicry.files import write_tsv
from mimicry.records import ScoringInputs
from mimicry.statistics.groups import one_sample, pooled
from mimicry.study import open_study
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
    assert "gate n/a, less by" in run(study, "--by", "arm", "--control", "control").stdout
    envelope = json.loads(answer.stdout)
    raw = [r for r in envelope["contrasts"] if r["measure"] == "contrast_raw"]
    assert [(r["arm"], r["n"], r["n_missing"]) for r in raw] == [("control", 4, 0), ("low", 3, 1)]
    assert raw[0]["mean"] == pytest.approx(1.025)
    # nobody's trials are known here, so nothing is said of other clips
    assert raw[0]["p_these_clips_only"] == pytest.approx(one_sample(CONTROL).p)
    assert (raw[0]["p"], raw[0]["clips"]) == (None, "fixed")
    (low,) = [r for r in envelope["differences"] if r["measure"] == "contrast_raw"]
    assert low["difference"] == pytest.approx(1.025 - np.nanmean(LOW))
    assert low["percent_less"] == pytest.approx(100 * (1 - np.nanmean(LOW) / 1.025))
    assert low["percent_less_low"] < low["percent_less"] < low["percent_less_high"]
    assert (low["pooled_p"], low["gate"]) == (None, None)
    # a group with twice the noise has half as many SDs: those are not compared
    (z,) = [r for r in envelope["differences"] if r["measure"] == "contrast"]
    assert z["reason"] == "z_between"
    assert all(z[k] is None for k in ("difference", "low", "p", "d", "percent_less", "gate"))


def test_refused_latencies_stand_in_the_table_and_in_the_report(study):
    assert run(study, "--by", "arm").exit_code == 0
    results = study / "derivatives" / "mimicry"
    table = pd.read_csv(results / "group_latency_refusals.tsv", sep="\t", na_values=["n/a"])
    assert table["measure"].tolist() == ["latency_shift_s"] * 2 + ["latency_half_s"] * 2
    table = table[:2]
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
    table = table[table["measure"] == "latency_shift_s"]
    # who stands in no row of participants.tsv is not lost
    assert dict(zip(table["group"], table["n"], strict=True)) == {
        "control": 4,
        "low": 3,
        "unknown": 1,
    }


def with_summary(study, summary_rows):
    """Write the condition tables that belong to the trial scores of `make_study`."""
    scores = pd.read_csv(study.results / "scores.tsv", sep="\t", dtype={"participant": str})
    score = scores["delta_AU12_main"] - scores["delta_AU04_main"]
    means = score.groupby([scores["participant"], scores["condition"]]).mean().unstack()
    contrasts = means["happy"] - means["neutral"]
    rows = [row for label, v in contrasts.items() for row in summary_rows(label, v, 0.6, None)]
    write_tsv(study.results / "summary.tsv", pd.DataFrame(rows))
    return scores.assign(score=score), contrasts


def test_clips_are_random_in_everything_where_there_are_trial_scores(make_study, summary_rows):
    """p, interval and effect size against mean squares by hand: 8 people, 8 clips on each side."""
    study = make_study(people=8, repeats=1, sd_trial=0.1)
    scores, contrasts = with_summary(study, summary_rows)
    envelope = json.loads(run(study.root, "--json").stdout)
    (raw,) = [r for r in envelope["contrasts"] if r["measure"] == "contrast_raw"]
    assert raw["clips"] == "random"
    assert raw["p_these_clips_only"] == pytest.approx(one_sample(contrasts).p)
    people = contrasts.var(ddof=1) / 8
    variances, dfs, clips = [people], [7], 0.0
    for condition in ("happy", "neutral"):
        rows = scores[scores["condition"] == condition]
        x = rows.pivot(index="participant", columns="stimulus", values="score").to_numpy()
        left = x - x.mean(0) - x.mean(1, keepdims=True) + x.mean()
        more = (x.mean(0).var(ddof=1) - (left**2).sum() / 49 / 8) / 8
        clips += max(more, 0.0)
        if more > 0:
            variances.append(more)
            dfs.append(7)
    total = sum(variances)
    df = total**2 / sum(v**2 / d for v, d in zip(variances, dfs, strict=True))
    t = contrasts.mean() / np.sqrt(total)
    half = stats.t.ppf(0.975, df) * np.sqrt(total)
    expected = {"t": t, "df": df, "p": 2 * stats.t.sf(t, df), "low": contrasts.mean() - half,
                "high": contrasts.mean() + half, "se": np.sqrt(total),
                "dz": contrasts.mean() / np.sqrt(8 * people + clips)}  # fmt: skip
    assert {k: raw[k] for k in expected} == pytest.approx(expected, rel=1e-6)


def test_a_person_without_trials_by_clip_leaves_clips_fixed(make_study, summary_rows):
    study = make_study(people=8, repeats=1)
    with_summary(study, summary_rows)
    path = study.results / "scores.tsv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("07\t")))
    tables = group_tables(study)
    (row,) = tables.contrasts[tables.contrasts["measure"] == "contrast_raw"].to_dict("records")
    assert (row["clips"], row["n"]) == ("fixed", 8)
    assert np.isnan(row["p"])
    assert 0 < row["p_these_clips_only"] < 1


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
        (-0.9, "control_includes_0", "no percentage (the control group's interval holds 0)"),
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


def frames(study):
    tables = group_tables(open_study(study), by="arm", control="control")
    return (
        tables.contrasts, tables.differences, tables.refusals, tables.exclusions, tables.claims
    )  # fmt: skip


def test_every_number_of_a_group_is_that_of_its_t_test(study):
    contrasts, *_ = frames(study)
    row = contrasts[(contrasts["measure"] == "contrast_raw") & (contrasts["arm"] == "low")].iloc[0]
    values = np.array(LOW[:3])
    test = stats.ttest_1samp(values, 0)
    interval = test.confidence_interval(0.95)
    assert (row["session"] or "", row["phase"], row["condition"]) == ("", "watch", "happy")
    expected = {
        "n": 3,
        "n_missing": 1,
        "mean": values.mean(),
        "se": stats.sem(values),
        "low": interval.low,
        "high": interval.high,
        "t": test.statistic,
        "df": 2,
        "p_these_clips_only": test.pvalue,
        "dz": values.mean() / values.std(ddof=1),
    }
    assert row[list(expected)].astype(float).to_dict() == pytest.approx(expected)


def test_every_number_of_a_difference_is_worked_out_by_hand(study):
    _, differences, *_ = frames(study)
    row = differences[differences["measure"] == "contrast_raw"].iloc[0]
    a, b = np.array(CONTROL), np.array(LOW[:3])
    test = stats.ttest_ind(a, b, equal_var=False)
    interval = test.confidence_interval(0.95)
    var_a, var_b = stats.sem(a) ** 2, stats.sem(b) ** 2
    # Fieller: the ratios that the data do not contradict
    ratio = b.mean() / a.mean()
    df_ratio = (ratio**2 * var_a + var_b) ** 2 / (ratio**4 * var_a**2 / 3 + var_b**2 / 2)
    q = stats.t.ppf(0.975, df_ratio)
    g = q**2 * var_a / a.mean() ** 2
    half = q / (a.mean() * (1 - g)) * np.sqrt(var_b * (1 - g) + ratio**2 * var_a)
    ends = ratio / (1 - g) + np.array([half, -half])
    expected = {
        "difference": a.mean() - b.mean(),
        "low": interval.low,
        "high": interval.high,
        "t": test.statistic,
        "df": test.df,
        "p_these_clips_only": test.pvalue,
        "d": (a.mean() - b.mean()) / np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2),
        "percent_less": 100 * (1 - ratio),
        "percent_less_low": 100 * (1 - ends[0]),
        "percent_less_high": 100 * (1 - ends[1]),
        "pooled_mean": (a.mean() + b.mean()) / 2,
    }
    assert row[list(expected)].astype(float).to_dict() == pytest.approx(expected)
    # nobody's trials are known, so there is no p for clips like these, and no gate
    assert (row["arm"], row["control"], row["gate"]) == ("low", "control", None)
    assert np.isnan([row["p"], row["pooled_p"]]).all()


def test_every_column_of_the_group_tables_is_described_and_no_other(study):
    columns = {name for table in frames(study) for name in table.columns}
    assert columns - {"arm"} == set(GROUP_COLUMNS)
