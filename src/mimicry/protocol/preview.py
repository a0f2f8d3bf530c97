"""A picture of one trial and one session, and the page around it."""

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimicry.files import atomic_path, write_text
from mimicry.protocol.session import Session
from mimicry.report.figures import colours_of
from mimicry.report.page import fill_page
from mimicry.report.tables import page_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mimicry.protocol.model import Protocol
    from mimicry.protocol.schema_shown import Rating

__all__ = ["preview_figure", "preview_page", "session_of", "write_preview"]

PHASE_COLOURS = {
    "fixation": "#d7dde4",
    "cue": "#f4d58d",
    "neutral": "#b9cfe4",
    "rise": "#7fa8cf",
    "apex": "#4a7fb0",
    "fall": "#9dbbd8",
    "blank": "#eef1f4",
    "rating": "#e8c9dc",
}
INK = "#1f2937"
_INSIDE: Any = {"ha": "center", "va": "center", "fontsize": 7.5, "color": INK}
_ABOVE = {"ha": "right", "va": "baseline"}


def write_preview(
    protocol: "Protocol", folder: Path, *, participant: str = "01", visit: str | None = None
) -> list[Path]:
    """Write ``NAME_preview.png`` and a self-contained ``NAME_preview.html``; return both paths.

    `visit` None means the first visit of a protocol that has several.
    """
    session = session_of(protocol, participant, visit=visit)
    figure = preview_figure(protocol, session)
    picture = folder / f"{protocol.name}_preview.png"
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    with atomic_path(picture) as temporary:
        temporary.write_bytes(buffer.getvalue())
    encoded = base64.b64encode(buffer.getvalue()).decode("ascii")
    page = write_text(
        folder / f"{protocol.name}_preview.html", preview_page(protocol, session, encoded)
    )
    return [page, picture]


def session_of(protocol: "Protocol", participant: str, *, visit: str | None = None) -> Session:
    """Return a session; `visit` None means the first visit of a protocol that has several."""
    visits = protocol.file.design.visits
    return protocol.build_session(
        participant, visit=visits[0] if visits and visit is None else visit
    )


def preview_figure(protocol: "Protocol", session: Session) -> "Figure":
    """Return a figure: the different trials of the session, the whole session, its pauses."""
    from matplotlib.figure import Figure

    shapes = _different_trials(protocol, session)
    blocks = list(dict.fromkeys(t.block for t in session.trials))
    height = 2.6 + 1.25 * len(shapes) + 0.42 * len(blocks)
    figure = Figure(figsize=(11, height), layout="constrained")
    rows = figure.subplots(2, 1, height_ratios=[1.1 + 1.25 * len(shapes), 1.1 + 0.42 * len(blocks)])
    _draw_trials(rows[0], protocol, shapes)
    _draw_session(rows[1], session, blocks)
    return figure


def _different_trials(protocol: "Protocol", session: Session) -> list[tuple[str, Any]]:
    """Return one trial for every different course of phases, with a label."""
    seen: dict[tuple[Any, ...], tuple[list[str], Any]] = {}
    for trial in session.scored:
        course = tuple((p.name, p.duration_s) for p in trial.phases)
        labels, _ = seen.setdefault(course, ([], trial))
        timed = [v for f, v in trial.levels.items() if _has_timing(protocol, f)]
        rated = any(p.name == "rating" for p in trial.phases)
        label = " ".join(timed) if timed else (trial.block if rated or len(seen) > 1 else "")
        if label and label not in labels:
            labels.append(label)
    return [(", ".join(labels) or "every trial", trial) for labels, trial in seen.values()]


def _has_timing(protocol: "Protocol", factor: str) -> bool:
    return any(level.timing for level in protocol.file.design.factors[factor].levels.values())


def _draw_trials(axes: "Axes", protocol: "Protocol", shapes: list[tuple[str, Any]]) -> None:
    """Draw phases as bars around the dynamic onset, with baseline, windows and the pause."""
    settings = protocol.scoring_settings()
    jitter = protocol.file.timing.iti_s
    pale: Any = {"facecolors": "#f5f6f8", "linewidth": 0.0}
    ends = []
    for row, (label, trial) in enumerate(shapes):
        bottom = -2.0 * row
        onset = trial.dynamic_onset_s - trial.start_s
        total = trial.duration_s
        for phase in trial.phases:
            start = phase.start_s - onset
            span, colour = [(start, phase.duration_s)], PHASE_COLOURS[phase.name]
            axes.broken_barh(span, (bottom, 0.8), facecolors=colour, edgecolor="white")
            _phase_label(axes, phase, start, bottom, total)
        end = total - onset
        least, drawn = [(end, jitter.low)], [(end + jitter.low, jitter.high - jitter.low)]
        axes.broken_barh(least, (bottom, 0.8), hatch="//", edgecolor="#c5ccd4", **pale)
        axes.broken_barh(drawn, (bottom + 0.2, 0.4), hatch="xx", edgecolor="#9aa3ad", **pale)
        axes.text(end + jitter.low / 2, bottom + 0.4, "pause\n" + _pause(jitter), **_INSIDE)
        if jitter.high > jitter.low:
            axes.text(end + jitter.high, bottom + 0.78, "jitter", **{**_INSIDE, **_ABOVE})
        axes.text(-onset, bottom + 0.92, label, fontsize=9, weight="bold", color=INK)
        _draw_course(axes, trial, bottom)
        ends.append((-onset, end + max(jitter.high, 0.05 * total)))
    low, high = min(e[0] for e in ends), max(e[1] for e in ends)
    bottom = -2.0 * (len(shapes) - 1)
    _draw_windows(axes, settings, bottom)
    axes.axvline(0, color="#b91c1c", linewidth=1, linestyle=":")
    axes.set(
        xlim=(low - 0.02 * (high - low), high),
        ylim=(bottom - 0.45 - 0.32 * (len(settings.windows) + 1), 1.45),
        yticks=[],
        xlabel="seconds from the dynamic onset of the face",
        title=f"{protocol.name}: one trial",
    )
    _plain(axes)


def _phase_label(axes: "Axes", phase: Any, start: float, bottom: float, total: float) -> None:
    if phase.duration_s < 0.02 * total:
        return  # too narrow for any text
    wide = phase.duration_s > 0.055 * total
    text = (
        f"{phase.name}\n{phase.duration_s:g} s" if wide else f"{phase.name} {phase.duration_s:g} s"
    )
    colour = "white" if phase.name in {"apex", "rise"} else INK
    manner = {**_INSIDE, "color": colour, "rotation": 0 if wide else 90}
    axes.text(start + phase.duration_s / 2, bottom + 0.4, text, **manner)


def _draw_course(axes: "Axes", trial: Any, bottom: float) -> None:
    """Draw the planned movement of the face as a line above the bar."""
    lasts = {p.name: p.duration_s for p in trial.phases}
    times, course = [-lasts.get("neutral", 0.0)], [0.0]
    for phase, level in (("rise", 1.0), ("apex", 1.0), ("fall", 0.0)):
        start = max(times[-1], 0.0)
        times += [start, start + lasts.get(phase, 0.0)]
        course += [course[-1], level]
    heights = [bottom + 0.88 + 0.36 * level for level in course]
    axes.plot(times, heights, color="#b91c1c", linewidth=1.3)


def _draw_windows(axes: "Axes", settings: Any, bottom: float) -> None:
    spans = [("baseline", settings.baseline_s, "#6b7280")]
    for name, span in settings.windows.items():
        primary = name == settings.primary_window
        shown = f"{name} (primary)" if primary else name
        spans.append((shown, span, "#0b5394" if primary else "#93b4d3"))
    for row, (name, (start, end), colour) in enumerate(spans):
        y = bottom - 0.35 - 0.32 * row
        axes.plot([start, end], [y, y], color=colour, linewidth=4, solid_capstyle="butt")
        axes.text(end, y, f"  {name} [{start:g}, {end:g})", va="center", fontsize=8, color=INK)


def _draw_session(axes: "Axes", session: Session, blocks: list[str]) -> None:
    """Draw every trial of the session at its planned time, one row for each block."""
    conditions = list(dict.fromkeys(t.condition for t in session.trials))
    colour = colours_of(conditions)
    for trial in session.trials:
        axes.broken_barh(
            [(trial.start_s / 60, trial.duration_s / 60)],
            (-blocks.index(trial.block) - 0.35, 0.35 if trial.practice else 0.7),
            facecolors=colour[trial.condition],
            alpha=0.45 if trial.practice else 1.0,
        )
    for condition in conditions:
        axes.plot([], [], color=colour[condition], linewidth=6, label=condition)
    axes.set(
        yticks=[-k for k in range(len(blocks))],
        yticklabels=blocks,
        ylim=(-len(blocks) + 0.4, 0.6),
        xlim=(0, session.duration_s / 60),
        xlabel="minutes from the first instruction",
        title=f"participant {session.participant}"
        + (f", visit {session.visit}" if session.visit else "")
        + f": {len(session.scored)} scored trials in {session.duration_s / 60:.0f} min "
        "(half height, pale: practice)",
    )
    axes.legend(
        loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8, handlelength=1.0
    )
    _plain(axes)


def _plain(axes: "Axes") -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0 if not len(axes.get_yticks()) else 3)
    axes.title.set_fontsize(10)
    axes.title.set_color(INK)


def _pause(jitter: Any) -> str:
    if jitter.values:
        return " / ".join(f"{v:g}" for v in jitter.values) + " s"
    if jitter.low == jitter.high:
        return f"{jitter.low:g} s"
    return f"{jitter.low:g} to {jitter.high:g} s"


def preview_page(protocol: "Protocol", session: Session, picture: str = "") -> str:
    """Return the page around a picture (PNG in base64), as HTML."""
    file = protocol.file
    counts = {name: protocol.trials_per_condition(name) for name in file.blocks}
    blocks = [
        [
            f"{name} ({block.runs} runs)" if block.runs > 1 else name,
            block.task,
            block.instruction,
            ", ".join(f"{condition} {n}" for condition, n in counts[name].items()),
            block.practice,
        ]
        for name, block in file.blocks.items()
    ]
    questions = [
        [n, r.prompt, f"{r.scale}, {r.steps} steps", r.low, r.high, _asked(r), _limit(r)]
        for n, r in file.ratings.items()
    ]
    conditions = [
        [name, " + ".join(c.targets) or "control", " + ".join(c.opponents) or "control"]
        for name, c in file.conditions.items()
    ]
    return fill_page(
        "preview.html.jinja",
        file=file,
        digest=protocol.digest,
        picture=picture,
        minutes=round(session.duration_s / 60, 1),
        settings=protocol.scoring_settings(),
        pause=_pause(file.timing.iti_s),
        blocks=page_table(
            "Blocks of a session",
            ["block", "task", "what participants read", "scored trials", "practice"],
            blocks,
        ),
        questions=page_table(
            "Questions",
            ["name", "question", "answers", "from", "to", "after each", "time limit"],
            questions,
        ),
        design=_design(protocol),
        conditions=page_table(
            "Scored action units", ["condition", "target units", "opponent units"], conditions
        ),
    )


def _asked(rating: "Rating") -> str:
    return f"{rating.after} ({', '.join(rating.blocks)})" if rating.blocks else rating.after


def _limit(rating: "Rating") -> str:
    return "none" if rating.limit_s is None else f"{rating.limit_s:g} s"


def _design(protocol: "Protocol") -> list[tuple[str, str]]:
    """Return who, which faces, which camera, in words."""
    file = protocol.file
    rows = [(f"Group {name}", text) for name, text in file.design.groups.items()]
    rows += [(f"Trait {name}", text) for name, text in file.design.traits.items()]
    if file.design.visits:
        rows.append(("Visits", ", ".join(file.design.visits)))
    for name, factor in file.design.factors.items():
        levels = [f"{n}: {s.note}" if s.note else n for n, s in factor.levels.items()]
        text = f"{'; '.join(levels)}. {factor.note or ''}".strip()
        rows.append((f"Factor {name} (by {factor.assign})", text))
    rows.append(("Faces", f"{', '.join(file.stimuli.identities)}. {file.stimuli.note or ''}"))
    camera = file.capture
    size = f"{camera.width_px} x {camera.height_px}, {camera.fps:g} frames a second"
    rows.append(("Camera", f"{camera.cameras}, {size}. {camera.note or ''}"))
    return [(name, text.strip()) for name, text in rows]
