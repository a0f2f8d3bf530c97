"""From measures to action units: one matrix for the whole track."""

import numpy as np
from numpy.typing import NDArray

from mimicry.action_units.definitions import ACTION_UNITS, columns
from mimicry.action_units.measures import MEASURE_NAMES

__all__ = ["formula_operator"]

Array = NDArray[np.float64]


def formula_operator() -> Array:
    """(M, A) matrix of the formulas of ``definitions.ACTION_UNITS``, in units of each.

    A unit without side stands for itself; a sided one has a column for each side and their
    mean.
    """
    where = {name: k for k, name in enumerate(MEASURE_NAMES)}
    out = {name: np.zeros(len(MEASURE_NAMES)) for name in columns()}
    for unit in ACTION_UNITS:
        for side in ("L", "R"):
            for name, weight in unit.weights(side).items():
                share = weight / unit.full
                out[unit.code][where[name]] += share / 2
                if unit.sided:
                    out[f"{unit.code}_{side}"][where[name]] += share
    return np.column_stack([out[name] for name in columns()])
