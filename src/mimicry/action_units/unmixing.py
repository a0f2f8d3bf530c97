"""From measures to action units: one matrix for the whole track, kept as data.

The matrix starts from the landmark formulas of ``definitions`` and departs from them as far as
it takes to keep the units apart on rendered heads. ``benchmarks/fit_unmixing.py`` makes it; a unit
that it has not fitted yet is read by its formula alone.

Brows need one step more. A frown lowers the whole brow, which three heights and a gap cannot
tell from the opposite of a raise without becoming blind to frowns that look a little different.
A muscle cannot pull less than not at all, though: a negative reading that a clear movement of
another brow unit explains is taken back (:func:`without_explained`).
"""

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from mimicry.action_units.definitions import ACTION_UNITS, columns
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
        When the data file was made for a measure or a unit that is defined no more.
    """
    return _data()[0]


def pose_prior() -> NDArray[np.float64]:
    """(P, A) what head pose leaves in the action units of rendered heads, per ``pose.TERMS``."""
    return _data()[1]


def explained() -> NDArray[np.float64]:
    """Return how far below zero a unit (row) pushes another (column), (A, A), beyond ``CLEAR``."""
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
    raw = units[:, read]
    clear = np.maximum(units[:, by] - CLEAR, 0.0)
    back = np.minimum(raw + clear @ share[np.ix_(by, read)], 0.0)
    out[:, read] = np.where(raw < 0, back, raw)
    return out


@cache
def _data() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    path = files("mimicry.action_units") / "data" / f"unmixing-{UNMIXING_VERSION}.npz"
    with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
        stored, measures = data["names"].tolist(), data["measures"].tolist()
        fitted = [data[name].astype(np.float64) for name in ("weights", "pose_slopes", "explained")]
    names = list(columns())
    if set(measures) - set(MEASURE_NAMES) or set(stored) - set(names):
        raise RuntimeError(
            f"{path} was made for other measures or action units; "
            "run: python -m benchmarks.fit_unmixing"
        )
    at = [names.index(name) for name in stored]
    weights = np.column_stack([_formula(name) for name in names])
    slopes, share = np.zeros((len(fitted[1]), len(names))), np.zeros((len(names), len(names)))
    weights[:, at], slopes[:, at], share[np.ix_(at, at)] = 0.0, fitted[1], fitted[2]
    weights[np.ix_([MEASURE_NAMES.index(name) for name in measures], at)] = fitted[0]
    for each in (weights, slopes, share):
        each.flags.writeable = False
    return weights, slopes, share


def _formula(name: str) -> NDArray[np.float64]:
    """Return (M,) weights of a unit's plain formula: a new unit's, until it is fitted."""
    code, _, side = name.partition("_")
    unit = next(unit for unit in ACTION_UNITS if unit.code == code)
    weights = np.zeros(len(MEASURE_NAMES))
    for term, weight in unit.formula:
        parts = [term] if term in MEASURE_NAMES else [f"{term}_{s}" for s in side or "RL"]
        for part in parts:
            weights[MEASURE_NAMES.index(part)] += weight / unit.full / len(parts)
    return weights
