"""Every NaN says why: values and reasons are put down together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["ReasonedColumns", "ReasonedRow", "first_reason"]

Floats = NDArray[np.float64]
Codes = Sequence[str] | NDArray[np.object_] | NDArray[np.str_] | str


def first_reason(
    n: int, *causes: tuple[NDArray[np.bool_], str], otherwise: str
) -> NDArray[np.object_]:
    """(n,) code of the first cause that applies to each row."""
    result = np.full(n, otherwise, dtype=object)
    for flags, code in reversed(causes):
        result[flags] = code
    return result


_FAMILIES = ("delta_cal_", "delta_z_", "noise_se_")


class ReasonedColumns:
    """Columns of n rows; a NaN needs a code.

    Rows that are invalid are NaN throughout and explained once, as ``*=invalid_trial``.
    """

    def __init__(self, valid: NDArray[np.bool_]) -> None:
        self.valid = valid
        self.columns: dict[str, Floats] = {}
        self._names: list[str] = []
        self._why: list[dict[str, str]] = [{} if ok else {"*": "invalid_trial"} for ok in valid]

    def add(self, name: str, values: ArrayLike, codes: Codes) -> Floats:
        """Put down a column and return it, blanked in invalid rows."""
        column = self.explain(name, values, codes)
        self.columns[name] = column
        return column

    def explain(self, name: str, values: ArrayLike, codes: Codes) -> Floats:
        """Blank invalid rows and note the reason of every other NaN, without a column."""
        column = np.where(self.valid, np.asarray(values, dtype=np.float64), np.nan)
        self._note(name, column, codes)
        return column

    def explain_all(
        self, names: Sequence[str], values: Floats, codes: NDArray[np.object_]
    ) -> Floats:
        """Do the same for (n, A) values and codes, one name a column."""
        columns = zip(names, values.T, codes.T, strict=True)
        return np.stack([self.explain(*column) for column in columns], axis=1)

    def describe(self, name: str, values: ArrayLike, code: str) -> None:
        """Note why numbers that are shown in invalid rows too are NaN in valid ones."""
        self._note(name, np.asarray(values, dtype=np.float64), code)

    def _note(self, name: str, column: Floats, codes: Codes) -> None:
        self._names.append(name)
        texts = [codes] * len(column) if isinstance(codes, str) else codes
        for k in np.flatnonzero(~np.isfinite(column) & self.valid).tolist():
            if not texts[k]:
                raise ValueError(f"row {k} of {name} is NaN without a reason")
            self._why[k][name] = str(texts[k])

    @property
    def why(self) -> tuple[str, ...]:
        """One text a row: ``column=code`` joined by ``;``, families put together.

        ``delta_cal_*=code`` stands for all columns that begin with ``delta_cal_``.
        """
        return tuple(
            ";".join(f"{name}={code}" for name, code in self._gathered(row).items())
            for row in self._why
        )

    def _gathered(self, row: dict[str, str]) -> dict[str, str]:
        result = dict(row)
        for prefix in _FAMILIES:
            members = [name for name in self._names if name.startswith(prefix)]
            codes = {result.get(name, "") for name in members}
            if len(members) > 1 and len(codes) == 1 and "" not in codes:
                result = {k: v for k, v in result.items() if k not in members}
                result[f"{prefix}*"] = codes.pop()
        return result


@dataclass(slots=True)
class ReasonedRow:
    """Cells of one row; a NaN needs a code."""

    cells: dict[str, Any] = field(default_factory=dict)
    why: list[str] = field(default_factory=list)

    def put(self, name: str, value: float, code: str) -> None:
        """Put down a number; `code` says why it is NaN, if it is."""
        self.cells[name] = float(value)
        if not np.isfinite(value):
            if not code:
                raise ValueError(f"{name} is NaN without a reason")
            self.cells[name] = float("nan")
            self.why.append(f"{name}={code}")

    def say(self, name: str, text: str, code: str) -> None:
        """Put down a text; `code` says why it is missing, if it is."""
        self.cells[name] = text
        if not text:
            if not code:
                raise ValueError(f"{name} is missing without a reason")
            self.why.append(f"{name}={code}")

    def blank(self, names: Iterable[str], code: str) -> None:
        """Leave several numbers out for one reason."""
        for name in names:
            self.put(name, float("nan"), code)

    def done(self) -> dict[str, Any]:
        """Return the cells with ``nan_reasons``; ``*`` when one code holds for all numbers."""
        codes = {text.partition("=")[2] for text in self.why}
        numbers = [v for v in self.cells.values() if isinstance(v, float)]
        for_all = len(codes) == 1 and bool(np.isnan(numbers).all())
        return {**self.cells, "nan_reasons": f"*={codes.pop()}" if for_all else ";".join(self.why)}
