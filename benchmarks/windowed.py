"""How fast is windowed lagged correlation of a dyad? Ratios of CPU time, in one run.

The job: 10 minutes at 25 samples per second, windows of 60 s every 30 s, lags up to 5 s, both
directions. The other ways must give the same numbers:

* the obvious loop over windows and lags with ``numpy.corrcoef``,
* ``scipy.signal.correlate`` for each window, with running sums for the variances.

Run ``python benchmarks/windowed.py``.
"""

import os
import time
from collections.abc import Callable

# Waiting BLAS threads would count as CPU time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.windowed import windowed_correlation

Floats = NDArray[np.float64]
N, WINDOW, STEP, LAG = 15000, 1500, 750, 125
ROUNDS = 5


def main() -> int:
    """Time all ways in turn and print the table."""
    rng = np.random.default_rng(1)
    a, b = (np.convolve(rng.standard_normal(N + 24), np.ones(25) / 25, "valid") for _ in "ab")
    ways = {
        "FFT by window (this package)": (ours, 20),
        "numpy.corrcoef in a loop": (by_loop, 1),
        "scipy.signal.correlate by window": (by_scipy, 2),
    }
    expected = ours(a, b)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):  # in turn, so that a busy machine slows all of them
        for name, (way, times) in ways.items():
            took, found = cpu_seconds(way, a, b, times)
            if np.abs(found - expected).max() > 1e-10:
                raise SystemExit(f"{name} gives other numbers")
            seconds[name].append(took)
    best = {name: min(values) for name, values in seconds.items()}
    first = next(iter(best.values()))
    print(f"{N} samples, windows of {WINDOW} every {STEP}, {2 * LAG + 1} lags\n")
    print("| way | CPU ms | ratio |\n|---|---|---|")
    for name, value in best.items():
        print(f"| {name} | {1000 * value:.1f} | {value / first:.0f} |")
    return 0


def cpu_seconds(
    way: Callable[[Floats, Floats], Floats], a: Floats, b: Floats, times: int
) -> tuple[float, Floats]:
    """CPU seconds of one call, and what it gave."""
    start = time.process_time()
    for _ in range(times):
        found = way(a, b)
    return (time.process_time() - start) / times, found


def ours(a: Floats, b: Floats) -> Floats:
    """The kernel of this package."""
    return windowed_correlation(a, b, window=WINDOW, step=STEP, max_lag=LAG)


def by_loop(a: Floats, b: Floats) -> Floats:
    """One window and one lag at a time."""
    rows = []
    for start in range(0, N - WINDOW - LAG + 1, STEP):
        row = []
        for lag in range(-LAG, LAG + 1):
            x = a[start + max(-lag, 0) :][:WINDOW]
            y = b[start + max(lag, 0) :][:WINDOW]
            row.append(np.corrcoef(x, y)[0, 1])
        rows.append(row)
    return np.array(rows)


def by_scipy(a: Floats, b: Floats) -> Floats:
    """One window at a time, its lags by ``scipy.signal.correlate``."""
    rows = []
    for start in range(0, N - WINDOW - LAG + 1, STEP):
        second_leads = _lags(b[start:], a[start:])
        first_leads = _lags(a[start:], b[start:])
        rows.append(np.concatenate([second_leads[:0:-1], first_leads]))
    return np.array(rows)


def _lags(fixed: Floats, moving: Floats) -> Floats:
    from scipy.signal import correlate

    x, y = fixed[:WINDOW], moving[: WINDOW + LAG]
    x, y = x - x.mean(), y - y.mean()
    total, squares = (np.concatenate([[0.0], np.cumsum(s)]) for s in (y, y * y))
    power = squares[WINDOW:] - squares[:-WINDOW] - (total[WINDOW:] - total[:-WINDOW]) ** 2 / WINDOW
    return np.asarray(correlate(y, x, mode="valid") / np.sqrt((x @ x) * power))


if __name__ == "__main__":
    raise SystemExit(main())
