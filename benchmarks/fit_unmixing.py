"""Fit the matrix that turns measures into action units, and write it as package data.

    python -m benchmarks.fit_unmixing [--rows AU01 ...]    needs the rendered sets "train", "turn"

Each row starts from the published landmark formula (``definitions.ACTION_UNITS``) and departs
from it no further than it takes to keep cross-talk on rendered heads within :data:`LIMITS`:

    minimise   departure from the formula + 0.05 x noise + EXCESS x excess over the limits
    subject to the unit's own reference movement reading exactly 1

Only the rows named after ``--rows`` are fitted; the others stay as installed, since units that a
study was measured in change only with a new data version and for a reason (docs/decisions/0021,
0022). What head pose leaves and what a brow unit explains is measured anew each time. Only the
terms that the definition names may enter. Responses are medians over identities, left and right
pooled. Real faces are not rendered ones: the formula is the anchor, the rig the brake on
cross-talk, and not the other way round.
"""

import argparse
from importlib import resources
from itertools import permutations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.rendered_faces import UNITS, FaceSet, load
from mimicry.action_units.definitions import ACTION_UNITS, ActionUnit, columns
from mimicry.action_units.measures import MEASURE_NAMES
from mimicry.action_units.pose import TERMS, pose_terms
from mimicry.action_units.shape import face_shape, personal_template
from mimicry.action_units.unmixing import CLEAR, unmixing

VERSION = 3
NOISE, AIM = 0.05, 0.93
# Weight of the excess. Brows are held nearer to their formulas: what the rig calls AU04 knits and
# lowers the whole brow, the second rig's AU04 lowers its inner end only, and a row made for the
# one does not see the other.
EXCESS = {"AU01": 1.0, "AU02": 0.25, "AU04": 0.3, "AU10": 10.0}
EXCESS_ELSE = 3.0
# Reading (in units) that a full movement of another unit may leave; not listed: anything.
_MOUTH_ON_BROW = {"AU12": 0.15, "AU26": 0.15, "AU25": 0.15, "AU10": 0.15, "AU43": 0.15}
LIMITS: dict[str, dict[str, float]] = {
    "AU01": {**_MOUTH_ON_BROW, "AU12": 0.05, "AU10": 0.13, "AU27": 0.15, "AU04": 0.3, "AU02": 0.3,
             "AU07": 0.3, "AU09": 0.8},
    "AU02": {**_MOUTH_ON_BROW, "AU04": 0.6, "AU01": 0.3, "AU07": 0.3},
    "AU04": {"AU01": 0.3, "AU02": 0.3, "AU12": 0.12, "AU26": 0.15, "AU43": 0.1, "AU07": 0.3,
             "AU09": 0.6},
    "AU05": {"AU04": 0.3, "AU01": 0.3, "AU02": 0.3, "AU12": 0.2},
    "AU07": {"AU43": 0.3},
    "AU09": {"AU12": 0.5},
    "AU10": {"AU12": 0.25, "AU25": 0.55, "AU26": 0.28, "AU27": 0.7, "AU43": 0.28, "AU01": 0.12,
             "AU02": 0.12, "AU04": 0.15, "AU17": 0.5, "AU23": 0.5, "AU15": 0.4},
    "AU12": {"AU26": 0.1, "AU27": 0.15, "AU10": 0.2, "AU25": 0.15, "AU18": 0.2, "AU22": 0.25,
             "AU43": 0.08, "AU04": 0.05},
    "AU14": {"AU12": 0.5, "AU15": 0.5, "AU20": 0.5, "AU18": 0.5, "AU10": 0.4, "AU26": 0.3,
             "AU25": 0.3, "AU23": 0.6, "AU17": 0.4, "AU04": 0.3},
    "AU15": {"AU12": 0.4, "AU14": 0.4, "AU20": 0.5, "AU17": 0.5, "AU26": 0.3, "AU25": 0.3,
             "AU10": 0.3, "AU18": 0.5, "AU23": 0.5, "AU04": 0.15},
    "AU17": {"AU12": 0.5, "AU26": 0.4, "AU25": 0.5, "AU10": 0.4, "AU15": 0.4, "AU23": 0.8,
             "AU18": 0.6, "AU14": 0.4},
    "AU18": {"AU12": 0.3, "AU14": 0.5, "AU20": 0.6, "AU26": 0.3, "AU15": 0.5, "AU10": 0.3,
             "AU25": 0.3},
    "AU20": {"AU12": 0.3, "AU14": 0.5, "AU18": 0.6, "AU15": 0.4, "AU26": 0.3, "AU10": 0.3},
    "AU23": {"AU12": 0.3, "AU26": 0.3, "AU25": 0.3, "AU10": 0.4, "AU24": 0.8},
    "AU26": {"AU43": 0.25, "AU02": 0.15, "AU07": 0.28, "AU12": 0.25},
}  # fmt: skip
# Units of one region whose negative readings explain each other (``unmixing.explained``).
BROWS = ("AU01", "AU02", "AU04")
REACH = 0.25  # quantile over people: what is explained too far ends at zero, so rather too far
# The cheek barely moves on the rig when AU06 acts: its unit is what a full smile does to it. A
# blink is a closure.
STANDS_FOR = {"AU06": "AU12", "AU45": "AU43"}
Array = NDArray[np.float64]


def changes(faces: FaceSet) -> Array:
    """(T, M) measures in outer-eye-corner distances, as change from each identity's rest."""
    out = np.empty((len(faces.shots), len(MEASURE_NAMES)))
    resting = np.array([not s.units and max(map(abs, s.pose)) < 5 for s in faces.shots])
    resting &= np.array([not any(s.gaze) for s in faces.shots])
    for who in np.unique(faces.identity):
        own = faces.identity == who
        points = faces.points_px[own]
        shape = face_shape(points, template=personal_template(points))
        measures = shape.measures / np.median(shape.eye_span)
        out[own] = measures - np.median(measures[resting[own]], axis=0)
    return out


def terms(unit: ActionUnit) -> list[str]:
    """Measures that may enter a unit: those of its formula, then those of its unmixing."""
    return list(dict.fromkeys([*(name for name, _ in unit.formula), *unit.unmixed_with]))


def values(change: Array, unit: ActionUnit, side: str) -> Array:
    """(..., terms) what the terms of a unit read on one side (midline units: mean of both)."""

    def of(name: str) -> Array:
        if name in MEASURE_NAMES:
            return change[..., MEASURE_NAMES.index(name)]
        both = [change[..., MEASURE_NAMES.index(f"{name}_{s}")] for s in "RL"]
        return both["RL".index(side)] if unit.sided else (both[0] + both[1]) / 2

    return np.stack([of(name) for name in terms(unit)], axis=-1)


def responses(faces: FaceSet, change: Array, unit: ActionUnit) -> dict[str, Array]:
    """Movement -> (terms,) median over identities of what its full size does to the terms."""
    out = {}
    for name in UNITS:
        hit = faces.where(**{name: 1.0})
        people = [
            np.mean([values(change[hit & (faces.identity == who)], unit, s) for s in "RL"], (0, 1))
            for who in _shown(faces, hit)
        ]
        out[name] = np.median(people, axis=0)
    return out


def fit_row(faces: FaceSet, change: Array, unit: ActionUnit) -> tuple[Array, float]:
    """Weights per term, in units, and the formula's own reference movement."""
    reply = responses(faces, change, unit)
    own = reply[STANDS_FOR.get(unit.code, unit.code)]
    formula = np.array([dict(unit.formula).get(name, 0.0) for name in terms(unit)])
    full = float(own @ formula)
    start = formula / full
    limits = LIMITS.get(unit.code, {})
    if not limits:
        return start, full
    others, most = np.array([reply[n] for n in limits]), np.array(list(limits.values()))
    rest = np.concatenate([values(change[faces.where()], unit, s) for s in "RL"])
    noise = np.cov(rest.T).reshape(len(start), -1)
    size = np.sqrt(np.mean(np.square(list(reply.values())), axis=0)) + 1e-4
    moved, shaken = np.square(size * start).sum(), start @ noise @ start

    def cost(scaled: Array) -> float:
        w = scaled / size
        w = w / (w @ own)
        over = np.maximum(np.abs(others @ w) - AIM * most, 0)
        departure = np.square(size * (w - start)).sum() / moved
        excess = float((over**2 / most).sum())
        return float(
            departure
            + NOISE * (w @ noise @ w) / shaken
            + EXCESS.get(unit.code, EXCESS_ELSE) * excess
        )

    best = start * size
    for _ in range(3):
        best = minimize(cost, best, method="BFGS").x
    weights = best / size
    return weights / (weights @ own), full


def pose_slopes(faces: FaceSet, weights: Array) -> Array:
    """(P, A) least-squares leak of head pose into the action units, all identities together."""
    units = changes(faces) @ weights
    turned = np.empty((len(faces.shots), len(TERMS)))
    straight = np.array([max(map(abs, s.pose)) < 2 and not any(s.gaze) for s in faces.shots])
    for who in np.unique(faces.identity):
        own = faces.identity == who
        points = faces.points_px[own]
        shape = face_shape(points, template=personal_template(points))
        terms_here = pose_terms(shape.pose_deg, shape.scale_px)
        turned[own] = terms_here - np.median(terms_here[straight[own]], axis=0)
    ahead = np.array([not any(s.gaze) for s in faces.shots])
    turned[:, TERMS.index("log_scale")] = 0.0  # these heads stay at one distance
    x = turned[ahead]
    return np.linalg.solve(x.T @ x + 0.5 * np.eye(len(TERMS)), x.T @ units[ahead])


def explained(faces: FaceSet, change: Array, weights: Array) -> Array:
    """(A, A) how far below zero one brow unit pushes each of the others, beyond ``CLEAR``."""
    units = change @ weights
    out = np.zeros((len(columns()), len(columns())))
    for by, read in permutations(BROWS, 2):
        at = [columns().index(read + side) for side in ("_L", "_R")]
        hit = faces.where(**{by: 1.0})
        people = [units[hit & (faces.identity == who)][:, at].mean() for who in _shown(faces, hit)]
        below = max(0.0, -float(np.quantile(people, REACH)))
        for side in ("", "_L", "_R"):
            out[columns().index(by + side), columns().index(read + side)] = below / (1 - CLEAR)
    return out


def _shown(faces: FaceSet, hit: NDArray[np.bool_]) -> Array:
    """Identities among the frames `hit`."""
    return np.unique(faces.identity[hit])


def operator(rows: dict[str, Array]) -> Array:
    """(M, A) matrix from the weights per term of each unit."""
    out = {name: np.zeros(len(MEASURE_NAMES)) for name in columns()}
    for unit in ACTION_UNITS:
        for name, weight in zip(terms(unit), rows[unit.code], strict=True):
            for side in "RL":
                column = name if name in MEASURE_NAMES else f"{name}_{side}"
                at = MEASURE_NAMES.index(column)
                out[unit.code][at] += weight / 2
                if unit.sided:
                    out[f"{unit.code}_{side}"][at] += weight
    return np.column_stack([out[name] for name in columns()])


def with_rows(faces: FaceSet, change: Array, codes: list[str]) -> tuple[Array, Array]:
    """(M, A) weights and (U,) reference movements: the installed ones, `codes` fitted anew."""
    rows = {unit.code: np.zeros(len(terms(unit))) for unit in ACTION_UNITS}
    fulls = np.array([unit.full for unit in ACTION_UNITS])
    for at, unit in enumerate(ACTION_UNITS):
        if unit.code not in codes:
            continue
        rows[unit.code], fulls[at] = fit_row(faces, change, unit)
        parts = zip(terms(unit), rows[unit.code] * fulls[at], strict=True)
        print(unit.code, f"full {fulls[at]:.4f} ", ", ".join(f"{n} {w:+.2f}" for n, w in parts))
    new = np.array([name[:4] in codes for name in columns()])
    return np.where(new, operator(rows), unmixing()), fulls


def main() -> None:
    """Write the data file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="*", default=[], help="units to fit anew")
    faces = load("train")
    change = changes(faces)
    weights, fulls = with_rows(faces, change, parser.parse_args().rows)
    out = Path(str(resources.files("mimicry.action_units"))) / "data" / f"unmixing-{VERSION}.npz"
    with out.open("wb") as file:
        np.savez(
            file,
            version=VERSION,
            weights=weights,
            pose_slopes=pose_slopes(load("turn"), weights),
            explained=explained(faces, change, weights),
            measures=np.array(MEASURE_NAMES),
            names=np.array(columns()),
            codes=np.array([u.code for u in ACTION_UNITS]),
            full=fulls,
            source="benchmarks/fit_unmixing.py on 10 rendered identities, rig faceunits01",
        )
    print(out)


if __name__ == "__main__":
    main()
