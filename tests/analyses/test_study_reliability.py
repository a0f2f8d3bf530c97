"""Reliability of a study's contrasts, from its scores to the table."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from mimicry.analyses.reliability import (
    RELIABILITY_COLUMNS,
    _cells,
    contrast_trials,
    study_reliability,
)
from mimicry.cli import app
from mimicry.errors import InputError, TableError
from mimicry.study import open_study, read_scores


def test_people_who_differ_are_told_apart_and_units_that_miss_are_not(make_study):
    found = study_reliability(make_study(), splits=200).to_frame().set_index(["condition", "unit"])
    assert found.loc[("happy", "raw"), "split_half"] > 0.7
    counts = found.loc[("happy", "raw"), ["clips_per_side", "trials_per_clip"]]
    assert counts.tolist() == pytest.approx([8, 3])
    raw, z = found.loc[("happy", "raw")], found.loc[("happy", "z")]
    assert z["sd_between"] == pytest.approx(2 * raw["sd_between"])
    assert np.isnan(found.loc[("happy", "cal"), "split_half"])
    assert found.loc[("happy", "cal"), "n_left_out"] == 24
    assert found.loc[("angry", "raw"), "split_half"] < 0.5 or np.isnan(
        found.loc[("angry", "raw"), "split_half"]
    )


def test_a_contrast_that_two_emotions_share_stands_there_once(make_study):
    study = make_study(people=4)
    table = read_scores(study)
    settings = replace(study.protocol.scoring_settings(), reference="valence")
    found = list(_cells(table, settings, "main"))
    assert [(where["condition"], where["unit"]) for where, _ in found] == [
        ("valence-congruent response", unit) for unit in ("raw", "z", "cal")
    ]
    happy = contrast_trials(table, settings, "happy", "raw", "main")
    assert [p.contrast for p in found[0][1]] == [p.contrast for p in happy]
    neutral = replace(settings, reference="neutral")
    names = dict.fromkeys(where["condition"] for where, _ in _cells(table, neutral, "main"))
    assert list(names) == ["happy", "angry"]


def test_invalid_trials_do_not_count(make_study):
    study = make_study(people=6)
    path = study.results / "scores.tsv"
    lines = path.read_text().splitlines()
    valid = lines[0].split("\t").index("valid")
    cut = [line.split("\t") for line in lines]
    for cells in cut[1:]:
        if cells[0] == "00":
            cells[valid] = "0"
    path.write_text("\n".join("\t".join(cells) for cells in cut) + "\n")
    row = study_reliability(study, splits=20).rows[0]
    assert (row["n_participants"], row["n_left_out"]) == (5, 1)


def test_two_sessions_are_never_pooled_and_give_an_icc(make_study):
    found = study_reliability(make_study(sessions=("1", "2"), people=12), splits=20)
    assert {row["session"] for row in found.rows} == {"1", "2"}
    happy = [s for s in found.sessions if s["condition"] == "happy" and s["unit"] == "raw"]
    assert happy[0]["icc_3_1"] > 0.7


def test_the_command_writes_a_table_and_warns(make_study):
    study = make_study(people=10, sd_person=0.02)
    words = ["reliability", str(study.root), "--protocol", "dynamic-happy-angry", "--splits", "100"]
    answer = CliRunner().invoke(app, [*words, "--json"])
    assert answer.exit_code == 0, answer.stderr
    envelope = json.loads(answer.stdout)
    assert len(envelope["contrasts"]) == 6
    assert any("only 10 participants" in text for text in envelope["warnings"])
    table = study.results / "group_reliability.tsv"
    before = table.read_bytes()
    assert CliRunner().invoke(app, words).exit_code == 0
    assert table.read_bytes() == before
    other = CliRunner().invoke(app, [*words[:-1], "50"])
    assert other.exit_code == 2
    assert "--overwrite" in other.stderr


def test_scores_of_single_participants_are_gathered(make_study):
    study = make_study(people=4)
    whole = study.results / "scores.tsv"
    lines = whole.read_text().splitlines(keepends=True)
    for name in ("00", "01"):
        own = study.results / f"sub-{name}" / "beh"
        own.mkdir(parents=True)
        text = lines[0] + "".join(line for line in lines if line.startswith(name))
        (own / f"sub-{name}_task-x_scores.tsv").write_text(text)
    whole.unlink()
    assert set(read_scores(study)["participant"]) == {"00", "01"}


def test_what_is_missing_is_said(make_study, tmp_path):
    with pytest.raises(InputError, match="no such study"):
        open_study(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"no protocol\.yaml"):
        open_study(tmp_path / "empty")
    with pytest.raises(TableError, match="mimicry batch"):
        read_scores(open_study(tmp_path / "empty", "dynamic-happy-angry"))
    with pytest.raises(InputError, match="the protocol has main"):
        study_reliability(make_study(people=3), window="whole")


def test_every_number_of_a_reliability_is_worked_out_by_hand(make_study):
    study = make_study(people=24, repeats=2)
    table = study_reliability(study, splits=50).to_frame()
    assert list(table.columns) == [c.names for c in RELIABILITY_COLUMNS]
    row = table.set_index(["condition", "unit"]).loc[("happy", "raw")]
    scores = read_scores(study)
    score = scores["delta_AU12_main"] - scores["delta_AU04_main"]
    means = score.groupby([scores["participant"], scores["condition"]]).mean().unstack()
    contrasts = means["happy"] - means["neutral"]
    trial = residual = 0.0
    for condition in ("happy", "neutral"):
        rows = scores[scores["condition"] == condition].assign(score=score)
        cells = rows.groupby(["participant", "stimulus"])["score"]
        trial += (cells.var(ddof=1)).mean()
        x = cells.mean().unstack().to_numpy()
        left = x - x.mean(0) - x.mean(1, keepdims=True) + x.mean()
        residual += (left**2).sum() / (23 * 7)
    person_clip = max(residual - trial / 2, 0)
    person = contrasts.var(ddof=1) - residual / 8
    error, predicted = residual / 8, person_clip + trial / 2  # a negative variance predicts none
    single = person / (person + person_clip + trial)
    expected = {
        "n_participants": 24,
        "n_left_out": 0,
        "clips_per_side": 8,
        "trials_per_clip": 2,
        "splits": 50,
        "sd_between": contrasts.std(ddof=1),
        "split_half": 2 * row["r_mean"] / (1 + row["r_mean"]),
        "var_person": person,
        "var_person_clip": person_clip,
        "var_trial": trial,
        "sem": np.sqrt(error),
        "icc_single": single,
        "generalisability": person / (person + error),
    }
    assert row[list(expected)].astype(float).to_dict() == pytest.approx(expected)
    for share, name in ((0.7, "clips_for_70"), (0.8, "clips_for_80")):
        assert row[name] == np.ceil(share / (1 - share) * predicted / person)
    assert row["r_low"] < row["r_mean"] < row["r_high"]
    assert row["split_half_low"] < row["split_half"] < row["split_half_high"]
