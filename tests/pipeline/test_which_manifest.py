"""Every command scores with the stimuli of one manifest, and of the same one."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from mimicry.analyses.group import group_tables
from mimicry.analyses.multiverse import multiverse
from mimicry.batch import run_batch
from mimicry.errors import InputError, QualityWarning, StimulusError
from mimicry.files import asset_folder, read_json, sha256_of
from mimicry.pipeline import score_recording
from mimicry.protocol import load_protocol
from mimicry.records import ExtractionOptions, ScoringInputs
from mimicry.runner.study import prepare_study
from mimicry.simulation.study import simulate_study
from mimicry.study import open_study
from mimicry.study.layout import stimuli_copy, study_of_events
from mimicry.study.scored_with import check_same_stimuli, clock_shift_s, say_other_stimuli
from mimicry.timeline.manifest import choose_manifest

NAME = "sub-01_task-ownclips"


def own_manifest(path: Path, *, rise_s: float = 0.3) -> Path:
    """The shipped clips by their own ids, but with another rise: a mix-up would show."""
    content = json.loads((asset_folder("stimuli") / "manifest.json").read_text())
    content["stimuli"] = [e for e in content["stimuli"] if e["kind"] == "dynamic"]
    for entry in content["stimuli"]:
        entry["apex_s"] = entry["onset_s"] + rise_s
        entry["times_s"] = [0.0, entry["onset_s"], entry["onset_s"] + rise_s, 2.5]
        entry["intensity"] = {name: [0, 0, 1, 1] for name in entry["intensity"]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A laboratory's folder: clips, a protocol that names them, one recording with events."""
    lab = tmp_path_factory.mktemp("lab")
    own_manifest(lab / "clips" / "manifest.json")
    text = {
        "name": "own-clips",
        "extends": "dynamic-happy-angry",
        "title": "Clips of our own",
        "stimuli": {"manifest": "clips/manifest.json", "identities": ["m01", "f01"]},
        "design": {"randomisation": {"max_same_identity": 200, "max_same_condition": 200}},
        "blocks": {"watch": {"repeats": 3, "practice": 0}, "imitate": None, "inhibit": None},
        "provenance": {"*": "default"},
    }
    (lab / "own-clips.yaml").write_text(yaml.safe_dump(text))
    simulate_study(load_protocol(lab / "own-clips.yaml"), lab / "made", participants=1)
    beh = lab / "study" / "sub-01" / "beh"
    beh.mkdir(parents=True)
    shutil.copy(lab / "made" / "sub-01" / "beh" / f"{NAME}_events.tsv", beh)
    results = lab / "study" / "derivatives" / "mimicry" / "sub-01"
    results.mkdir(parents=True)
    for table in (lab / "made" / "derivatives" / "mimicry" / "sub-01").glob(f"{NAME}_au.*"):
        shutil.copy(table, results)
    return lab


@pytest.fixture
def lab(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "lab"))


def scored(lab: Path, out: str, **choices: object) -> dict[str, object]:
    study = lab / "study"
    events = study / "sub-01" / "beh" / f"{NAME}_events.tsv"
    score_recording(
        study / "derivatives" / "mimicry" / "sub-01" / f"{NAME}_au.parquet",
        ScoringInputs(events, **{"protocol": lab / "own-clips.yaml", **choices}),
        lab / out,
    )
    return dict(read_json(lab / out / f"{NAME}_scores.json"))


def batched(lab: Path, **choices: object) -> dict[str, object]:
    made = run_batch([lab / "study"], jobs=1, **choices)
    assert not made.failures
    sidecar = lab / "study" / "derivatives" / "mimicry" / "sub-01" / f"{NAME}_scores.json"
    return dict(read_json(sidecar))


def test_score_batch_and_run_agree_on_a_labs_own_clips(lab: Path) -> None:
    own = sha256_of(lab / "clips" / "manifest.json")
    by_score = scored(lab, "a")
    assert by_score["stimuli"] == {"source": "protocol", "name": "manifest.json", "sha256": own}
    by_batch = batched(lab, protocol=lab / "own-clips.yaml")
    prepare_study(lab / "study", load_protocol(lab / "own-clips.yaml"))
    by_run = scored(lab, "b", protocol=lab / "study" / "protocol.yaml")
    assert by_run["stimuli"] == {"source": "study", "name": "stimuli.json", "sha256": own}
    for kind in ("inputs", "digest"):
        for name in ("recording", "events", "stimuli", "settings") if kind == "inputs" else ():
            assert by_score[kind][name] == by_batch[kind][name] == by_run[kind][name]
    rows = (lab / "a" / f"{NAME}_scores.tsv").read_bytes()
    assert rows == (lab / "b" / f"{NAME}_scores.tsv").read_bytes()
    batch = lab / "study" / "derivatives" / "mimicry" / "sub-01" / f"{NAME}_scores.tsv"
    assert rows == batch.read_bytes()


def test_the_studys_copy_goes_before_the_protocols_and_an_option_before_both(lab: Path) -> None:
    copy = own_manifest(stimuli_copy(lab / "study"), rise_s=0.4)
    named = own_manifest(lab / "named.json", rise_s=0.5)
    assert scored(lab, "a")["stimuli"] == {
        "source": "study", "name": "stimuli.json", "sha256": sha256_of(copy),
    }  # fmt: skip
    chosen = {"source": "option", "name": "named.json", "sha256": sha256_of(named)}
    assert scored(lab, "b", stimuli=named)["stimuli"] == chosen
    protocol = lab / "own-clips.yaml"
    assert batched(lab, protocol=protocol, stimuli=named)["stimuli"] == chosen
    assert (
        batched(lab, protocol=protocol, options=ExtractionOptions(overwrite=True))["stimuli"]
        != chosen
    )


def test_a_multiverse_of_other_stimuli_is_another_one(lab: Path) -> None:
    (lab / "grid.yaml").write_text("grid: {smoothing: [0.1]}\n")
    study = open_study(lab / "study", lab / "own-clips.yaml")
    own = multiverse(study, lab / "grid.yaml").made_from["stimuli"]
    assert own == sha256_of(lab / "clips" / "manifest.json")
    other = own_manifest(lab / "named.json", rise_s=0.5)
    found = multiverse(study, lab / "grid.yaml", stimuli=other).made_from["stimuli"]
    assert found == sha256_of(other)


def test_a_manifest_that_cannot_be_read_is_not_replaced_by_another(tmp_path: Path) -> None:
    own = own_manifest(tmp_path / "own.json")
    broken = tmp_path / "stimuli.json"
    broken.write_text("[]")
    with pytest.raises(StimulusError, match="no list of stimuli"):
        choose_manifest(None, broken, own)
    with pytest.raises(StimulusError, match="not found"):
        choose_manifest(tmp_path / "none.json", own, own)
    assert choose_manifest(None, tmp_path / "none.json", own).source == "protocol"
    assert choose_manifest(None, None, None).source == "shipped"


def test_an_inherited_manifest_lies_beside_the_file_that_names_it(lab: Path) -> None:
    variant = lab / "variants" / "shorter.yaml"
    variant.parent.mkdir()
    text = {"name": "shorter", "extends": "../own-clips.yaml", "title": "Shorter",
            "provenance": {"*": "default"}}  # fmt: skip
    variant.write_text(yaml.safe_dump(text))
    assert (
        load_protocol(variant).timelines().path.resolve()
        == (lab / "clips" / "manifest.json").resolve()
    )


def test_the_study_of_an_events_table(tmp_path: Path) -> None:
    events = tmp_path / "sub-01" / "ses-1" / "beh" / "sub-01_ses-1_events.tsv"
    tmp_path.joinpath("protocol.yaml").write_text("")
    events.parent.mkdir(parents=True)
    assert study_of_events(events) == tmp_path.resolve()


def test_a_study_scored_with_two_manifests_is_not_pooled(lab: Path) -> None:
    """Equal ids of two manifests are two clips, though they have one name."""
    study = lab / "study"
    for where in ("sub-02/beh", "derivatives/mimicry/sub-02"):
        (study / where).mkdir(parents=True)
        for path in (study / where.replace("02", "01")).iterdir():
            shutil.copy(path, study / where / path.name.replace("sub-01", "sub-02"))
    one = {"protocol": lab / "own-clips.yaml"}
    run_batch([study], jobs=1, **one)
    check_same_stimuli(study)
    other = own_manifest(lab / "named.json", rise_s=0.5)
    score_recording(
        study / "derivatives" / "mimicry" / "sub-02" / f"{NAME}_au.parquet".replace("01", "02"),
        ScoringInputs(
            study / "sub-02" / "beh" / f"{NAME}_events.tsv".replace("01", "02"),
            stimuli=other,
            **one,
        ),
        study / "derivatives" / "mimicry" / "sub-02",
        options=ExtractionOptions(overwrite=True),
    )
    with pytest.raises(InputError, match=r"clip '.*' moves in another way .*sub-01.*sub-02"):
        group_tables(open_study(study, lab / "own-clips.yaml"))
    own = load_protocol(lab / "own-clips.yaml").timelines()
    tables = sorted(study.glob("derivatives/mimicry/sub-*/*_au.parquet"))
    with pytest.warns(QualityWarning, match=r"1 recordings \(sub-02_task-ownclips\)"):
        say_other_stimuli(tables, own)


def test_the_multiverse_reads_onsets_on_the_clock_of_the_scores(tmp_path: Path) -> None:
    table = tmp_path / "sub-01_au.parquet"
    assert clock_shift_s(table) == 0
    (tmp_path / "sub-01_scores.json").write_text('{"clock": {"shift_s": 1.4}}')
    assert clock_shift_s(table) == 1.4
