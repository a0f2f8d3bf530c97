"""A preregistration is frozen, and every later difference is named."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mimicry import __version__
from mimicry.cli import app
from mimicry.errors import InputError, IntegrityError, OutputExistsError
from mimicry.files import write_json
from mimicry.protocol import load_protocol
from mimicry.study.freeze import freeze, read_prereg, write_prereg
from mimicry.study.verify import verify_study

NAME = "dynamic-happy-angry"


@pytest.fixture(scope="module")
def protocol():
    return load_protocol(NAME)


@pytest.fixture
def study(tmp_path, protocol):
    """A study of two participants, scored as preregistered."""
    root = tmp_path / "study"
    root.mkdir()
    (root / "protocol.yaml").write_bytes(Path(protocol.path).read_bytes())
    write_prereg(freeze(protocol), root / "prereg.json")
    results = root / "derivatives" / "mimicry"
    header = "participant\tsession\tblock\ttrial_id\tcondition\tvalid\tdelta_AU12_main\n"
    rows = []
    for person in ("01", "02"):
        (root / f"sub-{person}" / "beh").mkdir(parents=True)
        (root / f"sub-{person}" / "beh" / f"sub-{person}_task-x_events.tsv").write_text("onset\n")
        own = results / f"sub-{person}"
        own.mkdir(parents=True)
        row = f"{person}\tn/a\twatch\t1\thappy\t1\t0.25\n"
        rows.append(row)
        (own / f"sub-{person}_task-x_scores.tsv").write_text(header + row)
        sidecar = {
            "inputs": {
                "settings": protocol.scoring_settings().to_json(),
                "protocol": {"name": NAME, "digest": protocol.digest},
            },
            "versions": {"mimicry": __version__},
        }
        write_json(own / f"sub-{person}_task-x_scores.json", sidecar)
    (results / "scores.tsv").write_text(header + "".join(rows))
    return root


def edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def keys(root):
    return {difference.key for difference in verify_study(root).differences}


def test_an_unchanged_study_is_as_preregistered(study):
    found = verify_study(study)
    assert not found.differences
    assert len(found.checked) == 3


def test_equal_protocols_give_equal_documents(protocol):
    one = freeze(protocol)
    assert one == freeze(load_protocol(NAME))
    assert one["primary"]["sesoi_d"] == 0.3
    assert one["action_units"]["happy"]["targets"] == ["AU12"]
    assert one["seeds"]["scoring"] == protocol.seed


def test_a_changed_preregistration_is_found_out(study):
    edit(study / "prereg.json", lambda d: d["primary"].update(alpha=0.1))
    with pytest.raises(IntegrityError, match="changed after it was made"):
        verify_study(study)


def test_a_preregistration_is_never_replaced(study, protocol):
    before = (study / "prereg.json").read_bytes()
    write_prereg(freeze(protocol), study / "prereg.json")
    other = {**freeze(protocol), "hash": "0" * 64}
    with pytest.raises(OutputExistsError, match="never replaced"):
        write_prereg(other, study / "prereg.json")
    assert (study / "prereg.json").read_bytes() == before


def test_a_changed_window_in_the_protocol_is_named(study):
    path = study / "protocol.yaml"
    text = path.read_text()
    path.write_text(text.replace("sesoi_d: 0.3", "sesoi_d: 0.2"))
    assert keys(study) == {"analysis.primary.sesoi_d"}


def test_settings_of_a_scored_recording_that_differ_are_named(study):
    path = study / "derivatives/mimicry/sub-02/sub-02_task-x_scores.json"

    def change(content):
        content["inputs"]["settings"]["windows"]["main"] = [0.3, 2.5]
        content["inputs"]["settings"]["seed"] = 7
        content["versions"]["mimicry"] = "9.9"

    edit(path, change)
    found = verify_study(study).differences
    assert {d.key for d in found} == {"settings.windows.main", "settings.seed", "mimicry version"}
    assert "was [0.5, 2.5], is [0.3, 2.5]" in str(found[1])
    assert all("sub-02" in d.where for d in found)


def test_a_person_who_was_recorded_and_left_out_is_named(study):
    own = study / "derivatives/mimicry/sub-02"
    for path in own.iterdir():
        path.unlink()
    table = study / "derivatives/mimicry/scores.tsv"
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:2]))
    assert keys(study) == {"scores"}
    (study / "derivatives/mimicry/failures.tsv").write_text("input\nsub-02_task-x_video.mp4\n")
    assert not keys(study)


def test_edited_and_missing_rows_of_the_table_are_named(study):
    table = study / "derivatives/mimicry/scores.tsv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text(lines[0] + lines[1].replace("0.25", "0.95"))
    assert keys(study) == {"trial 01/watch/1, delta_AU12_main", "trial 02/watch/1"}


def test_an_analysis_with_another_protocol_is_named(study):
    write_json(
        study / "derivatives/mimicry/group_reliability.json", {"settings": {"protocol": "other"}}
    )
    assert keys(study) == {"protocol.digest"}


def test_a_study_without_scores_has_its_protocol_compared(tmp_path, study):
    for path in sorted((study / "derivatives").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    found = verify_study(study)
    assert found.checked == ("protocol.yaml",)
    assert "nothing has been scored" in found.notes[0]


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(InputError, match="no such study"):
        verify_study(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no preregistration in the study"):
        verify_study(tmp_path)
    (tmp_path / "prereg.json").write_text("{}")
    with pytest.raises(InputError, match="not a preregistration"):
        read_prereg(tmp_path / "prereg.json")


def test_the_commands_freeze_and_verify(tmp_path, study):
    run = CliRunner().invoke
    out = tmp_path / "plan.json"
    made = run(app, ["prereg", NAME, "--out", str(out), "--json"])
    assert made.exit_code == 0
    assert json.loads(made.stdout)["hash"] in out.with_suffix(".md").read_text()
    assert run(app, ["verify", str(study)]).exit_code == 0
    edit(
        study / "derivatives/mimicry/sub-01/sub-01_task-x_scores.json",
        lambda c: c["inputs"]["settings"].update(rate_hz=60.0),
    )
    answer = run(app, ["verify", str(study), "--json"])
    assert answer.exit_code == 2
    envelope = json.loads(answer.stdout)
    assert envelope["status"] == "failed"
    assert envelope["error"]["type"] == "IntegrityError"
    assert envelope["differences"][0]["key"] == "settings.rate_hz"
    assert "differs from the preregistration in 1 place" in answer.stderr
