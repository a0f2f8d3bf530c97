"""Settings of an analysis of people together, and its result: by window and lag, or a table."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mimicry.records.frozen import freeze_arrays, freeze_mappings

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SeriesMeasure", "Synchrony", "SynchronySettings", "mean_of_known"]

_EDGE = 1e-9


@dataclass(frozen=True, slots=True)
class SynchronySettings:
    """Everything that decides an analysis of people together. Times in seconds.

    Parameters
    ----------
    preset
        Name of the method.
    question, source
        What it answers, and where the method and its numbers come from.
    series
        How many series it takes: ``1``, ``2`` or ``3 or more``.
    method
        What a value by window and lag is. ``correlation``: Fisher z of windowed lagged
        correlations; ``segments``: the same in non-overlapping segments, judged against all
        mismatched segments; ``cross_lagged``: share of variance that the leader's past adds to
        the follower's own past; ``prewhitened``: correlation of what an autoregression leaves
        over; ``recurrence``: how often both are in the same state. None: the preset has no
        values by lag.
    window_s, step_s
        Length and distance of windows. None or 0: the method has no such length.
    max_lag_s
        Lags run from minus to plus this; None: the method has no lags.
    absolute
        Average absolute values, which count moving in opposite directions as synchrony.
    min_valid
        Smallest share of a window that must be there.
    peak_region_s
        A local peak must be the largest value this far on both sides; 0: no peak picking.
    options
        Further numbers of the method by name; None: chosen from the data.
    null, surrogates, seed
        What chance means (None: the method has no null), how many surrogates stand for it, and
        where they start.
    """

    preset: str
    question: str
    source: str
    series: str = "2"
    method: str | None = None
    window_s: float | None = None
    step_s: float | None = None
    max_lag_s: float | None = None
    absolute: bool = False
    min_valid: float = 0.5
    peak_region_s: float = 0.0
    options: Mapping[str, float | None] = field(default_factory=dict)
    null: str | None = None
    surrogates: int = 0
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types, for sidecars and digests: what the method makes use of."""
        unused = set(_WITHOUT_LAGS if self.method else _BY_LAG)
        if self.options:
            unused.discard("options")
        return {name: value for name, value in asdict(self).items() if name not in unused}

    def numbers(self) -> str:
        """Return the numbers of the method for people: lengths and options.

        Examples
        --------
        >>> SynchronySettings("x", "?", "ours", window_s=8.0, options={"min_sd": None}).numbers()
        'window 8 s, min_sd=from the data'
        """
        lengths = {"window": self.window_s, "step": self.step_s, "max lag": self.max_lag_s}
        parts = [f"{name} {value:g} s" for name, value in lengths.items() if value]
        parts += [
            f"{name}={'from the data' if value is None else format(value, 'g')}"
            for name, value in self.options.items()
        ]
        return ", ".join(parts)


_BY_LAG = ("method", "absolute", "min_valid", "peak_region_s")
_WITHOUT_LAGS = ("question", "series", "options")


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
        n = len(self.window_start_s)
        freeze_arrays(self, {"window_start_s": (None,), "lags_s": (None,)})
        freeze_arrays(
            self, {"values": (n, len(self.lags_s)), "peak_lag_s": (n,), "peak_value": (n,)}
        )
        freeze_mappings(self, "surrogate", "provenance")

    def __len__(self) -> int:
        return len(self.window_start_s)

    @property
    def scored(self) -> NDArray[np.float64]:
        """(n, M) values, absolute where the settings say so."""
        return np.abs(self.values) if self.settings.absolute else self.values

    @property
    def lag_profile(self) -> NDArray[np.float64]:
        """(M,) mean over windows for every lag; NaN where no window has a value."""
        return mean_of_known(self.scored)

    @property
    def grand_average(self) -> float:
        """Mean over windows and lags."""
        return float(mean_of_known(self.scored.ravel()))

    @property
    def first_leads(self) -> float:
        """Mean over windows and all lags above 0."""
        return float(mean_of_known(self.scored[:, self.lags_s > _EDGE].ravel()))

    @property
    def second_leads(self) -> float:
        """Mean over windows and all lags below 0."""
        return float(mean_of_known(self.scored[:, self.lags_s < -_EDGE].ravel()))

    @property
    def lag_zero(self) -> float:
        """Mean over windows at lag 0."""
        return float(mean_of_known(self.scored[:, np.abs(self.lags_s) <= _EDGE].ravel()))

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

    @property
    def summary(self) -> dict[str, Any]:
        """Numbers of the whole recording, as JSON types."""
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
        effect = self.provenance.get("effect_size", {})
        result |= {f"es_{name}": effect[name]["es"] for name in ("signed", "absolute") if effect}
        if self.settings.peak_region_s > 0:
            has_peak = np.isfinite(self.peak_lag_s)
            result |= {
                "n_windows_with_peak": int(has_peak.sum()),
                "peak_mean": float(mean_of_known(self.peak_value)),
                "peak_sd": _sd(self.peak_value[has_peak]),
                "peak_lag_mean_s": float(mean_of_known(self.peak_lag_s)),
                "peak_lag_sd_s": _sd(self.peak_lag_s[has_peak]),
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
                "mean": mean_of_known(self.scored, axis=1),
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

    @property
    def columns(self) -> dict[str, str]:
        """Column name -> what it means, of all three tables."""
        return {
            "window_start_s": "start of the window, s from the start of the shared recording",
            "window_end_s": "end of the window, s",
            "mean": "mean over lags",
            "lag_zero": "value at lag 0",
            "best_lag_s": "lag of the largest value, s; positive: the first leads",
            "best_value": "that value",
            "best_at_edge": "True: the largest value lies at the end of the lags, so no peak was "
            "seen",
            "peak_lag_s": "lag of the local peak nearest to 0, s; n/a: none, or none was "
            "looked for",
            "peak_value": "its value",
            "missing_fraction": "share of lags without a value",
            "lag_s": "lag, s; positive: the first leads",
            "n_windows": "windows with a value at this lag",
            "lag_*": "value at this lag in s (matrix)",
        }


@dataclass(frozen=True, slots=True, eq=False)
class SeriesMeasure:
    """What a method without lags found in one or several series: numbers and a table behind them.

    Parameters
    ----------
    settings
        What was computed.
    names
        What the series are called.
    rate_hz
        Rate of their common grid.
    summary
        Numbers of the whole recording. JSON types only.
    table
        Column name -> values, all of one length; NaN is missing.
    columns
        Column name -> what it means.
    surrogate
        Comparison with chance (empty: none). JSON types only.
    provenance
        Inputs. JSON types only.
    """

    settings: SynchronySettings
    names: tuple[str, ...]
    rate_hz: float
    summary: Mapping[str, Any]
    table: Mapping[str, Any]
    columns: Mapping[str, str]
    surrogate: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        freeze_mappings(self, "summary", "table", "columns", "surrogate", "provenance")
        if set(self.table) != set(self.columns):
            raise ValueError(f"columns {sorted(self.columns)} do not explain {sorted(self.table)}")

    def to_frame(self) -> "pd.DataFrame":
        """Return the table."""
        import pandas as pd

        return pd.DataFrame(dict(self.table))


def mean_of_known(values: NDArray[np.float64], *, axis: int = 0) -> NDArray[np.float64]:
    """Return the mean of what is there over an axis; NaN without a warning where nothing is."""
    finite = np.isfinite(values)
    count = finite.sum(axis=axis)
    total = np.where(finite, values, 0.0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _sd(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")
