"""A full disk and a folder that cannot be written are one sentence in every command."""

import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from mimicry.cli import app

NAME = "dynamic-happy-angry"
GRID = "grid:\n  smoothing: [0.0, 0.1]\n"

# words of a command; S: a scored study there, B: one without scores, N: a new path there,
# V: a video, T: a table, E: events of the table
WRITING = {
    "batch": "S --overwrite --jobs 1",
    "blind start": "B",
    "demo": "--out N",
    "extract": "V --out N",
    "group": "S",
    "multiverse": "S --grid G",
    "prereg": f"{NAME} --study S",
    "protocol new": "N/mine.yaml",
    "protocol preview": f"{NAME} --out N",
    "protocol schema": "--out N/schema.json",
    "record": "--study N --participant 01 --camera V --seconds 0.2",
    "reliability": "S --splits 10",
    "run": f"{NAME} --study N --participant 01",
    "score": f"T --events E --protocol {NAME} --out N",
    "simulate": f"{NAME} --participants 1 --out N",
    "stimuli measure": "F --out N/manifest.json",
    "stimuli render": "happy-f01-dynamic --out N",
    "synchrony": "T T --out N",
    "validate": "T --reference T --out N",
    "withdraw": "S --participant 01 --yes",
}
# these write nothing, or only after an hour with a camera or a person
NOTHING = {
    *("blind lock", "blind status", "calibrate", "doctor", "live", "protocol check"),
    *("power", "protocol list", "protocol show", "resume", "stimuli list"),
    "verify",
}


def commands() -> set[str]:
    """Return the names of all commands."""
    found: set[str] = set()
    for name, command in typer.main.get_command(app).commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {part}" for part in inner} if inner else {name}
    return found


def test_every_command_is_tried_or_writes_nothing() -> None:
    assert commands() == {*WRITING, *NOTHING}


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small scored study."""
    study = tmp_path_factory.mktemp("material") / "study"
    for words in (
        ["simulate", NAME, "--participants", "1", "--group", "control", "--group", "low:gain=0.5"],
        ["batch", str(study), "--jobs", "1"],
    ):
        more = ["--out", str(study)] if words[0] == "simulate" else []
        made = CliRunner().invoke(app, [*words, *more])
        assert made.exit_code == 0, made.output
    fresh = study.with_name("fresh")
    shutil.copytree(study / "sub-01", fresh / "sub-01")
    shutil.copy(study / "protocol.yaml", fresh)
    return study


def ask(command: str, *, study: Path, new: Path, here: dict[str, Path]) -> Result:
    """Run a command on a place without room."""
    table = next(study.glob("derivatives/mimicry/sub-01/*_au.parquet"))
    events = next(study.glob("sub-01/beh/*_events.tsv"))
    place = {"S": study, "B": study.with_name("fresh"), "N": new, "T": table, "E": events, **here}
    words = [
        str(place[w[0]]) + w[1:] if w[0] in place and w[1:2] in ("", "/") else w
        for w in WRITING[command].split()
    ]
    return CliRunner().invoke(app, [*command.split(), *words])


def is_one_sentence(command: str, result: Result) -> None:
    """Check how a command ended that could not write."""
    assert result.exception is None or isinstance(result.exception, SystemExit), (
        command,
        result.exc_info,
    )
    assert result.exit_code == 2, (command, result.output)
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, (command, result.output)
    assert "Traceback" not in result.output
    assert any(w in errors[0] for w in SAID), (command, errors[0])


SAID = (
    *("No space left", "Read-only file system", "Not a directory", "Permission denied"),
    *(
        "File exists",
        "the disk has",
        "disk is full",
        "could not delete",
        "could not be written",
        *("does not exist", "No such file or directory"),
    ),
)


@pytest.fixture
def here(make_video: Any, clips: Path, tmp_path: Path, monkeypatch: Any) -> dict[str, Path]:
    monkeypatch.setenv("MIMICRY_BROWSER", "true")
    grid = tmp_path / "grid.yaml"
    grid.write_text(GRID)
    video = make_video(tmp_path / "v.mp4", frames=10)
    return {"V": video, "G": grid, "F": clips / "single_face.mp4"}


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(k for k, words in WRITING.items() if "N" in words))
def test_a_place_below_a_file_is_one_sentence(
    material: Path, here: dict[str, Path], tmp_path: Path, command: str
) -> None:
    (tmp_path / "file").write_text("x")
    result = ask(command, study=material, new=tmp_path / "file" / "new", here=here)
    is_one_sentence(command, result)
    assert (tmp_path / "file").read_text() == "x"


@pytest.fixture(scope="module")
def disk(
    material: Path, tmp_path_factory: pytest.TempPathFactory, without: Callable[[str], None]
) -> Iterator[Path]:
    """A file system of its own with the study on it."""
    place = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=120m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        without("the right to mount a file system")
    for name in ("study", "fresh"):
        shutil.copytree(material.with_name(name), place / name)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def read_only(disk: Path, tmp_path: Path) -> Iterator[Path]:
    """The same file system at a second place where nothing can be written."""
    place = tmp_path / "read_only"
    place.mkdir()
    subprocess.run(["mount", "--bind", str(disk), str(place)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], check=True)
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> None:
    """Write until there is no room."""
    with (disk / "filler").open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass


@pytest.mark.slow
def test_a_person_can_be_withdrawn_from_a_full_disk(disk: Path) -> None:
    (disk / "filler").unlink(missing_ok=True)
    shutil.copytree(disk / "fresh", disk / "leaving")
    (disk / "leaving" / "participants.tsv").write_text("participant_id\nsub-01\nsub-02\n")
    fill(disk)
    words = ["withdraw", str(disk / "leaving"), "--participant", "01", "--yes"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "sub-01" not in (disk / "leaving" / "participants.tsv").read_text()
    (disk / "filler").unlink()


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(set(WRITING) - {"withdraw"}))
def test_a_full_disk_is_one_sentence(disk: Path, here: dict[str, Path], command: str) -> None:
    fill(disk)
    result = ask(command, study=disk / "study", new=disk / f"full {command}", here=here)
    is_one_sentence(command, result)
    assert not [p for p in disk.rglob(".*") if ".part" in p.name or p.suffix == ".lock"]


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(WRITING))
def test_a_folder_that_cannot_be_written_is_one_sentence(
    read_only: Path, here: dict[str, Path], command: str
) -> None:
    new = read_only / f"new {command}"
    result = ask(command, study=read_only / "study", new=new, here=here)
    is_one_sentence(command, result)
