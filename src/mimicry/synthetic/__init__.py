"""Rendered faces whose movements are known in millimetres and milliseconds.

Build a :class:`Performance` (what the face does, frame by frame), choose an :class:`Identity`
and hand both to :func:`render_video`, which writes the video and its truth. Rendering needs the
extra ``[synth]``; everything measured on rendered faces is an upper bound.
"""

from importlib import import_module
from typing import Any

_HOME = {
    "Faults": "camera",
    "Identity": "head",
    "MODELS": "recipes",
    "Performance": "motion",
    "RECIPES": "recipes",
    "RenderedVideo": "video",
    "StimulusSpec": "stimuli",
    "View": "scene",
    "action_unit_names": "facs",
    "blink_curve": "motion",
    "blinks": "natural",
    "camera_times": "natural",
    "drop_frames": "natural",
    "envelope": "motion",
    "gaze": "natural",
    "identities": "head",
    "light": "natural",
    "millimetres": "facs",
    "minimum_jerk": "motion",
    "parse_id": "stimuli",
    "parse_intensity": "facs",
    "performance": "motion",
    "render_frames": "camera",
    "render_video": "video",
    "repeat_frames": "natural",
    "speech": "natural",
    "spontaneous": "natural",
    "stimulus_file": "stimuli",
    "sway": "natural",
    "times_at": "motion",
    "truth_table": "video",
    "write_frames": "video",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"mimicry.synthetic.{_HOME[name]}"), name)
    raise AttributeError(f"module 'mimicry.synthetic' has no attribute {name!r}")
