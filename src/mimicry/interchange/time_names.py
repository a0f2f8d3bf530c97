"""Columns of times, by their names: which column it is, and in which unit."""

import re
import unicodedata
from collections.abc import Sequence

__all__ = ["TIME_NAMES", "seconds_in", "time_column"]

#: What a column of seconds is usually called, most telling name first.
TIME_NAMES = ("timestamp", "time", "seconds", "t", "onset")

_UNITS = {
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("us", "\u03bcs", "usec", "usecs", "microsecond", "microseconds"), 1e-6),
    **dict.fromkeys(("ns", "nsec", "nsecs", "nanosecond", "nanoseconds"), 1e-9),
}
_BRACKETS = re.compile(r"[\(\[](.*?)[\)\]]")
_LAST_UNIT = re.compile(rf"(?:_|\W)+({'|'.join(_UNITS)})\W*$")


def seconds_in(name: str) -> float | None:
    """Return the seconds in one unit of a column, by its name; None: its unit is not known.

    Where the name says nothing, it is seconds.

    Examples
    --------
    >>> seconds_in("Time [min]"), seconds_in("t_us"), seconds_in("onset"), seconds_in("t (frames)")
    (60.0, 1e-06, 1.0, None)
    """
    text = unicodedata.normalize("NFKC", name).lower()  # the micro sign becomes a Greek letter
    base = _BRACKETS.sub("", text).strip()
    inside = " ".join(_BRACKETS.findall(text)).strip()
    words = [word.strip(".") for word in re.split(r"[ ,;]+", inside)]
    known = {_UNITS[word] for word in words if word in _UNITS}
    if len(known) == 1 and re.fullmatch(r"[a-z\u03bc.,; ]+", inside):
        return known.pop()
    last = _LAST_UNIT.search(base)
    if last is not None and not known:
        return _UNITS[last[1]]
    if inside:
        return None
    return _UNITS[base] if len(base) > 3 and base in _UNITS else 1.0


def time_column(names: Sequence[str]) -> tuple[str, float | None] | None:
    """Return the column of times, by its name, and the seconds in one of its units.

    A column in a unit that is not known (None) counts only where there is no other.

    Examples
    --------
    >>> time_column(["AU12", "Time (ms)"])
    ('Time (ms)', 0.001)
    """
    columns_of: dict[bool, dict[str, tuple[str, float | None]]] = {True: {}, False: {}}
    for name in names:
        scale = seconds_in(name)
        base = _BRACKETS.sub("", name.lower()).strip()
        plain = re.sub(r"[^a-z_]", "", _LAST_UNIT.sub("", base)).strip("_")
        plain = "seconds" if plain in ("s", "sec") else plain
        columns_of[scale is not None].setdefault(plain, (name, scale))
    usual = (*TIME_NAMES, "milliseconds")
    known = (columns_of[known].get(name) for known in (True, False) for name in usual)
    return next((column for column in known if column is not None), None)
