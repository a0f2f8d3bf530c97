"""From measures to action units: one matrix for the whole track, kept as data.

The matrix starts from the landmark formulas of ``definitions`` and departs from them as far as
it takes to keep the units apart on rendered heads. ``benchmarks/fit_unmixing.py`` makes it.
"""

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from mimicry.action_units.definitions import columns
from mimicry.action_units.measures import MEASURE_NAMES

__all__ = ["UNMIXING_VERSION", "pose_prior", "unmixing"]

UNMIXING_VERSION = 1


def unmixing() -> NDArray[np.float64]:
    """(M, A) matrix: change of the measures times it gives action units.

    Measures are in outer-eye-corner distances and counted from the neutral face; 1.0 of a unit
    is its reference movement. A sided unit is the mean of its two sides.

    Raises
    ------
    RuntimeError
        When the data file was made for other measures or units than the installed code.
    """
    return _data()[0]


def pose_prior() -> NDArray[np.float64]:
    """(P, A) what head pose leaves in the action units of rendered heads, per ``pose.TERMS``."""
    return _data()[1]


@cache
def _data() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    path = files("mimicry.action_units") / "data" / f"unmixing-{UNMIXING_VERSION}.npz"
    with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
        made_for = tuple(data["measures"].tolist()), tuple(data["names"].tolist())
        weights = data["weights"].astype(np.float64)
        slopes = data["pose_slopes"].astype(np.float64)
    if made_for != (MEASURE_NAMES, columns()):
        raise RuntimeError(
            f"{path} was made for other measures or action units; "
            "run: python -m benchmarks.fit_unmixing"
        )
    weights.flags.writeable = slopes.flags.writeable = False
    return weights, slopes
