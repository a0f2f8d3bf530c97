"""What a method without a lag matrix found in one or several series."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from mimicry.records.frozen import as_mapping

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MeasureSettings", "SeriesMeasure"]


@dataclass(frozen=True, slots=True)
class MeasureSettings:
    """Everything that decides such an analysis. Times in seconds.

    Parameters
    ----------
    preset
        Name of the method.
    question, source
        What it answers, and where the method and its numbers come from.
    series
        How many series it takes: ``1``, ``2`` or ``3 or more``.
    window_s, step_s, max_lag_s
        Lengths; None: the method has none.
    options
        Further numbers of the method by name; None: chosen from the data.
    null, surrogates, seed
        What chance means (None: the method has no null), how many surrogates stand for it, and
        where they start.
    """

    preset: str
    question: str
    source: str
    series: str
    window_s: float | None = None
    step_s: float | None = None
    max_lag_s: float | None = None
    options: Mapping[str, float | None] = field(default_factory=dict)
    null: str | None = None
    surrogates: int = 0
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types, for sidecars and digests."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class SeriesMeasure:
    """Numbers of a whole recording, and a table behind them.

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

    settings: MeasureSettings
    names: tuple[str, ...]
    rate_hz: float
    summary: Mapping[str, Any]
    table: Mapping[str, Any]
    columns: Mapping[str, str]
    surrogate: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("summary", "table", "columns", "surrogate", "provenance"):
            object.__setattr__(self, name, as_mapping(getattr(self, name)))
        if set(self.table) != set(self.columns):
            raise ValueError(f"columns {sorted(self.columns)} do not explain {sorted(self.table)}")

    def to_frame(self) -> "pd.DataFrame":
        """Return the table."""
        import pandas as pd

        return pd.DataFrame(dict(self.table))
