"""``mimicry stimuli``: list, render, measure."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mimicry.cli import app
from mimicry.errors import OutputExistsError
from mimicry.synthetic import MODELS, View, envelope, performance, render_video, times_at
from mimicry.synthetic.stimuli import manifest_entry, merge_manifest, parse_id, read_entries
from mimicry.timeline import read_manifest

run = CliRunner()


def test_list_says_that_nothing_is_validated() -> None:
    result = run.invoke(app, ["stimuli", "list", "--emotion", "happy"])
    assert result.exit_code == 0
    assert "happy-m04-static" in result.stdout
    assert "angry-m04" not in result.stdout
    assert "Not validated on humans" in result.stdout


def test_an_unknown_id_is_one_sentence_and_exit_2(tmp_path: Path) -> None:
    result = run.invoke(app, ["stimuli", "render", "glee-f01-dynamic", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "'glee'" in result.stderr
    assert "happy" in result.stderr


def test_a_rendered_clip_enters_the_folders_manifest(tmp_path: Path) -> None:
    name = "pucker-f02-static-i50-d0.2"
    result = run.invoke(app, ["stimuli", "render", name, "--out", str(tmp_path), "--json"])
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / f"{name}.webm").stat().st_size > 1000
    assert list(read_manifest(tmp_path / "manifest.json")) == [name]
    assert json.loads(result.stdout)["status"] == "done"


def test_a_measured_clip_is_a_stimulus_with_the_right_onset(tmp_path: Path) -> None:
    t = times_at(30, 1.3)
    play = performance(t, {"AU12": 0.9 * envelope(t, 0.5, 1.0)})
    clip = render_video(tmp_path / "smile.mp4", MODELS["f01"], play, view=View(span_mm=300)).video
    out = tmp_path / "set" / "manifest.json"
    command = ["stimuli", "measure", str(clip), "--emotion", "happy", "--neutral", "0:0.45"]
    result = run.invoke(app, [*command, "--out", str(out), "--json"])
    assert result.exit_code == 0, result.stderr
    smile = read_manifest(out)["smile"]
    assert smile.onset_s == pytest.approx(0.62, abs=0.07)  # 10 % of a minimum-jerk rise
    assert smile.apex_s == pytest.approx(0.87, abs=0.09)
    assert 0.6 < float(smile.at(t, "AU12").max()) < 1.1
    assert json.loads(result.stdout)["recordings"][0]["frames_with_face"] == len(t)


def test_another_entry_of_the_same_id_needs_overwrite(tmp_path: Path) -> None:
    entry = manifest_entry(parse_id("happy-f01-dynamic"))
    path = merge_manifest(tmp_path / "manifest.json", [entry])
    other = {**entry, "emotion": "sad"}
    with pytest.raises(OutputExistsError, match="`overwrite=True`"):
        merge_manifest(path, [other], overwrite=False)
    merge_manifest(path, [other], overwrite=True)
    assert read_entries(path)[1][0]["emotion"] == "sad"


def test_a_set_of_measured_clips_is_not_called_rendered_and_free(tmp_path: Path) -> None:
    entry = manifest_entry(parse_id("happy-f01-dynamic"))
    rendered = merge_manifest(tmp_path / "rendered.json", [entry])
    assert json.loads(rendered.read_text())["license"] == "CC0-1.0"
    own = {**entry, "id": "a", "measured": True, "license": "by request"}
    measured = merge_manifest(tmp_path / "measured.json", [own])
    head = json.loads(measured.read_text())
    assert head["license"] == "by request"
    assert "Rendered" not in head["note"]
    mixed = merge_manifest(measured, [entry])
    assert json.loads(mixed.read_text())["license"] == ""
