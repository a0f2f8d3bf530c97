"""However a command ends, it leaves nothing half done and says one sentence."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mimicry.landmarks.guard import guarded_environment

posix = pytest.mark.skipif(os.name != "posix", reason="signals and closed streams of POSIX")
MIMICRY = (sys.executable, "-m", "mimicry")
ONE = ("--jobs", "1")  # of three frames two processes make nothing faster; each start takes long


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which the package under test is found."""
    return {**os.environ, "PYTHONPATH": guarded_environment()["PYTHONPATH"], **more}


def run(*words: str | bytes, env: Mapping[str, str] | None = None, **how: Any) -> Any:
    """Run a command to its end."""
    return subprocess.run(
        [*MIMICRY, *words],
        env=environment(**(env or {})),
        **{"capture_output": True, "check": False, "timeout": 120, **how},
    )


def in_shell(line: str, **env: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a line of a shell; ``mimicry`` stands for the command."""
    text = line.replace("mimicry", f"'{sys.executable}' -m mimicry", 1)
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", text],
        env=environment(**env),
        capture_output=True,
        check=False,
        timeout=120,
    )


def children(pid: int) -> set[int]:
    """Return all processes below one."""
    table = [
        line.split()
        for line in subprocess.run(
            ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
        ).stdout.splitlines()
    ]
    found: set[int] = set()
    new = {pid}
    while new:
        new = {int(p) for p, parent in table if int(parent) in new} - found
        found |= new
    return found


def gone(pids: set[int]) -> bool:
    """Tell whether all processes are dead."""
    for pid in pids:
        with contextlib.suppress(OSError, IndexError):
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                return False
    return True


def wait_for(look: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(scope="module")
def many_frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video that takes a while."""
    import av

    path = tmp_path_factory.mktemp("videos") / "long.mp4"
    picture = av.VideoFrame.from_ndarray(np.zeros((120, 160, 3), np.uint8), format="rgb24")
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for k in range(6000):
            picture.pts = k
            out.mux(stream.encode(picture))
        out.mux(stream.encode())
    return path


def heed_signals() -> None:
    """Take back what `nohup` or a shell's background would hand down: ignored signals."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def at_work(*words: str, cwd: Path) -> "Iterator[subprocess.Popen[bytes]]":
    process = subprocess.Popen(
        [*MIMICRY, *words],
        env=environment(),
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # as from a job queue: only the command itself is told
        preexec_fn=heed_signals,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@posix
@pytest.mark.parametrize("command", ["extract", "batch"])
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_a_command_and_leaves_nothing_behind(
    many_frames: Path, tmp_path: Path, command: str, number: signal.Signals, code: int
) -> None:
    out = tmp_path / "out"
    with at_work(command, str(many_frames.parent), "--out", str(out), cwd=tmp_path) as process:
        wait_for(lambda: bool(list(out.glob(".*.part*"))))
        time.sleep(0.5)
        below = children(process.pid)
        assert below
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == code
    last = stderr.decode().strip().splitlines()
    assert [line for line in last if line.startswith("error: ")] == last[-1:]
    assert "run again to resume" in last[-1]
    assert b"Traceback" not in stdout + stderr
    wait_for(lambda: gone(below), 10)
    assert [p.name for p in out.iterdir()] == []


@posix
def test_a_signal_is_one_sentence_in_json_too(many_frames: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("extract", str(many_frames), "--out", str(out), "--json")
    with at_work(*words, cwd=tmp_path) as process:
        wait_for(lambda: bool(list(out.glob(".*.part*"))))
        process.terminate()
        stdout, _ = process.communicate(timeout=30)
    said = json.loads(stdout)
    assert said["status"] == "failed"
    assert said["error"]["message"].startswith("ended by SIGTERM; finished files are kept")


@posix
def test_what_a_killed_run_left_is_cleared_by_the_next(many_frames: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("extract", str(many_frames), "--out", str(out))
    for _ in range(2):
        with at_work(*words, cwd=tmp_path) as process:
            wait_for(lambda: bool(list(out.glob(".*.part*"))))
            below = children(process.pid)
            process.kill()
            process.wait()
            wait_for(partial(gone, below), 10)  # they end when nobody listens any more
    with at_work(*words, cwd=tmp_path) as process:
        mark = f"-{process.pid}.part"
        wait_for(lambda: any(mark in p.name for p in out.glob(".*.part*")))
        assert len(list(out.iterdir())) == 1
        process.terminate()
        process.wait(30)
    assert list(out.iterdir()) == []


# ------------------------------------------------------------------ streams


@posix
def test_a_closed_reader_of_the_output_is_no_error(tmp_path: Path) -> None:
    found = in_shell("mimicry protocol schema | head -n 1")
    assert found.stderr == b""
    assert found.stdout.startswith(b"{")
    found = in_shell("mimicry protocol list 2>&1 | true")
    assert b"Traceback" not in found.stdout + found.stderr


@pytest.fixture(scope="module")
def extracted(make_video: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A video and the folder of what an undisturbed command makes of it."""
    folder = tmp_path_factory.mktemp("extracted")
    video = make_video(folder / "v.mp4", frames=3)
    done = run("extract", str(video), "--out", str(folder / "whole"), *ONE)
    assert done.returncode == 0
    return video, folder / "whole"


@posix
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams_do_not_fall_into_files(
    extracted: tuple[Path, Path], tmp_path: Path, closed: str
) -> None:
    video, whole = extracted
    words = f"extract '{video}' --out '{tmp_path / 'out'}' --json {' '.join(ONE)}"
    found = in_shell(f"mimicry {words} {closed}")
    assert found.returncode == 0
    assert b"Traceback" not in found.stdout + found.stderr
    for path in whole.iterdir():
        if path.suffix != ".log":
            assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes()


@posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_below_the_output_is_one_sentence() -> None:
    found = in_shell("mimicry protocol list > /dev/full")
    assert found.returncode == 2
    assert found.stderr.decode().splitlines() == [
        "error: cannot write to standard output (No space left on device)"
    ]


# ---------------------------------------------------------------- encodings

NARROW = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "LANG=C": {"LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
}


@pytest.fixture(scope="module", params=["Jürgen Ωmega 🙂".encode(), b"J\xfcrgen"])
def named(
    request: pytest.FixtureRequest, make_video: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[bytes, bytes, Path]:
    """A name, a video of it, and the folder of what comes of it in the encoding of the tests."""
    folder, name = tmp_path_factory.mktemp("named"), request.param
    plain = make_video(folder / "plain.mp4", frames=3)
    video = os.path.join(os.fsencode(folder), name + b".mp4")  # noqa: PTH118 - bytes
    plain.rename(os.fsdecode(video))
    run("extract", video, "--out", str(folder / "again"), "--json", *ONE)
    return name, video, folder / "again"


@posix
@pytest.mark.parametrize("encoding", NARROW)
def test_any_name_is_read_written_and_said_in_any_encoding(
    named: tuple[bytes, bytes, Path], tmp_path: Path, encoding: str
) -> None:
    name, video, again = named
    out = tmp_path / "out"
    for _ in range(2):  # the second time what was written is read back
        found = run("extract", video, "--out", str(out), "--json", *ONE, env=NARROW[encoding])
        assert found.returncode == 0, found.stderr
        said = json.loads(found.stdout)
        assert said["recordings"][0]["frames"] == 3
    assert said["recordings"][0]["resumed"] is True
    found = run("extract", video, "--out", str(out), env=NARROW[encoding])
    assert found.returncode == 0
    assert b"Traceback" not in found.stderr
    shown = name.decode("utf-8", "backslashreplace")
    note = json.loads(next(out.glob("*_qc.json")).read_text(encoding="utf-8"))
    assert note["input"]["name"] == f"{shown}.mp4"
    # the same bytes whatever the encoding of the terminal
    for path in out.iterdir():
        twin = next(again.glob(f"*{path.name[path.name.rindex('_') :]}"))
        if path.suffix != ".log":
            assert twin.read_bytes() == path.read_bytes()


@posix
@pytest.mark.parametrize("encoding", NARROW)
def test_a_name_in_an_error_is_said_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    for name in ("Ω.tsv".encode(), b"\xff.tsv"):
        words = (name, "--events", name, "--protocol", "dynamic-happy-angry", "--out", b"out")
        found = run("score", *words, env=NARROW[encoding], cwd=tmp_path)
        assert found.returncode == 2
        assert found.stderr.startswith(b"error: ")
        assert b"Traceback" not in found.stderr
        found = run("score", *words, "--json", env=NARROW[encoding], cwd=tmp_path)
        assert json.loads(found.stdout)["error"]["type"]
