"""Files of a study that are not what they should be, and studies with next to nothing in them."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mimicry.analyses.group import group_tables
from mimicry.analyses.reliability import study_reliability
from mimicry.cli import app
from mimicry.errors import QualityWarning
from mimicry.files import write_tsv
from mimicry.study import open_study
from mimicry.study.tables import read_cells

RESULTS = "derivatives/mimicry"
TABLES = [
    "", "\n", "a\tb\n", "participant\n", "\x00", "participant,condition\n1,2\n",
    "participant\tparticipant\n1\t1\n", "participant\tcondition\n1\n", b"\xff\xfe1\x00", None,
]  # fmt: skip
OBJECTS = ["[]", "{}", "null", "3", '{"settings": []}', "{", "[" * 5000, "NaN", b"\xff", None]
LOCKS = [
    '{"blind": true}', '{"locked": []}', '{"locked": {"tables": [], "exclusions": ""}}',
    '{"locked": {"tables": {"a": 1}, "exclusions": "x"}}', '{"locked": {"tables": {}}}', *OBJECTS,
]  # fmt: skip


def put(root, name, content):
    """Write a file; None: a folder of that name."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def one_sentence(*words):
    answer = CliRunner().invoke(app, [*map(str, words)])
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
    assert answer.exit_code in (0, 2)
    errors = [line for line in answer.stderr.splitlines() if line.startswith("error")]
    assert len(errors) == (answer.exit_code == 2)
    return answer


@pytest.mark.parametrize("content", TABLES)
@pytest.mark.parametrize(
    "name", [f"{RESULTS}/scores.tsv", f"{RESULTS}/summary.tsv", f"{RESULTS}/failures.tsv",
             "participants.tsv"],
)  # fmt: skip
def test_a_spoilt_table_is_one_sentence(grouped, name, content):
    put(grouped, name, content)
    one_sentence("group", grouped, "--incomplete")
    one_sentence("reliability", grouped, "--splits", 5, "--incomplete")


@pytest.mark.parametrize("content", LOCKS)
def test_a_spoilt_mark_of_a_blind_study_is_one_sentence(grouped, content):
    put(grouped, "blind.json", content)
    for words in (("blind", "status"), ("blind", "lock"), ("group",)):
        one_sentence(*words, grouped)


@pytest.mark.parametrize("content", [*TABLES, "participant\treason\tsession\n01\tx\n"])
def test_spoilt_exclusions_are_one_sentence(grouped, content):
    put(grouped, "blind.json", '{"blind": true, "locked": null}')
    put(grouped, "exclusions.tsv", content)
    put(grouped, f"{RESULTS}/sub-01/sub-01_blind.tsv", "participant\ttrial_id\n01\t1\n")
    one_sentence("blind", "lock", grouped)


@pytest.mark.parametrize("content", OBJECTS)
def test_results_that_cannot_be_read_are_not_taken_for_the_same(grouped, content):
    for command, name in (("group", "group.json"), ("reliability", "group_reliability.json")):
        put(grouped, f"{RESULTS}/{name}", content)
        assert one_sentence(command, grouped).exit_code == 2


def change(root, kind, values):
    """Give the columns of numbers of a table another value in every row."""
    path = root / RESULTS / f"{kind}.tsv"
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    names = [n for n in table.columns if n.startswith(("delta", "contrast", "latency"))]
    for j, name in enumerate(names):
        table[name] = values(table[name], table["participant"], j)
    write_tsv(path, table)


def repeat_people(root):
    """Give everybody the trials of the one person who has some, with other numbers."""
    path = root / RESULTS / "scores.tsv"
    table = pd.read_csv(path, sep="\t", dtype={"participant": str, "trial_id": str})
    rng = np.random.default_rng(0)
    people = []
    for label in (f"{g}{k}" for g in (0, 1) for k in range(4)):
        own = table.assign(participant=label)
        numbers = [c for c in own if c.startswith("delta")]
        own[numbers] += rng.normal(size=(len(own), len(numbers)))
        people.append(own)
    write_tsv(path, pd.concat(people))


NOTHING = {
    "no number at all": lambda cells, people, j: "n/a",
    "one person has numbers": lambda cells, people, j: cells.where(people == "00", "n/a"),
    "one group has none": lambda cells, people, j: cells.where(people.str.startswith("0"), "n/a"),
    "everybody has the same": lambda cells, people, j: "0.5",
    "tiny": lambda cells, people, j: [f"{1 + (k + j * k) % 7}e-320" for k in range(len(cells))],
}


@pytest.mark.parametrize("values", NOTHING.values(), ids=NOTHING)
def test_a_study_with_next_to_no_numbers_gives_reasons(grouped, values):
    change(grouped, "summary", values)
    repeat_people(grouped)
    change(grouped, "scores", values)
    answer = one_sentence("group", grouped, "--by", "arm", "--control", "control", "--json")
    assert answer.exit_code == 0, answer.stderr
    for row in [*json.loads(answer.stdout)["contrasts"], *json.loads(answer.stdout)["differences"]]:
        assert row["p"] is not None or row["reason"] or row["clips"] == "fixed"
    words = ("reliability", grouped, "--splits", 5, "--incomplete")
    assert one_sentence(*words).exit_code == 0
    with warnings.catch_warnings():  # in Python, too: no warning of NumPy's
        warnings.simplefilter("ignore", QualityWarning)
        study = open_study(grouped)
        group_tables(study, by="arm", control="control", incomplete=True)
        study_reliability(study, splits=5, incomplete=True)


def test_numbers_that_nobody_measured_are_refused(grouped):
    for kind, command in (("summary", "group"), ("scores", "reliability")):
        change(grouped, kind, lambda cells, people, j: "1e305")
        answer = one_sentence(command, grouped, "--incomplete")
        assert answer.exit_code == 2
        assert "measured numbers, found '1e305' in row 1 and" in answer.stderr


def test_no_valid_trial_is_said(make_study):
    study = make_study(people=4)
    path = study.results / "scores.tsv"
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    write_tsv(path, table.assign(valid="0"))
    answer = one_sentence("reliability", study.root, "--splits", 5)
    assert "0 participants have 4 trials" in answer.stderr
    write_tsv(path, table.assign(condition="sad"))
    answer = one_sentence("reliability", study.root)
    assert answer.exit_code == 2
    assert "no trial of the emotions happy, angry" in answer.stderr
    write_tsv(path, table.assign(valid="yes"))
    answer = one_sentence("reliability", study.root)
    assert "'valid' should hold measured numbers, found 'yes'" in answer.stderr


@pytest.mark.parametrize("people", [1, 2])
def test_one_or_two_people_are_too_few_and_no_mistake(make_study, summary_rows, people):
    study = make_study(people=people)
    rows = [r for k in range(people) for r in summary_rows(f"{k:02d}", 1.0 + k, np.nan, "low_snr")]
    write_tsv(study.results / "summary.tsv", pd.DataFrame(rows))
    answer = one_sentence("group", study.root, "--json")
    assert answer.exit_code == 0
    assert {r["n"] for r in json.loads(answer.stdout)["contrasts"]} == {people}
    assert one_sentence("reliability", study.root, "--splits", 5).exit_code == 0


def test_the_scores_of_a_large_study_are_not_too_large(tmp_path):
    """500 people with 144 trials each fill 80 MB; a sidecar of that size is refused."""
    path = tmp_path / "scores.tsv"
    row = f"01\t{'x' * 100_000}\n"
    path.write_text("participant\tnote\n" + row * 700)
    assert path.stat().st_size > 64 << 20
    assert len(read_cells(path)) == 700
