"""Reading any table of numbers over time: EMG envelopes, continuous ratings, FACS coding."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mimicry.errors import TableError
from mimicry.records import ActionUnitTrack

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_time_table"]

# what a column of seconds is usually called, most telling name first
TIME_NAMES = ("timestamp", "time_s", "time", "seconds", "t", "onset")


def read_time_table(path: str | Path, *, time_column: str | None = None) -> ActionUnitTrack:
    """Read a text table with a column of seconds and further columns of numbers.

    Parameters
    ----------
    path
        CSV (comma or semicolon) or TSV with a header line.
    time_column
        Name of the column of seconds; default: the first of ``timestamp``, ``time_s``,
        ``time``, ``seconds``, ``t``, ``onset``.

    Returns
    -------
    ActionUnitTrack
        One "action unit" for each further numeric column, under the column's own name and on
        its own scale. Rows without a time are left out.

    Raises
    ------
    TableError
        When the file cannot be read, has no such column, its times do not increase, or it holds
        no other numbers. The message names file and column.
    """
    path = Path(path)
    table = _load(path)
    name = _time_name(path, [str(c) for c in table.columns], time_column)
    times = _numeric(table[name])
    there = np.isfinite(times)
    times = times[there]
    late = np.flatnonzero(np.diff(times) <= 0)
    if times.size == 0 or late.size:
        at = f"{times[late[0]]:g} s is followed by {times[late[0] + 1]:g} s" if late.size else ""
        raise TableError(
            f"the times do not increase ({at})" if at else "the times are no numbers",
            path=path,
            key=name,
            hint="Give another column with --time-column, or sort the table.",
        )
    values = {str(c): _numeric(table[c])[there] for c in table.columns if str(c) != name}
    values = {c: v for c, v in values.items() if np.isfinite(v).any()}
    if not values:
        raise TableError("the table holds no numbers besides the times", path=path, key=name)
    return ActionUnitTrack(
        times_s=times,
        intensity=np.column_stack(list(values.values())),
        names=tuple(values),
        pose_deg=np.full((len(times), 3), np.nan),
        quality={},
        blendshapes=np.empty((len(times), 0), dtype=np.float32),
        units=dict.fromkeys(values, "as in the file"),
        provenance={"source": path.name, "time_column": name},
    )


def _load(path: Path) -> "pd.DataFrame":
    import pandas as pd

    if not path.is_file():
        raise TableError("table not found", path=path)
    try:
        with path.open(encoding="utf-8-sig") as file:
            header = file.readline()
        separator = max("\t,;", key=header.count)
        return pd.read_csv(path, sep=separator, encoding="utf-8-sig", na_values=["n/a"])
    except (OSError, ValueError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TableError(f"is not a readable text table ({first})", path=path) from error


def _time_name(path: Path, names: list[str], wanted: str | None) -> str:
    if wanted is not None:
        if wanted not in names:
            raise TableError(
                f"no column {wanted!r}; found {', '.join(names[:8])}", path=path, key=wanted
            )
        return wanted
    plain = {re.sub(r"[^a-z_]", "", name.lower()): name for name in reversed(names)}
    found = next((plain[n] for n in TIME_NAMES if n in plain), None)
    if found is None:
        raise TableError(
            f"no column of seconds among {', '.join(names[:8])}",
            path=path,
            key="time",
            hint=f"Name one {', '.join(TIME_NAMES)}, or say which with --time-column.",
        )
    return found


def _numeric(column: "pd.Series[float]") -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    import pandas as pd

    return np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)
