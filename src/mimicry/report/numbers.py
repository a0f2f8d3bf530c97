"""How a number is written for people: one rule for pages, pictures and the console.

Files keep every digit; this is only for reading. A missing number is ``n/a``, and a p is never
written as zero.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

__all__ = [
    "MISSING",
    "counted",
    "interval",
    "is_p",
    "number",
    "p_equals",
    "p_value",
    "percent",
    "shown",
]

MISSING = "n/a"
_LARGE = 1e7  # from here on the exponent says more than the digits


def number(value: Any, digits: int = 3, *, sign: bool = False) -> str:
    """Return a number with `digits` decimals; one too small for them with two figures.

    Examples
    --------
    >>> number(0.25), number(-0.00012), number(-0.0), number(float("nan"))
    ('0.250', '-0.00012', '0.000', 'n/a')
    """
    real = _real(value)
    if real is None:
        return MISSING
    plus = "+" if sign else ""
    size = abs(real)
    if size >= _LARGE or 0 < size < 1e-6:
        return f"{real:{plus}.2e}"
    if digits > 2 and 0 < size < 10.0**-digits:
        digits = 1 - math.floor(math.log10(size))
    return f"{real:{plus}z.{digits}f}"


def counted(n: Any, one: str, many: str | None = None) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> counted(1, "person", "people"), counted(2, "trial")
    ('1 person', '2 trials')
    """
    text = shown("n", n)
    return f"{text} {one if text == '1' else many or one + 's'}"


def interval(middle: Any, low: Any, high: Any, digits: int = 3) -> str:
    """Return a number with the interval around it.

    Examples
    --------
    >>> interval(0.5, 0.25, 0.75), interval(0.5, None, float("nan"))
    ('0.500 [0.250, 0.750]', '0.500')
    """
    ends = _real(low), _real(high)
    if None in ends:
        return number(middle, digits)
    return f"{number(middle, digits)} [{number(low, digits)}, {number(high, digits)}]"


def p_value(value: Any, *, floor: float | None = None) -> str:
    """Return a p with three decimals and without the zero before the point, never as 0.

    Parameters
    ----------
    value
        The p; missing: ``n/a``.
    floor
        The smallest p that the draws can give, such as 1 / (draws + 1); a p that lies there
        says so.

    Examples
    --------
    >>> p_value(0.0412), p_value(1e-9), p_value(0.9999)
    ('.041', '< .001', '> .999')
    >>> p_value(0.01, floor=1 / 100)
    '.010 (smallest possible)'
    """
    real = _real(value)
    if real is None:
        return MISSING
    if real < 0.0005:
        text = "< .001"
    elif real >= 0.9995:
        text = "> .999"
    else:
        text = f"{real:.3f}".removeprefix("0")
    return f"{text} (smallest possible)" if floor and real <= floor * (1 + 1e-9) else text


def p_equals(value: Any, *, floor: float | None = None) -> str:
    """Return a p for a sentence: ``p = .041``, ``p < .001``, ``p n/a``.

    Examples
    --------
    >>> p_equals(0.0412), p_equals(0.0)
    ('p = .041', 'p < .001')
    """
    text = p_value(value, floor=floor)
    return f"p {text}" if text[0] in "<>n" else f"p = {text}"


_HALF = 1e-9  # floats that miss the half of a step


def percent(share: Any, digits: int = 0) -> str:
    """Return a share of 1 in percent; what is not all is never rounded to 100, nor up from 0.

    Examples
    --------
    >>> percent(0.5), percent(0.995), percent(0.0001), percent(1)
    ('50 %', '> 99 %', '< 1 %', '100 %')
    """
    real = _real(share)
    if real is None:
        return MISSING
    step = 10.0**-digits
    if 0 < real < 1:
        if 100 * real <= step / 2 + _HALF:
            return f"< {step:.{digits}f} %"
        if 100 * real >= 100 - step / 2 - _HALF:
            return f"> {100 - step:.{digits}f} %"
    return f"{100 * real:z.{digits}f} %"


def is_p(name: str) -> bool:
    """Tell whether a column of that name holds a p."""
    return name == "p" or name.startswith("p_") or name.endswith("_p")


def shown(name: str, value: Any, *, floor: float | None = None) -> str:
    """Return any cell of a table, by the name of its column and what it is.

    Examples
    --------
    >>> shown("p", 0.00001), shown("n", 12), shown("valid", True), shown("reason", None)
    ('< .001', '12', 'yes', 'n/a')
    >>> shown("events", {"happy": 3, "sad": 0.5})
    'happy 3; sad 0.500'
    """
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{_words(str(k))} {shown(str(k), v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(shown(name, v) for v in value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and value.is_integer() and re.match("n(_|$)", name):
        return str(int(value))  # a count, in a table where other rows have none
    if isinstance(value, float):
        return p_value(value, floor=floor) if is_p(name) else number(value)
    return MISSING if _absent(value) else str(value)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _real(value: Any) -> float | None:
    """Return a finite float, or None for what is missing; text is never taken for a number."""
    if _absent(value) or isinstance(value, str):
        return None
    real = float(value)
    return real if math.isfinite(real) else None


def _absent(value: Any) -> bool:
    return value is None or type(value).__name__ in {"NAType", "NaTType"}
