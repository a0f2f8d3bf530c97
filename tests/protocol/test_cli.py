"""``mimicry protocol ...``: output, exit codes, nothing overwritten."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mimicry.cli import app
from mimicry.protocol import list_protocols, load_protocol

HOUSE = "dynamic-happy-angry"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["protocol", *map(str, words)])


def test_list_names_every_protocol() -> None:
    listed = json.loads(run("list", "--json").stdout)
    assert [p["name"] for p in listed["protocols"]] == list_protocols()
    assert HOUSE in run("list").stdout


def test_show_prints_values_with_their_origin(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        f"name: mine\nextends: {HOUSE}\ntiming: {{blank_s: 1.1}}\n"
        "provenance: {timing.blank_s: memory (as I recall)}\n"
    )
    text = run("show", path).stdout
    assert any("blank_s: 1.1" in t and "# memory (as I recall)" in t for t in text.splitlines())
    assert any("apex_s: 1.25" in t and f"from {HOUSE}.yaml:" in t for t in text.splitlines())
    rows = json.loads(run("show", path, "--json").stdout)["origins"]
    assert next(r for r in rows if r["key"] == "timing.blank_s")["line"] == 3


def test_check_passes_a_good_file_and_fails_a_bad_one(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: bad\nextends: nowhere\n")
    assert run("check", HOUSE).exit_code == 0
    assert run("check", bad).exit_code == 2
    mixed = run("check", HOUSE, bad)
    assert mixed.exit_code == 1
    assert "1 of 2 protocols pass" in mixed.stdout
    assert "bad.yaml: line 2: extends: there is no protocol 'nowhere'" in mixed.stderr


def test_new_writes_a_file_that_passes_and_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "my-study.yaml"
    assert run("new", path).exit_code == 0
    assert load_protocol(path).name == "my-study"
    path.write_text(path.read_text() + "# mine\n")
    again = run("new", path)
    assert again.exit_code == 2
    assert "exists already" in again.stderr
    assert path.read_text().endswith("# mine\n")


def test_new_can_extend_and_refuses_an_unknown_parent(tmp_path: Path) -> None:
    assert run("new", tmp_path / "a.yaml", "--extends", HOUSE).exit_code == 0
    assert load_protocol(tmp_path / "a.yaml").file.extends == HOUSE
    assert run("new", tmp_path / "b.yaml", "--extends", "nowhere").exit_code == 2
    assert not (tmp_path / "b.yaml").exists()
    assert run("new", tmp_path / "My Study.yaml").exit_code == 2


def test_preview_writes_a_page_that_needs_nothing_else(tmp_path: Path) -> None:
    result = run("preview", HOUSE, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    page = (tmp_path / f"{HOUSE}_preview.html").read_text()
    assert (tmp_path / f"{HOUSE}_preview.png").read_bytes()[:4] == b"\x89PNG"
    assert "http" not in page.replace("http-equiv", "")
    assert "data:image/png;base64," in page


def test_preview_of_an_unknown_visit_is_refused(tmp_path: Path) -> None:
    result = run("preview", HOUSE, "--out", tmp_path, "--visit", "pre")
    assert result.exit_code == 2
    assert "visit 'pre' is not in the protocol" in result.stderr


@pytest.mark.parametrize("words", [("--json",), ()])
def test_schema_is_json(words: tuple[str, ...]) -> None:
    printed = json.loads(run("schema", *words).stdout)
    assert (printed.get("schema") or printed)["title"] == "mimicry protocol"


def test_schema_goes_to_a_file(tmp_path: Path) -> None:
    assert run("schema", "--out", tmp_path / "s.json").exit_code == 0
    assert json.loads((tmp_path / "s.json").read_text())["$defs"]["Timing"]
