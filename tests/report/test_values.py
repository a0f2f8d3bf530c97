"""Numbers and lines of reports at their limits, computed by hand."""

import re

import numpy as np
import pytest

from mimicry.records.synchrony import SynchronySettings
from mimicry.report.figures import _draw_envelope, _nan_mean, _nan_sd, _runs
from mimicry.report.numbers import counted, is_p, number, p_equals, p_value, percent, shown
from mimicry.report.synchrony import p_floor
from mimicry.report.tables import page_table
from mimicry.report.trial_grid import _limits, _tick, trial_grid

NAN = np.nan


def test_numbers_are_written_at_their_limits():
    assert [number(v) for v in (9_999_999, 1e7, 1e-6, 9.9e-7, 0.001, 0.00099)] == [
        "9999999.000", "1.00e+07", "0.0000010", "9.90e-07", "0.001", "0.00099",
    ]  # fmt: skip
    assert [number(v, 1) for v in (0.04, 0.25, 12)] == ["0.0", "0.2", "12.0"]
    assert [number(v, 2, sign=True) for v in (0.5, -0.5, 0.0)] == ["+0.50", "-0.50", "+0.00"]
    assert [counted(n, "person", "people") for n in (0, 1, 1.0, 2)] == [
        "0 people", "1 person", "1 person", "2 people",
    ]  # fmt: skip
    assert counted(3, "trial") == "3 trials"


def test_a_p_is_rounded_only_inside_its_limits():
    assert [p_value(p) for p in (0.000499, 0.0005, 0.9994, 0.9995)] == [
        "< .001", ".001", ".999", "> .999",
    ]  # fmt: skip
    assert [p_equals(p) for p in (0.25, 0.0, 1.0, None)] == ["p = .250", "p < .001", "p > .999",
                                                             "p n/a"]  # fmt: skip
    assert p_value(0.0100001, floor=0.01) == ".010"
    assert [is_p(n) for n in ("p", "p_swap", "swap_p", "pp", "step", "p2")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
    assert [p_floor(n, s) for n, s in ((99, "two"), (99, "one"), (1, ""), (0, ""), (None, ""))] == [
        0.02, 0.01, 0.5, None, None,
    ]  # fmt: skip


def test_a_share_keeps_away_from_all_and_nothing():
    shares = (0.005, 0.0051, 0.9949, 0.995, -0.2, 1.2, 0.0)
    assert [percent(s) for s in shares] == [
        "< 1 %", "1 %", "99 %", "> 99 %", "-20 %", "120 %", "0 %",
    ]  # fmt: skip
    assert [percent(s, 1) for s in (0.0005, 0.00051, 0.99949, 0.9995)] == [
        "< 0.1 %", "0.1 %", "99.9 %", "> 99.9 %",
    ]  # fmt: skip


def test_a_cell_is_written_by_its_kind_and_the_name_of_its_column():
    assert shown("n_trials", 4.0) == shown("n", 4) == "4"
    assert [shown("n", 4.5), shown("nine", 4.0), shown("x", 4.0)] == ["4.500", "4.000", "4.000"]
    assert [shown("x", np.bool_(False)), shown("x", np.int64(7))] == ["no", "7"]
    assert shown("p", [0.01, None]) == ".010, n/a"
    assert shown("x", {"n_lost": 2.0, "p_a": 0.2}) == "n lost 2; p a .200"
    assert shown("p", 0.01, floor=0.01) == ".010 (smallest possible)"


def test_a_table_is_cut_where_the_page_ends():
    rows = [["somebody", *([0.5] * 12)]]
    names = ["who", *(f"m{k}" for k in range(12))]
    whole = page_table("T", names[:4], [row[:4] for row in rows], labels={"m0": "first"})
    (part,) = whole.parts
    assert (part.caption, [c.label for c in part.columns]) == ("T", ["who", "first", "m1", "m2"])
    assert part.rows == [["somebody", "0.500", "0.500", "0.500"]]
    assert page_table("T", ["a"], []).parts[0].rows == []
    wide = page_table("T", ["who", "day", *["x" * 30 + str(k) for k in range(9)]],
                      [["a", "b", *range(9)]], keys=2)  # fmt: skip
    assert [p.columns[1].label for p in wide.parts] == ["day"] * len(wide.parts)
    shown_columns = [c.label for p in wide.parts for c in p.columns[2:]]
    assert shown_columns == ["x" * 30 + str(k) for k in range(9)]
    assert [p.caption for p in wide.parts] == [
        f"T ({k} of {len(wide.parts)})" for k in range(1, len(wide.parts) + 1)
    ]


def test_means_and_spreads_leave_out_what_is_missing():
    values = np.array([[1.0, NAN, 2.0, NAN], [3.0, NAN, NAN, 4.0], [8.0, NAN, NAN, 5.0]])
    np.testing.assert_allclose(_nan_mean(values), [4.0, NAN, 2.0, 4.5])
    np.testing.assert_allclose(_nan_sd(values), [np.sqrt(13), NAN, NAN, np.sqrt(0.5)])
    mine = _nan_mean(values, where=np.array([True, True, False]))
    np.testing.assert_allclose(mine, [2.0, NAN, 2.0, 4.0])


def test_runs_of_frames_begin_and_end_where_they_do():
    def runs(text):
        return _runs(np.array([c == "x" for c in text]))

    assert runs("xx..x.") == [(0, 2), (4, 5)]
    assert runs("..xx") == [(2, 3)]
    assert runs("....") == []
    assert runs("x") == [(0, 0)]


def test_an_envelope_takes_a_quarter_of_the_panel():
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    axes.set_ylim(-1.0, 3.0)
    _draw_envelope(axes, np.arange(3.0), np.array([0.0, 0.5, NAN]))
    _draw_envelope(axes, np.arange(3.0), np.array([0.0, 1.0, 2.0]))
    first, second = (line.get_ydata() for line in axes.lines)
    np.testing.assert_allclose(first, [-1.0, 0.0, NAN])
    np.testing.assert_allclose(second, [-1.0, -0.5, 0.0])
    assert axes.get_ylim() == (-1.0, 3.0)
    _draw_envelope(axes, np.arange(3.0), np.zeros(3))
    _draw_envelope(axes, np.arange(3.0), np.full(3, NAN))
    assert len(axes.lines) == 2


def test_a_panel_of_a_trial_has_its_lines_where_the_values_are():
    grid = np.array([-1.0, 0.0, 1.0, 2.0])
    response = np.array([[[0.0], [1.0], [NAN], [0.5]], [[NAN]] * 4])
    stimulus = np.array([[[0.0], [0.5], [1.0], [0.5]], [[0.0]] * 4])
    good, bad = trial_grid(
        grid, response, stimulus, ["AU12"], ["<one>", "two"], [True, False],
        windows={"main": (0.5, 1.25), "late": (0, 9)}, primary="main",
    )  # fmt: skip
    assert 'viewBox="0 0 160 103"' in good
    assert "translate(24 14)" in good
    assert "<title>&lt;one&gt;</title>" in good
    assert '<rect x="66.0" y="0" width="33.0" height="76"' in good  # 132 wide for 3 s
    assert re.findall(r"M(\S+) 0V76", good) == ["44.0", "0"]
    assert re.findall(r'<text x="(\S+)" y="85"[^>]*>(\S+?)</text>', good) == [
        ("0.0", "-1"), ("44.0", "0"), ("88.0", "1"), ("132.0", "2"),
    ]  # fmt: skip
    low, high = _limits(response)

    def y(value):
        return 76 * (high - value) / (high - low)

    path = f"M0.0 {y(0):.1f}L44.0 {y(min(1.0, high)):.1f}M132.0 {y(0.5):.1f}"
    assert f'd="{path}"' in good
    assert re.findall(r'text-anchor="end">(\S+)</text>', good) == ["0", "1"]
    # the stimulus stands on the foot of the panel and takes 30 % of it
    assert 'points="0,76 0.0,76.0 44.0,64.6 88.0,53.2 132.0,64.6 132,76"' in good
    assert "polygon" not in bad
    assert "stroke-width" not in bad
    assert 'fill="#9ca3af">two' in bad


def test_the_range_of_panels_and_its_tick():
    assert _limits(np.full((1, 2, 1), NAN)) == pytest.approx((-0.188, 1.088))
    assert _limits(np.full((1, 2, 1), 0.01)) == pytest.approx((-0.004, 0.054))
    assert _limits(np.linspace(-1, 1, 1001)) == pytest.approx((-1.15536, 1.15536))
    ticks = {1.0: 1, 0.99: 0.5, 2.0: 2, 1.99: 1, 4.9: 2, 5.0: 5, 9.9: 5, 0.054: 0.05, 0.1: 0.1}
    assert {high: round(_tick(high), 6) for high in ticks} == ticks


def test_settings_without_lengths_have_no_numbers():
    assert SynchronySettings("x", "?", "ours").numbers() == ""
