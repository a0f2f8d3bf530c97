"""How two people's movements go together over a recording."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mimicry.records.frozen import as_mapping, frozen_array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Synchrony", "SynchronyMethod", "SynchronySettings"]

SynchronyMethod = Literal["correlation", "segments", "cross_lagged", "prewhitened", "recurrence"]

_EDGE = 1e-9


@dataclass(frozen=True, slots=True)
class SynchronySettings:
    """Everything that decides a synchrony analysis. Times in seconds.

    Parameters
    ----------
    method
        ``correlation``: Fisher z of windowed lagged correlations; ``segments``: the same in
        non-overlapping segments, judged against all mismatched segments; ``cross_lagged``:
        share of variance that the leader's past adds to the follower's own past;
        ``prewhitened``: correlation of what an autoregression leaves over; ``recurrence``:
        how often both are in the same state, by lag.
    window_s, step_s
        Length and distance of windows. 0 (``prewhitened``, ``recurrence``): the whole recording.
    max_lag_s
        Lags run from minus to plus this.
    absolute
        Average absolute values, which count moving in opposite directions as synchrony.
    min_valid
        Smallest share of a window that must be there.
    peak_region_s
        A local peak must be the largest value this far on both sides; 0: no peak picking.
    null, surrogates, seed
        What chance means, how many surrogates stand for it, and where they start.
    """

    preset: str
    method: SynchronyMethod
    window_s: float
    step_s: float
    max_lag_s: float
    absolute: bool = False
    min_valid: float = 0.5
    peak_region_s: float = 0.0
    null: str = "segment-shuffle"
    surrogates: int = 0
    seed: int = 0
    source: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types, for sidecars and digests."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class Synchrony:
    """Association of two series by window and lag.

    Positive lag: the first person leads, the second follows.

    Parameters
    ----------
    window_start_s
        (n,) start of each window, seconds from the start of the shared grid.
    lags_s
        (M,) lags in seconds, rising.
    values
        (n, M) association; NaN where too much was missing or nobody moved.
    peak_lag_s, peak_value
        (n,) the local peak nearest to lag 0, NaN where there is none or none was looked for.
    settings
        What was computed.
    rate_hz
        Rate of the shared grid.
    names
        What the two are called.
    surrogate
        Comparison with chance (empty: none was asked for). JSON types only.
    provenance
        Inputs and further numbers of the method. JSON types only.
    """

    window_start_s: NDArray[np.float64]
    lags_s: NDArray[np.float64]
    values: NDArray[np.float64]
    peak_lag_s: NDArray[np.float64]
    peak_value: NDArray[np.float64]
    settings: SynchronySettings
    rate_hz: float
    names: tuple[str, str]
    surrogate: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fix = object.__setattr__
        fix(self, "window_start_s", frozen_array(self.window_start_s, (None,), "window_start_s"))
        fix(self, "lags_s", frozen_array(self.lags_s, (None,), "lags_s"))
        n = len(self.window_start_s)
        fix(self, "values", frozen_array(self.values, (n, len(self.lags_s)), "values"))
        fix(self, "peak_lag_s", frozen_array(self.peak_lag_s, (n,), "peak_lag_s"))
        fix(self, "peak_value", frozen_array(self.peak_value, (n,), "peak_value"))
        fix(self, "surrogate", as_mapping(self.surrogate))
        fix(self, "provenance", as_mapping(self.provenance))

    def __len__(self) -> int:
        return len(self.window_start_s)

    @property
    def scored(self) -> NDArray[np.float64]:
        """(n, M) values, absolute where the settings say so."""
        return np.abs(self.values) if self.settings.absolute else self.values

    @property
    def lag_profile(self) -> NDArray[np.float64]:
        """(M,) mean over windows for every lag; NaN where no window has a value."""
        return _mean(self.scored, axis=0)

    @property
    def grand_average(self) -> float:
        """Mean over windows and lags."""
        return float(_mean(self.scored.ravel(), axis=0))

    @property
    def first_leads(self) -> float:
        """Mean over windows and all lags above 0."""
        return float(_mean(self.scored[:, self.lags_s > _EDGE].ravel(), axis=0))

    @property
    def second_leads(self) -> float:
        """Mean over windows and all lags below 0."""
        return float(_mean(self.scored[:, self.lags_s < -_EDGE].ravel(), axis=0))

    @property
    def lag_zero(self) -> float:
        """Mean over windows at lag 0."""
        return float(_mean(self.scored[:, np.abs(self.lags_s) <= _EDGE].ravel(), axis=0))

    @property
    def best_lag_s(self) -> NDArray[np.float64]:
        """(n,) lag of each window's largest value (its first, if there are several)."""
        filled = np.where(np.isnan(self.scored), -np.inf, self.scored)
        best = self.lags_s[filled.argmax(axis=1)]
        return np.where(np.isfinite(filled.max(axis=1)), best, np.nan)

    @property
    def best_at_edge(self) -> NDArray[np.bool_]:
        """(n,) True where the largest value lies at the end of the lags: no peak was seen."""
        best = np.abs(self.best_lag_s)
        return np.asarray(best >= np.abs(self.lags_s).max() - _EDGE)

    def summary(self) -> dict[str, Any]:
        """Return the numbers of the whole recording, as JSON types."""
        result = {
            "grand_average": self.grand_average,
            "first_leads": self.first_leads,
            "second_leads": self.second_leads,
            "lag_zero": self.lag_zero,
            "lead_asymmetry": self.first_leads - self.second_leads,
            "n_windows": len(self),
            "n_windows_missing": int(np.isnan(self.values).all(axis=1).sum()),
            "n_windows_best_lag_at_edge": int(self.best_at_edge.sum()),
        }
        if self.settings.peak_region_s > 0:
            found = np.isfinite(self.peak_lag_s)
            result |= {
                "n_windows_with_peak": int(found.sum()),
                "peak_mean": float(_mean(self.peak_value, axis=0)),
                "peak_sd": _sd(self.peak_value[found]),
                "peak_lag_mean_s": float(_mean(self.peak_lag_s, axis=0)),
                "peak_lag_sd_s": _sd(self.peak_lag_s[found]),
            }
        return result

    def to_frame(self) -> "pd.DataFrame":
        """Return one row a window: start, end, mean, value at lag 0, best lag, local peak."""
        import pandas as pd

        zero = int(np.abs(self.lags_s).argmin())
        missing = np.isnan(self.scored)
        best = np.where(missing, -np.inf, self.scored).max(axis=1)
        end = self.window_start_s + (self.settings.window_s or self.provenance["duration_s"])
        return pd.DataFrame(
            {
                "window_start_s": self.window_start_s,
                "window_end_s": end,
                "mean": _mean(self.scored, axis=1),
                "lag_zero": self.scored[:, zero],
                "best_lag_s": self.best_lag_s,
                "best_value": np.where(np.isfinite(best), best, np.nan),
                "best_at_edge": self.best_at_edge,
                "peak_lag_s": self.peak_lag_s,
                "peak_value": self.peak_value,
                "missing_fraction": missing.mean(axis=1),
            }
        )

    def matrix_frame(self) -> "pd.DataFrame":
        """Return windows x lags: the column ``window_start_s``, then one column a lag."""
        import pandas as pd

        table = pd.DataFrame(self.values, columns=[f"lag_{lag:+.4f}" for lag in self.lags_s])
        table.insert(0, "window_start_s", self.window_start_s)
        return table

    def profile_frame(self) -> "pd.DataFrame":
        """Return one row a lag: mean over windows and how many stood behind it."""
        import pandas as pd

        count = np.isfinite(self.values).sum(axis=0)
        return pd.DataFrame({"lag_s": self.lags_s, "mean": self.lag_profile, "n_windows": count})


def _mean(values: NDArray[np.float64], *, axis: int) -> NDArray[np.float64]:
    """Mean of what is there; NaN without a warning where nothing is."""
    there = np.isfinite(values)
    count = there.sum(axis=axis)
    total = np.where(there, values, 0.0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _sd(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")
