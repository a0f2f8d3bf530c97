"""Scores of the trials of one participant, and of the conditions they belong to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mimicry.records.frozen import as_mapping, freeze_arrays, unique_names
from mimicry.records.timeline import TrialTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ConditionSummary", "MimicryScores"]


@dataclass(frozen=True, slots=True, eq=False)
class MimicryScores:
    """One row for each of K trials, for A action units in V windows. NaN has a reason.

    Parameters
    ----------
    trials
        The K trials.
    names, windows
        Action units and windows, in the order of the arrays.
    phase
        K names of the phase (watch, imitate, ...) in which the trial was shown.
    valid
        (K,) whether the trial may be used; all other scores of an invalid trial are NaN.
    reason
        K texts: every reason why it may not, sorted and joined by ``;``.
    quality
        Name -> (K,) numbers about the frames of the trial.
    baseline_mean, baseline_sd
        (K, A) level and SD of the baseline samples, in AU units.
    delta, delta_z, delta_cal
        (K, V, A) change from baseline: in AU units, in SDs of the person's own deltas (never
        centred), and in shares of the person's own imitation.
    noise_se
        (K, A) block-bootstrap standard error of delta in the primary window. Descriptive
        only: it sees the noise inside the trial and nothing else.
    columns
        Name -> (K,) further scores, in the order of the table.
    lags_s, lag_profile
        (L,) lags and (K, L) correlations of the response with the trial's own stimulus.
    why
        K texts ``column=code`` joined by ``;``: why a number of the row is NaN. ``*`` stands
        for every score.
    participant, session
        Whose trials they are.

    Raises
    ------
    ValueError
        When shapes disagree.
    """

    trials: TrialTable
    names: tuple[str, ...]
    windows: tuple[str, ...]
    phase: tuple[str, ...]
    valid: NDArray[np.bool_]
    reason: tuple[str, ...]
    quality: Mapping[str, NDArray[np.float64]]
    baseline_mean: NDArray[np.float64]
    baseline_sd: NDArray[np.float64]
    delta: NDArray[np.float64]
    delta_z: NDArray[np.float64]
    delta_cal: NDArray[np.float64]
    noise_se: NDArray[np.float64]
    columns: Mapping[str, NDArray[np.float64]]
    lags_s: NDArray[np.float64]
    lag_profile: NDArray[np.float64]
    why: tuple[str, ...]
    participant: str = ""
    session: str = ""

    def __post_init__(self) -> None:
        n, a, v = len(self.trials), len(unique_names(self.names)), len(self.windows)
        freeze_arrays(self, {"valid": (n,)}, np.bool_)
        freeze_arrays(self, dict.fromkeys(("baseline_mean", "baseline_sd", "noise_se"), (n, a)))
        freeze_arrays(self, dict.fromkeys(("delta", "delta_z", "delta_cal"), (n, v, a)))
        freeze_arrays(self, {"lags_s": (None,), "lag_profile": (n, len(self.lags_s))})
        freeze_arrays(self, {"quality": (n,), "columns": (n,)})
        for name in ("phase", "reason", "why"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"{name} has {len(getattr(self, name))} entries, expected {n}")

    def __len__(self) -> int:
        return len(self.trials)

    def deltas(self, window: str) -> NDArray[np.float64]:
        """Return (K, A) changes from baseline in one window, AU units."""
        return self.delta[:, self.windows.index(window)]

    def to_frame(self) -> "pd.DataFrame":
        """Return the trial table, one row a trial."""
        import pandas as pd

        n = len(self)
        table: dict[str, Any] = {
            "participant": [self.participant or None] * n,
            "session": [self.session or None] * n,
            "block": _texts(self.trials.columns.get("block", ("",) * n)),
            "trial_id": list(self.trials.trial_id),
            "condition": list(self.trials.condition),
            "stimulus": list(self.trials.stimulus_id),
            "valid": self.valid.astype(np.int64),
            "reason": _texts(self.reason),
        }
        table |= dict(self.quality)
        for k, name in enumerate(self.names):
            table[f"baseline_mean_{name}"] = self.baseline_mean[:, k]
            table[f"baseline_sd_{name}"] = self.baseline_sd[:, k]
            for v, window in enumerate(self.windows):
                table[f"delta_{name}_{window}"] = self.delta[:, v, k]
                table[f"delta_z_{name}_{window}"] = self.delta_z[:, v, k]
                table[f"delta_cal_{name}_{window}"] = self.delta_cal[:, v, k]
            table[f"noise_se_{name}"] = self.noise_se[:, k]
        table |= dict(self.columns)
        table["nan_reasons"] = _texts(self.why)
        for name, values in self.trials.columns.items():
            table.setdefault(name, _texts(values))
        return pd.DataFrame(table)


@dataclass(frozen=True, slots=True, eq=False)
class ConditionSummary:
    """One row for each phase and condition of a participant.

    Parameters
    ----------
    rows
        Column -> value of each row; all rows have the same columns in the same order.
    notes
        Sentences about limits of the rows that a reader must know of.
    """

    rows: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        rows = tuple(as_mapping(row) for row in self.rows)
        if any(list(row) != list(rows[0]) for row in rows):
            raise ValueError("the rows of a summary have different columns")
        object.__setattr__(self, "rows", rows)

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, condition: str, phase: str = "") -> Mapping[str, Any]:
        """Return the row of a condition (and phase, where there are several).

        Raises
        ------
        KeyError
            When there is no such row.
        """
        for row in self.rows:
            if row["condition"] == condition and phase in ("", row["phase"]):
                return row
        known = ", ".join(str(row["condition"]) for row in self.rows)
        raise KeyError(f"no condition {condition!r} in this summary; it holds {known}")

    def to_frame(self) -> "pd.DataFrame":
        """Return the table."""
        import pandas as pd

        return pd.DataFrame(
            [{k: (None if v == "" else v) for k, v in row.items()} for row in self.rows]
        )


def _texts(values: Any) -> list[str | None]:
    """Text cells; an empty one counts as missing."""
    return [str(v) or None for v in values]
