"""What a method without a lag matrix found in one or several series."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mimicry.records.frozen import as_mapping
from mimicry.records.synchrony import SynchronySettings

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SeriesMeasure"]


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

    settings: SynchronySettings
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
