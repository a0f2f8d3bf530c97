"""Own files of a study are spoilt one after the other: every command says one sentence."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mimicry.cli import app

pytestmark = pytest.mark.slow

NAME = "dynamic-happy-angry"
STEM = f"sub-01_task-{NAME.replace('-', '')}"
RESULTS = "derivatives/mimicry"
OWN = f"{RESULTS}/sub-01/{STEM}"

COMMANDS = {
    "blind": "blind status S",
    "check": "protocol check S/protocol.yaml",
    "group": "group S",
    "multiverse": "multiverse S --grid S/grid.yaml",
    "reliability": "reliability S --splits 10",
    "run": "run S/protocol.yaml --participant 99 --study S --browser true",
    "score": (
        f"score S/{OWN}_au.parquet --events S/sub-01/beh/{STEM}_events.tsv "
        f"--protocol S/protocol.yaml --out S/{RESULTS}/sub-01"
    ),
    "validate": f"validate S/{OWN}_au.parquet --reference S/{OWN}_au.parquet",
    "verify": "verify S",
    "withdraw": "withdraw S --participant 02",
}
# each own file, and the commands that read it
READ = {
    f"{OWN}_au.json": "score validate multiverse",
    f"{OWN}_au.parquet": "score validate multiverse",
    f"{OWN}_scores.json": "score verify multiverse",
    f"{OWN}_scores.tsv": "score verify withdraw",
    f"{OWN}_summary.tsv": "score verify",
    f"{OWN}_scores.log": "verify",
    f"{OWN}_qc.json": "score verify",
    f"{RESULTS}/scores.tsv": "verify reliability withdraw",
    f"{RESULTS}/summary.tsv": "group verify",
    f"{RESULTS}/failures.tsv": "verify group withdraw",
    f"sub-01/beh/{STEM}_events.tsv": "score multiverse",
    "participants.tsv": "group reliability withdraw multiverse",
    "participants.json": "group",
    "protocol.yaml": "verify group check run",
    "stimuli.json": "score multiverse run",
    "blind.json": "blind verify score group withdraw",
    "exclusions.tsv": "verify blind withdraw",
    "prereg.json": "verify",
    "grid.yaml": "multiverse",
}
SPOILT: dict[str, bytes | None] = {
    "empty": b"",
    "a list": b"[]",
    "null": b"null",
    "cut": b'{"digest": "x", ',
    "no text": b"\xff\xfe\0x",
    "deep": b"[" * 100_000,
    "numbers": b'{"digest": 5, "inputs": 5, "locked": 5, "hash": 5, "frames": 7, "stimuli": 5}',
    "inner": (
        b'{"inputs": {"settings": [], "protocol": 3}, "frames": {"frames": "x"}, '
        b'"locked": {"tables": []}, "stimuli": [5], "columns": {"AU12": 3}, "digest": null}'
    ),
    "huge": b'{"digest": 1e999, "a": ' + b"9" * 5000 + b"}",
    "ragged": b"a\tb\n1\t2\t3\n\x001\n",
    "words": b"hello world\n",
    "a folder": None,
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small scored study with one file of every kind."""
    folder = tmp_path_factory.mktemp("spoilt") / "study"
    groups = ["--group", "control", "--group", "low:gain=0.5"]
    for words in (
        ["simulate", NAME, "--participants", "1", *groups, "--out", str(folder)],
        ["batch", str(folder), "--jobs", "1"],
        ["prereg", NAME, "--study", str(folder)],
    ):
        made = CliRunner().invoke(app, words)
        assert made.exit_code == 0, made.output
    (folder / "grid.yaml").write_text("grid:\n  smoothing: [0.0, 0.1]\n")
    (folder / "exclusions.tsv").write_text("participant\treason\n01\tx\n")
    (folder / RESULTS / "failures.tsv").write_text("input\terror\tmessage\nx\ty\tz\n")
    return folder


@pytest.mark.parametrize("name", READ)
def test_a_spoilt_file_is_one_sentence(study: Path, name: str) -> None:
    path = study / name
    before = path.read_bytes() if path.exists() else None
    for kind, content in SPOILT.items():
        path.unlink(missing_ok=True)
        if content is None:
            path.mkdir()
        else:
            path.write_bytes(content)
        try:
            for command in READ[name].split():
                words = [
                    str(study) + w[1:] if w == "S" or w.startswith("S/") else w
                    for w in COMMANDS[command].split()
                ]
                result = CliRunner().invoke(app, words)
                ended = result.exception is None or isinstance(result.exception, SystemExit)
                assert ended, (kind, command, result.exc_info)
                assert result.stderr.count("error: ") <= 1, (kind, command, result.stderr)
        finally:
            shutil.rmtree(path) if content is None else path.unlink(missing_ok=True)
    if before is not None:
        path.write_bytes(before)
