"""The figures of a recording's page: one entry each, in the part that the entry names."""

from collections.abc import Callable

import pytest

from mimicry.report import recording_figures
from mimicry.report.recording import RecordingView, render_recording
from mimicry.report.recording_figures import FIGURES, Drawn, Group, PageFigure, drawn_figures


def draw_baselines(view: RecordingView) -> Drawn:
    """A figure that somebody adds: it takes what it needs from the records."""
    level = view.scores.baseline_mean[:, 0].mean()
    return Drawn([Group([f"<svg>{level:.1f}</svg>"])], "Mean baseline.", [("<AU04>", "#000")])


def test_a_new_figure_is_an_entry_and_a_function(
    make_view: Callable[..., RecordingView], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = PageFigure("conditions", draw_baselines)
    monkeypatch.setattr(recording_figures, "FIGURES", (*FIGURES, entry))
    page = render_recording(make_view())
    assert page.count("<svg>0.0</svg>") == 1
    assert page.index("Result by condition") < page.index("<svg>0.0</svg>")
    assert page.index("<svg>0.0</svg>") < page.index('<p class="note">Mean baseline.</p>')
    assert page.index("Mean baseline.") < page.index("<h2>Lag profile</h2>")
    assert "&lt;AU04&gt;" in page


def test_figures_of_one_part_stand_in_the_order_of_their_entries(
    make_view: Callable[..., RecordingView], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = PageFigure("trials", draw_baselines)
    monkeypatch.setattr(recording_figures, "FIGURES", (entry, *FIGURES))
    page = render_recording(make_view())
    assert page.index("<h2>Every trial") < page.index("Mean baseline.")
    assert page.index("Mean baseline.") < page.index("Invalid trials are grey.")


def test_a_figure_without_a_picture_leaves_no_trace(
    make_view: Callable[..., RecordingView],
) -> None:
    parts = drawn_figures(make_view(valid=lambda k: False))
    assert parts["conditions"] == parts["lags"] == []
    assert [len(group.pictures) for group in parts["trials"][0].groups] == [6]
    assert "Lag profile" not in render_recording(make_view(valid=lambda k: False))


def test_phases_are_titled_only_where_there_are_several(
    make_view: Callable[..., RecordingView],
) -> None:
    (means,) = drawn_figures(make_view())["conditions"]
    assert [(group.title, len(group.pictures)) for group in means.groups] == [
        ("watch", 2),
        ("imitate", 2),
    ]
    (means,) = drawn_figures(make_view(valid=lambda k: k < 2))["conditions"]
    assert [group.title for group in means.groups] == [""]
