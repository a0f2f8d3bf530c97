"""How fast is extraction? CPU time per frame of whole processes, interleaved, in one run.

Each way handles a short and a long video made of the same frames; the difference, divided by
the difference in frames, is the cost of a frame without start-up. Compared are

* ``mimicry extract`` whole: decoding, landmarks, action units, files; then one video on two
  processes, and ``mimicry batch`` with two videos on two processes,
* the loop a user would write: OpenCV and MediaPipe in IMAGE mode (our numbers) or VIDEO mode,
* the three networks alone, without any picture work (needs ``pip install ai-edge-litert``).

Run ``python -m benchmarks extraction``; ``--small`` for a rough and quick answer. On a machine
that is not idle, ``--busy``: the plain IMAGE loop and our extraction are started at the same time,
so that both meet the same conditions, and only CPU times are compared. With
``--long 60``, instead: memory and cost of a frame over a video of 60 minutes, two processes.
"""

import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, cast

from benchmarks.videos import default_clip, looped, mostly_empty, repeated
from mimicry.landmarks.guard import guarded_environment

PLAIN = "plain IMAGE loop"
OURS = "mimicry extract"
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Cost:
    """What a process (with its children) took."""

    cpu_s: float
    wall_s: float


@dataclass(frozen=True)
class Way:
    """How a video is handled: the command, and how many times the frames it goes through."""

    command: Callable[[Path, int], list[str]]
    times: int = 1


def main(arguments: list[str] | None = None) -> int:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="fewer frames")
    parser.add_argument("--busy", action="store_true", help="pairs at the same time, CPU only")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--long", type=int, default=0, help="minutes of a memory run, instead")
    chosen = parser.parse_args(arguments)
    frames = (40, 340) if chosen.small else (60, 1160)
    with tempfile.TemporaryDirectory() as name:
        folder, clip = Path(name), default_clip()
        print(f"clip {clip.name}, load {os.getloadavg()[0]:.1f}")
        if chosen.long:
            long_video(folder, clip, chosen.long)
            return 0
        videos = [looped(clip, folder / f"{n}.mp4", n) for n in frames]
        measured = pairs if chosen.busy else per_frame
        measured(folder, videos, frames, rounds=chosen.rounds)
    return 0


def ways(folder: Path) -> dict[str, Way]:
    """Every way of handling a video."""

    def loop(mode: str) -> Way:
        return Way(lambda video, n: ["-m", "benchmarks.plain_loops", mode, str(video), str(n)])

    found = {
        PLAIN: loop("image"),
        "plain VIDEO loop": loop("video"),
        OURS: Way(lambda video, _: ours(folder, video, 1)),
        "mimicry extract, one video on two processes": Way(lambda video, _: ours(folder, video, 2)),
        "mimicry batch, two videos on two processes": Way(
            lambda video, _: two_videos(folder, video), times=2
        ),
    }
    return found | ({"networks alone": loop("nets")} if find_spec("ai_edge_litert") else {})


def ours(folder: Path, video: Path, jobs: int) -> list[str]:
    """The command that extracts a video into a fresh folder."""
    out = tempfile.mkdtemp(dir=folder)
    return ["-m", "mimicry", "extract", str(video), "--out", out, "--jobs", str(jobs)]


def two_videos(folder: Path, video: Path) -> list[str]:
    """The command that batches a video and a copy of it into a fresh folder."""
    both = Path(tempfile.mkdtemp(dir=folder))
    for name in ("a", "b"):
        (both / f"{name}.mp4").symlink_to(video)
    return ["-m", "mimicry", "batch", str(both), "--jobs", "2"]


def per_frame(folder: Path, videos: list[Path], frames: tuple[int, int], *, rounds: int) -> None:
    """CPU milliseconds and frames per second of every way, and their ratios."""
    costs: dict[str, list[float]] = {}
    starts: dict[str, list[Cost]] = {}
    rates: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, way in ways(folder).items():
            short, long = (run(way.command(v, n)) for v, n in zip(videos, frames, strict=True))
            step = way.times * (frames[1] - frames[0])
            each, wall = (long.cpu_s - short.cpu_s) / step, (long.wall_s - short.wall_s) / step
            costs.setdefault(name, []).append(1000 * each)
            rates.setdefault(name, []).append(1 / wall)
            first = way.times * frames[0]
            print(f"{name}: {1000 * each:.2f} ms CPU, {1 / wall:.1f} frames/s", flush=True)
            start = Cost(short.cpu_s - first * each, short.wall_s - first * wall)
            starts.setdefault(name, []).append(start)
    print(f"\n{frames[1] - frames[0]} frames, {rounds} rounds, load {os.getloadavg()[0]:.1f}\n")
    print("| way | CPU ms/frame | ratio | frames/s | ratio | start CPU s | start s |")
    print("|---|---|---|---|---|---|---|")
    middle = {name: statistics.median(values) for name, values in costs.items()}
    speed = {name: statistics.median(values) for name, values in rates.items()}
    for name in costs:
        start_cpu = statistics.median(c.cpu_s for c in starts[name])
        start_wall = statistics.median(c.wall_s for c in starts[name])
        cpu = f"{middle[name]:.2f} | {middle[name] / middle[PLAIN]:.2f}"
        if ways(folder)[name].times > 1:  # its processes are ended, not waited for: not counted
            cpu, start_cpu = "- | -", math.nan
        print(
            f"| {name} | {cpu} | {speed[name]:.1f} | {speed[name] / speed[PLAIN]:.2f} "
            f"| {start_cpu:.2f} | {start_wall:.2f} |"
        )
    print()
    for name in list(speed)[3:5]:
        print(f"{name}: x{speed[name] / speed[OURS]:.2f} of one process")


def pairs(folder: Path, videos: list[Path], frames: tuple[int, int], *, rounds: int) -> None:
    """CPU milliseconds per frame of the plain IMAGE loop and of ours, run side by side."""
    ratios: list[float] = []
    for k in range(rounds):
        two = {name: ways(folder)[name].command for name in (PLAIN, OURS)}
        cost = dict.fromkeys(two, 0.0)
        for video, n, sign in zip(videos, frames, (-1, 1), strict=True):
            order = list(two)[:: 1 if k % 2 else -1]
            running = {name: start(two[name](video, n)) for name in order}
            for name in order:
                cost[name] += sign * finished(running[name]).cpu_s
        each = {name: 1000 * cpu / (frames[1] - frames[0]) for name, cpu in cost.items()}
        ratios.append(each[OURS] / each[PLAIN])
        said = ", ".join(f"{name} {ms:.2f} ms" for name, ms in each.items())
        print(f"{said}: x{ratios[-1]:.3f}, load {os.getloadavg()[0]:.1f}", flush=True)
    print(
        f"median of {rounds} pairs of {frames[1] - frames[0]} frames: "
        f"x{statistics.median(ratios):.3f}"
    )


def long_video(folder: Path, clip: Path, minutes: int) -> None:
    """Memory and CPU time per frame over a long video; a tenth of its frames show a face."""
    unit = mostly_empty(clip, folder / "unit.mp4", 600)
    video = repeated(unit, folder / "long.mp4", minutes * 3, 600)
    code = (
        "import sys; from mimicry import ExtractionOptions\n"
        "from mimicry.pipeline import extract_recording\n"
        "done = extract_recording(sys.argv[1], sys.argv[2], options=ExtractionOptions(jobs=2),"
        " progress=lambda n, _: n % 640 or print(n, flush=True))\n"
        "print(done.frames_with_face, 'with a face', flush=True)"
    )
    began = time.perf_counter()
    process = start(["-c", code, str(video), str(folder / "out")], stdout=subprocess.PIPE)
    looks = [(0, 0.0, 0.0, 0.0)]
    for line in cast("IO[bytes]", process.stdout):
        if line.strip().isdigit():
            looks.append((int(line), *look(process.pid)))
        else:
            print(line.decode().strip())
    if process.wait():
        raise RuntimeError("the extraction failed")
    wall = time.perf_counter() - began
    print(f"{minutes} min, {minutes * 1800} frames in {wall:.0f} s\n")
    print("| frames | largest process, MiB | all three, MiB | landmarks, CPU ms/frame |")
    print("|---|---|---|---|")
    quarter = max(1, (len(looks) - 1) // 4)
    for k in range(1, min(5, len(looks))):
        part = looks[(k - 1) * quarter : k * quarter + 1]
        each = 1000 * (part[-1][3] - part[0][3]) / (part[-1][0] - part[0][0])
        print(
            f"| {part[0][0]} to {part[-1][0]} | {max(p[1] for p in part):.0f} "
            f"| {max(p[2] for p in part):.0f} | {each:.2f} |"
        )


def look(pid: int) -> tuple[float, float, float]:
    """MiB of the largest process and of all, and CPU seconds of the landmark processes."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    page = os.sysconf("SC_PAGE_SIZE") / 2**20
    sizes = [page * int(Path(f"/proc/{p}/statm").read_text().split()[1]) for p in (pid, *children)]
    stats = [Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split() for p in children]
    ticks = sum(int(s[11]) + int(s[12]) for s in stats)
    return max(sizes), sum(sizes), ticks / os.sysconf("SC_CLK_TCK")


def run(words: list[str]) -> Cost:
    """Run a command and return what it and its children took."""
    return finished(start(words))


def finished(process: "subprocess.Popen[bytes]") -> Cost:
    """Wait for a process just started and return what it and its children took."""
    began = time.perf_counter()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{process.args} ended with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - began)


def start(words: list[str], *, stdout: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
    """Start a Python command, behind the guard, one thread a library.

    What our landmark processes choose for their memory is left to them: a user's loop has not.
    """
    env = {**guarded_environment(), "GLIBC_TUNABLES": os.environ.get("GLIBC_TUNABLES", "")}
    if not env["GLIBC_TUNABLES"]:
        del env["GLIBC_TUNABLES"]
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT), env["PYTHONPATH"]])
    quiet = subprocess.DEVNULL
    words = [sys.executable, *words]
    return subprocess.Popen(words, env=env, stdout=stdout, stderr=quiet, cwd=ROOT)


if __name__ == "__main__":
    raise SystemExit(main())
