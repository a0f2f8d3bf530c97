"""Whether this machine can do the work: libraries, model, network guard, camera, clocks."""

import json
import platform
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mimicry import __version__
from mimicry.capture.camera import camera_present, probe_camera
from mimicry.capture.video import VideoReader
from mimicry.errors import MimicryError
from mimicry.files import scratch
from mimicry.interchange.sources import identify
from mimicry.interchange.tables import read_au_table
from mimicry.kernels.pictures import packed
from mimicry.kernels.timing import timing_summary
from mimicry.landmarks import native
from mimicry.landmarks.extract import extract_landmarks
from mimicry.landmarks.guard import guarded_environment
from mimicry.landmarks.libraries import explained, libraries
from mimicry.landmarks.model_file import MODEL_SHA256, checked_model
from mimicry.pipeline.extraction import usable_cores

__all__ = ["Check", "audit", "check_camera", "check_environment"]

Status = Literal["ok", "warning", "failed", "skipped"]

_SPACE_GB = 2.0


@dataclass(frozen=True, slots=True)
class Check:
    """One finding.

    Parameters
    ----------
    name, status, text
        What was looked at, how it is, and one sentence.
    details
        Numbers behind it. JSON types.
    """

    name: str
    status: Status
    text: str
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


def check_environment(model: Path | None = None) -> list[Check]:
    """Look at everything the extraction of a video rests on, by doing it once."""
    return [_versions(), _model(model), _native(), _guard(), _landmarks(model), _machine()]


def check_camera(index: int = 0) -> Check:
    """Look for a camera and at its clock."""
    if camera_present() is False:
        return Check("camera", "skipped", "no camera is connected")
    probed = probe_camera(index)
    if probed is None:
        return Check("camera", "warning", f"camera {index} does not answer")
    return Check("camera", *_verdict(probed), probed)


def audit(path: Path) -> Check:
    """Look at the clock of a video or of a table of action units.

    Raises
    ------
    MimicryError
        When it can be read as neither.
    """
    if identify(path).kind == "video":
        with VideoReader(path) as video:
            # no part is converted to pictures: only the times are wanted
            times = np.array([f.time_s for f in video.frames(part=1, parts=2, block=1 << 60)])
        report = video.report
        timing = {**timing_summary(times), "video": report.to_json()}
        damage = report.truncated or report.corrupt_frames or report.decode_errors
        status, text = _verdict(timing)
        if damage:
            status, text = "warning", text + "; the file is damaged (see details)"
        return Check(path.name, status, text, timing)
    timing = timing_summary(read_au_table(path).times_s)
    return Check(path.name, *_verdict(timing), timing)


def _verdict(timing: dict[str, Any]) -> tuple[Status, str]:
    if timing["fps_effective"] is None:
        return "warning", "holds a single frame"
    rate = "variable" if timing["variable_rate"] else "steady"
    text = (
        f"{timing['fps_effective']:.2f} frames/s ({rate}), intervals "
        f"{timing['interval_min_ms']:.1f} to {timing['interval_max_ms']:.1f} ms, "
        f"{timing['gaps']} gaps; starts at {timing['start_s']:.3f} s; counting frames instead "
        f"of reading times would be off by up to {timing['count_clock_error_s']:.3f} s"
    )
    bad = timing["gaps"] > 0 or timing["fps_effective"] < 20
    return ("warning" if bad else "ok"), text


def _versions() -> Check:
    known = libraries()
    versions = {"mimicry": __version__, "python": platform.python_version()}
    versions |= {lib.name: lib.installed for lib in known[1:] if lib.installed is not None}
    shown = ", ".join(f"{name} {number}" for name, number in versions.items())
    missing = [lib.name for lib in known if lib.installed is None]
    untested = [lib for lib in known if lib.installed is not None and not lib.fits]
    if missing:
        text = f"missing: {', '.join(missing)}. Install again: pip install facial-mimicry"
        return Check("versions", "failed", text, versions)
    if untested:
        remedies = "; ".join(lib.remedy for lib in untested)
        text = f"never tested: {', '.join(map(str, untested))}. Better: {remedies}"
        return Check("versions", "warning", f"{text}. Found: {shown}", versions)
    if not known:
        text = "the package is not installed (pip), so what was tested is not known"
        return Check("versions", "warning", text, versions)
    return Check("versions", "ok", f"{shown} on {platform.platform()}; all tested", versions)


def _model(path: Path | None) -> Check:
    try:
        model = checked_model(path)
    except MimicryError as error:
        return Check("face model", "failed", str(error))
    text = f"{model.name}, SHA-256 {MODEL_SHA256[:12]}… as expected"
    return Check("face model", "ok", text, {"path": str(model), "sha256": MODEL_SHA256})


def _native() -> Check:
    missing = native.missing_libraries()
    if missing:
        text = f"missing {', '.join(missing)}; install: {native.install_command(missing)}"
        return Check("system libraries", "failed", text, {"missing": missing})
    return Check("system libraries", "ok", "all that OpenCV and MediaPipe load are there")


_ASK_GUARD = """
import json, urllib.request as r
print(json.dumps([r.getproxies(), bool(r.proxy_bypass("example.org"))]))
"""


def _guard() -> Check:
    """Ask a guarded process where its requests would go."""
    run = subprocess.run(
        [sys.executable, "-P", "-c", _ASK_GUARD],
        env=guarded_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    proxies, bypassed = json.loads(run.stdout)
    dead = "http://127.0.0.1:9"
    closed = not bypassed and all(proxies.get(kind) == dead for kind in ("http", "https"))
    try:
        quiet = tuple(int(p) for p in version("mediapipe").split(".")[:3]) < (0, 10, 34)
    except (PackageNotFoundError, ValueError):
        quiet = False
    reports = (
        "this MediaPipe holds no network code"
        if quiet
        else "this MediaPipe reports usage to a server; the guard stops it"
    )
    if not closed:
        return Check("network guard", "failed", f"landmark processes could reach out; {reports}")
    text = f"landmark processes cannot reach the network; {reports}"
    return Check("network guard", "ok" if quiet else "warning", text)


def _landmarks(model: Path | None) -> Check:
    """Start a landmark process and let it measure a video made for it."""
    with scratch() as folder:
        try:
            track = extract_landmarks(_small_video(folder / "check.mp4"), model=model)
        except Exception as error:
            # whatever fails here would fail in every extraction
            return Check("landmarks", "failed", str(explained(error) or error))
    return Check("landmarks", "ok", f"a process started and measured {len(track)} frames")


def _small_video(path: Path) -> Path:
    import av

    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for k in range(3):
            frame = av.VideoFrame.from_ndarray(packed(np.full((64, 64, 3), 80 * k, np.uint8)))
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def _machine() -> Check:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    text = f"{usable_cores()} usable cores, {free:.1f} GB free here"
    if free < _SPACE_GB:
        return Check("machine", "warning", text + "; landmarks need 2 kB a frame")
    return Check("machine", "ok", text)
