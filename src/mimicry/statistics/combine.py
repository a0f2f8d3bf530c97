"""One p for all people from what each of them shows alone."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["combined_p"]

Floats = NDArray[np.float64]


def combined_p(z: Floats, reasons: Sequence[str]) -> tuple[float, str]:
    """Return the two-sided p of the sum of the persons' standardised effects (Stouffer).

    Under the null each has mean 0 and SD 1 by construction. It says whether these people
    respond, not whether people in general do.
    """
    finite = z[np.isfinite(z)]
    if not len(finite):
        return float("nan"), ";".join(sorted({r for r in reasons if r})) or "no_swap"
    return math.erfc(abs(float(finite.sum())) / math.sqrt(2 * len(finite))), ""
