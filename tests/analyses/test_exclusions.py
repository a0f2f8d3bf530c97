"""What was lost where, before any result."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from typer.testing import CliRunner

from mimicry.analyses.exclusions import exclusion_rows, exclusion_sentences
from mimicry.cli import app
from mimicry.files import write_tsv
from mimicry.kernels.chance import generator
from mimicry.records import EmotionMap, ScoringSettings
from mimicry.statistics.nulls import sign_flip_p

SETTINGS = ScoringSettings({"happy": EmotionMap(("AU12",), ("AU04",))})


def trials(lost, arms=("a", "b")):
    """Ten trials a condition and person; `lost` says how many of them, per condition."""
    rows = []
    for k, (happy, neutral) in enumerate(lost):
        for condition, n in (("happy", happy), ("neutral", neutral)):
            rows += [
                {"participant": f"{k}", "session": "", "block": "watch", "condition": condition,
                 "valid": int(i >= n), "arm": arms[k % len(arms)]}
                for i in range(10)
            ]  # fmt: skip
    return pd.DataFrame(rows)


def people(missing, arms=("a", "b")):
    """One contrast a person; who is `missing` has none."""
    return pd.DataFrame(
        [
            {"participant": f"{k}", "session": "", "phase": "watch", "condition": "happy",
             "contrast_raw": np.nan if gone else 1.0, "arm": arms[k % len(arms)]}
            for k, gone in enumerate(missing)
        ]
    )  # fmt: skip


def rows(table, summary):
    return list(exclusion_rows(table, summary, "arm", SETTINGS))


def test_a_condition_that_loses_more_trials_is_found_and_said():
    lost = [(4, 1), (5, 1), (3, 0), (4, 2), (5, 0), (3, 1), (4, 0), (7, 1)]
    found = rows(trials(lost), people([False] * 8))
    happy, neutral = (r for r in found if r["compared"] == "condition")
    assert (happy["level"], happy["lost"], happy["of"]) == ("happy", 35, 80)
    assert (happy["share"], happy["others_share"]) == pytest.approx((35 / 80, 6 / 80))
    difference = np.array([a - b for a, b in lost]) / 10
    rng = generator(SETTINGS.seed, "exclusions", "happy")
    assert happy["p"] == neutral["p"] == sign_flip_p(difference, rng) == 2 / 2**8
    assert (happy["differs"], neutral["share"]) == (1, pytest.approx(6 / 80))
    sentences = exclusion_sentences(found)
    assert sentences[0] == ("trials lost differ by condition (watch): happy 44 %, others 8 %")
    assert sum("by condition" in text for text in sentences) == 2


def test_a_group_that_loses_more_trials_or_people_is_found():
    lost = [(5, 1), (1, 1), (6, 1), (0, 1), (5, 1), (1, 1), (4, 1), (2, 1)]
    gone = [True, False] * 4
    found = [r for r in rows(trials(lost), people(gone)) if r["compared"] == "arm"]
    happy, neutral, person = found
    test = stats.ttest_ind([0.5, 0.6, 0.5, 0.4], [0.1, 0.0, 0.1, 0.2], equal_var=False)
    assert happy["p"] == pytest.approx(test.pvalue)
    assert (happy["condition"], happy["level"], happy["lost"], happy["of"]) == (
        "happy",
        "a",
        20,
        40,
    )
    assert (happy["share"], happy["others_share"]) == pytest.approx((0.5, 0.1))
    assert (neutral["p"], neutral["differs"]) == (1.0, 0)
    assert (person["what"], person["lost"], person["of"]) == ("people", 4, 4)
    assert person["p"] == pytest.approx(stats.fisher_exact([[4, 0], [0, 4]]).pvalue)
    assert "people without a contrast differ by arm (watch, happy): a 100 %, others 0 %" in (
        exclusion_sentences(found)
    )


def test_a_group_that_loses_everything_differs_from_one_that_loses_nothing():
    """Nobody differs from the others of the group, so there is no variance for a t test."""
    found = rows(trials([(10, 10), (0, 0)] * 6), people([False] * 12))
    happy, neutral = (r for r in found if r["what"] == "trials" and r["compared"] == "arm")
    assert happy["p"] == pytest.approx(stats.fisher_exact([[6, 0], [0, 6]]).pvalue)
    assert (happy["share"], happy["others_share"], happy["differs"]) == (1, 0, 1)
    assert (happy["reason"], neutral["differs"]) == ("", 1)
    assert "trials lost differ by arm (watch, happy): a 100 %, others 0 %" in (
        exclusion_sentences(found)
    )
    even = rows(trials([(3, 3)] * 12), people([False] * 12))
    assert {r["p"] for r in even if r["compared"] == "arm"} == {1.0}


def test_a_group_of_one_person_has_no_p_and_says_why():
    found = rows(trials([(3, 3), (2, 2)]), people([False] * 2))
    by_arm = [r for r in found if r["what"] == "trials" and r["compared"] == "arm"]
    assert [r["reason"] for r in by_arm] == ["too_few_participants"] * 2
    assert np.isnan([r["p"] for r in by_arm]).all()
    assert {r["reason"] for r in found if r["compared"] == "condition"} == {""}


def test_of_three_groups_each_is_held_against_the_others_and_of_one_none():
    lost, gone = [(1, 1)] * 6, [False] * 6
    three = ("a", "b", "c")
    found = rows(trials(lost, three), people(gone, three))
    assert [r["level"] for r in found if r["what"] == "people"] == ["a", "b", "c"]
    assert all(r["differs"] == 0 for r in found)
    alone = rows(trials(lost, ("a",)), people(gone, ("a",)))
    assert {r["compared"] for r in alone} == {"condition"}
    assert exclusion_sentences(alone) == ()
    assert rows(None, people(gone, ("a",))) == []


def test_nothing_lost_at_random_is_found_at_the_level():
    """Trials lost at one rate everywhere, people differing in it: 300 studies of 16."""
    rng = np.random.default_rng(3)
    hits = np.zeros((300, 3))
    for k in range(300):
        rate = rng.beta(2, 8, 16)
        lost = rng.binomial(10, np.column_stack([rate, rate]))
        found = rows(trials(lost), people([False] * 16))
        hits[k] = [r["differs"] for r in found if r["what"] == "trials" and r["level"] != "neutral"]
    assert (hits.mean(axis=0) <= 0.085).all()
    assert (hits.mean(axis=0) >= 0.015).all()


def test_exclusions_come_first_in_text_tables_and_page(make_study, summary_rows):
    study = make_study(people=8, repeats=1)
    path = study.results / "scores.tsv"
    scores = pd.read_csv(path, sep="\t", dtype={"participant": str})
    happy = scores["condition"] == "happy"
    scores.loc[happy & (scores.groupby(["participant", "condition"]).cumcount() < 4), "valid"] = 0
    write_tsv(path, scores)
    table = [row for k in range(8) for row in summary_rows(f"0{k}", 1.0 + k / 9, 0.6, None)]
    write_tsv(study.results / "summary.tsv", pd.DataFrame(table))
    answer = CliRunner().invoke(app, ["group", str(study.root)])
    assert answer.exit_code == 0, answer.stderr
    said = "trials lost differ by condition (watch): happy 50 %, others 0 %"
    assert answer.stdout.index(said) < answer.stdout.index("Raw contrast against 0")
    page = (study.results / "report.html").read_text()
    assert page.index(said) < page.index("Contrast of every group")
    assert page.index("Exclusions, before any result") < page.index("Contrast of every group")
    written = pd.read_csv(study.results / "group_exclusions.tsv", sep="\t")
    assert written.loc[written["level"] == "happy", "differs"].tolist() == [1]
    again = CliRunner().invoke(app, ["group", str(study.root), "--json"])
    envelope = json.loads(again.stdout)
    assert [r["level"] for r in envelope["exclusions"]] == ["happy", "angry", "neutral"]
    assert said in json.loads((study.results / "group.json").read_text())["warnings"]


def test_people_without_a_shared_contrast_are_counted_once():
    """Of one target and one opponent, happy and angry share a contrast: its row is asked."""
    maps = {
        "happy": EmotionMap(("AU12",), ("AU04",), valence="positive"),
        "angry": EmotionMap(("AU04",), ("AU12",), valence="negative"),
    }
    settings = ScoringSettings(maps, reference="valence")
    shared = people([k % 2 == 0 for k in range(20)])
    table = pd.concat(
        [
            shared.assign(condition="happy", contrast_raw=np.nan),
            shared.assign(condition="angry", contrast_raw=np.nan),
            shared.assign(condition="valence-congruent response"),
        ]
    )
    found = list(exclusion_rows(None, table, "arm", settings))
    assert {r["condition"] for r in found} == {"valence-congruent response"}
    assert found[0]["p"] == pytest.approx(stats.fisher_exact([[10, 0], [0, 10]]).pvalue)
