"""A simulated study looks like a real one, can be scored, and its truth is found again."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mimicry.cli import app
from mimicry.errors import InputError, OutputExistsError
from mimicry.interchange.tables import read_au_table
from mimicry.protocol import load_protocol
from mimicry.scoring import score
from mimicry.simulation.effects import EFFECTS, parse_group
from mimicry.simulation.study import Scenario, _write_manifest, simulate_study
from mimicry.timeline import align, read_events, read_manifest

PREFIX = "sub-01_task-dynamichappyangry"


@pytest.fixture(scope="module")
def house():
    return load_protocol("dynamic-happy-angry")


@pytest.fixture(scope="module")
def study(house, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "study"
    simulate_study(
        house,
        folder,
        Scenario(
            [parse_group("control:gain=1,gain_sd=0"), parse_group("low:gain=0.5,gain_sd=0")],
            EFFECTS["visible"],
            "studio",
        ),
        participants=1,
        seed=3,
    )
    return folder


def test_the_folder_holds_what_a_study_holds(study):
    for name in (
        "dataset_description.json",
        "participants.tsv",
        "participants.json",
        "protocol.yaml",
        "stimuli.json",
        f"sub-01/beh/{PREFIX}_events.tsv",
        f"sub-01/beh/{PREFIX}_events.json",
        f"derivatives/mimicry/sub-01/{PREFIX}_au.parquet",
        f"derivatives/mimicry/sub-01/{PREFIX}_au.json",
        f"derivatives/simulation/sub-01/{PREFIX}_truth.tsv",
        "derivatives/simulation/participants_truth.tsv",
        "derivatives/simulation/simulation.json",
    ):
        assert (study / name).is_file(), name
    people = pd.read_csv(study / "participants.tsv", sep="\t")
    assert people["participant_id"].tolist() == ["sub-01", "sub-02"]
    assert people["group"].tolist() == ["control", "low"]
    assert "gain" not in " ".join(people.columns)


def test_what_the_folder_says_of_itself(study, house):
    described = json.loads((study / "dataset_description.json").read_text())
    assert described["GeneratedBy"][0].pop("Version")
    note = described.pop("HowToAcknowledge")
    assert "simulated" in note.lower()
    assert described == {
        "Name": f"Simulated study: {house.file.title}",
        "BIDSVersion": "1.10.0",
        "DatasetType": "raw",
        "License": "CC0",
        "GeneratedBy": [{"Name": "mimicry"}],
    }
    manifest = json.loads((study / "stimuli.json").read_text())
    entries = manifest.pop("stimuli")
    assert "not validated on humans" in manifest.pop("note")
    assert manifest == {"version": 1, "license": "CC0-1.0"}
    known = read_manifest()
    assert entries
    for entry in entries:
        assert entry["id"] in known
        assert (entry["license"], entry["file"], entry["sha256"]) == ("CC0-1.0", None, None)
        assert entry["kind"] == ("dynamic" if entry["apex_s"] > entry["onset_s"] else "static")
        assert entry["envelope"] == "measured or declared in a manifest"
        assert entry["duration_s"] == entry["times_s"][-1]


def test_stimuli_of_no_manifest_are_written_with_their_planned_timing(tmp_path):
    _write_manifest(tmp_path, {"x": read_manifest()["happy-m01-dynamic"]}, {})
    (entry,) = json.loads((tmp_path / "stimuli.json").read_text())["stimuli"]
    assert (entry["id"], entry["envelope"], entry["kind"]) == ("x", "planned timing", "dynamic")


def scored(study, house, label):
    prefix = PREFIX.replace("01", label)
    folder = study / "derivatives" / "mimicry" / f"sub-{label}"
    trials = read_events(study / f"sub-{label}" / "beh" / f"{prefix}_events.tsv")
    track = read_au_table(folder / f"{prefix}_au.parquet")
    settings = house.scoring_settings()
    aligned = align(track, trials, read_manifest(study / "stimuli.json"), settings)
    return score(aligned, settings).to_frame()


def test_scores_follow_the_truth_without_any_video(study, house):
    """Trial by trial, the smile that was made is the smile that is scored."""
    truth_file = study / "derivatives" / "simulation" / "sub-01" / f"{PREFIX}_truth.tsv"
    truth = pd.read_csv(truth_file, sep="\t")
    table = scored(study, house, "01").merge(truth, on="trial_id", suffixes=("", "_true"))
    happy = table[(table["condition"] == "happy") & (table["block"] == "watch")].dropna(
        subset=["delta_AU12_main"]
    )
    assert len(happy) >= 20
    r = np.corrcoef(happy["delta_AU12_main"], happy["amplitude_AU12"])[0, 1]
    assert r > 0.8
    share = happy["delta_AU12_main"].mean() / happy["amplitude_AU12"].mean()
    assert 0.5 < share < 1  # the window opens before the response has risen


def test_half_the_gain_gives_about_half_the_score(study, house):
    mean = [
        scored(study, house, label)
        .query("condition == 'happy' and block == 'watch'")["delta_AU12_main"]
        .mean()
        for label in ("01", "02")
    ]
    assert mean[1] / mean[0] == pytest.approx(0.5, abs=0.15)


def digests(folder):
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_the_same_settings_give_the_same_bytes_and_can_be_run_again(house, tmp_path):
    keys = {"participants": 1, "scenario": Scenario([parse_group("a:gain=1")]), "seed": 5}
    for name in ("one", "two"):
        simulate_study(house, tmp_path / name, **keys)
    first = digests(tmp_path / "one")
    assert first == digests(tmp_path / "two")
    simulate_study(house, tmp_path / "one", **keys)
    assert digests(tmp_path / "one") == first
    with pytest.raises(OutputExistsError):
        simulate_study(house, tmp_path / "one", **{**keys, "seed": 6})


def test_other_peoples_folders_are_left_alone(house, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputExistsError, match="no simulated study"):
        simulate_study(house, tmp_path, participants=1)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_change_that_concerns_no_trial_is_explained(house, tmp_path):
    group = parse_group("x:gain[role=critic]=0.2")
    with pytest.raises(InputError, match="role=critic"):
        simulate_study(house, tmp_path / "s", Scenario([group]), participants=1)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--participants", "0"], "1 or more"),
        (["--noise", "loud"], "webcam"),
        (["--group", "a:gian=2"], "gain"),
        (["--effect", "huge"], "visible"),
        (["--group", "a", "--group", "a"], "share a name"),
    ],
)
def test_wrong_options_give_one_sentence_and_exit_code_2(tmp_path, arguments, said):
    command = ["simulate", "dynamic-happy-angry", "--out", str(tmp_path / "s"), *arguments]
    result = CliRunner().invoke(app, [*command, "--json"])
    assert result.exit_code == 2
    assert said in json.loads(result.stdout)["error"]["message"]
    assert not (tmp_path / "s").exists()


def test_the_power_command_prints_rates_with_their_error():
    result = CliRunner().invoke(
        app,
        ["power", "dynamic-happy-angry", "--participants", "6,12", "--studies", "20", "--json"],
    )
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)["estimates"]
    assert [e["participants"] for e in found] == [6, 12]
    for e in found:
        assert e["power_se"] == pytest.approx(np.sqrt(e["power"] * (1 - e["power"]) / 20))
