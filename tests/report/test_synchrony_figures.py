"""What is drawn where: best lags above values by lag, and numbers without an own picture."""

import numpy as np
import pytest

from mimicry.records import SeriesMeasure, Synchrony, SynchronySettings
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


@pytest.mark.parametrize(
    ("region", "values", "shown", "label"),
    [
        # the second window has its best lag at the end, the third has no value
        (0.0, [[0.1, 0.9, 0.2], [-0.9, 0.1, 0.3], [np.nan] * 3], [(2.0, 0.0)], "best lag"),
        (0.0, [[0.1, 0.2, 0.9], [-0.9, 0.1, 0.3], [np.nan] * 3], [], None),
        (0.5, [[0.1, 0.2, 0.9], [-0.9, 0.1, 0.3], [np.nan] * 3], [(4.0, -0.5)], "nearest peak"),
    ],
)
def test_lags_inside_the_range_are_dots_and_named_when_there_is_one(region, values, shown, label):
    settings = SynchronySettings(
        "rmea", "?", "ours", window_s=4.0, step_s=2.0, peak_region_s=region
    )
    peaks = [np.nan, -0.5, np.nan]
    result = Synchrony(
        np.array([0.0, 2.0, 4.0]), np.array([-1.0, 0.0, 1.0]), values, peaks, peaks, settings, 1.0,
        ("a", "b"),
    )  # fmt: skip
    heat, profile = figure_of(result, 9.0).axes[:2]
    dots = heat.collections[1].get_offsets()
    np.testing.assert_allclose(dots, np.reshape(shown, (-1, 2)))
    legend = heat.get_legend()
    assert (legend and legend.get_texts()[0].get_text()) == label
    mesh = heat.collections[0]
    assert (mesh.norm.vmin, mesh.get_cmap().name) == (-mesh.norm.vmax, "RdBu_r")
    np.testing.assert_allclose(profile.get_xlim(), (-1, 1))
