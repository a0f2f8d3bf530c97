"""From measures to action units: one matrix for the whole track, kept as data.

The matrix starts from the landmark formulas of ``definitions`` and departs from them as far as
it takes to keep the units apart on rendered heads. ``benchmarks/fit_unmixing.py`` makes it.

Brows need one step more. A frown lowers the whole brow, which three heights and a gap cannot
tell from the opposite of a raise without becoming blind to frowns that look a little different.
A muscle cannot pull less than not at all, though: a negative reading that a clear movement of
another brow unit explains is taken back (:func:`without_explained`).
"""

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from mimicry.action_units.definitions import columns
from mimicry.action_units.measures import MEASURE_NAMES

__all__ = ["UNMIXING_VERSION", "explained", "pose_prior", "unmixing", "without_explained"]

UNMIXING_VERSION = 3
# From here on another unit's movement is clear enough to explain something. Smaller ones change
# nothing: near rest every unit stays a plain weighted sum, noise included.
CLEAR = 0.25


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


def explained() -> NDArray[np.float64]:
    """(A, A) how far below zero a unit (row) pushes another (column), beyond ``CLEAR``."""
    return _data()[2]


def without_explained(units: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take back negative readings as far as a clear movement of another unit explains them.

    Parameters
    ----------
    units
        (T, A) in the order of ``definitions.columns()``, counted from the neutral face; NaN
        rows stay NaN.

    Notes
    -----
    ``min(0, u + max(others - CLEAR, 0) @ explained)`` where u is negative. Readings above zero
    are left alone, so that nothing is read that the landmarks do not show; as long as no brow
    unit passes ``CLEAR``, so is everything.

    Examples
    --------
    >>> frown = np.zeros((1, len(columns())))
    >>> frown[0, columns().index("AU04")], frown[0, columns().index("AU02")] = 1.0, -0.5
    >>> float(without_explained(frown)[0, columns().index("AU02")])
    0.0
    """
    share = explained()
    by, read = np.flatnonzero(share.any(axis=1)), np.flatnonzero(share.any(axis=0))
    out = units.copy()
    found = units[:, read]
    clear = np.maximum(units[:, by] - CLEAR, 0.0)
    back = np.minimum(found + clear @ share[np.ix_(by, read)], 0.0)
    out[:, read] = np.where(found < 0, back, found)
    return out


@cache
def _data() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    path = files("mimicry.action_units") / "data" / f"unmixing-{UNMIXING_VERSION}.npz"
    with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
        made_for = tuple(data["measures"].tolist()), tuple(data["names"].tolist())
        weights = data["weights"].astype(np.float64)
        slopes = data["pose_slopes"].astype(np.float64)
        share = data["explained"].astype(np.float64)
    if made_for != (MEASURE_NAMES, columns()):
        raise RuntimeError(
            f"{path} was made for other measures or action units; "
            "run: python -m benchmarks.fit_unmixing"
        )
    for each in (weights, slopes, share):
        each.flags.writeable = False
    return weights, slopes, share
