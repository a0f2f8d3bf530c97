"""Agreement of two measurements of the same movement over time."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mimicry.kernels.correlation import lag_samples, lagged_correlation
from mimicry.kernels.resample import sample_at, time_grid
from mimicry.kernels.smooth import gaussian_smooth
from mimicry.records import ActionUnitTrack

__all__ = [
    "Agreement",
    "agreement",
    "compare_tracks",
    "effective_samples",
    "intraclass_correlation",
]

Array = NDArray[np.float64]
Rescale = Literal["fit", "none"]

_FEWEST = 10  # samples below which nothing is said
_NORMAL_975 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well an estimate follows a reference.

    Parameters
    ----------
    estimate, reference
        Names of the two columns.
    n, n_effective
        Samples in which both are there, and how many independent ones they are worth.
    r, r_low, r_high
        Pearson correlation without lag, with its 95 % interval from `n_effective`.
    r_best, lag_s
        Largest correlation over the lags, and its lag; positive: the estimate follows the
        reference. NaN lag when the largest value lies at an end of the range.
    slope, intercept
        Least-squares line ``reference ~ slope * estimate + intercept``.
    icc_agreement, icc_consistency
        ICC(A,1) and ICC(C,1).
    bias, sd, limit_low, limit_high
        Bland-Altman: mean and SD of estimate minus reference, and the 95 % limits.
    proportional
        Slope of the difference on the mean of both (0: the same error at any size).
    """

    estimate: str
    reference: str
    n: int
    n_effective: float
    r: float
    r_low: float
    r_high: float
    r_best: float
    lag_s: float
    slope: float
    intercept: float
    icc_agreement: float
    icc_consistency: float
    bias: float
    sd: float
    limit_low: float
    limit_high: float
    proportional: float

    def to_dict(self) -> dict[str, float | int | str]:
        """Return the fields by name."""
        return asdict(self)


def agreement(
    estimate: ArrayLike,
    reference: ArrayLike,
    rate_hz: float,
    *,
    max_lag_s: float = 1.0,
    rescale: Rescale = "fit",
    names: tuple[str, str] = ("estimate", "reference"),
) -> Agreement:
    """Correlation, lag, ICC and Bland-Altman figures of two series on one time grid.

    Parameters
    ----------
    estimate, reference
        (N,) values on a regular grid; a sample missing in one is passed over in both.
    rate_hz
        Samples per second of the grid.
    max_lag_s
        How far the series are shifted against each other in search of the best lag.
    rescale
        ``"fit"``: the estimate is first put on the reference's scale by a straight line, since
        action units, FACS grades and EMG have different units; ICC and limits are then about
        the scatter only. ``"none"``: both already have the same unit.

    Returns
    -------
    Agreement
        NaN wherever fewer than ten samples are shared or one of the two does not vary.

    Raises
    ------
    ValueError
        When the lengths differ.

    Notes
    -----
    ICC: McGraw & Wong (1996), *Psychol. Methods* 1, 30. Limits of agreement: Bland & Altman
    (1999), *Stat. Methods Med. Res.* 8, 135. Effective number of samples: Pyper & Peterman
    (1998), *Can. J. Fish. Aquat. Sci.* 55, 2127. Frames are not independent, so the intervals
    use that number and not the frame count.

    Examples
    --------
    >>> truth = np.sin(np.arange(300) / 10)
    >>> agreement(2 * truth + 1, truth, 30.0).r_best > 0.999
    True
    """
    x, y = (np.asarray(v, dtype=np.float64) for v in (estimate, reference))
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"estimate {x.shape} and reference {y.shape} must be of one length")
    both = np.isfinite(x) & np.isfinite(y)
    a, b = x[both], y[both]
    if len(a) < _FEWEST or min(np.ptp(a), np.ptp(b)) < 1e-12:
        missing = [np.nan] * (len(fields(Agreement)) - 3)
        return Agreement(*names, len(a), *missing)
    r = float(np.corrcoef(a, b)[0, 1])
    count = effective_samples(x, y)
    r_low, r_high = _interval(r, count)
    r_best, lag_s = _best_lag(x, y, rate_hz, max_lag_s)
    slope, intercept = (float(v) for v in np.polyfit(a, b, 1))
    scaled = slope * a + intercept if rescale == "fit" else a
    absolute, consistent = intraclass_correlation(scaled, b)
    difference, middle = scaled - b, (scaled + b) / 2
    bias, sd = float(difference.mean()), float(difference.std(ddof=1))
    tilt = float(np.polyfit(middle, difference, 1)[0]) if np.ptp(middle) > 0 else np.nan
    return Agreement(
        *names, len(a), count, r, r_low, r_high, r_best, lag_s, slope, intercept,
        absolute, consistent, bias, sd, bias - _NORMAL_975 * sd, bias + _NORMAL_975 * sd, tilt,
    )  # fmt: skip


def intraclass_correlation(a: Array, b: Array) -> tuple[float, float]:
    """ICC(A,1) and ICC(C,1) of two raters: absolute agreement, and consistency.

    Examples
    --------
    >>> first, second = intraclass_correlation(np.arange(5.0), np.arange(5.0) + 2)
    >>> first < second == 1.0
    True
    """
    n = len(a)
    table = np.column_stack([a, b])
    grand = table.mean()
    rows = 2 * np.square(table.mean(axis=1) - grand).sum() / (n - 1)
    raters = n * np.square(table.mean(axis=0) - grand).sum()
    residual = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + grand
    error = np.square(residual).sum() / (n - 1)
    consistent = (rows - error) / (rows + error)
    absolute = (rows - error) / (rows + error + 2 * (raters - error) / n)
    return float(absolute), float(consistent)


def effective_samples(x: Array, y: Array) -> float:
    """Return how many independent pairs two autocorrelated series are worth.

    The sum of the products of both autocorrelations is cut where it first turns negative.
    Missing pairs count as their series' mean.
    """
    both = np.isfinite(x) & np.isfinite(y)
    products = _autocorrelation(x, both) * _autocorrelation(y, both)
    n = int(both.sum())
    negative = np.flatnonzero(products[1:] <= 0)
    last = int(negative[0]) + 1 if negative.size else len(products)
    inflation = 1 + 2 * float(products[1:last].sum())
    return float(np.clip(n / inflation, 3.0, n))


def compare_tracks(
    track: ActionUnitTrack,
    reference: ActionUnitTrack,
    *,
    pairs: Mapping[str, str] | None = None,
    rate_hz: float = 30.0,
    smooth_s: float = 0.05,
    max_gap_s: float = 0.1,
    max_lag_s: float = 1.0,
    rescale: Rescale = "fit",
) -> list[Agreement]:
    """Agreement of every action unit that two tracks share.

    Parameters
    ----------
    track, reference
        The two sources; both on the same clock.
    pairs
        Column of `track` -> column of `reference`; default: the names they share.
    rate_hz
        Common grid, over the time that both cover.
    smooth_s
        SD of the Gaussian that both pass first, so that a fast reference (EMG) does not alias.
    max_gap_s, max_lag_s, rescale
        As in :func:`agreement` and :func:`mimicry.kernels.resample.sample_at`.

    Raises
    ------
    ValueError
        When the two tracks share no name or no time.
    """
    chosen = dict(pairs or {n: n for n in track.names if n in reference.names})
    if not chosen:
        raise ValueError(
            f"the tracks share no column: {', '.join(track.names[:5])}... and "
            f"{', '.join(reference.names[:5])}..."
        )
    start = max(track.times_s[0], reference.times_s[0])
    stop = min(track.times_s[-1], reference.times_s[-1])
    if not stop > start:
        raise ValueError(
            f"the tracks share no time: {track.times_s[0]:.3f} to {track.times_s[-1]:.3f} s and "
            f"{reference.times_s[0]:.3f} to {reference.times_s[-1]:.3f} s"
        )
    grid = time_grid(start, stop, rate_hz)

    def on_grid(source: ActionUnitTrack, name: str) -> Array:
        smooth = gaussian_smooth(source.times_s, source.of(name), smooth_s, max_gap_s=max_gap_s)
        return sample_at(source.times_s, smooth, grid, max_gap_s=max_gap_s)

    return [
        agreement(
            on_grid(track, ours), on_grid(reference, theirs), rate_hz,
            max_lag_s=max_lag_s, rescale=rescale, names=(ours, theirs),
        )
        for ours, theirs in chosen.items()
    ]  # fmt: skip


def _best_lag(x: Array, y: Array, rate_hz: float, max_lag_s: float) -> tuple[float, float]:
    """Largest ``corr(reference_t, estimate_{t + lag})`` and its lag in seconds."""
    lags = lag_samples((-max_lag_s, max_lag_s), rate_hz)
    reach = int(lags[-1])
    if len(x) < 2 * reach + _FEWEST:
        return np.nan, np.nan
    profile = lagged_correlation(y[None, reach : len(y) - reach], x, min_overlap=0.5).ravel()
    if np.isnan(profile).all():
        return np.nan, np.nan
    best = int(np.nanargmax(profile))
    at_end = best in (0, len(profile) - 1)
    return float(profile[best]), np.nan if at_end else float(lags[best] / rate_hz)


def _interval(r: float, count: float) -> tuple[float, float]:
    """95 % interval of a correlation by Fisher's transformation."""
    if count <= 3:
        return np.nan, np.nan
    z = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    half = _NORMAL_975 / np.sqrt(count - 3)
    return float(np.tanh(z - half)), float(np.tanh(z + half))


def _autocorrelation(values: Array, finite: NDArray[np.bool_]) -> Array:
    """Autocorrelation at lags 0 .. N/4 by the Fourier transform."""
    centred = np.where(finite, values - values[finite].mean(), 0.0)
    n = len(centred)
    size = 1 << (2 * n - 1).bit_length()
    power = np.abs(np.fft.rfft(centred, size)) ** 2
    full = np.fft.irfft(power, size)[: max(2, n // 4)]
    return np.asarray(full / full[0])
