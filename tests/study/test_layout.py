"""The names of a study's files and folders stand in one module, and mean what they say."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mimicry.study import layout

ROOT = Path(layout.__file__).parents[1]
# words that name folders or begin names, and are other things in a sentence or as a column
WORDS = {layout.RECORDED, layout.SOURCEDATA, layout.DERIVATIVES}
BEGIN = (layout.PERSON, layout.VISIT)
NAMES = {
    value
    for name, value in vars(layout).items()
    if isinstance(value, str) and name.isupper() and name[0] != "_" and value not in BEGIN
}
# the answers of a questionnaire are `beh` to BIDS, as kind of a file
OTHER_MEANING = {"runner/convert.py": {"beh"}}


def texts(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield the texts of a module but for docstrings and those that are a key or a sentence."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if not text or id(node) in docstrings or re.search(r"\s", node.value.strip()):
            continue
        if node.value[0:1] == "_" or not node.value.isidentifier() or node.value in WORDS:
            yield node


def spelt(source: str) -> list[str]:
    """Return the texts of a module that spell a name of the layout."""
    plain = {n for n in NAMES if n[0] != "_" and "." in n}
    endings = {n for n in NAMES if n[0] == "_"}
    return [
        f"{node.lineno}: {node.value!r}"
        for node in texts(ast.parse(source))
        if node.value in WORDS | endings
        or node.value.startswith(BEGIN)
        or any(node.value.endswith(name) for name in plain)
        or any(re.search(rf"{re.escape(e)}(?![a-z_])", node.value) for e in endings)
        or any(f"{word}/" in node.value or f"/{word}" in node.value for word in WORDS)
    ]


def test_no_other_module_spells_a_name_of_a_study() -> None:
    faults = []
    for file in sorted(ROOT.rglob("*.py")):
        inside = file.relative_to(ROOT).as_posix()
        if inside == "study/layout.py":
            continue
        allowed = OTHER_MEANING.get(inside, set())
        faults += [
            f"{inside}:{fault}"
            for fault in spelt(file.read_text(encoding="utf-8"))
            if fault.split(": ", 1)[1].strip("'") not in allowed
        ]
    assert faults == []


@pytest.mark.parametrize(
    "line",
    [
        'path = folder / "participants.tsv"',
        'path = folder / f"{prefix}_scores.tsv"',
        'stem.removesuffix("_video")',
        'root.glob("sourcedata/*")',
        'name = f"sub-{label}"',
        'place = root / "derivatives"',
    ],
)
def test_a_name_that_is_spelt_elsewhere_is_seen(line: str) -> None:
    assert spelt(line)


@pytest.mark.parametrize(
    "line", ['raise E("no participants.tsv in it")', '"""Read _scores.tsv."""']
)
def test_sentences_may_name_files(line: str) -> None:
    assert not spelt(line)


def test_a_recording_and_its_files_have_one_key() -> None:
    prefix = layout.session_prefix("01", "2", "x")
    folder = layout.person_folder(Path(), "01", "2")
    assert (prefix, folder.as_posix()) == ("sub-01_ses-2_task-x", "sub-01/ses-2")
    recorded = [layout.EVENTS, f"{layout.VIDEO}.mp4"]
    derived = [layout.AU_PARQUET, layout.LANDMARKS, layout.SCORES, layout.SUMMARY]
    paths = [folder / layout.RECORDED / f"{prefix}{e}" for e in recorded]
    paths += [layout.RESULTS / folder / f"{prefix}{e}" for e in derived]
    assert {layout.key_of(p.as_posix()) for p in paths} == {f"sub-01/ses-2/{prefix}"}


@pytest.mark.parametrize(
    ("table", "sidecar"),
    [
        ("a_au.parquet", "a_au.json"),
        ("a_au.csv", "a_au.json"),
        ("a_openface.csv", "a_au.json"),
        ("other.csv", "other.csv"),
    ],
)
def test_the_sidecar_of_an_action_unit_table_lies_beside_it(table: str, sidecar: str) -> None:
    assert layout.au_sidecar(Path("x") / table) == Path("x") / sidecar
