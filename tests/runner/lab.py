"""Starting Xvfb, the rig and a real Chromium for the tests of the runner."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mimicry.files import sha256_of
from mimicry.runner.browser import FLAGS, find_browser
from mimicry.runner.plan import CameraSettings, Phase, Question, SessionPlan, Step, Stimulus

HERE = Path(__file__).parent


def wait_for(fact: Callable[[], Any], seconds: float, what: str) -> Any:
    """Return the first true value of `fact`, or fail."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = fact()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")


def ended(process: subprocess.Popen[bytes]) -> None:
    """End one of our processes."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


@contextlib.contextmanager
def running(command: Sequence[str], **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a helper program while the block runs."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more
    )
    try:
        yield process
    finally:
        ended(process)


@dataclass
class Lab:
    """A screen, a camera file, and the log of the photodiode."""

    folder: Path
    display: str | None = None
    log: Path | None = None
    flags: list[str] = field(default_factory=list)

    @property
    def camera(self) -> Path:
        """The camera's one-frame file."""
        return self.folder / "camera.y4m"

    def changes(self) -> np.ndarray:
        """Return the photodiode's log: rows of (time in s, brightness)."""
        assert self.log is not None
        rows = [line.split() for line in self.log.read_text().splitlines()[1:]]
        return np.array([(int(a) / 1e9, int(b)) for a, b in (r for r in rows if len(r) == 2)])

    def tick_s(self) -> float:
        """Return how far apart the rig's looks at the screen were: the median of its 99 %."""
        assert self.log is not None
        rows = [line.split() for line in self.log.read_text().splitlines()]
        return float(np.median([int(r[3]) for r in rows if len(r) == 4])) / 1e9


@contextlib.contextmanager
def virtual_lab(
    folder: Path,
    *,
    size: tuple[int, int] = (1280, 800),
    delay_ms: float = 0.0,
    response: Path | None = None,
    camera_px: tuple[int, int] = (640, 480),
) -> Iterator[Lab]:
    """Start Xvfb, a window manager and the rig."""
    from rig import blank_camera  # beside this file; see conftest

    memory = Path("/dev/shm") / f"mimicry-lab-{os.getpid()}-{time.monotonic_ns()}"
    memory.mkdir(mode=0o700)
    read, write = os.pipe()
    screen = f"{size[0]}x{size[1]}x24"
    lab = Lab(memory, log=folder / "photodiode.log")
    try:
        with contextlib.ExitStack() as stack:
            server = ["Xvfb", "-displayfd", str(write), "-screen", "0", screen]
            server += ["-fbdir", str(memory), "-nolisten", "tcp"]
            stack.enter_context(running(server, pass_fds=(write,)))
            number = os.read(read, 16).decode().strip()
            lab.display = f":{number}"
            stack.enter_context(running(["openbox"], env={**os.environ, "DISPLAY": lab.display}))
            blank_camera(lab.camera, camera_px)
            command = [sys.executable, str(HERE / "rig.py"), str(memory / "Xvfb_screen0")]
            command += [str(lab.camera), str(lab.log), "--delay-ms", str(delay_ms)]
            command += ["--response", str(response)] if response else []
            stack.enter_context(running(command))
            assert lab.log is not None
            wait_for(lambda: lab.log and lab.log.exists() and lab.log.stat().st_size, 20, "rig")
            yield lab
    finally:
        os.close(read)
        os.close(write)
        shutil.rmtree(memory, ignore_errors=True)


def camera_flags(camera: Path | None) -> list[str]:
    """Return Chromium's switches for a camera file; None: the generated test picture."""
    flags = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    return flags + ([f"--use-file-for-fake-video-capture={camera}"] if camera else [])


@contextlib.contextmanager
def chromium(
    profile: Path,
    *,
    display: str | None = None,
    flags: Sequence[str] = (),
    size: tuple[int, int] = (1280, 800),
    kiosk: bool = True,
) -> Iterator[Any]:
    """Start Chromium with the runner's own switches; yields a playwright browser context.

    Without a display it runs headless (which has no frame buffer to look at).
    """
    from playwright.sync_api import sync_playwright

    args = [*FLAGS, "--no-sandbox", "--disable-gpu-sandbox", *flags]
    if display is None:
        args += ["--headless=new", f"--window-size={size[0]},{size[1]}"]
    elif kiosk:
        args += ["--kiosk"]
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(profile),
            executable_path=find_browser("chromium"),
            headless=False,
            no_viewport=True,
            args=args,
            ignore_default_args=["--enable-automation", "--mute-audio"],
            env={**os.environ, **({"DISPLAY": display} if display else {})},
        )
        try:
            yield context
        finally:
            with contextlib.suppress(Exception):
                context.close()


CLIP_S = 1.0
CLIP_TURNS = {10: True, 15: False, 20: True, 25: False}  # frame at 30 Hz: light (or dark) from it


def flash_clip(path: Path, *, level: int = 235) -> Path:
    """Write a clip of 1 s that is dark at first and then turns light and dark every 1/6 s."""
    import av

    with av.open(str(path), "w") as out:
        stream = out.add_stream("libvpx-vp9" if path.suffix == ".webm" else "libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for i in range(30):
            light = i >= 10 and (i // 5) % 2 == 0
            picture = np.full((240, 320, 3), level if light else 0, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def stimulus(path: Path, name: str) -> Stimulus:
    """Describe a stimulus file."""
    return Stimulus(name, path, sha256_of(path))


def small_plan(
    folder: Path,
    *,
    trials: int = 2,
    camera: CameraSettings | None = None,
    questions: bool = False,
    image: bool = False,
    extra: Sequence[Step] = (),
    consent: tuple[str, ...] = (),
) -> SessionPlan:
    """Make a session of a few short trials with a flash clip (and an image)."""
    clip = flash_clip(folder / "flash.mp4")
    stimuli = [stimulus(clip, "flash")]
    if image:
        import cv2

        picture = folder / "white.png"
        cv2.imwrite(str(picture), np.full((240, 320, 3), 255, np.uint8))
        stimuli.append(stimulus(picture, "white"))
    asked = (
        Question("happy", "How happy did the person look?", options=("Not", "A bit", "Very")),
        Question("arousal", "How calm do you feel?", kind="slider", labels=("calm", "excited")),
    )
    steps = []
    for i in range(trials):
        show = 1 if image and i % 2 else 0
        steps.append(
            Step(
                f"t{i + 1}",
                "trial",
                trial_id=str(i + 1),
                condition="happy" if i % 2 else "neutral",
                stimulus_id=stimuli[show].stimulus_id,
                block="watch",
                phases=(
                    Phase("fixation", 0.3),
                    Phase("stimulus", 0.5 if show else None, show),
                    Phase("blank", 0.4),
                ),
                questions=asked if questions else (),
                columns={"identity": "f1"},
            )
        )
    return SessionPlan(
        protocol="test",
        protocol_digest="0" * 64,
        task="test",
        participant="01",
        session=None,
        title="A test session",
        consent=consent,
        steps=(*steps, *extra),
        stimuli=tuple(stimuli),
        camera=camera or CameraSettings(),
    )


@contextlib.contextmanager
def boosted(place: Path) -> Iterator[None]:
    """Give priority to this process and to all whose command line names `place`.

    A lab computer does nothing else while a session runs, and the limits of the timing tests
    hold for such a machine. Chromium takes the priority of its page processes back, so it is
    given again every second; the kernel shares time between sessions first, so their groups
    get it too. Without the right to do so the tests run as they are.
    """
    before = os.getpriority(os.PRIO_PROCESS, 0)
    done = threading.Event()

    def keep() -> None:
        while not done.wait(1.0):
            for process in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError, UnicodeDecodeError):
                    if str(place) in (process / "cmdline").read_text():
                        if (process / "autogroup").exists():
                            (process / "autogroup").write_text("-10")
                        for thread in (process / "task").iterdir():
                            os.setpriority(os.PRIO_PROCESS, int(thread.name), -10)

    keeper = threading.Thread(target=keep)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -10)
        keeper.start()
    except PermissionError:
        done.set()
    try:
        yield
    finally:
        done.set()
        if keeper.is_alive():
            keeper.join()
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, before)
