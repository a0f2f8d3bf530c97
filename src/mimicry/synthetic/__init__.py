"""Rendered faces whose movements are known in millimetres and milliseconds.

Build a :class:`Performance` (what the face does, frame by frame), choose an :class:`Identity`
and hand both to :func:`render_video`, which writes the video and its truth. Rendering needs the
extra ``[synth]``; everything measured on rendered faces is an upper bound.
"""

from importlib import import_module
from typing import Any

_NAMES = {
    "camera": "Faults render_frames",
    "facs": "action_unit_names millimetres parse_intensity",
    "head": "Identity identities",
    "motion": "Performance blink_curve envelope minimum_jerk performance times_at",
    "natural": "blinks camera_times drop_frames gaze light repeat_frames speech spontaneous sway",
    "recipes": "MODELS RECIPES",
    "scene": "View",
    "stimuli": "StimulusSpec parse_id stimulus_file",
    "video": "RenderedVideo render_video truth_table write_frames",
}
_HOME = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"mimicry.synthetic.{_HOME[name]}"), name)
    raise AttributeError(f"module 'mimicry.synthetic' has no attribute {name!r}")
