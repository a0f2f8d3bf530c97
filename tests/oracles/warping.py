"""Write warping.csv: what dtw-python 1.9.0 finds for the courses of ``courses``.

Run by hand where that package is installed (``pip install dtw-python``); the tests read the table
and make the courses themselves.
"""

import csv
from pathlib import Path

import numpy as np


def courses(k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the k-th pair of 60 samples, from sines alone."""
    t = np.arange(60.0)
    first = np.sin(0.21 * t + k) + 0.5 * np.sin(0.047 * t * (k + 1)) + 0.2 * np.cos(1.9 * t)
    second = np.sin(0.21 * (t - k) + k) + 0.4 * np.cos(0.083 * t * (k + 2)) + 0.1 * np.sin(2.3 * t)
    return first, second


def main() -> None:
    """Write one row a pair and band."""
    import dtw

    rows = []
    for k in range(4):
        x, y = ((s - s.mean()) / s.std(ddof=1) for s in courses(k))
        for band in (0, 3, 8):
            found = dtw.dtw(
                (x[:, None] - y[None]) ** 2,
                step_pattern="symmetric1",
                window_type="sakoechiba",
                window_args={"window_size": band},
            )
            rows.append((k, band, repr(float(found.distance)), len(found.index1)))
    with Path(__file__).with_suffix(".csv").open("w", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows(
            [("pair", "band", "cost", "steps"), *rows]
        )


if __name__ == "__main__":
    main()
