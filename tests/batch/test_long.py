"""Long runs: many videos and a kill, a long video, a study without its videos."""

import shutil
import subprocess
import sys
import threading
import time
import venv
from pathlib import Path

import pytest

from mimicry.batch import run_batch
from mimicry.landmarks.guard import guarded_environment
from mimicry.pipeline import extract_recording

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore:.*no face was seen")]


def files_of(folder):
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.suffix != ".log"
    }


def test_sixty_videos_killed_in_the_middle_end_with_the_same_bytes(make_video, tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    for k in range(60):
        make_video(folder / f"v{k:02}.mp4", frames=15 + k)
    out = tmp_path / "killed"
    words = [sys.executable, "-m", "mimicry", "batch", str(folder), "--out", str(out)]
    env = {"PYTHONPATH": guarded_environment()["PYTHONPATH"]}
    quiet = subprocess.DEVNULL
    import os

    process = subprocess.Popen(words, env={**os.environ, **env}, stdout=quiet, stderr=quiet)
    while len(list(out.glob("*_au.json"))) < 30:
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    finished = len(list(out.glob("*_au.json")))
    assert 30 <= finished < 60
    run_batch([folder], out=out)
    run_batch([folder], out=tmp_path / "whole")
    assert files_of(out) == files_of(tmp_path / "whole")


def resident_mib(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20
    except OSError:
        return 0.0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_ten_minutes_need_no_more_memory_than_one(make_video, tmp_path):
    video = make_video(tmp_path / "long.mp4", frames=18_000, size=(160, 120))
    words = [sys.executable, "-m", "mimicry", "extract", str(video), "--out", str(tmp_path / "o")]
    env = guarded_environment()
    process = subprocess.Popen([*words, "--jobs", "1"], env=env, stderr=subprocess.DEVNULL)
    sizes: list[tuple[float, float]] = []
    while process.poll() is None:
        try:
            text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        except OSError:
            break
        children = [int(c) for c in text.split()]
        sizes.append((resident_mib(process.pid), sum(map(resident_mib, children))))
        time.sleep(0.2)
    assert process.wait() == 0
    assert max(max(pair) for pair in sizes) < 400
    third = len(sizes) // 3
    landmark_process = [child for _, child in sizes]
    assert max(landmark_process[2 * third :]) < 1.1 * max(landmark_process[:third]) + 5


def test_a_study_is_scored_again_from_landmarks_after_its_videos_are_gone(tmp_path):
    from mimicry.assets import asset_folder

    study = tmp_path / "study"
    shutil.copytree(asset_folder("sample_data"), study)
    first = run_batch([study], delete_video=True)
    assert [r.status for r in first.recordings] == ["done"]
    assert not list(study.rglob("*_video.mp4"))
    before = files_of(study)
    again = run_batch([study])
    assert [r.status for r in again.recordings] == ["resumed"]
    results = study / "derivatives" / "mimicry"
    for path in results.rglob("*_scores.*"):
        path.unlink()
    fresh = run_batch([study], overwrite=True)
    assert [r.status for r in fresh.recordings] == ["done"]
    assert files_of(study) == before


def test_the_next_mediapipe_works_behind_the_guard(clips, tmp_path):
    """Another major version in a second environment, by its public interface."""
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=True, system_site_packages=False)
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "mediapipe>=1.0"], check=True)
    rest = ["numpy", "av", "absl-py", "certifi", "flatbuffers", "opencv-contrib-python", "pyarrow"]
    subprocess.run([*pip, *rest], check=True)
    code = (
        "from importlib.metadata import version\n"
        "from mimicry.landmarks import LandmarkStream, join_tracks\n"
        f"stream = LandmarkStream({str(clips / 'single_face.mp4')!r})\n"
        "track = join_tracks(list(stream), {})\n"
        "print(version('mediapipe'), stream.backend, len(track), int(track.tracked.sum()))\n"
    )
    log = tmp_path / "trace"
    trace = ["strace", "-f", "-qq", "-e", "trace=connect,sendto", "-o", str(log)]
    env = {"PYTHONPATH": guarded_environment()["PYTHONPATH"].split(":")[0], "PATH": "/usr/bin:/bin"}
    run = subprocess.run(
        [*trace, str(python), "-c", code], env=env, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    version, backend, frames, tracked = run.stdout.split()
    assert version.startswith("1.")
    assert (backend, frames, tracked) == ("public", "72", "72")
    reached = [
        line
        for line in log.read_text().splitlines()
        if "AF_INET" in line and 'inet_addr("127.0.0.1")' not in line
    ]
    assert reached == []
    assert not any("htons(53)" in line for line in log.read_text().splitlines())


def test_a_long_video_is_extracted_by_two_processes_as_by_one(make_video, tmp_path):
    video = make_video(tmp_path / "a.mp4", frames=700)
    one = extract_recording(video, tmp_path / "one", jobs=1)
    two = extract_recording(video, tmp_path / "two", jobs=2)
    three = extract_recording(video, tmp_path / "three", jobs=3)
    for kind, path in one.files.items():
        assert path.read_bytes() == two.files[kind].read_bytes() == three.files[kind].read_bytes()


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
