"""Clocks, stimulus envelopes and events: action-unit tracks to aligned trials."""

from mimicry.timeline.align import align
from mimicry.timeline.events import read_events
from mimicry.timeline.manifest import read_manifest

__all__ = ["align", "read_events", "read_manifest"]
