"""A sample of dyads from a table of files, or from arrays."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import mimicry
from mimicry.cli import app
from mimicry.errors import InputError, TableError
from mimicry.report.synchrony_figures import figure_of
from mimicry.synchrony.dyads import measure_dyads, read_dyads
from mimicry.synchrony.write import write_synchrony

RATE = 25


def series(seed, n=1000):
    return np.convolve(
        np.random.default_rng(seed).standard_normal(n + 9), np.ones(10) / 10, "valid"
    )


@pytest.fixture
def table(tmp_path):
    """Five dyads that follow each other: four of two files, one of one."""
    rows = []
    for k in range(5):
        first = series(k)
        second = np.roll(first, 10) + 0.5 * series(100 + k)
        if k == 4:
            np.savetxt(tmp_path / "both.txt", np.column_stack([first, second]))
            rows.append(("", "both.txt", "n/a"))
            continue
        for name, column in ((f"a{k}.txt", first), (f"b{k}.txt", second)):
            np.savetxt(tmp_path / name, column)
        rows.append((f"pair {k}", f"a{k}.txt", f"b{k}.txt"))
    path = tmp_path / "dyads.tsv"
    pd.DataFrame(rows, columns=["dyad", "first", "second"]).to_csv(path, sep="\t", index=False)
    return path


def command(*words):
    return CliRunner().invoke(app, ["synchrony", *map(str, words)])


def test_the_command_gives_the_numbers_of_the_function(table, tmp_path):
    out = tmp_path / "out"
    words = ("--dyads", table, "--preset", "face", "--rate", RATE, "--out", out)
    done = command(*words, "--json")
    assert done.exit_code == 0, done.stderr
    numbers = json.loads(done.stdout)
    found = mimicry.measure_dyads(table, preset="face", rate_hz=RATE)
    assert numbers["p"] == pytest.approx(found.summary["p"])
    assert numbers["n_dyads"] == 5
    assert numbers["table"]["dyad"] == ["pair 0", "pair 1", "pair 2", "pair 3", "both"]
    assert found.surrogate["profile_maximum"]["p"] == pytest.approx(1 / 120)
    assert sorted(p.name for p in out.iterdir()) == [
        f"dyads_face.{end}" for end in ("html", "json", "png", "tsv")
    ]
    page = (out / "dyads_face.html").read_text()
    assert "5 dyads" in page
    assert "119 surrogates, null “re-pairing”" in page
    text = command(*words)
    assert "profile maximum against re-pairing" in text.stdout


def test_a_mapping_of_arrays_is_a_sample_too(table):
    dyads = {
        name: [np.loadtxt(file) for file in files] for name, files in read_dyads(table).items()
    }
    from_arrays = measure_dyads(dyads, preset="face", rate_hz=RATE, seed=3)
    from_files = measure_dyads(table, preset="face", rate_hz=RATE, seed=3)
    assert from_arrays.summary["p"] == from_files.summary["p"]
    assert set(from_files.provenance["inputs"]) == set(dyads)
    assert from_files.provenance["inputs"]["pair 0"]["inputs"][0]["file"] == "a0.txt"


def test_few_dyads_say_how_many_are_needed(table, tmp_path):
    dyads = dict(list(read_dyads(table).items())[:3])
    found = measure_dyads(dyads, preset="face", rate_hz=RATE)
    write_synchrony(found, tmp_path / "few", "few")
    page = (tmp_path / "few" / "few_face.html").read_text()
    assert "3 dyads have 6 re-pairings, too few for p: at least 5 dyads are needed." in page


def test_what_is_no_table_of_dyads_is_named(table, tmp_path):
    other = tmp_path / "other.tsv"
    other.write_text("one\tsecond\na.txt\tb.txt\n")
    with pytest.raises(TableError, match="no column 'first'"):
        read_dyads(other)
    other.write_text("dyad\tfirst\nx\ta.txt\nx\tb.txt\n")
    with pytest.raises(TableError, match="two dyads are called 'x'"):
        read_dyads(other)
    other.write_text("dyad\tfirst\nx\tn/a\n")
    with pytest.raises(TableError, match="a row without a file"):
        read_dyads(other)
    other.write_text("first\tsecond\na0.txt\tmissing.txt\nb0.txt\ta0.txt\n")
    with pytest.raises(InputError, match=r"missing\.txt"):
        measure_dyads(other, rate_hz=RATE)
    with pytest.raises(InputError, match="means nothing beside"):
        measure_dyads(table, rate_hz=RATE, null="phase")


@pytest.mark.parametrize(
    "more", [("x.txt",), ("--null", "phase"), ("--partner", "x.txt"), ("--events", "x.tsv")]
)
def test_what_means_nothing_beside_dyads_is_refused(table, more):
    done = command("--dyads", table, "--rate", RATE, *more)
    assert done.exit_code != 0
    assert "means nothing beside" in done.stderr


def test_more_dyads_than_names_have_room_are_drawn(tmp_path):
    rng = np.random.default_rng(2)
    dyads = {f"d{k:02d}": [rng.normal(size=500), rng.normal(size=500)] for k in range(31)}
    result = measure_dyads(dyads, preset="face", rate_hz=RATE, surrogates=39)
    (axes,) = figure_of(result, 6.0).axes
    assert (len(axes.get_yticks()), len(result.table["dyad"])) == (0, 31)


def test_nobody_is_in_two_dyads():
    """A re-pairing would pair the person with their own series."""
    rng = np.random.default_rng(2)
    people = rng.normal(size=(6, 500))
    chain = {f"d{k}": [people[k], people[k + 1]] for k in range(5)}
    with pytest.raises(InputError, match="one series stands for two people"):
        measure_dyads(chain, preset="face", rate_hz=RATE)
