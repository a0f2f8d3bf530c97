"""Results of one analysis: kept when whole, refused when of something else, the sidecar last."""

import json
from pathlib import Path

import pandas as pd
import pytest

from mimicry import __version__
from mimicry.errors import InputError, OutputExistsError
from mimicry.files import Results, write_json, write_text

OUTPUTS = {
    "a.tsv": lambda _: pd.DataFrame({"x": [1.5, float("nan")]}),
    "a.html": lambda _: "<p>page</p>",
    "a.png": lambda path: path.write_bytes(b"picture"),
}


def refuse_to_make(path: Path) -> str:
    raise AssertionError(f"{path.name} was made again")


def test_tables_texts_and_pictures_are_written_with_the_sidecar_last(tmp_path: Path) -> None:
    seen: list[bool] = []
    outputs = {**OUTPUTS, "b.txt": lambda path: seen.append((tmp_path / "a.json").exists())}
    paths = Results(tmp_path / "new", "a.json", "one").write(outputs, {"settings": {"k": 1}})
    assert [p.name for p in paths] == ["a.tsv", "a.html", "a.png", "b.txt", "a.json"]
    assert [p.read_bytes() for p in paths[:3]] == [b"x\n1.5\nn/a\n", b"<p>page</p>", b"picture"]
    assert json.loads(paths[-1].read_text()) == {
        "digest": "one",
        "version": __version__,
        "settings": {"k": 1},
    }
    assert seen == [False]


def test_the_same_results_are_kept_and_nothing_is_computed(tmp_path: Path) -> None:
    first = Results(tmp_path, "a.json", "one").write(OUTPUTS, {})
    again = Results(tmp_path, "a.json", "one").write(dict.fromkeys(OUTPUTS, refuse_to_make), {})
    assert again == first


def test_results_that_lost_a_file_are_made_again(tmp_path: Path) -> None:
    table, *_ = Results(tmp_path, "a.json", "one").write(OUTPUTS, {})
    table.unlink()
    Results(tmp_path, "a.json", "one").write(OUTPUTS, {})
    assert table.is_file()


def test_other_results_are_refused_unless_they_may_be_replaced(tmp_path: Path) -> None:
    Results(tmp_path, "a.json", "one").write(OUTPUTS, {})
    with pytest.raises(OutputExistsError, match="other inputs or settings") as problem:
        Results(tmp_path, "a.json", "two").write(OUTPUTS, {})
    assert problem.value.path == str(tmp_path / "a.json")
    assert "`overwrite=True`" in (problem.value.hint or "")
    Results(tmp_path, "a.json", "two", overwrite=True).write(OUTPUTS, {})
    assert json.loads((tmp_path / "a.json").read_text())["digest"] == "two"


def test_an_interrupted_replacement_is_not_taken_for_complete(tmp_path: Path) -> None:
    Results(tmp_path, "a.json", "one").write(OUTPUTS, {})
    with pytest.raises(ZeroDivisionError):
        Results(tmp_path, "a.json", "two", overwrite=True).write({"a.tsv": lambda _: 1 / 0}, {})
    assert not (tmp_path / "a.json").exists()


def test_a_sidecar_that_is_no_json_says_what_helps(tmp_path: Path) -> None:
    write_text(tmp_path / "a.json", "{")
    with pytest.raises(InputError, match="no readable JSON") as problem:
        Results(tmp_path, "a.json", "one").kept()
    assert "`overwrite=True`" in (problem.value.hint or "")


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    write_json(tmp_path / "a.json", {"digest": "one"})
    with pytest.raises(InputError, match="No space left on device"):
        Results(tmp_path, "a.json", "two", overwrite=True).write({"a.tsv": full}, {})
