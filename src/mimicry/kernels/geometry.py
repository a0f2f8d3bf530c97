"""Similarity transforms between point sets, for all frames at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels import Floats

__all__ = ["SimilarityFit", "apply_similarity", "euler_deg", "fit_similarity", "nearest_rotation"]


@dataclass(frozen=True, slots=True)
class SimilarityFit:
    """The transform ``target ~ scale * points @ rotation.T + shift`` of every frame.

    Parameters
    ----------
    scale
        (T,) target units per point unit.
    rotation
        (T, 3, 3) proper rotations.
    shift
        (T, 3) in target units.
    residual
        (T,) weighted root-mean-square distance left after the fit, in target units.
    weights
        (T, N) robust weights 0..1 that the points ended with.
    """

    scale: Floats
    rotation: Floats
    shift: Floats
    residual: Floats
    weights: Floats


def fit_similarity(
    points: NDArray[np.floating], target: Floats, *, robust_steps: int = 2, tuning: float = 3.0
) -> SimilarityFit:
    """Least-squares similarity from every frame's points to one target shape.

    After a plain fit, `robust_steps` rounds weigh each point down by how far it misses
    (Tukey's biweight, width = `tuning` times the frame's own median distance), so that a few
    points dragged away by a hand or an expression do not turn the head.

    Parameters
    ----------
    points
        (T, N, 3); frames with a NaN give NaN.
    target
        (N, 3) reference shape; not flat.
    robust_steps
        Rounds of reweighting; 0 is the plain least-squares fit.
    tuning
        Distance, in medians, beyond which a point has no say.

    Raises
    ------
    ValueError
        When shapes disagree or there are fewer than four points.

    Notes
    -----
    The scale is that of the symmetric least-squares problem,
    ``sqrt(spread of target / spread of points)``, which does not shrink with noise (Horn,
    1987, *J. Opt. Soc. Am. A* 4, 629). The rotation is the orthogonal polar factor of the
    cross-covariance.

    Examples
    --------
    >>> shape = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
    >>> fit = fit_similarity(2 * shape[None] + 5, shape)
    >>> float(fit.scale[0].round(6))
    0.5
    """
    pts = np.asarray(points, dtype=np.float64)
    want = np.asarray(target, dtype=np.float64)
    if pts.ndim != 3 or pts.shape[1:] != want.shape or want.shape[1:] != (3,):
        raise ValueError(f"points {pts.shape} do not match the target {want.shape}")
    if len(want) < 4:
        raise ValueError(f"a similarity needs at least 4 points, found {len(want)}")
    middle = pts.mean(axis=1, keepdims=True)
    pts = pts - middle  # near the origin, so that moments may be subtracted from each other
    far2 = np.einsum("tni,tni->tn", pts, pts)
    weights = np.ones(pts.shape[:2])
    scale, rotation, shift, miss2 = _fit(pts, far2, want, weights)
    for _ in range(robust_steps):
        weights = _biweight(miss2, tuning)
        scale, rotation, shift, miss2 = _fit(pts, far2, want, weights)
    with np.errstate(invalid="ignore"):
        residual = np.sqrt((weights * miss2).sum(axis=1) / weights.sum(axis=1))
    shift = shift - scale[:, None] * (rotation @ middle[:, 0, :, None])[..., 0]
    return SimilarityFit(scale, rotation, shift, residual, weights)


def apply_similarity(fit: SimilarityFit, points: NDArray[np.floating]) -> Floats:
    """Points (T, P, 3) carried into the target's frame."""
    turned = np.matmul(np.asarray(points, dtype=np.float64), np.swapaxes(fit.rotation, 1, 2))
    return np.asarray(turned * fit.scale[:, None, None] + fit.shift[:, None, :])


def nearest_rotation(matrices: Floats) -> Floats:
    """Proper rotation closest to each (T, 3, 3) matrix; NaN for a NaN matrix.

    Newton's iteration for the polar factor with Frobenius scaling, all matrices at once
    (Higham, 1986, *SIAM J. Sci. Stat. Comput.* 7, 1160): several times faster than as many
    singular value decompositions. The few with a determinant that is not clearly positive,
    where the iteration would find a mirror image, go through the decomposition.
    """
    given = np.asarray(matrices, dtype=np.float64)
    x = np.ascontiguousarray(np.moveaxis(given, 0, -1))  # (3, 3, T): long rows are fast
    size = np.sqrt((x * x).sum(axis=(0, 1)))
    hard = np.isfinite(size) & ~(_determinant(x, _cofactors(x)) > 1e-6 * size**3)
    with np.errstate(divide="ignore", invalid="ignore"):
        x /= size
        for _ in range(12):
            inverse_t = _cofactors(x)
            inverse_t /= _determinant(x, inverse_t)
            gamma = ((inverse_t * inverse_t).sum(axis=(0, 1)) / (x * x).sum(axis=(0, 1))) ** 0.25
            new = 0.5 * (gamma * x + inverse_t / gamma)
            step = np.abs(new - x)[..., ~hard]
            x = new
            if not np.any(step > 1e-10):  # quadratic: the next step would be below 1e-20
                break
    out = np.ascontiguousarray(np.moveaxis(x, -1, 0))
    if hard.any():
        u, _, vt = np.linalg.svd(given[hard])
        u[:, :, 2] *= np.sign(np.linalg.det(u @ vt))[:, None]
        out[hard] = u @ vt
    return out


def euler_deg(rotation: Floats) -> Floats:
    """(T, 3) angles about x, y, z in degrees with ``R = Rx @ Ry @ Rz``.

    NaN for a NaN rotation.
    """
    r = np.asarray(rotation, dtype=np.float64)
    about_y = np.arcsin(np.clip(r[:, 0, 2], -1.0, 1.0))
    about_x = np.arctan2(-r[:, 1, 2], r[:, 2, 2])
    about_z = np.arctan2(-r[:, 0, 1], r[:, 0, 0])
    return np.asarray(np.degrees(np.stack([about_x, about_y, about_z], axis=1)))


def _fit(
    points: Floats, far2: Floats, target: Floats, weights: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """One weighted fit; also the squared distance (T, N) of every point after it.

    `far2` holds the points' squared distances from the origin.
    """
    with np.errstate(invalid="ignore"):
        part = weights / weights.sum(axis=1)[:, None]
    centre = (part[:, None, :] @ points)[:, 0]
    aim = part @ target
    spread_p = (part * far2).sum(axis=1) - np.square(centre).sum(axis=1)
    spread_q = part @ np.square(target).sum(axis=1) - np.square(aim).sum(axis=1)
    cross = (part[:, None, :] * target.T) @ points - aim[:, :, None] * centre[:, None, :]
    rotation = nearest_rotation(cross)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.sqrt(spread_q / spread_p)
    grown = rotation * scale[:, None, None]
    shift = aim - (grown @ centre[:, :, None])[..., 0]
    miss = points @ np.swapaxes(grown, 1, 2)
    miss += shift[:, None, :]
    miss -= target
    return scale, rotation, shift, np.einsum("tni,tni->tn", miss, miss)


def _biweight(miss2: Floats, tuning: float) -> Floats:
    """Tukey weights from squared distances; a floor keeps a perfect fit from dividing by 0."""
    n = miss2.shape[1]
    middle = np.partition(miss2, n // 2, axis=1)[:, n // 2]
    width2 = tuning**2 * np.maximum(middle, 1e-18)
    return np.asarray(np.clip(1.0 - miss2 / width2[:, None], 0.0, None) ** 2)


def _cofactors(m: Floats) -> Floats:
    """Matrices of cofactors (3, 3, T): the determinants times the transposed inverses."""
    out = np.empty_like(m)
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        for a, b, c in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            out[i, a] = m[j, b] * m[k, c] - m[j, c] * m[k, b]
    return out


def _determinant(m: Floats, cofactors: Floats) -> Floats:
    return np.asarray(
        m[0, 0] * cofactors[0, 0] + m[0, 1] * cofactors[0, 1] + m[0, 2] * cofactors[0, 2]
    )
