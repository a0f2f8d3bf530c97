"""Filling the page templates: one way, so that every page escapes, prints and fails alike."""

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["fill_page"]

_LINE = 76  # characters of JSON that stand on one line
_PIECE = 18  # a longer word without a place to break gets one


def fill_page(template: str, **values: Any) -> str:
    """Return a page of ``templates/`` filled with values; a value that is missing is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from mimicry import __version__
    from mimicry.report import numbers

    environment = Environment(
        loader=PackageLoader("mimicry.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "breakable": _breakable,
        "json": _json,
        "number": numbers.number,
        "p_equals": numbers.p_equals,
        "p_value": numbers.p_value,
        "percent": numbers.percent,
    }
    environment.globals["mimicry_version"] = __version__
    return environment.get_template(template).render(**values)


def _breakable(text: object) -> "Markup":
    """Return escaped text that may be broken after ``_``, ``/``, ``;`` and inside long words."""
    from markupsafe import Markup, escape

    marked = re.sub(r"([_/;])(?=\S)", "\\1\0", str(text).replace("\0", ""))
    marked = re.sub(rf"([^\s\0]{{{_PIECE}}})(?=[^\s\0])", "\\1\0", marked)
    return Markup("<wbr>").join(escape(piece) for piece in marked.split("\0"))


def _json(value: Any, indent: int = 0) -> str:
    """Return JSON with everything on one line that fits on one."""
    if hasattr(value, "items"):
        value = {str(k): v for k, v in value.items()}
    line = json.dumps(value, ensure_ascii=False, default=str)
    if len(line) + indent <= _LINE or not isinstance(value, dict | list | tuple):
        return line
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{json.dumps(k, ensure_ascii=False)}: {_json(v, indent + 2)}"
                 for k, v in value.items()]  # fmt: skip
        return "{\n" + ",\n".join(pad + part for part in parts) + "\n" + " " * indent + "}"
    parts = [_json(v, indent + 2) for v in value]
    return "[\n" + ",\n".join(pad + part for part in parts) + "\n" + " " * indent + "]"
