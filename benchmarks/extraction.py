"""How fast is extraction? CPU time per frame of whole processes, interleaved, in one run.

Each way handles a short and a long video made of the same frames; the difference, divided by
the difference in frames, is the cost of a frame without start-up. Compared are

* ``mimicry extract`` whole: decoding, landmarks, action units, files,
* the loop a user would write: OpenCV and MediaPipe in IMAGE mode (our numbers) or VIDEO mode,
* the three networks alone, without any picture work (needs ``pip install ai-edge-litert``).

Then the same video on two processes, the memory of a long one, and the start.

Run ``python -m benchmarks extraction``; ``--small`` for a rough and quick answer.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.videos import default_clip, looped
from mimicry.landmarks.guard import guarded_environment

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Cost:
    """What a process (with its children) took."""

    cpu_s: float
    wall_s: float


def main(arguments: list[str] | None = None) -> int:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="fewer frames and rounds")
    parser.add_argument("--long", type=int, default=0, help="minutes of the memory run")
    chosen = parser.parse_args(arguments)
    frames = (60, 260) if chosen.small else (120, 1320)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = default_clip()
        videos = [looped(clip, folder / f"{n}.mp4", n) for n in frames]
        print(
            f"clip {clip.name}, {frames[0]} and {frames[1]} frames, load {os.getloadavg()[0]:.1f}"
        )
        per_frame(folder, videos, frames, rounds=2 if chosen.small else 3)
        two_processes(folder, videos, frames, rounds=2)
        memory(folder, clip, chosen.long or (1 if chosen.small else 10))
    return 0


def ways(folder: Path) -> dict[str, Callable[[Path, int], list[str]]]:
    """Command of every way of handling a video."""

    def loop(mode: str) -> Callable[[Path, int], list[str]]:
        return lambda video, n: ["-m", "benchmarks.plain_loops", mode, str(video), str(n)]

    found = {
        "plain IMAGE loop": loop("image"),
        "plain VIDEO loop": loop("video"),
        "mimicry extract": lambda video, _: ours(folder, [video], 1),
    }
    return found | ({"networks alone": loop("nets")} if find_spec("ai_edge_litert") else {})


def ours(folder: Path, videos: Sequence[Path], jobs: int) -> list[str]:
    """The command that extracts videos into a fresh folder."""
    out = tempfile.mkdtemp(dir=folder)
    return ["-m", "mimicry", "extract", *map(str, videos), "--out", out, "--jobs", str(jobs)]


def per_frame(folder: Path, videos: list[Path], frames: tuple[int, int], *, rounds: int) -> None:
    """CPU milliseconds per frame of every way, and their ratios."""
    costs: dict[str, list[float]] = {}
    starts: dict[str, list[float]] = {}
    walls: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, command in ways(folder).items():
            short, long = (run(command(v, n)) for v, n in zip(videos, frames, strict=True))
            step = frames[1] - frames[0]
            each = (long.cpu_s - short.cpu_s) / step
            costs.setdefault(name, []).append(1000 * each)
            walls.setdefault(name, []).append(step / (long.wall_s - short.wall_s))
            starts.setdefault(name, []).append(short.cpu_s - frames[0] * each)
    base = statistics.median(costs["plain IMAGE loop"])
    print(
        "\n| way | CPU ms/frame | ratio | start-up CPU s | frames/s (wall) |\n|---|---|---|---|---|"
    )
    for name, values in costs.items():
        cost = statistics.median(values)
        start, fps = statistics.median(starts[name]), statistics.median(walls[name])
        print(f"| {name} | {cost:.2f} | {cost / base:.2f} | {start:.2f} | {fps:.1f} |")


def two_processes(
    folder: Path, videos: list[Path], frames: tuple[int, int], *, rounds: int
) -> None:
    """Frames per second of wall time on one and two processes, start-up excluded."""
    rates: dict[str, list[float]] = {}
    step = frames[1] - frames[0]
    for _ in range(rounds):
        for jobs in (1, 2):
            short, long = (run(ours(folder, [v], jobs)) for v in videos)
            rates.setdefault(f"{jobs}", []).append(step / (long.wall_s - short.wall_s))
    one, two = (statistics.median(rates[jobs]) for jobs in ("1", "2"))
    print(f"\none video, 1 -> 2 processes: {one:.1f} -> {two:.1f} frames/s, x{two / one:.2f}")


def memory(folder: Path, clip: Path, minutes: int) -> None:
    """Largest resident size of parent and landmark process, early and late in a long video."""
    video = looped(clip, folder / "long.mp4", minutes * 1800)
    process = start(ours(folder, [video], 1))
    sizes: list[tuple[float, float]] = []
    stop = threading.Event()
    watch = threading.Thread(target=_watch, args=(process.pid, sizes, stop))
    watch.start()
    process.wait()
    stop.set()
    watch.join()
    half = len(sizes) // 2
    early = max(sum(s) for s in sizes[:half])
    late = max(sum(s) for s in sizes[half:])
    largest = max(max(s) for s in sizes)
    print(
        f"\n{minutes} min ({minutes * 1800} frames): both processes {early:.0f} MiB in the first "
        f"half, {late:.0f} MiB in the second; largest single process {largest:.0f} MiB"
    )


def _watch(pid: int, sizes: list[tuple[float, float]], stop: threading.Event) -> None:
    while not stop.wait(0.5):
        child = _children(pid)
        sizes.append((_resident(pid), sum(_resident(c) for c in child)))


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def _resident(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def run(words: list[str]) -> Cost:
    """Run a command and return what it and its children took."""
    began = time.perf_counter()
    process = start(words)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - began)


def start(words: list[str], *, stdout: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
    """Start a Python command, behind the guard, one thread a library."""
    env = guarded_environment()
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT), env["PYTHONPATH"]])
    quiet = subprocess.DEVNULL
    words = [sys.executable, *words]
    return subprocess.Popen(words, env=env, stdout=stdout, stderr=quiet, cwd=ROOT)


if __name__ == "__main__":
    raise SystemExit(main())
