"""Shared fixtures. Real clips and reference numbers are found through MIMICRY_TEST_DATA."""

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parents[1]))  # benchmarks
pytest_plugins = ["made_studies"]


def _without(what: str) -> None:
    """Skip for want of something, or fail where nothing may be skipped."""
    if os.environ.get("MIMICRY_TEST_STRICT"):
        pytest.fail(f"needs {what}, and MIMICRY_TEST_STRICT is set")
    pytest.skip(f"needs {what}")


@pytest.fixture(scope="session")
def without() -> Callable[[str], None]:
    """How a fixture says what is missing here."""
    return _without


@pytest.fixture(scope="session")
def mere_mortal() -> list[str]:
    """Words before a command that take root's right to read everything away; none for others."""
    if sys.platform == "win32":
        _without("file permissions (Linux, macOS)")
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        _without("setpriv (Linux), or not to be root")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]


@pytest.fixture(scope="session")
def strace() -> None:
    """System calls can be traced here."""
    if not sys.platform.startswith("linux") or shutil.which("strace") is None:
        _without("strace (Linux)")


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder with real clips and reference numbers."""
    folder = os.environ.get("MIMICRY_TEST_DATA", "")
    if not folder or not Path(folder).is_dir():
        _without("the folder named by MIMICRY_TEST_DATA")
    return Path(folder)


@pytest.fixture(scope="session")
def clips(test_data: Path) -> Path:
    """The folder of real clips."""
    return test_data / "clips"


def _picture(k: int, width: int, height: int) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """A moving gradient with some detail, so that damage shows."""
    y, x = np.mgrid[:height, :width]
    return np.stack(
        [(x * 3 + 5 * k) % 256, (y * 5 + 3 * k) % 256, (x * y + 7 * k) % 256], -1
    ).astype(np.uint8)


@pytest.fixture(scope="session")
def make_video() -> Callable[..., Path]:
    """Write a small real video: ``make_video(path, frames=30, times_s=None, ...)``."""

    def make(
        path: Path,
        *,
        frames: int = 30,
        size: tuple[int, int] = (96, 64),
        codec: str = "libx264",
        times_s: Sequence[float] | None = None,
        pictures: Callable[[int], "np.ndarray[Any, np.dtype[np.uint8]]"] | None = None,
        container_options: dict[str, str] | None = None,
        audio: bool = False,
        title: str = "",
    ) -> Path:
        import av

        width, height = size
        with av.open(str(path), "w", options=container_options or {}) as out:
            if title:
                out.metadata["title"] = title
            if audio:
                sound = out.add_stream("aac", rate=8000)
            if frames:
                video = out.add_stream(codec, rate=30)
                video.width, video.height, video.pix_fmt = width, height, "yuv420p"
                video.time_base = video.codec_context.time_base = Fraction(1, 90000)
                video.gop_size = 10
            for k in range(frames):
                rgb = pictures(k) if pictures else _picture(k, width, height)
                frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
                time_s = k / 30 if times_s is None else times_s[k]
                frame.pts, frame.time_base = round(time_s * 90000), Fraction(1, 90000)
                out.mux(video.encode(frame))
            if frames:
                out.mux(video.encode())
            if audio:
                tone = np.zeros((1, 8000), np.float32)
                chunk = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
                chunk.sample_rate, chunk.pts = 8000, 0
                out.mux(sound.encode(chunk))
                out.mux(sound.encode())
        return path

    return make


@pytest.fixture(scope="session")
def hostile(make_video: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files that no frame can be read from, whatever their names promise."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "text.mp4").write_text("dear diary\n" * 50)
    (folder / "zero_bytes.mp4").touch()
    whole = make_video(folder / "whole.mp4", frames=60).read_bytes()
    (folder / "whole.mp4").unlink()
    (folder / "no_index.mp4").write_bytes(whole[: len(whole) // 2])
    make_video(folder / "audio_only.mp4", frames=0, audio=True)
    (folder / "noise.webm").write_bytes(np.random.default_rng(1).bytes(5000))
    (folder / "dangling.mp4").symlink_to(folder / "nowhere.mp4")
    return folder
