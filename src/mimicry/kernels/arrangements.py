"""Rearranged labels and signs: every one when there are few, random ones when there are many."""

import itertools
from math import comb, factorial

import numpy as np
from numpy.typing import NDArray

__all__ = ["label_arrangements", "one_sample_t", "permutations", "sign_arrangements", "welch_t"]


def label_arrangements(
    labels: NDArray[np.bool_],
    rng: np.random.Generator,
    *,
    enumerate_up_to: int = 10_000,
    draws: int = 9_999,
) -> tuple[NDArray[np.bool_], int, bool]:
    """Deal labels anew over the same units, counts kept.

    Parameters
    ----------
    labels
        (n,) observed labels of the units.
    rng
        Used only when not all arrangements are listed.

    Returns
    -------
    arrangements
        (N, n) all of them, the observed one included, or `draws` random ones.
    count
        How many different arrangements there are.
    complete
        True when all are listed.

    Examples
    --------
    >>> _, count, complete = label_arrangements(np.array([True, False, False]), None)
    >>> count, complete
    (3, True)
    """
    n, k = len(labels), int(labels.sum())
    count = comb(n, k)
    if count <= enumerate_up_to:
        chosen = np.array(list(itertools.combinations(range(n), k)), dtype=np.int64).reshape(
            count, k
        )
        table = np.zeros((count, n), dtype=bool)
        np.put_along_axis(table, chosen, values=True, axis=1)
        return table, count, True
    return rng.permuted(np.tile(labels, (draws, 1)), axis=1), count, False


def sign_arrangements(
    n: int, rng: np.random.Generator, *, enumerate_up_to: int = 10_000, draws: int = 9_999
) -> tuple[NDArray[np.float64], int, bool]:
    """Return (N, n) signs for n pairs, as in :func:`label_arrangements`."""
    count = 2**n
    if count <= enumerate_up_to:
        return (
            np.array(list(itertools.product((1.0, -1.0), repeat=n))).reshape(count, n),
            count,
            True,
        )
    return rng.choice(np.array([1.0, -1.0]), size=(draws, n)), count, False


def permutations(
    n: int, rng: np.random.Generator, *, enumerate_up_to: int = 10_000, draws: int = 9_999
) -> tuple[NDArray[np.int64], int, bool]:
    """Return (N, n) orders of 0 to n - 1, the plain one first where all are listed.

    See :func:`label_arrangements`.

    Examples
    --------
    >>> orders, count, complete = permutations(3, None)
    >>> orders[1].tolist(), count, complete
    ([0, 2, 1], 6, True)
    """
    count = factorial(n)
    if count <= enumerate_up_to:
        return np.array(list(itertools.permutations(range(n))), np.int64), count, True
    return rng.permuted(np.tile(np.arange(n), (draws, 1)), axis=1), count, False


def welch_t(values: NDArray[np.float64], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return Welch's t of labelled against unlabelled values, for every arrangement.

    Parameters
    ----------
    values
        (n,) finite values.
    labels
        (N, n) arrangements; the number of labelled values may differ between them.

    Returns
    -------
    numpy.ndarray
        (N,); NaN where neither side varies or a side has fewer than two values.
    """
    centred = values - values.mean()
    size = float((centred**2).mean()) if len(values) else 0.0
    mask = labels.astype(np.float64)
    total, squares = centred.sum(), centred**2
    n_own = mask.sum(axis=1)
    n_others = len(values) - n_own
    labelled, own_squares = mask @ centred, mask @ squares
    mean_own = labelled / np.maximum(n_own, 1)
    mean_others = (total - labelled) / np.maximum(n_others, 1)
    var_own = (own_squares - n_own * mean_own**2) / np.maximum(n_own - 1, 1)
    var_others = (squares.sum() - own_squares - n_others * mean_others**2) / np.maximum(
        n_others - 1, 1
    )
    error = np.maximum(var_own, 0) / np.maximum(n_own, 1)
    error = error + np.maximum(var_others, 0) / np.maximum(n_others, 1)
    defined = (n_own > 1) & (n_others > 1) & (error > 1e-13 * size)
    return np.where(
        defined, (mean_own - mean_others) / np.sqrt(np.where(defined, error, 1.0)), np.nan
    )


def one_sample_t(values: NDArray[np.float64], signs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Student's t against 0 of (n,) values under (N, n) signs.

    NaN for fewer than two values and for a row that does not vary.
    """
    signed = signs * values
    n = len(values)
    if n < 2:
        return np.full(len(signed), np.nan)
    sd = signed.std(axis=1, ddof=1)
    defined = sd > 1e-7 * np.sqrt((signed**2).mean(axis=1))
    return np.where(defined, signed.mean(axis=1) / np.where(defined, sd / np.sqrt(n), 1.0), np.nan)
