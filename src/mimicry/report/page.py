"""Filling the page templates: one way, so that every page escapes and fails alike."""

from typing import Any

__all__ = ["fill_page"]


def fill_page(template: str, **values: Any) -> str:
    """Return a page of ``templates/`` filled with values; a value that is missing is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mimicry.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)
