"""A participant's session of a protocol, as the pages that the runner shows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from mimicry.errors import ProtocolError
from mimicry.kernels.chance import generator
from mimicry.protocol.session import CLIP, is_first
from mimicry.runner.clips import find_clips
from mimicry.runner.plan import CameraSettings, Phase, PhaseKind, Question, SessionPlan, Step

if TYPE_CHECKING:
    from mimicry.protocol import Protocol
    from mimicry.protocol.schema_shown import Rating
    from mimicry.protocol.session import Session, Trial

__all__ = ["CONSENT", "plan_session", "task_label"]

BREAK_EVERY = 48
CONSENT = (
    (
        "You are taking part in a study in which faces are shown on this screen. While you take "
        "part, the camera of this computer films your face. No sound is recorded."
    ),
    (
        "The recording stays on this computer and is used for research only. Nothing is sent over "
        "the internet."
    ),
    (
        "Taking part is voluntary. You may stop at any time without giving a reason (press Esc), "
        "and you may ask for your recording to be deleted."
    ),
)
OPEN = (
    "What your face does while you look is measured and compared with what the faces on the "
    "screen do."
)
CLOSING = (
    (
        "Now that it is over: the movements of your face while you looked at the faces were "
        "measured. You were not told before, because knowing it changes how one looks."
    ),
    "You may ask questions now, and you may ask for your recording to be deleted.",
)


def task_label(name: str) -> str:
    """Return a protocol's name as a label for file names: letters and digits only."""
    return "".join(c for c in name if c.isalnum())


def plan_session(
    protocol: "Protocol",
    participant: str,
    *,
    session: str | None = None,
    visit: str | None = None,
    seed: int | None = None,
    manifest: Path | None = None,
    render: bool = True,
    say: Callable[[str], None] | None = None,
) -> SessionPlan:
    """Return what one participant of a protocol is shown, with the built-in consent page.

    Parameters
    ----------
    protocol
        A checked protocol.
    participant, session
        Labels for file names; a later session has an order of its own.
    visit, seed
        One of the protocol's visits; the seed of the order, None: the protocol's own.
    manifest
        Stimulus manifest beside the clips; None: the protocol's, or the shipped one.
    render
        Render clips of the shipped set that are not there yet; False: take them for granted.
    say
        Told before a clip is rendered.

    Raises
    ------
    ProtocolError
        When people meet in this protocol, or the visit is unknown.
    StimulusError
        When a stimulus is not in the manifest or has no file.
    IntegrityError
        When a stimulus is not the file that the manifest promises.
    """
    if protocol.face_to_face():
        raise ProtocolError(
            "people meet in this protocol (task interact): there is no session to show",
            path=protocol.path,
            key="blocks",
            hint="Record it, then compare the two with: mimicry synchrony",
        )
    again = None if visit and session == task_label(visit) else session
    drawn = protocol.build_session(participant, visit=visit, session=again, seed=seed)
    names = tuple(dict.fromkeys(t.stimulus for t in drawn.trials))
    stimuli = find_clips(manifest or protocol.timelines().path, names, render=render, say=say)
    capture = protocol.file.capture
    hidden = capture.hidden_purpose
    return SessionPlan(
        protocol=protocol.name,
        protocol_digest=protocol.digest,
        task=task_label(protocol.name),
        participant=participant,
        session=session or (task_label(visit) if visit else None),
        title="Welcome",
        consent=CONSENT if hidden else (*CONSENT[:1], OPEN, *CONSENT[1:]),
        steps=tuple(_steps(protocol, drawn, {name: i for i, name in enumerate(names)})),
        stimuli=stimuli,
        camera=CameraSettings(width=capture.width_px, height=capture.height_px, fps=capture.fps),
        seed=drawn.seed,
        closing=CLOSING if hidden else (),
    )


def _steps(protocol: "Protocol", drawn: "Session", numbers: Mapping[str, int]) -> Iterator[Step]:
    """Yield blocks with instruction, practice, trials, breaks and one attention check each."""
    words = [7, *drawn.participant.encode()]
    words += [] if is_first(drawn.session) else [0, *str(drawn.session).encode()]
    rng = generator(drawn.seed, *words)
    runs = _runs(drawn.trials)
    for part, trials in enumerate(runs, start=1):
        block, run = trials[0].block, trials[0].run
        name = f"{block}-{run}"
        spec = protocol.file.blocks[block]
        practice = [t for t in trials if t.practice]
        scored = [t for t in trials if not t.practice]
        hint = ["You begin with a few trials to get used to it."] if practice else []
        yield Step(
            f"{name}-instruction",
            "page",
            title=f"Part {part} of {len(runs)}",
            text=(spec.instruction, *hint),
            block=block,
        )
        yield from _trials(protocol, practice, numbers)
        if practice:
            yield Step(
                f"{name}-begin",
                "page",
                title="Now it begins",
                text=(spec.instruction,),
                block=block,
            )
        for start in range(0, len(scored), BREAK_EVERY):
            if start:
                yield _break(f"{name}-pause{start}", block, 0.0)
                yield _attention(f"{name}-check{start}", block, rng)
            yield from _trials(protocol, scored[start : start + BREAK_EVERY], numbers)
        if asked := _questions(protocol, "block", block):
            yield Step(f"{name}-ratings", "rating", questions=asked, block=block)
        if part < len(runs):
            yield _break(f"{name}-break", block, spec.break_s if run == spec.runs else 0.0)
    if asked := _questions(protocol, "session", None):
        yield Step("session-ratings", "rating", questions=asked)


def _runs(trials: Sequence["Trial"]) -> list[list["Trial"]]:
    runs: list[list[Trial]] = []
    for trial in trials:
        if not runs or (runs[-1][0].block, runs[-1][0].run) != (trial.block, trial.run):
            runs.append([])
        runs[-1].append(trial)
    return runs


def _break(step_id: str, block: str, seconds: float) -> Step:
    text = ("Rest for a moment. Go on when you are ready.",)
    return Step(step_id, "break", title="A short break", text=text, min_s=seconds, block=block)


def _attention(step_id: str, block: str, rng: np.random.Generator) -> Step:
    """Return an instructed answer: it names no emotion, so it labels no face."""
    right = int(rng.integers(4))
    question = Question(
        "attention",
        f"To show that you are reading this, please press the key {right + 1}.",
        options=("one", "two", "three", "four"),
        answer=right,
    )
    return Step(step_id, "check", questions=(question,), block=block)


def _questions(protocol: "Protocol", after: str, block: str | None) -> tuple[Question, ...]:
    return tuple(
        _question(name, rating)
        for name, rating in protocol.file.ratings.items()
        if rating.after == after and (block is None or not rating.blocks or block in rating.blocks)
    )


def _question(name: str, rating: "Rating") -> Question:
    numbers = rating.numbers()
    if rating.scale == "keys":
        inner = [""] * (rating.steps - 2)
        texts = rating.labels or [rating.low, *inner, rating.high]
        if numbers is not None:
            texts = [str(number) for number in numbers]
        first = 1 if numbers is None else numbers[0]
        return Question(
            name, rating.prompt, options=tuple(texts), first=first, limit_s=rating.limit_s
        )
    low = 0 if numbers is None else numbers[0]
    return Question(
        name,
        rating.prompt,
        kind="slider",
        minimum=float(low),
        maximum=float(low + rating.steps - 1),
        steps=rating.steps,
        limit_s=rating.limit_s,
        labels=(rating.low, rating.high),
    )


def _trials(
    protocol: "Protocol", trials: Sequence["Trial"], numbers: Mapping[str, int]
) -> Iterator[Step]:
    pause = 0.0
    for trial in trials:
        named = {p.text for p in trial.phases if p.name == "rating"}
        asked = tuple(_question(n, r) for n, r in protocol.file.ratings.items() if n in named)
        columns = {"identity": trial.identity, "task": trial.task, "run": trial.run}
        yield Step(
            trial.trial_id,
            "trial",
            phases=tuple(_phases(trial, pause, numbers[trial.stimulus])),
            questions=asked,
            trial_id=trial.trial_id,
            condition=trial.condition,
            stimulus_id=trial.stimulus,
            block=trial.block,
            practice=trial.practice,
            columns={**columns, **trial.levels},
        )
        pause = trial.iti_s


def _phases(trial: "Trial", pause: float, number: int) -> Iterator[Phase]:
    """Return the pause before it, what comes before the clip, the clip as one, and the blank."""
    if pause:
        yield Phase("iti", pause)
    shown = False
    for phase in trial.phases:
        if phase.name in CLIP:
            if not shown:
                yield Phase("stimulus", trial.clip_duration_s, number)
            shown = True
        elif phase.name in ("fixation", "cue", "blank"):
            yield Phase(cast("PhaseKind", phase.name), phase.duration_s, text=phase.text)
