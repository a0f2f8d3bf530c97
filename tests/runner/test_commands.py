"""The real commands with a real browser: everything killed and resumed; an experiment of others."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from house import CAMERA_PX, attached, make_stimuli, take_part, watch_to_the_end
from lab import camera_flags, wait_for

from mimicry.files import read_json

pytestmark = [pytest.mark.slow, pytest.mark.serial, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A camera file of a rendered face that smiles for half of every two seconds."""
    import cv2

    from mimicry.synthetic.camera import Faults, render_frames
    from mimicry.synthetic.motion import performance, times_at
    from mimicry.synthetic.recipes import MODELS
    from mimicry.synthetic.scene import View

    path = tmp_path_factory.mktemp("camera") / "face.y4m"
    smile = np.repeat([0.0, 0.5], 6)
    play = performance(times_at(30, 0.4)[:12], {"AU12": smile})
    view = View(size_px=CAMERA_PX, span_mm=300.0)
    pictures = render_frames(MODELS["f02"], play, view=view, faults=Faults(noise=1.0))
    planar = [cv2.cvtColor(p, cv2.COLOR_RGB2YUV_I420).tobytes() for p in pictures]
    width, height = CAMERA_PX
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F30:1 Ip A1:1 C420jpeg\n".encode())
        for k in range(60):
            file.write(b"FRAME\n" + planar[k % 6 + 6 * (k >= 30)])
    return path


@contextlib.contextmanager
def command(folder: Path, camera: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run ``mimicry`` with a headless browser that tests can attach to."""
    flags = ["--no-sandbox", "--headless=new", "--remote-debugging-port=0", *camera_flags(camera)]
    (folder / "data" / "mimicry" / "browser" / "DevToolsActivePort").unlink(missing_ok=True)
    environment = {
        **os.environ,
        "XDG_DATA_HOME": str(folder / "data"),
        "MIMICRY_BROWSER_FLAGS": " ".join(flags),
    }
    with (folder / "stderr.txt").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mimicry", *words, "--browser", "chromium", "--json"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
            # what `nohup` around the tests would hand down
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()
            kill_all_of(folder)


def kill_all_of(folder: Path) -> None:
    """Send SIGKILL to every process that names a folder."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(folder) in (entry / "cmdline").read_bytes().decode(errors="replace"):
                os.kill(int(entry.name), signal.SIGKILL)


def printed(process: subprocess.Popen[str], folder: Path) -> dict[str, Any]:
    """Return what the command printed when it had ended well."""
    text, _ = process.communicate(timeout=1200)
    assert process.returncode == 0, text + (folder / "stderr.txt").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


def profile(folder: Path) -> Path:
    return folder / "data" / "mimicry" / "browser"


def test_everything_is_killed_resumed_scored_and_the_video_deleted(
    tmp_path: Path, camera: Path
) -> None:
    study = tmp_path / "study"
    protocol = make_stimuli(tmp_path, repeats=2)
    asked = ["--participant", "01", "--study", str(study), "--delete-video"]
    with command(tmp_path, camera, "run", str(protocol), *asked) as process:
        with contextlib.suppress(Exception), attached(profile(tmp_path)) as page:
            take_part(page)
            step = "window.mimicry.at && window.mimicry.done.size + 5 > window.mimicry.at.left"
            wait_for(lambda: page.evaluate(step), 120, "some trials")
            wait_for(lambda: stored(study) >= 4, 120, "trials on the disk")
            process.kill()
            kill_all_of(tmp_path)
        assert process.wait(20) == -signal.SIGKILL
    assert stored(study) >= 4
    assert not list(study.glob("sourcedata/sub-01/run-*/done.json"))
    resume = ["resume", str(study), "--participant", "01"]
    with command(tmp_path, camera, *resume) as process:
        with attached(profile(tmp_path)) as page:
            page.get_by_role("heading", name="Camera check").wait_for(timeout=90_000)
            page.locator("button:enabled").press("Enter", timeout=90_000)
            watch_to_the_end(page, study)
        found = printed(process, tmp_path)
    assert (found["status"], found["session"]) == ("done", "finished")
    assert not list(study.rglob("*.mp4"))
    assert not list(study.rglob("*.ivf"))
    results = study / "derivatives" / "mimicry" / "sub-01"
    assert list(results.glob("*_landmarks.parquet"))
    assert list(results.glob("*_report.html"))
    (scores,) = results.glob("*_scores.tsv")
    assert len(pd.read_csv(scores, sep="\t")) == 12
    (events,) = (study / "sub-01" / "beh").glob("*_events.tsv")
    table = pd.read_csv(events, sep="\t", na_values="n/a")
    assert set(table.segment) == {1, 2}
    assert (table.phase == "stimulus").sum() == 12
    assert table[table.repeated == 1].trial_id.nunique() == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_closes_the_browser_and_keeps_what_was_recorded(
    tmp_path: Path, camera: Path, number: signal.Signals, code: int
) -> None:
    study = tmp_path / "study"
    protocol = make_stimuli(tmp_path, repeats=2)
    asked = ["--participant", "01", "--study", str(study)]
    with command(tmp_path, camera, "run", str(protocol), *asked) as process:
        with contextlib.suppress(Exception), attached(profile(tmp_path)) as page:
            take_part(page)
            wait_for(lambda: stored(study) >= 1, 120, "a trial on the disk")
            process.send_signal(number)
            process.wait(60)
        assert process.wait(1) == code
        said = json.loads(process.communicate(timeout=60)[0])["error"]["message"]
        assert said.startswith(f"ended by {number.name}; finished files are kept")
        assert not browsers(tmp_path)
    assert not list(profile(tmp_path).glob("launch-*.html"))
    assert not list(study.rglob("*.part*"))
    assert stored(study) >= 1


def browsers(folder: Path) -> list[str]:
    """Return the command lines of the browser processes that use a folder's profile."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().decode(errors="replace")
            if str(profile(folder)) in words:
                found.append(words)
    return found


def stored(study: Path) -> int:
    """Count the steps that are done on the disk."""
    files = study.glob("sourcedata/sub-01/run-*/seg-*_events.jsonl")
    return sum(f.read_text().count('"type":"step_end"') for f in files)


def test_a_recording_beside_another_program_is_scored_with_its_events(
    tmp_path: Path, camera: Path
) -> None:
    """The other program writes unix times; a marker key checks the alignment."""
    study = tmp_path / "study"
    make_stimuli(tmp_path)
    words = ["record", "--exact", "--participant", "01", "--study", str(study), "--task", "emg"]
    size = ["--width", str(CAMERA_PX[0]), "--height", str(CAMERA_PX[1])]
    shown, pressed = [], []
    with command(tmp_path, camera, *words, *size) as process:
        with attached(profile(tmp_path)) as page:
            page.get_by_role("heading", name="Camera check").wait_for(timeout=90_000)
            page.locator("button:enabled").press("Enter", timeout=90_000)
            page.get_by_role("heading", name="Recording").wait_for(timeout=90_000)
            for _ in range(3):
                pressed.append(time.time())
                page.keyboard.press("m")
                page.wait_for_timeout(500)
                shown.append(time.time())
                page.wait_for_timeout(4000)
            page.get_by_role("button", name="Stop recording").press("Enter")
            wait_for(lambda: list(study.glob("sourcedata/*/*/done.json")), 60, "the end")
        found = printed(process, tmp_path)
    assert found["session"] == "finished"
    beh = study / "sub-01" / "beh"
    about = read_json(beh / "sub-01_task-emg_recording.json")
    markers = pd.read_csv(beh / "sub-01_task-emg_events.tsv", sep="\t", na_values="n/a")
    assert list(markers.phase) == ["marker"] * 3
    late = markers.onset + about["time_zero_unix_s"] - np.array(pressed)
    assert (late > -0.05).all(), "markers are not before the key"
    assert np.median(late) < 2, "a busy machine is slow to press"
    rows = zip(shown, ("happy", "angry", "neutral"), strict=True)
    own = pd.DataFrame(
        [
            {
                "onset": t - about["time_zero_unix_s"],
                "trial_type": c,
                "stimulus": f"{c}-f01-dynamic",
            }
            for t, c in rows
        ]
    )
    own.to_csv(tmp_path / "own_events.tsv", sep="\t", index=False)
    score = ["score", str(beh / "sub-01_task-emg_video.mp4"), "--out", str(tmp_path / "out")]
    score += ["--events", str(tmp_path / "own_events.tsv")]
    score += ["--protocol", str(tmp_path / "rig-short.yaml")]
    score += ["--stimuli", str(tmp_path / "manifest.json"), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "mimicry", *score], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (scores,) = (tmp_path / "out").glob("*_scores.tsv")
    table = pd.read_csv(scores, sep="\t", na_values="n/a")
    assert len(table) == 3
    # a starved machine records too few frames, which is said; nothing else may be wrong
    reasons = {r for text in table.reason.dropna() for r in text.split(";")}
    assert not reasons or "low_fps" in reasons
    assert "outside" not in reasons
    assert table.tracked_fraction.min() > 0.95
