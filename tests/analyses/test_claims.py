"""What a group's contrast supports, and how many of its people each claim is made of."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mimicry.analyses.claims import claim_rows
from mimicry.analyses.comparisons import trials_of
from mimicry.analyses.group import group_tables
from mimicry.cli import app
from mimicry.files import write_tsv
from mimicry.records import EmotionMap, ScoringSettings

MAPS = {"happy": ("AU12", "AU04"), "angry": ("AU04", "AU12")}
WHERE = {"session": "", "phase": "watch", "condition": "sad", "group": "all"}
SAD = ScoringSettings({"sad": EmotionMap(("AU15",), ("AU12",), "negative")})


@pytest.fixture
def study(make_study):
    """Twelve people who smile at happy faces, and twice as much at neutral ones."""
    study = make_study(people=12, repeats=1, sd_person=0.1, sd_trial=0.1)
    path = study.results / "scores.tsv"
    table = pd.read_csv(path, sep="\t", na_values=["n/a"], dtype={"participant": str})
    table.loc[table["condition"] == "neutral", "delta_AU12_main"] += 0.8
    write_tsv(path, table)
    rows = []
    for person, trials in table.groupby("participant"):
        means = trials.groupby("condition")[["delta_AU12_main", "delta_AU04_main"]].mean()
        smile, frown = (means - means.loc["neutral"]).to_numpy().T
        for k, emotion in enumerate(means.index):
            if emotion not in MAPS:
                continue
            target = {"happy": smile[k], "angry": frown[k]}[emotion]
            opponent = {"happy": frown[k], "angry": smile[k]}[emotion]
            rows.append({
                "participant": person, "session": None, "phase": "watch", "condition": emotion,
                "claim": {"00": "none", "01": None}.get(person, "opponent only"),
                "comparison": "response against neutral faces",
                "targets": MAPS[emotion][0], "opponents": MAPS[emotion][1],
                "contrast_raw": target - opponent, "contrast_target_raw": target,
                "contrast_opponent_raw": opponent,
                "latency_shift_s": np.nan, "latency_half_s": np.nan,
                "nan_reasons": "latency_shift_s=low_snr",
            })  # fmt: skip
    write_tsv(study.results / "summary.tsv", pd.DataFrame(rows))
    return study


def test_a_group_that_smiles_more_at_neutral_faces_does_not_mimic_anger(study):
    tables = group_tables(study)
    angry, happy = tables.claims.sort_values("condition").to_dict("records")
    known = tables.contrasts.set_index(["condition", "measure"])
    assert known.loc[("angry", "contrast_raw"), "p"] < 0.001
    assert known.loc[("angry", "contrast_raw"), "mean"] > 0.5
    assert known.loc[("angry", "contrast_target_raw"), "clips"] == "random"
    assert (angry["claim"], angry["targets"], angry["opponents"]) == (
        "opponent only", "AU04", "AU12"
    )  # fmt: skip
    assert (happy["claim"], happy["reason"]) == ("counter-mimicry", None)
    p = known.loc["happy"].loc[["contrast_raw", "contrast_target_raw"], "p"].max()
    assert happy["p_claim"] == pytest.approx(p)
    assert {k: v for k, v in happy.items() if k.startswith("people")} == {
        "people": 12, "people_towards": 0, "people_against": 0, "people_opponent_only": 10,
        "people_none": 1, "people_without": 1,
    }  # fmt: skip


def test_the_claims_of_groups_stand_first_on_console_and_page(study):
    answer = CliRunner().invoke(app, ["group", str(study.root)])
    assert answer.exit_code == 0, answer.stderr
    line = (
        "watch angry all: opponent only. The faces made a difference, but not in AU04 alone: no "
        "mimicry. Person by person: 10 opponent only, 1 none shown, 1 no claim."
    )
    assert line in answer.stdout
    assert answer.stdout.index(line) < answer.stdout.index("Raw contrast against 0")
    page = (study.results / "report.html").read_text(encoding="utf-8")
    assert page.index(line.partition(": ")[2]) < page.index("Contrast of every group")
    written = pd.read_csv(study.results / "group_claims.tsv", sep="\t")
    assert set(written["claim"]) == {"opponent only", "counter-mimicry"}
    columns = json.loads((study.results / "group.json").read_text())["columns"]
    assert set(written.columns) <= set(columns) | {"group"}


def means(*, whole=(0.5, 0.01, ""), target=(0.4, 0.02, "")):
    names = ("contrast_raw", whole), ("contrast_target_raw", target)
    return [
        WHERE | {"measure": name} | dict(zip(("mean", "p", "reason"), numbers, strict=True))
        for name, numbers in names
        if numbers
    ]


@pytest.mark.parametrize(
    ("given", "claim", "reason"),
    [
        ({}, "mimicry", ""),
        ({"target": (-0.4, 0.02, "")}, "opponent only", ""),
        ({"target": ()}, "", "no_target_part"),
        ({"whole": (0.5, np.nan, "")}, "", "clips_fixed"),
        ({"target": (0.4, np.nan, "")}, "", "clips_fixed"),
        ({"whole": (0.5, np.nan, "no_variance")}, "", "no_variance"),
        ({"target": (np.nan, np.nan, "too_few_clips")}, "", "too_few_clips"),
    ],
)
def test_a_group_without_a_claim_says_why(given, claim, reason):
    table = pd.DataFrame([WHERE | {"targets": "AU15", "opponents": "AU12"}] * 3)
    (row,) = claim_rows(table, means(**given), "group", SAD)
    assert (row["claim"], row["reason"]) == (claim, reason)
    assert np.isnan(row["p_claim"]) == (not claim)
    assert (row["people"], row["people_without"]) == (3, 3)  # no column `claim`


def test_a_condition_without_a_contrast_has_no_row():
    assert list(claim_rows(pd.DataFrame([WHERE]), [], "group", SAD)) == []


def test_emotions_that_share_a_contrast_have_trials_for_it():
    """One number for happy and sad: the clips of both are random in the row that gives it."""
    maps = {"happy": EmotionMap(("AU12",), ("AU15",), "positive"),
            "sad": EmotionMap(("AU15",), ("AU12",), "negative")}  # fmt: skip
    settings = ScoringSettings(maps, reference="valence")
    trial = {"session": "", "block": "watch", "participant": "1", "stimulus": "a", "valid": 1}
    units = {"delta_AU12_main": [1.0, 0.25], "delta_AU15_main": [0.0, 0.5]}
    table = pd.DataFrame({**trial, "condition": ["happy", "sad"], **units})
    trials = trials_of(table, settings)
    for name, emotion, reference in (
        ("contrast_raw", 1.0, -0.25), ("contrast_target_raw", 1.0, 0.25)
    ):  # fmt: skip
        person = trials["", "watch", "valence-congruent response", name]["1"]
        assert (person.emotion, person.reference) == ([emotion], [reference])
    assert ("", "watch", "valence-congruent response", "contrast_raw") not in trials_of(
        table[table["condition"] == "sad"], settings
    )


def test_people_are_counted_by_the_words_of_the_reference():
    valence = ScoringSettings(SAD.emotions, reference="valence")
    claims = ["valence-congruent", "valence-congruent", "valence-incongruent", "none", ""]
    table = pd.DataFrame([WHERE | {"claim": claim} for claim in claims])
    (row,) = claim_rows(table, means(), "group", valence)
    assert row["claim"] == "valence-congruent"
    assert [v for k, v in row.items() if k.startswith("people")] == [5, 2, 1, 0, 1, 1]
