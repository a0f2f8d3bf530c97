"""Long runs: many videos and a kill, a long video, several processes, the next MediaPipe."""

import os
import subprocess
import sys
import threading
import time
import venv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mimicry.batch import run_batch
from mimicry.capture.video import VideoReader
from mimicry.landmarks.guard import guarded_environment
from mimicry.pipeline import extract_recording
from mimicry.records import ExtractionOptions

pytestmark = pytest.mark.slow


def files_of(folder):
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.suffix != ".log"
    }


def test_sixty_videos_killed_in_the_middle_end_with_the_same_bytes(make_video, real_face, tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    for k in range(60):
        make_video(folder / f"v{k:02}.mp4", frames=1 + k % 5, **real_face)
    out = tmp_path / "killed"
    words = [sys.executable, "-m", "mimicry", "batch", str(folder), "--out", str(out)]
    env = {**os.environ, "PYTHONPATH": guarded_environment()["PYTHONPATH"]}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(words, env=env, stdout=quiet, stderr=quiet)
    while len(list(out.glob("*_au.json"))) < 30:
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    finished = len(list(out.glob("*_au.json")))
    assert 30 <= finished < 60
    resumed = run_batch([folder], out=out)
    assert {r.status for r in resumed.recordings} == {"done", "resumed"}
    assert sum(r.status == "resumed" for r in resumed.recordings) >= finished
    run_batch([folder], out=tmp_path / "whole")
    assert files_of(out) == files_of(tmp_path / "whole")


def looped(source: Path, target: Path, times: int, frames: int) -> Path:
    """Repeat a video without encoding it again."""
    import av

    with av.open(str(target), "w") as out:
        copy = None
        for k in range(times):
            with av.open(str(source)) as video:
                track = video.streams.video[0]
                copy = copy or out.add_stream_from_template(track)
                shift = round(k * frames / 30 / track.time_base)
                for packet in video.demux(track):
                    if packet.dts is None:
                        continue
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = copy
                    out.mux(packet)
    return target


@dataclass
class Sample:
    """A look at a process and its landmark processes; CPU seconds of the latter."""

    frames: int
    total_mib: float
    cpu_s: float


def look(pid: int, frames: int) -> Sample:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    sizes = [int(Path(f"/proc/{p}/statm").read_text().split()[1]) for p in (pid, *children)]
    mib = [pages * os.sysconf("SC_PAGE_SIZE") / 2**20 for pages in sizes]
    stats = [Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split() for p in children]
    ticks = sum(int(s[11]) + int(s[12]) for s in stats)
    return Sample(frames, sum(mib), ticks / os.sysconf("SC_CLK_TCK"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.serial
def test_ten_minutes_need_no_more_memory_and_time_per_frame_than_one(
    make_video, real_face, tmp_path
):
    """18,000 frames, a third of them with a face."""
    small = [real_face["pictures"](k)[::2, ::2] for k in range(6)]
    empty = np.full_like(small[0], 90)
    unit = make_video(
        tmp_path / "unit.mp4",
        frames=600,
        size=small[0].shape[1::-1],
        pictures=lambda k: small[k % 6] if k % 300 < 100 else empty,
    )
    video = looped(unit, tmp_path / "long.mp4", 30, 600)
    code = (
        "import re, resource\n"
        "from pathlib import Path\n"
        "from mimicry import ExtractionOptions\n"
        "from mimicry.pipeline import extract_recording\n"
        f"done = extract_recording({str(video)!r}, {str(tmp_path / 'out')!r},\n"
        "    options=ExtractionOptions(jobs=2), progress=lambda n, _: print(n, flush=True))\n"
        # its own ru_maxrss would begin at the size of the process that started it
        "own = int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
        "child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
        "print(done.frames, done.frames_with_face, done.qc['video']['truncated'],\n"
        "    own // 1024, child // 1024)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=guarded_environment(), stdout=subprocess.PIPE, text=True
    )
    samples, last = [], ""
    for line in process.stdout:
        last = line
        if line.strip().isdigit() and int(line) % 640 == 0:
            samples.append(look(process.pid, int(line)))
    assert process.wait() == 0
    frames, faces, truncated, *peaks = last.split()
    assert (frames, truncated) == ("18000", "False")
    assert 5900 <= int(faces) <= 6100
    assert len(samples) == 28
    # MiB, also while action units are measured at the end; the newest libraries take 235 of them
    assert max(map(int, peaks)) < 460
    # the first minute fills buffers and row groups; nothing grows after that
    early, late = samples[3:10], samples[-7:]
    assert max(s.total_mib for s in late) < 1.05 * max(s.total_mib for s in early) + 5
    cost = [(b[-1].cpu_s - b[0].cpu_s) / (b[-1].frames - b[0].frames) for b in (early, late)]
    assert cost[1] < 1.4 * cost[0]


def test_the_next_mediapipe_works_behind_the_guard(clips, tmp_path):
    """Another major version in a second environment, by its public interface."""
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    wheels = ["mediapipe>=1.0", "certifi"]  # what it has come to need
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--disable-pip-version-check", *wheels], check=True)
    # everything else as it is here, behind the packages of the second environment
    here = {str(Path(m.__file__).parents[1]) for m in (np, pytest)}
    own = next((folder / "lib").glob("python3*/site-packages"))
    (own / "here.pth").write_text("\n".join(sorted(here)) + "\n")
    code = (
        "from importlib.metadata import version\n"
        "from mimicry.landmarks import LandmarkStream, join_tracks\n"
        f"stream = LandmarkStream({str(clips / 'single_face.mp4')!r})\n"
        "track = join_tracks(list(stream), {})\n"
        "print(version('mediapipe'), stream.provenance['versions']['mediapipe'],\n"
        "      stream.backend, len(track), int(track.tracked.sum()))\n"
    )
    log = tmp_path / "trace"
    trace = ["strace", "-f", "-qq", "-e", "trace=connect,sendto", "-o", str(log)]
    env = {"PYTHONPATH": guarded_environment()["PYTHONPATH"].split(":")[0], "PATH": "/usr/bin:/bin"}
    run = subprocess.run(
        [*trace, str(python), "-c", code], env=env, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    *versions, backend, frames, tracked = run.stdout.split()
    assert all(version.startswith("1.") for version in versions)
    assert (backend, frames, tracked) == ("public", "72", "72")
    reached = [
        line
        for line in log.read_text().splitlines()
        if "AF_INET" in line and 'inet_addr("127.0.0.1")' not in line
    ]
    assert reached == []
    assert not any("htons(53)" in line for line in log.read_text().splitlines())


def test_a_long_video_is_extracted_by_two_processes_as_by_one(make_video, real_face, tmp_path):
    video = make_video(tmp_path / "a.mp4", frames=330, **real_face)
    with VideoReader(video) as reader:
        assert sum(1 for _ in reader) == 330
    one = extract_recording(video, tmp_path / "one")
    assert one.frames_with_face == 330
    for jobs in (2, 3):
        more = extract_recording(video, tmp_path / str(jobs), options=ExtractionOptions(jobs=jobs))
        for kind, path in one.files.items():
            assert path.read_bytes() == more.files[kind].read_bytes(), kind


def test_threads_of_a_user_can_extract_at_once(clips, tmp_path):
    made = []
    threads = [
        threading.Thread(
            target=lambda k=k: made.append(
                extract_recording(clips / "single_face.mp4", tmp_path / str(k))
            )
        )
        for k in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 2
    assert made[0].files["au"].read_bytes() == made[1].files["au"].read_bytes()
