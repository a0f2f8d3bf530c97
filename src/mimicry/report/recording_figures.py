"""The figures of a recording's page, in the order in which they stand.

A new figure is a function from :class:`RecordingView` to :class:`Drawn`, here or in a module of its
own, and an entry in :data:`FIGURES`: the part of the page that it stands in, and the function. The
template, the pipeline and the records stay as they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from mimicry.records import ActionUnitTrack
from mimicry.report import figures
from mimicry.report.numbers import number, percent
from mimicry.report.recording_view import RecordingView
from mimicry.report.trial_grid import trial_grid

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["FIGURES", "Drawn", "Group", "PageFigure", "drawn_figures"]

Section = Literal["left out", "conditions", "lags", "trials"]


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures (``<svg>`` texts) that belong together; a title where there are several groups."""

    pictures: Sequence[str]
    title: str = ""

    @property
    def markup(self) -> "list[Markup]":
        """Return the pictures as what a template does not escape."""
        from markupsafe import Markup

        return [Markup(picture) for picture in self.pictures]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure as it stands in the page.

    Parameters
    ----------
    groups
        Its pictures; those without a picture are left out, and so is a figure without a group.
    note
        What stands below it.
    legend
        Names and colours of its lines, above it.
    layout
        ``panels`` (side by side), ``wide-first``, ``trials`` (small), or ``columns``: a group
        beside the other.
    """

    groups: Sequence[Group]
    note: str
    legend: Sequence[tuple[str, str]] = ()
    layout: Literal["panels", "wide-first", "trials", "columns"] = "panels"


@dataclass(frozen=True, slots=True)
class PageFigure:
    """An entry: the part of the page that a figure stands in, and what draws it."""

    section: Section
    draw: Callable[[RecordingView], Drawn]


def drawn_figures(view: RecordingView) -> dict[str, list[Drawn]]:
    """Return the figures of every part of the page; the same view gives the same bytes."""
    parts: dict[str, list[Drawn]] = {figure.section: [] for figure in FIGURES}
    for figure in FIGURES:
        drawn = figure.draw(view)
        if any(group.pictures for group in drawn.groups):
            parts[figure.section].append(drawn)
    return parts


def _quality(view: RecordingView) -> Drawn:
    """Draw head pose, lost frames and frame intervals."""
    track, limit = view.track, view.settings.pose_limit_deg
    pictures = figures.quality_overview(
        track.times_s,
        track.pose_deg,
        track.tracked,
        (track.quality["pose_ok"] != 0) & (track.quality["plausible"] != 0),
        view.aligned.onset_s,
        pose_limit_deg=limit,
    )
    note = (
        f"{_quality_line(track)} Red: no face. Amber: a face, but head pose beyond {limit:g}° "
        "or an implausible fit."
    )
    return Drawn([Group(pictures)], note, layout="wide-first")


def _quality_line(track: ActionUnitTrack) -> str:
    steps = np.diff(track.times_s)
    interval = "a single frame"
    if steps.size:
        median_ms, longest_ms = 1000 * np.median(steps), 1000 * steps.max()
        interval = (
            f"median frame interval {number(median_ms, 1)} ms, longest {number(longest_ms, 0)} ms"
        )
    share = percent(track.tracked.mean() if len(track) else None, 1)
    return f"{len(track)} frames, a face in {share} of them; {interval}."


def _means(view: RecordingView) -> Drawn:
    """Draw the mean responses of every phase."""
    settings, conditions = view.settings, np.array(view.scores.trials.condition)
    groups = [
        Group(
            figures.condition_means(
                view.aligned.times_s,
                view.response[used],
                view.aligned.stimulus[used],
                view.aligned.names,
                conditions[used].tolist(),
                order=view.conditions,
                windows=settings.windows,
                primary=settings.primary_window,
            ),
            title,
        )
        for _, title, used in _phases(view)
    ]
    start, end = settings.windows[settings.primary_window]
    note = (
        "Mean change from the pre-stimulus baseline with its standard error over trials. Shaded: "
        f"the primary window, {start:g} to {end:g} s. Dotted grey: the stimulus envelope."
    )
    legend = [*_conditions(view), ("stimulus, not to scale", "#9aa3ad")]
    return Drawn(groups, note, legend)


def _lags(view: RecordingView) -> Drawn:
    """Draw the lagged correlations of every phase."""
    profile, conditions = view.scores.lag_profile, np.array(view.scores.trials.condition)
    groups = []
    for phase, title, used in _phases(view):
        rows = used & np.isfinite(profile).any(axis=1)
        if not rows.any():
            continue
        picture = figures.lag_profile(
            view.scores.lags_s,
            profile[rows],
            conditions[rows].tolist(),
            order=view.conditions,
            title=f"Correlation of stimulus and response, by lag {phase}".strip(),
        )
        groups.append(Group([picture], title))
    note = (
        "Correlation between the stimulus envelope and the response at each lag, averaged over "
        "trials (Fisher z). A peak on smooth signals means little by itself; read it only against "
        "its null in the table above."
    )
    return Drawn(groups, note, _conditions(view), layout="columns")


def _trials(view: RecordingView) -> Drawn:
    """Draw every trial."""
    trials = view.scores.trials
    pictures = trial_grid(
        view.aligned.times_s,
        view.response,
        view.aligned.stimulus,
        view.aligned.names,
        [f"{i} {c}" for i, c in zip(trials.trial_id, trials.condition, strict=True)],
        view.scores.valid.tolist(),
        windows=view.settings.windows,
        primary=view.settings.primary_window,
    )
    note = (
        "Change from baseline of the scored action units over seconds from the dynamic onset; grey "
        "area: the stimulus. Invalid trials are grey."
    )
    legend = list(figures.colours_of(view.aligned.names).items())
    return Drawn([Group(pictures)], note, legend, layout="trials")


def _conditions(view: RecordingView) -> list[tuple[str, str]]:
    return list(figures.colours_of(view.conditions).items())


def _phases(view: RecordingView) -> list[tuple[str, str, NDArray[np.bool_]]]:
    """Return name, title and valid trials of every phase that has some; they are never pooled."""
    phases = np.array(view.scores.phase)
    trials = {p: view.scores.valid & (phases == p) for p in dict.fromkeys(view.scores.phase)}
    some = {phase: used for phase, used in trials.items() if used.any()}
    return [(p, (p or "all trials") if len(some) > 1 else "", used) for p, used in some.items()]


FIGURES = (
    PageFigure("left out", _quality),
    PageFigure("conditions", _means),
    PageFigure("lags", _lags),
    PageFigure("trials", _trials),
)
