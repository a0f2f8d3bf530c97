"""What the columns of a converted session mean; the names stand here and nowhere else."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["BEH_COLUMNS", "EVENT_COLUMNS", "FRAME_COLUMNS", "describe"]

EVENT_COLUMNS: Mapping[str, str] = {
    "onset": "s; start of the clip (or image) on the clock of the video",
    "duration": "s; how long the stimulus was on the screen",
    "trial_type": "condition",
    "stimulus": "id in the stimulus manifest",
    "trial_id": "trial",
    "block": "block of the protocol",
    "phase": "stimulus: scored; practice; interrupted: cut short and repeated later; marker",
    "onset_reported": "s; onset as the browser reported it, before calibration",
    "onset_source": "rvfc: median over shown video frames; element_timing: paint of the image; "
    "raf: animation frame, unconfirmed",
    "onset_spread": "s; robust SD of the onset over the clip's frames",
    "calibrated": "true: the measured constant of screen and camera is in `onset`",
    "frames_shown": "stimulus frames that the browser reported as shown",
    "frames_dropped": "stimulus frames that the browser dropped",
    "segment": "page load in which the trial was shown",
    "repeated": "1: an earlier attempt at this trial was interrupted; the first trial of a later "
    "page load always counts as such",
    "lost_fraction": "fraction of camera frames missing from 0.5 s before the onset to the end "
    "of the blank",
    "max_gap": "s; longest time without a camera frame in the same stretch",
    "recording_notes": "frames_lost (> 5 %), gap (> 100 ms), onset_spread (> 1 screen frame), "
    "onset_unconfirmed, stimulus_frames_dropped, hidden, blur, resized, camera_mute, camera_ended",
}

FRAME_COLUMNS: Mapping[str, str] = {
    "frame": "number of the frame in the video, from 0; n/a when it is not in it",
    "timestamp": "s; capture time, equal to the presentation time in the video",
    "camera_us": "us; the camera's own time stamp",
    "arrival_s": "s; when the frame reached the recorder",
    "encoded": "1: in the video; 0: captured but not stored",
    "segment": "page load that recorded it",
}

BEH_COLUMNS: Mapping[str, str] = {
    "onset": "s; when the question was shown, on the clock of the video",
    "trial_id": "trial that was rated, n/a for other questions",
    "block": "block of the protocol",
    "question": "name of the question",
    "response": "number of the answer (keys: from 1, sliders: from 0, or the numbers at the "
    "ends of the scale); n/a: none within the time limit",
    "label": "text of the answer",
    "response_time": "s; from showing the question to the answer",
    "answered_by": "keydown, click, or limit: the time was over, and a slider's position counts",
    "correct": "attention checks: 1 right, 0 wrong",
    "practice": "1: asked in a practice trial",
    "segment": "page load in which it was asked",
}


def describe(
    columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, str]]:
    """Return the JSON sidecar of a table; columns of the design are described as such."""
    extra = {k for row in rows for k in row} - set(columns)
    texts = {**columns, **dict.fromkeys(sorted(extra), "column of the design")}
    return {name: {"Description": text} for name, text in texts.items()}
