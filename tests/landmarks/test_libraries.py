"""A library that is broken or was never tested is named in one sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mimicry
from mimicry.errors import LibraryError, MissingExtraError, TableError
from mimicry.landmarks.libraries import explained, explained_output, libraries

RENAMED = "def open(*args, **kwargs):\n    raise TypeError('open() got an unexpected argument')\n"
FFMPEG = (
    "class error:\n    class FFmpegError(Exception): pass\n    class EOFError(Exception): pass\n"
)


def a_package(folder: Path, name: str, number: str, *more: str) -> None:
    """Write the metadata of an installed package."""
    place = folder / f"{name.replace('-', '_')}-{number}.dist-info"
    place.mkdir(parents=True)
    lines = ["Metadata-Version: 2.3", f"Name: {name}", f"Version: {number}", *more]
    (place / "METADATA").write_text("\n".join(lines) + "\n")


@pytest.fixture
def tomorrow(tmp_path: Path) -> Path:
    """A folder for PYTHONPATH in which PyAV 99 lies, one that nobody has tested."""
    folder = tmp_path / "tomorrow"
    a_package(folder, "av", "99.0")
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    a_package(
        folder, "facial-mimicry", "0.1.0", "Requires-Dist: av<20,>=17", "Requires-Dist: numpy>=2",
        'Requires-Dist: nothing-like-it>=1; extra == "runner"',
        f"Classifier: Programming Language :: Python :: {minor}",
    )  # fmt: skip
    (folder / "av").mkdir()
    return folder


def run(tomorrow: Path, *words: object) -> subprocess.CompletedProcess[str]:
    source = str(Path(mimicry.__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tomorrow), source])}
    command = [sys.executable, "-m", "mimicry", *map(str, words)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def one_sentence(found: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert found.returncode == 2, found.stderr
    assert "Traceback" not in found.stderr
    last = found.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ")
    for part in (*parts, "av 99.0 (tested: >=17,<20)", 'python -m pip install "av>=17,<20"'):
        assert part in last


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (f"__version__ = '99.0'\n{FFMPEG}{RENAMED}", "TypeError: open() got an unexpected"),
        ("raise ImportError('libav of another age')\n", "ImportError: libav of another age"),
    ],
)
def test_a_landmark_process_that_dies_of_a_library_names_it(
    tomorrow: Path, make_video, tmp_path: Path, code: str, says: str
) -> None:
    (tomorrow / "av" / "__init__.py").write_text(code)
    video = make_video(tmp_path / "a.mp4")
    one_sentence(run(tomorrow, "extract", video, "--out", tmp_path / "out"), says)
    folder = tmp_path / "all"
    folder.mkdir()
    video.rename(folder / "a.mp4")
    found = run(tomorrow, "batch", folder, "--out", tmp_path / "many", "--jobs", "1")
    assert found.returncode == 2
    assert "Traceback" not in found.stderr
    (row,) = (tmp_path / "many" / "failures.tsv").read_text().splitlines()[1:]
    assert says in row
    assert "av 99.0 (tested: >=17,<20)" in row


def test_a_library_that_fails_in_the_command_itself_is_named(tomorrow: Path, tmp_path) -> None:
    (tomorrow / "av" / "__init__.py").write_text("raise ImportError('libav of another age')\n")
    (tmp_path / "a.mp4").write_bytes(b"no video")
    one_sentence(run(tomorrow, "doctor", "--no-camera", tmp_path / "a.mp4"), "of another age")


def test_the_doctor_says_what_was_never_tested(tomorrow: Path) -> None:
    (tomorrow / "av" / "__init__.py").write_text("raise ImportError('libav of another age')\n")
    found = run(tomorrow, "doctor", "--no-camera", "--json")
    checks = {c["name"]: c for c in json.loads(found.stdout)["checks"]}
    assert checks["versions"]["status"] == "warning"
    assert "never tested: av 99.0 (tested: >=17,<20)" in checks["versions"]["text"]
    assert checks["landmarks"]["status"] == "failed"
    assert "of another age" in checks["landmarks"]["text"]


def test_a_python_that_was_never_tested_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(library.fits for library in libraries() if library.name == "Python")
    monkeypatch.setattr("platform.python_version", lambda: "3.99.1")
    python = libraries()[0]
    assert not python.fits
    assert str(python).startswith("Python 3.99.1 (tested: 3.11, ")


def test_the_sentence_of_a_process_is_the_error_and_its_place() -> None:
    trace = (
        "INFO: chatter\nTraceback (most recent call last):\n"
        '  File "/x/a.py", line 3, in <module>\n    import numpy\n'
        '  File "/x/numpy/core.py", line 7, in <module>\n    load()\n'
        "ImportError: \n\nREAD THIS\n\nto the end\n"
    )
    error = explained_output("the process", 1, trace)
    assert isinstance(error, LibraryError)
    assert error.message.startswith(
        "the process ended with code 1: ImportError: READ THIS to the end (core.py, line 7)"
    )
    assert "INFO: chatter" in error.__notes__[0]
    assert "it said nothing" in explained_output("the process", 3, "").message
    loader = "ImportError: libGL.so.1: cannot open shared object file: No such file"
    assert isinstance(explained_output("the process", 1, loader), MissingExtraError)


def test_only_errors_of_libraries_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mimicry.landmarks.libraries.libraries", list)
    assert explained(TypeError("ours")) is None
    assert explained(ImportError("no name", name="mimicry.nowhere")) is None
    assert "no pandas" in str(explained(ImportError("no pandas", name="pandas")))
    known = TableError("a table")
    assert explained(known) is known
