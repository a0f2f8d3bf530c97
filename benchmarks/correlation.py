"""How fast is the lagged correlation? Ratios of CPU time, all measured in one run.

The job: 100 trials x 20 action units x 91 lags x 1,000 surrogates, stimulus windows of 75
samples (2.5 s at 30 Hz), the maximum over the lags of every surrogate included. The other
ways are timed on a part of it, scaled up, and must give the same numbers:

* the obvious loop over lags with ``numpy.corrcoef``,
* ``scipy.signal.correlate`` for each surrogate, with running sums for the variances,
* NumPy with sliding windows and ``einsum``, one pair of series at a time.

Run ``python benchmarks/correlation.py``; ``--small`` takes a twentieth of the trials.
"""

import argparse
import os
import time
from collections.abc import Callable

# Waiting BLAS threads would count as CPU time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.correlation import lagged_correlation, peak_over_lags

Floats = NDArray[np.float64]
WIDTH, LAGS, SURROGATES, UNITS = 75, 91, 1000, 20


def main(arguments: list[str] | None = None) -> int:
    """Time the job and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="5 trials instead of 100")
    pairs = (5 if parser.parse_args(arguments).small else 100) * UNITS
    rng = np.random.default_rng(1)
    ours, (x, y, expected) = whole_job(pairs, rng)
    rows = [("matrix products (this package)", ours, 1.0)]
    for name, way, part in (
        ("numpy.corrcoef in a loop", by_loop, 10),
        ("scipy.signal.correlate", by_scipy, 300),
        ("NumPy sliding windows, einsum", by_einsum, 300),
    ):
        way(x[:2], y)  # imports and first touches stay outside the timing
        seconds, found = cpu_seconds(lambda way=way, part=part: way(x[:part], y))
        if np.abs(found - expected[:part]).max() > 1e-9:
            raise SystemExit(f"{name} gives other numbers")
        scaled = seconds * pairs * SURROGATES / part
        rows.append((name, scaled, scaled / ours))
    print(f"{pairs} pairs x {LAGS} lags x {SURROGATES} surrogates, windows of {WIDTH} samples\n")
    print("| way | CPU s (scaled from a part) | ratio |\n|---|---|---|")
    for name, seconds, ratio in rows:
        print(f"| {name} | {seconds:.1f} | {ratio:.1f} |")
    return 0


def whole_job(pairs: int, rng: np.random.Generator) -> tuple[float, tuple[Floats, Floats, Floats]]:
    """CPU seconds of the job, and one pair with its result for the other ways."""
    lags = np.arange(LAGS) / 30
    total, kept = 0.0, None
    for _ in range(0, pairs, UNITS):
        x = np.cumsum(rng.normal(0, 1, (UNITS, SURROGATES, WIDTH)), axis=-1)
        y = np.cumsum(rng.normal(0, 1, (UNITS, WIDTH + LAGS - 1)), axis=-1)
        seconds, r = cpu_seconds(lambda x=x, y=y: _with_peaks(x, y, lags))
        total += seconds
        kept = kept or (x[0], y[0], r[0])
    if kept is None:
        raise ValueError("no pairs")
    return total, kept


def _with_peaks(x: Floats, y: Floats, lags: Floats) -> Floats:
    r = lagged_correlation(x, y)
    peak_over_lags(r, lags)
    return r


def cpu_seconds(work: Callable[[], Floats]) -> tuple[float, Floats]:
    """CPU time of this process (all threads) and the result."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def by_loop(x: Floats, y: Floats) -> Floats:
    """One correlation after the other."""
    return np.array(
        [[np.corrcoef(row, y[lag : lag + WIDTH])[0, 1] for lag in range(LAGS)] for row in x]
    )


def by_scipy(x: Floats, y: Floats) -> Floats:
    """One call for each surrogate; variances of the windows by running sums."""
    from scipy.signal import correlate

    response = y - y.mean()
    sums = np.cumsum(np.concatenate([[0], response]))
    squares = np.cumsum(np.concatenate([[0], response**2]))
    mean = (sums[WIDTH:] - sums[:-WIDTH]) / WIDTH
    var = squares[WIDTH:] - squares[:-WIDTH] - WIDTH * mean**2
    rows = []
    for row in x:
        centred = row - row.mean()
        rows.append(correlate(response, centred, mode="valid") / np.sqrt(var * (centred**2).sum()))
    return np.array(rows)


def by_einsum(x: Floats, y: Floats) -> Floats:
    """One surrogate at a time against all windows, which are centred once."""
    windows = np.lib.stride_tricks.sliding_window_view(y, WIDTH)
    windows = windows - windows.mean(axis=1, keepdims=True)
    squares = (windows**2).sum(axis=1)
    rows = []
    for row in x:
        centred = row - row.mean()
        cov = np.einsum("w,lw->l", centred, windows)
        rows.append(cov / np.sqrt((centred**2).sum() * squares))
    return np.array(rows)


if __name__ == "__main__":
    raise SystemExit(main())
