"""Whole files: nothing half-written, stable bytes, clear refusals."""

from pathlib import Path

import pandas as pd
import pytest

from mimicry import files
from mimicry.errors import InputError, OutputExistsError


def test_a_failed_write_leaves_the_earlier_file_and_nothing_else(tmp_path: Path) -> None:
    path = files.write_text(tmp_path / "a.txt", "old\n")

    def fail_half_way() -> None:
        with files.atomic_path(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert path.read_text() == "old\n"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_json_is_sorted_and_turns_nan_into_null(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"b": float("nan"), "a": (1, 2)})
    assert (tmp_path / "a.json").read_text() == '{\n  "a": [\n    1,\n    2\n  ],\n  "b": null\n}\n'


def test_missing_values_in_tsv_are_n_a(tmp_path: Path) -> None:
    table = pd.DataFrame({"x": [0.1, float("nan")], "y": ["a", None]})
    assert files.write_tsv(tmp_path / "a.tsv", table).read_text() == "x\ty\n0.1\ta\nn/a\tn/a\n"


def test_equal_settings_have_equal_digests_whatever_their_order() -> None:
    assert files.digest({"a": 1, "b": [2.0]}) == files.digest({"b": (2.0,), "a": 1})
    assert files.digest({"a": 1}) != files.digest({"a": 2})


def test_a_folder_below_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot make the output folder") as problem:
        files.make_folder(tmp_path / "file" / "out")
    assert problem.value.key == "--out"


def test_results_of_other_settings_are_refused(tmp_path: Path) -> None:
    sidecar = files.write_json(tmp_path / "s.json", {"digest": "one"})
    assert files.refuse_other_results(sidecar, "one")
    assert not files.refuse_other_results(tmp_path / "absent.json", "one")
    with pytest.raises(OutputExistsError, match="--overwrite"):
        files.refuse_other_results(sidecar, "two")
