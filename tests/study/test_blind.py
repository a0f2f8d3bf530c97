"""A blind study shows no condition before its quality control is locked."""

import json
import os
import shutil
import warnings

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from mimicry.analyses.multiverse import multiverse
from mimicry.analyses.prereg import freeze, write_prereg
from mimicry.analyses.verify import verify_study
from mimicry.cli import app
from mimicry.errors import InputError, OutputExistsError, QualityWarning
from mimicry.pipeline import score_recording
from mimicry.protocol import load_protocol
from mimicry.records import ExtractionOptions, ScoringInputs
from mimicry.simulation.study import simulate_study
from mimicry.study import open_study
from mimicry.study.blind import blind_study_of, lock_study, masked_labels, start_blind
from mimicry.study.failures import read_failures

CONDITIONS = ("happy", "angry", "neutral")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    root = tmp_path_factory.mktemp("blind") / "study"
    simulate_study(load_protocol("dynamic-happy-angry"), root, participants=1)
    protocol = yaml.safe_load((root / "protocol.yaml").read_text())
    protocol["scoring"]["surrogates"] = 49
    protocol["power"]["participants"] = 1
    (root / "protocol.yaml").write_text(yaml.safe_dump(protocol))
    events = next(root.glob("sub-*/beh/*_events.tsv"))
    lines = events.read_text().splitlines(keepends=True)
    events.write_text("".join(lines[:31]))
    return root


@pytest.fixture
def study(simulated, tmp_path):
    root = tmp_path / "study"
    shutil.copytree(simulated, root)
    return root


def score(root, **choices):
    table = next(root.glob("derivatives/mimicry/sub-*/*_au.parquet"))
    return score_recording(
        table,
        ScoringInputs(
            next(root.glob("sub-*/beh/*_events.tsv")),
            root / "protocol.yaml",
            root / "stimuli.json",
        ),
        table.parent,
        **choices,
    )


def test_a_blind_study_writes_no_condition_no_stimulus_and_no_movement(study):
    start_blind(study)
    before = {p.name for p in study.rglob("*")}
    scored = score(study)
    written = {p.name: p for p in study.rglob("*") if p.name not in before}
    assert sorted(name.rsplit("_", 1)[1] for name in written) == ["blind.json", "blind.tsv"]
    for path in written.values():
        text = path.read_text()
        assert not any(name in text for name in CONDITIONS)
    assert set(scored.scores["condition"]) == {"A", "B", "C"}
    assert not [c for c in scored.scores if "AU" in c or "mimicry" in c or c == "stimulus"]
    assert score(study).resumed


def test_doubts_about_a_blind_recording_are_told_and_kept(study):
    """A batch hears nothing but what is returned."""
    start_blind(study)
    table = next(study.glob("derivatives/mimicry/sub-*/*_au.parquet"))
    pd.read_parquet(table).drop(columns="AU04").to_parquet(table)
    events = next(study.glob("sub-*/beh/*_events.tsv"))
    rows = pd.read_csv(events, sep="\t", dtype=str, keep_default_na=False)
    late = rows.index >= len(rows) // 2
    rows.loc[late, "onset"] = [str(float(t) + 9000) for t in rows.loc[late, "onset"]]
    rows.to_csv(events, sep="\t", index=False)
    with pytest.warns(QualityWarning) as said:
        first = score(study)
    doubt = next(text for text in first.warnings if "onsets lie outside the recording" in text)
    assert any("not measured in this track" in text for text in first.warnings)
    assert {str(w.message) for w in said} == set(first.warnings)
    kept = json.loads(first.files["sidecar"].read_text())["warnings"]
    assert doubt in kept
    assert not any(name in text for name in CONDITIONS for text in kept)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        again = score(study)
    assert again.resumed
    assert sorted(again.warnings) == sorted(first.warnings)


def test_labels_are_the_same_in_the_whole_study_and_differ_between_studies():
    labels = {key: masked_labels(CONDITIONS, key) for key in map(str, range(40))}
    assert all(sorted(m.values()) == ["A", "B", "C"] for m in labels.values())
    assert {m["happy"] for m in labels.values()} == {"A", "B", "C"}
    assert masked_labels(CONDITIONS[::-1], "1") == labels["1"]


def test_exclusions_hold_from_the_lock_on_and_are_named_as_reason(study):
    start_blind(study)
    table = score(study).scores
    out = table["trial_id"].iloc[3]
    (study / "exclusions.tsv").write_text(
        f"participant\ttrial_id\treason\n01\t{out}\ttalked to the experimenter\n"
    )
    lock_study(study)
    scored = score(study)
    row = scored.scores.set_index("trial_id").loc[out]
    assert (row["valid"], row["reason"]) == (0, "excluded")
    assert set(scored.scores["condition"]) == set(CONDITIONS)
    assert scored.files["report"].exists()
    assert blind_study_of(study).locked


def test_a_change_after_the_lock_is_found_by_verify(study):
    start_blind(study)
    score(study)
    write_prereg(freeze(load_protocol(study / "protocol.yaml")), study / "prereg.json")
    lock_study(study)
    score(study)
    assert not verify_study(study).differences
    (study / "exclusions.tsv").write_text("participant\treason\n01\tdid not mimic\n")
    found = verify_study(study).differences
    assert [d.key for d in found] == ["exclusion", "quality control"]  # nor do the scores have it
    assert found[1].where == "exclusions.tsv"
    status = CliRunner().invoke(app, ["blind", "status", str(study), "--json"])
    assert status.exit_code == 2
    assert json.loads(status.stdout)["changed"] == ["exclusions.tsv"]


def test_nothing_looks_at_conditions_while_the_study_is_blind(study):
    start_blind(study)
    grid = study / "grid.yaml"
    grid.write_text("grid:\n  smoothing: [0.1]\n")
    with pytest.raises(InputError, match="quality control is locked"):
        multiverse(open_study(study), grid)


def test_events_without_a_recording_are_a_failure_and_do_not_hinder_the_lock(study):
    first = next(study.glob("sub-*/beh/*_events.tsv"))
    gone = study / "sub-09" / "beh" / first.name.replace("sub-01", "sub-09")
    gone.parent.mkdir(parents=True)
    shutil.copy(first, gone)
    write_prereg(freeze(load_protocol(study / "protocol.yaml")), study / "prereg.json")
    start_blind(study)
    answer = CliRunner().invoke(app, ["batch", str(study), "--jobs", "1"])
    assert answer.exit_code == 1, answer.stderr
    assert "2 recordings: 1 done, 0 there already, 1 failed" in answer.stdout
    (row,) = read_failures(study / "derivatives" / "mimicry").rows
    assert row.input == gone.relative_to(study).as_posix()
    assert row.message == "no video, landmarks or action units for these events"
    assert f"failed: {row.input}: {row.message}" in answer.stderr
    lock_study(study)
    CliRunner().invoke(app, ["batch", str(study), "--jobs", "1"])
    assert not verify_study(study).differences
    answer = CliRunner().invoke(app, ["reliability", str(study)])
    assert "1 recording failed (sub-09/" in answer.stderr
    assert "failures.tsv says why" in answer.stderr
    shutil.rmtree(gone.parents[1])
    assert CliRunner().invoke(app, ["batch", str(study), "--jobs", "1"]).exit_code == 0
    assert not (study / "derivatives" / "mimicry" / "failures.tsv").exists()


def test_what_was_seen_cannot_be_made_blind_and_locks_are_final(study):
    with pytest.raises(InputError, match="not blind"):
        lock_study(study)
    start_blind(study)
    with pytest.raises(OutputExistsError, match="blind already"):
        start_blind(study)
    with pytest.raises(InputError, match="no quality table"):
        lock_study(study)
    score(study)
    (study / "exclusions.tsv").write_text("participant\ttrial_id\treason\n01\tnone-such\tx\n")
    with pytest.raises(InputError, match="there is no such trial"):
        lock_study(study)
    (study / "exclusions.tsv").write_text("participant\treason\n01\t\n")
    with pytest.raises(InputError, match="line 2 lacks"):
        lock_study(study)
    (study / "exclusions.tsv").unlink()
    lock_study(study)
    with pytest.raises(OutputExistsError, match="locked already"):
        lock_study(study)


def test_scores_that_are_there_forbid_a_blind_start(study):
    score(study)
    with pytest.raises(OutputExistsError, match="cannot be made blind"):
        start_blind(study)


def test_one_recording_can_be_scored_blind_without_a_blind_study(study):
    scored = score(study, blind=True)
    assert isinstance(scored.scores, pd.DataFrame)
    assert "report" not in scored.files
    assert CliRunner().invoke(app, ["blind", "status", str(study)]).stdout.strip() == "open"


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
@pytest.mark.parametrize("blind", [False, True])
def test_scores_that_are_made_again_stay_shared(study, blind):
    made = set(score(study, blind=blind).files.values())
    for path in made:
        path.chmod(0o640)
    score(study, blind=blind, options=ExtractionOptions(overwrite=True))
    assert {path.stat().st_mode & 0o777 for path in made} == {0o640}
