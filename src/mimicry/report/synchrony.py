"""Picture and page of people together, for every method."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mimicry.records import SeriesMeasure, Synchrony
from mimicry.report.figures import two_widths, write_png
from mimicry.report.numbers import p_equals, p_value, shown
from mimicry.report.page import fill_page
from mimicry.report.synchrony_figures import figure_of
from mimicry.report.tables import Table, page_table

__all__ = ["draw_synchrony", "numbers_table", "p_floor", "render_synchrony"]

_SHOWN_ROWS = 500
_DESK, _TELEPHONE = 9.0, 4.6  # inches


def draw_synchrony(result: Synchrony | SeriesMeasure, path: Path) -> Path:
    """Write a PNG of the result; return its path."""
    return write_png(lambda: figure_of(result, _DESK), path, dpi=130)


def render_synchrony(result: Synchrony | SeriesMeasure) -> str:
    """Return a self-contained HTML page with the figure and the numbers."""
    label = "The table below as a figure"
    if isinstance(result, Synchrony):
        label = "Association by window and lag, and its mean by lag"
    drawn = two_widths(partial(figure_of, result), label, _DESK, _TELEPHONE)
    if isinstance(result, Synchrony):
        return fill_page("synchrony.html.jinja", result=result, figures=drawn, **_by_lag(result))
    return fill_page("measure.html.jinja", result=result, figures=drawn, **_by_row(result))


def _by_lag(result: Synchrony) -> dict[str, Any]:
    """Return what the page of values by window and lag shows."""
    numbers = {**result.summary, **{k: v for k, v in result.provenance.items() if k != "inputs"}}
    return {
        "numbers": numbers_table(numbers),
        "inputs": _inputs(result.provenance.get("inputs")),
        "missing": bool(np.isnan(result.values).all()),
        "tests": _tests(result),
    }


def _by_row(result: SeriesMeasure) -> dict[str, Any]:
    """Return what the page of a table shows."""
    frame = result.to_frame()
    surrogate = dict(result.surrogate)
    floor = p_floor(surrogate.get("n"), surrogate.get("sided"))
    return {
        "numbers": numbers_table(result.summary),
        "surrogate": {k: shown(k, v) for k, v in surrogate.items()},
        "p": p_equals(surrogate.get("p"), floor=floor),
        "table": page_table(
            "Table",
            list(map(str, frame.columns)),
            list(frame.head(_SHOWN_ROWS).itertuples(index=False, name=None)),
            labels={str(name): str(name).replace("_", " ") for name in frame.columns},
        ),
        "more": max(0, len(frame) - _SHOWN_ROWS),
    }


def numbers_table(numbers: Mapping[str, Any]) -> Table:
    """Return names and numbers below one another."""
    rows = [[name.replace("_", " "), shown(name, value)] for name, value in numbers.items()]
    return page_table("Numbers of the whole recording", ["measure", "value"], rows)


def p_floor(surrogates: Any, sided: Any) -> float | None:
    """Return the smallest p that so many surrogates can give; None: unknown."""
    if not isinstance(surrogates, int) or surrogates < 1:
        return None
    return (2 if sided == "two" else 1) / (surrogates + 1)


def _inputs(inputs: Any) -> list[str]:
    """Return names of files, or what an array was, with the start of its checksum."""
    if not isinstance(inputs, list | tuple):
        return []
    return [
        f"{item.get('file', next(iter(item), ''))} ({str(list(item.values())[-1])[:12]})"
        for item in inputs
        if isinstance(item, Mapping) and item
    ]


def _tests(result: Synchrony) -> Table:
    columns = ("name", "observed", "mean", "sd", "z_surrogate", "p", "sided")
    rows = []
    for name, test in result.surrogate.items():
        if isinstance(test, dict):
            floor = p_floor(result.surrogate.get("n"), test.get("sided"))
            p = p_value(test.get("p"), floor=floor)
            rows.append([{**test, "name": name.replace("_", " "), "p": p}[c] for c in columns])
    labels = {"name": "measure", "mean": "mean of surrogates", "sd": "SD", "z_surrogate": "z"}
    return page_table("Against surrogates", columns, rows, labels=labels)
