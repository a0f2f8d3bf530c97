"""A method without a picture of its own has one of its numbers."""

import numpy as np
import pytest

from mimicry.records import SeriesMeasure, SynchronySettings
from mimicry.report.synchrony_figures import figure_of


@pytest.mark.parametrize(
    ("columns", "across", "points"),
    [(("a", "b"), "meaning of a", [1.0, 2.0]), (("b",), "row", [0.0, 1.0])],
)
def test_a_method_without_a_picture_is_drawn_by_its_first_numbers(columns, across, points):
    table = {"who": ["x", "y"], "a": np.array([1.0, 2.0]), "b": np.array([3.0, 5.0])}
    result = SeriesMeasure(
        settings=SynchronySettings("new", "?", "a test"),
        names=("x", "y"),
        rate_hz=25.0,
        summary={},
        table={name: table[name] for name in ("who", *columns)},
        columns={name: f"meaning of {name}" for name in ("who", *columns)},
    )
    (axes,) = figure_of(result, 9.0).axes
    (line,) = axes.lines
    assert axes.get_xlabel() == across
    assert axes.get_ylabel() == "meaning of b"
    np.testing.assert_allclose(line.get_xdata(), points)
    np.testing.assert_allclose(line.get_ydata(), [3.0, 5.0])
