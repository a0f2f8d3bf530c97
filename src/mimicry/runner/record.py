"""Recording a person while another program shows the stimuli, or nothing is shown."""

import platform
import threading
from pathlib import Path
from typing import Any

from mimicry.capture.recording import CameraRecording, record_camera
from mimicry.files import make_folder, sha256_of, write_json
from mimicry.runner.convert import require_free
from mimicry.runner.plan import CameraSettings, SessionPlan
from mimicry.runner.study import prepare_study
from mimicry.study.layout import check_label
from mimicry.study.participants import enter_participant

__all__ = ["record_plainly", "recording_plan"]


def recording_plan(
    participant: str, task: str, *, session: str | None = None, camera: CameraSettings
) -> SessionPlan:
    """Return the plan of a session that shows nothing."""
    return SessionPlan(
        protocol="none",
        protocol_digest="",
        task=check_label(task, key="`task`"),
        participant=participant,
        session=session,
        title="Recording",
        consent=(),
        steps=(),
        stimuli=(),
        camera=camera,
        record_only=True,
    )


def record_plainly(
    study: Path,
    plan: SessionPlan,
    source: int | Path,
    *,
    seconds: float | None = None,
    stop: threading.Event | None = None,
    seen: Any = None,
) -> tuple[CameraRecording, dict[str, Path]]:
    """Record with OpenCV into the study layout.

    Raises
    ------
    OutputExistsError
        When the participant has a recording of this task already.
    RecordingError
        When the camera gives no picture.
    """
    free = require_free(study, plan, _PLAIN)
    files = {kind: free[kind] for kind in _PLAIN}
    prepare_study(study, None)
    make_folder(files["video"].parent)
    camera = plan.camera
    recorded = record_camera(
        source,
        files["video"],
        files["frames"],
        seconds=seconds,
        size_px=(camera.width, camera.height),
        fps=camera.fps,
        stop=stop,
        seen=seen,
    )
    write_json(files["recording"], _about(plan, recorded, files))
    enter_participant(study, plan.participant)
    return recorded, files


_PLAIN = ("video", "frames", "recording")


def _about(plan: SessionPlan, recorded: CameraRecording, files: dict[str, Path]) -> dict[str, Any]:
    from mimicry import __version__

    return {
        "mimicry": __version__,
        "participant": plan.participant,
        "session": plan.session,
        "recorder": "opencv",
        "time_zero": "when the first frame was handed over by OpenCV; not its capture",
        "time_zero_unix_s": recorded.started_unix_s,
        "time_zero_monotonic_s": recorded.started_monotonic_s,
        "calibrated": False,
        "size_px": list(recorded.size_px),
        "frames": {
            "captured": len(recorded.times_us),
            "in_video": recorded.written.count(True),
            "dropped_writer_behind": recorded.dropped,
            "failed_reads": recorded.failed_reads,
        },
        "files": {k: {"file": files[k].name, "sha256": sha256_of(files[k])} for k in _PLAIN[:2]},
        "frames_columns": {
            "frame": "number of the frame in the video, from 0; n/a when it is not in it",
            "timestamp": "s; host time when OpenCV handed the frame over, from the first frame",
            "encoded": "1: in the video; 0: dropped because the writer was behind",
        },
        "system": {"os": platform.platform(), "python": platform.python_version()},
    }
