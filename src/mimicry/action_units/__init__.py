"""Landmark tracks to action-unit tracks."""

from mimicry.action_units.blinks import Blinks, find_blinks
from mimicry.action_units.definitions import (
    ACTION_UNITS,
    DEAD_BLENDSHAPES,
    NAMES,
    SIDED_NAMES,
    ActionUnit,
    columns,
)
from mimicry.action_units.measure import measure
from mimicry.action_units.streaming import USED_LANDMARKS, measure_chunks

__all__ = [
    "ACTION_UNITS",
    "DEAD_BLENDSHAPES",
    "NAMES",
    "SIDED_NAMES",
    "USED_LANDMARKS",
    "ActionUnit",
    "Blinks",
    "columns",
    "find_blinks",
    "measure",
    "measure_chunks",
]
