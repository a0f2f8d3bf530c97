"""``mimicry synchrony`` as a person types it."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from mimicry.cli import app


@pytest.fixture
def text(tmp_path):
    rng = np.random.default_rng(1)
    leader = np.convolve(rng.standard_normal(2020), np.ones(10) / 10, "same")
    pair = np.column_stack([leader[20:], leader[10:-10]])
    path = tmp_path / "01_01.txt"
    np.savetxt(path, pair, header='"model" "observer"', comments="")
    return path


def run(*words):
    return CliRunner().invoke(app, ["synchrony", *map(str, words)])


def test_prints_one_envelope_and_writes_six_files(text, tmp_path):
    out = tmp_path / "out"
    options = ("--window", 8, "--step", 4, "--max-lag", 2, "--surrogates", 19, "--json")
    answer = run(text, "--rate", 25, *options, "--out", out)
    assert answer.exit_code == 0, answer.stderr
    envelope = json.loads(answer.stdout)
    assert envelope["status"] == "done"
    assert envelope["names"] == ["model", "observer"]
    assert set(envelope["best_lag"]) == {0.4}
    assert envelope["first_leads"] > envelope["second_leads"]
    assert envelope["surrogate"]["null"] == "segment-shuffle"
    assert envelope["surrogate"]["n"] == 19
    assert {"grand_average", "lag_zero"} <= set(envelope)
    assert sorted(p.name for p in out.iterdir()) == [
        "01_01_synchrony.html",
        "01_01_synchrony.json",
        "01_01_synchrony.png",
        "01_01_synchrony_matrix.tsv",
        "01_01_synchrony_profile.tsv",
        "01_01_synchrony_windows.tsv",
    ]


def test_without_surrogates_says_that_nothing_is_proven(text):
    answer = run(text, "--rate", 25, "--preset", "face")
    assert answer.exit_code == 0
    assert "not compared with chance" in answer.stdout


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ((), "Give --rate"),
        (("--rate", 25, "--preset", "nobody"), "known are"),
        (("--rate", 25, "--columns", "a,b"), "expected numbers from 1 on"),
        (("--rate", 25, "--window", 100), "shorter --window"),
        (("--rate", 25, "--null", "pseudo-pairs", "--surrogates", 9), "--partner FILE"),
    ],
)
def test_wrong_use_gives_one_sentence_and_exit_code_2(text, words, part):
    answer = run(text, *words)
    assert answer.exit_code == 2
    assert part in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_missing_file_is_named(tmp_path):
    answer = run(tmp_path / "none.txt", "--rate", 25)
    assert answer.exit_code == 2
    assert "none.txt" in answer.stderr
