"""Landmark tracks to action-unit tracks."""

from mimicry.action_units.definitions import (
    ACTION_UNITS,
    DEAD_BLENDSHAPES,
    NAMES,
    SIDED_NAMES,
    ActionUnit,
    columns,
)
from mimicry.action_units.measure import measure
from mimicry.action_units.streaming import measure_chunks

__all__ = [
    "ACTION_UNITS",
    "DEAD_BLENDSHAPES",
    "NAMES",
    "SIDED_NAMES",
    "ActionUnit",
    "columns",
    "measure",
    "measure_chunks",
]
